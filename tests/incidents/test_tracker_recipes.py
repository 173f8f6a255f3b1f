"""Action items by channels: what is told and what never, and the recipes of docs/trackers.md, word for word."""

import base64
import ipaddress
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from incidents.domain import webhooks
from incidents.domain.webhooks import WebhookContent
from incidents.enums import ActionItemEvent, IncidentKind, MessageState, Role, Status, WebhookFormat
from incidents.models import Incident, OutboxMessage, Subscription
from incidents.notifications.delivery import Courier
from incidents.permissions import Actor
from postmortems.domain import action_items
from postmortems.domain.action_items import ActionContent, ActionVerb
from postmortems.enums import ActionStatus, ActionType
from postmortems.models import ActionItem
from tests.factories import make_incident, make_service, make_user, make_webhook
from tests.receiver import Got, Receiver, receiving

pytestmark = pytest.mark.django_db

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "trackers.md").read_text()
TEXT = 'Roll "one" host first; `rm` $(never) & $HOME'


def block(heading: str, language: str) -> str:
    section = DOCS.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
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
    return Actor.person(make_user("Ada Okoro", Role.ADMIN))


@pytest.fixture
def incident() -> Incident:
    return make_incident(title="Blank page", status=Status.RESOLVED, services=[make_service("Storefront")])


def add(admin: Actor, receiver: Receiver, path: str, recipe: str, events: Any, **headers: Any) -> None:
    content = WebhookContent(
        name="Tracker",
        url=f"http://127.0.0.1:{receiver.port}{path}",
        kinds=list(events),
        body=block(recipe, "json"),
        **headers,
    )
    webhooks.create(actor=admin, format=WebhookFormat.CUSTOM, content=content, now=timezone.now())


def work() -> None:
    """Let a worker do all that is due."""
    courier = Courier()
    while courier.deliver_next():
        pass


def plan(admin: Actor, incident: Incident, **fields: Any) -> ActionItem:
    content = ActionContent(text=TEXT, owner=admin.user, due_on=timezone.now().date(), **fields)
    return action_items.create(actor=admin, incident=incident, content=content, now=timezone.now())


def step(admin: Actor, item: ActionItem, verb: ActionVerb, **said: Any) -> None:
    action_items.advance(actor=admin, item=item, verb=verb, now=timezone.now(), **said)


def live(admin: Actor, incident: Incident) -> Iterator[ActionItem]:
    """The life of one action item, step by step."""
    item = plan(admin, incident)
    yield item
    step(admin, item, ActionVerb.START)
    yield item
    step(admin, item, ActionVerb.FINISH, evidence="See it")
    yield item
    step(admin, item, ActionVerb.REOPEN, reason="It came back")
    yield item
    step(admin, item, ActionVerb.DROP, reason="Replaced")
    yield item


def states() -> set[str]:
    return set(OutboxMessage.objects.filter(channel="webhook").values_list("state", flat=True))


# What is told


def test_each_change_is_told_signed_as_it_is_now_and_names_nobody(admin, receiver, incident):
    secret = "nvt_secret"
    make_webhook(url=receiver.url, kinds=ActionItemEvent.values, secret=secret)
    item = plan(admin, incident, type=ActionType.PREVENTIVE)
    work()
    content = ActionContent(text="Another text", owner=admin.user, due_on=item.due_on, type=ActionType.PREVENTIVE)
    action_items.edit(actor=admin, item=item, content=content, now=timezone.now())
    work()
    step(admin, item, ActionVerb.START)
    work()
    events = [got.json["event"] for got in receiver.got]
    assert events == ["action_item.created", "action_item.changed", "action_item.moved_on"]
    last = receiver.got[-1]
    assert last.json["action_item"] == {
        "id": item.reference,
        "version": 3,
        "text": "Another text",
        "state": "in_progress",
        "type": "preventive",
        "due_on": item.due_on.isoformat(),
        "has_owner": True,
    }
    assert last.json["url"] == f"https://incidents.example.org/actions/{item.reference}/"
    assert last.json["text"] == f"{item.reference} In progress: Another text ({incident.reference} Blank page)"
    assert last.json["incident"]["id"] == incident.reference
    assert last.headers["Nevertwice-Signature"].startswith("t=")
    assert all(b"Ada" not in got.body for got in receiver.got)
    assert list(last.json["action_item"]) == list(json.loads(block("What is told", "json"))["action_item"])


