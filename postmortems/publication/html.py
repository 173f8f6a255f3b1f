"""The HTML of a revision: made once at publication, in a variant for our own people and one for the public."""

import datetime as dt
import re
from typing import Any

from django.template.loader import render_to_string

from incidents import markup
from incidents.clock_text import parse_zone
from incidents.domain import durations
from incidents.enums import DetectedBy, ImpactAudience, Milestone, ScopeBasis, Severity, Status
from incidents.models import Incident

from ..enums import ActionStatus, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind

# Raised when the same document would give other HTML; stored HTML is then made anew.
RENDERER_VERSION = 3

# What stands before the timeline and the causes; the other sections follow them.
_FIRST = (SectionKind.SUMMARY, SectionKind.IMPACT, SectionKind.DETECTION)
WORDS_A_MINUTE = 220
LONGEST_QUIET_MINUTES = 30


def render(document: dict[str, Any], *, public: bool) -> str:
    """Head, facts, phase bar and article of a published page. What is live (action items, repeats) is added later.

    For the public, what is internal only is left out, and nothing is live: what is to be done stands in it.
    """
    html = render_to_string("postmortems/_document.html", context(document, public=public))
    return _with_public_pictures(html, document["reference"]) if public else html


def render_section(document: dict[str, Any], place: int) -> str:
    """The section at this place of the document, just as our own people will read it on the page."""
    sections, impacts = _anchored(document["sections"]), document["impacts"]
    story = {
        "section": _with_html(sections[place], "text", _Links(document, public=False)),
        "impacts": [_impact(impact) for impact in impacts],
        "impacts_under": _place_of_impacts(sections) if len(impacts) > 1 else "",
        "zone": parse_zone(document["incident"]["home_zone"]),
    }
    return render_to_string("postmortems/_document_section.html", story)


def _with_public_pictures(html: str, reference: str) -> str:
    """Pictures of the incident at the address at which the public is served those, and only those, that stand here."""
    return html.replace(f'src="/incidents/{reference}/pictures/', f'src="/postmortems/{reference}/pictures/')


def context(document: dict[str, Any], *, public: bool) -> dict[str, Any]:
    """The document made ready for a template: moments for text, words for codes."""
    recorded = recorded_incident(document)
    links = _Links(document, public=public)
    sections = [_with_html(section, "text", links) for section in _anchored(document["sections"])]
    events = [_with_html(_event(event), "text", links, breaks=True) for event in links.told]
    planned = still_planned(document["action_items"])
    impacts = [_impact(impact) for impact in document["impacts"]]
    return {
        "document": document,
        "public": public,
        "zone": parse_zone(recorded.home_zone),
        "incident": recorded,
        "severity": Severity(recorded.severity),
        "detected_by": DetectedBy(recorded.detected_by).label,
        "impacts": impacts,
        "impacts_under": _place_of_impacts(sections) if len(impacts) > 1 else "",
        "to_resolve": durations.duration(recorded, durations.DurationName.TO_RESOLVE),
        "phases": durations.phases(recorded, moment_of(document["incident"].get("triggered_at"))),
        "first_sections": [section for section in sections if section["kind"] in _FIRST],
        "other_sections": [section for section in sections if section["kind"] not in _FIRST],
        "events": _with_gaps(events),
        "causes": [
            _with_html(_cause(cause, planned), "explanation", links, breaks=True) for cause in document["causes"]
        ],
        "planned": planned,
        "defences": [_defence(check) for check in document["defences"]],
        "reading_minutes": reading_minutes(document, events),
    }


class _Links:
    """Which links of a text lead somewhere for the readers of a variant."""

    def __init__(self, document: dict[str, Any], *, public: bool) -> None:
        self.told = [event for event in document["timeline"] if not (public and event["internal"])]
        self.to_our_own_pages = not public
        self._moments = {f"t{event['id']}" for event in self.told}

    def kept(self, html: str) -> str:
        """The HTML of a text without links to moments that are not on the page."""
        return _MOMENT_LINK.sub(lambda link: link[0] if link[1] in self._moments else link[2], html)


