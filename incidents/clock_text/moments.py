"""Which moment in time a text means, given a zone, the present, and what was said before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean
from incidents.clock_text.readings import HEAD_LENGTH, Clock, Day, Reading, read_date, read_time
from incidents.clock_text.wording import describe, offset_minutes
from incidents.clock_text.zones import Zone, parse_zone, zone_name
from incidents.enums import Precision
from incidents.errors import InvalidInput

FIRST_YEAR = 1970
YEARS_AHEAD = 10
_DAY = timedelta(days=1)
_HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ClockContext:
    """What a time is read against.

    ``zone`` is the one that the page is shown in; ``now``, ``impact_started_at`` and ``previous_at`` (the entry before)
    are aware. While ``live``, nothing lies in the future. ``day_first``: whether 06/01 is the 6th of January.
    """

    zone: Zone
    now: datetime
    live: bool = True
    impact_started_at: datetime | None = None
    previous_at: datetime | None = None
    day_first: bool = True

    @property
    def reference(self) -> datetime:
        """What a time without a day is near to when the incident is over."""
        return self.previous_at or self.impact_started_at or self.now


@dataclass(frozen=True, slots=True)
class Moment:
    """``at`` in UTC and the offset as entered, in minutes; or, where the time is not known, only the text (`14:??`)."""

    at: datetime | None
    utc_offset_minutes: int | None
    time_text: str
    precision: Precision


def parse_moment(text: str, context: ClockContext) -> Moment:
    """The moment that a text means which holds a time and nothing else.

    A bare time is, while live, the latest such moment not in the future, otherwise the one nearest to the entry before
    (to the start of impact, to now). ``24:00`` is the midnight at which the day named ends; ``midnight`` with a day is
    refused, because it could be either end. Raises ``InvalidInput``: ``empty``, ``unknown_time``, ``unknown_zone``,
    ``no_such_time`` (skipped when the clocks changed), ``doubled_time`` (say ``01:30 first`` or ``01:30 second``),
    ``in_future``, ``no_impact_start`` or ``out_of_range`` (before 1970, or more than ten years ahead).
    """
    text = clean(text[: 2 * HEAD_LENGTH]).strip()
    if not text:
        raise InvalidInput(_("Write a time, such as 01:30."), code="empty")
    reading = read_whole_time(text, context)
    if reading is None:
        raise _not_understood(text, context)
    if reading.until:
        raise _unknown_time(_("Write one time, not a range: %(time)s holds two.") % {"time": text[:60]})
    return resolve(reading, context)


def read_whole_time(text: str, context: ClockContext) -> Reading | None:
    """The reading of a text that holds a time and nothing else, or None."""
    if len(text) >= HEAD_LENGTH:
        return None
    reading = read_time(text, day_first=context.day_first)
    if reading is None:
        return None
    if reading.turn_end == len(text):
        return reading
    return replace(reading, turn=0) if reading.end == len(text) else None


def resolve(
    reading: Reading, context: ClockContext, *, follows: datetime | None = None, on: date | None = None
) -> Moment:
    """The moment that a reading means; raises ``InvalidInput`` as ``parse_moment`` does.

    In a block, a time without a day ``follows`` the one above it: on the same day, unless that goes back by more than
    twelve hours; or it is ``on`` the day that stands over it.
    """
    zone = parse_zone(reading.zone) if reading.zone else context.zone
    if reading.span is not None:
        return _moment(_from_span(reading, context), zone, reading, context)
    if reading.clock is None:
        return Moment(None, None, reading.text, reading.precision)
    if reading.clock.word == "now":
        if reading.day is not None:
            raise _unknown_time(_("Write “now” alone, or the day with a time, such as yesterday 23:50."))
        return _moment(context.now.astimezone(UTC), zone, reading, context)
    clock, days_later = _time_of_day(reading.clock, dated=reading.day is not None)
    if reading.day is None and on is None and follows is not None:
        same_day = datetime.combine(follows.astimezone(zone).date(), clock) + days_later
        walls = [_wall_after(follows, same_day, zone, context)]
    else:
        day = reading.day or (Day(on.day, on.month, on.year) if on else None)
        walls = [datetime.combine(d, clock) + days_later for d in _possible_days(day, zone, context)]
    return _moment(_instant(_choose(walls, zone, context), zone, reading, context), zone, reading, context)


def date_of(day: Day, context: ClockContext) -> date:
    """The date that a day means on its own, for a heading above entries; raises ``InvalidInput`` for none."""
    days = _possible_days(day, context.zone, context)
    return _choose([datetime.combine(d, time()) for d in days], context.zone, context).date()


def _moment(at: datetime, zone: Zone, reading: Reading, context: ClockContext) -> Moment:
    if not FIRST_YEAR <= at.year <= _last_year(context):
        raise _out_of_range(context)
    if context.live and at > context.now:
        raise _in_future(describe(at, zone))
    return Moment(at, offset_minutes(at.astimezone(zone)), "", reading.precision)


def _from_span(reading: Reading, context: ClockContext) -> datetime:
    start = context.impact_started_at if reading.span_from_impact else context.now
    if start is None:
        message = _(
            "%(time)s counts from the start of impact, which is not known yet. Write a time of day, such as 01:30."
        )
        raise InvalidInput(message % {"time": reading.text}, code="no_impact_start")
    return start.astimezone(UTC) + (reading.span or timedelta())


def _time_of_day(clock: Clock, *, dated: bool) -> tuple[time, timedelta]:
    """The time of day, and a day more for 24:00."""
    if clock.word == "midnight" and dated:
        raise _unknown_time(_("Midnight is at both ends of a day. Write 00:00 for its beginning or 24:00 for its end."))
    hour = _hour(clock)
    if hour == 24 and not (clock.minute or clock.second or clock.microsecond):
        return time(), _DAY
    if hour > 23 or clock.minute > 59 or clock.second > 59:
        typed = f"{clock.hour:02}:{clock.minute:02}" + (f":{clock.second:02}" if clock.second else "")
        raise _unknown_time(_("There is no %(time)s. Write a time from 00:00 to 23:59.") % {"time": typed})
    return time(hour, clock.minute, clock.second, clock.microsecond), timedelta()


def _hour(clock: Clock) -> int:
    """The hour from 0 to 24; `13:30 pm` and `00:30 am` are said twice but clear."""
    if not clock.meridiem:
        return clock.hour
    if clock.meridiem == "a" and clock.hour <= 12:
        return clock.hour % 12
    if clock.meridiem == "p" and 1 <= clock.hour <= 23:
        return clock.hour % 12 + 12
    typed = f"{clock.hour}:{clock.minute:02} {clock.meridiem}m"
    raise _unknown_time(_("There is no %(time)s. Write it with 24 hours, such as 13:30.") % {"time": typed})


def _possible_days(day: Day | None, zone: Zone, context: ClockContext) -> list[date]:
    """The days that a text can mean, in order; raises ``InvalidInput`` where it can mean none."""
    today = context.now.astimezone(zone).date()
    near = today if context.live else context.reference.astimezone(zone).date()
    if day is None:
        return [near - 2 * _DAY, near - _DAY, near, near + _DAY]
    if day.from_today is not None:
        return [today + day.from_today * _DAY]
    if day.day is None or day.month is None:
        return [d for d in (near + n * _DAY for n in range(-7, 8)) if d.weekday() == day.weekday]
    if day.year is not None and not FIRST_YEAR <= day.year <= _last_year(context):
        raise _out_of_range(context)
    # Without a year, the 29th of February may be eight years away.
    years: Iterable[int] = (
        [day.year] if day.year else range(max(near.year - 8, FIRST_YEAR), min(near.year + 9, MAXYEAR))
    )
    days = _existing_days(years, day.month, day.day)
    if not days:
        raise _no_such_day(day, context)
    return _matching_weekday(days, day)


def _existing_days(years: Iterable[int], month: int, day: int) -> list[date]:
    days = []
    for year in years:
        try:
            days.append(date(year, month, day))
        except ValueError:
            continue
    return days


def _matching_weekday(days: list[date], day: Day) -> list[date]:
    if day.weekday is None or day.year is None:
        return days
    if days[0].weekday() != day.weekday:
        message = _("%(date)s is a %(weekday)s. Leave the weekday out, or put the date right.")
        raise _unknown_time(message % {"date": days[0].isoformat(), "weekday": WEEKDAYS[days[0].weekday()]})
    return days


def _wall_after(follows: datetime, wall: datetime, zone: Zone, context: ClockContext) -> datetime:
    """A time on the clock, in a block, below an entry at ``follows``: on that day, the next, or the one before."""
    if _settle(wall, zone) < follows - _HALF_A_DAY:
        return wall + _DAY
    # A block with the newest entry first steps back over midnight.
    if context.live and _settle(wall, zone) > max(context.now, follows + _HALF_A_DAY):
        return wall - _DAY
    return wall


def _choose(walls: Sequence[datetime], zone: Zone, context: ClockContext) -> datetime:
    """One of several times on the clock: while live the latest that has been, otherwise the nearest."""
    if len(walls) == 1:
        return walls[0]
    if context.live:
        past = [wall for wall in walls if _settle(wall, zone) <= context.now]
        if not past:
            raise _in_future(f"{walls[0]:%H:%M}")
        return past[-1]
    return min(walls, key=lambda wall: abs(_settle(wall, zone) - context.reference))


def _instant(wall: datetime, zone: Zone, reading: Reading, context: ClockContext) -> datetime:
    """The moment when the clocks of a zone show a time: refuses a skipped one, asks about a doubled one."""
    moments = _occurrences(wall, zone)
    if not moments:
        raise _skipped(wall, zone)
    if len(moments) == 1:
        if reading.turn:
            message = _("%(time)s came only once on that day. Leave out “first” and “second”.")
            raise _unknown_time(message % {"time": f"{wall:%H:%M}"})
        return moments[0]
    if reading.turn:
        return moments[reading.turn - 1]
    if context.live and moments[1] > context.now:
        return moments[0]
    message = _(
        "The clocks went back and showed %(time)s twice: %(first)s and %(second)s. First or second? "
        "Write “%(time)s first” or “%(time)s second”."
    )
    words = {"time": f"{wall:%H:%M}", "first": describe(moments[0], zone), "second": describe(moments[1], zone)}
    raise InvalidInput(message % words, code="doubled_time")


def _occurrences(wall: datetime, zone: Zone) -> list[datetime]:
    """The moments (none, one or two, in UTC) when the clocks of a zone show a time."""
    moments = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in moments if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def _settle(wall: datetime, zone: Zone) -> datetime:
    """A moment to compare a time by: the first when the clocks show it, or when they skipped it."""
    moments = _occurrences(wall, zone)
    return moments[0] if moments else _clock_change(wall, zone)


def _clock_change(wall: datetime, zone: Zone) -> datetime:
    """The moment at which the clocks of a zone skipped a time, to the second."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _skipped(wall: datetime, zone: Zone) -> InvalidInput:
    change = _clock_change(wall, zone)
    message = _(
        "The clocks of %(zone)s never showed %(time)s: they went from %(before)s to %(after)s. Write one of these."
    )
    words = {
        "zone": zone_name(zone),
        "time": f"{wall:%H:%M}",
        "before": describe(change - timedelta(minutes=1), zone),
        "after": describe(change, zone),
    }
    return InvalidInput(message % words, code="no_such_time")