def test_a_channel_in_which_nothing_is_ticked_hears_of_incidents_alone(admin, receiver, incident):
    make_webhook(url=receiver.url)
    Subscription.objects.create(user=make_user(), incident=incident)
    plan(admin, incident)
    work()
    assert OutboxMessage.objects.exclude(channel="fan-out").count() == 0


def test_only_of_the_services_that_were_chosen(admin, receiver, incident):
    make_webhook(url=receiver.url, kinds=["action_item.created"], services=[make_service("Elsewhere")])
    plan(admin, incident)
    work()
    assert receiver.got == []
    make_webhook(url=receiver.url, kinds=["action_item.created"], services=list(incident.services.all()))
    plan(admin, incident)
    work()
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, 1),
        ({"kind": IncidentKind.NEAR_MISS}, 1),
        ({"kind": IncidentKind.BACKFILL}, 1),
        ({"is_private": True}, 0),
        ({"kind": IncidentKind.DRILL}, 0),
        ({"is_example": True, "series": "DRILL"}, 0),
        ({"is_synthetic": True}, 0),
    ],
)
def test_what_is_private_or_only_made_up_is_told_to_nobody(admin, receiver, fields, told):
    make_webhook(url=receiver.url, kinds=ActionItemEvent.values)
    plan(admin, make_incident(status=Status.RESOLVED, **fields))
    work()
    assert len(receiver.got) == told


def test_what_became_private_while_it_waited_does_not_leave(admin, receiver, incident):
    make_webhook(url=receiver.url, kinds=ActionItemEvent.values)
    plan(admin, incident)
    while Courier(by_channel={"fan-out": Courier()._channels["fan-out"]}).deliver_next():
        pass
    assert OutboxMessage.objects.filter(channel="webhook", state=MessageState.PENDING).count() == 1
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    work()
    assert receiver.got == []
    assert states() == {MessageState.CANCELLED}


def test_an_imported_one_is_told_of_when_it_is_adopted(admin, receiver, incident):
    make_webhook(url=receiver.url, kinds=ActionItemEvent.values)
    historical: Any = {"status": ActionStatus.HISTORICAL, "now": timezone.now()}
    item = action_items.create(actor=admin, incident=incident, content=ActionContent(text="Old"), **historical)
    work()
    assert receiver.got == []
    step(admin, item, ActionVerb.ADOPT)
    work()
    assert [got.json["event"] for got in receiver.got] == ["action_item.created"]


def test_the_docs_name_every_event_and_every_state():
    for word in (*ActionItemEvent.values, *ActionStatus.values):
        assert f"`{word}`" in DOCS


# Recipes


def test_github_gets_an_issue_for_each(admin, receiver, incident):
    def github(got: Got, handler: BaseHTTPRequestHandler) -> int:
        if not got.headers.get("Authorization", "").startswith("Bearer github_pat_"):
            return 401
        fits = got.headers["Accept"] == "application/vnd.github+json" and got.headers.get("User-Agent")
        said = got.json
        typed = isinstance(said["title"], str) and said["title"] and all(isinstance(one, str) for one in said["labels"])
        return 201 if fits and typed and got.path == "/repos/o/r/issues" else 422

    receiver.answer = github
    recipe = "GitHub: an issue for each, once"
    add(admin, receiver, "/repos/o/r/issues", recipe, [ActionItemEvent.CREATED], headers=block(recipe, "http"))
    for _item in live(admin, incident):
        work()
    assert states() == {MessageState.DONE}
    (got,) = receiver.got
    assert got.json["title"] == f"A-1 {TEXT}"
    assert got.json["labels"] == ["incident", "A-1"]


GH = """#!{python}
import json, os, pathlib, sys
store = pathlib.Path(os.environ["GH_STORE"])
issues = json.loads(store.read_text()) if store.exists() else []
what, do, *rest = sys.argv[1:]
given = {{}}
named = [rest.pop(0)] if rest and not rest[0].startswith("-") else []
while rest:
    name = rest.pop(0)
    given[name] = True if name == "--force" else rest.pop(0)
if (what, do) == ("issue", "list"):
    found = [n for n, issue in enumerate(issues, 1) if given["--label"] in issue["labels"]]
    assert given["--state"] == "all" and given["--jq"] == ".[0].number // empty"
    print(found[0] if found else "", end="")
elif (what, do) == ("issue", "create"):
    issues.append({{"title": given["--title"], "body": given["--body"], "labels": [given["--label"]], "state": "open"}})
    print("https://github.com/o/r/issues/%d" % len(issues))
elif (what, do) == ("issue", "edit"):
    issues[int(named[0]) - 1] |= {{"title": given["--title"], "body": given["--body"]}}
elif (what, do) == ("issue", "close"):
    issues[int(named[0]) - 1]["state"] = given["--reason"]
elif (what, do) == ("issue", "reopen"):
    issues[int(named[0]) - 1]["state"] = "open"
else:
    assert (what, do) == ("label", "create"), sys.argv
store.write_text(json.dumps(issues))
"""


