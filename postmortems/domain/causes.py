"""Root causes: the factors of an incident, each with its chain of whys."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import audit
from incidents.domain.versions import check_version, compare_and_set
from incidents.errors import InvalidInput
from incidents.models import Incident
from incidents.permissions import Actor, require

from ..enums import CauseCategory, CauseRole
from ..models import RootCause
from ..permissions import LessonPerm
from . import repeats

MAX_WHYS = 10
MAX_WHY_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseContent:
    """What a person enters of a cause."""

    title: str
    role: CauseRole = CauseRole.ROOT_CAUSE
    category: CauseCategory = CauseCategory.UNKNOWN
    explanation: str = ""
    whys: Sequence[str] = ()
    evidence: str = ""
    no_action_reason: str = ""
    same_as: RootCause | None = None
    same_as_reason: str = ""


@transaction.atomic
def add(
    *, actor: Actor, incident: Incident, content: CauseContent, now: dt.datetime, client_id: uuid.UUID | None = None
) -> RootCause:
    """Add a cause; the same ``client_id`` adds it once."""
    require(actor, LessonPerm.WRITE, incident)
    if client_id and (sent_before := RootCause.objects.filter(incident=incident, client_id=client_id).first()):
        return sent_before
    values = _values(content)
    position = RootCause.objects.filter(incident=incident).count()
    cause = RootCause.objects.create(
        incident=incident,
        client_id=client_id,
        position=position,
        created_by=actor.user,
        created_at=now,
        updated_at=now,
        **values,
    )
    changes = {"role": (None, cause.role), "category": (None, cause.category)}
    audit.record(actor=actor, action="cause.added", target=cause, at=now, changes=changes)
    _say_whether_same(actor, cause, content, now)
    return cause


@transaction.atomic
def edit(
    *, actor: Actor, cause: RootCause, content: CauseContent, now: dt.datetime, version: int | None = None
) -> RootCause:
    """Replace what a cause says."""
    require(actor, LessonPerm.WRITE, cause)
    check_version(cause, version)
    values = _values(content)
    changes = audit.difference(cause, values)
    if changes:
        compare_and_set(cause, at=now, **values)
        for long_text in ("explanation", "whys"):
            if long_text in changes:
                changes[long_text] = (f"version {cause.version - 1}", f"version {cause.version}")
        audit.record(actor=actor, action="cause.edited", target=cause, at=now, changes=changes)
    _say_whether_same(actor, cause, content, now)
    return cause


@transaction.atomic
def remove(*, actor: Actor, cause: RootCause, now: dt.datetime) -> RootCause:
    """Take a cause off; its action items stay, and it can be brought back."""
    require(actor, LessonPerm.WRITE, cause)
    if cause.removed_at is None:
        compare_and_set(cause, at=now, removed_at=now)
        audit.record(actor=actor, action="cause.removed", target=cause, at=now, changes={"removed": (False, True)})
    return cause


@transaction.atomic
def restore(*, actor: Actor, cause: RootCause, now: dt.datetime) -> RootCause:
    """Bring a cause back."""
    require(actor, LessonPerm.WRITE, cause)
    if cause.removed_at is not None:
        compare_and_set(cause, at=now, removed_at=None)
        audit.record(actor=actor, action="cause.restored", target=cause, at=now, changes={"removed": (True, False)})
    return cause


def _values(content: CauseContent) -> dict[str, object]:
    title = " ".join(content.title.split())
    if not title:
        message = _("Say what the cause was, in one line. People are never a cause; what made it possible is.")
        raise InvalidInput(message, code="title_missing", fields={"title": message})
    whys = [" ".join(why.split()) for why in content.whys if why.strip()]
    if len(whys) > MAX_WHYS or any(len(why) > MAX_WHY_LENGTH for why in whys):
        message = _("At most 10 whys, each of at most 500 characters.")
        raise InvalidInput(message, code="whys", fields={"whys": message})
    return {
        "title": title[:300],
        "role": content.role,
        "category": content.category,
        "explanation": content.explanation.strip(),
        "whys": whys,
        "evidence": content.evidence.strip(),
        "no_action_reason": " ".join(content.no_action_reason.split())[:500],
    }


def _say_whether_same(actor: Actor, cause: RootCause, content: CauseContent, now: dt.datetime) -> None:
    if content.same_as is None:
        repeats.take_back(actor=actor, cause=cause, now=now)
    else:
        repeats.confirm(actor=actor, cause=cause, earlier=content.same_as, reason=content.same_as_reason, now=now)
