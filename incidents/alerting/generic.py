"""Alerts of any other system: one JSON object with a title and a state, under the names that systems use for them."""

from typing import Any

from ..enums import AlertState
from . import alertmanager
from .alert import LONGEST_NAME, IncomingAlert, NotUnderstood, clean, digest, moment, texts

TITLES = (
    "title",
    "alertname",
    "alert_name",
    "name",
    "summary",
    "subject",
    "policy_name",
    "message",
    "msg",
    "description",
)
STATES = ("status", "state", "alert_status", "alert_transition", "event_type", "action", "NewStateValue")
KEYS = ("fingerprint", "dedup_key", "alert_id", "aggreg_key", "incident_id", "key", "id")
STARTS = ("started_at", "starts_at", "startsAt", "triggered_at", "date", "time", "timestamp", "created_at")
ENDS = ("ended_at", "ends_at", "endsAt", "resolved_at")
LINKS = ("url", "link", "web_url", "html_url", "event_url", "dashboardURL")
TEXTS = ("summary", "description", "message", "msg", "text", "body", "detail")
LABELS = ("labels", "tags")
# The part of a message that says more about the alert than its outside.
INSIDE = ("alert", "incident", "monitor", "heartbeat", "event", "issue", "data")
OVER = {"resolved", "ok", "normal", "closed", "up", "recovered", "recovery", "success", "green", "healthy", "1"}


def read(data: dict[str, Any]) -> list[IncomingAlert]:
    """The alerts of one message. Raises `NotUnderstood`."""
    if isinstance(data.get("alerts"), list):
        return alertmanager.read(data)
    parts = _parts(data)
    title = _first(parts, TITLES)
    if not title:
        raise NotUnderstood('There is no title in it: send {"title": …, "status": "firing"}.')
    labels = _labels(parts)
    state = _state(parts)
    name = " ".join(title.split())[:LONGEST_NAME]
    key = _first(parts, KEYS)
    text = _first(parts, TEXTS)
    return [
        IncomingAlert(
            name=name,
            state=state,
            fingerprint=digest("key", key) if key else digest("labels", name, labels),
            labels={"alertname": name, **labels},
            annotations={"summary": text} if text and text != title else {},
            url=_first(parts, LINKS)[:500],
            started_at=_moment(parts, STARTS),
            ended_at=_moment(parts, ENDS) if state == AlertState.RESOLVED else None,
        )
    ]


def _parts(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The message and the objects in it that are about the alert, the outermost first; two levels are enough."""
    inner = [data[name] for name in INSIDE if isinstance(data.get(name), dict)]
    innermost = [part[name] for part in inner for name in INSIDE if isinstance(part.get(name), dict)]
    return [data, *inner, *innermost]


def _first(parts: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    """What stands under the first of these names that has a plain value."""
    found = (part.get(name) for name in names for part in parts)
    return next((clean(value) for value in found if isinstance(value, str | int) and clean(value)), "")


def _moment(parts: list[dict[str, Any]], names: tuple[str, ...]) -> Any:
    found = (moment(part.get(name)) for name in names for part in parts if name in part)
    return next((at for at in found if at), None)


def _state(parts: list[dict[str, Any]]) -> AlertState:
    words = {clean(part[name]).lower() for name in STATES for part in parts if isinstance(part.get(name), str | int)}
    over = words & OVER or any(word.rsplit(".", 1)[-1] in OVER for word in words)
    return AlertState.RESOLVED if over else AlertState.FIRING


def _labels(parts: list[dict[str, Any]]) -> dict[str, str]:
    """Labels given as an object, as ``name:value`` texts in a list, or as fields that rules often ask for."""
    labels: dict[str, str] = {}
    for part in parts:
        for name in LABELS:
            given = part.get(name)
            if isinstance(given, list):
                pairs = (clean(item).partition(":") for item in given if isinstance(item, str))
                given = {key.strip(): value.strip() for key, colon, value in pairs if colon}
            labels |= texts(given)
    for name in ("service", "severity", "priority", "environment", "host"):
        value = _first(parts, (name,))
        if value:
            labels.setdefault(name, value[:200])
    return labels
