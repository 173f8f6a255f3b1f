"""Figures over many incidents: how long things took, where the minutes went, who noticed first, what was hit.

One query fetches a short line for each incident, with whole minutes in place of moments; everything is counted from its
columns. What a duration and a phase are is said in `domain.durations`; here it is said again for numbers, because
thousands of objects would take seconds, and a test holds the two to each other.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, NamedTuple

from .domain.durations import BETWEEN, BOUNDARIES, ORDERS, PHASE_ENDED_BY, DurationName
from .duration_text import MINUTE
from .enums import DetectedBy, Milestone
from .models import Incident
from .querysets import FIGURE_COLUMNS, IncidentQuerySet

# Below this many a distribution says nothing that its members don't say better: they are listed instead.
FEWEST = 20
# In place of minutes: known only as a bound, and in the wrong order.
BOUND, INVALID = -1, -2
MERGED = "merged"
PHASES = (*(phase.value for phase in PHASE_ENDED_BY.values()), MERGED)
NO_PHASES = (0,) * len(PHASES)
# Lines held at once while they become columns.
AT_ONCE = 2_000
PLACES = {milestone: place for place, milestone in enumerate(Milestone)}

Minutes = Sequence[int | None]


class Step(NamedTuple):
    """A month, a quarter or a year where the reader is; the days are its first and its last one."""

    label: str
    first_day: dt.date
    last_day: dt.date


@dataclass(frozen=True, slots=True)
class Figures:
    """The columns of the lines of all incidents that count; what stands at one place belongs to one incident.

    ``durations`` hold minutes, `BOUND` or `INVALID`, or nothing where something is not known (yet); ``phases`` a column
    of minutes for each of the `PHASES`, and ``has_phases`` says where they contradict each other; moments are minutes
    since 1970. Plain columns of numbers, because Python looks through all other objects again and again.
    """

    keys: Sequence[int]
    numbers: Sequence[int]
    severities: Sequence[str]
    detected_by: Sequence[str]
    sort_minutes: Sequence[int]
    durations: dict[DurationName, list[int | None]]
    phases: list[list[int]]
    has_phases: list[bool]
    impact_minutes: Sequence[int | None]
    resolved_minutes: Sequence[int | None]
    places_of_keys: dict[int, int]

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, column: Iterable[Any]) -> dict[Any, list[int]]:
        """The places of each value of a column."""
        found: defaultdict[Any, list[int]] = defaultdict(list)
        for place, value in enumerate(column):
            found[value].append(place)
        return found

    def distribution(self, name: DurationName, places: Collection[int]) -> "Distribution":
        """How long it took for the incidents at these places."""
        column = self.durations[name]
        known = sorted([minutes for place in places if (minutes := column[place]) is not None])
        invalid, vague = bisect_left(known, BOUND), bisect_left(known, 0)
        members: list[tuple[int, int]] = []
        if len(known) - vague < FEWEST:
            numbered = [(minutes, self.numbers[place]) for place in places if (minutes := column[place]) is not None]
            members = sorted(numbered)[vague:]
        return Distribution(known[vague:], vague - invalid, invalid, members)

    def minutes_spent(self, places: Collection[int]) -> "Spent":
        """In which phases the minutes of the incidents at these places went."""
        sums = [sum(map(column.__getitem__, places)) for column in self.phases]
        return Spent(sum(map(self.has_phases.__getitem__, places)), dict(zip(PHASES, sums, strict=True)))

    def users_first(self, places: Iterable[int]) -> "Share":
        """How many of the incidents at these places users noticed first, of those where it is known who did."""
        noticed = Counter(self.detected_by[place] for place in places)
        unknown = noticed.pop(DetectedBy.UNKNOWN, 0)
        return Share(noticed[DetectedBy.USERS], noticed.total(), unknown)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Minutes, shortest first; bounds and invalid ones are only counted. ``members`` are few and have their number."""

    minutes: list[int]
    bounds: int
    invalid: int
    members: list[tuple[int, int]]

    @property
    def n(self) -> int:
        return len(self.minutes)

    @property
    def is_listed(self) -> bool:
        """Whether there are too few to say more than which they are."""
        return self.n < FEWEST

    def quantile(self, part: float) -> int:
        """The minutes that this part of them stays below, 0.5 for the median: between two neighbours in proportion
        (method 7 of Hyndman and Fan, 1996), rounded to whole minutes.
        """
        position = (self.n - 1) * part
        below = int(position)
        above = min(below + 1, self.n - 1)
        low, high = self.minutes[below], self.minutes[above]
        return int(low + (high - low) * (position - below) + 0.5)


class Spent(NamedTuple):
    """Minutes by phase, of ``n`` incidents whose times are in a possible order."""

    n: int
    minutes: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.minutes.values())


class Share(NamedTuple):
    """So many of so many; ``unknown`` are those of which it is not known, and which are in neither."""

    part: int
    of: int
    unknown: int = 0

    @property
    def percent(self) -> int | None:
        """Rounded half up; nothing of nothing."""
        return (200 * self.part + self.of) // (2 * self.of) if self.of else None


