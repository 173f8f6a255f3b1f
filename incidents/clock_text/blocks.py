"""Many lines pasted at once: notes, a list, a table, a copy from a chat tool → entries."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from textwrap import dedent

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean, plain
from incidents.clock_text.entries import Entry, Head, make_entry, parse_entry, read_head, read_kind, settle
from incidents.clock_text.moments import ClockContext, Moment, date_of, read_whole_time
from incidents.clock_text.readings import HEAD_LENGTH, Day, Reading, read_date
from incidents.errors import InvalidInput

MAX_BLOCK_BYTES = 200_000
MAX_BLOCK_ENTRIES = 500
MAX_BLOCK_LINES = 10_000

_STAR_MARK = re.compile(r"\s*\*\s")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})([^\n]*)")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-*:?\s*){1,20}$")
_DATE_LINE = re.compile(r"\s*(?:#{1,6}\s+|[-*•]\s+)?(?:\*\*|__)?\s*(.{4,40}?)\s*:?(?:\*\*|__)?\s*:?\s*")
_CHAT_TIME = re.compile(
    r"(?P<gap> +(?:[–|-] +)?\(?)"
    r"(?P<time>(?:(?:yesterday|today)(?: at)? |\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{1,4})?,? (?:at )?)?"
    r"\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?)\)? *$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    {"van", "von", "de", "der", "den", "da", "di", "la", "le", "el", "al", "bin", "ibn", "ben", "du", "dos"}
)


@dataclass(slots=True)
class _Item:
    """An entry in the making: where it begins, its head, and the lines that belong to it."""

    line: int
    head: Head
    author: str = ""
    day: Day | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        """Whether the text gives a time of day without a day."""
        reading = self.head.reading
        return reading is not None and reading.clock is not None and reading.day is None and reading.clock.word != "now"


def is_block(text: str) -> bool:
    """Whether a text has more than one line, so that a preview is shown before anything is saved."""
    return "\n" in clean(text).strip()


def parse_block(text: str, context: ClockContext) -> list[Entry]:
    """The entries of a pasted text, in its order.

    A line without a time belongs to the entry above it, its Markdown kept; before the first time it is an entry of its
    own without one. A text without any time is one entry. List marks before times are dropped: where each of two or
    more lines with a time begins with `* `, these are list marks, otherwise stars. A line with a date alone holds for
    the times below it. A time without a day is on the day of the entry above, or on the next where that goes back by
    more than twelve hours; while live, what would then lie in the future is a day earlier.
    Raises ``InvalidInput`` as ``parse_entry`` does, naming the line, and ``too_large``.
    """
    if len(text) > MAX_BLOCK_BYTES or len(text.encode(errors="replace")) > MAX_BLOCK_BYTES:
        message = _("That is too much at once: paste at most %(most)d kB.")
        raise InvalidInput(message % {"most": MAX_BLOCK_BYTES // 1000}, code="too_large")
    lines = clean(text).split("\n")
    if len(lines) > MAX_BLOCK_LINES:
        message = _("That is too much at once: paste at most %(most)d lines.")
        raise InvalidInput(message % {"most": MAX_BLOCK_LINES}, code="too_large")
    items = _read_items(lines, context)
    if not any(item.head.reading for item in items):
        return [_untimed(text, context)]
    try:
        return _make_entries(items, context, first=context)
    except InvalidInput as error:
        if error.code != "in_future":
            raise
    # Notes of the evening before, pasted in the morning: only all of them together fit into the past.
    return _make_entries(items, context, first=replace(context, now=context.now - timedelta(days=1)))


def _untimed(text: str, context: ClockContext) -> Entry:
    text = clean(text).strip()
    if sum(_STAR_MARK.match(line) is not None for line in text.split("\n")) > 1:  # a list, not stars
        return make_entry(Head(starred=False, reading=None, rest=text), text, None, line=1)
    return parse_entry(text, context)


def _make_entries(items: list[_Item], context: ClockContext, *, first: ClockContext) -> list[Entry]:
    entries: list[Entry] = []
    previous: datetime | None = None
    for item in items:
        try:
            moment, rest = _settle_item(item, context if previous else first, context, previous)
            entries.append(_make_entry(item, moment, _whole_text(item, rest)))
        except InvalidInput as error:
            message = _("Line %(line)d: %(message)s") % {"line": item.line, "message": error.message}
            raise InvalidInput(message, code=error.code) from error
        previous = moment.at if moment and moment.at else previous
    return entries


def _make_entry(item: _Item, moment: Moment | None, text: str) -> Entry:
    if item.head.reading is None and not read_kind(text)[1]:
        return Entry(text, None, item.head.starred, None, item.line)  # "Detection:" as a heading
    return make_entry(item.head, text, moment, line=item.line, author=item.author)


def _settle_item(
    item: _Item, first: ClockContext, context: ClockContext, previous: datetime | None
) -> tuple[Moment | None, str]:
    if not item.is_bare:
        return settle(item.head, context)
    on: date | None = date_of(item.day, context) if item.day else None
    return settle(item.head, context if on else first, follows=None if on else previous, on=on)


def _whole_text(item: _Item, rest: str) -> str:
    more = dedent("\n".join(item.lines)).rstrip("\n")
    return f"{rest}\n{more}".strip() if more else rest.strip()


def _read_items(lines: list[str], context: ClockContext) -> list[_Item]:
    fenced = _fenced_lines(lines)
    stars_are_marks = _stars_are_marks(lines, fenced, context)
    items: list[_Item] = []
    day: Day | None = None
    for number, line in enumerate(lines):
        is_text = number in fenced or not line.strip()
        if not is_text and (_TABLE_RULE.fullmatch(line) or _is_table_header(lines, number)):
            continue
        if not is_text and (found := _read_date_line(line, context)):
            day = found
            continue
        item = None if is_text else _read_item(lines, number, context, stars_are_marks, items)
        if item is not None:
            item.day, day = day, None
            items.append(item)
        elif items:
            items[-1].lines.append(line)
        elif line.strip():
            items.append(_Item(number + 1, _plain_head(line, is_text, context, stars_are_marks)))
        if len(items) > MAX_BLOCK_ENTRIES:
            message = _("That is too much at once: paste at most %(most)d entries.")
            raise InvalidInput(message % {"most": MAX_BLOCK_ENTRIES}, code="too_large")
    return items


def _plain_head(line: str, is_text: bool, context: ClockContext, stars_are_marks: bool) -> Head:
    return Head(False, None, line) if is_text else read_head(line, context, stars_are_marks=stars_are_marks)


def _read_item(
    lines: list[str], number: int, context: ClockContext, stars_are_marks: bool, items: list[_Item]
) -> _Item | None:
    """The entry that a line begins, or None where it belongs to the one above."""
    head = read_head(lines[number], context, stars_are_marks=stars_are_marks)
    if head.reading is not None:
        # In a copied chat, a time alone on its line begins the next message of the same person.
        author = items[-1].author if items and not head.rest.strip() else ""
        return _Item(number + 1, head, author)
    if not _has_message_below(lines, number):
        return None
    if chat := _read_chat_line(lines[number], context):
        author, reading = chat
        return _Item(number + 1, Head(False, reading, ""), author)
    return None


def _read_chat_line(line: str, context: ClockContext) -> tuple[str, Reading] | None:
    """Author and time of a line such as `Ada Okoro  1:48 AM`, as chat tools copy it above a message."""
    match = _CHAT_TIME.search(plain(line)) if len(line) <= HEAD_LENGTH else None
    if match is None:
        return None
    author, gap = line[: match.start()].strip(), line[match.start() : match.end("gap")]
    if not _is_name(author, is_apart=len(gap) > 1 or gap == "\t"):
        return None
    reading = read_whole_time(match["time"], context)
    return (author, reading) if reading else None


def _is_name(text: str, *, is_apart: bool) -> bool:
    """Whether a text could be somebody's name: capitals, or a single word that stands apart from the time."""
    words = text.split()
    if not 1 <= len(words) <= 5 or text[-1] in ".:;,?!" or not words[0][0].isalpha():
        return False
    if len(words) == 1:
        return is_apart
    return all(not word[0].islower() or word in _PARTICLES for word in words)


