"""In and out: Markdown postmortems become records, and records become documents."""
