"""Mail: the message in text and HTML, handed to the server that EMAIL_URL names."""

import datetime as dt
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from ...models import OutboxMessage
from .. import content, unsubscribe
from .base import Undeliverable


class MailChannel:
    """Mail by whatever EMAIL_URL names. The connection is kept over several messages and dropped at the first error."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def deliver(self, message: OutboxMessage) -> None:
        """Send one mail; see `Channel`."""
        mail = compose(message)
        try:
            mail.connection = self._open()
            mail.send()
        except Exception as error:
            self.close()
            if isinstance(error, SMTPRecipientsRefused) and _refused_for_good(error):
                raise Undeliverable(str(error)) from error
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> BaseEmailBackend:
        if self._connection is None:
            self._connection = get_connection()
        self._connection.open()
        return self._connection


def compose(message: OutboxMessage) -> EmailMultiAlternatives:
    """Render a message as mail, in text and HTML, with a Message-ID that is the same at every try."""
    context = {"base_url": settings.BASE_URL, "org_name": settings.ORG_NAME, **_with_moments(message.payload)}
    context |= content.context(message)
    mail = EmailMultiAlternatives(
        subject=" ".join(_render(message.kind, "subject.txt", context).split()),
        body=_render(message.kind, "txt", context).strip() + "\n",
        to=[message.recipient],
        headers={
            "Message-ID": message_id_header(message),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **unsubscribe.headers(message),
        },
    )
    mail.attach_alternative(_render(message.kind, "html", context), "text/html")
    return mail


def message_id_header(message: OutboxMessage) -> str:
    """The Message-ID of a message as a mail."""
    return f"<{message.message_id.hex}@{urlsplit(settings.BASE_URL).hostname}>"


def _with_moments(payload: dict[str, Any]) -> dict[str, Any]:
    # JSON knows no moments.
    return {
        name: dt.datetime.fromisoformat(value) if name.endswith("_at") and value else value
        for name, value in payload.items()
    }


def _render(kind: str, suffix: str, context: dict[str, Any]) -> str:
    return render_to_string(f"email/{kind}.{suffix}", context)


def _refused_for_good(error: SMTPRecipientsRefused) -> bool:
    return all(500 <= code < 600 for code, _reason in error.recipients.values())
