"""What the importer says of a document in JSON: the format that other programs rely on."""

import datetime as dt
from typing import Any

from .markdown_reader import Document, EventRecord


def as_json(document: Document, *, file: str, incident: str | None = None) -> dict[str, Any]:
    """One document as a plain object. Times are ISO 8601 with offset, or null where the text does not tell them."""
    return {
        "file": file,
        "is_postmortem": document.is_postmortem,
        "title": document.title,
        "started_at": _iso(document.started_at),
        "resolved_at": _iso(document.resolved_at),
        "naive": document.naive,
        "severity": document.severity.value,
        "timezone": document.timezone,
        "timeline": [_event(event) for event in document.timeline],
        "lead_up": [_event(event) for event in document.lead_up],
        "root_causes": [{"title": cause.title} for cause in document.root_causes],
        "action_items": [{"title": item.title, "type": item.type.value} for item in document.action_items],
        "sections": [
            {"kind": kind.value, "heading": section.heading}
            for section in document.sections
            for kind in (section.kind, *section.also)
        ],
        "warnings": document.warnings,
        "incident": incident,
    }


def _event(event: EventRecord) -> dict[str, Any]:
    return {"at": _iso(event.at), "time": event.time, "text": event.text}


def _iso(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None
