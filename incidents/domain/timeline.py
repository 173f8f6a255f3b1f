"""Timeline events: written as it happens, corrected without losing what stood there before."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from .. import audit, markup, registry
from ..clock_text import Entry, Moment
from ..enums import Precision, Role, Source, TimelineKind
from ..errors import InvalidInput, NotPossible
from ..models import Incident, StatusUpdate, TimelineEvent, TimelineEventVersion
from ..models.timeline import UNKNOWN_LAST
from ..permissions import Actor, Perm, require
from . import attachments, privacy
from .versions import check_version, compare_and_set

MAX_TEXT_LENGTH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContent:
    """What a person enters of an event. Exactly one of ``occurred_at`` (UTC) and ``time_text`` is known."""

    text: str
    kind: TimelineKind = TimelineKind.NOTE
    occurred_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    time_text: str = ""
    utc_offset_minutes: int | None = None
    precision: str = Precision.EXACT
    evidence: str = ""
    is_starred: bool = False
    is_internal: bool = False

    @classmethod
    def from_entry(cls, entry: Entry, *, now: dt.datetime, is_internal: bool = False) -> "EventContent":
        """What an entry line means; without a time it happened now."""
        moment = entry.moment or Moment(at=now, utc_offset_minutes=None, time_text="", precision=Precision.EXACT)
        return cls(
            text=entry.text,
            kind=entry.kind or TimelineKind.NOTE,
            occurred_at=moment.at,
            time_text="" if moment.at else moment.time_text,
            utc_offset_minutes=moment.utc_offset_minutes,
            precision=moment.precision,
            is_starred=entry.starred,
            is_internal=is_internal,
        )


def literal(text: str) -> str:
    """The text with a backslash before all that Markdown takes for a mark: for names in sentences of ours."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|~" else letter for letter in text)


def add_entries(
    *,
    actor: Actor,
    incident: Incident,
    entries: Sequence[EventContent],
    now: dt.datetime,
    client_id: uuid.UUID | None = None,
    source: Source = Source.PAGE,
) -> list[TimelineEvent]:
    """Add entries that belong together, such as the lines of a pasted block; the same ``client_id`` adds them once.

    Other words under a ``client_id`` that was used are a new entry: a browser's Back brings an old form up again.
    Somebody who only reads may add reports and nothing else: their entries become reports, without stars.
    """
    if not entries:
        raise InvalidInput(_("Write what happened."), code="empty")
    if not actor.has_role(Role.RESPONDER):
        require(actor, Perm.ADD_REPORT_LINE, incident)
        entries = [_as_report(content) for content in entries]
    else:
        require(actor, Perm.RESPOND, incident)
    sent_before = _sent_before(incident, client_id)
    if sent_before and _is_resent(sent_before, entries):
        return sent_before
    if sent_before:
        client_id = uuid.uuid4()
    # Rendered before the transaction, so that fifty writers wait for each other's rows and not for each other's HTML.
    prepared = [_values(content) for content in entries]
    try:
        with transaction.atomic():
            return [
                _insert(
                    actor=actor,
                    incident=incident,
                    values=values,
                    now=now,
                    source=source,
                    client_id=client_id,
                    position=position,
                )
                for position, values in enumerate(prepared)
            ]
    except IntegrityError:
        # The same press arrived twice at the same moment; the other request has written the entries.
        sent_before = _sent_before(incident, client_id)
        if not sent_before:
            raise
        return sent_before


@transaction.atomic
def edit(
    *, actor: Actor, event: TimelineEvent, content: EventContent, now: dt.datetime, version: int | None = None
) -> TimelineEvent:
    """Replace what an entry says; the old text is kept beside it."""
    require(actor, Perm.EDIT_ENTRY, event)
    check_version(event, version)
    if event.is_struck:
        raise NotPossible(_("This entry is struck out. Bring it back before you edit it."))
    if not actor.has_role(Role.RESPONDER):
        content = _only_words_and_time(content, event)
    values = _values(content)
    changes = audit.difference(event, values)
    if "text" in changes:
        _check_not_sent(event, _("What was sent as an update stays as it was sent. Put it right with a new update."))
    for derived in ("html", "renderer_version", "sort_at"):
        changes.pop(derived, None)
    if not changes:
        return event
    TimelineEventVersion.objects.create(
        event=event,
        version=event.version,
        text=event.text,
        kind=event.kind,
        occurred_at=event.occurred_at,
        time_text=event.time_text,
        replaced_at=now,
        replaced_by=actor.user,
    )
    compare_and_set(event, at=now, edited_at=now, **values)
    if "text" in changes:
        changes["text"] = (f"version {event.version - 1}", f"version {event.version}")
    audit.record(actor=actor, action="timeline.edited", target=event, at=now, changes=changes)
    return event


