"""Status updates: what others need to know, when the next one is due, and links for people without an account."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace

from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..clock_text import parse_zone
from ..enums import NextUpdate, TimelineKind, UpdateAudience
from ..errors import InvalidInput, NotPossible
from ..models import Incident, Installation, SeverityLevel, StatusLink, StatusUpdate, TimelineEvent
from ..notifications import calls, rules
from ..permissions import Actor, Perm, require
from . import lifecycle, timeline
from .lifecycle import Verb
from .timeline import EventContent

# An update can be taken back for this long; then it leaves.
LEAVES_AFTER = dt.timedelta(seconds=30)
MAX_TEXT_LENGTH = 4000
MORNING = dt.time(8)

# The incident lead is reminded this long before an update is due, and no more this long after.
NUDGED_BEFORE = dt.timedelta(minutes=5)
NUDGED_AFTER = dt.timedelta(minutes=10)

LINK_LASTS = dt.timedelta(hours=24)
_signer = Signer(salt="incidents.status-link", sep=".")


def minutes_between(incident: Incident) -> int | None:
    """How often the severity of the incident asks for an update, in minutes; nothing where it asks for none."""
    level = SeverityLevel.objects.filter(pk=incident.severity)
    return level.values_list("update_interval_minutes", flat=True).first()


def next_morning(incident: Incident, now: dt.datetime) -> dt.datetime:
    """The next 08:00 in the home zone of the incident."""
    zone = parse_zone(incident.home_zone)
    local = now.astimezone(zone)
    day = local.date() + dt.timedelta(days=0 if local.time() < MORNING else 1)
    return dt.datetime.combine(day, MORNING, zone).astimezone(dt.UTC)


def next_due_at(choice: NextUpdate, *, incident: Incident, now: dt.datetime) -> dt.datetime | None:
    """When the next update is due (UTC), by what was chosen; nothing where none is promised or it is over."""
    if choice == NextUpdate.NONE or not incident.is_open:
        return None
    if choice == NextUpdate.MORNING:
        return next_morning(incident, now)
    minutes = minutes_between(incident) if choice == NextUpdate.SEVERITY else int(choice.value)
    return now + dt.timedelta(minutes=minutes) if minutes else None


def write(
    *,
    actor: Actor,
    incident: Incident,
    text: str,
    now: dt.datetime,
    audience: UpdateAudience = UpdateAudience.STAFF,
    next_update: NextUpdate = NextUpdate.SEVERITY,
    verb: Verb | None = None,
    client_id: uuid.UUID | None = None,
) -> StatusUpdate:
    """Tell others how it stands, and where ``verb`` is given, move the incident on before. It leaves a little later.

    The same words under the same ``client_id`` are one update. Raises `Forbidden`, `InvalidInput`, and what
    `lifecycle.advance` raises.
    """
    require(actor, Perm.RESPOND, incident)
    text = _checked(text)
    before = incident.updates.filter(client_id=client_id).first() if client_id else None
    if before and before.text == text:
        return before
    if before:
        # A browser's Back brings an old form up again.
        client_id = uuid.uuid4()
    content = EventContent(
        text=text,
        kind=TimelineKind.COMMUNICATION,
        occurred_at=now,
        is_internal=audience == UpdateAudience.RESPONDERS,
    )
    try:
        with transaction.atomic():
            if verb is not None:
                lifecycle.advance(actor=actor, incident=incident, verb=verb, now=now)
            (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=now)
            return _send(actor=actor, event=event, next_update=next_update, now=now, client_id=client_id)
    except IntegrityError:
        # The same press arrived twice at the same moment; the other request has written it.
        before = incident.updates.filter(client_id=client_id).first() if client_id else None
        if before is None:
            raise
        return before


@transaction.atomic
def send_entry(
    *,
    actor: Actor,
    incident: Incident,
    entries: Sequence[EventContent],
    now: dt.datetime,
    next_update: NextUpdate = NextUpdate.SEVERITY,
    client_id: uuid.UUID | None = None,
) -> StatusUpdate:
    """Write an entry into the timeline and send it as an update as well; what is internal goes to responders only."""
    require(actor, Perm.RESPOND, incident)
    if len(entries) != 1:
        message = _("An update is one entry. Add the block first, then write the update.")
        raise InvalidInput(message, code="one_entry", fields={"text": message})
    content = entries[0]
    _checked(content.text)
    if content.kind == TimelineKind.NOTE:
        content = replace(content, kind=TimelineKind.COMMUNICATION)
    (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=now, client_id=client_id)
    sent_before = StatusUpdate.objects.filter(event=event).first()
    return sent_before or _send(actor=actor, event=event, next_update=next_update, now=now, is_entry=True)


def _send(
    *,
    actor: Actor,
    event: TimelineEvent,
    next_update: NextUpdate,
    now: dt.datetime,
    client_id: uuid.UUID | None = None,
    is_entry: bool = False,
) -> StatusUpdate:
    """What stands in the timeline leaves as an update. In the caller's transaction."""
    incident = event.incident
    update = StatusUpdate.objects.create(
        incident=incident,
        event=event,
        status=incident.status,
        audience=UpdateAudience.RESPONDERS if event.is_internal else UpdateAudience.STAFF,
        text=event.text,
        html=event.html,
        next_due_at=next_due_at(next_update, incident=incident, now=now),
        author=actor.user,
        author_label=actor.label,
        created_at=now,
        leaves_at=now + LEAVES_AFTER,
        is_entry=is_entry,
        client_id=client_id,
    )
    changes = {"status": ("", update.status), "next_due_at": (incident.next_update_due_at, update.next_due_at)}
    _keep_next_due(incident, now)
    rules.update_written(update=update, now=now)
    audit.record(actor=actor, action="update.written", target=update, at=now, changes=changes)
    return update


