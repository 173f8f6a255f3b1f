"""Finding things again: what counts as a word, the index, and what is looked for in it."""
