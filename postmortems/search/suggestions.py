"""“Did you mean”: another spelling, only of words that this reader may find."""

import re
from collections.abc import Iterable

from django.db.models import QuerySet

from ..models import SearchDocument, SearchTerm
from .finding import matching
from .query import Query, Sequence, Term, phrase

# Near words that are tried, the nearest first, and how many of their documents are counted to tell which is meant.
MOST_TRIED = 20
MOST_COUNTED = 50
# In words as long as this two letters may be wrong, if it begins right.
LONG = 6
BEGINNING = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def suggestion(query: Query, documents: QuerySet[SearchDocument]) -> str:
    """The query as it was probably meant, each of its words being in one of these documents; blank without an idea."""
    said = query.typed
    for term in query.wanted:
        if not term.is_word or _is_found(term, documents):
            continue
        better = _nearest(term.folded[0], documents)
        if not better:
            return ""
        said = re.sub(rf"(?<!\w){re.escape(term.typed)}(?!\w)", better, said, count=1)
    return said if said != query.typed else ""


def _is_found(term: Term, documents: QuerySet[SearchDocument]) -> bool:
    return matching(documents, (term,)).order_by().exists()


def _nearest(word: str, documents: QuerySet[SearchDocument]) -> str:
    """The word that goes on as this one begins, or differs in a letter or two; the most frequent of the nearest."""
    going_on = Term(word, (Sequence((word,), is_prefix=True),))
    if len(word) >= BEGINNING and _is_found(going_on, documents):
        return f"{word}*"
    near = sorted((_distance(word, other), other) for other in _near(word))[:MOST_TRIED]
    counted = [(distance, -_count(other, documents), other) for distance, other in near]
    return next((other for _distance, count, other in sorted(counted) if count), "")


def _count(word: str, documents: QuerySet[SearchDocument]) -> int:
    term = phrase(word)
    return len(matching(documents, (term,)).order_by().values("pk")[:MOST_COUNTED]) if term else 0


def _near(word: str) -> set[str]:
    near = set(SearchTerm.objects.filter(word__in=_edits(word)).values_list("word", flat=True))
    if len(word) >= LONG:
        begins_alike = SearchTerm.objects.filter(word__startswith=word[:BEGINNING]).values_list("word", flat=True)
        near |= {other for other in begins_alike if abs(len(other) - len(word)) <= 2 and _distance(word, other) <= 2}
    return near - {word}


def _edits(word: str) -> Iterable[str]:
    """All words that differ by one letter dropped, added, mistaken, or changed places with the next.

    As in P. Norvig, "How to Write a Spelling Corrector", 2007.
    """
    letters = {*_LETTERS, *word}
    splits = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    dropped = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    mistaken = {left + letter + right[1:] for left, right in splits if right for letter in letters}
    added = {left + letter + right for left, right in splits for letter in letters}
    return dropped | swapped | mistaken | added


def _distance(one: str, other: str) -> int:
    """How many letters are dropped, added, mistaken or changed places: the optimal string alignment distance."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        before, last, row = row, before, [place]
        for there, wanted in enumerate(other, start=1):
            cost = min(before[there] + 1, row[-1] + 1, before[there - 1] + (letter != wanted))
            if place > 1 and there > 1 and letter == other[there - 2] and wanted == one[place - 2]:
                cost = min(cost, last[there - 2] + 1)
            row.append(cost)
    return row[-1]
