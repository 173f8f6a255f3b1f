"""Every address there is, found by walking the resolver, and what each is expected to answer to whom."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from postmortems.enums import CheckCode
from tests.factories import PASSWORD
from tests.project.world import STATES, World, picture_file

# Who may, from the weakest to the strongest. A `MANAGER` is an editor or the incident lead, a `WRITER` may correct an
# entry because of being its author or a responder.
ANYONE, ACCOUNT, READER, WRITER, RESPONDER, MANAGER, EDITOR, ADMIN = range(8)
NEW_PASSWORD = "a staple of batteries, correct"

Body = Callable[[World, str], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """What one address answers to whoever may use it; ``post`` names the states in which the answer differs.

    ``method_first`` says that a wrong method is told before it is asked who may.
    """

    may: int
    get: int | dict[str, int]
    post: int | dict[str, int] = 405
    body: Body | dict[str, Any] | None = None
    method_first: bool = True
    query: str = ""
    # Where looking is for more people than changing.
    may_post: int | None = None
    # From whom on it is told that something is not there, where that is asked before who may.
    told_absent: int | None = None
    # What those get who see the incident but may not do this.
    refused: int = 403

    def status(self, method: str, state: str) -> int:
        """What whoever may gets."""
        answers = self.get if method == "GET" else self.post
        if isinstance(answers, int):
            return answers
        # The private incident is open too, unless a row says otherwise.
        return answers.get(state, answers["open"])

    def post_body(self, world: World, state: str) -> dict[str, Any]:
        if self.body is None:
            return {}
        return dict(self.body) if isinstance(self.body, dict) else self.body(world, state)


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    names: frozenset[str]

    @property
    def hangs_on_incident(self) -> bool:
        return "reference" in self.names

    def url(self, world: World, state: str = "open", **other: Any) -> str:
        values = world.arguments(state)
        if self.name in {"action", "action-edit", "action-step"}:
            values["reference"] = world.items[state].reference
        if self.name in PUBLISHED and state == "open":
            values["reference"] = world.published.reference
            values["picture_name"] = world.published.attachments.earliest("pk").name
        values |= other
        if self.name == "password-reset-confirm":
            values["token"] = values["reset_token"]
        if self.name.startswith("admin:"):
            return _admin_url(self, world, values, state)
        return reverse(self.name, kwargs={name: values[name] for name in self.names})


def all_routes() -> list[Route]:
    """Every pattern for people, in the order in which they are tried."""
    return [route for route in _every_route() if not route.pattern.startswith("api/")]


def api_routes() -> list[Route]:
    """Every operation of the API; who may use them is the matter of `test_api_routes`."""
    return [route for route in _every_route() if route.pattern.startswith("api/")]


def _every_route() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "", "", frozenset()))


def _walk(patterns: list[Any], prefix: str, namespace: str, names: frozenset[str]) -> Iterator[Route]:
    for entry in patterns:
        pattern = prefix + str(entry.pattern)
        held = names | set(entry.pattern.converters) | set(entry.pattern.regex.groupindex)
        held -= set(entry.pattern.default_kwargs if hasattr(entry.pattern, "default_kwargs") else ())
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, pattern, inner, held)
        elif isinstance(entry, URLPattern):
            yield Route(namespace + (entry.name or pattern), pattern, held)


def _admin_url(route: Route, world: World, values: dict[str, Any], state: str) -> str:
    address = "/" + re.sub(r"\^\(\?P<app_label>[^)]*\)/\$", "incidents/", route.pattern)
    address = address.replace("(?P<url>.*)$", "nothing/")
    if "object_id" in route.names:
        address = address.replace("<path:object_id>", str(admin_object(route, world, state)))
    return address


def admin_object(route: Route, world: World, state: str) -> Any:
    """The key of a record for an address of Django's admin."""
    model = route.pattern.split("/")[2]
    objects = {
        "incident": world.incidents[state],
        "timelineevent": world.events[state],
        "actionitem": world.items[state],
        "rootcause": world.causes[state],
        "postmortem": world.published.postmortem,
        "revision": world.published.postmortem.published_revision,
        "service": world.service,
        "team": world.team,
        "user": world.target,
    }
    if model in objects:
        return objects[model].pk
    first = {each._meta.model_name: each for each in admin.site._registry}[model]._default_manager.first()
    assert first is not None, f"no {model} to look at"
    return first.pk


