"""The ways by which a message leaves, one small module each."""

from .. import FAN_OUT, MAIL, WEBHOOK
from ..fan_out import FanOut
from .base import Channel, NotWanted, Undeliverable, Unreachable
from .mail import MailChannel, compose, message_id_header
from .webhook import WebhookChannel

__all__ = [
    "Channel",
    "MailChannel",
    "NotWanted",
    "Undeliverable",
    "Unreachable",
    "WebhookChannel",
    "channels",
    "compose",
    "message_id_header",
]


ALL: dict[str, type[Channel]] = {FAN_OUT: FanOut, MAIL: MailChannel, WEBHOOK: WebhookChannel}


def channels(*names: str) -> dict[str, Channel]:
    """A fresh set of these channels by name, of all where none is named, for one courier."""
    return {name: ALL[name]() for name in names or ALL}
