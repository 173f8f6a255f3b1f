"""Webhooks: what happened, in the shape that the receiver understands, to the address that an admin has entered."""

import datetime as dt
from collections.abc import Callable
from http import HTTPStatus

from django.utils import timezone
from django.utils.translation import gettext as _

from ... import registry
from ...enums import ActionItemEvent, WebhookFormat
from ...models import Incident, OutboxMessage, StatusUpdate, Webhook
from .. import safe_http
from ..shapes import SHAPES, News, signature
from ..webhooks import TEST, is_late_call, is_told, parse_headers
from .base import NotWanted, Undeliverable

# Refusals that pass: too early, too many, too slow, somebody else at it.
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
LONGEST_ANSWER = 150


class RefusedByReceiver(Exception):
    """The receiver answered that it could not take the message."""


class WebhookChannel:
    """One POST for each message. Everything is looked up now, so that nothing leaves to who may not have it by now."""

    def __init__(self, *, clock: Callable[[], dt.datetime] = timezone.now) -> None:
        self._clock = clock

    def deliver(self, message: OutboxMessage) -> str:
        """Send it; see `Channel`. A refusal for good is given up at once, one that may pass is tried again."""
        webhook = Webhook.objects.filter(pk=message.recipient).first()
        if webhook is None or not webhook.is_active:
            raise NotWanted(_("The channel is switched off."))
        news = _news(message, webhook)
        try:
            added = parse_headers(webhook.headers)
            request = SHAPES[webhook.format].request(news, webhook, added)
            headers = request.headers | {"Nevertwice-Delivery": news.delivery}
            if webhook.format == WebhookFormat.GENERIC:
                headers["Nevertwice-Signature"] = signature(webhook.secret, request.body, self._clock())
            kept = {name: value for name, value in headers.items() if name.lower() not in map(str.lower, added)}
            answer = safe_http.post(webhook.url, request.body, kept | added)
        except (safe_http.Refused, ValueError) as error:
            # Also headers or a body that are no such thing; nobody can enter them, but somebody might put them there.
            raise Undeliverable(str(error)) from None
        return _judged(answer)

    def close(self) -> None:
        """Nothing is held open."""


def _news(message: OutboxMessage, webhook: Webhook) -> News:
    payload = message.payload
    delivery = str(message.message_id)
    at = dt.datetime.fromisoformat(payload["happened_at"])
    if message.kind == TEST:
        return News(delivery=delivery, event="test", at=at)
    incident = message.incident
    if incident is None or not is_told(payload["event"], incident):
        raise NotWanted(_("The incident is not for others any more."))
    if payload["event"] in ActionItemEvent.values:
        return _item_news(message, incident, delivery, at)
    if is_late_call(webhook, payload["event"], incident):
        raise NotWanted(_("The incident was over before this could be sent."))
    update = StatusUpdate.objects.filter(pk=payload["update"]).first() if payload.get("update") else None
    if update is not None and update.cancelled_at:
        raise NotWanted(_("The update was taken back."))
    return News(
        delivery=delivery,
        event=payload["event"],
        at=at,
        incident=incident,
        severity=payload["severity"],
        status=payload["status"],
        services=tuple(service.name for service in incident.services.all()),
        update=update.text if update else "",
        next_due_at=update.next_due_at if update else None,
    )


def _item_news(message: OutboxMessage, incident: Incident, delivery: str, at: dt.datetime) -> News:
    item = registry.action_item_news(message.payload["action_item"])
    if item is None:
        raise NotWanted(_("The action item is gone."))
    return News(
        delivery=delivery,
        event=message.payload["event"],
        at=at,
        incident=incident,
        severity=incident.severity,
        status=incident.status,
        services=tuple(service.name for service in incident.services.all()),
        item=item,
    )


def _judged(answer: safe_http.Answer) -> str:
    """What the receiver said, where it took the message. Raises where it did not."""
    text = " ".join(answer.text.replace("\x00", "").split())[:LONGEST_ANSWER]
    said = f"{answer.status} {text}".strip()
    if 200 <= answer.status < 300:
        return said
    if 300 <= answer.status < 400:
        raise Undeliverable(_("The receiver sent us on elsewhere (%(status)s).") % {"status": answer.status})
    if answer.status in PASSING or answer.status >= 500:
        raise RefusedByReceiver(said)
    raise Undeliverable(said)
