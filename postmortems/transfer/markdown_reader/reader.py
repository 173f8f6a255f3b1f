"""One document as records: puts together what the parts were read as."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.clock_text import Zone, zone_name
from incidents.enums import TimelineKind

from ...enums import SectionKind
from . import impact, judgement
from .actions import read_actions
from .blocks import Block, BlockKind, read_blocks
from .calendar import Calendar
from .causes import read_causes
from .lines import Source, bare, images_as_links, read_lines
from .own import is_own, read_own
from .period import Moment, Period, incident_date, read_period, says_only_when
from .prose import clipped, paragraphs, sentences
from .records import Document, EventRecord, ImpactRecord, MilestoneRecord, SectionRecord
from .sections import Section, read_sections
from .timeline import Timeline, read_timeline
from .times import Date, find_mentions, forget, zone_named, zone_of_statement
from .titles import read_title
from .zones import read_zone

_K = SectionKind
_OUTSIDE_SUMMARY = (_K.TIMELINE, _K.ACTION_ITEMS, _K.LESSONS)
FEWEST_WORDS_OF_A_SUMMARY = 8
_WAS_DETECTED = re.compile(
    r"^\W*(?:(?:the )?(?:issue|incident|problem|outage|failure)s? (?:was |is |were )?(?:first )?(?:detected|noticed)"
    r"|detected\b|detection\b)",
    re.IGNORECASE,
)
_LABELS_OF_MILESTONES = (
    ("first detected", "detected"),
    ("detected", "detected"),
    ("incident declared", "declared"),
    ("declared", "declared"),
    ("identified", "identified"),
    ("repaired", "mitigated"),
    ("mitigated", "mitigated"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who imports knows: the day the incident began, and the zone of times that name none."""

    date: dt.date | None = None
    zone: Zone | None = None


def read_document(text: str, options: Options | None = None) -> Document:
    """The records of one document. What it does not say is None, and ``warnings`` say what was missing or odd."""
    if is_own(text):
        return read_own(text)
    try:
        return _read(text, options or Options())
    finally:
        forget()


def _read(text: str, options: Options) -> Document:
    source = read_lines(text)
    sections = read_sections(read_blocks(source.lines))
    document = Document(source=text.splitlines())
    document.title, document.title_line = read_title(source, sections)
    timeline = read_timeline(sections)
    calendar = Calendar(sections, document.title or "", options)
    period = read_period(sections, timeline, source.front_matter)
    zone = read_zone(sections, timeline, period, options)
    document.timezone = zone_name(zone.zone) if zone.zone else None
    day = incident_date(sections, document.title or "", timeline)
    _place_events(document, timeline, period, calendar, zone.zone, day)
    _place_period(document, period, calendar, zone.zone, day)
    if zone.disagree and not options.zone:
        document.warnings.append(_("The text names several time zones; times without one of their own stay unknown."))
    _read_milestones(document, timeline)
    _star(document)
    _read_rest(document, source, sections)
    _read_lead_up(document, sections, calendar, zone.zone)
    why_not = judgement.refusal(document, sections, source.front_matter)
    document.is_postmortem = not why_not
    if why_not:
        document.warnings.insert(0, why_not)
    else:
        document.warnings += calendar.warnings
        _warn(document)
    return document


def _read_rest(document: Document, source: Source, sections: list[Section]) -> None:
    document.root_causes = read_causes(sections)
    document.action_items = read_actions(sections)
    document.impacts = impact.read_impacts(sections)
    document.severity = impact.read_severity(sections, source.front_matter.get("severity", ""))
    document.detected_by = impact.read_detected_by([event.text for event in document.timeline[:4]], sections)
    document.sections = _section_records(sections, document, source)
    document.lede = _lede(sections, document.impacts)


def _place_events(
    document: Document, timeline: Timeline, period: Period, calendar: Calendar, zone: Zone | None, day: Date | None
) -> None:
    """Give each event its moment, where the text tells it."""
    day_of_period = period.start.date if period.start and period.start.date else None
    walk = calendar.walk(day_of_period or day, period.start.clock if period.start and period.is_stated else None)
    for event in timeline.events:
        wall = walk.step(event.date, event.clock)
        own = zone_named(event.clock.zone) if event.clock and event.clock.zone else zone
        event.at = wall.replace(tzinfo=own) if wall and own else None
        document.timeline.append(
            EventRecord(
                text=images_as_links(event.text) or event.time_text,
                line=event.line,
                at=event.at,
                time=str(event.clock) if event.clock else None,
                time_text=event.time_text,
                precision=event.precision,
                kind=event.kind,
            )
        )


