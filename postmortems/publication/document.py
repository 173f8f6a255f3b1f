"""The document of a revision: what page, feed, print and export are all made of.

It is plain JSON, complete and immutable. What may change later (titles and states of other objects) is not in it.
"""

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from incidents.domain import durations, verdicts
from incidents.enums import Milestone, Source
from incidents.models import Incident, TimelineEvent
from incidents.permissions import Actor

from ..enums import ActionStatus
from ..models import ActionItem, DefenceCheck, Postmortem, Revision, RootCause, Section
from . import html, live_values, markdown
from .live_values import LiveValue
from .names import Roles, everybody_else, people_of

SCHEMA = 1
# What people wrote, wherever it stands in the document: the texts in which a name may be.
WRITTEN = frozenset(
    {
        "title",
        "lede",
        "heading",
        "text",
        "details",
        "what",
        "scope",
        "explanation",
        "whys",
        "evidence",
        "no_action_reason",
        "note",
        "time_text",
    }
    | {"near_miss_saved_by", "near_miss_earlier_stop"}
)


def make_revision(*, postmortem: Postmortem, number: int, now: dt.datetime, note: str, actor: Actor) -> Revision:
    """Store what is written now as the next revision, with the HTML of both variants."""
    document, note = build(postmortem), " ".join(note.split())[:500]
    if not postmortem.shows_names:
        note = _roles(postmortem).in_place_of_names(note)[:500]
    document["revisions"] = _revisions(postmortem, number, now, note)
    return Revision.objects.create(
        postmortem=postmortem,
        number=number,
        document=document,
        markdown=markdown.to_markdown(document),
        html_internal=html.render(document, public=False),
        html_public=html.render(document, public=True),
        renderer_version=html.RENDERER_VERSION,
        note=note,
        published_by=actor.user,
        published_at=now,
    )


def render_anew() -> int:
    """Make the HTML of all revisions that an older program rendered from their documents again; how many there were."""
    older = Revision.objects.exclude(renderer_version=html.RENDERER_VERSION)
    count = 0
    for revision in older.only("document").iterator(chunk_size=50):
        Revision.objects.filter(pk=revision.pk).update(
            html_internal=html.render(revision.document, public=False),
            html_public=html.render(revision.document, public=True),
            renderer_version=html.RENDERER_VERSION,
        )
        count += 1
    return count


