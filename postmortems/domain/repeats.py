"""What people say about repeats: a cause is the same as an earlier one, or is not; an incident repeats another.

Causes that are the same make a family, whose first is the oldest of the chain. What follows from a confirmed repeat
(the earlier action items stand on the new incident, both are marked) is read from here and never copied, so that taking
it back leaves nothing behind.
"""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import audit
from incidents.domain import privacy
from incidents.domain.versions import check_version, compare_and_set
from incidents.enums import IncidentKind
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Incident
from incidents.permissions import Actor, require

from .. import repeat_notices
from ..models import NotTheSame, RepeatMark, RootCause
from ..permissions import LessonPerm

MAX_REASON_LENGTH = 500


@transaction.atomic
def confirm(
    *,
    actor: Actor,
    cause: RootCause,
    earlier: RootCause,
    reason: str,
    now: dt.datetime,
    version: int | None = None,
) -> RootCause:
    """Say that a cause is the same as one of an earlier incident, and why. Owners and leads of its work are told.

    Raises `InvalidInput` without a reason or where the earlier one is hidden, `NotPossible` where it is no earlier one.
    """
    require(actor, LessonPerm.WRITE, cause)
    check_version(cause, version)
    reason = _reason(reason, "same_as_reason")
    if cause.same_as_id == earlier.pk and cause.same_as_reason == reason:
        return cause
    _check_earlier(actor, cause.incident, earlier)
    family = earlier.family_id or earlier.pk
    if cause.same_as_id is None and (cause.family_id or cause.pk) == family:
        raise NotPossible(_("These two are known to be the same already."), code="same_already")
    values = {"same_as": earlier, "same_as_reason": reason}
    changes = {"same_as": (_name_of(cause.same_as, cause), _name_of(earlier, cause))}
    compare_and_set(cause, at=now, **values)
    _keep_families({cause.pk, family, cause.family_id or cause.pk})
    cause.refresh_from_db(fields=["family"])
    NotTheSame.objects.filter(cause=cause, earlier=earlier).delete()
    note = _note_beside(reason, earlier.incident, cause.incident)
    audit.record(actor=actor, action="repeat.confirmed", target=cause, at=now, changes=changes, note=note)
    repeat_notices.cause_repeated(cause=cause, actor=actor, now=now)
    return cause


@transaction.atomic
def take_back(*, actor: Actor, cause: RootCause, now: dt.datetime, version: int | None = None) -> RootCause:
    """A cause is the same as no earlier one after all."""
    require(actor, LessonPerm.WRITE, cause)
    check_version(cause, version)
    if cause.same_as is None:
        return cause
    changes = {"same_as": (_name_of(cause.same_as, cause), None)}
    family = cause.family_id
    compare_and_set(cause, at=now, same_as=None, same_as_reason="")
    _keep_families({cause.pk, *([family] if family else [])})
    cause.refresh_from_db(fields=["family"])
    repeat_notices.taken_back(cause)
    audit.record(actor=actor, action="repeat.taken_back", target=cause, at=now, changes=changes)
    return cause


@transaction.atomic
def reject(*, actor: Actor, cause: RootCause, earlier: RootCause, now: dt.datetime) -> None:
    """Say that a cause is not the same as this earlier one: it is not proposed again."""
    require(actor, LessonPerm.WRITE, cause)
    if not actor.sees(earlier.incident):
        raise InvalidInput(_("Choose a cause of an incident that you can see."), fields={"same_as": _("Not found.")})
    _said, is_new = NotTheSame.objects.get_or_create(
        cause=cause, earlier=earlier, defaults={"said_by": actor.user, "said_at": now}
    )
    if is_new:
        changes = {"not_same_as": (None, _name_of(earlier, cause))}
        audit.record(actor=actor, action="repeat.rejected", target=cause, at=now, changes=changes)


@transaction.atomic
def ask_again(*, actor: Actor, cause: RootCause, earlier: RootCause, now: dt.datetime) -> None:
    """Take a rejection back: the earlier cause may be proposed again."""
    require(actor, LessonPerm.WRITE, cause)
    if NotTheSame.objects.filter(cause=cause, earlier=earlier).delete()[0]:
        changes = {"not_same_as": (_name_of(earlier, cause), None)}
        audit.record(actor=actor, action="repeat.asked_again", target=cause, at=now, changes=changes)


