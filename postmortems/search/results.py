"""What a search answers: incidents with their best hits, ready to be shown."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from incidents.clock_text import Zone
from incidents.models import Incident, User

from ..enums import DocumentKind
from ..models import ActionItem, SearchDocument
from . import snippets
from .finding import MAX_FOUND, Found, find, findable
from .narrowing import Reader, narrow
from .query import Query, Term, parse
from .snippets import Fragment
from .suggestions import suggestion

PAGE_SIZE = 20  # incidents
HITS = 3

_K = DocumentKind


@dataclass(frozen=True, slots=True)
class Hit:
    """One text that fits, with the hit marked; ``path`` leads to it."""

    kind: DocumentKind
    title: list[Fragment]
    text: list[Fragment]
    path: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """An incident with its title marked, its best hits and how many more there are; or a change that is on none."""

    incident: Incident | None
    title: list[Fragment]
    path: str
    hits: list[Hit]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of what was found. ``direct`` is the object that was named by its number."""

    query: Query
    rows: list[Result] = field(default_factory=list)
    found: int = 0
    page: int = 1
    remarks: Sequence[str] = ()
    suggestion: str = ""
    direct: tuple[str, str, str] | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is counted and shown."""
        return self.found > MAX_FOUND

    @property
    def shown(self) -> int:
        return min(self.found, MAX_FOUND)

    @property
    def next_page(self) -> int:
        return self.page + 1 if self.page * PAGE_SIZE < self.shown else 0


def search(typed: str, *, user: User, zone: Zone, now: dt.datetime, page: int = 1, is_typing: bool = False) -> Results:
    """Look for what was typed in all that this person may know of; never fails, whatever it is.

    ``zone`` is where their days begin, ``is_typing`` takes the last word for the beginning of one.
    """
    query = parse(typed, is_typing=is_typing)
    reader = Reader(user=user, zone=zone, now=now)
    if query.is_empty:
        return Results(query=query, remarks=query.remarks)
    narrowed = narrow(query.filters, reader)
    found = find(query, narrowed, reader)
    page = max(1, min(page, -(-min(len(found), MAX_FOUND) // PAGE_SIZE)))
    start = (page - 1) * PAGE_SIZE
    return Results(
        query=query,
        rows=_rows(found[start : min(start + PAGE_SIZE, MAX_FOUND)], query.wanted, reader),
        found=len(found),
        page=page,
        remarks=[*query.remarks, *narrowed.remarks],
        suggestion="" if found else suggestion(query, findable(narrowed, reader)),
        direct=_named(query.reference, user),
    )


def _named(reference: str, user: User) -> tuple[str, str, str] | None:
    """Reference, title and path of what is called this, if this person may know of it."""
    if not reference:
        return None
    incident = Incident.objects.visible_to(user).referenced(reference).first()
    if incident is not None:
        return incident.reference, incident.title, incident.get_absolute_url()
    item = ActionItem.objects.visible_to(user).referenced(reference).first()
    return (item.reference, item.text, item.get_absolute_url()) if item is not None else None


def _rows(found: Sequence[Found], terms: Sequence[Term], reader: Reader) -> list[Result]:
    keys = [one.incident for one in found if one.incident]
    incidents = {incident.pk: incident for incident in Incident.objects.filter(pk__in=keys).for_list()}
    shown = [pk for one in found for pk in one.documents[:HITS]]
    documents = SearchDocument.objects.defer("title_words", "body_words").in_bulk(shown)
    numbers = _numbers(documents.values())
    rows = []
    for one in found:
        incident = incidents.get(one.incident or 0)
        hits = [_hit(documents[pk], incident, terms, reader, numbers) for pk in one.documents[:HITS] if pk in documents]
        if incident is not None:
            title = snippets.whole(incident.title, terms)
            rows.append(Result(incident, title, incident.get_absolute_url(), hits, len(one.documents) - len(hits)))
        elif hits:
            rows.append(Result(None, hits[0].title, hits[0].path, hits))
    return rows


def _numbers(documents: Any) -> dict[int, str]:
    """What the action items among these are called."""
    keys = [document.object_id for document in documents if document.kind == _K.ACTION_ITEM]
    items = ActionItem.objects.filter(pk__in=keys).only("number") if keys else ()
    return {item.pk: item.reference for item in items}


def _hit(
    document: SearchDocument,
    incident: Incident | None,
    terms: Sequence[Term],
    reader: Reader,
    numbers: dict[int, str],
) -> Hit:
    kind = DocumentKind(document.kind)
    return Hit(
        kind=kind,
        # That of the incident stands above all its hits.
        title=[] if kind == _K.INCIDENT else snippets.whole(document.title, terms),
        text=snippets.excerpt(document.text, terms),
        path=_path(document, incident, reader, numbers),
        at=document.at if kind in (_K.EVENT, _K.CHANGE, _K.VERDICT) else None,
    )


def _path(document: SearchDocument, incident: Incident | None, reader: Reader, numbers: dict[int, str]) -> str:
    if incident is None:
        # Who made a change stands on its page, which is for responders.
        return reverse("change", args=[document.object_id]) if reader.user.is_responder else reverse("change-list")
    reference = incident.reference
    match DocumentKind(document.kind):
        case DocumentKind.EVENT:
            return f"{reverse('timeline', args=[reference])}#e{document.object_id}"
        case DocumentKind.VERDICT:
            return reverse("incident-changes", args=[reference])
        case DocumentKind.ACTION_ITEM if document.object_id in numbers:
            return reverse("action", args=[numbers[document.object_id]])
        case DocumentKind.POSTMORTEM:
            return reverse("postmortem", args=[reference])
        case DocumentKind.DRAFT:
            return reverse("postmortem-edit", args=[reference])
    return incident.get_absolute_url()
