"""Incidents of earlier days, recorded long after they were over: nobody is told, and no moment is invented."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from .. import audit
from ..enums import DetectedBy, IncidentKind, Milestone, Series, Severity, Source, Status
from ..models import Incident, Service
from ..models.incident import SEVERITY_RANK
from ..permissions import Actor, Perm, require
from .declaration import clean_prose, clean_title, draw_number, title_key
from .lifecycle import check_not_future
from .milestones import MilestoneTime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known of an incident that is over. A milestone that is not named stays empty."""

    title: str
    home_zone: str
    summary: str = ""
    severity: Severity = Severity.UNKNOWN
    detected_by: DetectedBy = DetectedBy.UNKNOWN
    services: Sequence[Service] = ()
    milestones: Mapping[Milestone, MilestoneTime] = field(default_factory=dict)
    near_miss_saved_by: str = ""
    near_miss_earlier_stop: str = ""
    source: Source = Source.IMPORT


@transaction.atomic
def record(*, actor: Actor, history: History, now: dt.datetime) -> Incident:
    """Record an incident of kind backfill, closed, with a number of its own. Raises for moments in the future."""
    require(actor, Perm.IMPORT)
    title = clean_title(history.title)
    incident = Incident(
        series=Series.INC,
        kind=IncidentKind.BACKFILL,
        title=title,
        title_key=title_key(title),
        summary=clean_prose(history.summary),
        severity=history.severity,
        severity_rank=SEVERITY_RANK[history.severity],
        status=Status.CLOSED,
        detected_by=history.detected_by,
        home_zone=history.home_zone,
        declared_by=actor.user,
        near_miss_saved_by=clean_prose(history.near_miss_saved_by),
        near_miss_earlier_stop=clean_prose(history.near_miss_earlier_stop),
        source=history.source,
        created_at=now,
        updated_at=now,
    )
    for milestone, time in history.milestones.items():
        if time.at is not None:
            check_not_future(time.at, now, milestone.value)
            setattr(incident, f"{milestone.value}_at", time.at)
            setattr(incident, f"{milestone.value}_precision", time.precision)
    incident.sort_at = incident.earliest_known_at
    incident.number = draw_number(Series.INC)
    incident.save(force_insert=True)
    incident.services.set(history.services)
    changes = {"severity": (None, history.severity), "status": (None, Status.CLOSED)}
    audit.record(actor=actor, action="incident.backfilled", target=incident, at=now, changes=changes)
    return incident
