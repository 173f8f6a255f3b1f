"""Mails to those whose action items, or whose team, had answered a failure that happens again. In working hours."""

import datetime as dt
from typing import Any, cast

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents.enums import IncidentKind
from incidents.models import Incident, OutboxMessage, Team, User
from incidents.notifications import draft, notify_all
from incidents.notifications.working_hours import next_moment_at_work
from incidents.permissions import Actor
from incidents.registry import MessageKind

from .enums import ActionStatus
from .models import ActionItem, RepeatMark, RootCause

REPEAT = "repeat-confirmed"
MOST_ITEMS = 20
# Whoever owns these was to prevent it, or has.
_MEANT = (ActionStatus.OPEN, ActionStatus.IN_PROGRESS, ActionStatus.DONE, ActionStatus.VERIFIED)
_SILENT = (IncidentKind.BACKFILL, IncidentKind.DRILL)


def cause_repeated(*, cause: RootCause, actor: Actor, now: dt.datetime) -> None:
    """Somebody confirmed that a cause is the same as an earlier one."""
    earlier = cast(RootCause, cause.same_as)
    _tell(cause.incident, earlier.incident, {"cause": cause.pk}, f"{_of(cause)}{cause.version}", actor, now)


def incident_repeated(*, mark: RepeatMark, actor: Actor, now: dt.datetime) -> None:
    """Somebody said that an incident repeats an earlier one."""
    _tell(mark.incident, mark.earlier, {"mark": mark.pk}, _of(mark), actor, now)


def taken_back(said: RootCause | RepeatMark) -> None:
    """What has not left yet does not leave."""
    OutboxMessage.objects.filter(kind=REPEAT, dedupe_key__startswith=_of(said)).take_back()


def _of(said: RootCause | RepeatMark) -> str:
    what = "cause" if isinstance(said, RootCause) else "mark"
    return f"{REPEAT}:{what}:{said.pk}:"


def _tell(
    incident: Incident, earlier: Incident, payload: dict[str, int], key: str, actor: Actor, now: dt.datetime
) -> None:
    """Write to owners of the earlier action items and to the leads of the team that owns the earlier incident."""
    if incident.kind in _SILENT or incident.is_example or incident.is_synthetic:
        return
    teams = (
        Team.objects.filter(incidents=earlier) if earlier.team_id else Team.objects.filter(services__incidents=earlier)
    )
    owned = ActionItem.objects.filter(incident=earlier, status__in=_MEANT)
    told = Q(pk__in=owned.values("owner")) | Q(pk__in=teams.filter(is_active=True).values("team_lead"))
    people = User.objects.active().filter(told).exclude(email=None).exclude(pk=actor.user.pk if actor.user else None)
    notify_all(
        draft(
            kind=REPEAT,
            recipient=person.email or "",
            person=person,
            incident=incident,
            payload=payload,
            dedupe_key=f"{key}:{person.pk}",
            at=now,
            delay=next_moment_at_work(person, now) - now,
        )
        for person in people.order_by("pk")
    )


def _said(message: OutboxMessage) -> RootCause | RepeatMark | None:
    if "mark" in message.payload:
        return RepeatMark.objects.select_related("earlier").filter(pk=message.payload["mark"]).first()
    standing = RootCause.objects.filter(pk=message.payload["cause"], removed_at=None, same_as__removed_at=None)
    return standing.exclude(same_as=None).select_related("same_as__incident").first()


def _earlier_of(said: RootCause | RepeatMark) -> Incident:
    return cast(RootCause, said.same_as).incident if isinstance(said, RootCause) else said.earlier


def _facts(message: OutboxMessage) -> dict[str, Any]:
    person, said = cast(User, message.person), cast(RootCause | RepeatMark, _said(message))
    earlier = _earlier_of(said)
    items = ActionItem.objects.carried_into(cast(Incident, message.incident), person).filter(incident=earlier)
    told = list(items[:MOST_ITEMS])
    return {
        "why": said.same_as_reason if isinstance(said, RootCause) else said.reason,
        "earlier": {"name": str(earlier), "url": settings.BASE_URL + earlier.get_absolute_url(), "on": earlier.sort_at},
        "items": [
            {
                "name": str(item),
                "url": settings.BASE_URL + item.get_absolute_url(),
                "state": item.get_status_display(),
                "is_own": item.owner_id == person.pk,
                "days": item.age_in_days(message.created_at),
                "is_unfinished": item.is_unfinished,
            }
            for item in told
        ],
    }


def _objection(message: OutboxMessage, at: dt.datetime) -> str:
    said = _said(message)
    if said is None:
        return _("It is not said to be a repeat any more.")
    seen = Incident.objects.visible_to(cast(User, message.person)).filter(pk=_earlier_of(said).pk)
    return "" if seen.exists() else _("They may not see the earlier incident.")


KIND = MessageKind(name=REPEAT, facts=_facts, objection=_objection, addressed=True)
