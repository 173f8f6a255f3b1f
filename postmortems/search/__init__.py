"""Finding things again: what counts as a word, the index, and what is looked for in it."""

from .index import reindex
from .results import search

__all__ = ["reindex", "search"]
