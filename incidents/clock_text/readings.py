"""What a text says about a time, in its own words, before anybody asks which moment that is.

Every pattern is bounded and looks only at the first ``HEAD_LENGTH`` characters, so that no text can make it slow.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from incidents.clock_text.characters import plain
from incidents.clock_text.zones import is_ambiguous, is_zone
from incidents.enums import Precision

HEAD_LENGTH = 120

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_FROM_TODAY = {"yesterday": -1, "today": 0, "tomorrow": 1}
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>(?:1\d|2\d)\d\d)(?![\d:])"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_ABOUT = _pattern(r"(?:~|≈|(?:about|around|approximately|circa)\b|approx\b\.?|ca?\.) *")
_NOT_LATER = _pattern(r"(?:<=|≤|(?:by|not later than|no later than)\b) *")
_AT = _pattern(r"at +")
_WEEKDAY = _pattern(
    r"(mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b[.,]?"
)
_WEEKDAY_TO_DATE = _pattern(r" {1,2}(?:the )?")
_NEAR_DAY = _pattern(r"(yesterday|today|tomorrow)\b")
_ISO_DATE = _pattern(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)")
_BASIC_DATE = _pattern(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=T\d)")
_NUMBER_DATES = (
    _pattern(r"(?P<one>\d{1,2})(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)(?![\d:])"),
    _pattern(r"(?P<one>\d{1,2})(?:/(?P<two>\d{1,2})|\.(?P<also_two>\d{1,2})\.?)(?![\d:])"),
)
_NAME_DATES = (
    _pattern(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? ?(?:of )?[ -]?{_MONTH}(?:[ ,-]{{1,2}}{_YEAR})?"),
    _pattern(rf"{_MONTH} ?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?: ?,? ?{_YEAR})?"),
)
_DAY_TO_CLOCK = _pattern(r"T(?=\d)|[ ,]{1,3}(?:(?:at|@|[-–]) ?)?")
_CLOCK_TO_DAY = _pattern(r"[ ,]{1,3}(?:on )?")

_COLON_CLOCK = _pattern(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?")
_LETTER_CLOCK = _pattern(r"(\d{1,2})h(\d\d)()()")
_DOT_CLOCK = _pattern(r"(\d{1,2})\.(\d\d)()()")
_COMPACT_CLOCK = _pattern(r"(\d\d)(\d\d)(\d\d)?()")
_HOUR_CLOCK = _pattern(r"(\d{1,2})()()()(?= ?[ap](?:m|\.m\.?)(?!\w))")
_WORD_HOURS = {"noon": 12, "midday": 12, "midnight": 0, "now": 0}
_WORD_CLOCK = _pattern(r"(noon|midday|midnight|now)\b")
_UNKNOWN_CLOCK = _pattern(r"(?:\d\d?:(?:\?\??|xx|--|\d[?x])|(?:\d\?|\?\??|xx):(?:\d\d|\?\??|xx)|\dx:\d\d)")
_MERIDIEM = _pattern(r" ?([ap])(?:m|\.m\.?)(?!\w)")
_HOURS_WORD = _pattern(r" ?(?:hrs|uhr)\b\.?")
_SPAN = _pattern(
    r"(?:T ?)?(?P<sign>[+-])(?:(?P<hours>\d{1,5}) ?h(?:rs?|ours?)?"
    r"(?:(?P<glued>\d{1,2})m?| ?(?P<minutes>\d{1,2}) ?m(?:in|ins)?)?"
    r"|(?P<only>\d{1,7}) ?m(?:ins?|inutes?)?)(?!\w)"
)
_CLOCK_SPAN = _pattern(
    r"T ?(?P<sign>[+-]) ?(?:(?P<hours>\d{1,5}) h )?(?P<minutes>\d{1,7})(?: ?m(?:ins?|inutes?)?)?(?!\w)"
)
_RANGE = _pattern(r" ?(?:-|–|to|until|till) ?(?P<until>\d{1,2}:\d\d(?::\d\d)?(?: ?[ap](?:m|\.m\.?)(?!\w))?)(?!\w|:\d)")
# A colon may follow, as in `16:15 GMT+1: it works`, but no more digits of a time.
_ISO_OFFSET = _pattern(r" ?[+-]\d\d(?::?\d\d)?(?!\w|:\d)")
_OFFSET = _pattern(r" ?\+\d\d:\d\d(?!\w|:\d)|\+\d\d(?:\d\d)?(?!\w|:\d)")
_LOOSE_OFFSET = _pattern(r" ?\+\d\d:?\d\d(?!\w|:\d)")
_ZONE_WORD = (
    r"(?:(?:UTC|GMT)(?: ?[+-] ?\d{1,2}(?::?\d\d)?|(?![+-]\d))(?!\w|:\d)|Z\b"
    r"|[a-z_]{2,20}(?:/[a-z0-9_+-]{1,30}){1,2}|[a-z]{3,4}\b(?![+-]\d))"
)
_ZONE = _pattern(rf" ?\(({_ZONE_WORD})\)|,? ?({_ZONE_WORD})")
_TURN = re.compile(r" ?\((first|second)\)|,? (first|second)\b")
_BOUNDARY = _pattern(r"(?![\w%/°]|[:.,]\d|-\w)")


@dataclass(frozen=True, slots=True)
class Day:
    """A day as written: numbers that may be impossible, a weekday, or so many days from today. ``None``: not said."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    from_today: int | None = None
    iso: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as written; ``meridiem`` is ``a``, ``p`` or empty, ``word`` one such as `midnight`."""

    hour: int
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    meridiem: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands at the head of a text, up to the position ``end``.

    ``clock`` is None where the time is a span (``span``, from the start of impact or from now) or unknown. ``firm`` is
    False for what could as well be the beginning of a sentence ("2030 users", "now all is well"). ``turn`` answers
    "first or second?"; with it the head ends at ``turn_end``.
    """

    end: int
    text: str = ""
    precision: Precision = Precision.EXACT
    day: Day | None = None
    clock: Clock | None = None
    span: timedelta | None = None
    span_from_impact: bool = False
    zone: str = ""
    until: str = ""
    turn: int = 0
    turn_end: int = 0
    firm: bool = True


