"""Which people get a mail of an event: whoever follows, the teams concerned, and everybody where it is a SEV1.

They are looked up when the event leaves. Whether each may still have the mail is asked again when it is sent.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from ..enums import IncidentEvent, Role, Severity, UpdateAudience
from ..models import Incident, OutboxMessage, StatusUpdate, Subscription, User
from . import draft, reasons
from .news import NEWS, SETTLES

SEV1_OPENED = "sev1-opened"
# What members of a team hear of without following; the rest is for whoever wants to know more.
FOR_TEAMS = frozenset(
    (
        IncidentEvent.OPENED,
        IncidentEvent.SEVERITY,
        IncidentEvent.RESOLVED,
        IncidentEvent.REOPENED,
        IncidentEvent.CANCELLED,
    )
)


def spread(event: OutboxMessage) -> list[OutboxMessage]:
    """The mails that people get of this event, not yet written; nobody gets one of what they did themselves."""
    incident, payload = event.incident, event.payload
    if incident is None or payload["event"] not in IncidentEvent.values:
        return []
    because = _reasons(incident, payload)
    people = _readers(incident, payload).in_bulk(list(because))
    chosen = reasons.chosen_by(people)
    mails = []
    for key, person in people.items():
        wanted = [reason for reason in because[key] if reasons.wants(person, reasons.kind_of(reason), chosen)]
        if wanted:
            mails.append(_mail(event, incident, person, wanted[0]))
    return mails


def _reasons(incident: Incident, payload: dict[str, Any]) -> dict[int, list[str]]:
    """By account, why it would hear of the event, what they chose themselves first."""
    found: dict[int, list[str]] = {}
    severities = {payload["severity"], payload.get("before") or payload["severity"]}
    followed = Q(incident=incident) | Q(service__in=incident.services.order_by()) | Q(severity__in=severities)
    for row in sorted(Subscription.objects.filter(followed), key=lambda row: (not row.incident_id, row.severity)):
        found.setdefault(row.user_id, []).append(reasons.of_subscription(row))
    if payload["event"] in FOR_TEAMS:
        _add(found, User.objects.concerned_by(incident).values_list("pk", flat=True), reasons.TEAM)
    if _is_sev1(payload):
        _add(found, User.objects.who_see(incident).values_list("pk", flat=True), reasons.SEV1)
    return found


def _add(found: dict[int, list[str]], people: Iterable[int], reason: str) -> None:
    for key in people:
        found.setdefault(key, []).append(reason)


def _readers(incident: Incident, payload: dict[str, Any]) -> Any:
    """Those who may hear of the event, and do not know of it anyway."""
    people = User.objects.who_see(incident).exclude(pk=payload["by"]).exclude(email=None)
    # They were called in the same moment, which says more.
    happened_at = dt.datetime.fromisoformat(payload["happened_at"])
    people = people.exclude(pk__in=incident.callouts.filter(called_at=happened_at).values("person"))
    if payload["event"] == IncidentEvent.UPDATE and _is_for_responders(payload):
        people = people.with_role(Role.RESPONDER)
    return people


def _is_for_responders(payload: dict[str, Any]) -> bool:
    return StatusUpdate.objects.filter(pk=payload["update"], audience=UpdateAudience.RESPONDERS).exists()


def _is_sev1(payload: dict[str, Any]) -> bool:
    """Whether a SEV1 opened, became one, or is resolved."""
    told = (IncidentEvent.OPENED, IncidentEvent.SEVERITY, IncidentEvent.RESOLVED, IncidentEvent.REOPENED)
    return payload["severity"] == Severity.SEV1 and payload["event"] in told


def _mail(event: OutboxMessage, incident: Incident, person: User, reason: str) -> OutboxMessage:
    happened = event.payload["event"]
    urgent = _is_sev1(event.payload) and happened in (IncidentEvent.OPENED, IncidentEvent.SEVERITY)
    # An update had its time to be cancelled, and a SEV1 waits for nobody.
    settled = urgent or happened in (IncidentEvent.OPENED, IncidentEvent.UPDATE)
    mail = draft(
        kind=SEV1_OPENED if urgent else NEWS,
        recipient=person.email or "",
        person=person,
        incident=incident,
        payload={"reason": reason, "since_at": event.payload["happened_at"]},
        dedupe_key=f"{NEWS}:{event.pk}:{person.pk}",
        at=event.created_at,
    )
    if not settled:
        mail.run_at += SETTLES
    return mail
