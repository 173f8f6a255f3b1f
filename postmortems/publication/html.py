"""The HTML of a revision: made once at publication, in a variant for our own people and one for the public."""

import datetime as dt
from typing import Any

from django.template.loader import render_to_string

from incidents.clock_text import parse_zone
from incidents.domain import durations
from incidents.enums import DetectedBy, ImpactAudience, Milestone, ScopeBasis, Severity, Status
from incidents.models import Incident

from ..enums import ActionStatus, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind

# Raised when the same document would give other HTML; stored HTML is then made anew.
RENDERER_VERSION = 2

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


def _with_public_pictures(html: str, reference: str) -> str:
    """Pictures of the incident at the address at which the public is served those, and only those, that stand here."""
    return html.replace(f'src="/incidents/{reference}/pictures/', f'src="/postmortems/{reference}/pictures/')


def context(document: dict[str, Any], *, public: bool) -> dict[str, Any]:
    """The document made ready for a template: moments for text, words for codes."""
    recorded = recorded_incident(document)
    sections = [{**section, "anchor": f"s{n}"} for n, section in enumerate(document["sections"], start=1)]
    events = [_event(event) for event in document["timeline"] if not (public and event["internal"])]
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
        "causes": [_cause(cause, planned) for cause in document["causes"]],
        "planned": planned,
        "defences": [_defence(check) for check in document["defences"]],
        "reading_minutes": reading_minutes(document, events),
    }


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
