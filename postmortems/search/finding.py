"""From a query to incidents in order: candidates from the engine, everything else the same on both."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from incidents.domain import privacy
from incidents.models import Incident

from ..models import SearchDocument
from . import postgres, sqlite
from .narrowing import Narrowed, Reader
from .query import Query, Term
from .query import Sequence as Stems

# The newest documents that are ranked, of those that fit in the title and of those that fit anywhere.
CANDIDATES = 300
# Of these there are so many that the newest are taken; the reader is told.
MAX_FOUND = 200
# A hit in a title is worth more than any number of hits elsewhere.
IN_TITLE = 100
# With fewer incidents than this, words are looked for in different places of one incident as well.
FEW = 20
# How many documents are looked at to tell a rare word from a frequent one, and how many incidents are then read.
MANY = 1_000
MAX_SPREAD = 100
# Incidents that are read at once for words that are to be left out.
BATCH = 50
EARLIEST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

BACKENDS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgres}


@dataclass(slots=True)
class Found:
    """An incident (key), or a change without one, with the documents (keys) that fit, the best first."""

    incident: int | None
    at: dt.datetime
    documents: list[int] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)

    @property
    def order(self) -> tuple[int, dt.datetime, int]:
        """The best hit decides, then how many there are, then what is newer."""
        best = self.scores[0] if self.scores else 0
        return best + min(len(self.scores), 10), self.at, self.incident or 0


def find(query: Query, narrowed: Narrowed, reader: Reader) -> list[Found]:
    """What fits, the best first, at most `MAX_FOUND`; one more says that there is more."""
    if not query.wanted and not narrowed.documents:
        if not query.filters:
            return []
        incidents = narrowed.of(Incident.objects.visible_to(reader.user))
        rows = incidents.order_by("-sort_at", "-pk").values_list("pk", "sort_at")
        found = [Found(pk, at) for pk, at in rows[: MAX_FOUND + 1]]
    else:
        documents = findable(narrowed, reader)
        found = _grouped(_candidates(documents, query.wanted))
        if len(query.wanted) > 1 and len(found) < FEW:
            found += _spread(documents, query.wanted, {one.incident for one in found})
    found = sorted(_dated(found), key=lambda one: one.order, reverse=True)
    if query.unwanted:
        found = _without(found, query.unwanted, reader)
    return found[: MAX_FOUND + 1]


def findable(narrowed: Narrowed, reader: Reader) -> QuerySet[SearchDocument]:
    """What this reader may find, as far as the filters leave it over.

    What an admin would open only after saying so, and being recorded, is not laid open here.
    """
    since = reader.now - privacy.ACCESS_LASTS
    incidents = narrowed.of(Incident.objects.open_to(reader.user, since=since, action=privacy.ACCESS_ACTION))
    documents = SearchDocument.objects.findable_by(reader.user, incidents, alone=not narrowed.incidents)
    for condition in narrowed.documents:
        documents = documents.filter(condition)
    return documents


def holds(term: Term, title_words: str, body_words: str) -> bool:
    """Whether a document holds a term, as the engines see it: in its title or in its body, never across the two."""
    return any(_stands_in(way, text) for text in (f" {title_words} ", f" {body_words} ") for way in term.ways)


def _stands_in(way: Stems, text: str) -> bool:
    return f" {' '.join(way.stems)}{'' if way.is_prefix else ' '}" in text


def matching(documents: QuerySet[SearchDocument], terms: tuple[Term, ...], *, in_titles: bool = False) -> Any:
    """Those of these documents that hold all terms, asked in the language of the engine."""
    return BACKENDS[connection.vendor].matching(documents, terms, in_titles=in_titles)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A document that fits, and how much that says."""

    pk: int
    incident: int | None
    kind: str
    object_id: int
    at: dt.datetime | None
    score: int


