"""What leaves the house: one row for each message, written with what caused it and delivered by the worker."""

import datetime as dt
from typing import Any

from ..models import Incident, OutboxMessage

MAIL = "mail"
LONGEST_KEY = 200


def notify(
    *,
    kind: str,
    recipient: str,
    payload: dict[str, Any],
    dedupe_key: str,
    at: dt.datetime,
    incident: Incident | None = None,
    delay: dt.timedelta = dt.timedelta(0),
    expires_at: dt.datetime | None = None,
    secret: bool = False,
    channel: str = MAIL,
) -> None:
    """Write one message into the outbox, within the caller's transaction; a second one with the same key is none.

    ``at`` is now; the message is due ``delay`` later, and not sent after ``expires_at`` (all UTC).
    ``kind`` names the templates ``email/<kind>.subject.txt``, ``.txt`` and ``.html``. They see ``base_url``,
    ``org_name`` and what is in ``payload``: JSON, in which names that end in ``_at`` hold moments in ISO 8601.
    With ``secret`` the payload is emptied once the message is delivered or given up.
    Raises ValueError for a message to nobody, or with too long a key.
    """
    if not recipient or not 0 < len(dedupe_key) <= LONGEST_KEY:
        raise ValueError(f"A message needs a recipient and a short dedupe key, not {recipient!r} and {dedupe_key!r}.")
    message = OutboxMessage(
        kind=kind,
        channel=channel,
        recipient=recipient,
        payload=payload,
        holds_secret=secret,
        incident=incident,
        dedupe_key=dedupe_key,
        run_at=at + delay,
        created_at=at,
        expires_at=expires_at,
    )
    OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)