@transaction.atomic
def set_star(*, actor: Actor, event: TimelineEvent, starred: bool, now: dt.datetime) -> TimelineEvent:
    """Mark or unmark a key moment."""
    require(actor, Perm.RESPOND, event)
    if event.is_starred != starred:
        compare_and_set(event, at=now, is_starred=starred)
        audit.record(
            actor=actor, action="timeline.starred", target=event, at=now, changes={"is_starred": (not starred, starred)}
        )
    return event


@transaction.atomic
def strike(*, actor: Actor, event: TimelineEvent, now: dt.datetime) -> TimelineEvent:
    """Strike an entry out: it stays readable, and counts no more."""
    require(actor, Perm.MANAGE_ENTRY, event)
    if not event.is_struck:
        compare_and_set(event, at=now, struck_at=now, struck_by=actor.user)
        audit.record(actor=actor, action="timeline.struck", target=event, at=now, changes={"struck": (False, True)})
    return event


@transaction.atomic
def restore(*, actor: Actor, event: TimelineEvent, now: dt.datetime) -> TimelineEvent:
    """Bring a struck entry back."""
    require(actor, Perm.MANAGE_ENTRY, event)
    if event.is_struck:
        compare_and_set(event, at=now, struck_at=None, struck_by=None)
        audit.record(actor=actor, action="timeline.restored", target=event, at=now, changes={"struck": (True, False)})
    return event


@transaction.atomic
def move(
    *, actor: Actor, event: TimelineEvent, other: Incident, now: dt.datetime, version: int | None = None
) -> TimelineEvent:
    """Put an entry that was written on the wrong incident where it belongs."""
    require(actor, Perm.MANAGE_ENTRY, event)
    require(actor, Perm.RESPOND, other)
    check_version(event, version)
    origin = event.incident
    if origin.pk == other.pk:
        raise InvalidInput(_("The entry is on this incident already."), code="same_incident")
    _check_not_sent(event, _("This entry was sent as an update of this incident, so it stays here."))
    if origin.is_private and not other.is_private:
        raise NotPossible(_("An entry of a private incident cannot move to one that everybody sees."))
    text = attachments.take_along(event=event, other=other, now=now)
    compare_and_set(event, at=now, incident=other, client_id=None, **_rendered(text))
    for incident in (origin, other):
        names = (privacy.name_beside(origin, incident), privacy.name_beside(other, incident))
        changes = {"incident": names}
        audit.record(actor=actor, action="timeline.moved", target=event, at=now, changes=changes, incident=incident)
    return event


def move_reports(*, incident: Incident, other: Incident, now: dt.datetime) -> int:
    """Hand the reports of a duplicate to the other incident; how many there were. Part of cancelling, which checks."""
    reports = TimelineEvent.objects.filter(incident=incident, kind=TimelineKind.REPORT)
    for event in reports.filter(text__contains="/pictures/").select_related("incident"):
        text = attachments.take_along(event=event, other=other, now=now)
        TimelineEvent.objects.filter(pk=event.pk).update(**_rendered(text))
    moving = list(reports)
    reports.update(incident=other, client_id=None, updated_at=now)
    for event in TimelineEvent.objects.filter(pk__in=[event.pk for event in moving]).select_related("incident"):
        registry.written(event)
    return len(moving)


def write(
    *,
    actor: Actor,
    incident: Incident,
    kind: TimelineKind,
    text: str,
    occurred_at: dt.datetime,
    now: dt.datetime,
    precision: str = Precision.EXACT,
) -> TimelineEvent:
    """Write what another domain function did into the timeline; that function has asked for the right and audits."""
    content = EventContent(text=text, kind=kind, occurred_at=occurred_at, precision=precision)
    event = TimelineEvent.objects.create(
        incident=incident,
        author=actor.user,
        author_label=actor.label,
        source=Source.SYSTEM,
        created_at=now,
        updated_at=now,
        **_values(content),
    )
    registry.written(event)
    return event


