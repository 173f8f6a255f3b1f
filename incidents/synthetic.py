"""Made-up incidents in great number, all flagged as such, to measure speed with and to try the product out.

Rows are written in bulk, so no notice goes out, nothing enters the audit and no rule of the domain is asked; but they
look as if they had come that way: numbers without gaps, milestones in a possible order, HTML made by the one renderer.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TypeVar

from django.db import models, transaction
from django.db.models import F
from django.utils.text import slugify

from . import markup, registry
from .enums import (
    CancelReason,
    DetectedBy,
    ImpactAudience,
    IncidentKind,
    Milestone,
    Precision,
    Role,
    Series,
    Severity,
    Source,
    Status,
    TimelineKind,
)
from .errors import NotPossible
from .models import (
    Impact,
    Incident,
    IncidentMember,
    NumberCounter,
    Service,
    Tag,
    Team,
    TimelineEvent,
    User,
)
from .models.incident import SEVERITY_RANK

CHUNK = 2_000  # incidents held in memory at once
YEARS = 3
T = TypeVar("T", bound=models.Model)

TEAMS = ("Storefront", "Payments", "Search and browse", "Accounts", "Data platform", "Delivery", "Mobile", "Operations")
SERVICES = (
    *("Storefront", "Checkout", "Basket", "Card payments", "Invoices", "Refunds", "Search", "Catalogue", "Images"),
    *("Sign-in", "Profiles", "Newsletter", "Reports", "Data lake", "Event stream", "Warehouse", "Parcel tracking"),
    *("Pick-up points", "Phone app", "Tablet app", "Push notices", "Name servers", "Build system", "Staff network"),
)
FIRST_NAMES = ("Ada", "Ben", "Chipo", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Ines", "Jonas")
LAST_NAMES = ("Okoro", "Lindqvist", "Moyo", "Haddad", "Tanaka", "Silva", "Novak", "Peeters")
TAGS = (
    "certificate",
    "capacity",
    "deploy",
    "data",
    "dns",
    "human review",
    "network",
    "third party",
    "upgrade",
    "queue",
)
SYMPTOMS = (
    *("is down", "answers slowly", "shows an empty page", "answers with errors", "loses orders", "shows old prices"),
    *(
        "sends mails twice",
        "cannot be reached",
        "hangs after sign-in",
        "shows another person's data",
        "fails at random",
    ),
    *("rejects valid cards", "drops images", "runs out of disk", "stopped importing", "times out", "counts twice"),
)
PLACES = (
    *("for all visitors", "for some visitors", "in Europe", "in southern Africa", "on phones", "on old browsers"),
    *(
        "after the release",
        "since midnight",
        "in the staging copy",
        "for new accounts",
        "for partners",
        "during backup",
    ),
)
SENTENCES = {
    TimelineKind.LEAD_UP: ("The banner correction goes live.", "A certificate is renewed by hand.", "Traffic doubles."),
    TimelineKind.CHANGE: ("Rolled back to the **previous release**.", "Raised the limit to `200` connections."),
    TimelineKind.DETECTION: ("An alert fires: error rate above 5 %.", "The dashboard shows no orders for 4 minutes."),
    TimelineKind.REPORT: ("First tickets: “the page is white”.", "A partner calls.", "Support has 14 complaints."),
    TimelineKind.DIAGNOSIS: (
        "Memory grows without end on two of six machines.",
        "The query plan changed; see `orders_by_day`.",
        "Only requests through the new proxy fail:\n\n- timeouts after 30 s\n- no retries",
        "Seven of eight teams have answered; one change is left.",
    ),
    TimelineKind.DECISION: ("We roll back instead of fixing forward.", "We wait for the next measurement."),
    TimelineKind.ACTION: ("Restarted the workers one by one.", "Asked the provider.", "Eight teammates asked."),
    TimelineKind.COMMUNICATION: ("Product managers are told.", "The status page says what is known."),
    TimelineKind.STATUS_CHANGE: ("Identified.", "Monitoring.", "Declared as SEV2."),
    TimelineKind.RECOVERY: ("Error rate is back to normal.", "The queue is empty again."),
    TimelineKind.NOTE: ("Coffee.", "Logs are kept at `/var/log/app`.", "Look again tomorrow."),
}
HOSTS = ("web", "api", "db", "cache", "queue", "proxy", "batch", "mail")
# Minutes from each milestone to the next, as bounds; what lies between is drawn evenly.
STEPS = {
    Milestone.DETECTED: (0, 45),
    Milestone.DECLARED: (0, 15),
    Milestone.ACKNOWLEDGED: (1, 20),
    Milestone.IDENTIFIED: (5, 90),
    Milestone.MITIGATED: (3, 120),
    Milestone.RESOLVED: (5, 600),
    Milestone.CLOSED: (60, 14 * 24 * 60),
}
# The last milestone that somebody set in each status.
REACHED = {
    Status.TRIAGE: Milestone.DECLARED,
    Status.INVESTIGATING: Milestone.ACKNOWLEDGED,
    Status.IDENTIFIED: Milestone.IDENTIFIED,
    Status.MONITORING: Milestone.MITIGATED,
    Status.RESOLVED: Milestone.RESOLVED,
    Status.CLOSED: Milestone.CLOSED,
    Status.CANCELLED: Milestone.ACKNOWLEDGED,
}
ORDER = list(Milestone)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what takes part."""

    people: Sequence[User]
    teams: Sequence[Team]
    services: Sequence[Service]
    tags: Sequence[Tag]


