"""The zone in which a page shows its times to whoever reads it."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from .clock_text import Zone, parse_zone
from .errors import InvalidInput


def reader_zone(user: Any) -> Zone:
    """The zone of the account, else that of the installation.

    A name on the account that no longer means anything is passed over, so that no page fails over a profile.
    """
    name = getattr(user, "time_zone", "")
    if name:
        try:
            return parse_zone(name)
        except InvalidInput:
            pass
    return ZoneInfo(settings.TIME_ZONE)


def today_of(user: Any) -> dt.date:
    """The date where this person is now, which decides what is overdue."""
    return timezone.now().astimezone(reader_zone(user)).date()
