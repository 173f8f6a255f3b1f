"""Sending what waits in the outbox, as a worker would at a moment that the test chooses."""

import datetime as dt
from typing import Any

from django.core import mail

from incidents.notifications.channels import channels
from incidents.notifications.delivery import Courier


def deliver(at: dt.datetime) -> list[Any]:
    """Spread and send what is due at this moment; the mails that left, oldest first."""
    mail.outbox.clear()
    courier = Courier(clock=lambda: at, by_channel={name: channels()[name] for name in ("mail", "fan-out")})
    while courier.deliver_next():
        pass
    return list(mail.outbox)


def receivers(sent: list[Any]) -> list[str]:
    """To whom mails went, by the part of the address before the @, each as often as it got one."""
    return sorted(message.to[0].partition("@")[0] for message in sent)
