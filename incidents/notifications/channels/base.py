"""What every channel is. It renders a message and hands it over; it knows nothing of retries."""

from typing import Protocol

from ...models import OutboxMessage


class Undeliverable(Exception):
    """The far end refuses this message for good; trying again would not help."""


class Channel(Protocol):
    """One way to deliver."""

    def deliver(self, message: OutboxMessage) -> None:
        """Hand the message over. Raises Undeliverable where that can never work, anything else where it may later."""

    def close(self) -> None:
        """Let go of connections; the next delivery opens them again."""
