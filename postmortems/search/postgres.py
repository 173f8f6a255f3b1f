"""The text vectors of PostgreSQL asked for documents."""

from typing import Any

from django.db.models import QuerySet

from .ddl import TABLE
from .query import Sequence, Term


def matching(documents: QuerySet[Any], terms: tuple[Term, ...], *, in_titles: bool = False) -> QuerySet[Any]:
    """Those of these documents that hold all terms, the newest first; ``in_titles``: in their titles alone."""
    asked = " & ".join(f"({' | '.join(map(_sequence, term.ways))})" for term in terms)
    column = "title_vector" if in_titles else "vector"
    found = documents.extra(where=[f"{TABLE}.{column} @@ %s::tsquery"], params=[asked])  # noqa: S610 - our own names
    return found.order_by("-pk")


def _sequence(way: Sequence) -> str:
    """Stems are letters and digits; in quotes they are words, whatever they are made of."""
    words = " <-> ".join(f"'{stem}'" for stem in way.stems)
    return f"({words}{':*' if way.is_prefix else ''})"
