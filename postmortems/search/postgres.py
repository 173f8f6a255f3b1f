"""The text vectors of PostgreSQL asked for documents."""

from typing import Any

from django.db.models import Max, QuerySet

from ..models import SearchDocument
from .ddl import TABLE
from .query import Sequence, Term

# How many of the newest documents are looked at first, before all of them are.
WINDOWS = (5_000, 100_000)


def newest(documents: QuerySet[Any], columns: tuple[str, ...], most: int) -> list[tuple[Any, ...]]:
    """These columns of the newest of these documents, which come from `matching()`.

    A frequent word is found often enough among the last thousands. Asked for all of them PostgreSQL would look up for
    each of a hundred thousand who may see it, and throw away all but a few.
    """
    last = SearchDocument.objects.aggregate(last=Max("pk"))["last"] or 0
    for window in WINDOWS:
        if window >= last:
            break
        rows = list(documents.filter(pk__gt=last - window).values_list(*columns)[:most])
        if len(rows) == most:
            return rows
    return list(documents.values_list(*columns)[:most])


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
