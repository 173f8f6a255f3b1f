"""The events of a document: the lines that begin with a time, and what belongs to them."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from incidents.enums import Precision, TimelineKind

from ...enums import SectionKind
from .blocks import Block, BlockKind
from .lines import bare
from .sections import Section
from .times import ClockTime, Date, TimedLine, find_mentions, read_timed_line, zone_of_statement

_K = SectionKind
_TEMPLATE_TIME = re.compile(r"\bhh ?: ?mm\b|\byyyy\b", re.IGNORECASE)
_TURN = re.compile(r"^(?:(?:\*\*)?(?P<word>[A-Z][a-z]+(?: [a-z]+)?)(?::\*\*|\*\*:|:))\s*(?P<rest>.+)", re.DOTALL)
_KIND_WORDS = {
    "detection": TimelineKind.DETECTION,
    "detected": TimelineKind.DETECTION,
    "recovery": TimelineKind.RECOVERY,
    "fix": TimelineKind.RECOVERY,
    "resolution": TimelineKind.RECOVERY,
    "diagnosis": TimelineKind.DIAGNOSIS,
    "decision": TimelineKind.DECISION,
    "action": TimelineKind.ACTION,
    "communication": TimelineKind.COMMUNICATION,
    "escalation": TimelineKind.COMMUNICATION,
}
_KIND_PATTERNS = (
    (
        TimelineKind.RECOVERY,
        r"\b(?:resolved|restored|recovered|back online|back to normal|fully operational|up and running"
        r"|was fixed|is fixed|back to running|normal operation)\b",
    ),
    (TimelineKind.DETECTION, r"\b(?:detected|alerts? (?:triggered|fired)|triggered (?:an )?alerts?|noticed)\b"),
    (TimelineKind.REPORT, r"\b(?:users? (?:started )?report(?:s|ed)?|reported by|complain(?:ed|ts))\b"),
    (
        TimelineKind.COMMUNICATION,
        r"\b(?:escalated|notified|informed|contacted|reached out|status page|announced|paged)\b",
    ),
    (
        TimelineKind.DIAGNOSIS,
        r"\b(?:investigat\w+|root cause|identified|discover(?:ed)?|suspect\w*|analy[sz]\w+|revealed|found|checked)\b",
    ),
    (TimelineKind.CHANGE, r"\b(?:deployed|deployment|rolled out|released|upgraded?|merged|pushed)\b"),
)
_FINDERS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KIND_PATTERNS)


@dataclass(slots=True)
class Event:
    """An event as written: the date above it or on its line, its time of day, and its words."""

    line: int
    date: Date | None
    clock: ClockTime | None
    time_text: str
    parts: list[str] = field(default_factory=list)
    depth: int = 0
    precision: Precision = Precision.EXACT
    kind_said: TimelineKind | None = None
    at: dt.datetime | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.parts).strip().strip("*_ ").strip()

    @property
    def kind(self) -> TimelineKind:
        """What kind of event its words tell of; a note where they do not say."""
        if self.kind_said:
            return self.kind_said
        return next((kind for kind, finder in _FINDERS if finder.search(self.text)), TimelineKind.NOTE)


@dataclass(slots=True)
class Timeline:
    """The events of a document in its order, the zone that stands over them, and where it was found."""

    events: list[Event] = field(default_factory=list)
    zone: str = ""
    heading_date: Date | None = None
    section: Section | None = None
    moments: list[tuple[str, Event]] = field(default_factory=list)


def read_timeline(sections: Sequence[Section]) -> Timeline:
    """The events of the sections that are timelines; without any, of the section with most lines that begin with times.

    Lines such as “Resolved 2023-07-21 12:42” are moments: they are the timeline where no section tells more.
    """
    found = Timeline()
    for section in sections:
        if section.is_about(_K.TIMELINE):
            events = _read_events(section, found)
            found.events += events
            found.section = found.section or section
            found.moments += _read_moments(section)
            found.zone = found.zone or zone_of_statement(section.heading)
            mention = next((m for m in find_mentions(section.heading) if m.date), None)
            found.heading_date = found.heading_date or (mention.date if mention else None)
    if any(event.clock or event.date for event in found.events):
        return found
    _read_elsewhere(sections, found)
    if not found.events:
        found.events = [event for _label, event in found.moments]
    return found


def _read_elsewhere(sections: Sequence[Section], found: Timeline) -> None:
    """A list of times below a heading that is called otherwise is a timeline all the same."""
    best: list[Event] = []
    best_section, zone = None, ""
    for section in sections:
        if set(section.kinds or section.region) - {_K.SUMMARY, _K.OTHER}:
            continue
        draft = Timeline()
        events = [event for event in _read_events(section, draft) if event.clock]
        if len(events) > max(len(best), 1):
            best, best_section, zone = events, section, draft.zone
    if len(best) > max(len(found.moments), 2):
        found.events, found.section = best, best_section
        found.zone = found.zone or zone


def _read_events(section: Section, timeline: Timeline) -> list[Event]:
    reader = _EventReader(timeline)
    for block in section.blocks:
        reader.take(block)
    return _without_headings_of_days(reader.events) if reader.events else _untimed(section)


class _EventReader:
    """Goes down a section: a line with a time begins an event, a date alone holds for the next, the rest belongs."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.events: list[Event] = []
        self.day: Date | None = None
        self.above = ""

    def take(self, block: Block) -> None:
        if block.kind == BlockKind.BLANK or (block.kind == BlockKind.ROW and _TEMPLATE_TIME.search(block.text)):
            return
        timed = None if block.kind == BlockKind.CODE else _timed(block)
        if timed is not None:
            self._begin(block, timed)
        elif block.kind == BlockKind.CODE:
            self._add(block.source)
        elif not self.events and (zone := zone_of_statement(block.text)):
            self.timeline.zone = self.timeline.zone or zone
        elif self.events and not _is_apart(block, self.events[-1]):
            is_list = block.kind == BlockKind.ITEM and self.events[-1].parts
            self._add(f"- {block.text}" if is_list else block.text)
        else:
            self.above = block.words

    def _begin(self, block: Block, timed: TimedLine) -> None:
        is_day = timed.clock is None and timed.date is not None and not timed.text and block.kind != BlockKind.ROW
        if not is_day:
            self.events.append(_event(block, timed, self.day, self.above))
            self.day = None
            return
        if block.kind == BlockKind.HEADING:
            self.events.append(Event(block.number, timed.date, None, timed.time_text, depth=block.depth))
        self.day = timed.date

    def _add(self, text: str) -> None:
        if self.events:
            self.events[-1].parts.append(text)


