"""One line of a timeline as people type it: `[*] [time] [kind:] text`."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean, plain
from incidents.clock_text.moments import ClockContext, Moment, read_whole_time, resolve
from incidents.clock_text.readings import HEAD_LENGTH, Reading, read_time
from incidents.enums import TimelineKind
from incidents.errors import InvalidInput

MAX_ENTRY_LENGTH = 20_000

_KINDS = {kind.value: kind for kind in TimelineKind} | {"fix": TimelineKind.RECOVERY, "leadup": TimelineKind.LEAD_UP}
_KIND = re.compile(r"([A-Za-z][A-Za-z _-]{2,20}?) ?:(?![/:]) *")
_MAY_HOLD_TIME = re.compile(r"\d.?\d|\d\W?[ap]|[-+−－＋]\d|\?|xx|noon|midday|midnight|now", re.IGNORECASE)
_MARK = re.compile(r"\s*(?:[-+•‣◦·–>]|\d{1,3}[.)]|#{1,6})\s+")
_STAR_MARK = re.compile(r"\s*\*\s+")
_STAR = re.compile(r"\s*(?:\*(?!\*)|[★⭐])\ufe0f?\s*")
_LOOSE_STAR = re.compile(r"\s*(?:\*\s+|[★⭐]\ufe0f?\s*)")
_WRAPPED = re.compile(
    r"\s*(?P<open>\*\*|__|[*_`\[(])(?P<inner>[^\n]{2,80}?)(?P<colon>[:,;]?) ?(?P<close>\*\*|__|[*_`\])])"
)
_CLOSES = {"[": "]", "(": ")"}
_OPEN_EMPHASIS = re.compile(r"\s*(\*\*|__)")
_SEPARATOR = re.compile(r"[:;,.]?\s*(?:(?:[-–—|:]|->|→|=>)(?=\s|$)|[–—](?=\w))?\s*")
_WORD_SEPARATOR = re.compile(r"\s*[-–—:|](?:\s|$)")


@dataclass(frozen=True)
class Entry:
    """One event as typed. ``kind`` and ``moment`` are None where the text does not say; ``line`` counts from 1."""

    text: str
    kind: TimelineKind | None
    starred: bool
    moment: Moment | None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Head:
    """A line taken apart: ``rest`` is the text behind star and time, ``rest_after_turn`` also behind `first`."""

    starred: bool
    reading: Reading | None
    rest: str
    rest_after_turn: str = ""


def parse_entry(text: str, context: ClockContext) -> Entry:
    """The event that an entry line describes; further lines belong to its text.

    What only looks like a time ("503 errors", "10 users", "2030 orders") stays text, and so does a word before a colon
    that is no kind. A range ("01:30–02:00 down") gives its beginning, and the text says until when.
    Raises ``InvalidInput``: ``empty``, ``too_large``, or as ``parse_moment`` does for a time that is none.
    """
    text = clean(text).strip()
    check_length(text)
    head = read_head(text, context)
    moment, rest = settle(head, context)
    return make_entry(head, rest, moment, line=1)


def read_head(text: str, context: ClockContext, *, stars_are_marks: bool = False) -> Head:
    """The star and the time at the head of a text. A list mark is dropped only where a time follows it."""
    if not _MAY_HOLD_TIME.search(text[: 2 * HEAD_LENGTH]):
        return _without_time(text, stars_are_marks)
    for mark in (_MARK, _STAR_MARK) if stars_are_marks else (_MARK,):
        if (match := mark.match(text)) and (head := _read_starred(text, match.end(), context)):
            return head
    return _read_starred(text, 0, context) or _without_time(text, stars_are_marks)


def settle(
    head: Head, context: ClockContext, *, follows: datetime | None = None, on: date | None = None
) -> tuple[Moment | None, str]:
    """The moment of a head and the text behind it; `first` and `second` are words unless there is something to ask."""
    if head.reading is None:
        return None, head.rest
    try:
        return resolve(replace(head.reading, turn=0), context, follows=follows, on=on), head.rest
    except InvalidInput as error:
        if error.code != "doubled_time" or not head.reading.turn:
            raise
        return resolve(head.reading, context, follows=follows, on=on), head.rest_after_turn


def make_entry(head: Head, text: str, moment: Moment | None, *, line: int, author: str = "") -> Entry:
    """The entry for a head and the whole of its text, which may begin with a kind."""
    kind, text = read_kind(text.strip())
    if not text:
        raise InvalidInput(_("Write what happened."), code="empty")
    if head.reading is not None and head.reading.until:
        text = _("(until %(time)s) %(text)s") % {"time": head.reading.until, "text": text}
    text = f"{author}: {text}" if author else text
    check_length(text)
    return Entry(text, kind, head.starred, moment, line)


def read_kind(text: str) -> tuple[TimelineKind | None, str]:
    """The kind that a text begins with, if any, and the text behind it."""
    match = _KIND.match(plain(text[:40]))
    kind = _KINDS.get(re.sub("[ _-]+", "_", match[1].casefold())) if match else None
    return (kind, text[match.end() :].strip()) if match and kind else (None, text)


def check_length(text: str) -> None:
    """Raises ``InvalidInput`` for an entry without text or with too much of it."""
    if not text:
        raise InvalidInput(_("Write what happened."), code="empty")
    if len(text) > MAX_ENTRY_LENGTH:
        message = _(
            "An entry holds at most %(most)d characters; this one has %(length)d. Shorten it, or attach a file."
        )
        raise InvalidInput(message % {"most": MAX_ENTRY_LENGTH, "length": len(text)}, code="too_large")


def _without_time(text: str, stars_are_marks: bool) -> Head:
    star = None if stars_are_marks else _LOOSE_STAR.match(text)
    return Head(starred=True, reading=None, rest=text[star.end() :]) if star else Head(False, None, text)


def _read_starred(text: str, position: int, context: ClockContext) -> Head | None:
    if head := _read_timed(text, position, context, starred=False):
        return head
    star = _STAR.match(text, position)
    return _read_timed(text, star.end(), context, starred=True) if star else None


def _read_timed(text: str, position: int, context: ClockContext, *, starred: bool) -> Head | None:
    while position < len(text) and text[position] in " \t":
        position += 1
    wrapped = _read_wrapped(text, position, context)
    if wrapped is not None:
        return replace(wrapped, starred=starred)
    emphasis = _OPEN_EMPHASIS.match(text, position)
    reading = read_time(text, emphasis.end() if emphasis else position, day_first=context.day_first, prose=True)
    if reading is None or not _is_meant(reading, text):
        return None
    before = emphasis[1] if emphasis else ""
    return Head(starred, reading, *(before + _behind(text, end) for end in (reading.end, reading.turn_end)))


def _read_wrapped(text: str, position: int, context: ClockContext) -> Head | None:
    """A time in brackets, in bold or as code: `[01:30]`, `**01:30 UTC:**`."""
    match = _WRAPPED.match(text, position)
    if match is None or _CLOSES.get(match["open"], match["open"]) != match["close"]:
        return _read_table_row(text, position, context)
    reading = read_whole_time(match["inner"], context)
    if reading is None or not reading.firm:
        return None
    rest = _behind(text, match.end())
    return Head(False, reading, rest, rest)


def _read_table_row(text: str, position: int, context: ClockContext) -> Head | None:
    """A row of a table, whose first cell is the time or whose first two are date and time."""
    if text[position : position + 1] != "|":
        return None
    row, newline, more = text[position:].partition("\n")
    cells = [cell.strip(" \t*_`") for cell in row.strip().strip("|").split("|", 3)]
    for count in (1, 2):
        reading = read_whole_time(" ".join(cells[:count]), context) if len(cells) > count else None
        if reading is not None and reading.firm:
            whole = row.strip().strip("|").split("|", count)[count]
            rest = whole.strip() + newline + more
            return Head(False, reading, rest, rest)
    return None


def _is_meant(reading: Reading, text: str) -> bool:
    """Whether something that could begin a sentence is a time: "noon: all quiet" is, "noon traffic rose" is not."""
    word = reading.clock.word if reading.clock else ""
    if word == "now" and reading.day is not None:
        return False
    return reading.firm or bool(word and _WORD_SEPARATOR.match(text, reading.end))


def _behind(text: str, end: int) -> str:
    separator = _SEPARATOR.match(text, end)
    return text[separator.end() if separator else end :]
