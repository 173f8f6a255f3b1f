"""Taking a text out of everything that is kept: a pasted secret, or a name. That it was done stays in the audit.

A text is looked for in every column of every table, replaced where people wrote it, and what is made of that (HTML,
keys, the Markdown of a revision) is made anew. All of it happens in one transaction, and none of it where the text is
still found afterwards.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ... import audit, ddl, registry
from ...errors import InvalidInput, NotPossible
from ...models import AuditEntry, Incident, Installation
from ...permissions import Actor, Perm, require
from .tables import NAMED_BY_OTHERS, NEEDED, Table, holds_text, name_of, tables, way_to_incident
from .words import Words

__all__ = ["CARRIED_OUT", "Findings", "Place", "Words", "find", "redact"]

CARRIED_OUT = "redaction.carried_out"
MOST_OF_REASON = 300
# A deadlock is nobody's fault: whoever else was writing is done by then.
TRIES = 3
DEADLOCK = "40P01"
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A column in which the text was found: how often, and on which incidents, as far as its rows hang on any."""

    kind: str
    column: str
    count: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """Where a text stands: what is replaced, and where it is needed to send and so stays."""

    places: tuple[Place, ...]
    needed: tuple[Place, ...] = ()

    @property
    def count(self) -> int:
        return sum(place.count for place in self.places)

    @property
    def references(self) -> list[str]:
        """The incidents that are touched, each once."""
        return sorted({reference for place in self.places for reference in place.references}, key=_by_number)


@dataclass(slots=True)
class _Row:
    """A row that holds the text, and how often in each of its columns."""

    table: Table
    pk: Any
    incident_id: int | None
    counts: dict[str, int] = field(default_factory=dict)


def find(*, actor: Actor, words: Words, incident: Incident | None = None) -> Findings:
    """Where the text stands, everywhere or in what hangs on one incident. Changes nothing.

    Raises `Forbidden` or `InvalidInput`.
    """
    require(actor, Perm.ADMINISTER)
    words.check()
    return _findings(list(_search(words, incident)))


def redact(*, actor: Actor, words: Words, reason: str, now: dt.datetime, incident: Incident | None = None) -> Findings:
    """Replace the text everywhere, or in what hangs on one incident; what was found and is gone.

    The audit says who, when, why and in how many places, on each incident that was touched too, and keeps nothing of
    the text: a digest of a short one could be guessed. Raises `Forbidden`, `InvalidInput`, or `NotPossible` where it
    was found nowhere (``found_nowhere``) or could not be taken out (``left_over``); then nothing has changed.
    """
    require(actor, Perm.ADMINISTER)
    words.check()
    reason = _checked_reason(reason, words)
    for attempt in range(1, TRIES + 1):
        try:
            return _redact(actor, words, reason, now, incident)
        except OperationalError as error:
            if not _is_busy(error):
                raise
            if connection.in_atomic_block or attempt == TRIES:
                message = _("Others were writing at the same moment. Nothing has changed; try once more.")
                raise NotPossible(message, code="busy") from error
    raise AssertionError("unreachable")


def _is_busy(error: OperationalError) -> bool:
    """Whether others hold what was wanted: a deadlock of PostgreSQL, or SQLite that was locked for too long."""
    code = getattr(error.__cause__, "pgcode", "")
    return code == DEADLOCK if connection.vendor == "postgresql" else "locked" in str(error)


@transaction.atomic
def _redact(actor: Actor, words: Words, reason: str, now: dt.datetime, incident: Incident | None) -> Findings:
    rows = list(_search(words, incident))
    findings = _findings(rows)
    if not findings.places:
        raise NotPossible(_("It was found nowhere, so nothing was changed."), code="found_nowhere")
    in_audit = [row for row in rows if row.table.model is AuditEntry]
    # Before anything is written to the audit: PostgreSQL changes no triggers of a table with work to be done.
    with _audit_open() if in_audit else nullcontext():
        for row in in_audit:
            _rewrite(row, words, now)
    for row in rows:
        if row.table.model is not AuditEntry:
            _rewrite(row, words, now)
    touched = sorted({row.incident_id for row in rows if row.incident_id is not None})
    _follow(rows, touched)
    _check_gone(rows, words)
    _check_indexes(touched, words)
    _record(actor, words, reason, now, incident, findings, rows)
    return findings


