"""Dates, times and zones as documents write them. Nothing is guessed: what a text does not say stays unknown."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from incidents.clock_text import ClockContext, Zone, parse_zone
from incidents.clock_text.characters import plain
from incidents.clock_text.entries import read_head
from incidents.clock_text.readings import Day, Reading, read_date, read_time
from incidents.enums import Precision
from incidents.errors import InvalidInput

from .lines import bare

# A line is read several times while its document is; nothing is kept beyond that.
CACHED = 20_000
LONGEST_HEAD = 60

# Names of zones that documents use and nobody types; abbreviations name one offset, summer or not.
_MORE_ZONES = {
    "wat": "UTC+01:00", "cat": "UTC+02:00", "eat": "UTC+03:00", "west african time": "UTC+01:00",
    "west africa time": "UTC+01:00", "central african time": "UTC+02:00", "central africa time": "UTC+02:00",
    "east african time": "UTC+03:00", "east africa time": "UTC+03:00", "pacific time": "America/Los_Angeles",
    "pt": "America/Los_Angeles", "mountain time": "America/Denver", "central time": "America/Chicago",
    "eastern time": "America/New_York", "et": "America/New_York", "pacific standard time": "UTC-08:00",
    "pacific daylight time": "UTC-07:00", "eastern standard time": "UTC-05:00", "eastern daylight time": "UTC-04:00",
    "central european time": "UTC+01:00", "central european summer time": "UTC+02:00", "uk time": "Europe/London",
    "coordinated universal time": "UTC", "greenwich mean time": "UTC", "indian standard time": "UTC+05:30",
    "wib": "UTC+07:00", "hkt": "UTC+08:00", "sgt": "UTC+08:00", "wet": "UTC", "west": "UTC+01:00", "pkt": "UTC+05:00",
}  # fmt: skip
_LONG_ZONE = "|".join(sorted((re.escape(name) for name in _MORE_ZONES if " " in name), key=len, reverse=True))
_SHORT_ZONE = "|".join(name.upper() for name in _MORE_ZONES if " " not in name)
_ZONE_HERE = re.compile(
    rf"[ ,]{{0,2}}\(?(?P<zone>(?i:{_LONG_ZONE})|(?:{_SHORT_ZONE})(?![\w/])|(?:UTC|GMT) ?[+-] ?\d{{1,2}}(?::?\d\d)?"
    r"|(?:UTC|GMT)(?!\w)|[A-Z]{3,4}T?(?![\w/])|[A-Z][a-z]+/[A-Z][A-Za-z_]+)\)?"
)
_ALL_TIMES_IN = re.compile(
    r"\b(?:all )?times?(?: zone|stamps?|s)?(?: below| here)?(?: are| is)?(?: in| given in|:)?[ :(]*(?:the )?"
    r"(?P<zone>[A-Za-z_]{2,20}(?:/[A-Za-z_]{2,30})?(?: ?[+-] ?\d{1,2}(?::?\d\d)?)?(?: [A-Za-z]+){0,3})",
    re.IGNORECASE,
)
_SLASHED_MONTH = re.compile(r"\b(\d{1,2})/([A-Z][a-z]{2,8})/(\d{4})\b")
_GLUED_ZONE = re.compile(r"((?:UTC|GMT) ?[+-] ?\d{1,2}(?::?\d\d)?)(\)?[*_]{0,3}):(?=[\s*_<]|$)")
_START_OF_TIME = re.compile(r"(?<![\w:./])(?=~?\d|[A-Z][a-z]{2,8}\b|midnight|noon)")
_HOLDS_TIME = re.compile(r"\d")
_UNKNOWN_IN_BRACKETS = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\*\*)?\[?(?P<text>\?{2,}(?::\?\?)?)\]?(?:\*\*)?[\s:–-]+(?P<rest>.+)"
)
_ABOUT_BEHIND = re.compile(r"(\d)~(?=[\s|*_)]|$)")
_NEUTRAL = ClockContext(zone=dt.UTC, now=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), live=False)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day as written, in 24 hours, with the zone's name where one stands beside it."""

    hour: int
    minute: int
    second: int = 0
    zone: str = ""
    precision: Precision = Precision.EXACT

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02}"


