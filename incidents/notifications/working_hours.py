"""When people are at work: Monday to Friday, 9 to 17 where they are."""

import datetime as dt

from ..models import User
from ..zones import reader_zone

HOURS = range(9, 17)
SATURDAY = 5
HOUR = dt.timedelta(hours=1)


def is_at_work(person: User, now: dt.datetime) -> bool:
    """Whether it is a working hour where this person is."""
    return _is_working_hour(now.astimezone(reader_zone(person)))


def next_moment_at_work(person: User, now: dt.datetime) -> dt.datetime:
    """Now where it is a working hour for this person, else when the next one begins (UTC)."""
    zone, moment = reader_zone(person), now
    while not _is_working_hour(moment.astimezone(zone)):
        local = moment.astimezone(zone)
        # Hour by hour on the clock of UTC, so that a night in which clocks are changed is as long as it is.
        moment += HOUR - dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return moment


def _is_working_hour(local: dt.datetime) -> bool:
    return local.weekday() < SATURDAY and local.hour in HOURS
