"""One mail a week with what somebody has left to do; which application knows of it is registered in `registry`."""

import datetime as dt

from .. import registry
from ..models import OutboxMessage, User
from ..zones import reader_zone
from . import draft, notify_all, reasons
from .working_hours import is_at_work

REMINDER = "action-items"


def remind(now: dt.datetime) -> None:
    """Write this week's reminder to everybody who has something to do and for whom it is a working hour.

    Called every now and then; the first time of the week that fits counts, in the person's own zone.
    """
    people = User.objects.active().exclude(email=None).filter(pk__in=registry.reminded_people())
    notify_all([_reminder(person, now) for person in people if is_at_work(person, now)])


def _reminder(person: User, now: dt.datetime) -> OutboxMessage:
    year, week, _day = now.astimezone(reader_zone(person)).isocalendar()
    return draft(
        kind=REMINDER,
        recipient=person.email or "",
        person=person,
        payload={"reason": reasons.ACTION_ITEMS},
        dedupe_key=f"{REMINDER}:{person.pk}:{year}-{week:02}",
        at=now,
    )