# As `markup.render()` writes the link that a live value such as ``{{t57}}`` makes.
_MOMENT_LINK = re.compile(r'<a href="#(t[0-9]+)">([^<]*)</a>')


def _anchored(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**section, "anchor": f"s{n}"} for n, section in enumerate(sections, start=1)]


def _with_html(part: dict[str, Any], text: str, links: _Links, *, breaks: bool = False) -> dict[str, Any]:
    """A part of the document with the HTML of its text, whose ids begin with the anchor of the part."""
    html = markup.render(
        part[text], id_prefix=f"{part['anchor']}-", breaks=breaks, links_references=links.to_our_own_pages
    )
    return {**part, "html": markup.stored(links.kept(html))}


def _place_of_impacts(sections: list[dict[str, Any]]) -> str:
    """The section under which the rows of impact are listed: the one about impact, else the first one."""
    anchors = [section["anchor"] for section in sections if section["kind"] == SectionKind.IMPACT]
    first = [section["anchor"] for section in sections if section["kind"] in _FIRST]
    return next(iter(anchors or first), "")


def still_planned(action_items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a document's action items that were done or to be done at the revision."""
    return [item for item in action_items if item["status"] != ActionStatus.WONT_DO]


def recorded_incident(document: dict[str, Any]) -> Incident:
    """The incident as the document tells it, not stored, for computing durations and phases."""
    told = document["incident"]
    incident = Incident(
        kind=told["kind"],
        status=Status.RESOLVED,
        severity=told["severity"],
        detected_by=told["detected_by"],
        home_zone=told["home_zone"],
    )
    for milestone in Milestone:
        known = told["milestones"].get(milestone.value)
        if known:
            setattr(incident, f"{milestone}_at", moment_of(known["at"]))
            setattr(incident, f"{milestone}_precision", known["precision"])
    return incident


def reading_minutes(document: dict[str, Any], events: list[dict[str, Any]]) -> int:
    """How long the page with these entries takes to read, at 220 words a minute, at least one minute."""
    texts = [section["text"] for section in document["sections"]]
    texts += [event["text"] for event in events]
    texts += [f"{cause['title']} {cause['explanation']} {' '.join(cause['whys'])}" for cause in document["causes"]]
    return max(1, round(sum(len(text.split()) for text in texts) / WORDS_A_MINUTE))


def moment_of(text: str | None) -> dt.datetime | None:
    """A moment of the document, in UTC."""
    return dt.datetime.fromisoformat(text) if text else None


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {
        **event,
        "at": moment_of(event["at"]),
        "ended_at": moment_of(event["ended_at"]),
        "anchor": f"t{event['id']}",
    }


def _with_gaps(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event with the minutes without an entry before it, where those are many."""
    before: dt.datetime | None = None
    told = []
    for event in events:
        quiet = event["at"] - before if event["at"] and before else dt.timedelta(0)
        told.append({**event, "quiet": quiet if quiet >= dt.timedelta(minutes=LONGEST_QUIET_MINUTES) else None})
        before = event["at"] or before
    return told


def _impact(impact: dict[str, Any]) -> dict[str, Any]:
    return {
        **impact,
        "audience": ImpactAudience(impact["audience"]).label,
        "basis": ScopeBasis(impact["basis"]).label,
        "from": moment_of(impact["from"]),
        "to": moment_of(impact["to"]),
    }


def _cause(cause: dict[str, Any], planned: list[dict[str, Any]]) -> dict[str, Any]:
    answers = [item["text"] for item in planned if item["cause"] == cause["id"]]
    category = "" if cause["category"] == CauseCategory.UNKNOWN else CauseCategory(cause["category"]).label
    return {
        **cause,
        "role": CauseRole(cause["role"]).label,
        "category": category,
        "answers": answers,
        "anchor": f"c{cause['id']}",
    }


def _defence(check: dict[str, Any]) -> dict[str, Any]:
    result = DefenceResult(check["result"])
    return {**check, "defence": Defence(check["defence"]).label, "result": result, "result_label": result.label}
