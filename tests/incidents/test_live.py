"""The page that keeps up: what it asks for every few seconds, what that costs, and what arrives late but only once."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import lifecycle, updates
from incidents.domain.lifecycle import Verb
from incidents.enums import IncidentRole, NextUpdate, Role, Status
from incidents.models import Incident, RollCall, RollCallAnswer, StatusUpdate
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import client_of, text_of, url, write

pytestmark = pytest.mark.django_db

# Session, person, incident.
MAX_QUERIES = 3


@pytest.fixture
def incident():
    return make_incident(incident_lead=make_user("Ada"))


def mark_in(page):
    return re.search(r'data-mark="([^"]+)"', page)[1]


def newest_in(page):
    return re.search(r'data-newest="(\d+)"', page)[1]


class Watcher:
    """A browser that has the page open and asks as static/js/live.js does."""

    def __init__(self, incident, role=Role.READER):
        self.incident, self.client = incident, client_of(role)
        page = text_of(self.client.get(url(incident)))
        self.mark, self.newest = mark_in(page), newest_in(page)

    def ask(self):
        query = {"mark": self.mark, "newer": self.newest, "zone": "home"}
        answer = self.client.get(url(self.incident, "incident-news"), query)
        if answer.status_code == 204:
            assert answer.content == b""
            return None
        assert answer.status_code == 200
        self.mark = mark_in(text_of(answer))
        return text_of(answer)


def tell(incident, **more):
    actor = Actor.person(incident.incident_lead)
    return updates.write(actor=actor, incident=incident, text="We roll it back", now=timezone.now(), **more)


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER, Role.ADMIN])
def test_nothing_new_is_an_empty_answer_for_three_queries(incident, role):
    tell(incident)
    for number in range(30):
        write(client_of(incident.incident_lead), incident, f"Nr {number}")
    watcher = Watcher(incident, role)
    with CaptureQueriesContext(connection) as captured:
        assert watcher.ask() is None
    assert len(captured) <= MAX_QUERIES, [query["sql"][:100] for query in captured]


def test_what_others_write_is_told_as_a_number(incident):
    writer = client_of()
    write(writer, incident, "first")
    watcher = Watcher(incident)
    write(writer, incident, "-2h found earlier")
    write(writer, incident, "third")
    news = watcher.ask()
    assert "2 new" in news
    assert "third" not in news
    assert watcher.ask() is None
    watcher.newest = "nonsense"
    write(writer, incident, "fourth")
    assert "new-entries" not in watcher.ask()


def test_the_status_is_told(incident):
    watcher = Watcher(incident)
    lifecycle.advance(
        actor=Actor.person(incident.incident_lead), incident=incident, verb=Verb.IDENTIFY, now=timezone.now()
    )
    news = watcher.ask()
    assert 'data-status="identified"' in news
    assert "Status: Identified" in news
    assert "data-over" not in news


def test_an_end_is_told_and_asks_no_more(incident):
    watcher = Watcher(incident)
    Incident.objects.filter(pk=incident.pk).update(status=Status.RESOLVED, version=9)
    assert "data-over" in watcher.ask()


def test_an_update_is_told_to_responders_at_once_and_to_others_when_it_has_left(incident):
    reader, responder = Watcher(incident), Watcher(incident, Role.RESPONDER)
    update = tell(incident, next_update=NextUpdate.HOUR)
    assert "leaves in" in responder.ask()
    assert "next update due in" in reader.ask()
    StatusUpdate.objects.filter(pk=update.pk).update(leaves_at=timezone.now())
    for watcher in (reader, responder):
        news = watcher.ask()
        assert "Status update: We roll it back" in news
        assert f'data-update="{update.pk}"' in news
        assert "leaves in" not in news
        assert watcher.ask() is None


def test_that_it_is_late_is_told_when_the_time_comes(incident):
    tell(incident, next_update=NextUpdate.HOUR)
    watcher = Watcher(incident)
    Incident.objects.filter(pk=incident.pk).update(next_update_due_at=timezone.now() - dt.timedelta(minutes=6))
    assert "update due" in watcher.ask()
    assert watcher.ask() is None


def test_answers_to_the_roll_call_are_told(incident):
    now = timezone.now()
    call = RollCall.objects.create(
        incident=incident, from_at=now - dt.timedelta(hours=3), to_at=now, asked_by=incident.incident_lead
    )
    asked = RollCallAnswer.objects.create(roll_call=call, person=make_user())
    watcher = Watcher(incident)
    RollCallAnswer.objects.filter(pk=asked.pk).update(answer="nothing", answered_at=now)
    assert "1 of 1" in watcher.ask()
    assert watcher.ask() is None


def test_a_role_that_somebody_takes_is_told(incident):
    watcher = Watcher(incident, Role.RESPONDER)
    client_of().post(url(incident, "role-take"), {"role": IncidentRole.SCRIBE})
    assert watcher.ask() is not None


def test_strangers_and_the_signed_out_are_told_nothing():
    from django.test import Client

    private = make_incident(is_private=True)
    assert client_of().get(url(private, "incident-news")).status_code == 404
    assert Client().get(url(private, "incident-news")).status_code == 302
    assert client_of(Role.READER).get(url(make_incident(), "incident-news")).status_code == 200


# What had to wait for the server


def test_what_arrives_late_happened_when_it_was_typed_and_only_once(incident):
    client, key = client_of(), uuid.uuid4()
    typed = timezone.now() - dt.timedelta(minutes=12)
    for text in ("we restart it", "we restart it"):
        client.post(url(incident, "timeline"), {"text": text, "client_id": key, "typed_at": typed.isoformat()})
    event = incident.timeline.get()
    assert (event.occurred_at, event.created_at > typed) == (typed, True)
    (relative,) = write(client, incident, "-5m seen", typed_at=typed.isoformat())
    assert abs(relative.occurred_at - (typed - dt.timedelta(minutes=5))) < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "2026-99-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "x" * 5000,
    ],
)
def test_a_clock_that_cannot_be_right_is_passed_over(incident, typed):
    (event,) = write(client_of(), incident, "seen", typed_at=typed)
    assert abs(event.occurred_at - timezone.now()) < dt.timedelta(minutes=1)


def test_the_page_at_five_hundred_entries_is_small_for_everybody(incident):
    from incidents.domain import timeline
    from incidents.domain.timeline import EventContent

    now = timezone.now()
    entries = [
        EventContent(text=f"Entry {n}: " + "word " * 12, occurred_at=now - n * dt.timedelta(minutes=3))
        for n in range(500)
    ]
    timeline.add_entries(actor=Actor.person(make_user()), incident=incident, entries=entries, now=now)
    for role in (Role.READER, Role.RESPONDER, Role.EDITOR, Role.ADMIN):
        assert len(client_of(role).get(url(incident)).content) <= 150_000, role


def test_without_scripts_everything_is_still_done_on_the_entry_s_own_page(incident):
    editor = client_of(Role.EDITOR)
    (event,) = write(editor, incident, "wrong place")
    assert f'class="entry-more" href="{url(incident, "entry-edit", event.pk)}"' in text_of(editor.get(url(incident)))
    own = text_of(editor.get(url(incident, "entry-edit", event.pk)))
    for name in ("entry-strike", "entry-move"):
        assert f'"{url(incident, name, event.pk)}"' in own
    editor.post(url(incident, "entry-strike", event.pk))
    assert f'"{url(incident, "entry-restore", event.pk)}"' in text_of(editor.get(url(incident, "entry-edit", event.pk)))
    other = text_of(client_of().get(url(incident, "entry-edit", event.pk)))
    assert f'"{url(incident, "entry-restore", event.pk)}"' not in other
