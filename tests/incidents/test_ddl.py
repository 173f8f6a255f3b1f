"""The audit is written once, whatever happens to its table."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from incidents import audit
from incidents.ddl import REFUSAL, drop_audit_triggers, install_ddl
from incidents.models import AuditEntry, OutboxMessage, WorkerHeartbeat
from incidents.permissions import Actor


@pytest.fixture
def entry() -> AuditEntry:
    beat = WorkerHeartbeat(name="a", seen_at=timezone.now())
    actor = Actor.machine("a test", "")
    return audit.record(actor=actor, action="test", target=beat, at=dt.datetime(2026, 1, 6, tzinfo=dt.UTC))


def change(entry: AuditEntry) -> None:
    with transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(note="changed")


def delete(entry: AuditEntry) -> None:
    with transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()


def replace(entry: AuditEntry) -> None:
    columns = ", ".join(str(field.column) for field in AuditEntry._meta.concrete_fields)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"REPLACE INTO incidents_auditentry ({columns}) SELECT {columns} FROM incidents_auditentry")


def truncate(entry: AuditEntry) -> None:
    # Foreign keys that are still to be checked would refuse first.
    connection.check_constraints()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE incidents_auditentry CASCADE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attack",
    [
        change,
        delete,
        pytest.param(replace, marks=pytest.mark.sqlite),
        pytest.param(truncate, marks=pytest.mark.postgresql),
    ],
)
def test_the_database_refuses_to_change_the_audit(attack, entry):
    with pytest.raises(IntegrityError, match=REFUSAL):
        attack(entry)
    entry.refresh_from_db()
    assert entry.note == ""


@pytest.mark.django_db
@pytest.mark.parametrize("attack", [change, delete])
def test_without_the_triggers_it_would_not(attack, entry):
    drop_audit_triggers(connection)
    attack(entry)
    assert not AuditEntry.objects.filter(pk=entry.pk, note="").exists()


@pytest.mark.django_db
def test_other_tables_may_be_changed():
    WorkerHeartbeat.objects.create(name="a", seen_at=timezone.now())
    assert WorkerHeartbeat.objects.update(seen_at=timezone.now()) == 1
    assert WorkerHeartbeat.objects.all().delete()[0] == 1


@pytest.mark.django_db
def test_installing_twice_is_installing_once(entry):
    install_ddl(connection)
    install_ddl(connection)
    with pytest.raises(IntegrityError, match=REFUSAL):
        delete(entry)


@pytest.mark.django_db(transaction=True)
def test_after_the_table_is_altered_the_next_migration_brings_the_triggers_back():
    longer = models.CharField(max_length=501, blank=True)
    longer.set_attributes_from_name("note")
    longer.model = AuditEntry
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEntry, AuditEntry._meta.get_field("note"), longer)
    entry = audit.record(
        actor=Actor.machine("a test", ""), action="test", target=OutboxMessage(pk=1), at=timezone.now()
    )
    if connection.vendor == "sqlite":
        # Altering made a new table: this is what the whole arrangement is about.
        change(entry)
    call_command("migrate", verbosity=0)
    with pytest.raises(IntegrityError, match=REFUSAL):
        change(entry)
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEntry, longer, AuditEntry._meta.get_field("note"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_transactional_test_leaves_the_triggers_and_an_empty_table(time):
    assert AuditEntry.objects.count() == 0
    actor = Actor.machine("a test", "")
    entry = audit.record(actor=actor, action="test", target=OutboxMessage(pk=1), at=timezone.now())
    with pytest.raises(IntegrityError, match=REFUSAL):
        delete(entry)
