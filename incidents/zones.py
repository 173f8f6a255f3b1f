"""The zone in which a page shows its times to whoever reads it."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

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
