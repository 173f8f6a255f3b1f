"""What monitoring sends: read into alerts, whoever sent it."""
