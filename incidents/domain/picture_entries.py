"""A picture and the entry that shows it, in one go: what a plain form asks for."""

import datetime as dt
import uuid

from django.core.files import File

from ..enums import TimelineKind
from ..models import Incident, TimelineEvent
from ..permissions import Actor
from . import attachments, timeline
from .timeline import EventContent


def add(
    *, actor: Actor, incident: Incident, upload: File, description: str, now: dt.datetime, client_id: uuid.UUID | None
) -> TimelineEvent:
    """Store a picture, and write it into the timeline with its description: what a plain form asks for."""
    attachment = attachments.add(actor=actor, incident=incident, upload=upload, now=now)
    entry = EventContent(text=attachments.markdown_of(attachment, description), kind=TimelineKind.NOTE, occurred_at=now)
    return timeline.add_entries(actor=actor, incident=incident, entries=[entry], now=now, client_id=client_id)[0]