def _details(world: World, state: str) -> dict[str, Any]:
    incident = world.incidents[state]
    return {
        "version": incident.version,
        "title": "Another title",
        "severity": "sev3",
        "detected_by": "users",
        "home_zone": "UTC",
        "services": [world.service.pk],
        "tags": "one, two",
        "summary": "In a sentence.",
    }


def _entry(world: World, state: str) -> dict[str, Any]:
    return {"version": world.events[state].version, "time": "-10m", "text": "Put right", "kind": "note"}


def _person(world: World, state: str) -> dict[str, Any]:
    return {"name": "Renamed", "email": "renamed@example.org", "phone": "", "time_zone": ""}


def _team(world: World, state: str) -> dict[str, Any]:
    return {"name": "Another team", "team_lead": world.people["responder"].pk, "members": [world.people["reader"].pk]}


def _action(world: World, state: str) -> dict[str, Any]:
    item = world.items[state]
    assert item.owner is not None
    return ACTION | {"version": item.version, "owner": item.owner.pk, "due_on": str(item.due_on)}


def _head(world: World, state: str) -> dict[str, Any]:
    return {
        "version": world.postmortems[state].version if state in world.postmortems else 1,
        "title": "What we learned",
    }


IMPACT = {
    "audience": "customers",
    "what": "no pages",
    "scope": "30",
    "scope_unit": "percent",
    "scope_basis": "measured",
}
NEVER_TWICE = {"open": 302, "resolved": 422, "cancelled": 422}
PASSWORDS = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}

CAUSE = {"title": "No sandbox", "role": "root_cause", "category": "unknown"}
ACTION = {"text": "Build a sandbox", "type": "preventive"}
ALERT_MESSAGE = {"format": "generic", "body": '{"title": "Blank page"}'}
ALERT_RULE = {"name": "Page", "matchers": "severity=page", "action": "report", "severity": "unknown", "position": "1"}
WEBHOOK = {"version": 1, "name": "Another channel", "url": "https://chat.example.org/hooks/1"}
CHANGE = {"text": "A banner", "kind": "deploy", "live_at": "-5m"}
TEMPLATE = {"name": "Another template", "sections": "summary | What happened | In a sentence"}
# Of an incident in these states nothing was published, and of a cancelled one nothing is written either.
UNPUBLISHED = {"resolved": 404, "cancelled": 404, "private": 404}
DRAFTED = {"open": 200, "cancelled": 404}
PUBLISHED = {
    "postmortem",
    "postmortem-canonical",
    "postmortem-revision",
    "postmortem-preview",
    "postmortem-as-public",
    "postmortem-picture",
}


def _alert_rule(world: World, _state: str) -> dict[str, Any]:
    return ALERT_RULE | {"version": world.alert_rule.version}


