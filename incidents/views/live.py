"""What the page of an incident keeps up with while it is open."""

import datetime as dt
from typing import Any

from ..models import Incident, StatusUpdate
from ..requests import SignedInRequest

# The card shows the newest; whether there are more, and which of several are still waiting to leave.
UPDATES_LOOKED_AT = 6


def mark_of(incident: Any, now: dt.datetime) -> str:
    """A word that changes with whatever a page that keeps up shows; ``incident`` comes from ``for_detail()``."""
    moments = (incident.last_entry_at, incident.last_answer_at, incident.last_verdict_at)
    numbers = (
        incident.version,
        *(int(at.timestamp() * 1_000_000) if at else 0 for at in moments),
        incident.newest_update or 0,
        incident.newest_roll_call or 0,
        incident.newest_change or 0,
        incident.roll_calls_ended or 0,
        int(bool(incident.updates_leave_at and incident.updates_leave_at > now)),
        int(is_update_late(incident, now)),
    )
    return "-".join(map(str, numbers))


def is_update_late(incident: Incident, now: dt.datetime) -> bool:
    """Whether others were promised an update for a moment that has passed."""
    return incident.next_update_due_at is not None and incident.next_update_due_at <= now


def updates_card(request: SignedInRequest, incident: Any, now: dt.datetime) -> dict[str, Any]:
    """The newest update that has left, those that are about to, and when the next one is due.

    ``incident`` comes from ``for_detail()``.
    """
    found: list[StatusUpdate] = []
    if incident.newest_update:
        found = list(incident.updates.standing().for_reader(request.user)[:UPDATES_LOOKED_AT])
    sent = [update for update in found if update.leaves_at <= now]
    return {
        "update": sent[0] if sent else None,
        "has_earlier_updates": len(sent) > 1,
        "leaving": [update for update in found if update.leaves_at > now] if request.user.is_responder else [],
        "live_mark": mark_of(incident, now),
        "now": now,
    }
