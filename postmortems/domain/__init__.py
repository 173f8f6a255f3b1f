"""What can be done with lessons. One module for each noun; every function takes its actor, in one transaction."""
