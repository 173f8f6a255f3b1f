"""What a webhook is sent: one small class for each shape that receivers understand."""

import datetime as dt
import hashlib
import hmac
import json
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from ..enums import ActionItemEvent, IncidentEvent, Severity, WebhookFormat
from ..models import Incident, Webhook
from ..registry import ActionItemNews

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
# What Slack takes in one block; a long update is cut, the link leads to all of it.
LONGEST_BLOCK = 2800
DEEPEST = 10
LONGEST_TITLE = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened to an incident, as it was then; without an incident, a message that only shows that it arrives.

    With an ``item`` it happened to that action item, which is told as it is now, so that the last message is right.
    """

    delivery: str
    event: str
    at: dt.datetime
    incident: Incident | None = None
    severity: str = ""
    status: str = ""
    services: tuple[str, ...] = ()
    update: str = ""
    next_due_at: dt.datetime | None = None
    item: ActionItemNews | None = None

    @property
    def url(self) -> str:
        """Where it can be read."""
        if self.item:
            return settings.BASE_URL + self.item.path
        return settings.BASE_URL + (self.incident.get_absolute_url() if self.incident else "")

    @property
    def what(self) -> str:
        """What happened, in a few words."""
        if self.item:
            return str(ActionItemEvent(self.event).label)
        return str(IncidentEvent(self.event).label) if self.incident else _("This is a test. Nothing is wrong.")

    @property
    def headline(self) -> str:
        """One line: ``INC-12 SEV2 Opened: Blank front page``, ``A-7 Done: Add a probe (INC-12 Blank front page)``."""
        if self.incident is None:
            return f"{settings.ORG_NAME or 'Nevertwice'}: {self.what}"
        if self.item:
            of = f"{self.incident.reference} {self.incident.title}"
            return f"{self.item.reference} {self.item.state_label}: {self.item.text} ({of})"
        severity = "" if self.severity == Severity.UNKNOWN else f" {Severity(self.severity).label}"
        return f"{self.incident.reference}{severity} {self.what}: {self.incident.title}"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: the body, and the headers that say what it is."""

    body: bytes
    headers: dict[str, str]


class Shape(Protocol):
    """How one kind of receiver wants to be told."""

    # What it can be told of.
    hears: ClassVar[frozenset[str]]

    def request(self, news: News, webhook: Webhook, headers: dict[str, str]) -> Request:
        """Say ``news`` in its way, the same at each try; ``headers`` are those that the webhook adds, to look at."""


EVERYTHING = frozenset((*IncidentEvent.values, *ActionItemEvent.values))


class Generic:
    """All there is, in JSON, for programs; signed, so that they need not believe others (see `signature`)."""

    hears: ClassVar[frozenset[str]] = EVERYTHING

    def request(self, news: News, webhook: Webhook, headers: dict[str, str]) -> Request:
        said = {
            "delivery": news.delivery,
            "event": news.event,
            "at": iso(news.at),
            "text": news.headline,
            "url": news.url,
            "incident": self._incident(news, news.incident) if news.incident else None,
            "update": {"text": news.update, "next_due_at": iso(news.next_due_at)} if news.update else None,
        }
        if news.item:
            said["action_item"] = self._item(news.item)
        return as_json(said)

    def _item(self, item: ActionItemNews) -> dict[str, Any]:
        return {
            "id": item.reference,
            "version": item.version,
            "text": item.text,
            "state": item.state,
            "type": item.type,
            "due_on": item.due_on.isoformat() if item.due_on else None,
            "has_owner": item.has_owner,
        }

    def _incident(self, news: News, incident: Incident) -> dict[str, Any]:
        return {
            "id": incident.reference,
            "title": incident.title,
            "severity": news.severity,
            "status": news.status,
            "services": list(news.services),
            "impact_started_at": iso(incident.impact_started_at),
            "declared_at": iso(incident.declared_at),
            "resolved_at": iso(incident.resolved_at),
        }


class Slack:
    """A message for a chat. What understands Slack's shape reads ``text``, and ``blocks`` if it can."""

    hears: ClassVar[frozenset[str]] = EVERYTHING

    def request(self, news: News, webhook: Webhook, headers: dict[str, str]) -> Request:
        linked = f"<{news.url}|{slack_text(news.headline)}>"
        facts = [*news.services] if news.incident else []
        lines = [f"*{linked}*", *([slack_text(" · ".join(facts))] if facts else [])]
        blocks = [_slack_block("\n".join(lines))]
        if news.update:
            blocks.append(_slack_block(slack_text(news.update)[:LONGEST_BLOCK]))
        text = "\n".join([linked, *([slack_text(news.update)] if news.update else [])])
        return as_json({"text": text, "blocks": blocks})


