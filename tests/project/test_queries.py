"""Each page asks the database as often with 2 rows as with 20, and not more often than it says here."""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import invitations, timeline
from incidents.domain.timeline import EventContent
from incidents.enums import MessageState, Role, Status
from incidents.models import (
    Impact,
    Incident,
    IncidentChange,
    IncidentMember,
    OutboxMessage,
    RollCallAnswer,
    Subscription,
    Tag,
)
from incidents.permissions import Actor
from tests.factories import make_change, make_incident, make_service, make_team, make_token, make_user, make_webhook
from tests.project.routes import ROWS, all_routes
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

# The most queries each page may take, signing in included, by the name of its route.
MOST = {
    "today": 12,
    "incident-list": 9,
    "search": 12,
    "incident-export": 8,
    "incident": 10,
    "timeline": 9,
    "incident-audit": 8,
    "incident-edit": 12,
    "milestones": 9,
    "roles": 12,
    "members": 9,
    "entry-edit": 9,
    "incident-new": 11,
    "open-now": 6,
    "change-list": 8,
    "change": 8,
    "incident-changes": 9,
    "own-tokens": 6,
    "token-list": 6,
    "service-list": 7,
    "service": 9,
    "people": 9,
    "person": 12,
    "teams": 8,
    "team": 9,
    "severities": 6,
    "audit-log": 8,
    "delivery-log": 8,
    "setup": 16,
    "postmortem-edit": 31,
    "postmortem-draft": 18,
    "insights": 20,
    "insights-export": 12,
    "postmortem-export": 15,
    "postmortem-review": 40,
    "profile": 6,
    "sessions": 6,
}


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def add_rows(world: World, start: int, end: int) -> None:
    """More of everything that a page lists, each with all that hangs on it."""
    now, admin = timezone.now(), Actor.person(world.people["admin"])
    incident = world.incidents["open"]
    for number in range(start, end):
        person = make_user(f"Colleague {number}", Role.RESPONDER)
        team = make_team(f"Team {number}", team_lead=person, members=(world.people["reader"],))
        service = make_service(f"Service {number}", slug=f"service-number-{number}", team=team)
        tag = Tag.objects.create(name=f"tag {number}")
        other = make_incident(
            title=f"Front page {number}",
            status=(Status.INVESTIGATING, Status.RESOLVED)[number % 2],
            services=[service, world.service],
            declared_by=person,
            incident_lead=person,
            team=team,
        )
        other.tags.add(tag)
        incident.tags.add(tag)
        incident.services.add(service)
        incident.related.add(other)
        Impact.objects.create(incident=incident, what=f"part {number}")
        Subscription.objects.create(incident=incident, user=person)
        IncidentMember.objects.create(incident=incident, user=person, added_by=person)
        entry = EventContent(text=f"entry {number}", occurred_at=now - dt.timedelta(minutes=number))
        timeline.add_entries(actor=Actor.person(person), incident=incident, entries=[entry], now=now)
        _correct(world, number)
        RollCallAnswer.objects.create(roll_call=incident.roll_calls.earliest("pk"), person=person)
        invitations.invite(actor=admin, email=f"new{number}@example.org", role=Role.READER, teams=[team], now=now)
        OutboxMessage.objects.create(dedupe_key=f"m{number}", kind="test", incident=other, state=MessageState.DEAD)
        change = make_change(f"Deploy {number}", services=[service, world.service], made_by=person)
        IncidentChange.objects.create(incident=incident, change=change, verdict="likely", decided_by=person)
        make_change(f"Flag {number}", services=[service], live_at=incident.sort_at - dt.timedelta(minutes=number))
        make_token(world.people["admin"])
        channel = make_webhook(f"Channel {number}", services=[service])
        for key in (channel.pk, world.webhook.pk):
            OutboxMessage.objects.create(
                dedupe_key=f"c{number}-{key}", channel="webhook", recipient=str(key), incident=other
            )


def _correct(world: World, number: int) -> None:
    event = world.events["open"]
    event.refresh_from_db()
    content = EventContent(text=f"corrected {number}", occurred_at=event.occurred_at)
    timeline.edit(actor=Actor.person(world.people["editor"]), event=event, content=content, now=timezone.now())


def queries_of(world: World, url: str) -> list[str]:
    client = world.client("admin")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200, url
    return [query["sql"] for query in captured.captured_queries]


def pages(world: World, wanted: Callable[[str], bool]) -> dict[str, str]:
    return {
        route.name: route.url(world) + (f"?{ROWS[route.name].query}" if ROWS[route.name].query else "")
        for route in all_routes()
        # Whoever is signed in is sent on from the page to sign in.
        if ROWS[route.name].status("GET", "open") == 200 and wanted(route.name) and route.name != "sign-in"
    }


def more_often(few: list[str], many: list[str]) -> str:
    """The queries that came in addition, with how often each did."""
    shape = lambda sql: sql[:200]  # noqa: E731
    extra = Counter(map(shape, many)) - Counter(map(shape, few))
    return "\n".join(f"{count} x {sql}" for sql, count in extra.most_common(5))


@pytest.mark.parametrize("part", ["ours", "admin"])
def test_twenty_rows_take_as_many_queries_as_two(world: World, part: str) -> None:
    found = pages(world, lambda name: name.startswith("admin:") == (part == "admin"))
    add_rows(world, 0, 2)
    few = {name: queries_of(world, url) for name, url in found.items()}
    add_rows(world, 2, 20)
    many = {name: queries_of(world, url) for name, url in found.items()}

    worse = [
        f"{name}: {len(few[name])} queries with 2 rows, {len(many[name])} with 20\n{more_often(few[name], many[name])}"
        for name in found
        if len(many[name]) > len(few[name])
    ]
    assert not worse, "\n".join(worse)
    assert len(found) >= 25
    if part == "ours":
        too_many = {name: len(asked) for name, asked in many.items() if len(asked) > MOST.get(name, 12)}
        assert too_many == {}


def test_a_query_for_each_row_would_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the authors of entries no longer fetched together, the count grows with the rows."""
    monkeypatch.setattr("incidents.querysets.TimelineEventQuerySet.for_page", lambda rows: rows)
    page = world.incidents["open"].get_absolute_url()
    add_rows(world, 0, 2)
    few = queries_of(world, page)
    add_rows(world, 2, 20)

    assert len(queries_of(world, page)) > len(few) + 10
    assert Incident.objects.count() > 20
