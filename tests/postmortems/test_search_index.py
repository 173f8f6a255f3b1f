"""The index is true in the same transaction as what it is made of, and stays where it belongs."""

import pytest
from django.db import connection
from django.utils import timezone

from incidents import synthetic
from incidents.domain import declaration, timeline
from incidents.domain.declaration import NewIncident
from incidents.domain.timeline import EventContent
from incidents.enums import Role
from incidents.permissions import Actor
from postmortems import search
from postmortems.models import SearchDocument
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return Actor.person(make_user(role=Role.EDITOR))


def found(word):
    """The texts that the engine's own index holds this word for."""
    documents = SearchDocument.objects.order_by("pk")
    if connection.vendor == "sqlite":
        matching = "id IN (SELECT rowid FROM search_index WHERE search_index MATCH %s)"
    else:
        matching = "vector @@ %s::tsquery"
    return [document.text or document.title for document in documents.extra(where=[matching], params=[word])]


def test_a_declared_incident_and_its_entries_are_found(actor):
    incident = declaration.declare(
        actor=actor,
        new=NewIncident(title="Doors stay shut", home_zone="UTC", summary="In *Lusaka*"),
        now=timezone.now(),
    )
    content = EventContent(text="The relay **clicks**", occurred_at=timezone.now())
    (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=timezone.now())
    assert found("door") == found("lusaka") == ["In Lusaka"]
    assert found("relay") == ["The relay clicks"]
    timeline.edit(
        actor=actor,
        event=event,
        content=EventContent(text="The lock", occurred_at=event.occurred_at),
        now=timezone.now(),
    )
    assert (found("relay"), found("lock")) == ([], ["The lock"])
    timeline.strike(actor=actor, event=event, now=timezone.now())
    assert found("lock") == []
    timeline.restore(actor=actor, event=event, now=timezone.now())
    assert found("lock") == ["The lock"]


def test_synthetic_incidents_are_found():
    synthetic.load(incidents=20, events_per_incident=3, seed=1, until=timezone.now())
    count = SearchDocument.objects.count()
    assert count > 60
    before = {(d.kind, d.object_id, d.part): (d.pk, d.title_words, d.body_words) for d in SearchDocument.objects.all()}
    assert search.reindex() == 20
    assert before == {
        (d.kind, d.object_id, d.part): (d.pk, d.title_words, d.body_words) for d in SearchDocument.objects.all()
    }
