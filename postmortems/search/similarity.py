"""Which incidents are told in the same words.

Of each incident the words and pairs of neighbouring words that say most about it are kept as rows: those that are
frequent there and rare elsewhere (TF-IDF: K. Spärck Jones, "A statistical interpretation of term specificity", 1972).
Two incidents are as alike as the angle between their terms is small (the cosine, from 0 to 1). One statement, the same
on both engines, joins the table to itself, finds those that may be alike, and counts how common their terms are.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Max, Model, QuerySet
from django.db.models.expressions import RawSQL

from incidents.models import Incident

from ..models import SimilarityTerm
from .texts import ABOUT, texts_of
from .words import Word, stem, words

# What is kept of each incident. More of them are words that say nothing, fewer miss what others call it.
MOST_TERMS = 80
# What is read of one incident at most.
MOST_WORDS = 10_000
# How common a term is, is counted over the newest incidents: old ones change nothing about it any more.
SAMPLE = 5_000
# Rows that are looked through for incidents that may be alike, rarest terms first.
MOST_ROWS = 5_000
# Those that may be alike, before it is asked which of them this reader sees; and after it.
MOST_FOUND, MOST_SEEN = 400, 12
# Terms that are counted by one statement.
TERMS_A_STATEMENT = 10_000
# Of a term that all have.
LEAST_RARITY = 0.1

_ADDRESS = re.compile(r"\b[a-z]+://\S+", re.IGNORECASE)
_IDLE = """
a about above after again all also an and any are as at be because been before being between both but by can could did
do does doing down during each few for from further had has have having he her here his how i if in into is it its
itself just me more most my no nor not now of off on once only or other our out over own same she should so some such
than that the their them then there these they this those through to too under until up very via was we were what when
where which while who whom why will with would you your
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """An incident that is told in the same words: how much so, from 0 to 1, and which words those are, best first."""

    incident_id: int
    likeness: float
    words: tuple[str, ...]


class Told(NamedTuple):
    """How much of what is written about an incident is some term, and how people write it there."""

    weight: float
    written: str


Terms = Mapping[str, Told]


def terms_in(texts: Iterable[tuple[str, int]]) -> dict[str, Told]:
    """What texts say, each with how often it counts: by term the damped number of times."""
    counted: Counter[str] = Counter()
    written: dict[str, str] = {}
    left = MOST_WORDS
    for text, times in texts:
        before, as_written = "", ""
        for word in words(_ADDRESS.sub(" ", text), left):
            left -= 1
            said = "" if _says_nothing(word) else word.stem
            if said:
                counted[said] += times
                written.setdefault(said, word.folded)
                if before:
                    pair = f"{before} {said}"
                    counted[pair] += times
                    written.setdefault(pair, f"{as_written} {word.folded}")
            before, as_written = said, word.folded
    return {term: Told(math.log1p(times), written[term]) for term, times in counted.items()}


@transaction.atomic
def refresh(incidents: Collection[int]) -> None:
    """Keep the terms of these incidents anew, by what is written about them now."""
    said = {key: terms_in(texts) for key, texts in texts_of(incidents).items()}
    rarities = _rarities({term for terms in said.values() for term in terms})
    kept = {key: _most_telling(terms, rarities) for key, terms in said.items()}
    known: dict[int, dict[str, Told]] = {key: {} for key in kept}
    rows = SimilarityTerm.objects.filter(incident__in=known)
    for key, term, weight, written in rows.values_list("incident", "term", "weight", "written"):
        known[key][term] = Told(weight, written)
    changed = sorted(key for key in kept if known[key] != kept[key])
    SimilarityTerm.objects.filter(incident__in=changed).delete()
    # Two who change the same incident at the same moment write the same, or nearly: one of the two is enough.
    SimilarityTerm.objects.bulk_create(
        (
            SimilarityTerm(incident_id=key, term=term, weight=told.weight, written=told.written)
            for key in changed
            for term, told in sorted(kept[key].items())
        ),
        batch_size=5_000,
        ignore_conflicts=True,
    )


def rebuild(batch: int = 500) -> int:
    """Make the terms of all incidents anew; how many incidents there are.

    The newest come first and a second time last: how common a term is, is counted among them.
    """
    keys = list(Incident.objects.order_by("-pk").values_list("pk", flat=True))
    newest = keys[:SAMPLE]
    for group in (newest, keys[SAMPLE:], newest):
        for start in range(0, len(group), batch):
            refresh(group[start : start + batch])
    return len(keys)


def refresh_all_of(references: Iterable[str], batch: int = 500) -> None:
    """Keep the terms of the incidents that people call these anew."""
    numbers: dict[str, list[int]] = {}
    for reference in references:
        series, _dash, number = reference.partition("-")
        numbers.setdefault(series, []).append(int(number))
    for series, of_series in numbers.items():
        keys = list(Incident.objects.filter(series=series, number__in=of_series).values_list("pk", flat=True))
        for start in range(0, len(keys), batch):
            refresh(keys[start : start + batch])


def alike_to(incident: Incident, among: QuerySet[Incident]) -> list[Alike]:
    """Incidents of ``among`` that are told like this one, best first. One query."""
    asked = f"SELECT term, weight FROM {_table(SimilarityTerm)} WHERE incident_id = %s"  # noqa: S608 (our own table)
    return _alike(asked, [incident.pk], among.exclude(pk=incident.pk))


