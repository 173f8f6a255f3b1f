"""Taking messages out of the outbox: claim one, hand it to its channel, note how that went.

Each message is delivered at least once. A worker that dies in between leaves a lease behind, and when that ends the
message is due again; a worker that was only slow finds that the message is no longer its own and changes nothing.

Nobody waits for a receiver that is slow or away: mail and webhooks are delivered by couriers of their own, and of all
messages to one webhook only one is under way at a time, so that it takes up no more than one courier.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Collection

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from ..enums import MessageState
from ..models import OutboxMessage
from . import FAN_OUT, MAIL, WEBHOOK, recipients
from .channels import Channel, NotWanted, Undeliverable, Unreachable, channels
from .news import NotYet

logger = logging.getLogger(__name__)

# Longer than the slowest delivery: ten seconds of patience for each step of one mail.
LEASE = dt.timedelta(minutes=3)
# A webhook has ten seconds in all. While a lease runs, nothing else goes to that receiver.
WEBHOOK_LEASE = dt.timedelta(seconds=30)
WEBHOOK_COURIERS = 3
FIRST_PAUSE = dt.timedelta(seconds=10)
LONGEST_PAUSE = dt.timedelta(hours=1)
# With the pauses above, tries go on for three days: the mail server may be away over a weekend.
MOST_TRIES = 80


def claim(
    *,
    at: dt.datetime,
    owner: str,
    lease: dt.timedelta = LEASE,
    limit: int = 1,
    by: Collection[str] = (MAIL, FAN_OUT, WEBHOOK),
) -> list[OutboxMessage]:
    """Take up to ``limit`` messages that are due at ``at``, oldest first, so that nobody else gets them for a while.

    Only those that leave ``by`` these channels, and none to a webhook that somebody is just talking to.
    """
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    # SQLite locks the whole file for the one statement; on PostgreSQL workers pass by what another one is taking.
    locking = "FOR UPDATE OF waiting SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    # MATERIALIZED: PostgreSQL might run a plain subquery again for each row, and take more than the limit.
    sql = f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM {table} AS waiting
            WHERE state = '{MessageState.PENDING.value}' AND run_at <= %s AND channel IN ({", ".join(["%s"] * len(by))})
            AND NOT (channel = '{WEBHOOK}' AND EXISTS (
                SELECT 1 FROM {table} AS busy
                WHERE busy.state = '{MessageState.PENDING.value}' AND busy.run_at > %s AND busy.lease_owner <> ''
                AND busy.channel = '{WEBHOOK}' AND busy.recipient = waiting.recipient
            ))
            ORDER BY run_at, id LIMIT %s {locking}
        )
        UPDATE {table} SET run_at = %s, lease_owner = %s, attempts = attempts + 1
        WHERE id IN (SELECT id FROM due)
        RETURNING *
    """  # noqa: S608 - only names of ours are put in
    parameters = [at, *by, at, limit, at + lease, owner]
    return sorted(OutboxMessage.objects.raw(sql, parameters), key=lambda message: message.pk)


def pause_before_next_try(message: OutboxMessage) -> dt.timedelta:
    """How long to wait after a failed try: twice as long each time, up to an hour, give or take a quarter.

    The share is the message's own, so that messages that failed together do not come back together.
    """
    doubled = FIRST_PAUSE * 2 ** min(message.attempts - 1, 16)
    return min(doubled, LONGEST_PAUSE) * (0.75 + message.message_id.int % 1000 / 2000)


def helpers(*, lease: dt.timedelta = LEASE) -> list["Courier"]:
    """The couriers beside the one for mail: one that spreads events, and some for webhooks, of which a few may hang."""
    others = [Courier(lease=lease, by_channel=channels(FAN_OUT))]
    others += [
        Courier(lease=min(lease, WEBHOOK_LEASE), by_channel=channels(WEBHOOK)) for _number in range(WEBHOOK_COURIERS)
    ]
    return others


