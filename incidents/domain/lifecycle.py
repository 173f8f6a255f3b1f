"""The states of an incident and the one table of how it moves between them.

Buttons, forms, the admin and the API read the table; nothing else changes a status.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import audit, registry
from ..enums import OPEN_STATUSES, CancelReason, IncidentEvent, Milestone, Precision, Status, TimelineKind
from ..errors import InvalidInput, NotPossible
from ..models import Incident, Subscription
from ..notifications import rules
from ..permissions import Actor, Perm, offers, require
from . import privacy, rollcall, timeline
from .versions import check_version, compare_and_set


class Verb(TextChoices):
    """What is done to an incident to move it on."""

    CONFIRM = "confirm", gettext_lazy("Confirm it is an incident")
    ACKNOWLEDGE = "acknowledge", gettext_lazy("I have it")
    IDENTIFY = "identify", gettext_lazy("Cause identified")
    MONITOR = "monitor", gettext_lazy("Mitigated, now watching")
    RESOLVE = "resolve", gettext_lazy("Resolve")
    CLOSE = "close", gettext_lazy("Close")
    REOPEN = "reopen", gettext_lazy("Reopen")
    CANCEL = "cancel", gettext_lazy("Cancel this incident")


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: from which states a verb leads where, which milestone it sets, and who may."""

    sources: frozenset[Status]
    target: Status
    perm: Perm
    milestone: Milestone | None = None


def _row(sources: Iterable[Status], target: Status, perm: Perm, milestone: Milestone | None = None) -> Transition:
    return Transition(frozenset(sources), target, perm, milestone)


_UNRESOLVED = (Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)

TRANSITIONS: dict[Verb, Transition] = {
    Verb.CONFIRM: _row([Status.TRIAGE], Status.INVESTIGATING, Perm.DECLARE, Milestone.DECLARED),
    Verb.ACKNOWLEDGE: _row(
        [Status.TRIAGE, Status.INVESTIGATING], Status.INVESTIGATING, Perm.RESPOND, Milestone.ACKNOWLEDGED
    ),
    Verb.IDENTIFY: _row(
        [Status.INVESTIGATING, Status.MONITORING], Status.IDENTIFIED, Perm.RESPOND, Milestone.IDENTIFIED
    ),
    Verb.MONITOR: _row(
        [Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED], Status.MONITORING, Perm.RESPOND, Milestone.MITIGATED
    ),
    Verb.RESOLVE: _row(_UNRESOLVED, Status.RESOLVED, Perm.RESPOND, Milestone.RESOLVED),
    Verb.CLOSE: _row([Status.RESOLVED], Status.CLOSED, Perm.CLOSE, Milestone.CLOSED),
    Verb.REOPEN: _row([Status.MONITORING, Status.RESOLVED, Status.CLOSED], Status.INVESTIGATING, Perm.RESPOND),
    Verb.CANCEL: _row([*_UNRESOLVED, Status.RESOLVED], Status.CANCELLED, Perm.CANCEL),
}

# Emptied by reopening: the incident is not over after all.
_ENDINGS = (Milestone.MITIGATED, Milestone.RESOLVED, Milestone.CLOSED)
# What others hear of when it is done; the rest is seen on the page.
_HEARD_OF = {
    Verb.ACKNOWLEDGE: IncidentEvent.ACKNOWLEDGED,
    Verb.RESOLVE: IncidentEvent.RESOLVED,
    Verb.REOPEN: IncidentEvent.REOPENED,
    Verb.CANCEL: IncidentEvent.CANCELLED,
}
# A second confirmation or acknowledgement does not move the moment of the first one.
_KEEPS_FIRST = (Verb.CONFIRM, Verb.ACKNOWLEDGE)


def available_verbs(actor: Actor, incident: Incident) -> list[Verb]:
    """What this actor may do next, in the order of the table."""
    return [
        verb
        for verb, row in TRANSITIONS.items()
        if incident.status in row.sources and not _is_acknowledged(incident, verb) and offers(actor, row.perm, incident)
    ]


def likely_next(incident: Incident) -> Verb | None:
    """The verb that most incidents need next; its button is the biggest."""
    if incident.status in (Status.TRIAGE, Status.INVESTIGATING) and not _is_acknowledged(incident, Verb.ACKNOWLEDGE):
        return Verb.ACKNOWLEDGE
    return {
        Status.INVESTIGATING: Verb.IDENTIFY,
        Status.IDENTIFIED: Verb.MONITOR,
        Status.MONITORING: Verb.RESOLVE,
        Status.RESOLVED: Verb.CLOSE,
    }.get(Status(incident.status))


def _is_acknowledged(incident: Incident, verb: Verb) -> bool:
    return verb == Verb.ACKNOWLEDGE and bool(incident.acknowledged_at and incident.incident_lead_id)