def build(postmortem: Postmortem, typed: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Everything that the published page says, times in ISO 8601 UTC.

    ``typed`` holds texts that are not saved yet, by the primary key of their section.
    """
    document = _with_live_values(_as_written(postmortem, typed or {}), postmortem.incident)
    if postmortem.shows_names:
        return document
    return _anonymous(document, _roles(postmortem))


def _roles(postmortem: Postmortem) -> Roles:
    people = people_of(postmortem.incident)
    return Roles(people, everybody_else(people))


def _revisions(postmortem: Postmortem, number: int, now: dt.datetime, note: str) -> list[dict[str, Any]]:
    """This revision and all before it, the latest first: when each was published, and what had changed."""
    earlier = postmortem.revisions.order_by("-number").values_list("number", "published_at", "note")
    told = [(number, now, note), *earlier]
    return [{"number": number, "at": _iso(at), "note": note} for number, at, note in told]


def of_incident(incident: Incident, postmortem: Postmortem | None = None) -> dict[str, Any]:
    """An incident as it is now, with names and the draft of its postmortem if it has one: for an archive of our own."""
    told = _as_written(postmortem or Postmortem(incident=incident, title=incident.title), {})
    return _with_live_values(told, incident)


def _with_live_values(document: dict[str, Any], incident: Incident) -> dict[str, Any]:
    values = live_values.values_of(incident, document)
    document["lede"] = live_values.filled_in(document["lede"], values)
    for section in document["sections"]:
        section["text"] = live_values.filled_in(section["text"], values)
    return document


def preview(section: Section, text: str) -> str:
    """A section with this text as readers will see it; empty where it says nothing, because then it is left out."""
    if not text.strip():
        return ""
    others = section.postmortem.sections.all()
    before = itertools.takewhile(lambda other: other.pk != section.pk, others)
    place = sum(1 for other in before if other.text.strip())
    return html.render_section(build(section.postmortem, {section.pk: text}), place)


def previews(postmortem: Postmortem) -> dict[int, str]:
    """Each section that says something as readers will see it, by its primary key."""
    content = build(postmortem)
    written = [section for section in postmortem.sections.all() if section.text.strip()]
    return {section.pk: html.render_section(content, place) for place, section in enumerate(written)}


def named_values(postmortem: Postmortem) -> list[LiveValue]:
    """The live values that its texts may take, with what they say now. Moments of the timeline are not among them."""
    known = {"impacts": _impacts(postmortem.incident), "timeline": []}
    return list(live_values.values_of(postmortem.incident, known).values())


def unknown_values(postmortem: Postmortem, texts: Iterable[str]) -> list[str]:
    """What in these texts of the draft cannot be filled in, as sentences, each once."""
    asking = [text for text in texts if "{{" in text]
    if not asking:
        return []
    incident = postmortem.incident
    known = {"impacts": _impacts(incident), "timeline": [_event(event) for event in _told(incident)]}
    values = live_values.values_of(incident, known)
    return list(dict.fromkeys(itertools.chain.from_iterable(live_values.unknown(text, values) for text in asking)))


def _as_written(postmortem: Postmortem, typed: Mapping[int, str]) -> dict[str, Any]:
    """The document with its texts as people typed them: names of people and of live values."""
    incident = postmortem.incident
    sections = postmortem.sections.all() if postmortem.pk else ()
    texts = [(section, typed.get(section.pk, section.text)) for section in sections]
    return {
        "schema": SCHEMA,
        "reference": incident.reference,
        "title": postmortem.title,
        "lede": postmortem.lede,
        "is_imported": postmortem.is_imported,
        "happened_before": postmortem.happened_before,
        "incident": _incident(incident),
        "impacts": _impacts(incident),
        "durations": [
            {"name": d.name.value, "label": str(d.name.label), "state": d.state, "text": d.text}
            for d in durations.durations(incident)
        ],
        "sections": [
            {"kind": section.kind, "heading": section.heading, "text": text} for section, text in texts if text.strip()
        ],
        "timeline": [_event(event) for event in _told(incident)],
        "causes": [_cause(cause) for cause in RootCause.objects.filter(incident=incident, removed_at=None)],
        "action_items": [_action_item(item) for item in ActionItem.objects.filter(incident=incident)],
        "defences": [
            {"defence": check.defence, "result": check.result, "note": check.note}
            for check in DefenceCheck.objects.filter(incident=incident)
        ],
    }


def digest(document: dict[str, Any]) -> str:
    """What an approval is given for: all that the document tells, but for how far the work is, which moves on daily."""
    items = [{**item, "status": "", "done": False} for item in document["action_items"]]
    told = json.dumps({**document, "action_items": items}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "kind": incident.kind,
        "severity": incident.severity,
        "services": [service.name for service in incident.services.all()],
        "detected_by": incident.detected_by,
        "home_zone": incident.home_zone,
        "milestones": {
            milestone.value: {"at": _iso(at), "precision": incident.milestone_precision(milestone)}
            for milestone in Milestone
            if (at := incident.milestone(milestone))
        },
        "triggered_at": _iso(trigger.live_at if (trigger := verdicts.trigger_of(incident)) else None),
        "near_miss_saved_by": incident.near_miss_saved_by,
        "near_miss_earlier_stop": incident.near_miss_earlier_stop,
    }


def _impacts(incident: Incident) -> list[dict[str, Any]]:
    return [
        {
            "audience": impact.audience,
            "what": impact.what,
            "scope": impact.scope_text,
            "basis": impact.scope_basis,
            "from": _iso(impact.from_at),
            "to": _iso(impact.to_at),
        }
        for impact in incident.impacts.all()
    ]


def _told(incident: Incident) -> list[TimelineEvent]:
    """What the story tells: what people wrote and did not strike out. The milestones tell the rest.

    What the system wrote is told where somebody starred it, or where there is nothing else.
    """
    events = list(incident.timeline.filter(struck_at=None).order_by("sort_at", "position", "id"))
    return [event for event in events if event.source != Source.SYSTEM or event.is_starred] or events


def _event(event: TimelineEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": _iso(event.occurred_at),
        "ended_at": _iso(event.ended_at),
        "time_text": event.time_text,
        "precision": event.precision,
        "kind": event.kind,
        "text": event.text,
        "evidence": event.evidence,
        "starred": event.is_starred,
        "internal": event.is_internal,
    }


def _cause(cause: RootCause) -> dict[str, Any]:
    return {
        "id": cause.pk,
        "role": cause.role,
        "category": cause.category,
        "title": cause.title,
        "explanation": cause.explanation,
        "whys": cause.whys,
        "evidence": cause.evidence,
        "no_action_reason": cause.no_action_reason,
    }


def _action_item(item: ActionItem) -> dict[str, Any]:
    return {
        "number": item.number,
        "text": item.text,
        "details": item.details,
        "type": item.type,
        "cause": item.cause_id,
        "done": item.status in (ActionStatus.DONE, ActionStatus.VERIFIED),
        "status": item.status,
    }


def _iso(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat() if at else None


def _anonymous(value: Any, roles: Roles, key: str = "") -> Any:
    """The same document with roles in place of names in every text that people wrote; codes and times stay."""
    if isinstance(value, str):
        return roles.in_place_of_names(value) if key in WRITTEN else value
    if isinstance(value, list):
        return [_anonymous(item, roles, key) for item in value]
    if isinstance(value, dict):
        return {name: _anonymous(item, roles, name) for name, item in value.items()}
    return value
