"""What the page of a published postmortem shows besides its article, asked for in one query.

Django takes ten times as long to put this query together as a database takes to answer it, so it is put together once
for each role, with values that stand in for reader and number (docs/decisions.md).
"""

import datetime as dt
import json
from collections.abc import MutableMapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from incidents.models import User
from incidents.permissions import Actor, offers
from incidents.querysets import REFERENCE

from ..enums import UNFINISHED, ActionStatus
from ..models import Postmortem, Revision
from ..models.postmortem import slug_of
from ..permissions import LessonPerm
from . import html

# What each connection to PostgreSQL has planned.
_PREPARED: MutableMapping[Any, set[str]] = WeakKeyDictionary()
# Stand in for who reads and which incident; nothing else in the query has these values.
_READER, _NUMBER, _SERIES = 9_007_199_254_740_001, 2_147_480_001, "\x00series"


class Item(NamedTuple):
    """An action item as our own people see it, with its state of this moment."""

    reference: str
    text: str
    owner: str
    due_on: dt.date | None
    status: ActionStatus

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def url(self) -> str:
        return reverse("action", args=[self.reference])


class Planned(NamedTuple):
    """An action item as it was at the revision."""

    text: str
    status: str
    done: bool


class Published(NamedTuple):
    """A revision up to the one that is read: when it was published, and what had changed."""

    number: int
    at: dt.datetime
    note: str


class Repeat(NamedTuple):
    """Another incident that is the same again: its cause, or why somebody says so."""

    why: str
    is_cause: bool
    reference: str
    title: str
    at: dt.datetime

    @property
    def url(self) -> str:
        return reverse("incident", args=[self.reference])


class Related(NamedTuple):
    """Another published postmortem with a cause of the same kind."""

    reference: str
    title: str

    @property
    def url(self) -> str:
        return address(self.reference, self.title)


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a published postmortem's page shows. Templates get nothing else, so two equal ones look alike."""

    reference: str
    title: str
    canonical: str
    number: int
    published_at: dt.datetime
    note: str
    revisions: tuple[Published, ...]
    zone: str
    is_example: bool
    audience: str
    article: str = field(repr=False)
    is_public: bool
    is_older: bool = False
    may_write: bool = False
    may_publish: bool = False
    today: dt.date | None = None
    planned: tuple[Planned, ...] = ()
    items: tuple[Item, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    later: tuple[Repeat, ...] = ()
    related: tuple[Related, ...] = ()


@dataclass(frozen=True)
class Found:
    """What one reader may read of a published postmortem, as the database has it now."""

    row: dict[str, Any]
    is_public: bool

    @property
    def incident_id(self) -> int:
        return int(self.row["incident_id"])

    @property
    def is_private(self) -> bool:
        return bool(self.row["incident__is_private"])

    @property
    def reference(self) -> str:
        return _reference(self.row["incident__series"], self.row["incident__number"])

    @cached_property
    def url(self) -> str:
        return address(self.reference, self.row["published_title"])

    def page(self, actor: Actor | None, today: dt.date | None) -> Page:
        """The page for this reader, on this day of theirs."""
        row = self.row
        shown = {
            "reference": self.reference,
            "title": row["published_title"],
            "canonical": self.url,
            "number": row["published_revision__number"],
            "published_at": _utc(row["published_revision__published_at"]),
            "note": row["published_revision__note"],
            "revisions": _revisions(row["published_revision__document__revisions"]),
            "zone": row["incident__home_zone"],
            "is_example": bool(row["incident__is_example"]),
            "audience": row["audience"],
        }
        if self.is_public or actor is None:
            return Page(**shown, article=row["published_revision__html_public"], is_public=True)
        same = [_repeat(True, *told) for told in json.loads(row["repeats"])]
        same += [_repeat(False, *told) for told in (*json.loads(row["marks"]), *json.loads(row["later_marks"]))]
        own = _utc(row["incident__sort_at"])
        return Page(
            **shown,
            article=row["published_revision__html_internal"],
            is_public=False,
            may_write=offers(actor, LessonPerm.WRITE),
            may_publish=offers(actor, LessonPerm.PUBLISH_PUBLIC),
            today=today,
            items=tuple(_item(*told) for told in json.loads(row["items"])),
            repeats=tuple(repeat for repeat in same if repeat.at <= own),
            later=tuple(repeat for repeat in same if repeat.at > own),
            related=tuple(
                Related(_reference(series, number), title) for series, number, title in json.loads(row["related"])
            ),
        )


def find(user: Any, reference: str) -> Found | None:
    """The published postmortem of the incident that people call this, if this person may read it. One query."""
    named = REFERENCE.fullmatch(reference.strip())
    if named is None:
        return None
    role = (user.role if user.is_active else "") if user.is_authenticated else None
    given: dict[int | str, Any] = {_READER: user.pk, _NUMBER: int(named["number"]), _SERIES: named["series"].upper()}
    columns, sql, parameters = _compiled(connection.vendor, role)
    row = _planned_before(role, given) if connection.vendor == "postgresql" else None
    if row is None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(value, value) for value in parameters])
            row = [cursor.fetchone()]
    return Found(dict(zip(columns, row[0], strict=True)), is_public=not role) if row[0] else None


