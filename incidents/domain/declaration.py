"""How an incident begins: reported, declared, recorded as a near miss, or promoted from one."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from .. import audit, markup
from ..enums import DetectedBy, IncidentKind, Milestone, Precision, Series, Severity, Source, Status, TimelineKind
from ..errors import InvalidInput, NotPossible
from ..models import Impact, Incident, IncidentMember, NumberCounter, Service, Team, User
from ..models.incident import SEVERITY_RANK
from ..notifications import rules
from ..permissions import Actor, Perm, require
from . import timeline
from .lifecycle import check_not_future
from .versions import compare_and_set

MAX_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """What is known at the start. Only the title is required; times are UTC, ``home_zone`` a name as stored."""

    title: str
    home_zone: str
    kind: IncidentKind = IncidentKind.INCIDENT
    summary: str = ""
    impact: str = ""
    severity: Severity = Severity.UNKNOWN
    services: Sequence[Service] = ()
    team: Team | None = None
    detected_by: DetectedBy = DetectedBy.UNKNOWN
    impact_started_at: dt.datetime | None = None
    impact_started_precision: str = Precision.EXACT
    is_private: bool = False
    members: Sequence[User] = ()
    near_miss_saved_by: str = ""
    near_miss_earlier_stop: str = ""
    client_id: uuid.UUID | None = None
    source: Source = Source.PAGE
    is_example: bool = False


def report(*, actor: Actor, new: NewIncident, now: dt.datetime) -> Incident:
    """Say that something seems wrong. It waits in triage, its severity unknown, until a responder takes it."""
    require(actor, Perm.REPORT)
    if new.kind != IncidentKind.INCIDENT or new.is_private or new.severity != Severity.UNKNOWN:
        require(actor, Perm.DECLARE)
    return _create_once(actor=actor, new=new, status=Status.TRIAGE, action="incident.reported", now=now)


def declare(*, actor: Actor, new: NewIncident, now: dt.datetime) -> Incident:
    """Say that this is an incident, or a drill; the work on it begins."""
    require(actor, Perm.DECLARE)
    return _create_once(actor=actor, new=new, status=Status.INVESTIGATING, action="incident.declared", now=now)


def record_near_miss(*, actor: Actor, new: NewIncident, now: dt.datetime) -> Incident:
    """Record what nearly happened. No clock runs and nobody is woken: it is over when it is recorded."""
    require(actor, Perm.REPORT)
    if new.kind != IncidentKind.NEAR_MISS:
        raise NotPossible(_("Only a near miss can be recorded as one."))
    return _create_once(actor=actor, new=new, status=Status.RESOLVED, action="incident.near_miss_recorded", now=now)


@transaction.atomic
def promote(*, actor: Actor, incident: Incident, now: dt.datetime) -> Incident:
    """Make an incident of a near miss that turned out to have done harm; its times start empty."""
    require(actor, Perm.DECLARE, incident)
    if incident.kind != IncidentKind.NEAR_MISS or incident.status == Status.CANCELLED:
        raise NotPossible(_("Only a near miss that is not cancelled can be promoted."))
    values = {
        "kind": IncidentKind.INCIDENT,
        "status": Status.INVESTIGATING,
        "declared_at": now,
        "resolved_at": None,
        "closed_at": None,
    }
    changes = audit.difference(incident, values)
    incident.declared_at = now
    compare_and_set(incident, at=now, **values, sort_at=incident.earliest_known_at)
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.STATUS_CHANGE,
        text=_("Promoted from near miss to incident."),
        occurred_at=now,
        now=now,
    )
    audit.record(actor=actor, action="incident.promoted", target=incident, at=now, changes=changes)
    rules.incident_opened(incident=incident, actor=actor, now=now)
    return incident


def draw_number(series: Series) -> int:
    """The next number of the series. The row stays locked until the transaction ends, so that no gap can appear."""
    if not NumberCounter.objects.filter(series=series).update(last=F("last") + 1):
        NumberCounter.objects.create(series=series, last=1)
    return NumberCounter.objects.values_list("last", flat=True).get(series=series)


def title_key(title: str) -> str:
    """What a search in titles compares with: SQLite ignores the case of ASCII letters only."""
    return title.casefold()[:400]


def clean_title(title: str) -> str:
    """The title on one line; raises `InvalidInput` where it is empty or too long."""
    title = " ".join(title.split())
    if markup.is_blank(title):
        message = _("Give it a title: what is wrong, in the words of those who noticed.")
        raise InvalidInput(message, code="title_missing", fields={"title": message})
    if len(title) > MAX_TITLE_LENGTH:
        message = _("A title has at most 200 characters; the rest belongs in the description.")
        raise InvalidInput(message, code="title_too_long", fields={"title": message})
    return title


def clean_prose(text: str) -> str:
    """Markdown as it is stored; raises `InvalidInput` where it could not be shown, before a page has to."""
    text = text.replace("\r\n", "\n").strip()
    markup.render(text, breaks=True)
    return text


def _create_once(*, actor: Actor, new: NewIncident, status: Status, action: str, now: dt.datetime) -> Incident:
    """Create the incident, or find the one that the same form made a moment before."""
    existing = _sent_before(new)
    if existing:
        return existing
    try:
        with transaction.atomic():
            return _create(actor=actor, new=new, status=status, action=action, now=now)
    except IntegrityError:
        existing = _sent_before(new)
        if not existing:
            raise
        return existing


def _sent_before(new: NewIncident) -> Incident | None:
    if new.client_id is None:
        return None
    return Incident.objects.filter(client_id=new.client_id).first()


def _create(*, actor: Actor, new: NewIncident, status: Status, action: str, now: dt.datetime) -> Incident:
    title = clean_title(new.title)
    if new.impact_started_at:
        check_not_future(new.impact_started_at, now, "impact_started")
    series = Series.DRILL if new.kind == IncidentKind.DRILL or new.is_example else Series.INC
    incident = Incident(
        series=series,
        kind=new.kind,
        title=title,
        title_key=title_key(title),
        summary=clean_prose(new.summary),
        severity=new.severity,
        severity_rank=SEVERITY_RANK[new.severity],
        status=status,
        detected_by=new.detected_by,
        team=new.team,
        home_zone=new.home_zone,
        is_private=new.is_private,
        impact_started_at=new.impact_started_at,
        impact_started_precision=new.impact_started_precision,
        declared_at=now,
        resolved_at=now if new.kind == IncidentKind.NEAR_MISS else None,
        declared_by=actor.user,
        near_miss_saved_by=clean_prose(new.near_miss_saved_by),
        near_miss_earlier_stop=clean_prose(new.near_miss_earlier_stop),
        source=new.source,
        is_example=new.is_example,
        client_id=new.client_id,
        created_at=now,
        updated_at=now,
    )
    incident.sort_at = incident.earliest_known_at
    incident.number = draw_number(series)
    incident.save(force_insert=True)
    incident.services.set(new.services)
    if new.is_private:
        IncidentMember.objects.bulk_create(
            IncidentMember(incident=incident, user=user, added_by=actor.user, added_at=now) for user in new.members
        )
    if new.impact.strip():
        Impact.objects.create(incident=incident, what=new.impact.strip()[:300], from_at=new.impact_started_at)
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.REPORT if status == Status.TRIAGE else TimelineKind.STATUS_CHANGE,
        text=_opening_sentence(new, status),
        occurred_at=now,
        now=now,
    )
    audit.record(actor=actor, action=action, target=incident, at=now, changes=_first_values(new, status))
    rules.incident_opened(incident=incident, actor=actor, now=now)
    return incident


def _first_values(new: NewIncident, status: Status) -> dict[str, tuple[None, object]]:
    values: dict[str, object] = {
        "severity": new.severity,
        "status": status,
        Milestone.IMPACT_STARTED.value: new.impact_started_at,
        "is_private": new.is_private,
    }
    if new.is_private and new.members:
        values["members"] = [user.name for user in new.members]
    return {name: (None, value) for name, value in values.items()}


def _opening_sentence(new: NewIncident, status: Status) -> str:
    if new.kind == IncidentKind.NEAR_MISS:
        return _("Near miss recorded.")
    if status == Status.TRIAGE:
        return _("Reported: %(title)s") % {"title": timeline.literal(clean_title(new.title))}
    if new.severity == Severity.UNKNOWN:
        return _("Declared; severity not yet known.")
    return _("Declared as %(severity)s.") % {"severity": new.severity.label}