class Courier:
    """Delivers what is due by its channels, one message at a time, so that a dying process holds up only that one."""

    def __init__(
        self,
        *,
        lease: dt.timedelta = LEASE,
        clock: Callable[[], dt.datetime] = timezone.now,
        by_channel: dict[str, Channel] | None = None,
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._channels = channels() if by_channel is None else by_channel

    def deliver_next(self) -> bool:
        """Try the next message that is due; False where nothing is. Database errors pass through."""
        claimed = claim(at=self._clock(), owner=uuid.uuid4().hex, lease=self._lease, by=self._channels)
        for message in claimed:
            self.deliver(message)
        if not claimed:
            self.close()
        return bool(claimed)

    def deliver(self, message: OutboxMessage) -> str:
        """Try one claimed message and note how that went; the error in words, or "" where it was delivered."""
        reason = self._not_worth_trying(message)
        if reason:
            self._give_up(message, reason)
            return reason
        try:
            recipients.check(message, at=self._clock())
            answer = self._channels[message.channel].deliver(message) or ""
        except NotYet as error:
            # No try: somebody who waits for the end of half an hour does not use up the patience for failures.
            self._note(message, run_at=error.until, attempts=message.attempts - 1)
        except NotWanted as error:
            reason = str(error)
            self._note(message, state=MessageState.CANCELLED, last_error=reason[:500])
        except Undeliverable as error:
            reason = in_words(error.__cause__ or error)
            self._give_up(message, reason)
        except Exception as error:
            reason = in_words(error)
            self._try_later(message, reason)
            if isinstance(error, Unreachable):
                self._let_wait(message)
        else:
            done = {"state": MessageState.DONE, "delivered_at": self._clock(), "last_error": ""}
            self._note(message, answer=answer[:200], **done)
        return reason

    def close(self) -> None:
        """Let go of the channels' connections."""
        for channel in self._channels.values():
            channel.close()

    def _not_worth_trying(self, message: OutboxMessage) -> str:
        if message.expires_at is not None and message.expires_at <= self._clock():
            return _("It was no longer worth sending. %(error)s") % {"error": message.last_error}
        if message.attempts > MOST_TRIES:
            # Each try ended its worker before it could note anything.
            return _("No try came to an end. %(error)s") % {"error": message.last_error}
        return ""

    def _try_later(self, message: OutboxMessage, reason: str) -> None:
        if message.attempts >= MOST_TRIES:
            self._give_up(message, reason)
            return
        logger.warning("Message %s, try %d: %s", message.message_id, message.attempts, reason)
        self._note(message, run_at=self._clock() + pause_before_next_try(message), last_error=reason)

    def _let_wait(self, message: OutboxMessage) -> None:
        """Ask a receiver that is away once in a while, and not once for each message that waits for it."""
        others = OutboxMessage.objects.waiting_for(message.channel, message.recipient)
        next_try = self._clock() + pause_before_next_try(message)
        others.filter(run_at__lt=next_try).exclude(pk=message.pk).update(run_at=next_try)

    def _give_up(self, message: OutboxMessage, reason: str) -> None:
        logger.error("Message %s given up after %d tries: %s", message.message_id, message.attempts, reason)
        self._note(message, state=MessageState.DEAD, last_error=reason[:500])

    def _note(self, message: OutboxMessage, **fields: object) -> None:
        if message.holds_secret and "state" in fields:
            fields["payload"] = {}
        mine = OutboxMessage.objects.leased_by(message.lease_owner).filter(pk=message.pk)
        if not mine.update(lease_owner="", **fields):
            logger.warning("Message %s took longer than its lease; another worker has it.", message.message_id)


def in_words(error: BaseException) -> str:
    """An error as one line that a database can keep."""
    text = f"{type(error).__name__}: {error}".replace("\x00", "")
    return " ".join(text.split())[:500]
