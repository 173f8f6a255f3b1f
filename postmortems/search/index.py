"""Keeping the index true: in the transaction that changes an object, and for all of them anew."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from incidents.models import Change, Impact, Incident, IncidentChange, Service, TimelineEvent

from ..enums import DocumentKind
from ..models import SearchDocument, SearchTerm
from . import words
from .documents import FINDABLE, Findable

# Incidents that are read and written at once; on SQLite others wait meanwhile.
BATCH = 200
ROWS_A_STATEMENT = 1_000
# Who writes while their incident is being read may have begun this long before.
LONGEST_WRITE = dt.timedelta(minutes=1)

_FINDABLE: dict[type[models.Model], Findable] = {findable.model: findable for findable in FINDABLE}
_ON_CHANGES = (DocumentKind.CHANGE, DocumentKind.VERDICT)
_FIELDS = ("incident_id", "for_responders", "weight", "title", "text", "title_words", "body_words", "at")
_COLUMNS = [name.removesuffix("_id") for name in _FIELDS]
# What of an incident can be found. Its status, severity and times are looked up, not indexed.
_INCIDENT_FIELDS = {"title", "summary", "services", "tags", "near_miss_saved_by", "near_miss_earlier_stop"}

T = TypeVar("T")
Progress = Callable[[int], None]


def follow(target: models.Model, fields: frozenset[str]) -> None:
    """What `incidents.registry` calls for everything that is written: index it again if its text may be another."""
    if isinstance(target, TimelineEvent) and target.version == 1 and not fields:
        # Nothing of it can be there that would have to go, so that one statement is enough.
        _write(_FINDABLE[TimelineEvent].documents([target]))
    elif isinstance(target, Incident):
        if target.version == 1 or fields & _INCIDENT_FIELDS:
            _index(_FINDABLE[Incident], [target])
    elif isinstance(target, Impact):
        _index(_FINDABLE[Incident], [target.incident])
    elif isinstance(target, IncidentChange):
        _index(_FINDABLE[Change], [target.change])
    elif isinstance(target, Service):
        if "name" in fields:
            _follow_name(target)
    elif findable := _FINDABLE.get(type(target)):
        _index(findable, [target])


def follow_bulk(incidents: Sequence[int]) -> None:
    """Index incidents (keys) that were written in bulk, in the caller's transaction."""
    if SearchDocument.objects.filter(incident__in=incidents).exists():
        _reindex(incidents)
        return
    for findable in FINDABLE:
        _write(findable.documents(findable.rows_of(incidents)))


def reindex(incidents: Iterable[int] | None = None, *, progress: Progress | None = None) -> int:
    """Make the documents of these incidents (keys) anew, or of everything; how many incidents there were.

    Only what differs is written, in one transaction for each batch, so that people go on working; what they write
    meanwhile is looked at again. ``progress`` is called with the number of incidents done so far.
    """
    done = 0
    for batch in _batches(_all_keys() if incidents is None else incidents, BATCH):
        since = timezone.now() - LONGEST_WRITE
        _reindex(batch)
        _look_again(batch, since)
        done += len(batch)
        if progress is not None:
            progress(done)
    if incidents is None:
        for changes in _batches(Change.objects.order_by("pk").iterator(), BATCH):
            _index(_FINDABLE[Change], changes)
    return done


def learn(_now: dt.datetime, *, limit: int = 20_000) -> int:
    """Take the words of new documents up among those that are proposed for mistyped ones; how many documents it was.

    Run by the worker now and then and not where texts are written: two people who write the same new words at the
    same moment, in another order, would wait for each other.
    """
    learned = 0
    while learned < limit:
        new = list(SearchDocument.objects.filter(is_learned=False).order_by("pk").only("title", "text")[:500])
        if not new:
            break
        wanted = sorted(word for word in _words_of(new) if len(word) > 2 and not word.isdigit())
        with transaction.atomic():
            SearchTerm.objects.bulk_create(
                [SearchTerm(word=word) for word in wanted], ROWS_A_STATEMENT, ignore_conflicts=True
            )
            SearchDocument.objects.filter(pk__in=[row.pk for row in new]).update(is_learned=True)
        learned += len(new)
    return learned


