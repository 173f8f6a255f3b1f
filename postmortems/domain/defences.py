"""Which safety nets would have caught it."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from incidents import audit
from incidents.models import Incident
from incidents.permissions import Actor, require

from ..enums import Defence, DefenceResult
from ..models import DefenceCheck
from ..permissions import LessonPerm


@transaction.atomic
def answer(
    *, actor: Actor, incident: Incident, answers: Mapping[Defence, DefenceResult | None], now: dt.datetime
) -> None:
    """Say what each of these safety nets did; ``None`` takes an answer back. Others stay as they are."""
    require(actor, LessonPerm.WRITE, incident)
    known = {check.defence: check for check in DefenceCheck.objects.filter(incident=incident)}
    changes = {}
    for defence, result in answers.items():
        before = known.get(defence)
        if (before.result if before else None) == result:
            continue
        changes[str(defence)] = (before.result if before else None, result)
        if result is None:
            DefenceCheck.objects.filter(incident=incident, defence=defence).delete()
        else:
            DefenceCheck.objects.update_or_create(
                incident=incident,
                defence=defence,
                defaults={"result": result, "answered_by": actor.user, "answered_at": now},
            )
    if changes:
        audit.record(actor=actor, action="defences.answered", target=incident, at=now, changes=changes)
