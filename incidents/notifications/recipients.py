"""Whether somebody may and wants to have a message, asked at the moment in which it is sent."""

import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext as _

from .. import registry
from ..models import Callout, Incident, OutboxMessage, RollCallAnswer, User
from ..zones import reader_zone
from . import calls, news, people, reasons, rules
from .channels.base import NotWanted
from .reminders import REMINDER

Objection = Callable[[OutboxMessage, dt.datetime], str]


def check(message: OutboxMessage, *, at: dt.datetime) -> None:
    """Raise `NotWanted` with the reason where the person is not to have the message, `NotYet` where it has to wait.

    ``at`` is now. Messages to an address or to a webhook pass.
    """
    person = message.person
    if person is None:
        return
    objection = _of_account(message, person) or _of_kind(message, at)
    if objection:
        raise NotWanted(objection)
    other = registry.message_kind(message.kind)
    if message.kind == news.NEWS or (other is not None and other.gathers):
        news.gather(message, at=at)


def _of_account(message: OutboxMessage, person: User) -> str:
    if not person.is_active:
        return _("The account is disabled.")
    if not person.email:
        return _("The account has no e-mail address.")
    incident = message.incident_id
    if incident and not Incident.objects.visible_to(person).filter(pk=incident).exists():
        return _("They may not see the incident.")
    return ""


def _of_kind(message: OutboxMessage, at: dt.datetime) -> str:
    objection = OBJECTIONS.get(message.kind)
    other = registry.message_kind(message.kind)
    if other is not None:
        unasked = "" if other.addressed else _to_unasked(message, at)
        return unasked or other.objection(message, at)
    return objection(message, at) if objection else ""


def _to_call(message: OutboxMessage, at: dt.datetime) -> str:
    incident = message.incident
    if incident is None or (calls.wakes(incident) and calls.is_waiting(incident)):
        later = Callout.objects.filter(incident=incident, person=message.person, round__gt=message.payload["round"])
        return _("Called again since.") if later.exists() else ""
    if incident.incident_lead:
        return _("%(name)s has it.") % {"name": incident.incident_lead}
    return _("Nobody is waited for any more.")


def _to_unasked(message: OutboxMessage, at: dt.datetime) -> str:
    person, reason = message.person, message.payload.get("reason", "")
    if person is None:
        return ""
    if person.muted_until and person.muted_until > at:
        return _("Muted by the person.")
    if not reasons.wants(person, reasons.kind_of(reason), reasons.chosen_by([person.pk])):
        return _("Not wanted by the person.")
    if not reasons.still_holds(reason, person, message.incident_id):
        return _("No longer followed.")
    return ""


def _to_remind(message: OutboxMessage, at: dt.datetime) -> str:
    person = message.person
    if person is None or registry.reminders(person, at.astimezone(reader_zone(person)).date()):
        return _to_unasked(message, at)
    return _("Nothing is left to do.")


def _to_open(message: OutboxMessage, at: dt.datetime) -> str:
    return "" if message.incident is None or message.incident.is_open else _("The incident is over.")


def _to_sev1(message: OutboxMessage, at: dt.datetime) -> str:
    return _to_open(message, at) or _to_unasked(message, at)


def _to_roll_call(message: OutboxMessage, at: dt.datetime) -> str:
    answer = RollCallAnswer.objects.select_related("roll_call").filter(pk=message.payload["answer"]).first()
    if answer is None or answer.answer or answer.roll_call.ended_at is not None:
        # The same words for all of it: the log is not to tell who has answered.
        return _("There is nothing to answer any more.")
    return ""


def _to_nudge(message: OutboxMessage, at: dt.datetime) -> str:
    incident = message.incident
    if incident is None or incident.incident_lead_id != message.person_id:
        return _("Somebody else has it.")
    due = incident.next_update_due_at
    if due is None or due.isoformat() != message.payload["due_at"]:
        return _("No update is due then any more.")
    return _to_open(message, at)


# What speaks against sending a kind of message, in words; kinds that are not here are for whoever they were written to.
OBJECTIONS: dict[str, Objection] = {
    calls.KIND: _to_call,
    news.NEWS: _to_unasked,
    people.SEV1_OPENED: _to_sev1,
    REMINDER: _to_remind,
    rules.REOPENED: _to_open,
    rules.ROLL_CALL: _to_roll_call,
    rules.UPDATE_NUDGE: _to_nudge,
}
