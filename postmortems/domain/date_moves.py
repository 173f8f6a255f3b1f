"""How often the date of an action item has moved, and why: read from the audit, without who did it."""

import datetime as dt
from dataclasses import dataclass

from incidents.models import AuditEntry

from ..models import ActionItem


@dataclass(frozen=True, slots=True)
class DateMove:
    """One move: when (UTC), from which date to which (none where it was taken off), and the reason given."""

    at: dt.datetime
    before: dt.date
    after: dt.date | None
    reason: str


def moves_of(item: ActionItem) -> list[DateMove]:
    """Each move of the date of this action item, latest first. One query, and none where it has never moved."""
    if not item.times_moved:
        return []
    edits = AuditEntry.objects.for_log(action="action.edited", object_type="actionitem", object_id=str(item.pk))
    changed = [(entry, entry.changes["due_on"]) for entry in edits if "due_on" in entry.changes]
    return [
        DateMove(entry.at, dt.date.fromisoformat(before), dt.date.fromisoformat(after) if after else None, entry.note)
        for entry, (before, after) in changed
        if before
    ]