def _has_message_below(lines: list[str], number: int) -> bool:
    return any(line.strip() for line in lines[number + 1 : number + 3])


def _read_date_line(line: str, context: ClockContext) -> Day | None:
    match = _DATE_LINE.fullmatch(line) if len(line) <= 60 else None
    found = read_date(match[1], day_first=context.day_first) if match else None
    if match is None or found is None or found[1] != len(match[1]):
        return None
    day = found[0]
    is_clear = day.year is not None or day.weekday is not None or any(character.isalpha() for character in match[1])
    return day if is_clear else None


def _stars_are_marks(lines: list[str], fenced: set[int], context: ClockContext) -> bool:
    if sum(_STAR_MARK.match(line) is not None for line in lines) < 2:
        return False
    marked = 0
    for number, line in enumerate(lines):
        if number in fenced or read_head(line, context).reading is None:
            continue
        if not _STAR_MARK.match(line):
            return False
        marked += 1
    return marked > 1


def _is_table_header(lines: list[str], number: int) -> bool:
    return (
        lines[number].count("|") > 0
        and number + 1 < len(lines)
        and _TABLE_RULE.fullmatch(lines[number + 1]) is not None
    )


def _fenced_lines(lines: list[str]) -> set[int]:
    """The lines of fenced code, fences included. A fence that nothing closes is none."""
    fenced: set[int] = set()
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        fence, info = match[1], match[2].strip()
        if opened is None:
            opened = None if "`" in info else (number, fence)
        elif not info and fence.startswith(opened[1]):
            fenced.update(range(opened[0], number + 1))
            opened = None
    return fenced