def of_revision(postmortem: Postmortem, revision: Revision, actor: Actor | None) -> Page:
    """The page of any revision, with nothing live on it: for the public, or with an actor for our own people."""
    incident, document = postmortem.incident, revision.document
    return Page(
        reference=incident.reference,
        title=document["title"],
        canonical=postmortem.get_absolute_url(),
        number=revision.number,
        published_at=revision.published_at,
        note=revision.note,
        revisions=_revisions(document.get("revisions")),
        zone=incident.home_zone if actor else document["incident"]["home_zone"],
        is_example=incident.is_example,
        audience=postmortem.audience,
        article=revision.html_internal if actor else revision.html_public,
        is_public=actor is None,
        is_older=actor is not None
        and not (postmortem.is_published and revision.pk == postmortem.published_revision_id),
        may_write=actor is not None and offers(actor, LessonPerm.WRITE),
        may_publish=actor is not None and postmortem.is_published and offers(actor, LessonPerm.PUBLISH_PUBLIC),
        planned=_planned(document["action_items"]) if actor else (),
    )


@lru_cache(maxsize=1000)
def address(reference: str, title: str) -> str:
    """Where the postmortem of this incident is read, once it was published under this title."""
    return reverse("postmortem-canonical", args=[reference, slug_of(title)])


@cache
def _compiled(vendor: str, role: str | None) -> tuple[list[str], str, tuple[Any, ...]]:
    """Names of columns, SQL and parameters of the query for readers of this role; nobody signed in is None."""
    user = AnonymousUser() if role is None else User(pk=_READER, role=role)
    readable = Postmortem.objects.readable_by(user).of_incident(_SERIES, _NUMBER)
    query = readable.for_page(user, is_public=not role).query
    sql, parameters = query.sql_with_params()
    return list(query.selected or {}), sql, parameters


def _planned_before(role: str | None, given: dict[int | str, Any]) -> list[Any] | None:
    """The row, or None in its place, from a statement that each connection has PostgreSQL plan once for each role:
    planning takes it several times as long as answering.

    Nothing where that cannot be, as behind a pooler that changes connections between two statements.
    """
    name = f"published_for_{'anybody' if role is None else role or 'nobody'}"
    try:
        with connection.cursor() as cursor, transaction.atomic() if connection.in_atomic_block else nullcontext():
            names = _PREPARED.setdefault(cursor.connection, set())
            if name not in names:
                cursor.execute(f"PREPARE {name} (bigint, integer, text) AS {_with_numbers(cursor, role)}")
                names.add(name)
            cursor.execute(f"EXECUTE {name} (%s, %s, %s)", [given[_READER], given[_NUMBER], given[_SERIES]])
            return [cursor.fetchone()]
    except DatabaseError:
        _PREPARED.clear()
        return None


def _with_numbers(cursor: Any, role: str | None) -> str:
    """The query with $1, $2 and $3 where values stand in, and all other values written out."""
    _columns, sql, parameters = _compiled("postgresql", role)
    places = {_READER: "$1", _NUMBER: "$2", _SERIES: "$3"}
    first, *parts = sql.split("%s")
    values = [places.get(value) or cursor.mogrify("%s", [value]).decode() for value in parameters]
    return first + "".join(value + part for value, part in zip(values, parts, strict=True))


def _item(number: int, text: str, owner: str | None, due_on: str | None, status: str) -> Item:
    due = dt.date.fromisoformat(due_on) if due_on else None
    return Item(f"A-{number}", text, owner or "", due, ActionStatus(status))


def _repeat(is_cause: bool, why: str, series: str, number: int, title: str, at: str) -> Repeat:
    return Repeat(why, is_cause, _reference(series, number), title, _utc(at))


def _revisions(told: str | list[dict[str, Any]] | None) -> tuple[Published, ...]:
    """What a document says of its revisions; those made by an older program say nothing."""
    rows = json.loads(told) if isinstance(told, str) else told or []
    return tuple(Published(row["number"], _utc(row["at"]), row["note"]) for row in rows)


def _planned(items: list[dict[str, Any]]) -> tuple[Planned, ...]:
    return tuple(Planned(item["text"], item["status"], item["done"]) for item in html.still_planned(items))


def _reference(series: str, number: int) -> str:
    return f"{series}-{number}"


def _utc(at: dt.datetime | str) -> dt.datetime:
    """SQLite keeps moments in UTC and does not say so; in JSON both engines write text."""
    moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
