"""What leaves the house: one row for each message, written with what caused it and delivered by the worker."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from ..models import Incident, OutboxMessage, User

MAIL = "mail"
FAN_OUT = "fan-out"
WEBHOOK = "webhook"
LONGEST_KEY = 200


def draft(
    *,
    kind: str,
    recipient: str,
    payload: dict[str, Any],
    dedupe_key: str,
    at: dt.datetime,
    incident: Incident | None = None,
    person: User | None = None,
    delay: dt.timedelta = dt.timedelta(0),
    expires_at: dt.datetime | None = None,
    secret: bool = False,
    channel: str = MAIL,
) -> OutboxMessage:
    """One message that is not yet written; see `notify`, which writes it."""
    if not recipient or not 0 < len(dedupe_key) <= LONGEST_KEY:
        raise ValueError(f"A message needs a recipient and a short dedupe key, not {recipient!r} and {dedupe_key!r}.")
    return OutboxMessage(
        kind=kind,
        channel=channel,
        recipient=recipient,
        payload=payload,
        holds_secret=secret,
        incident=incident,
        person=person,
        dedupe_key=dedupe_key,
        run_at=at + delay,
        created_at=at,
        expires_at=expires_at,
    )


def notify(
    *,
    kind: str,
    recipient: str,
    payload: dict[str, Any],
    dedupe_key: str,
    at: dt.datetime,
    incident: Incident | None = None,
    person: User | None = None,
    delay: dt.timedelta = dt.timedelta(0),
    expires_at: dt.datetime | None = None,
    secret: bool = False,
    channel: str = MAIL,
) -> None:
    """Write one message into the outbox, within the caller's transaction; a second one with the same key is none.

    ``at`` is now; the message is due ``delay`` later, and not sent after ``expires_at`` (all UTC).
    ``kind`` names the templates ``email/<kind>.subject.txt``, ``.txt`` and ``.html``. They see ``base_url``,
    ``org_name`` and what is in ``payload``: JSON, in which names that end in ``_at`` hold moments in ISO 8601.
    With ``person`` it is dropped when it is sent if that account may no longer have it, or see the ``incident``.
    With ``secret`` the payload is emptied once the message is delivered or given up.
    Raises ValueError for a message to nobody, or with too long a key.
    """
    message = draft(
        kind=kind,
        recipient=recipient,
        payload=payload,
        dedupe_key=dedupe_key,
        at=at,
        incident=incident,
        person=person,
        delay=delay,
        expires_at=expires_at,
        secret=secret,
        channel=channel,
    )
    notify_all([message])


def notify_all(drafts: Iterable[OutboxMessage]) -> None:
    """Write several messages at once, as `notify` writes one."""
    OutboxMessage.objects.bulk_create(drafts, ignore_conflicts=True)