def _search(words: Words, incident: Incident | None) -> Iterator[_Row]:
    """Every row that holds the text, table by table."""
    for table in tables():
        if incident is not None and not table.incident:
            continue
        rows = table.model._base_manager.order_by("pk")
        if incident is not None:
            rows = rows.filter(**{table.incident: incident.pk})
        names = [field.name for field in table.fields]
        columns = rows.values_list("pk", table.incident or "pk", *names).iterator(chunk_size=_CHUNK)
        for pk, incident_id, *values in columns:
            found = _Row(table, pk, incident_id if table.incident else None)
            for column, value in zip(table.fields, values, strict=True):
                if value and (count := _replaced(words, column, value)[1]):
                    found.counts[column.name] = count
            if found.counts:
                yield found


def _replaced(words: Words, column: models.Field, value: Any) -> tuple[Any, int]:
    """What the column says without the text, and in how many places it was."""
    if isinstance(column, models.JSONField):
        return words.replaced_in(value, with_names=name_of(column) in NAMED_BY_OTHERS)
    if isinstance(column, models.SlugField):
        return words.replaced_in_slug(value, column.max_length)
    new, count = words.replaced(value, column.max_length)
    if count and isinstance(column, models.EmailField):
        # What is left of an address must not lead to somebody else.
        return None if column.null else "redacted@example.invalid", count
    return new, count


def _rewrite(row: _Row, words: Words, now: dt.datetime) -> None:
    """Replace the text in a row as it is at this moment, and make anew what is made of it."""
    model = row.table.model
    found = model._base_manager.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if found is None:
        return
    derivation = registry.derivation_of(model)
    changed = []
    for column in row.table.fields:
        value = getattr(found, column.name)
        if value and name_of(column) not in NEEDED and column.name not in derivation.columns:
            new, count = _replaced(words, column, value)
            if count:
                setattr(found, column.name, new)
                changed.append(column)
    try:
        with transaction.atomic():
            _store(found, changed, derivation, now)
    except IntegrityError:
        # Another row is called so already.
        for column in changed:
            if column.name in _unique_names(model):
                setattr(found, column.name, _numbered(found, column))
        with transaction.atomic():
            _store(found, changed, derivation, now)


def _store(found: Any, changed: list[models.Field], derivation: registry.Derivation, now: dt.datetime) -> None:
    values = {column.name: getattr(found, column.name) for column in changed} | derivation.make(found)
    names = {column.name for column in found._meta.concrete_fields}
    if {"version", "updated_at"} <= names:
        # Whoever has it open with the text in it is told that it has changed, and does not bring the text back.
        values |= {"version": models.F("version") + 1, "updated_at": now}
    if values:
        type(found)._base_manager.filter(pk=found.pk).update(**values)


def _numbered(found: Any, column: models.Field) -> str:
    """What stands in the place of a name that nobody else may have, told apart by the row's key."""
    tail = f"-{found.pk}" if isinstance(column, models.SlugField) else f" {found.pk}"
    return f"{getattr(found, column.name)[: (column.max_length or 255) - len(tail)]}{tail}"


def _unique_names(model: type[models.Model]) -> set[str]:
    """The columns of which no two rows may say the same."""
    names = {column.name for column in model._meta.concrete_fields if column.unique and not column.primary_key}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            # An expression such as Lower("name") holds the name of its column.
            expressions: list[Any] = list(constraint.expressions)
            names |= {*constraint.fields, *(name for each in expressions for name in each.deconstruct()[1])}
    return names


def _audit_open() -> Any:
    return ddl.audit_can_be_redacted(connection)


def _follow(rows: list[_Row], incidents: list[int]) -> None:
    """Let what other applications derive from the texts, such as an index, follow them."""
    for row in rows:
        if row.incident_id is None:
            found = row.table.model._base_manager.filter(pk=row.pk).first()
            if found is not None:
                registry.written(found, row.counts)
    for batch in _batches(incidents):
        registry.written_in_bulk(batch)