def _event(block: Block, timed: TimedLine, day: Date | None, above: str) -> Event:
    text, kind = timed.text, None
    if block.kind == BlockKind.ROW:
        text = " · ".join(cell for cell in (part.strip() for part in text.strip("| ").split("|")) if cell)
    turn = _TURN.match(text)
    if turn and (kind := _KIND_WORDS.get(turn["word"].casefold())):
        text = turn["rest"]
    event = Event(
        block.number,
        timed.date or day,
        timed.clock,
        timed.time_text,
        [text] if text.strip("*_ ") else [],
        block.depth,
        timed.precision,
        kind,
    )
    if not event.parts and above and block.kind == BlockKind.TEXT:
        event.parts = [above.rstrip(":")]
    if timed.until:
        event.parts[:1] = [f"(until {timed.until}) {event.parts[0]}" if event.parts else f"(until {timed.until})"]
    return event


def _timed(block: Block) -> TimedLine | None:
    if block.kind == BlockKind.QUOTE and not block.text.strip():
        return None
    return read_timed_line(block.text)


def _is_apart(block: Block, event: Event) -> bool:
    """Whether a line without a time stands beside the event above it rather than below."""
    if block.kind == BlockKind.ITEM:
        return block.depth <= event.depth and bool(event.parts)
    return False


def _without_headings_of_days(events: list[Event]) -> list[Event]:
    """A date that only stands over the times of its day is no event; one with words of its own is."""
    kept: list[Event] = []
    day: Date | None = None
    for event in events:
        if event.clock is None and event.date and not event.parts:
            day = event.date
            continue
        if event.date is None and day is not None:
            event.date, day = day, None
        kept.append(event)
    return kept


def _untimed(section: Section) -> list[Event]:
    """A timeline that is a plain list: what happened in order, without times."""
    if not section.is_about(_K.TIMELINE):
        return []
    items = [block for block in section.blocks if block.kind == BlockKind.ITEM and block.words]
    if len(items) < 2 or any(_moment(block) for block in items):
        return []
    return [Event(block.number, None, None, "?", [block.text], block.depth) for block in items]


_MOMENT_LABEL = re.compile(r"\s*(?P<label>[A-Za-z][A-Za-z ()'-]{3,50}?)\s*[:–-]?\s+(?=~?\d)")


def _read_moments(section: Section) -> list[tuple[str, Event]]:
    return [moment for block in section.blocks if (moment := _moment(block))]


def _moment(block: Block) -> tuple[str, Event] | None:
    """A line that names a moment and then says when it was: “Incident declared 2020-08-25 11:26”."""
    if block.kind not in (BlockKind.ITEM, BlockKind.TEXT):
        return None
    words = bare(block.text)
    label = _MOMENT_LABEL.match(words)
    mention = next((m for m in find_mentions(words) if m.clock), None) if label else None
    if label is None or mention is None or mention.clock is None or mention.start > label.end():
        return None
    rest = words[mention.end :].strip(" -–:.")
    text = label["label"].strip() + (f": {rest}" if rest else "")
    event = Event(block.number, mention.date, mention.clock, words[mention.start : mention.end], [text], block.depth)
    return label["label"].strip(), event