ROWS: dict[str, Row] = {
    # Anybody, signed in or not
    "livez": Row(ANYONE, 200),
    "readyz": Row(ANYONE, 200),
    "sign-in": Row(ANYONE, 200, 302, {"name": "Target Person", "password": PASSWORD}),
    "sign-out": Row(ANYONE, 405, 302),
    "password-reset": Row(ANYONE, 200, 302, {"email": "nobody@example.org"}),
    "password-reset-sent": Row(ANYONE, 200),
    "password-reset-confirm": Row(ANYONE, 200, 302, PASSWORDS),
    "invitation": Row(ANYONE, 200, 302, {"name": "New Person", **PASSWORDS}),
    # Mail programs post to it, and the signed address is all that they need.
    "notices-stop": Row(ANYONE, 200, 200),
    "roll-call-answer": Row(ANYONE, 200, 302, {"answer": "nothing"}),
    # One's own account, also without a role
    "profile": Row(ACCOUNT, 200, 302, {"name": "Somebody else", "colour_scheme": "dark"}),
    "password-again": Row(ACCOUNT, 200, 302, {"current_password": PASSWORD}),
    "password-change": Row(ACCOUNT, 200, 302, {"current_password": PASSWORD, **PASSWORDS}),
    "email-change": Row(ACCOUNT, 200, 302, {"email": "other@example.org"}),
    "sessions": Row(ACCOUNT, 200),
    "sessions-end-others": Row(ACCOUNT, 405, 302),
    "session-end": Row(ACCOUNT, 405, 302),
    "own-tokens": Row(READER, 200, 200, {"name": "Deploys", "scope": "write", "lasts": "30"}, method_first=False),
    "token-revoke": Row(ADMIN, 405, 302, refused=404),
    # What readers see
    "notices": Row(READER, 200, 302, {"kinds": ["followed"], "severities": ["sev2"]}, method_first=False),
    "notices-mute": Row(READER, 405, 302, {"mute": "day"}, method_first=False),
    "notices-unfollow": Row(READER, 405, 404, method_first=False),
    "today": Row(READER, 200),
    "incident-list": Row(READER, 200),
    "incident-export": Row(READER, 200),
    "search": Row(READER, 200, query="q=front page"),
    "incident-new": Row(READER, 200, 302, {"title": "Something is wrong", "severity": "sev3"}),
    "open-now": Row(READER, 200, query="title=front page"),
    "time-echo": Row(READER, 200, query="text=-5m"),
    "change-list": Row(READER, 200, 302, {"line": "-5m A banner"}, may_post=RESPONDER, method_first=False),
    "change-echo": Row(READER, 200, query="text=-5m A banner", method_first=False),
    "change-new": Row(RESPONDER, 200, 302, CHANGE, method_first=False),
    "change": Row(READER, 200, 302, CHANGE | {"version": 1}, may_post=RESPONDER, method_first=False),
    "service-list": Row(READER, 200, method_first=False),
    "service": Row(READER, 200, method_first=False),
    "service-follow": Row(READER, 405, 302, {"following": "1"}, method_first=False),
    # An incident
    "incident": Row(READER, 200),
    "have-it": Row(RESPONDER, 200, 302),
    "incident-follow": Row(READER, 405, 302, {"following": "1"}),
    "timeline": Row(READER, 200, 302, {"text": "report: I see it too"}),
    "entry": Row(READER, 302),
    "entry-echo": Row(READER, 200, query="text=-5m seen"),
    "moment-echo": Row(READER, 200, query="text=-5m"),
    "entry-edit": Row(WRITER, 200, 302, _entry),
    "entry-star": Row(RESPONDER, 405, 302, {"starred": "1"}),
    "entry-strike": Row(MANAGER, 405, 302),
    "entry-restore": Row(MANAGER, 405, 302),
    "entry-move": Row(
        MANAGER,
        200,
        # Nothing of a private incident moves to one that everybody sees.
        {"open": 302, "private": 422},
        lambda world, state: {"other": world.incidents["resolved" if state != "resolved" else "open"].reference},
    ),
    "incident-audit": Row(RESPONDER, 200),
    "incident-edit": Row(RESPONDER, 200, 302, _details),
    "incident-severity": Row(RESPONDER, 405, 302, {"severity": "sev1"}),
    "incident-relate": Row(RESPONDER, 405, 302, lambda world, _state: {"other": world.near_miss.reference}),
    "incident-promote": Row(RESPONDER, 405, 422),
    "incident-changes": Row(READER, 200, 302, {"line": "-5m A banner"}, may_post=RESPONDER),
    "change-judge": Row(RESPONDER, 405, 302, {"verdict": "likely", "version": 0}),
    "milestones": Row(
        RESPONDER,
        200,
        302,
        lambda world, state: {"version": world.incidents[state].version, "impact_started": "-59m", "detected": "-50m"},
    ),
    "impact-new": Row(RESPONDER, 200, 302, IMPACT),
    "impact-edit": Row(RESPONDER, 200, 302, IMPACT),
    "impact-remove": Row(RESPONDER, 405, 302),
    "roles": Row(
        # Whoever gets a role on a private incident must see it already.
        RESPONDER,
        200,
        302,
        lambda world, _state: {"role": "scribe", "holder": world.people["team_lead"].pk, "next": "wait"},
    ),
    "pictures": Row(READER, 200, 302, lambda _world, _state: {"file": picture_file(), "description": "CPU"}),
    "picture": Row(READER, 200),
    "picture-remove": Row(ADMIN, 200, 302, {"reason": "A name can be read on it."}),
    "roll-call": Row(
        RESPONDER,
        200,
        {"open": 302, "resolved": 422, "cancelled": 422},
        # Whoever is asked about a private incident must see it already.
        lambda world, _state: {"people": [world.people["team_lead"].pk], "from_at": "-5h", "to_at": "-1m"},
    ),
    "roll-call-end": Row(RESPONDER, 405, 302),
    "role-take": Row(RESPONDER, 405, 302, {"role": "scribe"}),
    "members": Row(RESPONDER, 200, 302, lambda world, _state: {"user": world.people["reader"].pk}, may_post=MANAGER),
    "member-remove": Row(MANAGER, 405, 302, lambda world, _state: {"user": world.people["member"].pk}),
    "make-private": Row(MANAGER, 405, 302),
    "lift-private": Row(ADMIN, 405, 302),
    "open-private": Row(ADMIN, 405, 302),
    "incident-news": Row(READER, 200, query="mark=old"),
    "updates": Row(READER, 200, 302, {"text": "We look into it", "audience": "staff"}, may_post=RESPONDER),
    "update-cancel": Row(MANAGER, 405, 302),
    "incident-status": Row(READER, 200),
    "status-link-make": Row(RESPONDER, 405, {"open": 302, "private": 422}),
    "status-link": Row(ANYONE, 200),
    "status-links-allow": Row(ADMIN, 405, 302, {"allowed": "1"}, method_first=True),
    "incident-confirm": Row(RESPONDER, 200, NEVER_TWICE),
    "incident-acknowledge": Row(RESPONDER, 200, NEVER_TWICE),
    "incident-identify": Row(RESPONDER, 200, NEVER_TWICE),
    "incident-monitor": Row(RESPONDER, 200, NEVER_TWICE),
    "incident-resolve": Row(RESPONDER, 200, {"open": 302, "resolved": 302, "cancelled": 422}, {"at": "-1m"}),
    # Its severity asks for a postmortem first.
    "incident-close": Row(RESPONDER, 200, {"open": 422, "resolved": 422, "cancelled": 422}),
    "incident-reopen": Row(RESPONDER, 200, {"open": 422, "resolved": 302, "cancelled": 422}, {"reason": "It is back"}),
    "incident-cancel": Row(MANAGER, 200, {"open": 302, "cancelled": 422}, {"reason": "other", "note": "It was a test"}),
    # What is learned from an incident
    "cause-new": Row(RESPONDER, 200, 302, CAUSE),
    "cause-edit": Row(RESPONDER, 200, 302, lambda world, state: CAUSE | {"version": world.causes[state].version}),
    "cause-remove": Row(RESPONDER, 405, 302),
    "cause-restore": Row(RESPONDER, 405, 302),
    "defences": Row(RESPONDER, 200, 302),
    "cause-same": Row(RESPONDER, 200, 422),
    "cause-same-undo": Row(RESPONDER, 405, 302),
    "cause-not-same": Row(RESPONDER, 405, 302),
    "cause-not-same-undo": Row(RESPONDER, 405, 302),
    "repeat-mark": Row(RESPONDER, 200, 422),
    "repeat-unmark": Row(RESPONDER, 405, 404),
    "action-new": Row(RESPONDER, 200, 302, ACTION),
    "action-list": Row(READER, 200),
    "action-export": Row(READER, 200),
    "insights": Row(READER, 200),
    "insights-export": Row(READER, 200),
    "action": Row(READER, 200, 302, {"verb": "start"}, may_post=WRITER),
    "action-edit": Row(RESPONDER, 200, 302, _action),
    "action-step": Row(WRITER, 200, 302),
    "action-many": Row(ADMIN, 200, 422),
    "action-adopt": Row(RESPONDER, 200, 422),
    "postmortem-list": Row(ANYONE, 200),
    "postmortem-feed": Row(ANYONE, 200),
    "postmortem": Row(READER, {"open": 302, **UNPUBLISHED}),
    "postmortem-canonical": Row(READER, {"open": 301, **UNPUBLISHED}),
    "postmortem-picture": Row(READER, {"open": 200, **UNPUBLISHED}),
    "postmortem-revision": Row(READER, {"open": 200, **UNPUBLISHED}),
    "postmortem-preview": Row(
        EDITOR,
        {"open": 200, **UNPUBLISHED},
        {"open": 302, **UNPUBLISHED},
        {"public": "1", "looked": "on", "revision": 1},
        told_absent=READER,
    ),
    "postmortem-as-public": Row(EDITOR, {"open": 200, **UNPUBLISHED}, told_absent=READER),
    "postmortem-start": Row(RESPONDER, 405, {"open": 302, "cancelled": 422}),
    "postmortem-edit": Row(RESPONDER, DRAFTED, {**DRAFTED, "open": 302}, _head),
    "section-save": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"version": 1, "text": "What we learned."}),
    "section-waive": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"waived": ""}),
    "wording-hint": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"hint": "0" * 32, "place": "head"}),
    "postmortem-draft": Row(RESPONDER, DRAFTED),
    "section-add": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"heading": "What helped", "kind": "other"}),
    "section-head": Row(RESPONDER, {"open": 302, "cancelled": 404}),
    "section-rename": Row(
        RESPONDER, DRAFTED, {"open": 302, "cancelled": 404}, {"heading": "In short", "kind": "summary"}
    ),
    "section-move": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"way": "down"}),
    "section-remove": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}),
    "section-restore": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}),
    "section-preview": Row(RESPONDER, 405, DRAFTED, {"version": 1, "text": "What we learned."}),
    "postmortem-review": Row(RESPONDER, DRAFTED, {"open": 302, "cancelled": 404}, {"verb": "submit"}),
    "review-ask": Row(RESPONDER, 405, {"open": 422, "cancelled": 404}),
    "review-take-back": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}),
    "review-read": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"seen_at": "2026-01-06T01:48:00Z"}),
    "comment-new": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"text": "Why?"}),
    "comment-on-section": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"text": "Why?"}),
    "comment-edit": Row(
        # Its author.
        ADMIN,
        DRAFTED,
        {"open": 302, "cancelled": 404},
        {"version": 1, "text": "Put right."},
        told_absent=RESPONDER,
    ),
    "thread-reply": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"text": "Because."}),
    "thread-settle": Row(RESPONDER, 405, {"open": 302, "cancelled": 404}, {"resolved": "1"}),
    "postmortem-history": Row(RESPONDER, DRAFTED),
    "history-compare": Row(RESPONDER, DRAFTED, query="old=now&new=now"),
    "draft-version": Row(RESPONDER, DRAFTED, {"open": 302, "cancelled": 404}),
    "postmortem-not-required": Row(EDITOR, 200, 302, {"reason": "Too small"}),
    "postmortem-retract": Row(
        EDITOR, DRAFTED, {"open": 422, "cancelled": 404}, {"reason": "Wrong"}, told_absent=RESPONDER
    ),
    # An empty form.
    "postmortem-import": Row(RESPONDER, 200, 422),
    # The draft for those who write it.
    "postmortem-export": Row(RESPONDER, DRAFTED, told_absent=READER, refused=404),
    "checklist": Row(ADMIN, 200, 302, {"version": 1, **{code.value: "advice" for code in CheckCode}}),
    "template-list": Row(ADMIN, 200),
    "template-new": Row(ADMIN, 200, 302, TEMPLATE),
    "template-edit": Row(ADMIN, 200, 302, TEMPLATE | {"version": 1}),
    # What admins manage
    "people": Row(ADMIN, 200, method_first=False),
    "person-invite": Row(ADMIN, 200, 302, {"email": "more@example.org", "role": "reader"}, method_first=False),
    "people-import": Row(ADMIN, 200, 302, {"text": "name,email,role\nCsv Person,csv@example.org,reader\n"}),
    "invitation-renew": Row(ADMIN, 405, 302, method_first=False),
    "invitation-revoke": Row(ADMIN, 405, 302, method_first=False),
    "person": Row(ADMIN, 200, method_first=False),
    "person-edit": Row(ADMIN, 200, 302, _person),
    "person-role": Row(ADMIN, 200, 302, {"role": "editor"}),
    "person-disable": Row(ADMIN, 200, 302),
    "person-enable": Row(ADMIN, 405, 302, method_first=False),
    "person-password-link": Row(ADMIN, 405, 200, method_first=False),
    "setup": Row(ADMIN, 200, method_first=False),
    "example-remove": Row(ADMIN, 200, 302),
    "audit-log": Row(ADMIN, 200, method_first=False),
    "redaction": Row(
        ADMIN, 200, 302, {"text": "Blank front", "replacement": "(gone)", "reason": "A test", "confirm": "1"}
    ),
    "delivery-log": Row(ADMIN, 200, method_first=False),
    "delivery-resend": Row(ADMIN, 405, 302, method_first=False),
    "delivery-resend-all": Row(ADMIN, 405, 302, method_first=False),
    "alert-rule-list": Row(ADMIN, 200, method_first=False),
    "alert-rule-new": Row(ADMIN, 200, 302, ALERT_RULE | {"version": 1}, method_first=False),
    "alert-rule-edit": Row(ADMIN, 200, 302, _alert_rule, method_first=False),
    "alert-trial": Row(ADMIN, 200, 200, ALERT_MESSAGE, method_first=False),
    "alert-log": Row(ADMIN, 200, method_first=False),
    "alert-receipt": Row(ADMIN, 200, method_first=False),
    "alert-receipt-retry": Row(ADMIN, 405, 302, method_first=False),
    "webhook-list": Row(ADMIN, 200, method_first=False),
    "webhook-new": Row(ADMIN, 200, 302, WEBHOOK | {"format": "slack"}, query="format=slack"),
    "webhook": Row(ADMIN, 200, method_first=False),
    "webhook-edit": Row(ADMIN, 200, 302, lambda world, _state: WEBHOOK | {"version": world.webhook.version}),
    "webhook-secret": Row(ADMIN, 405, 200, method_first=False),
    "webhook-test": Row(ADMIN, 405, 302, method_first=False),
    "webhook-retire": Row(ADMIN, 405, 302, method_first=False),
    "webhook-bring-back": Row(ADMIN, 405, 302, method_first=False),
    "token-list": Row(ADMIN, 200, method_first=False),
    "teams": Row(ADMIN, 200, method_first=False),
    "team-new": Row(ADMIN, 200, 302, _team),
    "team": Row(ADMIN, 200, method_first=False),
    "team-edit": Row(ADMIN, 200, 302, _team),
    "team-retire": Row(ADMIN, 405, 302, method_first=False),
    "team-bring-back": Row(ADMIN, 405, 302, method_first=False),
    "service-new": Row(ADMIN, 200, 302, {"name": "Another service"}),
    "service-edit": Row(ADMIN, 200, 302, {"name": "Another service"}),
    "service-retire": Row(ADMIN, 405, 302, method_first=False),
    "service-bring-back": Row(ADMIN, 405, 302, method_first=False),
    "severities": Row(ADMIN, 200, method_first=False),
    "severity": Row(ADMIN, 200, 302, {"help_text": "When all is lost."}),
}

