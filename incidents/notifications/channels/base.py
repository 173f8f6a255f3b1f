"""What every channel is. It renders a message and hands it over; it knows nothing of retries."""

from typing import Protocol

from ...models import OutboxMessage
from ..safe_http import Unreachable

__all__ = ["Channel", "NotWanted", "Undeliverable", "Unreachable"]


class Undeliverable(Exception):
    """The far end refuses this message for good; trying again would not help."""


class NotWanted(Exception):
    """Nobody is to have this message any more; it is cancelled, which is no failure. The text says why."""


class Channel(Protocol):
    """One way to deliver."""

    def deliver(self, message: OutboxMessage) -> str | None:
        """Hand the message over; what the far end said to that, if it is worth keeping.

        Raises Undeliverable where that can never work, NotWanted where it is not to leave any more, Unreachable where
        the receiver is away, and so for every message to it, and anything else where it may work later.
        """

    def close(self) -> None:
        """Let go of connections; the next delivery opens them again."""
