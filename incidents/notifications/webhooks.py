"""Which webhooks hear of an event, and the rows that tell them."""

import datetime as dt
from collections.abc import Iterator

from ..enums import ActionItemEvent, IncidentEvent, IncidentKind, WebhookFormat
from ..models import Incident, OutboxMessage, Webhook
from . import WEBHOOK, draft
from .shapes import SHAPES

TEST = "webhook-test"
# How long a test is tried again; nobody wants it tomorrow.
TEST_LASTS = dt.timedelta(minutes=5)


def may_hear(incident: Incident | None) -> bool:
    """Whether this incident is told outside at all: nothing private, nothing that is only a drill or a near miss."""
    return incident is not None and incident.kind == IncidentKind.INCIDENT and may_hear_of_work(incident)


def may_hear_of_work(incident: Incident | None) -> bool:
    """Whether its action items are told outside: also those of near misses and imports, which are as real."""
    return incident is not None and not (
        incident.is_private
        or incident.kind == IncidentKind.DRILL
        or incident.is_example
        or incident.is_synthetic
        or incident.removed_at
    )


def is_told(event: str, incident: Incident | None) -> bool:
    """Whether such an event on this incident is told outside at all."""
    return may_hear_of_work(incident) if event in ActionItemEvent.values else may_hear(incident)


def wants(webhook: Webhook, event: str, services: set[int]) -> bool:
    """Whether a webhook hears of such an event on an incident that affects these services (keys).

    Without a choice that is everything that happens to incidents; action items are only told where they were chosen.
    """
    if not webhook.is_active or event not in SHAPES[webhook.format].hears:
        return False
    chosen = {service.pk for service in webhook.services.all()}
    wanted = event in (webhook.kinds or IncidentEvent.values)
    return wanted and (not chosen or bool(chosen & services))


def spread(message: OutboxMessage) -> Iterator[OutboxMessage]:
    """One message for each webhook that wants to hear of the event that ``message`` is.

    It holds the event and no address and no secret: those are looked up when it is sent.
    """
    incident = message.incident
    event = str(message.payload["event"])
    if incident is None or not is_told(event, incident):
        return
    services = set(incident.services.values_list("pk", flat=True))
    for webhook in Webhook.objects.active().for_list():
        if wants(webhook, event, services):
            yield draft(
                kind=event if event in ActionItemEvent.values else f"incident-{event}",
                channel=WEBHOOK,
                recipient=str(webhook.pk),
                incident=incident,
                payload=message.payload,
                dedupe_key=f"{WEBHOOK}:{webhook.pk}:{message.message_id.hex}",
                at=message.created_at,
            )


def test_message(webhook: Webhook, *, key: str, at: dt.datetime) -> OutboxMessage:
    """A message that only shows that messages arrive, not yet written."""
    return draft(
        kind=TEST,
        channel=WEBHOOK,
        recipient=str(webhook.pk),
        payload={"happened_at": at.isoformat()},
        dedupe_key=f"{TEST}:{key}",
        at=at,
        expires_at=at + TEST_LASTS,
    )


def parse_headers(text: str) -> dict[str, str]:
    """The headers that a webhook adds, one ``Name: value`` a line. Raises ValueError with the line that is none."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        name = name.strip()
        if not line.strip():
            continue
        if not colon or not name or name.lower() in {known.lower() for known in found}:
            raise ValueError(line.strip())
        found[name] = value.strip()
    return found


def is_late_call(webhook: Webhook, event: str, incident: Incident) -> bool:
    """Whether this would call people by PagerDuty to an incident that is over: the message was on its way too long."""
    calls = event in {IncidentEvent.OPENED, IncidentEvent.REOPENED}
    return webhook.format == WebhookFormat.PAGERDUTY and calls and not incident.is_open
