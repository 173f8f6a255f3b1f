"""An alert as any monitoring system tells it, once it is understood."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..enums import AlertState

LONGEST_NAME = 200
LONGEST_VALUE = 1000
MOST_LABELS = 64


class NotUnderstood(ValueError):
    """The text is no alert of this kind; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAlert:
    """What one alert says. ``started_at`` is UTC, and null where it was not told; ``ended_at`` only once it is over."""

    name: str
    state: AlertState
    fingerprint: str
    group: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    url: str = ""
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None

    @property
    def text(self) -> str:
        """The sentence that says most about it; blank where there is none."""
        said = (self.annotations.get(name, "") for name in ("summary", "title", "description", "message"))
        return next((text for text in said if text and text != self.name), "")


def digest(*parts: object) -> str:
    """A short name for what these parts say together."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def texts(values: object) -> dict[str, str]:
    """Labels or annotations: short texts under short names, whatever was sent."""
    if not isinstance(values, Mapping):
        return {}
    pairs = list(values.items())[:MOST_LABELS]
    return {clean(name)[:LONGEST_NAME]: clean(value)[:LONGEST_VALUE] for name, value in pairs if value is not None}


def clean(value: object) -> str:
    """A value as text that every database stores and every page shows."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value).encode("utf-8", "replace").decode()
    return "".join(char for char in text if char.isprintable() or char in "\n\t").strip()


def moment(value: object) -> dt.datetime | None:
    """A moment in UTC from ISO 8601, or from seconds or milliseconds since 1970; nothing where it is none."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdecimal()):
            seconds = float(value)
            at = dt.datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, dt.UTC)
        else:
            at = dt.datetime.fromisoformat(str(value).strip())
            at = at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # Systems write the year 1 for “not yet”.
    return at if at.year >= 1990 else None