def _last_year(context: ClockContext) -> int:
    return min(context.now.year + YEARS_AHEAD, MAXYEAR - 1)


def _not_understood(text: str, context: ClockContext) -> InvalidInput:
    dated = read_date(text, day_first=context.day_first)
    if dated and dated[1] == len(text):
        return _unknown_time(_("Add the time to the date, such as %(date)s 01:30.") % {"date": text[:40]})
    message = _("“%(text)s” is no time that can be read here. Write 01:30, +20m, yesterday 23:50 or 6 Jan 01:30.")
    return _unknown_time(message % {"text": text[:40]})


def _no_such_day(day: Day, context: ClockContext) -> InvalidInput:
    if day.month is not None and day.month > 12:
        order = _("day/month") if context.day_first else _("month/day")
        message = _("There is no month %(month)d. Dates are written %(order)s here; 6 Jan is always clear.")
        return _unknown_time(message % {"month": day.month, "order": order})
    message = _("There is no day %(day)d in that month. Write a date such as 6 Jan 2026.")
    return _unknown_time(message % {"day": day.day or 0})


def _unknown_time(message: str) -> InvalidInput:
    return InvalidInput(message, code="unknown_time")


def _in_future(when: str) -> InvalidInput:
    return InvalidInput(_("%(time)s is still to come. Write when it happened.") % {"time": when}, code="in_future")


def _out_of_range(context: ClockContext) -> InvalidInput:
    message = _("Write a date between %(first)d and %(last)d.") % {"first": FIRST_YEAR, "last": _last_year(context)}
    return InvalidInput(message, code="out_of_range")
