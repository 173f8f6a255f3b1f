"""Every incident as files: Markdown that people and the importer read, JSON for programs, and the pictures.

What it holds is for who may see everything: private incidents and names are in it.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from incidents.models import Attachment, Incident, User
from incidents.permissions import Actor, Perm, require

from ..models import Postmortem
from ..publication import document, markdown
from .folder import Folder, export_folder

KIND = "all"
# For whoever runs the command, and nobody else on the machine.
MODE = 0o700
_PICTURE = re.compile(r"/incidents/([A-Z]+-\d+)/pictures/")

Progress = Callable[[int, int], None]


def export_all(*, actor: Actor, path: Path, now: dt.datetime, progress: Progress | None = None) -> int:
    """Write every incident, one folder each, read one after another; how many there were.

    Raises `Forbidden`, or `NotPossible` where the folder cannot take them.
    """
    require(actor, Perm.ADMINISTER)
    incidents = Incident.objects.for_archive()
    total = incidents.count()
    count = 0
    with export_folder(path, kind=KIND, now=now, mode=MODE) as folder:
        for incident in incidents.iterator(chunk_size=200):
            _write(folder, incident)
            count += 1
            if progress is not None:
                progress(count, total)
        folder.facts["incidents"] = count
    return count


def _write(folder: Folder, incident: Incident) -> None:
    postmortem = Postmortem.objects.filter(incident=incident).for_archive().first()
    # The incident as it is now, with names; what was published stands beside it, as it was published.
    told = document.of_incident(incident, postmortem)
    name = incident.reference
    folder.write(f"{name}/incident.md", _with_pictures_here(markdown.to_markdown(told)))
    folder.write(f"{name}/incident.json", _json({"document": told, "record": _record(incident, postmortem)}))
    revision = postmortem.published_revision if postmortem and postmortem.is_published else None
    if revision is not None:
        folder.write(f"{name}/postmortem.md", _with_pictures_here(revision.markdown))
        folder.write(f"{name}/postmortem.json", _json(revision.document))
    for attachment in incident.attachments.all():
        if content := picture_content(attachment):
            folder.write(f"{name}/pictures/{attachment}", content)


def picture_content(attachment: Attachment) -> bytes | None:
    """The bytes of a picture; nothing where it was removed, or its file is lost, which must not cost the rest."""
    if attachment.is_removed:
        return None
    try:
        with attachment.file.open() as file:
            return bytes(file.read())
    except (OSError, ValueError):
        return None


def _with_pictures_here(text: str) -> str:
    return _PICTURE.sub(r"../\1/pictures/", text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _record(incident: Incident, postmortem: Postmortem | None) -> dict[str, Any]:
    """What a program wants to know of the incident besides the document."""
    return {
        "id": incident.reference,
        "status": incident.status,
        "is_private": incident.is_private,
        "is_example": incident.is_example,
        "is_synthetic": incident.is_synthetic,
        "source": incident.source,
        "summary": incident.summary,
        "team": incident.team.name if incident.team else None,
        "tags": [tag.name for tag in incident.tags.all()],
        "declared_by": _name(incident.declared_by),
        "incident_lead": _name(incident.incident_lead),
        "communications_lead": _name(incident.communications_lead),
        "scribe": _name(incident.scribe),
        "created_at": _iso(incident.created_at),
        "cancelled": {"reason": incident.cancel_reason, "note": incident.cancel_note}
        if incident.cancel_reason
        else None,
        "duplicate_of": incident.duplicate_of.reference if incident.duplicate_of else None,
        "related": [other.reference for other in incident.related.all()],
        "timeline": [_event(event) for event in incident.timeline.all()],
        "updates": [_update(update) for update in incident.updates.filter(cancelled_at=None)],
        "changes": [_verdict(verdict) for verdict in incident.change_verdicts.select_related("change__made_by")],
        "action_items": [_item(item) for item in incident.action_items.select_related("owner")],
        "pictures": [_picture(picture) for picture in incident.attachments.all()],
        "postmortem": _postmortem(postmortem) if postmortem else None,
    }


def _event(event: Any) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": _iso(event.occurred_at),
        "time_text": event.time_text,
        "kind": event.kind,
        "text": event.text,
        "author": event.author_label,
        "source": event.source,
        "internal": event.is_internal,
        "struck_at": _iso(event.struck_at),
        "created_at": _iso(event.created_at),
    }


def _update(update: Any) -> dict[str, Any]:
    return {
        "at": _iso(update.created_at),
        "status": update.status,
        "audience": update.audience,
        "text": update.text,
        "author": update.author_label,
    }


def _verdict(verdict: Any) -> dict[str, Any]:
    change = verdict.change
    return {
        "text": change.text,
        "kind": change.kind,
        "live_at": _iso(change.live_at),
        "made_by": change.author,
        "url": change.url,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
    }


def _item(item: Any) -> dict[str, Any]:
    return {
        "id": item.reference,
        "text": item.text,
        "status": item.status,
        "owner": _name(item.owner),
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "evidence": item.evidence,
        "reason": item.reason,
    }


def _picture(picture: Attachment) -> dict[str, Any]:
    return {"file": f"pictures/{picture}", "called": picture.original_name, "removed_at": _iso(picture.removed_at)}


def _postmortem(postmortem: Postmortem) -> dict[str, Any]:
    return {
        "status": postmortem.status,
        "audience": postmortem.audience,
        "not_required_reason": postmortem.not_required_reason,
        "published_at": _iso(postmortem.published_at),
        "revision": postmortem.published_revision.number if postmortem.published_revision else None,
    }


def _name(person: User | None) -> str | None:
    return person.name if person else None


def _iso(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat() if at else None
