"""What people say when they are asked what went live."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from ..enums import ChangeVerdict, RollCallAnswerKind, Status
from ..errors import Forbidden, NotPossible
from ..models import Change, Incident, IncidentChange, RollCallAnswer
from ..permissions import Actor
from . import changes
from .changes import NewChange

OVER = (Status.CLOSED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: with what went live where it is *a change*, else perhaps with a few words."""

    answer: RollCallAnswerKind
    note: str = ""
    change: NewChange | None = None


def is_open(answer: RollCallAnswer) -> bool:
    """Whether it can still be given, or changed: until the incident closes, also after the roll call has ended."""
    return answer.incident.status not in OVER


@transaction.atomic
def give(*, actor: Actor, answer: RollCallAnswer, said: Said, now: dt.datetime) -> RollCallAnswer:
    """Say, or say anew, what went live. A change is written down, and stands on the incident as a candidate.

    Nothing is recorded of who said nothing, or was not sure, but the answer itself. Raises `Forbidden` for anybody but
    the person asked, `NotPossible` once the incident is closed, `InvalidInput` for a change that cannot be used.
    """
    if actor.user != answer.person or not actor.sees(answer.incident):
        raise Forbidden(_("Only the person asked can answer."))
    # Whoever closes the incident at this moment, and lets answers be forgotten, waits here or was quicker.
    status = Incident.objects.select_for_update().values_list("status", flat=True).get(pk=answer.incident.pk)
    if status in OVER:
        raise _over()
    change = _record(actor, answer, said.change, now) if said.change else None
    values = {"answer": said.answer, "note": said.note.strip()[:500], "change": change, "answered_at": now}
    if RollCallAnswer.objects.filter(pk=answer.pk).update(**values) != 1:
        raise _over()
    for name, value in values.items():
        setattr(answer, name, value)
    return answer


def _record(actor: Actor, answer: RollCallAnswer, new: NewChange, now: dt.datetime) -> Change:
    change = changes.record_change(actor=actor, new=new, now=now, is_asked=True)
    # Told of here, it is a candidate here, whenever it went live.
    IncidentChange.objects.get_or_create(
        incident=answer.incident,
        change=change,
        defaults={"verdict": ChangeVerdict.CANDIDATE, "decided_by": actor.user, "decided_at": now},
    )
    return change


def _over() -> NotPossible:
    return NotPossible(_("This is over, thank you. There is nothing left to answer."))
