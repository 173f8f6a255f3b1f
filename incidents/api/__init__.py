"""What machines use: plain views that take and give JSON, each behind `access.operation`."""
