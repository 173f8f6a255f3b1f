"""A text that is redacted is gone from every column of every table and from every page (S17)."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone
from django.utils.text import slugify

from incidents import ddl, registry
from incidents.domain import redaction
from incidents.domain.redaction import Words
from incidents.domain.redaction.tables import NEEDED, NOT_TEXT, name_of, tables
from incidents.models import Alert, AuditEntry, Incident, OutboxMessage
from incidents.permissions import Actor
from postmortems.publication.document import WRITTEN
from tests.project.surfaces import addresses, look
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

# Part of it is the same however it is escaped: that is what is looked for.
CORE = "quillwort"
SECRET = f'hunter<2>&"{CORE}_9'
# Like it, and nobody's secret.
TWIN = f'hunter<2>&"{CORE[::-1]}_9'


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def plant(text: str) -> set[str]:
    """Write the text into every column of text of every row, past all forms; the columns that now hold it."""
    planted = set()
    with ddl.audit_can_be_redacted(connection):
        for table in tables():
            derivation = registry.derivation_of(table.model)
            for row in table.model._base_manager.all():
                values = {
                    field.name: with_text(field, getattr(row, field.name), text, row.pk) for field in table.fields
                }
                left_out = {*derivation.columns, *(f.name for f in table.fields if name_of(f) in NEEDED)}
                values = {name: value for name, value in values.items() if name not in left_out}
                for name, value in values.items():
                    setattr(row, name, value)
                planted |= {f"{table.label}.{name}" for name, value in values.items() if text in str_of(value)}
                table.model._base_manager.filter(pk=row.pk).update(**values | derivation.make(row))
                planted |= {f"{table.label}.{name}" for name in derivation.columns}
    registry.written_in_bulk(list(Incident.objects.values_list("pk", flat=True)))
    return planted


def with_text(field: models.Field, value: Any, text: str, key: object) -> Any:
    if isinstance(field, models.JSONField):
        more = {"said": text} if field.model in (Alert, OutboxMessage) else {}
        return in_json(value, text) | more if isinstance(value, dict) else in_json(value, text)
    if isinstance(field, models.SlugField):
        return f"{value}-{slugify(text)}"
    if isinstance(field, models.EmailField):
        return f"{text}{key}@example.org"
    kept = "" if value is None else str(value)
    room = (field.max_length or 10_000) - len(text) - len(str(key)) - 2
    if room < 0:
        return value
    return f"{kept[:room]} {text} {key}".strip()


def in_json(value: Any, text: str, key: str = "text") -> Any:
    if isinstance(value, dict):
        return {name: in_json(item, text, name) for name, item in value.items()}
    if isinstance(value, list):
        return [in_json(item, text, key) for item in value]
    return f"{value} {text}" if isinstance(value, str) and key in WRITTEN else value


def str_of(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def columns_with(word: str) -> tuple[set[str], int]:
    """The columns of the database itself that hold the word, and how many columns there are."""
    found, swept = set(), 0
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                swept += 1
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE lower(CAST("{column.name}" AS text)) LIKE %s', [f"%{word}%"]
                )
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column.name}")
    return found, swept


def redact(world: World, **values: Any) -> redaction.Findings:
    actor = Actor.person(world.people["admin"])
    words = Words(**({"text": SECRET} | values))
    return redaction.redact(actor=actor, words=words, reason="A key was pasted.", now=timezone.now())


def test_what_is_redacted_is_in_no_column_of_the_database(world: World) -> None:
    planted = plant(SECRET)
    before, _swept = columns_with(CORE)

    found = redact(world)

    left, swept = columns_with(CORE)
    assert left == set()
    # Words of it that an index held are gone as well.
    assert "postmortems_similarityterm.term" in before
    assert len(planted) >= 75
    assert len(before) >= len(planted) - 5
    assert found.count >= 300
    assert swept >= 500


def test_what_is_only_like_it_stays(world: World) -> None:
    plant(SECRET)
    Incident.objects.filter(pk=world.incidents["open"].pk).update(summary=f"{TWIN} and {SECRET} and hunter<2>")

    redact(world)

    summary = Incident.objects.get(pk=world.incidents["open"].pk).summary
    assert summary == f"{TWIN} and (redacted) and hunter<2>"


def test_no_page_shows_it_and_every_page_is_still_there(world: World) -> None:
    plant(SECRET)
    redact(world)
    client, swept = world.client("admin"), 0

    for _name, url in addresses(world):
        shown = look(client, url)
        assert CORE not in shown.lower(), url
        swept += 1

    assert swept >= 150


def test_before_it_is_redacted_pages_show_it(world: World) -> None:
    plant(SECRET)

    shown = [url for _name, url in addresses(world) if CORE in look(world.client("admin"), url).lower()]

    assert len(shown) >= 60


def test_every_column_is_looked_through_or_named_with_the_reason_why_not() -> None:
    searched = {name_of(field) for table in tables() for field in table.fields}
    there = {name_of(field) for model in apps.get_models() for field in model._meta.concrete_fields}

    assert set(NOT_TEXT) <= there
    assert searched >= NEEDED
    assert not searched & set(NOT_TEXT)
    assert len(searched) >= 95


def test_each_touched_incident_says_so_and_nothing_says_what(world: World) -> None:
    plant(SECRET)

    found = redact(world)

    (entry,) = AuditEntry.objects.filter(action=redaction.CARRIED_OUT)
    assert entry.note == "A key was pasted."
    assert entry.actor == world.people["admin"]
    assert entry.changes["places"] == [None, found.count]
    told = AuditEntry.objects.filter(action="redaction.on_incident")
    assert {row.incident.reference for row in told} == set(found.references)
    assert len(found.references) >= 5
