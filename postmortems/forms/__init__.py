"""What people enter about lessons, checked before the domain sees it."""