@transaction.atomic
def load(*, incidents: int, events_per_incident: int, seed: int, until: dt.datetime) -> None:
    """Write that many incidents of the three years before ``until`` (UTC), all or none.

    The same seed makes the same rows in an empty database. Raises `NotPossible` where there are incidents that are
    neither synthetic nor an example: made-up ones would stand between them for ever.
    """
    if Incident.objects.filter(is_synthetic=False, is_example=False).exists():
        raise NotPossible("There are real incidents here, and made-up ones could never be told to leave again.")
    rng = Random(seed)  # noqa: S311 (a repeatable spread, no secret)
    cast = _cast()
    starts = sorted(until - dt.timedelta(minutes=rng.randrange(YEARS * 365 * 24 * 60)) for _ in range(incidents))
    for first in range(0, incidents, CHUNK):
        rows = [_incident(rng, cast, start, until) for start in starts[first : first + CHUNK]]
        _number(rows)
        Incident.objects.bulk_create(rows)
        _write_what_hangs_on(rng, cast, rows, events_per_incident)
        registry.made_up(rng, rows, cast.people, until)
        registry.written_in_bulk([row.pk for row in rows])


def events_of(rng: Random, incident: Incident, people: Sequence[User], count: int) -> Iterator[TimelineEvent]:
    """Unsaved timeline events from the impact on, two minutes apart on average."""
    at = incident.sort_at
    for position in range(count):
        kind = rng.choice(list(SENTENCES))
        text = rng.choice(SENTENCES[kind])
        author = rng.choice(people)
        at += dt.timedelta(seconds=rng.randrange(240))
        yield TimelineEvent(
            incident=incident,
            occurred_at=at,
            sort_at=at,
            position=position,
            utc_offset_minutes=120,
            kind=kind,
            text=text,
            html=_html(text),
            renderer_version=markup.RENDERER_VERSION,
            evidence=_evidence(rng),
            is_starred=rng.random() < 0.15,
            author=author,
            author_label=author.name,
            source=Source.SYNTHETIC,
            created_at=at,
            updated_at=at,
        )


def _evidence(rng: Random) -> str:
    """What people copy from a log beside one entry in four: a host, an error code, now and then a request that no other
    entry has.
    """
    if rng.random() > 0.25:
        return ""
    request = f" {rng.getrandbits(40):010x}" if rng.random() < 0.05 else ""
    return f"{rng.choice(HOSTS)}-{rng.randrange(1, 60):02d}: E{rng.randrange(1000, 2000)}{request}"


@cache
def _html(text: str) -> str:
    """Each distinct sentence is rendered once, by the renderer that all text goes through."""
    return str(markup.render(text, breaks=True))


def _cast() -> Cast:
    """People, teams, services and tags; those of the same name that are there already are used."""
    names = [f"{first} {last}" for last in LAST_NAMES for first in FIRST_NAMES]
    people = [_person(name) for name in names]
    teams = [_named(Team, name, team_lead=people[i], deputy=people[i + 1]) for i, name in enumerate(TEAMS)]
    services = [
        _named(Service, name, slug=slugify(name), team=teams[i % len(teams)]) for i, name in enumerate(SERVICES)
    ]
    return Cast(people, teams, services, [_named(Tag, name) for name in TAGS])


def _person(name: str) -> User:
    """An account that nobody can sign in to, for it has no password."""
    return User.objects.filter(name__iexact=name).first() or User.objects.create_user(name=name, role=Role.RESPONDER)


def _named(model: type[T], name: str, **fields: object) -> T:
    return model._default_manager.get_or_create(name=name, defaults=fields)[0]


