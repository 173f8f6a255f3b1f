"""What is only a copy of other columns, and is made anew from them rather than searched and replaced."""

from typing import Any

from ... import markup, registry
from ...enums import MessageState
from ...models import Incident, OutboxMessage, StatusUpdate, TimelineEvent
from ..declaration import title_key


def register() -> None:
    """Called once, when the application is ready."""
    registry.add_derivation(Incident, {"title_key"}, _of_incident)
    registry.add_derivation(TimelineEvent, {"html"}, _of_event)
    registry.add_derivation(StatusUpdate, {"html"}, _of_update)
    registry.add_derivation(OutboxMessage, set(), _of_message)


def _of_incident(incident: Any) -> dict[str, Any]:
    return {"title_key": title_key(incident.title)}


def _of_event(event: Any) -> dict[str, Any]:
    html = str(markup.render(event.text, breaks=True))
    return {"html": html, "renderer_version": markup.RENDERER_VERSION}


def _of_update(update: Any) -> dict[str, Any]:
    return {"html": str(markup.render(update.text, breaks=True))}


def _of_message(message: Any) -> dict[str, Any]:
    """A mail that waits for somebody whose address is gone is given up."""
    is_lost = message.channel == "mail" and message.state == MessageState.PENDING and "@" not in message.recipient
    return {"state": MessageState.DEAD, "last_error": "The address was redacted."} if is_lost else {}
