"""How dates and times are written where nothing else says: as on our own pages, with the month by its name."""