def _incident(rng: Random, cast: Cast, start: dt.datetime, until: dt.datetime) -> Incident:
    """One unsaved incident whose impact, detection or declaration was at ``start``."""
    kind = rng.choices(list(IncidentKind), (88, 6, 3, 3))[0]
    title = f"{rng.choice(SERVICES)} {rng.choice(SYMPTOMS)} {rng.choice(PLACES)}"
    status = _status(rng, kind, until - start)
    severity = Severity.UNKNOWN if status == Status.TRIAGE else rng.choices(list(Severity), (4, 14, 8, 42, 32))[0]
    lead = None if status == Status.TRIAGE else rng.choice(cast.people)
    declared_by = rng.choice(cast.people)
    incident = Incident(
        series=Series.DRILL if kind == IncidentKind.DRILL else Series.INC,
        kind=kind,
        title=title,
        title_key=title.casefold(),
        severity=severity,
        severity_rank=SEVERITY_RANK[severity],
        status=status,
        cancel_reason=CancelReason.FALSE_ALARM if status == Status.CANCELLED else "",
        detected_by=rng.choices(list(DetectedBy), (8, 34, 36, 16, 4, 2))[0],
        team=rng.choice(cast.teams),
        home_zone="Africa/Johannesburg",
        is_private=rng.random() < 0.03,
        declared_by=declared_by,
        incident_lead=lead,
        source=Source.SYNTHETIC,
        is_synthetic=True,
    )
    _set_milestones(rng, incident, start)
    incident.sort_at = incident.created_at = incident.updated_at = incident.earliest_known_at
    return incident


def _status(rng: Random, kind: str, age: dt.timedelta) -> Status:
    """Nearly all that is older than a few days is over."""
    if kind == IncidentKind.NEAR_MISS:
        return rng.choice((Status.RESOLVED, Status.CLOSED))
    if age < dt.timedelta(days=2) or rng.random() < 0.002:
        return rng.choice((Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING))
    return rng.choices((Status.CLOSED, Status.RESOLVED, Status.CANCELLED), (80, 14, 6))[0]


def _set_milestones(rng: Random, incident: Incident, start: dt.datetime) -> None:
    """As far as the status goes, each after the one before; some that people forget stay empty."""
    first = rng.choices((Milestone.IMPACT_STARTED, Milestone.DETECTED, Milestone.DECLARED), (80, 12, 8))[0]
    if incident.kind == IncidentKind.NEAR_MISS:
        first = Milestone.DECLARED
    at = start
    for milestone in ORDER[ORDER.index(first) : ORDER.index(REACHED[Status(incident.status)]) + 1]:
        if milestone != first:
            at += dt.timedelta(minutes=rng.randint(*STEPS[milestone]))
        if milestone == Milestone.IDENTIFIED and rng.random() < 0.2:
            continue
        setattr(incident, f"{milestone}_at", at)
        precision = rng.choices((Precision.EXACT, Precision.ABOUT, Precision.NOT_LATER), (88, 9, 3))[0]
        setattr(incident, f"{milestone}_precision", precision)


def _number(incidents: list[Incident]) -> None:
    """Give each the next number of its series, and keep the counters in step."""
    for series in Series:
        members = [incident for incident in incidents if incident.series == series]
        NumberCounter.objects.filter(series=series).update(last=F("last") + len(members))
        last = NumberCounter.objects.values_list("last", flat=True).get(series=series)
        for number, incident in enumerate(members, start=last - len(members) + 1):
            incident.number = number


def _write_what_hangs_on(rng: Random, cast: Cast, incidents: list[Incident], events_per_incident: int) -> None:
    services, tags, members, impacts = [], [], [], []
    events: list[TimelineEvent] = []
    for incident in incidents:
        for service in rng.sample(cast.services, rng.choices((0, 1, 2, 3), (4, 66, 22, 8))[0]):
            services.append(Incident.services.through(incident_id=incident.pk, service_id=service.pk))
        for tag in rng.sample(cast.tags, rng.choices((0, 1, 2), (60, 30, 10))[0]):
            tags.append(Incident.tags.through(incident_id=incident.pk, tag_id=tag.pk))
        for user in rng.sample(cast.people, rng.randint(1, 4) if incident.is_private else 0):
            members.append(IncidentMember(incident=incident, user=user, added_by=incident.declared_by))
        if rng.random() < 0.6:
            impacts.append(_impact(rng, incident))
        events += events_of(rng, incident, cast.people, events_per_incident)
    Incident.services.through.objects.bulk_create(services)
    Incident.tags.through.objects.bulk_create(tags)
    IncidentMember.objects.bulk_create(members)
    Impact.objects.bulk_create(impacts)
    TimelineEvent.objects.bulk_create(events)


def _impact(rng: Random, incident: Incident) -> Impact:
    what = rng.choice(("see the front page", "pay", "sign in", "find a product", "follow a parcel", "read mail"))
    return Impact(
        incident=incident,
        audience=rng.choice(list(ImpactAudience)),
        what=what,
        scope=rng.choice((None, 1, 5, 30, 100)),
        from_at=incident.impact_started_at,
        to_at=incident.mitigated_at if incident.impact_started_at else None,
    )
