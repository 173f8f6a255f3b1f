"""The full-text table of SQLite (FTS5) asked for documents."""

from typing import Any

from django.db.models import QuerySet

from .ddl import INDEX, TABLE
from .query import Sequence, Term


def newest(documents: QuerySet[Any], columns: tuple[str, ...], most: int) -> list[tuple[Any, ...]]:
    """These columns of the newest of these documents, which come from `matching()`."""
    return list(documents.values_list(*columns)[:most])


def matching(documents: QuerySet[Any], terms: tuple[Term, ...], *, in_titles: bool = False) -> QuerySet[Any]:
    """Those of these documents that hold all terms, the newest first; ``in_titles``: in their titles alone."""
    asked = " AND ".join(f"({' OR '.join(map(_sequence, term.ways))})" for term in terms)
    if in_titles:
        asked = f"{{title_words}} : ({asked})"
    where = [f"{INDEX} MATCH %s", f"{INDEX}.rowid = {TABLE}.id"]
    # By the number in the index, not in the table: so it is read from its end, and no further than the limit.
    newest = [f"-{INDEX}.rowid"]
    return documents.extra(tables=[INDEX], where=where, params=[asked], order_by=newest)  # noqa: S610 - our own names


def _sequence(way: Sequence) -> str:
    """Stems are letters and digits; in quotes none of them is a word of FTS5's own language."""
    return f'"{" ".join(way.stems)}"{" *" if way.is_prefix else ""}'