@dataclass(frozen=True, slots=True)
class Date:
    """A date as written; ``year`` is None where none stands there. Both orders fit an ``is_ambiguous`` one."""

    day: int
    month: int
    year: int | None = None
    is_ambiguous: bool = False

    def as_date(self) -> dt.date | None:
        """The day it is, or None where the year is missing or it does not exist."""
        try:
            return dt.date(self.year, self.month, self.day) if self.year and not self.is_ambiguous else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Mention:
    """A date, a time of day, or both, found between two positions of a text. ``until`` is the end of a range."""

    start: int
    end: int
    date: Date | None = None
    clock: ClockTime | None = None
    until: ClockTime | None = None


@dataclass(frozen=True, slots=True)
class TimedLine:
    """A line that begins with a time: the time, and the text behind it."""

    date: Date | None
    clock: ClockTime | None
    time_text: str
    text: str
    kind: str = ""
    until: ClockTime | None = None
    precision: Precision = Precision.EXACT


def forget() -> None:
    """Let go of what was remembered of a document's lines."""
    find_mentions.cache_clear()
    read_timed_line.cache_clear()


def zone_named(name: str) -> Zone | None:
    """The zone that a document means by a name, or None for no zone, or for one that means several."""
    name = " ".join(name.strip(" ().,:").split())
    known = _MORE_ZONES.get(name.casefold())
    try:
        return parse_zone(known or name)
    except InvalidInput:
        return None


def zone_of_statement(text: str) -> str:
    """The zone that a line such as “All times in CET”, “Time (EAT)” or “(all times Pacific Time)” names, or empty."""
    if len(text) > 160:
        return ""
    match = _ALL_TIMES_IN.search(plain(bare(text)))
    if match is None:
        return ""
    words = match["zone"].split()
    for length in range(len(words), 0, -1):
        name = " ".join(words[:length])
        if zone_named(name) and (length > 1 or name.upper() == name or "/" in name or name.casefold() == "utc"):
            return name
    return ""


def prepared(text: str) -> str:
    """The text with plain characters, and with what would mislead a reading of times put right."""
    text = plain(text).replace("–", "-") if not text.isascii() else text
    text = _SLASHED_MONTH.sub(r"\1 \2 \3", text)
    return _GLUED_ZONE.sub(r"\1\2 -", text)


@lru_cache(maxsize=CACHED)
def find_mentions(text: str) -> tuple[Mention, ...]:
    """All dates and times of day of a text, in order."""
    text = prepared(text)
    if not _HOLDS_TIME.search(text) and "midnight" not in text and "noon" not in text:
        return ()
    found: list[Mention] = []
    position = 0
    while match := _START_OF_TIME.search(text, position):
        mention = _mention_at(text, match.start())
        if mention:
            found.append(mention)
            position = max(mention.end, match.start() + 1)
        else:
            position = match.start() + 1
    return tuple(found)


@lru_cache(maxsize=CACHED)
def read_timed_line(text: str) -> TimedLine | None:
    """The time that a line of a timeline begins with, and what it says happened; None where it begins with none.

    A date alone counts where something stands behind it that separates it from the text.
    """
    text = prepared(text)
    is_about = _ABOUT_BEHIND.search(text[:LONGEST_HEAD]) is not None
    text = _ABOUT_BEHIND.sub(r"\1", text, count=1) if is_about else text
    if match := _UNKNOWN_IN_BRACKETS.fullmatch(text):
        return TimedLine(None, None, match["text"], match["rest"].strip(), precision=Precision.ABOUT)
    head = read_head(text, _NEUTRAL, stars_are_marks=True)
    reading = head.reading
    if reading is None or reading.span is not None or (reading.day and reading.day.day is None):
        return _read_dated_line(text)
    clock = _clock_of(reading)
    if reading.clock is not None and clock is None:
        return None
    rest, zone = _zone_at_head(head.rest)
    if clock and not clock.zone and zone:
        clock = replace(clock, zone=zone)
    date = _date_of(reading.day, reading.text)
    if clock is None and not reading.text.strip("?"):
        return None
    return TimedLine(
        date,
        clock,
        reading.text,
        rest,
        until=_until_of(reading, clock),
        precision=Precision.ABOUT if is_about else reading.precision,
    )


