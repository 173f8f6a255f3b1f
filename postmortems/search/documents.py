"""What of each object can be found: its documents, made of what it says now.

Never in it: who made a change, who answered a roll call and what, and entries that were struck out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q, prefetch_related_objects

from incidents import markup
from incidents.enums import Source
from incidents.models import Change, Incident, TimelineEvent

from ..enums import DocumentKind, PostmortemStatus
from ..models import ActionItem, Postmortem, RootCause, SearchDocument
from . import words
from .words import Word

# How many words one row holds: beyond some hundreds of the same word PostgreSQL forgets where it stood.
PART_WORDS = 1_000
# Of one object; what is longer than a book is not read to its end.
MAX_PARTS = 30

_K = DocumentKind
# What a hit says of an incident, by what it is found in.
WEIGHTS = {_K.INCIDENT: 40, _K.CAUSE: 30, _K.POSTMORTEM: 30, _K.ACTION_ITEM: 20, _K.VERDICT: 15, _K.CHANGE: 15}
WEIGHTS |= {_K.DRAFT: 15, _K.EVENT: 10}
STARRED_WEIGHT = 20

Made = Iterator[SearchDocument]


def of_incident(incident: Incident) -> Made:
    """The incident itself: what it is called and described as, where it is and what it did to whom."""
    said = [incident.summary, incident.near_miss_saved_by, incident.near_miss_earlier_stop]
    said += [impact.what for impact in incident.impacts.all()]
    said += [service.name for service in incident.services.all()]
    said += [tag.name for tag in incident.tags.all()]
    yield from _parts(_K.INCIDENT, incident.pk, incident.pk, incident.title, said, at=incident.sort_at)


def of_event(event: TimelineEvent) -> Made:
    """An entry that stands. What the program wrote repeats what is found elsewhere, unless it is a key moment."""
    if event.is_struck or (event.source == Source.SYSTEM and not event.is_starred):
        return
    weight = STARRED_WEIGHT if event.is_starred else WEIGHTS[_K.EVENT]
    said = [event.text, event.evidence]
    yield from _parts(_K.EVENT, event.pk, event.incident_id, "", said, at=event.occurred_at, weight=weight)


def of_change(change: Change) -> Made:
    """A change on each incident where somebody judged it, and where nobody did, as such."""
    said = [change.intended_effect, change.environment, change.url, change.reference]
    judged = list(change.verdicts.all())
    for row in judged:
        yield from _parts(_K.VERDICT, row.pk, row.incident_id, change.text, [*said, row.reason], at=change.live_at)
    if not judged:
        yield from _parts(_K.CHANGE, change.pk, change.private_to_id, change.text, said, at=change.live_at)


def of_cause(cause: RootCause) -> Made:
    """A cause that was not taken off, with its chain of whys."""
    if cause.removed_at is None:
        said = [cause.explanation, *map(str, cause.whys), cause.evidence]
        yield from _parts(_K.CAUSE, cause.pk, cause.incident_id, cause.title, said)


def of_action_item(item: ActionItem) -> Made:
    """A piece of work; not whose it is."""
    said = [item.details, item.evidence, item.reason]
    yield from _parts(_K.ACTION_ITEM, item.pk, item.incident_id, item.text, said)


def of_postmortem(postmortem: Postmortem) -> Made:
    """What readers see of it once it is published, and until then the draft, for responders."""
    if postmortem.status == PostmortemStatus.PUBLISHED and postmortem.published_revision is not None:
        document = postmortem.published_revision.document
        told = [(section["heading"], section["text"]) for section in document["sections"]]
        yield from _story(postmortem, _K.POSTMORTEM, document["title"], document["lede"], told)
    else:
        told = [(section.heading, section.text) for section in postmortem.sections.all()]
        yield from _story(postmortem, _K.DRAFT, postmortem.title, postmortem.lede, told)


def _story(
    postmortem: Postmortem, kind: DocumentKind, title: str, lede: str, sections: Sequence[tuple[str, str]]
) -> Made:
    said = [*_parts(kind, postmortem.pk, postmortem.incident_id, title, [lede], at=postmortem.published_at)]
    for heading, text in sections:
        for part in _parts(kind, postmortem.pk, postmortem.incident_id, heading, [text], at=postmortem.published_at):
            # Headings are those of the template, the same everywhere.
            part.title_words = ""
            said.append(part)
    for number, part in enumerate(said[:MAX_PARTS]):
        part.part, part.for_responders = number, kind == _K.DRAFT
        if part.title_words or part.body_words:
            yield part


def _parts(
    kind: DocumentKind,
    object_id: int,
    incident_id: int | None,
    title: str,
    said: Iterable[str],
    *,
    at: Any = None,
    weight: int = 0,
) -> Made:
    """One row, or as many as a long text needs."""
    text = " · ".join(filter(None, map(markup.plain, said)))
    found = list(words.words(text, PART_WORDS * MAX_PARTS))
    for number, chunk in enumerate(_chunks(found)):
        start = chunk[0].start if number else 0
        end = chunk[-1].end if len(found) > (number + 1) * PART_WORDS else len(text)
        yield SearchDocument(
            kind=kind,
            object_id=object_id,
            part=number,
            incident_id=incident_id,
            weight=weight or WEIGHTS[kind],
            title=title[:500],
            text=text[start:end],
            title_words="" if number else " ".join(words.stems(title, PART_WORDS)),
            body_words=" ".join(word.stem for word in chunk),
            at=at,
        )


def _chunks(found: Sequence[Word]) -> Iterator[Sequence[Word]]:
    for start in range(0, len(found) or 1, PART_WORDS):
        yield found[start : start + PART_WORDS]


@dataclass(frozen=True, slots=True)
class Findable:
    """A kind of object that can be found: which documents are its own, and how they are made.

    ``hang_on`` leads from one to the incidents that it hangs on; ``prefetch`` names what making them reads.
    """

    model: type[models.Model]
    kinds: tuple[DocumentKind, ...]
    make: Callable[[Any], Made]
    hang_on: tuple[str, ...] = ("incident",)
    prefetch: tuple[str, ...] = ()

    def rows_of(self, incidents: Sequence[int]) -> models.QuerySet[Any]:
        """The objects that hang on these incidents (keys), in the order in which they were written."""
        on_any = [Q(**{f"{relation}__in": incidents}) for relation in self.hang_on]
        return self.model._default_manager.filter(reduce(or_, on_any)).distinct().order_by("pk")

    def documents(self, rows: Iterable[Any]) -> Made:
        """The documents of these objects, with few queries however many there are."""
        # On copies without what was fetched before: whoever writes goes on with these very objects and asks anew.
        loaded = [copy(row) for row in rows]
        for row in loaded:
            row._prefetched_objects_cache = {}
        prefetch_related_objects(loaded, *self.prefetch)
        return (document for row in loaded for document in self.make(row))


FINDABLE: tuple[Findable, ...] = (
    Findable(Incident, (_K.INCIDENT,), of_incident, ("pk",), ("impacts", "services", "tags")),
    Findable(TimelineEvent, (_K.EVENT,), of_event),
    Findable(Change, (_K.CHANGE, _K.VERDICT), of_change, ("verdicts__incident", "private_to"), ("verdicts",)),
    Findable(RootCause, (_K.CAUSE,), of_cause),
    Findable(ActionItem, (_K.ACTION_ITEM,), of_action_item),
    Findable(Postmortem, (_K.POSTMORTEM, _K.DRAFT), of_postmortem, prefetch=("published_revision", "sections")),
)
