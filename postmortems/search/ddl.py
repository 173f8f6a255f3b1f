"""The engines' own index over the words of search documents, made and kept by the database itself.

SQLite has a full-text table beside, filled by triggers; PostgreSQL a generated column. Neither is part of a migration:
Django remakes a table on SQLite and drops its triggers without a word. So it is installed after every migration, and
again after every flush, like the triggers of the audit.
"""

# ruff: noqa: S608 - all names are constants of this module

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ..models import SearchDocument

TABLE = SearchDocument._meta.db_table
# SQLite: the full-text table. It holds no text of its own, only where each word stands.
INDEX = "search_index"
# PostgreSQL: the columns, the function that they are made by, and the names of their indexes. Titles have one of their
# own, because an index does not know where in a document a word stands.
VECTORS = {"vector": "title_words, body_words", "title_vector": "title_words, ''"}
FUNCTION = "search_vector"

_COLUMNS = "title_words, body_words"
# A word is what stands between spaces, whatever letters: the words were made elsewhere.
_TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"


def install_ddl(connection: BaseDatabaseWrapper) -> bool:
    """Install what is missing, in one transaction, and say whether the index stands: not before its table does."""
    if TABLE not in connection.introspection.table_names():
        return False
    install = _install_sqlite if connection.vendor == "sqlite" else _install_postgresql
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        install(cursor)
    return True


def _install_sqlite(cursor) -> None:  # type: ignore[no-untyped-def] # Django's own wrapper has no public name
    cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE %s", [f"{INDEX}%"])
    there = {name for (name,) in cursor.fetchall()}
    if INDEX not in there:
        cursor.execute(
            f"CREATE VIRTUAL TABLE {INDEX} USING fts5({_COLUMNS}, content='{TABLE}', content_rowid='id', "
            f"prefix='2 3 4', tokenize=\"{_TOKENIZER}\")"
        )
    new, old = "new.id, new.title_words, new.body_words", "old.id, old.title_words, old.body_words"
    forget = f"INSERT INTO {INDEX}({INDEX}, rowid, {_COLUMNS}) VALUES ('delete', {old});"
    learn = f"INSERT INTO {INDEX}(rowid, {_COLUMNS}) VALUES ({new});"
    triggers = {
        "insert": ("INSERT", learn),
        "delete": ("DELETE", forget),
        "update": (f"UPDATE OF id, {_COLUMNS}", f"{forget} {learn}"),
    }
    for name, (event, deed) in triggers.items():
        cursor.execute(f"DROP TRIGGER IF EXISTS {INDEX}_{name}")
        cursor.execute(f"CREATE TRIGGER {INDEX}_{name} AFTER {event} ON {TABLE} BEGIN {deed} END")
    if not {f"{INDEX}_{name}" for name in triggers} < there:
        # New, or the table was remade or made anew since; nobody told the index.
        cursor.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES ('rebuild')")


def _install_postgresql(cursor) -> None:  # type: ignore[no-untyped-def]
    cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND NOT attisdropped", [TABLE])
    there = {name for (name,) in cursor.fetchall()}
    if not there >= set(VECTORS):
        # Words are letters and digits only, so they need no quotes. The body begins some places after the title, so
        # that no phrase runs from one into the other.
        cursor.execute(
            f"""
            CREATE OR REPLACE FUNCTION {FUNCTION}(title text, body text) RETURNS tsvector
            LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
              SELECT coalesce(string_agg(word || ':' || place, ' '), '')::tsvector FROM (
                SELECT word, place FROM unnest(string_to_array(title, ' ')) WITH ORDINALITY AS words(word, place)
                UNION ALL
                SELECT word, place + 10 + cardinality(string_to_array(title, ' '))
                FROM unnest(string_to_array(body, ' ')) WITH ORDINALITY AS words(word, place)
              ) AS placed
            $$
            """
        )
    # Asked first: even where there is nothing to make, making it would wait for all who write.
    cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [TABLE])
    indexed = {name for (name,) in cursor.fetchall()}
    for column, source in VECTORS.items():
        if column not in there:
            cursor.execute(
                f"ALTER TABLE {TABLE} ADD COLUMN {column} tsvector GENERATED ALWAYS AS ({FUNCTION}({source})) STORED"
            )
        if f"search_document_{column}" not in indexed:
            cursor.execute(f"CREATE INDEX search_document_{column} ON {TABLE} USING gin ({column})")
