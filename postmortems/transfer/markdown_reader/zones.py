"""The zone that a document's times are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.clock_text import Zone, zone_name

from ...enums import SectionKind
from .period import Period
from .sections import Section
from .timeline import Timeline
from .times import find_mentions, zone_named, zone_of_statement

if TYPE_CHECKING:
    from .reader import Options

_MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class DocumentZone:
    """The zone of times that name none, if known; whether the document names zones that disagree."""

    zone: Zone | None
    disagree: bool = False


def read_zone(sections: Sequence[Section], timeline: Timeline, period: Period, options: "Options") -> DocumentZone:
    """The zone that the document states for all its times, or the only one beside a time; else the importer's."""
    beside = _beside_times(timeline, period)
    stated = timeline.zone or _stated(sections)
    zone = zone_named(stated) if stated else None
    if zone is not None:
        others = {name for name in beside if name != zone_name(zone)}
        return DocumentZone(None, True) if others else DocumentZone(zone)
    if not beside:
        beside = _in_text(sections)
    if len(beside) == 1:
        return DocumentZone(zone_named(beside.popitem()[1]))
    return DocumentZone(options.zone, len(beside) > 1)


def _beside_times(timeline: Timeline, period: Period) -> dict[str, str]:
    clocks = [event.clock for event in timeline.events if event.clock]
    clocks += [moment.clock for moment in (period.start, period.end) if moment and moment.clock]
    found = {}
    for clock in clocks:
        if clock.zone and (zone := zone_named(clock.zone)):
            found[zone_name(zone)] = clock.zone
    return found


def _stated(sections: Sequence[Section]) -> str:
    for section in sections:
        for text in (section.heading, *(block.words for block in section.blocks)):
            if "time" in text.casefold() and (name := zone_of_statement(text)):
                return name
    return ""


def _in_text(sections: Sequence[Section]) -> dict[str, str]:
    """Zones beside any time of day in what is told, apart from the lists of what is to be done."""
    found = {}
    texts = [b.words for s in sections if not s.is_about(SectionKind.ACTION_ITEMS) for b in s.blocks]
    for text in texts[:_MOST_LINES]:
        for mention in find_mentions(text[:2000]):
            if mention.clock and mention.clock.zone and (zone := zone_named(mention.clock.zone)):
                found[zone_name(zone)] = mention.clock.zone
    return found
