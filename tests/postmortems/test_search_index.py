"""The index is true in the same transaction as what it is made of, and stays where it belongs."""

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from incidents import synthetic
from incidents.domain import declaration, redaction, timeline
from incidents.domain.declaration import NewIncident
from incidents.domain.timeline import EventContent
from incidents.enums import Role
from incidents.permissions import Actor
from postmortems import hooks, search
from postmortems.models import SearchDocument, SearchTerm
from postmortems.search import ddl, index
from tests.factories import make_incident, make_user

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


def test_a_word_that_is_taken_out_is_proposed_no_more(actor):
    incident = make_incident()
    content = EventContent(text="The key is hunter2secret", occurred_at=timezone.now())
    (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=timezone.now())
    index.learn(timezone.now())
    assert set(SearchTerm.objects.values_list("word", flat=True)) == {"the", "key", "hunter2secret"}
    content = EventContent(text="The key is elsewhere", occurred_at=event.occurred_at)
    timeline.edit(actor=actor, event=event, content=content, now=timezone.now())
    assert set(SearchTerm.objects.values_list("word", flat=True)) == {"the", "key"}


def test_redaction_takes_a_text_out_of_the_index(actor):
    incident = make_incident(title="Leak")
    content = EventContent(text=f"{'word ' * 1500} hunter2secret", occurred_at=timezone.now())
    timeline.add_entries(actor=actor, incident=incident, entries=[content], now=timezone.now())
    index.learn(timezone.now())
    assert found("hunter2secret")
    admin = Actor.person(make_user(role=Role.ADMIN))
    redaction.redact(actor=admin, words=redaction.Words(text="hunter2secret"), reason="pasted", now=timezone.now())
    assert found("hunter2secret") == []
    assert not SearchTerm.objects.filter(word="hunter2secret").exists()
    assert not SearchDocument.objects.filter(text__contains="hunter2").exists()


def test_what_an_older_program_wrote_is_indexed_after_the_upgrade():
    make_incident(title="Doors stay shut")
    hooks.install_search(sender=apps.get_app_config("postmortems"))
    assert SearchDocument.objects.filter(title="Doors stay shut").exists()


@pytest.mark.sqlite
def test_the_index_survives_a_remade_table(actor):
    make_incident(title="Doors stay shut")
    search.reindex()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER search_index_insert")
        cursor.execute("DROP TRIGGER search_index_update")
    SearchDocument.objects.update(title_words="window")
    ddl.install_ddl(connection)
    ddl.install_ddl(connection)
    assert (len(found("window")), found("door")) == (1, [])
    SearchDocument.objects.update(title_words="roof")
    assert (len(found("roof")), found("window")) == (1, [])


@pytest.mark.postgresql
def test_the_vectors_come_back(actor):
    make_incident(title="Doors stay shut")
    search.reindex()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {ddl.TABLE} DROP COLUMN vector")
    ddl.install_ddl(connection)
    ddl.install_ddl(connection)
    assert len(found("door")) == 1