class _Head:
    """The beginning of a text, and how far it has been understood."""

    def __init__(self, text: str, position: int) -> None:
        self.text = plain(text[position : position + HEAD_LENGTH])
        self.typed = text[position : position + HEAD_LENGTH]
        self.offset = position
        self.position = 0

    @property
    def end(self) -> int:
        return self.offset + self.position

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.position)
        if match:
            self.position = match.end()
        return match

    def ends_here(self) -> bool:
        return _BOUNDARY.match(self.text, self.position) is not None


def read_time(text: str, position: int = 0, *, day_first: bool = True, prose: bool = False) -> Reading | None:
    """The time that a text begins with at a position, or None.

    In ``prose`` more text may follow, so that only what is unmistakable counts: no day after the time, no lower-case
    abbreviation of a zone. Otherwise ``01:30 am, 6 January 2026`` is read too.
    """
    head = _Head(text, position)
    precision = _read_precision(head)
    start = head.position
    day = _read_day(head, day_first)
    reading = None
    if day is None or head.take(_DAY_TO_CLOCK):
        precision = precision or (_read_precision(head) if day else None)
        reading = _read_clock_of(head, day, prose)
    if reading is None and day is not None:
        head.position = start  # 01.30 could have been a day
        reading = _read_clock_of(head, None, prose)
    if reading is None:
        return None
    if not prose and reading.day is None:
        reading = _read_day_behind(head, reading, day_first)
    if not head.ends_here():
        return None
    reading = replace(reading, end=head.end, text=head.typed[start : head.position].strip())
    reading = replace(reading, precision=reading.precision if precision is None else precision)
    turn = head.take(_TURN)
    if turn and head.ends_here():
        reading = replace(reading, turn=1 if "first" in turn[0] else 2, turn_end=head.end)
    return reading


def read_date(text: str, position: int = 0, *, day_first: bool = True) -> tuple[Day, int] | None:
    """The date that a text begins with, and where it ends; for a line that holds nothing else."""
    head = _Head(text, position)
    day = _read_day(head, day_first)
    if day is None or day.day is None or not head.ends_here():
        return None
    return day, head.end


def _read_precision(head: _Head) -> Precision | None:
    if head.take(_ABOUT):
        return Precision.ABOUT
    if head.take(_NOT_LATER):
        head.take(_AT)
        return Precision.NOT_LATER
    head.take(_AT)
    return Precision.ABOUT if head.take(_ABOUT) else None


def _read_day(head: _Head, day_first: bool) -> Day | None:
    if near := head.take(_NEAR_DAY):
        return Day(from_today=_DAYS_FROM_TODAY[near[1].lower()])
    match = head.take(_WEEKDAY)
    if match is None:
        return _read_numbers(head, day_first)
    weekday, end = _WEEKDAYS.index(match[1][:3].lower()), head.position
    head.take(_WEEKDAY_TO_DATE)
    if date := _read_numbers(head, day_first):
        return replace(date, weekday=weekday)
    head.position = end
    return Day(weekday=weekday)


