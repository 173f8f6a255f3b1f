"""The ways by which a message leaves, one small module each."""

from .. import FAN_OUT, MAIL
from ..fan_out import FanOut
from .base import Channel, Undeliverable
from .mail import MailChannel, compose, message_id_header

__all__ = ["Channel", "MailChannel", "Undeliverable", "channels", "compose", "message_id_header"]


def channels() -> dict[str, Channel]:
    """A fresh set of all channels by name, for one worker."""
    return {MAIL: MailChannel(), FAN_OUT: FanOut()}
