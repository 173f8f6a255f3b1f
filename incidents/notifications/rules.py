"""Who hears of what. Domain functions call these in their own transaction: what they write leaves with it or never.

What goes to many people is one row here, an event, which the worker spreads to those who then want it (``fan_out``).
What is addressed to one person, a call, a roll call, a nudge, is written at once, and no mute holds it back.
"""

import datetime as dt

from ..enums import ActionItemEvent, IncidentEvent, Severity
from ..models import Incident, OutboxMessage, RollCallAnswer, StatusUpdate, User
from ..models.incident import SEVERITY_RANK
from ..permissions import Actor
from . import FAN_OUT, calls, notify, webhooks
from .calls import wakes

EVENT = "incident-event"
ACTION_ITEM_EVENT = "action-item-event"
ROLL_CALL = "roll-call"
ROLL_CALL_ENDED = "roll-call-ended"
UPDATE_NUDGE = "update-nudge"
REOPENED = "incident-reopened"

# What the delivery log shows in place of an address.
EVERYBODY = "*"
# A question of who shipped what is worth nothing the day after, nor is a nudge after the next one.
ROLL_CALL_LASTS = dt.timedelta(hours=12)
NUDGE_LASTS = dt.timedelta(minutes=15)


def incident_opened(*, incident: Incident, actor: Actor, now: dt.datetime) -> None:
    """It was reported, declared, or promoted from a near miss: call somebody, and tell those who follow."""
    if not wakes(incident):
        return
    calls.begin(incident, now=now, knows=_who_knows(actor))
    _write_event(incident, IncidentEvent.OPENED, now=now, by=_who_knows(actor))


def incident_changed(
    *, incident: Incident, kind: str, now: dt.datetime, actor: Actor | None = None, before: str = ""
) -> None:
    """It was acknowledged, resolved, reopened, cancelled, or has another severity, which was ``before``.

    ``kind`` is one of `IncidentEvent`.
    """
    if not wakes(incident):
        return
    knows = _who_knows(actor)
    if kind == IncidentEvent.SEVERITY and _is_graver(incident, before) and calls.is_waiting(incident):
        calls.again(incident, now=now, knows=knows)
    elif kind == IncidentEvent.REOPENED and calls.is_waiting(incident):
        calls.from_the_start(incident, now=now, knows=knows)
    elif kind == IncidentEvent.REOPENED:
        _tell_incident_lead(incident, now=now, knows=knows)
    _write_event(incident, IncidentEvent(kind), now=now, by=knows, before=before)


def update_written(*, update: StatusUpdate, now: dt.datetime) -> None:
    """A status update waits to leave; see `update_cancelled`."""
    if wakes(update.incident):
        _write_event(
            update.incident,
            IncidentEvent.UPDATE,
            now=now,
            by=update.author,
            key=_update_key(update),
            delay=update.leaves_at - now,
            update=update.pk,
        )


def update_cancelled(*, update: StatusUpdate, now: dt.datetime) -> bool:
    """Take back what `update_written` wrote; False where it is on its way already."""
    return bool(OutboxMessage.objects.filter(dedupe_key=_update_key(update)).take_back())


def action_item_changed(
    *, incident: Incident, event: ActionItemEvent, key: int, version: int, now: dt.datetime
) -> None:
    """An action item of the incident was added, changed or moved on: for channels alone, such as trackers.

    ``key`` is what the application that keeps action items knows it by (see `registry.action_item_news`).
    """
    if webhooks.may_hear_of_work(incident):
        notify(
            kind=ACTION_ITEM_EVENT,
            channel=FAN_OUT,
            recipient=EVERYBODY,
            payload={"event": event, "happened_at": now.isoformat(), "action_item": key},
            dedupe_key=f"{ACTION_ITEM_EVENT}:{key}:{version}",
            incident=incident,
            at=now,
        )


def roll_call_opened(*, answer: RollCallAnswer, url: str, now: dt.datetime) -> None:
    """Somebody is asked what went live; ``url`` is the page on which they answer."""
    if answer.person.email:
        notify(
            kind=ROLL_CALL,
            recipient=answer.person.email,
            person=answer.person,
            incident=answer.incident,
            payload={"answer": answer.pk, "url": url},
            dedupe_key=f"{ROLL_CALL}:{answer.pk}",
            at=now,
            expires_at=now + ROLL_CALL_LASTS,
        )


def roll_call_ended(*, answer: RollCallAnswer, now: dt.datetime) -> None:
    """Somebody who was asked need not look any more."""
    if answer.person.email:
        notify(
            kind=ROLL_CALL_ENDED,
            recipient=answer.person.email,
            person=answer.person,
            incident=answer.incident,
            payload={"answer": answer.pk, "end": answer.roll_call.end},
            dedupe_key=f"{ROLL_CALL_ENDED}:{answer.pk}",
            at=now,
            expires_at=now + ROLL_CALL_LASTS,
        )


def update_nudge(*, incident: Incident, now: dt.datetime) -> None:
    """Remind the incident lead that others wait for a status update; once for each time that one is due."""
    lead, due = incident.incident_lead, incident.next_update_due_at
    if wakes(incident) and lead is not None and lead.email and due is not None:
        notify(
            kind=UPDATE_NUDGE,
            recipient=lead.email,
            person=lead,
            incident=incident,
            payload={"due_at": due.isoformat()},
            dedupe_key=f"{UPDATE_NUDGE}:{incident.pk}:{lead.pk}:{due:%Y%m%d%H%M%S}",
            at=now,
            expires_at=now + NUDGE_LASTS,
        )


def _who_knows(actor: Actor | None) -> User | None:
    """The person who did it and need not be told; the owner of a token may be asleep while a machine acts for them."""
    return actor.user if actor is not None and not actor.scope else None


def _is_graver(incident: Incident, before: str) -> bool:
    return bool(before) and SEVERITY_RANK[Severity(incident.severity)] < SEVERITY_RANK[Severity(before)]


def _tell_incident_lead(incident: Incident, *, now: dt.datetime, knows: User | None) -> None:
    lead = incident.incident_lead
    if lead is not None and lead != knows and lead.email:
        notify(
            kind=REOPENED,
            recipient=lead.email,
            person=lead,
            incident=incident,
            payload={},
            dedupe_key=f"{REOPENED}:{incident.pk}:{incident.version}:{lead.pk}",
            at=now,
        )


def _write_event(
    incident: Incident,
    event: IncidentEvent,
    *,
    now: dt.datetime,
    by: User | None,
    key: str = "",
    delay: dt.timedelta = dt.timedelta(0),
    **more: object,
) -> None:
    """The one row that the worker spreads: to people, and to whatever else wants to hear of it."""
    payload = {
        "event": event,
        "happened_at": now.isoformat(),
        "severity": incident.severity,
        "status": incident.status,
        "by": by.pk if by else None,
        **more,
    }
    # Each change of an incident has a version of its own, so that what is written twice leaves once.
    key = key or f"{EVENT}:{incident.pk}:{incident.version}:{event}"
    notify(
        kind=EVENT,
        channel=FAN_OUT,
        recipient=EVERYBODY,
        payload=payload,
        dedupe_key=key,
        incident=incident,
        at=now,
        delay=delay,
    )


def _update_key(update: StatusUpdate) -> str:
    return f"{EVENT}:{update.incident_id}:{IncidentEvent.UPDATE}:{update.pk}"