def _check_gone(rows: list[_Row], words: Words) -> None:
    """Raise `NotPossible`, which takes everything back, where a page would still show the text."""
    left = []
    for row in rows:
        found = row.table.model._base_manager.filter(pk=row.pk).first()
        derived = registry.derivation_of(row.table.model).columns
        for column in row.table.fields:
            value = getattr(found, column.name, None)
            if value and name_of(column) not in NEEDED and words.is_in(value, is_shown=column.name in derived):
                left.append(f"{_kind(row.table)} {row.pk}, {_label(column)}")
    if left:
        message = _("It is written in a way that could not be replaced: %(places)s. Edit that by hand first.")
        raise NotPossible(message % {"places": "; ".join(left[:5])}, code="left_over")


def _check_indexes(incidents: list[int], words: Words) -> None:
    """Raise `NotPossible` where an index of these incidents still holds the text."""
    for model in registry.indexes():
        names = [column.name for column in model._meta.concrete_fields if holds_text(column)]
        for batch in _batches(incidents):
            rows = model._base_manager.filter(**{f"{way_to_incident(model)}__in": batch})
            if any(value and words.is_in(value) for row in rows.values_list(*names).iterator() for value in row):
                message = _("It is still in %(table)s. Nothing has changed; tell whoever looks after the program.")
                raise NotPossible(message % {"table": model._meta.verbose_name_plural}, code="left_over")


def _batches(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + 500] for start in range(0, len(keys), 500))


def _checked_reason(reason: str, words: Words) -> str:
    reason = " ".join(reason.split())[:MOST_OF_REASON]
    if not reason:
        message = _("Say why; one sentence is enough, without the text itself.")
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})
    if words.is_in(reason):
        message = _("The reason holds the text itself, and would stay in the audit.")
        raise InvalidInput(message, code="reason", fields={"reason": message})
    return reason


def _record(
    actor: Actor,
    words: Words,
    reason: str,
    now: dt.datetime,
    incident: Incident | None,
    findings: Findings,
    rows: list[_Row],
) -> None:
    """One entry for the whole, and one on each incident that was touched."""
    scope = incident.reference if incident else _("everything")
    changes = {"places": (None, findings.count), "scope": (None, scope), "replacement": (None, words.replacement)}
    target = Installation.current()
    audit.record(actor=actor, action=CARRIED_OUT, target=target, at=now, changes=changes, note=reason)
    places = Counter[int]()
    for row in rows:
        if row.incident_id is not None:
            places[row.incident_id] += _told(row)
    for touched in Incident.objects.filter(pk__in=places).order_by("pk"):
        audit.record(
            actor=actor,
            action="redaction.on_incident",
            target=touched,
            at=now,
            changes={"places": (None, places[touched.pk])},
            note=reason,
        )


def _findings(rows: list[_Row]) -> Findings:
    references = _references({row.incident_id for row in rows if row.incident_id is not None})
    counts: dict[tuple[Table, models.Field], Counter[str]] = {}
    for row in rows:
        for column in row.table.fields:
            if _is_told(row, column):
                told = counts.setdefault((row.table, column), Counter())
                told[references.get(row.incident_id or 0, "")] += row.counts[column.name]
    places: dict[bool, list[Place]] = {False: [], True: []}
    for (table, column), told in counts.items():
        named = tuple(sorted((reference for reference in told if reference), key=_by_number))
        place = Place(_kind(table), _label(column), told.total(), named)
        places[name_of(column) in NEEDED].append(place)
    return Findings(tuple(places[False]), tuple(places[True]))


def _is_told(row: _Row, column: models.Field) -> bool:
    """Whether a place counts: copies of what was found in the same row do not."""
    if column.name not in row.counts:
        return False
    derived = registry.derivation_of(row.table.model).columns
    return column.name not in derived or not (row.counts.keys() - derived)


def _told(row: _Row) -> int:
    return sum(row.counts[column.name] for column in row.table.fields if _is_told(row, column))


def _references(keys: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for batch in _batches(sorted(keys)):
        rows = Incident.objects.filter(pk__in=batch).values_list("pk", "series", "number")
        found |= {pk: f"{series}-{number}" for pk, series, number in rows}
    return found


def _by_number(reference: str) -> tuple[str, int]:
    series, _dash, number = reference.rpartition("-")
    return series, int(number)


def _kind(table: Table) -> str:
    return capfirst(str(table.model._meta.verbose_name))


def _label(column: models.Field) -> str:
    return str(column.verbose_name)
