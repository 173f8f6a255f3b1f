"""What mails say: the facts as they are, and as the recipient may see them, at the moment in which they are sent.

Messages hold no text of incidents, so that what was put right, struck out or hidden in between is not sent.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import markup, registry
from ..clock_text import describe, parse_zone
from ..enums import CallStep, ReminderGroup, Role, RollCallEnd, Severity, TimelineKind
from ..models import Incident, OutboxMessage, RollCallAnswer, TimelineEvent, User
from ..zones import reader_zone
from . import calls, news, people, reasons, rules, unsubscribe
from .reminders import REMINDER

MOST_NEWS = 12
# What is news to somebody who is not at work on it; diagnoses and notes are on the page.
TOLD = (TimelineKind.STATUS_CHANGE, TimelineKind.COMMUNICATION, TimelineKind.RECOVERY, TimelineKind.REPORT)


def context(message: OutboxMessage) -> dict[str, Any]:
    """What the templates of this message see besides its payload."""
    found: dict[str, Any] = {}
    if message.incident is not None:
        found["incident"] = facts(message.incident)
    if message.person is not None:
        found |= {
            "name": message.person.name,
            "because": reasons.in_words(message.payload.get("reason", "")),
            "stop_url": unsubscribe.link(message),
            "notices_url": settings.BASE_URL + reverse("notices"),
        }
    other = registry.message_kind(message.kind)
    more = other.facts if other else MORE.get(message.kind)
    return found | (more(message) if more else {})


def facts(incident: Incident) -> dict[str, Any]:
    """An incident in words, every moment with its date and the zone of the incident."""
    impact = incident.impacts.first()
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.get_severity_display(),
        "severity_is_known": incident.severity != Severity.UNKNOWN,
        "status": incident.get_status_display(),
        "is_open": incident.is_open,
        "is_drill": incident.series == "DRILL",
        "url": settings.BASE_URL + incident.get_absolute_url(),
        "services": ", ".join(service.name for service in incident.services.all()),
        "impact": " ".join(text for text in (impact.scope_text, impact.what) if text) if impact else "",
        "lead": incident.incident_lead.name if incident.incident_lead else "",
        "started": said(incident.impact_started_at, incident),
        "declared": said(incident.declared_at, incident),
        "declared_by": incident.declared_by.name if incident.declared_by else "",
        "declared_by_phone": incident.declared_by.phone if incident.declared_by else "",
        "next_update": said(incident.next_update_due_at, incident),
    }


def said(at: dt.datetime | None, incident: Incident) -> str:
    """A moment to the minute in the zone of the incident: ``6 Jan 2026, 01:48 (GMT+2)``; empty where not known."""
    return describe(at.replace(second=0, microsecond=0), parse_zone(incident.home_zone)) if at else ""


def _call(message: OutboxMessage) -> dict[str, Any]:
    incident = cast(Incident, message.incident)
    earlier = incident.callouts.exclude(person=message.person).select_related("person")
    called = {callout.person: said(callout.called_at, incident) for callout in earlier}
    return {
        "why": {
            CallStep.TEAM_LEAD: _("You are called as team lead."),
            CallStep.DEPUTY: _("You are called as deputy."),
            CallStep.ADMIN: _("You are called as admin, because nobody of the team has it."),
        }[CallStep(message.payload["step"])],
        "is_again": message.payload["round"] > 1,
        "called": [(person.name, person.phone, when) for person, when in called.items()],
        "have_it_url": settings.BASE_URL + reverse("have-it", args=[incident.reference]),
    }


def _news(message: OutboxMessage) -> dict[str, Any]:
    incident, person = cast(Incident, message.incident), cast(User, message.person)
    since = dt.datetime.fromisoformat(message.payload["since_at"])
    entries = incident.timeline.told_since(since, TOLD, now=timezone.now())
    if not person.has_role(Role.RESPONDER):
        entries = entries.filter(is_internal=False)
    told = list(entries[:MOST_NEWS])
    return {"entries": [(_when(entry, incident), markup.plain(entry.text)) for entry in told]}


def _when(entry: TimelineEvent, incident: Incident) -> str:
    return said(entry.occurred_at, incident) or entry.time_text


def _roll_call(message: OutboxMessage) -> dict[str, Any]:
    incident = cast(Incident, message.incident)
    answer = RollCallAnswer.objects.select_related("roll_call__asked_by").get(pk=message.payload["answer"])
    asked = answer.roll_call
    return {
        "from": said(asked.from_at, incident),
        "to": said(asked.to_at, incident),
        "note": asked.note,
        "asked_by": asked.asked_by.name if asked.asked_by else "",
        "asks_to_sign_in": incident.is_private,
    }


def _roll_call_ended(message: OutboxMessage) -> dict[str, Any]:
    return {"why": RollCallEnd(message.payload["end"]).label if message.payload["end"] else ""}


def _nudge(message: OutboxMessage) -> dict[str, Any]:
    incident = cast(Incident, message.incident)
    return {"due": said(dt.datetime.fromisoformat(message.payload["due_at"]), incident)}


def _reopened(message: OutboxMessage) -> dict[str, Any]:
    incident = cast(Incident, message.incident)
    entry = incident.timeline.filter(kind=TimelineKind.STATUS_CHANGE, created_at__gte=message.created_at).first()
    return {"said": markup.plain(entry.text) if entry else ""}


def _reminder(message: OutboxMessage) -> dict[str, Any]:
    person = cast(User, message.person)
    today = timezone.now().astimezone(reader_zone(person)).date()
    items = registry.reminders(person, today)
    groups = [(group.label, found) for group in ReminderGroup if (found := [i for i in items if i.group == group])]
    late = sum(item.is_late for item in items)
    return {"groups": groups, "count": len(items), "late": late, "base": settings.BASE_URL}


MORE: dict[str, Callable[[OutboxMessage], dict[str, Any]]] = {
    calls.KIND: _call,
    news.NEWS: _news,
    people.SEV1_OPENED: _news,
    rules.REOPENED: _reopened,
    rules.ROLL_CALL: _roll_call,
    rules.ROLL_CALL_ENDED: _roll_call_ended,
    rules.UPDATE_NUDGE: _nudge,
    REMINDER: _reminder,
}
