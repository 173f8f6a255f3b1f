"""What the database itself enforces beyond what a migration can keep.

On SQLite Django changes a table by making a new one, and the triggers of the old one are gone without a word. So they
are installed after every migration, and again after every flush.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .models import AuditEntry

REFUSAL = "Audit entries are written once: they are never changed or deleted."
TRIGGER = "audit_append_only"


def install_ddl(connection: BaseDatabaseWrapper) -> None:
    """Install all triggers anew, in one transaction; nothing happens before the tables exist."""
    table = AuditEntry._meta.db_table
    if table not in connection.introspection.table_names():
        return
    statements = _drop(connection.vendor, table) + _create(connection.vendor, table)
    _execute(connection, statements)


def drop_audit_triggers(connection: BaseDatabaseWrapper) -> None:
    """Let audit entries be deleted until `install_ddl()` runs again: for tests, which empty tables after each run."""
    _execute(connection, _drop(connection.vendor, AuditEntry._meta.db_table))


@contextmanager
def audit_can_be_redacted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let a redaction, and nothing else, change entries of the audit: inside its transaction, with the triggers away.

    Both engines change triggers within a transaction. PostgreSQL keeps everybody else off the table until it ends,
    SQLite off the whole database; so nobody ever finds the audit open, and where the transaction fails the triggers
    were never gone. Raises `ProgrammingError` where the account may not change the table.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The audit is opened in a transaction only.")
    table = AuditEntry._meta.db_table
    # PostgreSQL changes no triggers while checks of rows just written wait for the end of the transaction.
    connection.check_constraints(table_names=[table])
    _execute(connection, _drop(connection.vendor, table))
    yield
    _execute(connection, _create(connection.vendor, table))


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _create(vendor: str, table: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {TRIGGER}_{event} BEFORE {event.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            for event in ("update", "delete")
        ]
    return [
        f"CREATE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {TRIGGER}_row BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()",
        f"CREATE TRIGGER {TRIGGER}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {TRIGGER}()",
    ]


def _drop(vendor: str, table: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {TRIGGER}_{event}" for event in ("update", "delete")]
    # The triggers go with their function.
    return [f"DROP FUNCTION IF EXISTS {TRIGGER}() CASCADE"]