# What the pages of each record in Django's admin answer to an admin, GET and POST: the list, adding, changing. A form
# that is sent empty is refused (422), what only the system writes can neither be added nor changed (403).
RECORDS: dict[str, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    "service": ((200, 200), (200, 422), (200, 422)),
    "severitylevel": ((200, 200), (403, 403), (200, 422)),
    "incident": ((200, 200), (200, 422), (200, 422)),
    "user": ((200, 200), (403, 403), (200, 422)),
    "team": ((200, 200), (200, 422), (200, 422)),
    "invitation": ((200, 200), (403, 403), (200, 403)),
    "auditentry": ((200, 200), (403, 403), (200, 403)),
    "timelineevent": ((200, 200), (200, 422), (200, 422)),
}
RECORDS_OF_LESSONS: dict[str, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    "actionitem": ((200, 200), (403, 403), (200, 422)),
    "rootcause": ((200, 200), (403, 403), (200, 422)),
    "template": ((200, 200), (200, 422), (200, 422)),
    "postmortem": ((200, 200), (403, 403), (200, 403)),
    "revision": ((200, 200), (403, 403), (200, 403)),
    "review": ((200, 200), (403, 403), (200, 403)),
}
LISTED_RECORDS: dict[str, tuple[int, int]] = {
    "tag": (200, 200),
    "session": (200, 200),
    "loginattempt": (200, 200),
    "outboxmessage": (200, 200),
    "workerheartbeat": (200, 200),
}