def _read_numbers(head: _Head, day_first: bool) -> Day | None:
    if match := head.take(_ISO_DATE) or head.take(_BASIC_DATE):
        return Day(int(match["day"]), int(match["month"]), int(match["year"]), iso=True)
    for pattern in _NAME_DATES:
        if match := head.take(pattern):
            return Day(int(match["day"]), 1 + _MONTHS.index(match["name"][:3].lower()), _year(match["year"]))
    for pattern in _NUMBER_DATES:
        if match := head.take(pattern):
            groups = match.groupdict()
            one, two = int(groups["one"]), int(groups["two"] or groups["also_two"])
            day, month = (one, two) if day_first or "." in match[0] else (two, one)
            return Day(day, month, _year(groups.get("year")))
    return None


def _year(digits: str | None) -> int | None:
    if not digits:
        return None
    return int(digits) + 2000 if len(digits) == 2 else int(digits)


def _read_span(head: _Head) -> Reading | None:
    match = head.take(_CLOCK_SPAN) or head.take(_SPAN)
    if match is None:
        return None
    groups = match.groupdict()
    minutes = int(groups.get("only") or groups.get("glued") or groups.get("minutes") or 0)
    span = timedelta(hours=int(groups["hours"] or 0), minutes=minutes)
    backwards = groups["sign"] == "-"
    from_impact = match[0][0] in "Tt" or not backwards
    return Reading(head.end, span=-span if backwards else span, span_from_impact=from_impact)


def _read_unknown(head: _Head) -> Reading | None:
    if not head.take(_UNKNOWN_CLOCK):
        return None
    head.take(_MERIDIEM)
    return Reading(head.end, precision=Precision.ABOUT)


def _read_clock(head: _Head) -> Reading | None:
    if word := head.take(_WORD_CLOCK):
        name = word[1].lower()
        return Reading(head.end, clock=Clock(_WORD_HOURS[name], word=name), firm=False)
    for pattern in (_HOUR_CLOCK, _COLON_CLOCK, _LETTER_CLOCK, _DOT_CLOCK, _COMPACT_CLOCK):
        if match := head.take(pattern):
            meridiem = head.take(_MERIDIEM)
            said_to_be_time = meridiem is not None or head.take(_HOURS_WORD) is not None
            fraction = (match[4] or "").ljust(6, "0")[:6]
            numbers = (int(match[1]), int(match[2] or 0), int(match[3] or 0), int(fraction))
            clock = Clock(*numbers, meridiem=meridiem[1].lower() if meridiem else "")
            return Reading(head.end, clock=clock, firm=said_to_be_time or pattern in (_COLON_CLOCK, _LETTER_CLOCK))
    return None


def _read_clock_of(head: _Head, day: Day | None, prose: bool) -> Reading | None:
    """A span, or a clock with what may stand behind it: its zone, and the other end of a range."""
    if day is None and (span := _read_span(head)):
        return span
    reading = _read_unknown(head) or _read_clock(head)
    if reading is None:
        return None
    iso = day is not None and day.iso
    zone = _read_zone(head, iso, prose)
    until = head.take(_RANGE)
    if until and reading.clock:
        reading = replace(reading, clock=_with_meridiem_of(until["until"], reading.clock))
    zone = zone or (_read_zone(head, iso, prose) if until else "")
    firm = reading.firm or bool(zone) or day is not None
    return replace(reading, day=day, zone=zone, until=until["until"] if until else "", firm=firm)


def _with_meridiem_of(until: str, clock: Clock) -> Clock:
    """`1:30 – 2:00 pm` begins in the afternoon, `11:30 – 1:00 pm` before noon."""
    meridiem = _MERIDIEM.search(until)
    if meridiem is None or clock.meridiem or not 1 <= clock.hour <= 12:
        return clock
    later = clock.hour % 12 > int(until.partition(":")[0]) % 12
    afternoon = (meridiem[1].lower() == "p") is not later
    return replace(clock, meridiem="p" if afternoon else "a")


def _read_zone(head: _Head, iso: bool, prose: bool) -> str:
    start = head.position
    if match := head.take(_ISO_OFFSET if iso else _OFFSET if prose else _LOOSE_OFFSET):
        return match[0].strip()
    if match := head.take(_ZONE):
        name = match[1] or match[2]
        if _means_zone(name, prose):
            return name
        head.position = start
    return ""


def _means_zone(name: str, prose: bool) -> bool:
    if "/" in name or name[:3].upper() in ("UTC", "GMT"):
        return is_zone(name)
    if name in ("Z", "z"):
        return True
    # In a sentence, "est" and "west" are words; and only in capitals are IST and its like worth a question.
    return (name.isupper() if prose else True) and (is_ambiguous(name.upper()) or (len(name) > 2 and is_zone(name)))


def _read_day_behind(head: _Head, reading: Reading, day_first: bool) -> Reading:
    start = head.position
    if reading.span is None and head.take(_CLOCK_TO_DAY) and (day := _read_day(head, day_first)):
        return replace(reading, day=day, zone=reading.zone or _read_zone(head, day.iso, prose=False))
    head.position = start
    return reading