@transaction.atomic
def cancel(*, actor: Actor, update: StatusUpdate, now: dt.datetime) -> StatusUpdate:
    """Take an update back before it leaves: it is struck out of the timeline, unless it is an entry of its own.

    Doing it twice changes nothing. Raises `NotPossible` where it has left.
    """
    require(actor, Perm.MANAGE_ENTRY, update.event)
    waiting = StatusUpdate.objects.filter(pk=update.pk, cancelled_at=None, leaves_at__gt=now)
    if not waiting.update(cancelled_at=now):
        update.refresh_from_db(fields=["cancelled_at"])
        if update.cancelled_at:
            return update
        raise _has_left()
    update.cancelled_at = now
    if not rules.update_cancelled(update=update, now=now) and calls.wakes(update.incident):
        raise _has_left()
    if not update.is_entry:
        timeline.strike(actor=actor, event=update.event, now=now)
    _keep_next_due(update.incident, now)
    audit.record(actor=actor, action="update.cancelled", target=update, at=now)
    return update


def _has_left() -> NotPossible:
    return NotPossible(_("It has left already. What is wrong in it is put right by a new one."))


def _keep_next_due(incident: Incident, now: dt.datetime) -> None:
    """Let the incident say when its latest update promised the next one; nothing once it is over.

    The first statement makes others who write at the same moment wait, so that the latest of all is found.
    """
    row = Incident.objects.filter(pk=incident.pk)
    row.update(updated_at=now)
    latest = incident.updates.standing().first()
    due = latest.next_due_at if latest else None
    if row.open().update(next_update_due_at=due):
        incident.next_update_due_at = due
    else:
        incident.next_update_due_at = None


def _checked(text: str) -> str:
    """The text with one kind of line end. Raises `InvalidInput`."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        message = _("Write what others need to know.")
        raise InvalidInput(message, code="empty", fields={"text": message})
    if len(text) > MAX_TEXT_LENGTH:
        message = _("An update has at most 4,000 characters. Say in short what others need to know.")
        raise InvalidInput(message, code="text_too_large", fields={"text": message})
    return text


def nudge(now: dt.datetime) -> int:
    """Remind incident leads of updates that are about to be due; how many incidents there were. Run by the worker."""
    soon = Incident.objects.present().open().update_due_between(now - NUDGED_AFTER, now + NUDGED_BEFORE)
    waiting = list(soon.select_related("incident_lead"))
    for incident in waiting:
        rules.update_nudge(incident=incident, now=now)
    return len(waiting)


@transaction.atomic
def make_link(*, actor: Actor, incident: Incident, now: dt.datetime) -> StatusLink:
    """A link by which people without an account read the updates for a day; the one there is, where one is."""
    require(actor, Perm.RESPOND, incident)
    if incident.is_private:
        raise NotPossible(_("This incident is private: its updates are for its members only."))
    if not Installation.current().allows_status_links:
        raise NotPossible(_("Links for people without an account are switched off. An admin can allow them."))
    link = incident.status_links.usable(now).first()
    if link is None:
        link = StatusLink.objects.create(
            incident=incident, made_by=actor.user, created_at=now, expires_at=now + LINK_LASTS
        )
        changes = {"expires_at": (None, link.expires_at)}
        audit.record(actor=actor, action="status_link.made", target=link, at=now, changes=changes)
    return link


@transaction.atomic
def revoke_links(*, actor: Actor, incident: Incident, now: dt.datetime) -> int:
    """End the links to the status of this incident; how many there were."""
    require(actor, Perm.RESPOND, incident)
    ended = incident.status_links.usable(now).update(revoked_at=now)
    if ended:
        audit.record(actor=actor, action="status_link.revoked", target=incident, at=now, changes={"links": (ended, 0)})
    return ended


def link_token(link: StatusLink) -> str:
    """What the address of the link holds: its key, signed."""
    return _signer.sign(link.key.hex)


def link_of(token: str, *, now: dt.datetime) -> StatusLink | None:
    """The link that an address names, unless it ended, is forged, switched off, or its incident is hidden by now."""
    try:
        key = uuid.UUID(hex=_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    link = StatusLink.objects.usable(now).filter(key=key).for_page().first()
    if link is None or link.incident.is_private or link.incident.removed_at:
        return None
    return link if Installation.current().allows_status_links else None


@transaction.atomic
def allow_links(*, actor: Actor, allowed: bool, now: dt.datetime) -> None:
    """Switch links to the status on or off for the whole installation; off ends those there are."""
    require(actor, Perm.ADMINISTER)
    installation = Installation.current()
    if installation.allows_status_links == allowed:
        return
    installation.allows_status_links = allowed
    installation.save()
    if not allowed:
        StatusLink.objects.usable(now).update(revoked_at=now)
    changes = {"allows_status_links": (not allowed, allowed)}
    audit.record(actor=actor, action="installation.changed", target=installation, at=now, changes=changes)
