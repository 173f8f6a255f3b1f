"""One event, many receivers: the worker spreads what happened to an incident to those who then want to hear of it.

The domain writes one row however many follow; recipients are looked up when it leaves, and a second try of the same
event writes nothing twice, because each receiver's message has a key of its own.
"""

from collections.abc import Callable, Iterable

from django.db import transaction

from ..models import OutboxMessage
from . import notify_all, people, webhooks

# Makes the messages that one kind of receiver gets of an event (see `rules`).
Spreader = Callable[[OutboxMessage], Iterable[OutboxMessage]]

SPREADERS: tuple[Spreader, ...] = (people.spread, webhooks.spread)


class FanOut:
    """The channel of events: it delivers them by writing what others get of them."""

    def deliver(self, message: OutboxMessage) -> None:
        """Write a message for each receiver, all or none.

        Looked up before the transaction: on SQLite nobody else writes while one is open.
        """
        messages = [each for spread in SPREADERS for each in spread(message)]
        with transaction.atomic():
            notify_all(messages)

    def close(self) -> None:
        """Nothing is held open."""
