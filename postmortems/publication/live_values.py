"""Values that a text takes from its incident: ``{{duration}}``, ``{{started}}``, ``{{t57}}`` and so on.

While people write they stand as names. A document holds what they say at that moment: it is read from the same times
and durations that the page prints beside it, so a text cannot contradict its timeline.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.clock_text import parse_zone, zone_label
from incidents.domain import durations
from incidents.domain.durations import DurationName
from incidents.domain.timeline import literal
from incidents.enums import DetectedBy, ImpactAudience, Milestone, Precision
from incidents.models import Incident

# So many are filled in in one text: what a few letters stand for may be long.
MAX_FILLED = 500
LONGEST_VALUE = 500

# What people may write; `t` and a number is a moment of the timeline.
_CODE = r"(?<!`)`++[^`\n]++`+"
_NAMED = re.compile(rf"{_CODE}|\{{\{{ ?(?P<name>[a-z_]{{1,30}}[0-9]{{0,18}}) ?\}}\}}")
_FENCE = re.compile(r"^[ >]{0,40}(`{3,}|~{3,})")


class Name(TextChoices):
    """The names, in the order in which the editor lists them."""

    DURATION = "duration", gettext_lazy("how long it took, from the start of the impact to the end")
    TO_DETECT = "to_detect", gettext_lazy("how long until it was noticed")
    TO_ACKNOWLEDGE = "to_acknowledge", gettext_lazy("how long from there until somebody took it on")
    TO_MITIGATE = "to_mitigate", gettext_lazy("how long until the impact was over")
    DATE = "date", gettext_lazy("the day on which the impact began")
    STARTED = "started", gettext_lazy("when the impact began")
    DETECTED = "detected", gettext_lazy("when it was noticed")
    ACKNOWLEDGED = "acknowledged", gettext_lazy("when somebody took it on")
    IDENTIFIED = "identified", gettext_lazy("when the cause was found")
    MITIGATED = "mitigated", gettext_lazy("when the impact was over")
    RESOLVED = "resolved", gettext_lazy("when it was resolved")
    ZONE = "zone", gettext_lazy("the time zone of these times")
    IMPACT = "impact", gettext_lazy("who was affected, and how")
    DETECTED_BY = "detected_by", gettext_lazy("who noticed")


class LiveValue(NamedTuple):
    """A name, what it stands for, and what it says now as Markdown; empty where that is not known."""

    name: str
    label: str
    text: str

    @property
    def typed(self) -> str:
        """What people write for it."""
        return f"{{{{{self.name}}}}}"


Values = Mapping[str, LiveValue]

_DURATIONS = {
    Name.DURATION: DurationName.TO_RESOLVE,
    Name.TO_DETECT: DurationName.TO_DETECT,
    Name.TO_ACKNOWLEDGE: DurationName.TO_ACKNOWLEDGE,
    Name.TO_MITIGATE: DurationName.TO_MITIGATE,
}
_TIMES = {
    Name.STARTED: Milestone.IMPACT_STARTED,
    Name.DETECTED: Milestone.DETECTED,
    Name.ACKNOWLEDGED: Milestone.ACKNOWLEDGED,
    Name.IDENTIFIED: Milestone.IDENTIFIED,
    Name.MITIGATED: Milestone.MITIGATED,
    Name.RESOLVED: Milestone.RESOLVED,
}


def values_of(incident: Incident, document: Mapping[str, Any]) -> dict[str, LiveValue]:
    """What each name says for the incident that a document tells of, and each moment of its timeline."""
    zone = parse_zone(incident.home_zone)
    said: dict[str, str] = {
        **{name: _duration(incident, duration) for name, duration in _DURATIONS.items()},
        **{name: _milestone(incident, milestone, zone) for name, milestone in _TIMES.items()},
        Name.IMPACT: "; ".join(_impact(impact) for impact in document["impacts"]),
        Name.DETECTED_BY: _detected_by(incident),
        Name.DATE: "",
        Name.ZONE: "",
    }
    if incident.impact_started_at:
        said[Name.DATE] = date_format(incident.impact_started_at.astimezone(zone), "j F Y")
        said[Name.ZONE] = zone_label(zone, incident.impact_started_at)
    values = [LiveValue(name.value, str(name.label), said[name][:LONGEST_VALUE]) for name in Name]
    values += [LiveValue(f"t{event['id']}", "", _event(event, incident, zone)) for event in document["timeline"]]
    return {value.name: value for value in values}


def filled_in(text: str, values: Values) -> str:
    """The text with what its names say. Code is left alone, and so is a name that is none; the same twice is the same.

    What is not known yet says so: a sentence never ends in nothing.
    """
    return _replaced(text, lambda name: _said(values.get(name)))


def unknown(text: str, values: Values) -> list[str]:
    """What of the text cannot be filled in, as sentences."""
    found: dict[str, str] = {}

    def look(name: str) -> str | None:
        if name not in values:
            found[name] = _("{{%(name)s}} is no name of a value.") % {"name": name}
        elif not values[name].text:
            found[name] = _("{{%(name)s}} is not known: %(label)s.") % {"name": name, "label": values[name].label}
        return None

    _replaced(text, look)
    return list(found.values())


def _said(value: LiveValue | None) -> str | None:
    return (value.text or _("(not known)")) if value else None


def _replaced(text: str, say: Callable[[str], str | None]) -> str:
    left = MAX_FILLED

    def fill(match: re.Match[str]) -> str:
        nonlocal left
        said = say(match["name"]) if match["name"] and left else None
        left -= said is not None
        return match[0] if said is None else said

    return "".join(line if is_code else _NAMED.sub(fill, line) for line, is_code in _lines(text))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a text with their ends, and whether each belongs to code between fences."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        yield line, bool(fence or mark)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip(" >\n\r") == mark[1] and mark[1].startswith(fence):
            fence = ""


def _duration(incident: Incident, name: DurationName) -> str:
    duration = durations.duration(incident, name)
    return duration.text if duration.state == durations.RECORDED else ""


def _milestone(incident: Incident, milestone: Milestone, zone: dt.tzinfo) -> str:
    at = incident.milestone(milestone)
    return _time(at, incident.milestone_precision(milestone), incident, zone) if at else ""


def _time(at: dt.datetime, precision: str, incident: Incident, zone: dt.tzinfo) -> str:
    """``01:30``; with its date where that is another than the one on which the impact began."""
    local, start = at.astimezone(zone), incident.impact_started_at
    same_day = start is not None and start.astimezone(zone).date() == local.date()
    time = date_format(local, "H:i" if same_day else "j M Y, H:i")
    if precision == Precision.ABOUT:
        return _("about %(time)s") % {"time": time}
    return _("not later than %(time)s") % {"time": time} if precision == Precision.NOT_LATER else time


def _event(event: Mapping[str, Any], incident: Incident, zone: dt.tzinfo) -> str:
    """The time of an entry, as a link to it on the page."""
    if event["at"]:
        time = _time(dt.datetime.fromisoformat(event["at"]), event["precision"], incident, zone)
    else:
        time = literal(event["time_text"])
    return f"[{time}](#t{event['id']})"


def _impact(impact: Mapping[str, Any]) -> str:
    who = str(ImpactAudience(impact["audience"]).label).lower()
    return literal(f"{impact['scope']} {who}: {impact['what']}".strip())


def _detected_by(incident: Incident) -> str:
    return "" if incident.detected_by == DetectedBy.UNKNOWN else str(DetectedBy(incident.detected_by).label).lower()
