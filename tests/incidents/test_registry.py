"""Where other applications follow what is written: every change tells of itself, in its own transaction."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from incidents import registry, synthetic
from incidents.domain import impacts, lifecycle, privacy, timeline, verdicts
from incidents.domain.impacts import ImpactContent
from incidents.domain.timeline import EventContent
from incidents.enums import CancelReason, ChangeVerdict, Role, TimelineKind
from incidents.models import Change, Impact, Incident, TimelineEvent
from incidents.permissions import Actor
from tests.factories import make_incident, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What a follower is told, and whether that was within a transaction."""
    told = []
    monkeypatch.setattr(registry, "_written", [lambda target, fields: told.append((target, fields))])
    return told


@pytest.fixture
def actor():
    return Actor.person(make_user(role=Role.EDITOR))


def write(actor, incident, text, **more):
    content = EventContent(text=text, occurred_at=timezone.now(), **more)
    (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=timezone.now())
    return event


def test_a_new_entry_and_its_edit_are_told(heard, actor):
    incident = make_incident()
    event = write(actor, incident, "first")
    assert heard.pop() == (event, frozenset())
    assert connection.in_atomic_block
    content = EventContent(text="second", occurred_at=event.occurred_at)
    timeline.edit(actor=actor, event=event, content=content, now=timezone.now())
    assert heard.pop() == (event, frozenset({"text"}))


def test_what_is_told_is_written_already(monkeypatch, actor):
    incident, seen = make_incident(), []
    monkeypatch.setattr(registry, "_written", [lambda *_: seen.append(Impact.objects.count())])
    impact = impacts.add(actor=actor, incident=incident, content=ImpactContent(what="pay"), now=timezone.now())
    impacts.remove(actor=actor, impact=impact, now=timezone.now())
    assert seen == [1, 0]


def test_lines_that_the_program_writes_are_told(heard, actor):
    incident = make_incident()
    change = Change.objects.create(text="Banner", live_at=timezone.now() - dt.timedelta(hours=1))
    verdicts.judge(actor=actor, incident=incident, change=change, verdict=ChangeVerdict.TRIGGER, now=timezone.now())
    line = TimelineEvent.objects.get(kind=TimelineKind.LEAD_UP)
    assert [fields for target, fields in heard if target == line] == [frozenset(), frozenset({"is_starred"})]


def test_reports_that_move_with_a_duplicate_are_told(heard, actor):
    incident, other = make_incident(), make_incident()
    report = write(actor, incident, "white page", kind=TimelineKind.REPORT)
    heard.clear()
    lifecycle.cancel(
        actor=actor, incident=incident, reason=CancelReason.DUPLICATE, duplicate_of=other, note="", now=timezone.now()
    )
    (told,) = [target for target, _fields in heard if target == report]
    assert told.incident == other


def test_privacy_is_told(heard, actor):
    incident = make_incident()
    privacy.make_private(actor=actor, incident=incident, members=[], now=timezone.now())
    assert (incident, frozenset({"is_private"})) in heard


def test_incidents_written_in_bulk_are_told_by_their_keys(monkeypatch):
    told: list[int] = []
    monkeypatch.setattr(registry, "_written_in_bulk", [told.extend])
    synthetic.load(incidents=3, events_per_incident=1, seed=1, until=timezone.now())
    assert sorted(told) == sorted(Incident.objects.values_list("pk", flat=True)) != []
