"""When the incident began and ended, as a document says it."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...enums import SectionKind
from .blocks import Block, BlockKind
from .lines import bare
from .sections import Section
from .timeline import Event, Timeline
from .times import ClockTime, Date, Mention, find_mentions, prepared

_K = SectionKind
_LONGEST_LINK = 48
_START_WORDS = re.compile(
    r"(?:\bstart(?:ed|s|ing)?(?:[ -]?(?:time|date))?(?:/time)?|\bbegan|\bbegin(?:s|ning)?|\bfirst detected|\bonset"
    r"|\bdetection time)(?: of (?:the )?(?:outage|incident))?(?: at| on| from| around)?[\W_]*$",
    re.IGNORECASE,
)
_END_WORDS = re.compile(
    r"(?:\bend(?:ed|s|ing)?(?:[ -]?(?:time|date))?|\bresolved|\brestored|\bfinish(?:ed)?|\bresolution time)"
    r"(?: at| on| by| around)?[\W_]*$",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"[\W_]*(?:(?:on|of)\b[^,;:]{0,20}[\W_]*)?(?:\b(?:am|pm)\b)?(?:to|and|until|till|through|thru|-|–|—)?[\W_]*"
    r"(?:(?:it )?(?:was )?(?:ended|ending|lasting until|resolved|restored|end(?:ed)?(?:[ -]?time)?)(?: at| on| by)?)?"
    r"[\W_]*",
    re.IGNORECASE,
)
_CONNECTS = re.compile(r"\b(?:to|and|until|till|through|end\w*|resolved|restored)\b|[-–—→]", re.IGNORECASE)
_PERIOD_LABEL = re.compile(
    r"^\W*(?:duration|(?:incident|outage) (?:time|date|period|duration)|when|time ?frame|period"
    r"|date(?: and time)?|start"
    r"|started?|start(?:ing)?[ -](?:time|date)|time)\b[^:]{0,30}:",
    re.IGNORECASE,
)
_OTHER_DATE = re.compile(
    r"\b(?:due date|date of (?:the )?(?:postmortem|post-mortem|report)|postmortem date|posted|published|author|written"
    r"|created|updated|meeting|scheduled|reviewed|last modified|copyright)\b",
    re.IGNORECASE,
)
_ONSET = re.compile(
    r"\b(?:outage|incident|impact|breakdown|disruption|degradation|downtime|failures?) (?:begins?|began|starts?|started"
    r"|onset)\b|\bstart of (?:the )?(?:incident|outage|impact)\b|\bonset\b|\bbegan impacting\b",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(?:resolved|restor(?:ed|es)|recover(?:ed|s|y)|back (?:up|online|to|in)|returns? to normal|returned to"
    r"|self-heals?"
    r"|fully (?:operational|functional)|normal(?:ly)? operat\w+|resumes?|incident (?:ends|over|closed)"
    r"|is working|working"
    r"|operational|running|stable|usual rate|fixed|closed|confirmed)\b",
    re.IGNORECASE,
)
_NOT_YET = re.compile(r"\b(?:noticed|investigation (?:starts|started|launched|began))\b", re.IGNORECASE)


@dataclass(slots=True)
class Moment:
    """A moment as far as a text says it, with the line it stands on."""

    date: Date | None
    clock: ClockTime | None
    line: int


@dataclass(slots=True)
class Period:
    """The beginning and the end, either of which may be missing. ``is_stated``: told in words, not by the timeline."""

    start: Moment | None = None
    end: Moment | None = None
    is_stated: bool = False


def read_period(sections: Sequence[Section], timeline: Timeline, front_matter: Mapping[str, str]) -> Period:
    """What the text says in words, else the first and the last event of the timeline."""
    stated = _from_front_matter(front_matter) or _from_words(sections, timeline)
    told = _from_timeline(timeline)
    if stated is None:
        return told
    if stated.end is None and told.end is not None and stated.start is not None:
        stated.end = told.end
    return stated


def incident_date(sections: Sequence[Section], title: str, timeline: Timeline) -> Date | None:
    """The day that the text is about: a date in words beside it, over the timeline, in the summary, or in the title."""
    texts = [block.words for section in sections for block in section.blocks if _is_told(section, block)]
    labelled = [text for text in texts if _PERIOD_LABEL.match(text) and not _OTHER_DATE.search(text)]
    summary = [
        block.words for section in sections if section.is_about(_K.SUMMARY) for block in section.blocks if block.words
    ]
    if timeline.heading_date and timeline.heading_date.year:
        return timeline.heading_date
    for group in (labelled, summary, [title], texts, summary):
        if date := _first_date(group):
            return date
    return timeline.heading_date or _first_date(texts, full=False)


def says_only_when(text: str) -> bool:
    """Whether a line is about the time of the incident and nothing else: “Duration: …”, “Start time: …”."""
    return bool(_PERIOD_LABEL.match(text) or re.match(r"\W*end\b[^:]{0,30}:", text, re.IGNORECASE))


def _first_date(texts: Sequence[str], *, full: bool = True) -> Date | None:
    for text in texts:
        if _OTHER_DATE.search(text[:60]):
            continue
        for mention in find_mentions(text):
            if mention.date and (mention.date.year or not full):
                return mention.date
    return None


def _is_told(section: Section, block: Block) -> bool:
    skipped = {_K.ACTION_ITEMS, _K.LESSONS, _K.ROOT_CAUSE, _K.RESOLUTION, _K.TIMELINE}
    return bool(block.words) and not skipped & set(section.kinds or section.region) and block.kind != BlockKind.CODE


def _from_front_matter(values: Mapping[str, str]) -> Period | None:
    start, end = (_whole_moment(values.get(name, "")) for name in ("start_time", "end_time"))
    return Period(start, end, is_stated=True) if start or end else None


def _whole_moment(text: str) -> Moment | None:
    try:
        at = dt.datetime.fromisoformat(text.strip("\"'").replace("Z", "+00:00"))
    except ValueError:
        return None
    offset = f"{at:%z}"
    zone = f"UTC{offset[:3]}:{offset[3:5]}" if offset else ""
    return Moment(Date(at.day, at.month, at.year), ClockTime(at.hour, at.minute, at.second, zone), 1)


def _from_words(sections: Sequence[Section], timeline: Timeline) -> Period | None:
    lines = list(_lines(sections, timeline))
    labelled = Period(is_stated=True)
    for text, number in lines:
        _read_labels(text, number, labelled)
    if labelled.start and labelled.end:
        return labelled
    for wanted in (True, False):
        for text, number in lines:
            if (bool(_PERIOD_LABEL.match(text)) or not wanted) and (period := _read_range(text, number)):
                return period
    if labelled.start or labelled.end:
        return labelled
    return _first_moment(sections, timeline)


def _lines(sections: Sequence[Section], timeline: Timeline) -> Iterator[tuple[str, int]]:
    """The lines that may say when it was: not those of the timeline, of causes, of lessons."""
    for section in sections:
        about = set(section.kinds or section.region)
        if section is timeline.section or about - {_K.SUMMARY, _K.IMPACT, _K.OTHER}:
            continue
        texts: list[tuple[str, int]] = []
        for block in section.blocks:
            if block.kind in (BlockKind.CODE, BlockKind.BLANK):
                texts.append(("", block.number))
            elif block.kind == BlockKind.TEXT and texts and texts[-1][0] and not _PERIOD_LABEL.match(block.words):
                texts[-1] = (f"{texts[-1][0]} {block.words}", texts[-1][1])
            else:
                texts.append((block.words, block.number))
        label = "" if section.kinds else section.heading
        for text, number in texts:
            if text:
                yield (f"{label.rstrip(':')}: {text}" if label and section.level > 1 else text), number


def _read_labels(text: str, number: int, period: Period) -> None:
    """“Start: …” and “End: …”, on one line or on two."""
    mentions = find_mentions(text)
    plain_text = prepared(text)
    for index, mention in enumerate(mentions):
        if mention.clock is None:
            continue
        before = plain_text[mentions[index - 1].end if index else 0 : mention.start]
        if index and mentions[index - 1].clock is None:
            before = plain_text[mentions[index - 2].end if index > 1 else 0 : mentions[index - 1].start]
        date = mention.date or _date_beside(mentions, index)
        if _START_WORDS.search(before) and period.start is None and len(before) < 90:
            period.start = Moment(date, mention.clock, number)
            if mention.until:
                period.end = Moment(date, mention.until, number)
        elif _END_WORDS.search(before) and period.end is None and len(before) < 90 and period.start is not None:
            period.end = Moment(date, mention.clock, number)


def _date_beside(mentions: Sequence[Mention], index: int) -> Date | None:
    """The date before or behind a time of day that has none of its own."""
    if index and mentions[index - 1].clock is None:
        return mentions[index - 1].date
    if index + 1 < len(mentions) and mentions[index + 1].clock is None:
        return mentions[index + 1].date
    return None


def _read_range(text: str, number: int) -> Period | None:
    """“between 01:30 and 02:00 (GMT+2) on 6 January”: two times of day with a link between them."""
    mentions = find_mentions(text)
    timed = [(index, mention) for index, mention in enumerate(mentions) if mention.clock]
    spoken = prepared(text)
    for position, (index, mention) in enumerate(timed):
        if mention.until:
            date = mention.date or _date_beside(mentions, index) or _only_date(mentions)
            return _period(date, mention.clock, date, mention.until, number)
        if position + 1 == len(timed):
            break
        other_index, other = timed[position + 1]
        between = spoken[mention.end : other.start]
        inner = mentions[index + 1 : other_index]
        for date_mention in inner:
            between = between.replace(spoken[date_mention.start : date_mention.end], " ")
        if len(between) > _LONGEST_LINK or not _CONNECTS.search(between) or not _LINK.fullmatch(between):
            continue
        first = mention.date or _date_beside(mentions, index) or _date_beside(mentions, other_index)
        first = first or other.date or _only_date(mentions)
        second = other.date or _date_beside(mentions, other_index) or first
        return _period(first, mention.clock, second, other.clock, number)
    return None


def _only_date(mentions: Sequence[Mention]) -> Date | None:
    return next((mention.date for mention in mentions if mention.date), None)


def _period(
    first: Date | None, start: ClockTime | None, second: Date | None, end: ClockTime | None, number: int
) -> Period:
    return Period(Moment(first, start, number), Moment(second, end, number), is_stated=True)


def _first_moment(sections: Sequence[Section], timeline: Timeline) -> Period | None:
    """“On 8 February 2023, at 10:00 AM, our website …”: a date with a time of day, in the summary or before it."""
    for text, number in _lines(sections, timeline):
        mentions = find_mentions(text)
        for index, mention in enumerate(mentions):
            date = mention.date or _date_beside(mentions, index)
            if mention.clock and date and not _OTHER_DATE.search(text[:60]):
                return Period(Moment(date, mention.clock, number), None, is_stated=True)
    return None


def _from_timeline(timeline: Timeline) -> Period:
    """The event that says it began, else the first; the last that says it was over, else the last."""
    by_label = {label.casefold(): event for label, event in timeline.moments}
    first, last = (_labelled(by_label, words) for words in (("first detected", "start"), ("resolved", "end")))
    events = [event for event in timeline.events if event.clock or event.date]
    if not events and not (first or last):
        return Period()
    onset = next((event for event in events if event.clock and _ONSET.search(event.text)), None)
    over = [event for event in events if event.clock and _is_over(bare(event.text))]
    first = first or onset or (events[0] if events else None)
    last = last or (over[-1] if over else next((event for event in reversed(events) if event.clock), None))
    return Period(_moment_of(first), _moment_of(last))


def _is_over(text: str) -> bool:
    return _OVER.search(text) is not None and not _NOT_YET.search(text)


def _labelled(by_label: Mapping[str, Event], words: Sequence[str]) -> Event | None:
    return next((event for label, event in by_label.items() for word in words if label.startswith(word)), None)


def _moment_of(event: Event | None) -> Moment | None:
    if event is None or event.clock is None:
        return None
    return Moment(event.date, event.clock, event.line)
