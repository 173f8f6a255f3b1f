"""The recipes of docs/channels.md, word for word, against servers that understand what the real ones do."""

import base64
import ipaddress
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from incidents.domain import lifecycle, webhooks
from incidents.domain.webhooks import WebhookContent
from incidents.enums import IncidentEvent, MessageState, Role, Severity, WebhookFormat
from incidents.models import Incident, OutboxMessage
from incidents.notifications import rules
from incidents.notifications.delivery import Courier
from incidents.notifications.shapes import Custom
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_user
from tests.receiver import Got, Receiver, receiving

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "channels.md").read_text()
ROUTING_KEY = "R" * 32


def section(heading: str, level: str = "###") -> str:
    return DOCS.split(f"\n{level} {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]


def block(heading: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", section(heading), re.DOTALL)
    assert found, f"no {language} under {heading}"
    return found[1].strip()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.INTERNAL_RECEIVERS = [ipaddress.ip_network("127.0.0.1")]
    settings.BASE_URL = "https://incidents.example.org"
    with receiving() as made:
        yield made


@pytest.fixture
def admin() -> Actor:
    return Actor.person(make_user("Ada", Role.ADMIN))


@pytest.fixture
def incident() -> Incident:
    title = "Blank “front” page & more"
    return make_incident(
        title=title, services=[make_service("Storefront")], acknowledged_at=None, severity=Severity.SEV1
    )


def add(admin: Actor, shape: str, receiver: Receiver, path: str = "/", **content: Any) -> None:
    made = WebhookContent(name="Recipe", url=f"http://127.0.0.1:{receiver.port}{path}", **content)
    webhooks.create(actor=admin, format=shape, content=made, now=timezone.now())


def happen(incident: Incident, admin: Actor, *verbs: str) -> None:
    """Let it open, let the verbs follow, and let a worker do its part after each."""
    for verb in verbs:
        if verb == "opened":
            rules.incident_opened(incident=incident, actor=admin, now=timezone.now())
        else:
            lifecycle.advance(actor=admin, incident=incident, verb=lifecycle.Verb(verb), now=timezone.now())
        courier = Courier()
        while courier.deliver_next():
            pass


def states() -> set[str]:
    return set(OutboxMessage.objects.filter(channel="webhook").values_list("state", flat=True))


@pytest.mark.django_db
def test_ntfy(admin, receiver, incident):
    def ntfy(got: Got, handler: BaseHTTPRequestHandler) -> int:
        """As its server reads what is published as JSON at the root."""
        said = got.json
        if got.headers.get("Authorization") != "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2":
            return 401
        known = {
            "topic",
            "message",
            "title",
            "tags",
            "priority",
            "click",
            "actions",
            "attach",
            "markdown",
            "icon",
            "delay",
        }
        typed = (
            isinstance(said["topic"], str)
            and re.fullmatch(r"[-_A-Za-z0-9]{1,64}", said["topic"])
            and isinstance(said["priority"], int)
            and 1 <= said["priority"] <= 5
            and isinstance(said["tags"], list)
        )
        return 200 if got.path == "/" and set(said) <= known and typed else 400

    receiver.answer = ntfy
    add(admin, WebhookFormat.CUSTOM, receiver, headers=block("ntfy", "http"), body=block("ntfy", "json"))
    happen(incident, admin, "opened")
    assert states() == {MessageState.DONE}
    said = receiver.got[0].json
    assert said["title"] == f"Opened: {incident.reference}"
    assert said["message"] == f"{incident.reference} SEV1 Opened: Blank “front” page & more\n"
    assert said["click"] == f"https://incidents.example.org/incidents/{incident.reference}/"


class PagerDuty:
    """What events do to alerts there, by their key."""

    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}

    def __call__(self, got: Got, handler: BaseHTTPRequestHandler) -> int:
        said = got.json
        action = said.get("event_action")
        if got.path != "/v2/enqueue" or said.get("routing_key") != ROUTING_KEY or len(said["dedup_key"]) > 255:
            return 400
        if action == "trigger":
            payload = said["payload"]
            if not payload["summary"] or len(payload["summary"]) > 1024 or not payload["source"]:
                return 400
            if payload["severity"] not in {"critical", "error", "warning", "info"}:
                return 400
            if not all(link["href"].startswith("https://") for link in said["links"]):
                return 400
        elif action not in {"acknowledge", "resolve"}:
            return 400
        self.alerts[said["dedup_key"]] = action
        return 202


@pytest.mark.django_db
def test_pagerduty(admin, receiver, incident):
    pager = PagerDuty()
    receiver.answer, receiver.text = pager, b'{"status":"success","message":"Event processed","dedup_key":"x"}'
    assert "https://events.pagerduty.com/v2/enqueue" in section("PagerDuty")
    add(admin, WebhookFormat.PAGERDUTY, receiver, "/v2/enqueue", key=ROUTING_KEY)
    for verbs, alert in [("opened", "trigger"), ("acknowledge", "acknowledge"), ("resolve", "resolve")]:
        happen(incident, admin, verbs)
        assert list(pager.alerts.values()) == [alert]
    assert receiver.got[0].json["payload"]["severity"] == "critical"
    assert states() == {MessageState.DONE}
    assert "Event processed" in OutboxMessage.objects.filter(channel="webhook").latest("id").answer


@pytest.mark.django_db
def test_a_wrong_key_of_pagerduty_is_given_up_at_once_and_says_why(admin, receiver, incident):
    receiver.answer, receiver.text = PagerDuty(), b'{"status":"invalid event","errors":["Invalid routing key"]}'
    add(admin, WebhookFormat.PAGERDUTY, receiver, "/v2/enqueue", key="W" * 32)
    happen(incident, admin, "opened")
    assert states() == {MessageState.DEAD}
    assert "Invalid routing key" in OutboxMessage.objects.get(channel="webhook").last_error


@pytest.mark.django_db
def test_an_sms_gateway_that_takes_json(admin, receiver, incident):
    def gateway(got: Got, handler: BaseHTTPRequestHandler) -> int:
        said = got.json
        if got.headers.get("X-Api-Key") != "7d1f0c52":
            return 401
        numbers = all(re.fullmatch(r"\+\d{8,15}", number) for number in said["to"])
        return 200 if numbers and set(said) == {"to", "from", "text"} and said["text"] else 422

    receiver.answer = gateway
    heading = "An SMS gateway that takes JSON"
    add(
        admin,
        WebhookFormat.CUSTOM,
        receiver,
        headers=block(heading, "http"),
        body=block(heading, "json"),
        kinds=[IncidentEvent.OPENED],
    )
    happen(incident, admin, "opened", "acknowledge", "resolve")
    assert len(receiver.got) == 1
    assert receiver.got[0].json["text"].startswith(f"{incident.reference} SEV1 Opened: Blank “front” page")
    assert states() == {MessageState.DONE}


@pytest.mark.django_db
def test_an_sms_gateway_that_takes_a_form(admin, receiver, incident):
    def gateway(got: Got, handler: BaseHTTPRequestHandler) -> int:
        if got.headers["Content-Type"] != "application/x-www-form-urlencoded":
            return 415
        if base64.b64decode(got.headers["Authorization"].removeprefix("Basic ")) != b"AC0123:secret":
            return 401
        return 201 if set(parse_qs(got.body.decode(), strict_parsing=True)) == {"To", "From", "Body"} else 400

    receiver.answer = gateway
    heading = "An SMS gateway that takes a form"
    add(admin, WebhookFormat.CUSTOM, receiver, headers=block(heading, "http"), body=block(heading, "json"))
    happen(incident, admin, "opened")
    assert states() == {MessageState.DONE}
    form = parse_qs(receiver.got[0].body.decode())
    assert form["To"] == ["+491701234567"]
    assert form["Body"][0].startswith(f"{incident.reference} SEV1 Opened: Blank “front” page & more https://incidents.")


@pytest.mark.django_db
def test_slack(admin, receiver, incident):
    def slack(got: Got, handler: BaseHTTPRequestHandler) -> int:
        said = got.json
        blocks = said["blocks"]
        typed = all(one["type"] == "section" and one["text"]["type"] == "mrkdwn" for one in blocks)
        short = all(len(one["text"]["text"]) <= 3000 for one in blocks)
        return 200 if set(said) == {"text", "blocks"} and typed and short else 400

    receiver.answer = slack
    add(admin, WebhookFormat.SLACK, receiver, "/services/T0/B0/x")
    happen(incident, admin, "opened", "resolve")
    assert states() == {MessageState.DONE}
    assert len(receiver.got) == 2


@pytest.mark.django_db
def test_the_check_of_a_signature_in_the_docs_takes_what_we_send_and_nothing_else(admin, receiver, incident):
    found = re.search(r"```python\n(.*?)```", section("A program of your own", "##"), re.DOTALL)
    room: dict[str, Any] = {}
    exec(found[1], room)
    is_genuine = room["is_genuine"]
    made = WebhookContent(name="Recipe", url=receiver.url)
    secret = webhooks.create(actor=admin, format="generic", content=made, now=timezone.now()).secret
    happen(incident, admin, "opened")
    got = receiver.got[0]
    header = got.headers["Nevertwice-Signature"]
    assert is_genuine(secret, header, got.body)
    old = header.replace("t=1", "t=0")
    for wrong in [
        (secret + "x", header, got.body),
        (secret, header, got.body + b" "),
        (secret, old, got.body),
        *((secret, text, got.body) for text in ("", "t=", "v1=", "t=x,v1=y", header.split(",")[0])),
    ]:
        assert not is_genuine(*wrong)


@pytest.mark.django_db
def test_the_json_in_the_docs_has_the_names_that_we_send(admin, receiver, incident):
    found = re.search(r"```json\n(.*?)```", section("A program of your own", "##"), re.DOTALL)
    said = json.loads(found[1])
    made = WebhookContent(name="Recipe", url=receiver.url)
    webhooks.create(actor=admin, format="generic", content=made, now=timezone.now())
    happen(incident, admin, "opened")
    sent = receiver.got[0].json
    assert list(said) == list(sent)
    assert list(said["incident"]) == list(sent["incident"])


def test_the_docs_name_every_event_and_everything_that_is_filled_in():
    for event in IncidentEvent:
        assert f"`{event}`" in DOCS
    assert set(re.findall(r"`\$(\w+)`", section("Bodies of your own"))) == set(Custom.names)
