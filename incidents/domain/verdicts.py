"""What a change turned out to be on an incident: a candidate, likely, the trigger, ruled out, a mitigation, the fix."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit, registry
from ..enums import ChangeVerdict, TimelineKind
from ..errors import InvalidInput, NotPossible, Stale
from ..models import Change, Incident, IncidentChange, TimelineEvent
from ..permissions import Actor, Perm, require
from . import timeline
from .changes import entry_text
from .versions import check_version, compare_and_set

LONGEST_REASON = 500


@transaction.atomic
def judge(
    *,
    actor: Actor,
    incident: Incident,
    change: Change,
    verdict: ChangeVerdict,
    now: dt.datetime,
    reason: str = "",
    version: int | None = None,
) -> IncidentChange:
    """Say what a change was to an incident; the same press twice changes nothing.

    The trigger enters the timeline as lead-up, and there is one at most: the one before it becomes likely again. What
    is ruled out needs a reason. ``version`` is that of the verdict which was looked at, 0 where there was none. Raises
    `Forbidden`, `InvalidInput`, `Stale`.
    """
    require(actor, Perm.RESPOND, incident)
    if change.private_to_id not in (None, incident.pk):
        raise NotPossible(_("This change belongs to another incident."))
    reason = _clean_reason(verdict, reason)
    row = _row(incident, change, now)
    if (row.verdict, row.reason) == (verdict, reason):
        return row
    check_version(row, version or (1 if version == 0 else None))
    if verdict == ChangeVerdict.TRIGGER:
        _take_back_other(actor, incident, change, now)
    return _set(actor, row, verdict, reason, now)


def trigger_of(incident: Incident) -> Change | None:
    """The change that started it, if somebody found out."""
    return Change.objects.filter(verdicts__incident=incident, verdicts__verdict=ChangeVerdict.TRIGGER).first()


def _clean_reason(verdict: ChangeVerdict, reason: str) -> str:
    reason = " ".join(reason.split())
    if verdict == ChangeVerdict.RULED_OUT and not reason:
        message = _("Say why it is ruled out: a few words are enough.")
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})
    if len(reason) > LONGEST_REASON:
        message = _("At most 500 characters.")
        raise InvalidInput(message, code="too_long", fields={"reason": message})
    return reason


def _row(incident: Incident, change: Change, now: dt.datetime) -> IncidentChange:
    """What was said so far; a change that nobody said anything of is a candidate."""
    row, _made = IncidentChange.objects.select_related("event").get_or_create(
        incident=incident, change=change, defaults={"decided_at": now, "updated_at": now}
    )
    row.incident, row.change = incident, change
    return row


def _take_back_other(actor: Actor, incident: Incident, change: Change, now: dt.datetime) -> None:
    triggers = IncidentChange.objects.filter(incident=incident, verdict=ChangeVerdict.TRIGGER)
    other = triggers.exclude(change=change).select_related("change", "event").first()
    if other is not None:
        other.incident = incident
        _set(actor, other, ChangeVerdict.LIKELY, "", now)


def _set(actor: Actor, row: IncidentChange, verdict: ChangeVerdict, reason: str, now: dt.datetime) -> IncidentChange:
    before = (row.verdict, row.reason)
    values = {"verdict": verdict, "reason": reason, "decided_by": actor.user, "decided_at": now}
    was_trigger, is_trigger = row.verdict == ChangeVerdict.TRIGGER, verdict == ChangeVerdict.TRIGGER
    try:
        with transaction.atomic():
            compare_and_set(row, at=now, **values)
    except IntegrityError as error:
        # Somebody else has named another trigger at this moment.
        raise Stale(_("Somebody else has just named another trigger. Look at the page again.")) from error
    if was_trigger != is_trigger:
        _follow(actor, row, is_trigger, now)
    changes = {"change": (None, row.change.text), "verdict": (before[0], verdict), "reason": (before[1], reason)}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    audit.record(actor=actor, action="change.judged", target=row, at=now, changes=changes)
    return row


def _follow(actor: Actor, row: IncidentChange, is_trigger: bool, now: dt.datetime) -> None:
    """Write what started it into the timeline, or strike that out; and let lessons follow."""
    if is_trigger:
        event = _brought_back(actor, row, now) or _written(actor, row, now)
        IncidentChange.objects.filter(pk=row.pk).update(event=event)
        row.event = event
    elif row.event is not None and not row.event.is_struck:
        compare_and_set(row.event, at=now, struck_at=now, struck_by=actor.user)
        changes = {"struck": (False, True)}
        audit.record(actor=actor, action="timeline.struck", target=row.event, at=now, changes=changes)
    registry.trigger_named(actor, row.incident, row.change, is_trigger, now)


def _brought_back(actor: Actor, row: IncidentChange, now: dt.datetime) -> TimelineEvent | None:
    """The entry that an earlier press wrote, if it still says the same."""
    event = row.event
    if event is None or event.incident_id != row.incident.pk:
        return None
    if (event.text, event.occurred_at) != (entry_text(row.change), row.change.live_at):
        return None
    if event.is_struck:
        compare_and_set(event, at=now, struck_at=None, struck_by=None)
        changes = {"struck": (True, False)}
        audit.record(actor=actor, action="timeline.restored", target=event, at=now, changes=changes)
    return event


def _written(actor: Actor, row: IncidentChange, now: dt.datetime) -> TimelineEvent:
    event = timeline.write(
        actor=actor,
        incident=row.incident,
        kind=TimelineKind.LEAD_UP,
        text=entry_text(row.change),
        occurred_at=row.change.live_at,
        now=now,
    )
    # What started it is a key moment of every telling; the rest of what the program writes is left out there.
    event.is_starred = True
    event.save(update_fields=["is_starred"])
    registry.written(event, ["is_starred"])
    return event