def _candidates(documents: QuerySet[SearchDocument], terms: tuple[Term, ...]) -> list[_Candidate]:
    """The newest documents that fit, and the newest of those that fit in their title, so that no number of newer
    mentions hides these; the best first.
    """
    if not terms:
        return list(_newest(documents.order_by("-pk")))
    found = {one.pk: one for one in _newest(matching(documents, terms), terms)}
    if len(found) == CANDIDATES:
        found |= {one.pk: one for one in _newest(matching(documents, terms, in_titles=True), terms)}
    return sorted(found.values(), key=lambda one: (-one.score, -one.pk))


def _newest(documents: QuerySet[SearchDocument], terms: tuple[Term, ...] = ()) -> Iterator[_Candidate]:
    columns = ("pk", "incident", "kind", "object_id", "at", "weight", "title_words")
    for pk, incident, kind, object_id, at, weight, title in BACKENDS[connection.vendor].newest(
        documents, columns, CANDIDATES
    ):
        in_title = bool(terms and title) and all(holds(term, title, "") for term in terms)
        yield _Candidate(pk, incident, kind, object_id, at, weight + IN_TITLE * in_title)


def _grouped(candidates: Sequence[_Candidate]) -> list[Found]:
    """One for each incident, and for each change that is on none."""
    groups: dict[tuple[Any, ...], Found] = {}
    for one in candidates:
        key = (one.incident,) if one.incident else (one.kind, one.object_id)
        group = groups.setdefault(key, Found(one.incident, one.at or EARLIEST))
        group.documents.append(one.pk)
        group.scores.append(one.score)
    return list(groups.values())


def _dated(found: Sequence[Found]) -> Sequence[Found]:
    """The same, each incident with when it began: what is newer stands first where nothing else decides."""
    keys = [one.incident for one in found if one.incident]
    began = dict(Incident.objects.filter(pk__in=keys).order_by().values_list("pk", "sort_at"))
    for one in found:
        one.at = began.get(one.incident or 0, one.at)
    return found


def _spread(documents: QuerySet[SearchDocument], terms: tuple[Term, ...], known: set[int | None]) -> list[Found]:
    """Incidents that hold all terms, but not all in one place: one in the title, another in the timeline.

    The rarest words decide which incidents to look at. They are read here, because no engine joins its own index with
    itself in time.
    """
    complete, everything = [], []
    for term in terms:
        rows = matching(documents, (term,)).filter(incident__isnull=False)
        keys = [key for (key,) in BACKENDS[connection.vendor].newest(rows, ("incident",), MANY)]
        everything.append(set(keys))
        if len(keys) < MANY:
            complete.append(everything[-1])
    both = sorted(set.intersection(*(complete or everything)) - known, reverse=True)[:MAX_SPREAD]
    if not both:
        return []
    columns = ("incident", "pk", "weight", "title_words", "body_words")
    rows = documents.filter(incident__in=both).order_by("incident", "-weight", "-pk").values_list(*columns)
    found = []
    for incident, group in groupby(rows, key=lambda row: row[0]):
        told = list(group)
        if all(any(holds(term, *row[-2:]) for row in told) for term in terms):
            fitting = [row for row in told if any(holds(term, *row[-2:]) for term in terms)]
            # What fits in one place stands before this.
            found.append(Found(incident, EARLIEST, [row[1] for row in fitting], [row[2] // 2 for row in fitting]))
    return found


def _without(found: Sequence[Found], terms: tuple[Term, ...], reader: Reader) -> list[Found]:
    """Those of which nothing that this reader may find holds any of the terms; as many as are shown and one more."""
    kept: list[Found] = []
    seen = findable(Narrowed(), reader)
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        alone = [pk for one in batch if one.incident is None for pk in one.documents]
        here = seen.filter(Q(incident__in=[one.incident for one in batch if one.incident]) | Q(pk__in=alone))
        columns = ("incident", "pk", "title_words", "body_words")
        hidden = {
            (incident, None if incident else pk)
            for incident, pk, *said in here.values_list(*columns)
            if any(holds(term, *said) for term in terms)
        }
        kept += [one for one in batch if (one.incident, None if one.incident else one.documents[0]) not in hidden]
        if len(kept) > MAX_FOUND:
            break
    return kept