def _place_period(document: Document, period: Period, calendar: Calendar, zone: Zone | None, day: Date | None) -> None:
    start, end = period.start, period.end
    first = start.date if start and start.date else day
    walk = calendar.walk(first, None)
    started = walk.step(start.date or first, start.clock) if start else None
    resolved = walk.step(end.date if end and end.date else None, end.clock) if end and (start or end.date) else None
    document.started_at = _with_zone(started, start, zone)
    document.resolved_at = _with_zone(resolved, end, zone)
    document.period_line = start.line if start else end.line if end else 1
    _use_timeline_moments(document, period)
    if document.started_at and document.resolved_at and document.resolved_at < document.started_at:
        document.warnings.append(
            _("It ends (%(end)s) before it begins (%(start)s): both are left open. Line %(line)d.")
            % {"start": document.started_at, "end": document.resolved_at, "line": document.period_line}
        )
        document.started_at = document.resolved_at = None
    if document.started_at is None or document.resolved_at is None:
        naive = {
            "started": _naive(start, first, calendar),
            "resolved": _naive(end, (end and end.date) or first, calendar),
        }
        document.naive = naive if any(naive.values()) else None
    known = first is not None and calendar.complete(first) is not None
    document.needs_date = bool(start or document.timeline) and first is None
    document.needs_year = bool(start) and first is not None and not known
    document.needs_zone = bool(start) and zone is None and not document.started_at


def _use_timeline_moments(document: Document, period: Period) -> None:
    """A beginning or an end that the timeline tells is the very moment of that event, day included."""
    for moment, name in ((period.start, "started_at"), (period.end, "resolved_at")):
        event = next(
            (e for e in document.timeline if moment and e.line == moment.line and e.time == str(moment.clock)), None
        )
        if event is not None:
            setattr(document, name, event.at)


def _read_milestones(document: Document, timeline: Timeline) -> None:
    """Milestones that the text names: by a label, or because an event says that the failure was detected then."""
    names = {event.line: _milestone_of(label) for label, event in timeline.moments}
    for event in document.timeline:
        name = names.get(event.line)
        if name is None and "detected" not in document.milestone_lines and _WAS_DETECTED.search(event.text):
            name = "detected"
        if name and name not in document.milestone_lines:
            document.milestone_lines[name] = event.line
            if event.at:
                document.milestones[name] = MilestoneRecord(event.at, event.precision)


def _star(document: Document) -> None:
    """The events at the beginning and at the end of the impact are the key moments."""
    naive = document.naive or {}
    for known, said, events in (
        (document.started_at, naive.get("started"), document.timeline),
        (document.resolved_at, naive.get("resolved"), document.timeline[::-1]),
    ):
        for event in events:
            if (known and event.at == known) or (not known and said and event.time == said[-5:]):
                event.starred = True
                break


def _milestone_of(label: str) -> str | None:
    words = label.casefold()
    return next((name for start, name in _LABELS_OF_MILESTONES if words.startswith(start)), None)


def _with_zone(wall: dt.datetime | None, moment: Moment | None, zone: Zone | None) -> dt.datetime | None:
    if wall is None or moment is None or moment.clock is None:
        return None
    own = zone_named(moment.clock.zone) if moment.clock.zone else zone
    return wall.replace(tzinfo=own) if own else None


def _naive(moment: Moment | None, day: Date | None, calendar: Calendar) -> str | None:
    if moment is None or moment.clock is None:
        return None
    return f"{calendar.written(day)}{moment.clock}"


def _section_records(sections: list[Section], document: Document, source: Source) -> list[SectionRecord]:
    """Every heading with its text and kinds; what is put together by a combined heading stays one text."""
    records: list[SectionRecord] = []
    for section in sections:
        text, heading = images_as_links(_told_besides(section, document)), section.heading
        if not section.has_words and not section.kinds and (not heading or heading == document.title):
            continue
        kinds = section.kinds or (_K.OTHER,)
        records.append(SectionRecord(kinds[0], heading, text, section.number, kinds[1:]))
    if document.timeline and not any(_K.TIMELINE in (r.kind, *r.also) for r in records):
        _mark_timeline(records, document)
    if not any(_K.SUMMARY in (r.kind, *r.also) for r in records):
        _mark_summary([record for record in records if record.line >= document.title_line])
    if source.front_matter.get("summary") and not any(r.kind == _K.SUMMARY for r in records):
        records.insert(0, SectionRecord(_K.SUMMARY, _("Summary"), source.front_matter["summary"], 1))
    return records