def alike_to_text(texts: Sequence[str], among: QuerySet[Incident]) -> list[Alike]:
    """Incidents of ``among`` that are told like these words, best first. One query, none without words."""
    said = terms_in((text, ABOUT) for text in texts)
    if not said:
        return []
    most = sorted(said, key=lambda term: (-said[term].weight, term))[:MOST_TERMS]
    rows = ", ".join(["(%s, %s)"] * len(most))
    if connection.vendor == "postgresql":
        rows = rows.replace("%s, %s", "%s::text, %s::double precision", 1)
    return _alike(f"VALUES {rows}", [value for term in most for value in (term, said[term].weight)], among)


def rarity(known: int, total: int) -> float:
    """The inverse document frequency of a term that ``known`` of ``total`` incidents have: little, but not nothing,
    for one that all have.
    """
    return math.log((total + 1) / (known + 0.5)) if known < total else LEAST_RARITY


def _says_nothing(word: Word) -> bool:
    return word.stem in _idle() or word.stem.isdigit() or (len(word.folded) == 1 and word.folded.isascii())


@cache
def _idle() -> frozenset[str]:
    return frozenset({word for idle in _IDLE.split() for word in (idle, stem(idle))})


def _most_telling(terms: Terms, rarities: Mapping[str, float]) -> dict[str, Told]:
    """The terms that say most, their weights with the length of one."""
    order = sorted(terms, key=lambda term: (-terms[term].weight * rarities[term], term))[:MOST_TERMS]
    length = math.hypot(*(terms[term].weight for term in order))
    return {term: Told(terms[term].weight / length, terms[term].written) for term in order}


def _rarities(terms: Collection[str]) -> dict[str, float]:
    newest = Incident.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = SimilarityTerm.objects.filter(incident__gt=newest - SAMPLE).order_by()
    counted: dict[str, int] = {}
    # Those of many long texts are more than an engine takes in one statement.
    asked = sorted(terms)
    for start in range(0, len(asked), TERMS_A_STATEMENT):
        some = asked[start : start + TERMS_A_STATEMENT]
        counted |= dict(rows.filter(term__in=some).values_list("term").annotate(Count("pk")))
    return {term: rarity(counted.get(term, 0), min(newest, SAMPLE)) for term in terms}


# What is asked for, and how common it is. Then, rarest first, rows of the same terms until there are enough; those
# incidents that share most, those of them that count here, and all their terms with how common these are.
_STATEMENT = """
WITH asked (term, weight) AS ({asked}),
edge (id, total, most) AS (
    SELECT MAX(id) - {sample}, CASE WHEN MAX(id) < {sample} THEN MAX(id) ELSE {sample} END,
        CASE WHEN MAX(id) < {sample} THEN {rows} ELSE {rows} * {sample} / MAX(id) END
    FROM {incidents}
),
counted (term, weight, known, total, most) AS (
    SELECT asked.term, asked.weight,
        (SELECT COUNT(*) FROM {terms} AS other WHERE other.term = asked.term AND other.incident_id > edge.id),
        edge.total, edge.most
    FROM asked, edge
),
pulling (term, pull, passed) AS (
    SELECT term, weight * POWER(LN((total + 1.0) / (known + 0.5)), 2),
        (SUM(known) OVER (ORDER BY known, term) - known) / most
    FROM counted WHERE known <= total
),
found (incident_id, pull) AS (
    SELECT other.incident_id, SUM(pulling.pull * other.weight) AS pull
    FROM pulling JOIN {terms} AS other ON other.term = pulling.term
    WHERE pulling.passed < 1
    GROUP BY other.incident_id ORDER BY pull DESC, other.incident_id DESC LIMIT {most_found}
),
seen (incident_id) AS (
    SELECT found.incident_id FROM found WHERE EXISTS ({among})
    ORDER BY found.pull DESC, found.incident_id DESC LIMIT {most_seen}
)
SELECT NULL, term, '', weight, known, total FROM counted
UNION ALL
SELECT their.incident_id, their.term, their.written, their.weight,
    (SELECT COUNT(*) FROM {terms} AS other WHERE other.term = their.term AND other.incident_id > edge.id), edge.total
FROM seen JOIN {terms} AS their ON their.incident_id = seen.incident_id, edge
"""


def _alike(asked: str, parameters: list[Any], among: QuerySet[Incident]) -> list[Alike]:
    counting = among.filter(pk=RawSQL("found.incident_id", [])).order_by().values("pk").query
    condition, values = counting.sql_with_params()
    statement = _STATEMENT.format(
        asked=asked,
        among=condition,
        terms=_table(SimilarityTerm),
        incidents=_table(Incident),
        sample=SAMPLE,
        rows=MOST_ROWS,
        most_found=MOST_FOUND,
        most_seen=MOST_SEEN,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *values])
        return _by_angle(cursor.fetchall())


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _by_angle(rows: Iterable[tuple[int | None, str, str, float, int, int]]) -> list[Alike]:
    """Cosines of what was asked for, the rows without an incident, and of what was found."""
    told: dict[int | None, dict[str, Told]] = {}
    for key, term, written, weight, known, total in rows:
        told.setdefault(key, {})[term] = Told(weight * rarity(known, total), written)
    asked = told.pop(None, {})
    found = [_compare(key, asked, theirs) for key, theirs in told.items() if key is not None]
    return sorted(found, key=lambda one: (-one.likeness, -one.incident_id))


def _compare(key: int, asked: Terms, theirs: Terms) -> Alike:
    shared = {term: asked[term].weight * told.weight for term, told in theirs.items() if term in asked}
    length = _length(asked) * _length(theirs)
    order = sorted(shared, key=lambda term: (-shared[term], term))
    return Alike(
        incident_id=key,
        likeness=min(sum(shared.values()) / length, 1.0) if length else 0.0,
        words=tuple(theirs[term].written for term in order),
    )


def _length(terms: Terms) -> float:
    return math.hypot(*(told.weight for told in terms.values()))
