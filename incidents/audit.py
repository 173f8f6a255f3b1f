"""Recording who did what. Domain functions call `record()` in the transaction that makes the change."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models

from . import registry
from .models import AuditEntry, Incident
from .permissions import Actor, incident_of

# What is longer is text that somebody wrote; the audit names it and does not copy it.
MAX_VALUE_LENGTH = 200
LONG_TEXT = "…"


def record(
    *,
    actor: Actor,
    action: str,
    target: models.Model,
    at: dt.datetime,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    note: str = "",
    incident: Incident | None = None,
) -> AuditEntry:
    """Write one entry: the actor did ``action`` to ``target`` at ``at`` (UTC).

    ``changes`` maps field names to (from, to); values are made short and readable here. Because no change goes without
    an entry, this is also where the registry is told: what was recorded is written by now.
    """
    registry.written(target, changes or ())
    return AuditEntry.objects.create(
        at=at,
        actor=actor.user,
        actor_label=actor.label[:150],
        action=action,
        object_type=target._meta.label_lower.partition(".")[2],
        object_id=str(target.pk),
        object_label=_label(target)[:200],
        incident=incident or incident_of(target),
        changes={name: [_short(old), _short(new)] for name, (old, new) in (changes or {}).items()},
        note=note[:500],
    )


def difference(target: models.Model, new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of ``target`` that ``new`` would change, as (from, to)."""
    return {name: (getattr(target, name), value) for name, value in new.items() if getattr(target, name) != value}


def _label(target: models.Model) -> str:
    if isinstance(target, Incident):
        return target.reference
    if incident_of(target) is not None:
        # Text on an incident may hold a secret; its number does not.
        return f"{target._meta.verbose_name} {target.pk}"
    return str(target)


def _short(value: Any) -> str | int | bool | None:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    if isinstance(value, list | tuple | set):
        value = ", ".join(str(item) for item in value)
    text = str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else LONG_TEXT
