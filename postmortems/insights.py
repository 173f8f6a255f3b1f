"""Figures over what was learned: repeats and their chains, work and postmortems in time, safety nets, causes, triggers.

Each function asks the database once, unless it says otherwise.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import F
from django.urls import reverse

from incidents.enums import ChangeVerdict
from incidents.insights import AT_ONCE, Figures, Share
from incidents.minutes import Minute
from incidents.models import Incident, IncidentChange, SeverityLevel, User

from .enums import (
    FINISHED,
    POSTMORTEM_DAYS,
    UNFINISHED,
    Defence,
    DefenceResult,
    PostmortemStatus,
    PublicationState,
    WorkState,
)
from .models import ActionItem, DefenceCheck, Postmortem, RepeatMark, RootCause

# How many chains a page tells of; there may be more.
MOST_CHAINS = 6
# How often a safety net has to be absent until it is said by itself, and how far back that is looked for.
TIMES_ABSENT = 3
ABSENT_WITHIN = dt.timedelta(days=365)


class Link(NamedTuple):
    """One incident that repeats an earlier one, by their keys."""

    later: int
    earlier: int


@dataclass(frozen=True, slots=True)
class ChainPart:
    """One incident of a chain, what links it to those before it, and what is still to do because of it."""

    incident: Incident
    causes: list[str]
    open_items: list[ActionItem]


Chain = list[ChainPart]


class Trigger(NamedTuple):
    """The change that started an incident; ``live_minute`` is the minute of the clock since 1970."""

    incident_id: int
    kind: str
    was_approved: str
    tried_in_sandbox: str
    live_minute: int


# (incident, safety net, what it did)
Check = tuple[int, str, str]


def repeat_links(user: User) -> list[Link]:
    """Which incidents repeat which earlier ones, over all time, as far as this person may know of both; two queries."""
    ends = ("incident_id", "{}_id", "incident__is_private", "{}__is_private")
    causes = RootCause.objects.links().values_list(*(end.format("same_as__incident") for end in ends))
    marks = RepeatMark.objects.links().values_list(*(end.format("earlier") for end in ends))
    rows = causes.union(marks, all=True)
    links, private = set(), set()
    for later, earlier, *is_private in rows:
        links.add(Link(later, earlier))
        private |= {key for key, hides in zip((later, earlier), is_private, strict=True) if hides}
    hidden = private - set(Incident.objects.visible_to(user).filter(pk__in=private).values_list("pk", flat=True))
    return sorted(link for link in links if hidden.isdisjoint(link))


def chained(links: Iterable[Link], keys: Iterable[int]) -> list[set[int]]:
    """The incidents that hang together by repeats, a set for each chain that holds one of these keys and repeats."""
    neighbours: defaultdict[int, set[int]] = defaultdict(set)
    for later, earlier in links:
        neighbours[later].add(earlier)
        neighbours[earlier].add(later)
    chains, seen = [], set[int]()
    for key in keys:
        if key in seen or key not in neighbours:
            continue
        chain, waiting = {key}, [key]
        while waiting:
            new = neighbours[waiting.pop()] - chain
            chain |= new
            waiting += new
        seen |= chain
        chains.append(chain)
    return chains


def chains(found: Sequence[set[int]], user: User) -> list[Chain]:
    """The latest of these chains, each in the order of time; four queries."""
    # A later incident has the higher key but for imports; which chains are shown is no matter of a day.
    found = sorted(found, key=max, reverse=True)[:MOST_CHAINS]
    members: set[int] = set().union(*found)
    incidents = Incident.objects.visible_to(user).in_bulk(members)
    causes: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for cause in RootCause.objects.same_as_earlier(user).filter(incident__in=members).order_by("position", "id"):
        causes[cause.incident_id][cause.title] = None
    for mark in RepeatMark.objects.filter(incident__in=members, earlier__in=members).order_by("pk"):
        causes[mark.incident_id][mark.reason] = None
    items: defaultdict[int, list[ActionItem]] = defaultdict(list)
    for item in ActionItem.objects.unfinished().filter(incident__in=members).order_by("number"):
        items[item.incident_id].append(item)
    return [
        [
            ChainPart(incident, list(causes[incident.pk]), items[incident.pk])
            for incident in sorted(
                (incidents[key] for key in chain if key in incidents), key=lambda one: (one.sort_at, one.pk)
            )
        ]
        for chain in found
    ]


def work(figures: Figures, *, today: dt.date, zone: dt.tzinfo) -> dict[WorkState, int]:
    """How the action items of these incidents stand to their dates, as `work_in` says it for the list."""
    rows = _lines(figures, ActionItem.objects, "status", Minute("due_on"), Minute("done_at"))
    due_ends = _DayEnds(zone)
    today_minute = int(dt.datetime.combine(today, dt.time(), dt.UTC).timestamp()) // 60
    counts: Counter[WorkState] = Counter()
    for _incident, status, due, done in rows:
        if status in FINISHED and due is not None:
            counts[WorkState.IN_TIME if done < due_ends[due] else WorkState.LATE] += 1
        elif status in UNFINISHED and due is not None:
            counts[WorkState.OVERDUE if due < today_minute else WorkState.AHEAD] += 1
        elif due is None and status in (*FINISHED, *UNFINISHED):
            counts[WorkState.UNDATED] += 1
    return {state: counts[state] for state in WorkState}


class _DayEnds(dict[int, int]):
    """The minute in which a day ends in this zone, by the minute in which it begins in UTC."""

    def __init__(self, zone: dt.tzinfo) -> None:
        self.zone = zone

    def __missing__(self, minute: int) -> int:
        day = dt.datetime.fromtimestamp(minute * 60, dt.UTC).date() + dt.timedelta(days=1)
        self[minute] = int(dt.datetime.combine(day, dt.time(), self.zone).timestamp()) // 60
        return self[minute]


def publications(figures: Figures, *, now: dt.datetime) -> dict[PublicationState, int]:
    """How far the postmortems are that these incidents ask for, as `publication_in` says for the list; two queries."""
    asking = set(SeverityLevel.objects.filter(postmortem_required=True).values_list("code", flat=True))
    rows = _lines(figures, Postmortem.objects, "status", Minute("first_published_at"))
    told = {incident: (status, published) for incident, status, published in rows}
    now_minute, days = int(now.timestamp()) // 60, POSTMORTEM_DAYS * 24 * 60
    counts: Counter[PublicationState] = Counter()
    for key, severity, resolved in zip(figures.keys, figures.severities, figures.resolved_minutes, strict=True):
        if severity not in asking or resolved is None:
            continue
        status, published = told.get(key, ("", None))
        if published is not None:
            counts[PublicationState.IN_TIME if published <= resolved + days else PublicationState.LATE] += 1
        elif status == PostmortemStatus.NOT_REQUIRED:
            counts[PublicationState.WAIVED] += 1
        else:
            counts[PublicationState.OVERDUE if resolved + days < now_minute else PublicationState.AHEAD] += 1
    return {state: counts[state] for state in PublicationState}


def in_time(counts: dict[Any, int]) -> Share:
    """What was in time, of all that should have been done by now. The states of both kinds have the same names."""
    due = counts["in_time"] + counts["late"] + counts["overdue"]
    return Share(counts["in_time"], due)


def categories(figures: Figures) -> Counter[str]:
    """How many of these incidents have a cause of each category; one with several counts in each."""
    causes = RootCause.objects.filter(removed_at=None)
    return Counter(category for _incident, category in set(_lines(figures, causes, "category")))


def triggers(figures: Figures) -> list[Trigger]:
    """The changes that started these incidents, at most one each."""
    rows = IncidentChange.objects.filter(verdict=ChangeVerdict.TRIGGER)
    columns = ("change__kind", "change__was_approved", "change__tried_in_sandbox", Minute("change__live_at"))
    return [Trigger(*line) for line in _lines(figures, rows, *columns)]


def checks(figures: Figures) -> list[Check]:
    """What each safety net did on each of these incidents; what was not answered is not among them."""
    return list(_lines(figures, DefenceCheck.objects, "defence", "result"))


def matrix(found: Iterable[Check], groups: Callable[[int], Iterable[Any]]) -> dict[tuple[str, Any], Counter[str]]:
    """How often each safety net held, failed and was absent in each group; ``groups`` says those of an incident."""
    counts: defaultdict[tuple[str, Any], Counter[str]] = defaultdict(Counter)
    for incident, defence, result in found:
        for group in groups(incident):
            counts[defence, group][result] += 1
    return counts


class AbsentAgain(NamedTuple):
    """A safety net that was absent several times where an incident happened, with those incidents, oldest first."""

    defence: Defence
    service: str
    service_slug: str
    incidents: list[Incident]

    @property
    def since(self) -> dt.datetime:
        """When it was absent first, within a year."""
        return self.incidents[0].sort_at

    @property
    def url(self) -> str:
        """The list of these incidents."""
        behind = {"figures": "counted", "period": "365d", "service": self.service_slug}
        query = urlencode(behind | {"defence": f"{self.defence}:{DefenceResult.ABSENT}"})
        return f"{reverse('incident-list')}?{query}"


def absent_again(incident: Incident, user: User, *, now: dt.datetime) -> list[AbsentAgain]:
    """The safety nets that were absent in at least `TIMES_ABSENT` incidents of one service of this incident within a
    year, as far as this person may know of them; those that were absent most often first.
    """
    seen = Incident.objects.visible_to(user).in_figures().filter(sort_at__gte=now - ABSENT_WITHIN)
    rows = (
        DefenceCheck.objects.filter(result=DefenceResult.ABSENT, incident__in=seen.order_by().values("pk"))
        .filter(incident__services__in=incident.services.order_by().values("pk"))
        .select_related("incident")
        .annotate(service=F("incident__services__name"), service_slug=F("incident__services__slug"))
        .order_by("incident__sort_at", "incident_id")
    )
    found: defaultdict[tuple[Defence, str, str], list[Incident]] = defaultdict(list)
    for row in rows:
        found[Defence(row.defence), row.service, row.service_slug].append(row.incident)
    often = [AbsentAgain(*key, incidents) for key, incidents in found.items() if len(incidents) >= TIMES_ABSENT]
    return sorted(often, key=lambda each: -len(each.incidents))


def _lines(figures: Figures, rows: Any, *columns: Any) -> Iterator[Any]:
    """These columns of what hangs on the incidents, the key of the incident first.

    Read are the rows of all incidents from the first key to the last, and passed over those of others: to ask for each
    row anew whether its incident counts and may be seen took most of the time.
    """
    first, last = min(figures.keys, default=0), max(figures.keys, default=0)
    between = rows.filter(incident__gte=first, incident__lte=last).order_by().values_list("incident_id", *columns)
    return (line for line in between.iterator(chunk_size=AT_ONCE) if line[0] in figures.places_of_keys)