def _slack_block(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def shortened(text: str) -> str:
    """A text that fits into the title of an issue behind its number: Jira takes 255 characters, GitHub 256."""
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"


def slack_text(text: str) -> str:
    """Text that is only text to Slack: no link, and nobody mentioned."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class PagerDuty:
    """An event of PagerDuty: opened calls, acknowledged and over end the call. The key is the webhook's secret."""

    actions: ClassVar[dict[str, str]] = {
        IncidentEvent.OPENED: "trigger",
        IncidentEvent.REOPENED: "trigger",
        IncidentEvent.ACKNOWLEDGED: "acknowledge",
        IncidentEvent.RESOLVED: "resolve",
        IncidentEvent.CANCELLED: "resolve",
    }
    severities: ClassVar[dict[str, str]] = {
        Severity.SEV1: "critical",
        Severity.SEV2: "error",
        Severity.UNKNOWN: "error",
        Severity.SEV3: "warning",
    }
    hears: ClassVar[frozenset[str]] = frozenset(actions)

    def request(self, news: News, webhook: Webhook, headers: dict[str, str]) -> Request:
        source = urlsplit(settings.BASE_URL).hostname
        name = news.incident.reference if news.incident else news.delivery
        said: dict[str, Any] = {
            "routing_key": webhook.secret,
            "event_action": self.actions.get(news.event, "trigger"),
            "dedup_key": f"nevertwice:{source}:{name}",
        }
        if said["event_action"] == "trigger":
            said |= {
                "client": "Nevertwice",
                "client_url": news.url,
                "links": [{"href": news.url, "text": name}],
                "payload": {
                    "summary": news.headline[:1024],
                    "source": source,
                    "severity": self.severities.get(news.severity, "info"),
                    "timestamp": iso(news.at),
                    "component": ", ".join(news.services),
                },
            }
        return as_json(said)


class Custom:
    """A body that admins write: JSON whose texts hold names such as ``$headline``.

    Where the headers say that it is a form, a flat object is sent as one.
    """

    hears: ClassVar[frozenset[str]] = EVERYTHING
    names = (
        *("headline", "event", "what", "reference", "title", "severity", "status", "services", "update", "url", "at"),
        *("item", "item_text", "item_state", "item_type", "item_due", "item_version"),
    )

    def request(self, news: News, webhook: Webhook, headers: dict[str, str]) -> Request:
        filled = self._fill(json.loads(webhook.body), self._values(news))
        if is_form(headers):
            return Request(urlencode(filled).encode(), {"Content-Type": FORM_TYPE})
        return as_json(filled)

    def problem(self, body: str, headers: dict[str, str]) -> str:
        """What is wrong with a body that somebody wrote, as a sentence; blank where it will do."""
        try:
            read = json.loads(body)
        except (ValueError, RecursionError) as error:
            return _("This is no JSON: %(error)s.") % {"error": error}
        if is_form(headers) and not (isinstance(read, dict) and all(isinstance(one, str) for one in read.values())):
            return _("A form is one JSON object in which each value is a text.")
        try:
            texts = [string.Template(text) for text in _texts(read)]
        except ValueError as error:
            return str(error)
        if not all(text.is_valid() for text in texts):
            return _("A dollar sign that begins no name is written twice: $$.")
        unknown = sorted({name for text in texts for name in text.get_identifiers()} - set(self.names))
        if unknown:
            return _("There is no $%(name)s. There are: %(names)s.") % {
                "name": unknown[0],
                "names": ", ".join(f"${name}" for name in self.names),
            }
        return ""

    def _values(self, news: News) -> dict[str, str]:
        incident, item = news.incident, news.item
        return {
            "headline": news.headline,
            "event": news.event,
            "what": news.what,
            "reference": incident.reference if incident else "",
            "title": incident.title if incident else "",
            "severity": news.severity,
            "status": news.status,
            "services": ", ".join(news.services),
            "update": news.update,
            "url": news.url,
            "at": iso(news.at) or "",
            "item": item.reference if item else "",
            "item_text": shortened(item.text) if item else "",
            "item_state": item.state if item else "",
            "item_type": item.type if item else "",
            "item_due": item.due_on.isoformat() if item and item.due_on else "",
            "item_version": str(item.version) if item else "",
        }

    def _fill(self, value: Any, values: dict[str, str]) -> Any:
        if isinstance(value, str):
            return string.Template(value).safe_substitute(values)
        if isinstance(value, list):
            return [self._fill(one, values) for one in value]
        if isinstance(value, dict):
            return {name: self._fill(one, values) for name, one in value.items()}
        return value


def _texts(value: Any, depth: int = 0) -> Iterable[str]:
    if depth > DEEPEST:
        raise ValueError(_("This is nested too deep."))
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner, depth + 1)


SHAPES: dict[str, Shape] = {
    WebhookFormat.GENERIC: Generic(),
    WebhookFormat.SLACK: Slack(),
    WebhookFormat.PAGERDUTY: PagerDuty(),
    WebhookFormat.CUSTOM: Custom(),
}


def is_form(headers: dict[str, str]) -> bool:
    """Whether these headers say that the body is a form."""
    return any(name.lower() == "content-type" and value.startswith(FORM_TYPE) for name, value in headers.items())


def as_json(said: Any) -> Request:
    """This as a body of JSON."""
    return Request(json.dumps(said, ensure_ascii=False).encode(), {"Content-Type": JSON_TYPE})


def iso(at: dt.datetime | None) -> str | None:
    """A moment in ISO 8601, in UTC to the second."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else None


def signature(secret: str, body: bytes, at: dt.datetime) -> str:
    """What the header Nevertwice-Signature says: ``t=<unix>,v1=<hex HMAC-SHA256 of "t.body">``."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
