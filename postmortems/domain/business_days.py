"""Days on which people work: Monday to Friday. Holidays differ from place to place and are not known here."""

import datetime as dt

SATURDAY = 5


def after(day: dt.date, count: int) -> dt.date:
    """The day that lies ``count`` business days after this one; from a weekend Monday is the first."""
    while count > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < SATURDAY:
            count -= 1
    return day
