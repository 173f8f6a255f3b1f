"""What is learned: postmortems, causes, action items, publication and search."""