class Workflow:
    """What GitHub does with a dispatch: it runs the script of the workflow, with `gh`, on the issues it has."""

    def __init__(self, room: Path) -> None:
        self.store = room / "issues.json"
        (room / "gh").write_text(GH.format(python=sys.executable))
        (room / "gh").chmod(0o755)
        text = block("GitHub: issues that follow", "yaml")
        lines = text.split("run: |\n")[1].splitlines()
        self.script = "\n".join(line.removeprefix(" " * 10) for line in lines)
        self.names = dict(re.findall(r"(\w+): \$\{\{ github\.event\.client_payload\.(\w+) \}\}", text))
        self.path = f"{room}:{os.environ['PATH']}"

    def __call__(self, got: Got, handler: BaseHTTPRequestHandler) -> int:
        said = got.json
        payload = said["client_payload"]
        if got.path != "/repos/o/r/dispatches" or said["event_type"] != "nevertwice" or len(payload) > 10:
            return 422
        environment = {name: payload[key] for name, key in self.names.items()}
        environment |= {"PATH": self.path, "GH_STORE": str(self.store)}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.script]
        return 204 if subprocess.run(command, env=environment, check=False).returncode == 0 else 500

    @property
    def issues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.store.read_text())
        return found


def test_github_follows(admin, receiver, incident, tmp_path):
    github = receiver.answer = Workflow(tmp_path)
    recipe, headers = "GitHub: issues that follow", block("GitHub: an issue for each, once", "http")
    add(admin, receiver, "/repos/o/r/dispatches", recipe, ActionItemEvent.values, headers=headers)
    seen = []
    for _item in live(admin, incident):
        work()
        (issue,) = github.issues
        seen.append((issue["state"], "State: " + issue["body"].partition("State: ")[2].partition(".")[0]))
        assert issue["title"] == f"A-1 {TEXT}"
    assert seen == [
        ("open", "State: open"),
        ("open", "State: in_progress"),
        ("completed", "State: done"),
        ("open", "State: open"),
        ("not planned", "State: wont_do"),
    ]
    assert states() == {MessageState.DONE}
    plan(admin, incident)
    work()
    assert [issue["labels"] for issue in github.issues] == [["A-1"], ["A-2"]]


def test_jira_gets_an_issue_for_each(admin, receiver, incident):
    def jira(got: Got, handler: BaseHTTPRequestHandler) -> int:
        name, _colon, key = (
            base64.b64decode(got.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        fields = got.json["fields"]
        if "@" not in name or not key:
            return 401
        known = set(fields) <= {"project", "issuetype", "summary", "description", "labels"}
        short = len(fields["summary"]) <= 255 and "\n" not in fields["summary"]
        spaceless = all(" " not in label for label in fields["labels"])
        return 201 if got.path == "/rest/api/2/issue" and known and short and spaceless else 400

    receiver.answer = jira
    recipe = "Jira: an issue for each, once"
    add(admin, receiver, "/rest/api/2/issue", recipe, [ActionItemEvent.CREATED], headers=block(recipe, "http"))
    for _item in live(admin, incident):
        work()
    assert states() == {MessageState.DONE}
    assert receiver.got[0].json["fields"]["summary"] == f"A-1 {TEXT}"
    content = ActionContent(text="word " * 99, owner=admin.user)
    action_items.create(actor=admin, incident=incident, content=content, now=timezone.now())
    work()
    assert states() == {MessageState.DONE}
    assert receiver.got[1].json["fields"]["summary"].endswith("word…")


def test_the_rule_of_jira_gets_all_that_it_names(admin, receiver, incident):
    recipe = "Jira: issues that follow"
    events = [ActionItemEvent.CHANGED, ActionItemEvent.MOVED_ON]
    add(admin, receiver, "/rule", recipe, events)
    for _item in live(admin, incident):
        work()
    assert [got.json["state"] for got in receiver.got] == ["in_progress", "done", "open", "wont_do"]
    named = set(re.findall(r"\{\{webhookData\.(\w+)\}\}", DOCS))
    assert named <= set(receiver.got[0].json)
    assert len(named) == 3