def _admin_rows() -> dict[str, Row]:
    rows = {
        "admin:index": Row(ADMIN, 200, 200),
        "admin:app_list": Row(ADMIN, 200, 200),
        "admin:jsi18n": Row(ADMIN, 200, 405, method_first=False),
        "admin:autocomplete": Row(
            ADMIN,
            200,
            405,
            query="app_label=incidents&model_name=incidentmember&field_name=user&term=a",
            method_first=False,
        ),
        "admin:admin/(?P<url>.*)$": Row(ADMIN, 404, 404),
    }
    records = [("incidents", *row) for row in RECORDS.items()]
    records += [("postmortems", *row) for row in RECORDS_OF_LESSONS.items()]
    for app, model, (listed, added, changed) in records:
        prefix = f"admin:{app}_{model}"
        rows[f"{prefix}_changelist"] = Row(ADMIN, *listed)
        rows[f"{prefix}_add"] = Row(ADMIN, *added)
        rows[f"{prefix}_change"] = Row(ADMIN, *changed)
        rows[f"{prefix}_history"] = Row(ADMIN, 302, 302)
        rows[f"{prefix}_delete"] = Row(ADMIN, 403, 403)
        # The short address leads to the form.
        rows[f"admin:admin/{app}/{model}/<path:object_id>/"] = Row(ADMIN, 302, 302)
    for model, listed in LISTED_RECORDS.items():
        rows[f"admin:incidents_{model}_changelist"] = Row(ADMIN, *listed)
    return rows


ROWS |= _admin_rows()

# Addresses that somebody who is not signed in may use; whoever adds one changes this list with eyes open.
ANONYMOUS = {
    "livez",
    "readyz",
    "sign-in",
    "sign-out",
    "password-reset",
    "password-reset-sent",
    "password-reset-confirm",
    "invitation",
    # The link at the end of a mail, also for mail programs; it is signed and can do nothing else.
    "notices-stop",
    # Whoever has the link of a colleague to answer a roll call; of a private incident it asks to sign in.
    "roll-call-answer",
    # Whoever holds the link reads the updates of one incident for a day, where admins allow it.
    "status-link",
    # Each shows what is published to the public, and of all else that it is not there.
    "postmortem-list",
    "postmortem-feed",
    "postmortem",
    "postmortem-canonical",
    "postmortem-revision",
    "postmortem-picture",
}


# What is sent there comes from no form of ours: mail programs post to the link that unsubscribes (RFC 8058), which is
# signed, for one person and one kind of mail, and can do nothing else.
WITHOUT_FORM = {"notices-stop"}


def states_of(route: Route) -> tuple[str, ...]:
    """The states in which an address is tried: of an incident all of them."""
    return STATES if route.hangs_on_incident else ("open",)
