"""Which day a date as written is, by what the whole document says."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from .sections import Section
from .times import ClockTime, Date, find_mentions

if TYPE_CHECKING:
    from .reader import Options

_HALF_A_DAY = dt.timedelta(hours=12)
_MOST_LINES = 4000


class Calendar:
    """Decides the order of numeric dates and the year of dates without one, from the other dates of the document."""

    def __init__(self, sections: Sequence[Section], title: str, options: "Options") -> None:
        self.options = options
        self.warnings: list[str] = []
        lines = [title, *(s.heading for s in sections), *(b.words for s in sections for b in s.blocks)]
        self.dates = [
            mention.date for text in lines[:_MOST_LINES] for mention in find_mentions(text[:2000]) if mention.date
        ]
        self.numeric_order = self._order()

    def _order(self) -> str:
        """``day`` or ``month`` where something in the document says which number comes first, else empty."""
        doubtful = {(d.day, d.month, d.year) for d in self.dates if d.is_ambiguous}
        if not doubtful:
            return ""
        clear = {(d.day, d.month, d.year) for d in self.dates if d.year and not d.is_ambiguous}
        as_day = bool(doubtful & clear)
        as_month = bool({(month, day, year) for day, month, year in doubtful} & clear)
        if as_day != as_month:
            return "day" if as_day else "month"
        return ""

    def settle(self, date: Date | None) -> Date | None:
        """The date with the order of its numbers decided, where the document decides it."""
        if date is None or not date.is_ambiguous or not self.numeric_order:
            return date
        if self.numeric_order == "month":
            return Date(date.month, date.day, date.year)
        return replace(date, is_ambiguous=False)

    def complete(self, date: Date | None) -> dt.date | None:
        """The day that a date is, its year taken from a full date of the same day, or from the person who imports."""
        date = self.settle(date)
        if date is None:
            return self.options.date
        if date.is_ambiguous:
            if self.options.date and self._fits(date, self.options.date):
                return self.options.date
            self._warn(
                _("%(one)02d/%(two)02d can be read in two ways, so the date stays unknown.")
                % {"one": date.day, "two": date.month}
            )
            return None
        if date.year is None:
            year = self._year_of(date) or (self.options.date.year if self.options.date else None)
            date = replace(date, year=year)
        day = date.as_date()
        if day is None and date.year:
            self._warn(_("There is no day %(day)d in month %(month)d.") % {"day": date.day, "month": date.month})
        if day and self.options.date and date.year and not self._has_year(date) and day != self.options.date:
            self._warn(
                _("The text says %(text)s, not %(given)s; the text's day counts.")
                % {"text": f"{day:%d %B}", "given": self.options.date.isoformat()}
            )
        return day

    def _fits(self, date: Date, day: dt.date) -> bool:
        return (day.day, day.month) in ((date.day, date.month), (date.month, date.day))

    def _has_year(self, date: Date) -> bool:
        return any(d.year == date.year and (d.day, d.month) == (date.day, date.month) for d in self.dates)

    def _year_of(self, date: Date) -> int | None:
        """The year that the document gives to the same day, or to all its days of about that time."""
        same = {d.year for d in self.dates if d.year and (d.day, d.month) == (date.day, date.month)}
        near = {d.year for d in self.dates if d.year and d.month == date.month and not d.is_ambiguous}
        for years in (same, near):
            if len(years) == 1:
                return years.pop()
        return None

    def written(self, date: Date | None) -> str:
        """A date as far as it is known, in front of a time of day: `2023-01-06T`, `01-06T`, or nothing."""
        date = self.settle(date)
        if date is None or date.is_ambiguous:
            return f"{self.options.date.isoformat()}T" if self.options.date else ""
        day = self.complete(date)
        return f"{day.isoformat()}T" if day else f"{date.month:02}-{date.day:02}T"

    def walk(self, first: Date | None, start: ClockTime | None) -> "Walk":
        """A walk through moments in their order, which begins on a day."""
        day = self.complete(first)
        return Walk(self, day, start)

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)


class Walk:
    """Goes from one time of day to the next: back by more than twelve hours is the next day."""

    def __init__(self, calendar: Calendar, day: dt.date | None, start: ClockTime | None) -> None:
        self.calendar = calendar
        self.day = day
        self.previous: dt.datetime | None = None
        if day and start:
            self.previous = dt.datetime.combine(day, dt.time(start.hour, start.minute))
            self.is_first = True
        else:
            self.is_first = False

    def step(self, date: Date | None, clock: ClockTime | None) -> dt.datetime | None:
        """The next moment on the clock, without a zone; None where its day or its time of day is not known."""
        if date is not None:
            self.day = self.calendar.complete(date)
        if self.day is None or clock is None:
            return None
        time = dt.time(clock.hour, clock.minute, clock.second)
        wall = dt.datetime.combine(self.day, time)
        if date is None and self.previous is not None:
            wall = dt.datetime.combine(self.previous.date(), time)
            if wall < self.previous - _HALF_A_DAY:
                wall += dt.timedelta(days=1)
            elif self.is_first and wall > self.previous + _HALF_A_DAY:
                wall -= dt.timedelta(days=1)  # what led up to it, on the evening before
        self.is_first = False
        self.day, self.previous = wall.date(), wall
        return wall