def _told_besides(section: Section, document: Document) -> str:
    """The text of a part without what became events or action items, so that nothing is said twice or lost."""
    if not (section.is_about(_K.TIMELINE) or section.is_about(_K.ACTION_ITEMS)):
        return section.text
    taken = {event.line for event in document.timeline} | {item.line for item in document.action_items}
    first = min((block.number for block in section.blocks if block.number in taken), default=None)
    if first is None or section.is_about(_K.ROOT_CAUSE) or section.is_about(_K.RESOLUTION):
        return section.text
    if section.is_about(_K.TIMELINE):
        before = [block for block in section.blocks if block.number < first and not zone_of_statement(block.text)]
        return "\n".join(block.source for block in before).strip("\n")
    kept = list(_not_listed(section, taken))
    return "\n".join(block.source for block in kept).strip("\n") if any(block.words for block in kept) else ""


def _not_listed(section: Section, taken: set[int]) -> Iterator[Block]:
    """The blocks of a part about measures that are neither in its lists nor announce them."""
    in_list = False
    for position, block in enumerate(section.blocks):
        if block.kind == BlockKind.BLANK:
            following = next((b for b in section.blocks[position:] if b.kind != BlockKind.BLANK), None)
            in_list = in_list and following is not None and following.depth > 0
            yield block
        elif block.kind in (BlockKind.ITEM, BlockKind.ROW) or block.number in taken:
            in_list = True
        elif not in_list and not (block.words.endswith(":") or not block.words):
            yield block


def _mark_timeline(records: list[SectionRecord], document: Document) -> None:
    """The part in which the events were found is the timeline, whatever it is called."""
    first = document.timeline[0].line
    holds = [record for record in records if record.line <= first]
    if holds:
        last = holds[-1]
        last.kind, last.also = _K.TIMELINE, tuple(kind for kind in (last.kind, *last.also) if kind != _K.OTHER)


def _mark_summary(records: list[SectionRecord]) -> None:
    """Without a summary of its own, the text before the first part of a known kind is the summary."""
    for record in records:
        if record.kind != _K.OTHER:
            return
        if len(bare(record.text).split()) >= FEWEST_WORDS_OF_A_SUMMARY:
            record.kind = _K.SUMMARY
            return


def _lede(sections: Sequence[Section], impacts: Sequence[ImpactRecord]) -> str:
    """The first sentence of the summary that tells more than when it was; else that of the impact."""
    for section in sections:
        if section.is_about(_K.SUMMARY):
            told = (text for text, _number in paragraphs(section.blocks) if len(text.split()) > 5)
            if text := next((text for text in told if not says_only_when(text)), ""):
                return clipped(sentences(text)[0], 500)
    return impacts[0].what if impacts else ""


def _read_lead_up(document: Document, sections: Sequence[Section], calendar: Calendar, zone: Zone | None) -> None:
    """Moments before the impact that stand in prose only."""
    started = document.started_at
    first = document.naive["started"] if document.naive else None
    start_time = f"{started:%H:%M}" if started else first[-5:] if first else None
    if start_time is None:
        return
    in_timeline = {event.time for event in document.timeline}
    for section in sections:
        if any(section.is_about(kind) for kind in _OUTSIDE_SUMMARY):
            continue
        for block in section.blocks:
            if block.kind not in (BlockKind.TEXT, BlockKind.ITEM):
                continue
            for said in sentences(bare(block.text)):
                _read_moment_before(document, said, block.number, start_time, in_timeline, zone)


def _read_moment_before(
    document: Document, said: str, line: int, start_time: str, in_timeline: set[str | None], zone: Zone | None
) -> None:
    mentions = [mention for mention in find_mentions(said) if mention.clock]
    if len(mentions) != 1 or mentions[0].date or mentions[0].until:
        return
    clock = mentions[0].clock
    time = str(clock)
    if clock is None or not time < start_time or time in in_timeline or _hours(time, start_time) > 12:
        return
    own = zone_named(clock.zone) if clock.zone else zone
    day = document.started_at.astimezone(own).date() if document.started_at and own else None
    at = dt.datetime.combine(day, dt.time(clock.hour, clock.minute), tzinfo=own) if day and own else None
    if not any(event.time == time for event in document.lead_up):
        document.lead_up.append(EventRecord(said, line, at, time, time, kind=TimelineKind.LEAD_UP))


def _hours(earlier: str, later: str) -> float:
    minutes = [int(time[:2]) * 60 + int(time[3:]) for time in (earlier, later)]
    return (minutes[1] - minutes[0]) / 60


def _warn(document: Document) -> None:
    """Say what a person has to add before the record is whole."""
    if document.title is None:
        document.warnings.append(_("The text has no title of its own."))
    if not document.timeline:
        document.warnings.append(_("No line that begins with a time was found."))
    if document.needs_date:
        document.warnings.append(_("The text names no date: give the day on which it began."))
    elif document.needs_year:
        document.warnings.append(_("The text names no year: give it."))
    if document.needs_zone:
        document.warnings.append(_("The text names no time zone: give it."))
    if document.started_at is None:
        document.warnings.append(_("When it began is not known: its milestones stay empty."))