@transaction.atomic
def advance(
    *,
    actor: Actor,
    incident: Incident,
    verb: Verb,
    now: dt.datetime,
    at: dt.datetime | None = None,
    precision: str = Precision.EXACT,
    mitigated_at: dt.datetime | None = None,
    mitigated_precision: str = Precision.EXACT,
    note: str = "",
    version: int | None = None,
) -> Incident:
    """Confirm, acknowledge, identify, monitor, resolve or close an incident.

    ``at`` is when it happened (UTC, not in the future; now where nothing is given), ``mitigated_at`` is asked for with
    *resolve* where mitigation was not recorded before. A repeated press changes nothing. Raises `Forbidden`,
    `NotPossible` where the table or a guard objects, `InvalidInput` for a time in the future, `Stale`.
    """
    if verb in (Verb.REOPEN, Verb.CANCEL):
        raise NotPossible(_("Reopening and cancelling need a reason."))
    row = TRANSITIONS[verb]
    require(actor, row.perm, incident)
    if _already_done(actor, incident, verb):
        return incident
    check_version(incident, version)
    _check_possible(incident, verb)
    moment = at or now
    changes = _milestone_changes(incident, verb, moment, precision, mitigated_at, mitigated_precision, now)
    if verb == Verb.ACKNOWLEDGE and actor.user is not None:
        changes["incident_lead"] = actor.user
    _move(
        actor=actor,
        incident=incident,
        verb=verb,
        changes=changes,
        occurred_at=moment,
        precision=precision,
        now=now,
        note=note,
    )
    return incident


@transaction.atomic
def reopen(*, actor: Actor, incident: Incident, reason: str, now: dt.datetime, version: int | None = None) -> Incident:
    """Take an incident up again; mitigated, resolved and closed are emptied, their old values stay in the audit."""
    require(actor, TRANSITIONS[Verb.REOPEN].perm, incident)
    check_version(incident, version)
    _check_possible(incident, Verb.REOPEN)
    _require_reason(reason, _("Say why it is not over: one sentence is enough."))
    changes: dict[str, object] = {}
    for milestone in _ENDINGS:
        changes |= {f"{milestone}_at": None, f"{milestone}_precision": Precision.EXACT}
    _move(actor=actor, incident=incident, verb=Verb.REOPEN, changes=changes, occurred_at=now, now=now, note=reason)
    return incident


@transaction.atomic
def cancel(
    *,
    actor: Actor,
    incident: Incident,
    reason: CancelReason,
    now: dt.datetime,
    note: str = "",
    duplicate_of: Incident | None = None,
    version: int | None = None,
) -> Incident:
    """Say that this was no incident of its own. A duplicate hands its reports and followers to the other incident."""
    require(actor, TRANSITIONS[Verb.CANCEL].perm, incident)
    check_version(incident, version)
    _check_possible(incident, Verb.CANCEL)
    if reason == CancelReason.DUPLICATE:
        _check_duplicate(actor, incident, duplicate_of)
    else:
        duplicate_of = None
    if reason == CancelReason.OTHER:
        _require_reason(note, _("Say in a sentence why it is cancelled."))
    changes: dict[str, object] = {
        "cancel_reason": reason,
        "cancel_note": note.strip()[:500],
        "duplicate_of": duplicate_of,
    }
    said = _sentence(incident, reason, duplicate_of, note)
    _move(actor=actor, incident=incident, verb=Verb.CANCEL, changes=changes, occurred_at=now, now=now, note=said)
    if duplicate_of is not None:
        _hand_over(actor=actor, incident=incident, other=duplicate_of, now=now)
    return incident


def _already_done(actor: Actor, incident: Incident, verb: Verb) -> bool:
    row = TRANSITIONS[verb]
    if verb == Verb.ACKNOWLEDGE:
        mine = actor.user is not None and incident.incident_lead_id == actor.user.pk
        return mine and incident.acknowledged_at is not None and incident.status in row.sources
    return incident.status == row.target and incident.status not in row.sources


def _check_possible(incident: Incident, verb: Verb) -> None:
    row = TRANSITIONS[verb]
    if _is_acknowledged(incident, verb):
        message = _("%(name)s has it already. To take over, hand the role over on the page of roles.")
        raise NotPossible(message % {"name": incident.incident_lead})
    if incident.status not in row.sources:
        raise NotPossible(
            _("%(incident)s is %(status)s now, so this is not possible any more. Look at the page again.")
            % {"incident": incident.reference, "status": incident.get_status_display().lower()}
        )
    reasons = registry.objections(incident, verb)
    if reasons:
        raise NotPossible(" ".join(reasons))


def _require_reason(reason: str, message: str) -> None:
    if not reason.strip():
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})