def previous_moment(incident: Incident) -> dt.datetime | None:
    """When the latest entry of the timeline happened (UTC): what a bare time is near to once an incident is over."""
    return incident.timeline.aggregate(latest=Max("occurred_at"))["latest"]


def _check_not_sent(event: TimelineEvent, message: str) -> None:
    """Raise `NotPossible` for an entry that was, or is about to be, sent as a status update."""
    if StatusUpdate.objects.standing().filter(event=event).exists():
        raise NotPossible(message)


def _as_report(content: EventContent) -> EventContent:
    return EventContent(
        text=content.text,
        kind=TimelineKind.REPORT,
        occurred_at=content.occurred_at,
        time_text=content.time_text,
        utc_offset_minutes=content.utc_offset_minutes,
        precision=content.precision,
    )


def _only_words_and_time(content: EventContent, event: TimelineEvent) -> EventContent:
    """What the author of a report may change of it; the rest stays as responders have set it."""
    return replace(
        content,
        kind=TimelineKind(event.kind),
        ended_at=event.ended_at,
        evidence=event.evidence,
        is_starred=event.is_starred,
        is_internal=event.is_internal,
    )


def _is_resent(sent: Sequence[TimelineEvent], entries: Sequence[EventContent]) -> bool:
    """Whether what was sent under one ``client_id`` is what was sent before; edited since, it is taken to be."""
    edited = any(event.edited_at for event in sent)
    return edited or [event.text for event in sent] == [_clean(content.text) for content in entries]


def _clean(text: str) -> str:
    """The text with one kind of line end, whatever the browser sent, so that an untouched one is the same."""
    return text.replace("\r\n", "\n").strip()


def _sent_before(incident: Incident, client_id: uuid.UUID | None) -> list[TimelineEvent]:
    if client_id is None:
        return []
    return list(TimelineEvent.objects.filter(incident=incident, client_id=client_id).order_by("position"))


def _insert(
    *,
    actor: Actor,
    incident: Incident,
    values: dict[str, object],
    now: dt.datetime,
    source: Source,
    client_id: uuid.UUID | None,
    position: int,
) -> TimelineEvent:
    event = TimelineEvent.objects.create(
        incident=incident,
        author=actor.user,
        author_label=actor.label,
        source=source,
        client_id=client_id,
        position=position,
        created_at=now,
        updated_at=now,
        **values,
    )
    audit.record(actor=actor, action="timeline.added", target=event, at=now)
    return event


def _values(content: EventContent) -> dict[str, object]:
    """The columns that hold this content, with the HTML made once, here."""
    text = _clean(content.text)
    if not text:
        raise InvalidInput(_("Write what happened."), code="empty", fields={"text": _("Write what happened.")})
    if len(text) > MAX_TEXT_LENGTH:
        message = _("An entry has at most 20,000 characters. Put long logs where they are kept and link to them.")
        raise InvalidInput(message, code="text_too_large", fields={"text": message})
    if content.ended_at and content.occurred_at and content.ended_at < content.occurred_at:
        message = _("It ends before it begins.")
        raise InvalidInput(message, code="wrong_order", fields={"ended_at": message})
    return {
        **_rendered(text),
        "kind": content.kind,
        "occurred_at": content.occurred_at,
        "ended_at": content.ended_at if content.occurred_at else None,
        "time_text": content.time_text[:60],
        "utc_offset_minutes": content.utc_offset_minutes,
        "precision": content.precision,
        "sort_at": content.occurred_at or UNKNOWN_LAST,
        "evidence": content.evidence.strip(),
        "is_starred": content.is_starred,
        "is_internal": content.is_internal,
    }


def _rendered(text: str) -> dict[str, object]:
    """The columns that hold a text and the HTML of it."""
    html = str(markup.render(text, breaks=True))
    return {"text": text, "html": html, "renderer_version": markup.RENDERER_VERSION}