def gather(found: IncidentQuerySet) -> Figures:
    """The figures of these incidents, in one query; they have to be such as count."""
    columns: list[list[Any]] = [[] for _column in range(len(FIGURE_COLUMNS) + len(Milestone) + 1)]
    phases: list[list[int]] = [[] for _phase in PHASES]
    has_phases: list[bool] = []
    rows = found.for_figures().iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(rows, AT_ONCE)):
        for column, values in zip(columns, zip(*chunk, strict=True), strict=True):
            column.extend(values)
        known = [phase_minutes(line[len(FIGURE_COLUMNS) : -1]) for line in chunk]
        has_phases += [each is not None for each in known]
        for spent, values in zip(phases, zip(*(each or NO_PHASES for each in known), strict=True), strict=True):
            spent.extend(values)
    keys, numbers, severities, detected_by, sort_minutes, *minutes, vague = columns
    return Figures(
        keys=keys,
        numbers=numbers,
        severities=severities,
        detected_by=detected_by,
        sort_minutes=sort_minutes,
        durations={
            name: lengths(minutes[PLACES[start]], minutes[PLACES[end]], vague, 1 << PLACES[start] | 1 << PLACES[end])
            for name, (start, end) in BETWEEN.items()
        },
        phases=phases,
        has_phases=has_phases,
        impact_minutes=minutes[PLACES[Milestone.IMPACT_STARTED]],
        resolved_minutes=minutes[PLACES[Milestone.RESOLVED]],
        places_of_keys={key: place for place, key in enumerate(keys)},
    )


def service_places(figures: Figures) -> Iterator[tuple[int, int]]:
    """(service, place) for each service of each of these incidents."""
    first, last = min(figures.keys, default=0), max(figures.keys, default=0)
    # Of all that lie between them: asking again which of them count would take longer than passing over the others.
    links = Incident.services.through.objects.filter(incident__gte=first, incident__lte=last)
    for incident, service in links.values_list("incident_id", "service_id").iterator(chunk_size=AT_ONCE):
        if incident in figures.places_of_keys:
            yield service, figures.places_of_keys[incident]


def lengths(starts: Minutes, ends: Minutes, vague: Sequence[int], either: int) -> list[int | None]:
    """The minutes between two milestones of each incident; ``either`` has the bits of both, as ``vague`` has them."""
    return [
        None if start is None or end is None else INVALID if end < start else BOUND if bits & either else end - start
        for start, end, bits in zip(starts, ends, vague, strict=True)
    ]


_ORDERS = tuple(tuple(PLACES[milestone] for milestone in order) for order in ORDERS)
_BOUNDARIES = tuple(PLACES[milestone] for milestone in BOUNDARIES)
_IDENTIFIED = BOUNDARIES.index(Milestone.IDENTIFIED)
_REPAIRED = tuple(BOUNDARIES.index(milestone) for milestone in (Milestone.MITIGATED, Milestone.RESOLVED))
_MERGED = len(PHASES) - 1


def phase_minutes(line: Minutes) -> tuple[int, ...] | None:
    """Minutes in each of the `PHASES`, from those of all milestones; nothing where these contradict each other.

    What `domain.durations.phases()` says, bounds taken at their word, without the latent phase.
    """
    if None not in line and (usual := _usual_phases(*line)):  # type: ignore[arg-type]
        return usual
    for order in _ORDERS:
        known = [minute for place in order if (minute := line[place]) is not None]
        if known != sorted(known):
            return None
    ends: list[Any] = [line[place] for place in _BOUNDARIES]
    identified = ends[_IDENTIFIED]
    if identified is not None and any(ends[later] is not None and ends[later] < identified for later in _REPAIRED):
        ends[_IDENTIFIED] = None
    spent = [0] * len(PHASES)
    before = None
    for place, minute in enumerate(ends):
        if minute is None:
            continue
        if before is not None:
            spent[place - 1 if place - before == 1 else _MERGED] += minute - ends[before]
        before = place
    return tuple(spent)


def _usual_phases(
    started: int,
    detected: int,
    declared: int,
    acknowledged: int,
    identified: int,
    mitigated: int,
    resolved: int,
    closed: int,
) -> tuple[int, ...] | None:
    """The same where everything is known and came one after another, which most do; nothing where it did not."""
    if started <= detected <= acknowledged <= identified <= mitigated <= resolved <= closed >= declared >= detected:
        return (
            detected - started,
            acknowledged - detected,
            identified - acknowledged,
            mitigated - identified,
            resolved - mitigated,
            0,
        )
    return None


# Months up to this many days, quarters up to the other, else years.
MOST_DAYS_BY_MONTH, MOST_DAYS_BY_QUARTER = 500, 5 * 366


def steps(since: dt.date, until: dt.date) -> list[Step]:
    """The months, quarters or years that these days lie in, the first one and the last one whole."""
    days = (until - since).days
    months = 1 if days <= MOST_DAYS_BY_MONTH else 3 if days <= MOST_DAYS_BY_QUARTER else 12
    firsts = list(_firsts(since, until, months))
    return [_step(first, following, months) for first, following in pairwise(firsts)]


def steps_of(minutes: Iterable[int], found: Sequence[Step], zone: dt.tzinfo) -> list[int]:
    """In which of the steps each of these minutes lies, by its place."""
    starts = [int(dt.datetime.combine(step.first_day, dt.time(), zone).timestamp() // MINUTE) for step in found]
    return [max(bisect_right(starts, minute) - 1, 0) for minute in minutes]


def _firsts(since: dt.date, until: dt.date, months: int) -> Iterator[dt.date]:
    """The first day of each step, and that of the one after the last."""
    count = since.year * 12 + (since.month - 1) // months * months
    while True:
        first = dt.date(count // 12, count % 12 + 1, 1)
        yield first
        if first > until:
            return
        count += months


def _step(first: dt.date, following: dt.date, months: int) -> Step:
    label = {1: f"{first:%Y-%m}", 3: f"{first.year} Q{(first.month + 2) // 3}", 12: str(first.year)}[months]
    return Step(label, first, following - dt.timedelta(days=1))
