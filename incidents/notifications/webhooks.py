"""Which webhooks hear of an event, and the rows that tell them."""

import datetime as dt
from collections.abc import Iterator

from ..enums import IncidentEvent, IncidentKind, WebhookFormat
from ..models import Incident, OutboxMessage, Webhook
from . import WEBHOOK, draft
from .shapes import SHAPES

TEST = "webhook-test"
# How long a test is tried again; nobody wants it tomorrow.
TEST_LASTS = dt.timedelta(minutes=5)


def may_hear(incident: Incident | None) -> bool:
    """Whether this incident is told outside at all: nothing private, nothing that is only a drill or a near miss."""
    return incident is not None and not (
        incident.is_private
        or incident.kind != IncidentKind.INCIDENT
        or incident.is_example
        or incident.is_synthetic
        or incident.removed_at
    )


def wants(webhook: Webhook, event: str, services: set[int]) -> bool:
    """Whether a webhook hears of such an event on an incident that affects these services (keys)."""
    if not webhook.is_active or event not in SHAPES[webhook.format].hears:
        return False
    chosen = {service.pk for service in webhook.services.all()}
    return (not webhook.kinds or event in webhook.kinds) and (not chosen or bool(chosen & services))


def spread(message: OutboxMessage) -> Iterator[OutboxMessage]:
    """One message for each webhook that wants to hear of the event that ``message`` is.

    It holds the event and no address and no secret: those are looked up when it is sent.
    """
    incident = message.incident
    if incident is None or not may_hear(incident):
        return
    services = set(incident.services.values_list("pk", flat=True))
    event = str(message.payload["event"])
    for webhook in Webhook.objects.active().for_list():
        if wants(webhook, event, services):
            yield draft(
                kind=f"incident-{event}",
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