def check_not_future(at: dt.datetime, now: dt.datetime, field: str = "at") -> None:
    """Raise `InvalidInput` for a moment that has not come yet; a minute of grace allows for clocks that differ."""
    if at > now + dt.timedelta(minutes=1):
        message = _("This time has not come yet. Write when it happened.")
        raise InvalidInput(message, code="in_the_future", fields={field: message})


def _milestone_changes(
    incident: Incident,
    verb: Verb,
    at: dt.datetime,
    precision: str,
    mitigated_at: dt.datetime | None,
    mitigated_precision: str,
    now: dt.datetime,
) -> dict[str, object]:
    check_not_future(at, now)
    milestone = TRANSITIONS[verb].milestone
    changes: dict[str, object] = {}
    if milestone and not (verb in _KEEPS_FIRST and incident.milestone(milestone)):
        changes = {f"{milestone}_at": at, f"{milestone}_precision": precision}
    if milestone == Milestone.DECLARED and changes:
        changes["sort_at"] = incident.impact_started_at or incident.detected_at or at
    if verb == Verb.RESOLVE and mitigated_at is not None:
        check_not_future(mitigated_at, now, "mitigated")
        changes |= {"mitigated_at": mitigated_at, "mitigated_precision": mitigated_precision}
    return changes


def _move(
    *,
    actor: Actor,
    incident: Incident,
    verb: Verb,
    changes: dict[str, object],
    occurred_at: dt.datetime,
    now: dt.datetime,
    note: str,
    precision: str = Precision.EXACT,
) -> None:
    before = Status(incident.status)
    values = {"status": TRANSITIONS[verb].target, **changes}
    if TRANSITIONS[verb].target not in OPEN_STATUSES:
        # Nobody waits for another update of what is over.
        values["next_update_due_at"] = None
    recorded = audit.difference(incident, values)
    if isinstance(other := changes.get("duplicate_of"), Incident):
        recorded["duplicate_of"] = (None, privacy.name_beside(other, incident))
    recorded.pop("sort_at", None)
    compare_and_set(incident, at=now, **values)
    after = Status(incident.status)
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.STATUS_CHANGE,
        text=_status_sentence(actor, verb, before, after, note),
        occurred_at=occurred_at,
        precision=precision,
        now=now,
    )
    audit.record(actor=actor, action=f"incident.{verb}", target=incident, at=now, changes=recorded)
    rollcall.follow(actor=actor, incident=incident, status=after, now=now)
    if verb in _HEARD_OF:
        rules.incident_changed(incident=incident, kind=_HEARD_OF[verb], now=now, actor=actor)


def _status_sentence(actor: Actor, verb: Verb, before: Status, after: Status, note: str) -> str:
    if verb == Verb.ACKNOWLEDGE:
        said = _("Acknowledged: %(name)s has it.") % {"name": timeline.literal(actor.label)}
    else:
        said = _("Status: %(before)s → %(after)s.") % {"before": before.label, "after": after.label}
    return f"{said} {note.strip()}".strip()


def _check_duplicate(actor: Actor, incident: Incident, other: Incident | None) -> None:
    if other is None or not actor.sees(other):
        message = _("Name the incident that it duplicates, such as INC-12.")
        raise InvalidInput(message, code="duplicate_of_missing", fields={"duplicate_of": message})
    if other.pk == incident.pk or other.status == Status.CANCELLED:
        message = _("Choose an incident that is not cancelled, and not this one.")
        raise InvalidInput(message, code="duplicate_of_wrong", fields={"duplicate_of": message})


def _sentence(incident: Incident, reason: CancelReason, other: Incident | None, note: str) -> str:
    said = f"{reason.label}."
    if other is not None:
        said = _("Duplicate of %(incident)s.") % {"incident": privacy.name_beside(other, incident)}
    return f"{said} {note.strip()}".strip()


def _hand_over(*, actor: Actor, incident: Incident, other: Incident, now: dt.datetime) -> None:
    """Move reports and followers; from a private incident nothing goes where more people would see it."""
    if incident.is_private and not other.is_private:
        return
    moved = timeline.move_reports(incident=incident, other=other, now=now)
    already = Subscription.objects.filter(incident=other).values("user")
    followers = Subscription.objects.filter(incident=incident).exclude(user__in=already).select_related("user")
    # Whoever may not see the other incident has nothing to follow there.
    moving = [follower.pk for follower in followers if Actor.person(follower.user).sees(other)]
    Subscription.objects.filter(pk__in=moving).update(incident=other)
    timeline.write(
        actor=actor,
        incident=other,
        kind=TimelineKind.NOTE,
        text=_("%(incident)s was a duplicate; its reports are here now.") % {"incident": incident.reference},
        occurred_at=now,
        now=now,
    )
    audit.record(
        actor=actor,
        action="incident.took_duplicate",
        target=other,
        at=now,
        changes={"reports": (0, moved), "duplicate": ("", incident.reference)},
    )
