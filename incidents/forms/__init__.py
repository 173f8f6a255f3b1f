"""What people enter on pages, checked before the domain sees it."""
