"""What can be done, and what it does. One module for each noun; every function takes its actor, in one transaction."""
