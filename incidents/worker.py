"""The process that delivers messages and runs periodic jobs. As many as one likes may run at once.

Mail and jobs are the work of its main thread. What else is delivered has threads of its own, so that a mail server that
hangs holds up no webhook, and a webhook that hangs no mail.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from .jobs import Job, run_due
from .notifications import heartbeat
from .notifications.delivery import Courier

logger = logging.getLogger(__name__)

BEAT_EVERY = dt.timedelta(seconds=15)
# Seconds between two looks into an empty outbox, and the longest between two tries to reach a database that is away.
IDLE = 1.0
LONGEST_OUTAGE_PAUSE = 5.0


class Helper(Protocol):
    """Who does one kind of thing beside the worker's own loop, a piece at a time."""

    def deliver_next(self) -> bool:
        """Do the next piece that is due; False where nothing is."""

    def close(self) -> None:
        """Let go of what is held open."""


class Worker:
    """One worker: `run()` goes on until `stop()`, `run_once()` does what is due now, without the helpers."""

    def __init__(
        self,
        *,
        jobs: Sequence[Job],
        courier: Courier,
        helpers: Sequence[Helper] = (),
        clock: Callable[[], dt.datetime] = timezone.now,
    ) -> None:
        self.name = f"{socket.gethostname()[:80]}:{os.getpid()}"
        self._jobs = jobs
        self._courier = courier
        self._helpers = helpers
        self._failure: Exception | None = None
        self._clock = clock
        self._next_beat = clock()
        self._stopping = False

    def stop(self) -> None:
        """End after the message or job at hand. May be called by a signal handler."""
        self._stopping = True

    def run_once(self) -> None:
        """Say that the worker is alive, run the jobs and deliver the messages that are due, until none is left."""
        more = True
        while more and not self._stopping:
            self._beat_when_due()
            more = self._courier.deliver_next()

    def run(self) -> None:
        """Do so again and again, and sit out the times when the database is away."""
        logger.info("Worker %s is running.", self.name)
        threads = [threading.Thread(target=self._help, args=[helper], daemon=True) for helper in self._helpers]
        for thread in threads:
            thread.start()
        try:
            self._keep_on(self.run_once)
        finally:
            self.stop()
            self._courier.close()
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise self._failure
        logger.info("Worker %s has stopped.", self.name)

    def _help(self, helper: Helper) -> None:
        def deliver_all() -> None:
            while not self._stopping and helper.deliver_next():
                pass

        try:
            self._keep_on(deliver_all)
        except Exception as error:
            # A worker that delivers only half of all is worse than one that ends, and is started again.
            self._failure = error
            self.stop()
        finally:
            helper.close()
            connection.close()

    def _keep_on(self, work: Callable[[], None]) -> None:
        outages = 0
        while not self._stopping:
            try:
                work()
            except (OperationalError, InterfaceError) as error:
                outages += 1
                logger.warning("The database is away, trying again: %s", " ".join(str(error).split()))
                connection.close()
                self._sleep(min(2.0**outages / 2, LONGEST_OUTAGE_PAUSE))
            else:
                outages = 0
                self._sleep(IDLE)

    def _beat_when_due(self) -> None:
        now = self._clock()
        if now >= self._next_beat:
            heartbeat.beat(name=self.name, at=now)
            self._next_beat = now + BEAT_EVERY
            run_due(self._jobs, at=now)

    def _sleep(self, seconds: float) -> None:
        # In slices, because a signal does not cut a sleep short.
        while seconds > 0 and not self._stopping:
            time.sleep(min(seconds, 0.5))
            seconds -= 0.5