def _follow_name(service: Service) -> None:
    """The name of a service is a word of all its incidents."""
    for batch in _batches(service.incidents.order_by("pk").iterator(), BATCH):
        _index(_FINDABLE[Incident], batch)


def _all_keys() -> Iterator[int]:
    """Oldest first, so that the newest documents have the highest numbers, as they have when written one by one."""
    return Incident.objects.order_by("sort_at", "pk").values_list("pk", flat=True).iterator()


@transaction.atomic
def _reindex(batch: Sequence[int]) -> None:
    there = SearchDocument.objects.filter(incident__in=batch).exclude(kind__in=_ON_CHANGES)
    findables = [findable for findable in FINDABLE if findable.model is not Change]
    _put_right(there, [document for findable in findables for document in findable.documents(findable.rows_of(batch))])
    changes = _FINDABLE[Change]
    _index(changes, changes.rows_of(batch))


@transaction.atomic
def _look_again(batch: Sequence[int], since: dt.datetime) -> None:
    """What somebody has written since then may have been read before it was committed."""
    for findable in FINDABLE:
        _index(findable, findable.rows_of(batch).filter(updated_at__gte=since))


def _index(findable: Findable, rows: Iterable[Any]) -> None:
    """Index these objects as they are now."""
    rows = list(rows)
    if not rows:
        return
    made = list(findable.documents(rows))
    own = Q(kind__in=findable.kinds, object_id__in=[row.pk for row in rows])
    if findable.model is Change:
        judged = [verdict.pk for change in rows for verdict in change.verdicts.all()]
        own = Q(kind=DocumentKind.CHANGE, object_id__in=[row.pk for row in rows])
        own |= Q(kind=DocumentKind.VERDICT, object_id__in=judged)
    _put_right(SearchDocument.objects.filter(own), made)


def _put_right(there: models.QuerySet[SearchDocument], made: Sequence[SearchDocument]) -> None:
    """Let exactly ``made`` be there, and write nothing that is there already."""
    stored = {_key(document): document for document in there}
    wanted = {_key(document): document for document in made}
    gone = [document for key, document in stored.items() if key not in wanted]
    changed = {key: document for key, document in wanted.items() if not _is_same(stored.get(key), document)}
    _forget([*gone, *(stored[key] for key in changed if key in stored)], made)
    if gone:
        SearchDocument.objects.filter(pk__in=[document.pk for document in gone]).delete()
    _write(changed.values())


def _is_same(stored: SearchDocument | None, made: SearchDocument) -> bool:
    return stored is not None and all(getattr(stored, name) == getattr(made, name) for name in _FIELDS)


def _forget(before: Sequence[SearchDocument], made: Sequence[SearchDocument]) -> None:
    """Propose no word any more that was taken out of a text: it may have been a secret."""
    lost = _words_of(document for document in before if document.is_learned) - _words_of(made)
    for batch in _batches(sorted(lost), ROWS_A_STATEMENT):
        SearchTerm.objects.filter(word__in=batch).delete()


def _words_of(documents: Iterable[SearchDocument]) -> set[str]:
    return {
        word.folded for document in documents for said in (document.title, document.text) for word in words.words(said)
    }


def _write(made: Iterable[SearchDocument]) -> None:
    """Insert these, or replace those that are there, whoever wrote them at the same moment."""
    for rows in _batches(made, ROWS_A_STATEMENT):
        SearchDocument.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["kind", "object_id", "part"],
            update_fields=[*_COLUMNS, "is_learned"],
        )


def _key(document: SearchDocument) -> tuple[str, int, int]:
    return document.kind, document.object_id, document.part


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch
