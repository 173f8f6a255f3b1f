"""The link at the end of a mail that ends what it came for, without signing in (RFC 2369 and RFC 8058)."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from ..models import OutboxMessage

SALT = "incidents.stop-notices"


@dataclass(frozen=True, slots=True)
class Stop:
    """What a link ends: for whom (key of the account), for which reason, on which incident (key) if any."""

    person: int
    reason: str
    incident: int | None


def link(message: OutboxMessage) -> str:
    """The address that ends the reason for this message; empty where it has none, being addressed in person."""
    reason = message.payload.get("reason")
    if message.person_id is None or not reason:
        return ""
    signed = token(message.person_id, reason, message.incident_id)
    return settings.BASE_URL + reverse("notices-stop", args=[signed])


def token(person: int, reason: str, incident: int | None) -> str:
    """What such an address ends in."""
    return signing.dumps([person, reason, incident], salt=SALT)


def read(text: str) -> Stop | None:
    """What the token of such a link says; nothing where it is not ours."""
    try:
        person, reason, incident = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Stop(person=person, reason=reason, incident=incident)


def headers(message: OutboxMessage) -> dict[str, str]:
    """The headers by which a mail program offers to unsubscribe, in one click."""
    address = link(message)
    if not address:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
