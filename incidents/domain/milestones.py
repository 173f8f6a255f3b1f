"""The moments of an incident, as people correct them afterwards."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from .. import audit
from ..enums import Milestone, Precision
from ..models import Incident
from ..permissions import Actor, Perm, require
from .lifecycle import check_not_future
from .versions import check_version, compare_and_set


@dataclass(frozen=True, slots=True)
class MilestoneTime:
    """When (UTC, or nothing where it is not known) and how surely."""

    at: dt.datetime | None
    precision: str = Precision.EXACT


@transaction.atomic
def correct(
    *,
    actor: Actor,
    incident: Incident,
    times: Mapping[Milestone, MilestoneTime],
    now: dt.datetime,
    version: int | None = None,
) -> Incident:
    """Set some milestones. An impossible order is stored and shown as such; a time in the future is refused.

    The status stays as it is: a corrected time is not a transition.
    """
    require(actor, Perm.RESPOND, incident)
    check_version(incident, version)
    values: dict[str, object] = {}
    for milestone, time in times.items():
        if time.at is not None:
            check_not_future(time.at, now, milestone.value)
        values |= {
            f"{milestone}_at": time.at,
            f"{milestone}_precision": time.precision if time.at else Precision.EXACT,
        }
    changes = audit.difference(incident, values)
    if not changes:
        return incident
    for name, value in values.items():
        setattr(incident, name, value)
    compare_and_set(incident, at=now, **values, sort_at=incident.earliest_known_at)
    audit.record(actor=actor, action="incident.milestones", target=incident, at=now, changes=changes)
    return incident
