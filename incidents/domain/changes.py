"""Changes: what was altered, when it went live, and which safety nets it passed."""

import datetime as dt
import uuid
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import ChangeKind, Source, TimelineKind, YesNoUnknown
from ..errors import InvalidInput
from ..models import ApiToken, Change, Incident, Service, User
from ..permissions import Actor, Perm, can, require
from . import timeline
from .lifecycle import check_not_future
from .records import invalid
from .timeline import EventContent
from .versions import check_version, compare_and_set

# Before that nothing went live that anybody here asks about; far from where moments in UTC begin.
EARLIEST = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
# What a repeat under the same reference, or an edit, may say anew.
WORDS = ("text", "made_by_label", "intended_effect", "environment", "approved_by", "url")
LONGEST_EFFECT = 4000  # characters
FIELDS = (*WORDS, "live_at", "kind", "made_by", "was_approved", "tried_in_sandbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """What is said of a change. ``None`` leaves a field as it is, or as it is by itself on a new change.

    A new change needs ``text``; ``live_at`` is UTC, and now where nothing is said. ``made_by`` is an account,
    ``made_by_label`` a name out of another system. ``reference`` is what a machine calls it: the same one twice is the
    same change. ``private_to`` hides it from whoever may not see that incident.
    """

    text: str | None = None
    live_at: dt.datetime | None = None
    kind: ChangeKind | None = None
    made_by: User | None = None
    made_by_label: str | None = None
    intended_effect: str | None = None
    services: Sequence[Service] | None = None
    environment: str | None = None
    approved_by: str | None = None
    was_approved: YesNoUnknown | None = None
    tried_in_sandbox: YesNoUnknown | None = None
    url: str | None = None
    reference: str = ""
    private_to: Incident | None = None
    token: ApiToken | None = None
    client_id: uuid.UUID | None = None
    source: Source = Source.PAGE


def record_change(*, actor: Actor, new: NewChange, now: dt.datetime, is_asked: bool = False) -> Change:
    """Write down a change, once: the same ``reference`` is the same change, and what is said anew replaces the old.

    So is the same ``client_id`` with the same words; with others it is a new one, because a browser's Back brings an
    old form up again. ``is_asked`` is for who answers a roll call: they may, although they only read. Raises
    `Forbidden`, `InvalidInput`, and `Stale` where two say different things at the same moment.
    """
    require(actor, Perm.VIEW_INCIDENTS if is_asked else Perm.RECORD_CHANGE, new.private_to)
    if known := _by_reference(new):
        require(actor, Perm.RECORD_CHANGE, known)
        return _say_anew(actor, known, new, now)
    if sent := _sent_before(new):
        if sent.recorded_by == actor.user and sent.text == _one_line(new.text):
            return sent
        new = replace(new, client_id=uuid.uuid4())
    try:
        with transaction.atomic():
            return _create(actor, new, now)
    except IntegrityError:
        # The same thing arrived twice at the same moment; the other request has written it.
        written = _by_reference(new) or _sent_before(new)
        if written is None:
            raise
        return _say_anew(actor, written, new, now)


@transaction.atomic
def edit_change(
    *, actor: Actor, change: Change, new: NewChange, now: dt.datetime, version: int | None = None
) -> Change:
    """Replace what is said of a change. Raises `Forbidden`, `Stale`, `InvalidInput`."""
    require(actor, Perm.RECORD_CHANGE, change)
    check_version(change, version)
    return _say_anew(actor, change, new, now)


def entry_text(change: Change) -> str:
    """What the timeline of an incident says of the change that started it, as Markdown; not who made it."""
    said = timeline.literal(change.text)
    return f"{said} ({change.url})" if change.url else said


def _by_reference(new: NewChange) -> Change | None:
    reference = new.reference.strip()
    return Change.objects.filter(reference=reference).first() if reference else None


def _sent_before(new: NewChange) -> Change | None:
    return Change.objects.filter(client_id=new.client_id).first() if new.client_id else None


def _create(actor: Actor, new: NewChange, now: dt.datetime) -> Change:
    said = _said(new)
    change = Change(
        **{"live_at": now, **said},
        reference=new.reference.strip(),
        private_to=new.private_to,
        token=new.token,
        recorded_by=actor.user,
        source=new.source,
        client_id=new.client_id,
        created_at=now,
        updated_at=now,
    )
    _check(change, now)
    change.save(force_insert=True)
    change.services.set(new.services or ())
    changes = {name: (None, value) for name, value in said.items() if value}
    audit.record(actor=actor, action="change.recorded", target=change, at=now, changes=changes)
    return change


@transaction.atomic
def _say_anew(actor: Actor, change: Change, new: NewChange, now: dt.datetime) -> Change:
    """Store what differs, and nothing where nothing does."""
    said = _said(new)
    after = copy(change)
    for name, value in said.items():
        setattr(after, name, value)
    _check(after, now)
    changes = audit.difference(change, said) | _set_services(change, new.services)
    if changes:
        before = copy(change)
        compare_and_set(change, at=now, **said)
        audit.record(actor=actor, action="change.edited", target=change, at=now, changes=changes)
        _correct_entries(actor, before, change, now)
    return change


def _correct_entries(actor: Actor, before: Change, change: Change, now: dt.datetime) -> None:
    """Where the change stands in a timeline as it was said before, say it there as it is now."""
    said = {"text": entry_text(before), "occurred_at": before.live_at, "struck_at": None}
    for row in change.verdicts.filter(event__isnull=False).select_related("event__incident"):
        event = row.event
        if event is None or any(getattr(event, name) != value for name, value in said.items()):
            continue
        if can(actor, Perm.EDIT_ENTRY, event):
            content = EventContent(
                text=entry_text(change),
                kind=TimelineKind(event.kind),
                occurred_at=change.live_at,
                is_starred=event.is_starred,
            )
            timeline.edit(actor=actor, event=event, content=content, now=now)


def _said(new: NewChange) -> dict[str, Any]:
    """The columns that something is said about, words without spaces around them."""
    said = {name: getattr(new, name) for name in FIELDS if getattr(new, name) is not None}
    said |= {name: said[name].strip() for name in WORDS if name in said}
    if new.text is not None:
        said["text"] = _one_line(new.text)
    return said


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _set_services(change: Change, services: Sequence[Service] | None) -> dict[str, tuple[Any, Any]]:
    if services is None:
        return {}
    before, after = sorted(s.name for s in change.services.all()), sorted(s.name for s in services)
    if before == after:
        return {}
    change.services.set(services)
    return {"services": (before, after)}


def _check(change: Change, now: dt.datetime) -> None:
    if not change.text:
        message = _("Say what was changed, in a few words.")
        raise InvalidInput(message, code="text_missing", fields={"text": message})
    if change.live_at < EARLIEST:
        message = _("Write a time after 1970.")
        raise InvalidInput(message, code="out_of_range", fields={"live_at": message})
    check_not_future(change.live_at, now, "live_at")
    if change.url and not _is_web_address(change.url):
        message = _("Write a link that begins with https:// or http://.")
        raise InvalidInput(message, code="url", fields={"url": message})
    if len(change.intended_effect) > LONGEST_EFFECT:
        message = _("At most 4,000 characters.")
        raise InvalidInput(message, code="too_long", fields={"intended_effect": message})
    try:
        change.clean_fields(exclude={"made_by", "recorded_by", "private_to", "token"})
    except ValidationError as error:
        raise invalid(error) from error


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, url))
    except ValueError:
        return False