@transaction.atomic
def mark(*, actor: Actor, incident: Incident, earlier: Incident, reason: str, now: dt.datetime) -> RepeatMark:
    """Say that an incident as a whole is a repeat of an earlier one, and why. Saying it twice changes the reason."""
    require(actor, LessonPerm.WRITE, incident)
    reason = _reason(reason, "reason")
    _check_order(actor, incident, earlier)
    values = {"reason": reason, "marked_by": actor.user, "marked_at": now}
    marked, is_new = RepeatMark.objects.update_or_create(incident=incident, earlier=earlier, defaults=values)
    changes = {"repeat_of": (None, privacy.name_beside(earlier, incident))} if is_new else {}
    note = _note_beside(reason, earlier, incident)
    audit.record(
        actor=actor, action="repeat.marked", target=incident, at=now, changes=changes, note=note, incident=incident
    )
    if is_new:
        repeat_notices.incident_repeated(mark=marked, actor=actor, now=now)
    return marked


@transaction.atomic
def unmark(*, actor: Actor, incident: Incident, earlier: Incident, now: dt.datetime) -> None:
    """An incident is no repeat of that one after all."""
    require(actor, LessonPerm.WRITE, incident)
    marked = RepeatMark.objects.filter(incident=incident, earlier=earlier).first()
    if marked is not None:
        repeat_notices.taken_back(marked)
        marked.delete()
        changes = {"repeat_of": (privacy.name_beside(earlier, incident), None)}
        audit.record(actor=actor, action="repeat.unmarked", target=incident, at=now, changes=changes)


def compares_with(incident: Incident, other: Incident) -> bool:
    """Whether one can be a repeat of the other: a drill only of a drill, and what was made up only of made-up ones."""
    is_drill = (incident.kind == IncidentKind.DRILL) == (other.kind == IncidentKind.DRILL)
    return is_drill and (incident.is_example, incident.is_synthetic) == (other.is_example, other.is_synthetic)


def _check_earlier(actor: Actor, incident: Incident, earlier: RootCause) -> None:
    if earlier.removed_at is not None:
        raise InvalidInput(_("Choose a cause of an incident that you can see."), fields={"same_as": _("Not found.")})
    _check_order(actor, incident, earlier.incident, field="same_as")


def _check_order(actor: Actor, incident: Incident, earlier: Incident, field: str = "earlier") -> None:
    if not actor.sees(earlier) or earlier.removed_at is not None or not compares_with(incident, earlier):
        raise InvalidInput(_("Choose an incident that you can see."), fields={field: _("Not found.")})
    if earlier.pk == incident.pk or earlier.sort_at > incident.sort_at:
        raise NotPossible(_("Only an earlier incident can have been the first time."), code="not_earlier")


def _reason(text: str, field: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > MAX_REASON_LENGTH:
        message = _("Say in one sentence why it is the same: others have to see it too.")
        raise InvalidInput(message, code="reason_missing", fields={field: message})
    return reason


def _keep_families(concerned: set[int]) -> None:
    """Name the first of its chain on each cause of these families; who is alone has none."""
    known: dict[int, int | None] = {}
    wave = concerned
    while wave:
        rows = RootCause.objects.filter(pk__in=wave) | RootCause.objects.filter(same_as__in=wave)
        rows = rows | RootCause.objects.filter(family__in=wave)
        found = dict(rows.values_list("pk", "same_as"))
        wave = ({*found, *(key for key in found.values() if key)}) - known.keys() - concerned
        concerned = concerned | wave
        known |= found
    for key in sorted(known):
        first = _first_of(key, known)
        RootCause.objects.filter(pk=key).exclude(family=first).update(family=first)


def _first_of(key: int, same_as: Mapping[int, int | None]) -> int | None:
    """The end of the chain; nothing for the end itself, which has no family of an earlier one."""
    passed = [key]
    while (earlier := same_as.get(passed[-1])) is not None and earlier not in passed:
        passed.append(earlier)
    return passed[-1] if len(passed) > 1 else None


def _name_of(cause: RootCause | None, beside: RootCause) -> str | None:
    """What the records of one cause call another."""
    if cause is None:
        return None
    name = privacy.name_beside(cause.incident, beside.incident)
    return f"{name}, cause {cause.pk}" if name == cause.incident.reference else name


def _note_beside(reason: str, earlier: Incident, incident: Incident) -> str:
    """What the records of an incident say of why it repeats another: nothing where others read them who see it not."""
    return "" if earlier.is_private and not incident.is_private else reason
