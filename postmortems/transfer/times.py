"""Times as the preview of an import shows them and takes them back: a time of day, with its day where that differs."""

import datetime as dt
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.clock_text import Zone
from incidents.errors import InvalidInput

_TIME = re.compile(r"(?:(?P<date>\d{4}-\d\d-\d\d)[ T])?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?")
_HALF_A_DAY = dt.timedelta(hours=12)


@dataclass(slots=True)
class Walk:
    """Goes through typed times in their order. A time without a day is on the day of the one before, or the next."""

    zone: Zone | None
    day: dt.date | None
    previous: dt.datetime | None = None

    def step(self, text: str) -> dt.datetime | None:
        """The moment that a text means, None where its day or the zone is not known, or it is no time at all.

        Raises ``InvalidInput`` for what can be no time, such as 25:00.
        """
        match = _TIME.fullmatch(text.strip())
        if match is None:
            return None
        try:
            day = dt.date.fromisoformat(match["date"]) if match["date"] else None
            time = dt.time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
        except ValueError as error:
            message = _("There is no %(time)s. Write 2023-01-06 01:30, or 01:30.")
            raise InvalidInput(message % {"time": text}, code="unknown_time") from error
        first = day or (self.previous.date() if self.previous else self.day)
        if first is None:
            return None
        wall = dt.datetime.combine(first, time)
        if day is None and self.previous is not None and wall < self.previous - _HALF_A_DAY:
            wall += dt.timedelta(days=1)
        self.previous = wall
        return wall.replace(tzinfo=self.zone) if self.zone else None


def typed(at: dt.datetime | None, zone: Zone | None, day: dt.date | None, otherwise: str) -> str:
    """A moment as it can be typed again in a zone; its day only where it is not the given one."""
    if at is None:
        return otherwise
    local = at.astimezone(zone) if zone else at
    clock = f"{local:%H:%M}" if not local.second else f"{local:%H:%M:%S}"
    return clock if local.date() == day else f"{local:%Y-%m-%d} {clock}"
