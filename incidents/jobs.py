"""What runs by the clock: the jobs of this application, and how one of several workers takes a job that is due.

The table of all jobs is in config/schedule.py.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from .enums import MessageState
from .models import Invitation, LoginAttempt, OutboxMessage, PeriodicJob, Session, WorkerHeartbeat
from .notifications.delivery import in_words

logger = logging.getLogger(__name__)

# A job whose worker died is run again after this long; so jobs must bear being run twice.
JOB_LEASE = dt.timedelta(minutes=15)

LOGIN_ATTEMPTS_KEPT = dt.timedelta(days=1)
INVITATIONS_KEPT = dt.timedelta(days=30)
DELIVERIES_KEPT = dt.timedelta(days=180)
HEARTBEATS_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the schedule: ``run`` is called with the present moment (UTC), once in ``every``."""

    name: str
    every: dt.timedelta
    run: Callable[[dt.datetime], object]


def run_due(jobs: Iterable[Job], *, at: dt.datetime) -> list[str]:
    """Run the jobs that are due at ``at`` and that no other worker has taken; the names of those that ran.

    A job that fails is noted, and tried again after its lease. Raises only what says that the database is away.
    """
    table = {job.name: job for job in jobs}
    known = dict(PeriodicJob.objects.filter(name__in=table).values_list("name", "run_at"))
    missing = [PeriodicJob(name=name, run_at=at) for name in table if name not in known]
    if missing:
        PeriodicJob.objects.bulk_create(missing, ignore_conflicts=True)
    due = [job for name, job in table.items() if known.get(name, at) <= at]
    return [job.name for job in due if _take(job, at) and _run(job, at)]


def _take(job: Job, at: dt.datetime) -> bool:
    lease = min(JOB_LEASE, job.every)
    return bool(PeriodicJob.objects.filter(name=job.name, run_at__lte=at).update(run_at=at + lease))


def _run(job: Job, at: dt.datetime) -> bool:
    row = PeriodicJob.objects.filter(name=job.name)
    try:
        job.run(at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Job %s failed.", job.name)
        row.update(last_error=in_words(error))
        return False
    row.update(run_at=at + job.every, done_at=at, last_error="")
    return True


def purge_sessions(at: dt.datetime) -> None:
    """Forget sessions that have ended."""
    Session.objects.filter(expire_date__lt=at).delete()


def purge_login_attempts(at: dt.datetime) -> None:
    """Forget tries to sign in that no longer count."""
    LoginAttempt.objects.filter(last_at__lt=at - LOGIN_ATTEMPTS_KEPT).delete()


def purge_invitations(at: dt.datetime) -> None:
    """Forget invitations that nobody took up, a month after they ended."""
    Invitation.objects.filter(accepted_at=None, expires_at__lt=at - INVITATIONS_KEPT).delete()


def purge_deliveries(at: dt.datetime) -> None:
    """Forget messages that went out, or were given up, half a year ago."""
    finished = OutboxMessage.objects.exclude(state=MessageState.PENDING)
    finished.filter(run_at__lt=at - DELIVERIES_KEPT, created_at__lt=at - DELIVERIES_KEPT).delete()


def purge_heartbeats(at: dt.datetime) -> None:
    """Forget workers that are gone."""
    WorkerHeartbeat.objects.filter(seen_at__lt=at - HEARTBEATS_KEPT).delete()