_DATED_LINE = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\|\s*)?(?P<open>\*\*|__|\[|\()?(?P<date>[^|*_\[\]()–:]{6,30}?)(?P<close>\*\*|__|\]|\))?"
    r"\s*(?P<mark>:\*\*|[-–—:|]+(?=\s)|$)(?P<rest>.*)",
    re.DOTALL,
)


def _read_dated_line(text: str) -> TimedLine | None:
    match = _DATED_LINE.fullmatch(text)
    found = read_date(match["date"].strip()) if match else None
    if match is None or found is None or found[1] != len(match["date"].strip()):
        return None
    date = _date_of(found[0], match["date"])
    return TimedLine(date, None, match["date"].strip(), match["rest"].strip(" *_|")) if date else None


def _mention_at(text: str, position: int) -> Mention | None:
    reading = read_time(text, position, prose=True)
    if reading and reading.firm and reading.clock and not (reading.day and reading.day.day is None):
        clock = _clock_of(reading)
        if clock is None:
            return None
        zone, end = (clock.zone, reading.end) if clock.zone else _zone_behind(text, reading.end)
        date = _date_of(reading.day, reading.text) if reading.day else None
        until = _until_of(reading, clock)
        clock = replace(clock, zone=zone)
        return Mention(position, end, date, clock, replace(until, zone=zone) if until else None)
    if reading and reading.clock and reading.clock.word in ("midnight", "noon"):
        hour = 0 if reading.clock.word == "midnight" else 12
        zone, end = _zone_behind(text, reading.end)
        return Mention(position, end, None, ClockTime(hour, 0, zone=zone))
    found = read_date(text, position)
    if found is None:
        return None
    date = _date_of(found[0], text[position : found[1]])
    # Two numbers such as 24/7 or 1.5 are no date in a sentence.
    spoken = text[position : found[1]]
    if date is None or (date.year is None and not any(letter.isalpha() for letter in spoken)):
        return None
    return Mention(position, found[1], date)


def _clock_of(reading: Reading) -> ClockTime | None:
    clock = reading.clock
    if clock is None or clock.word == "now":
        return None
    hour = clock.hour
    if clock.meridiem:
        hour = hour % 12 + (12 if clock.meridiem == "p" else 0) if hour <= 12 else hour
    if hour == 24 and clock.minute == 0:
        hour = 0
    if hour > 23 or clock.minute > 59 or clock.second > 59:
        return None
    return ClockTime(hour, clock.minute, clock.second, reading.zone, reading.precision)


def _until_of(reading: Reading, clock: ClockTime | None) -> ClockTime | None:
    if not reading.until or clock is None:
        return None
    until = read_time(reading.until)
    end = _clock_of(until) if until else None
    return replace(end, zone=clock.zone) if end else None


def _date_of(day: Day | None, spoken: str) -> Date | None:
    if day is None or day.day is None or day.month is None:
        return None
    numeric = not any(letter.isalpha() for letter in spoken.split(":")[0])
    if day.month > 12 and numeric and day.day <= 12:
        return Date(day.month, day.day, day.year)  # 11/23/2024 can only be read with the month first
    if not (1 <= day.month <= 12 and 1 <= day.day <= 31):
        return None
    ambiguous = numeric and not day.iso and day.day <= 12 and day.day != day.month
    return Date(day.day, day.month, day.year, ambiguous)


def _zone_behind(text: str, position: int) -> tuple[str, int]:
    match = _ZONE_HERE.match(text, position)
    if match and zone_named(match["zone"]):
        return match["zone"], match.end()
    return "", position


def _zone_at_head(text: str) -> tuple[str, str]:
    match = _ZONE_HERE.match(text)
    if match and zone_named(match["zone"]):
        return text[match.end() :].lstrip(" :-–—*_|"), match["zone"]
    return text, ""
