"""What tests of the pages of incidents have in common: people who are signed in, addresses, what the audit gained."""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from typing import Any, TypeVar

from django.db import connections
from django.test import Client
from django.urls import reverse

from incidents.enums import Role
from incidents.models import AuditEntry, Incident, TimelineEvent, User
from tests.factories import make_user, sign_in

T = TypeVar("T")


def client_of(person: User | str = Role.RESPONDER) -> Any:
    """A browser in which this person is signed in, or somebody new with this role; ``user`` says who."""
    client: Any = Client()
    client.user = sign_in(client, person if isinstance(person, User) else make_user(role=person))
    return client


def url(incident: Incident, name: str = "incident", *more: int) -> str:
    return reverse(name, args=[incident.reference, *more])


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def declare(client: Any, title: str = "Blank front page", *, kind: str = "declare", **data: Any) -> Incident:
    """Begin an incident on the page; the severity is asked for only where a responder declares."""
    first = {"severity": "unknown"} if kind == "declare" else {}
    response = client.post(f"/incidents/new/?kind={kind}", {"title": title, **first, **data})
    assert response.status_code == 302, text_of(response)
    return stored(response.url)


def stored(address: str) -> Incident:
    """The incident as the database holds it, by its address or reference."""
    return Incident.objects.referenced(address.split("/")[2] if "/" in address else address).get()


def write(client: Any, incident: Incident, text: str, **data: Any) -> list[TimelineEvent]:
    """Add what is typed or pasted into the entry line; the events that came of it, in their order."""
    known = set(incident.timeline.values_list("pk", flat=True))
    response = client.post(url(incident, "timeline"), {"text": text, **data})
    assert response.status_code == 302, text_of(response)
    return list(incident.timeline.exclude(pk__in=known).order_by("pk"))


@contextmanager
def recorded() -> Iterator[list[AuditEntry]]:
    """The entries that the audit gains inside the block, oldest first."""
    last = AuditEntry.objects.order_by("pk").last()
    gained: list[AuditEntry] = []
    yield gained
    gained.extend(AuditEntry.objects.filter(pk__gt=last.pk if last else 0).order_by("pk"))


def at_once(jobs: list[Callable[[], T]], threads: int = 8) -> list[T]:
    """What the jobs answer, done by several threads at the same time, each with a connection of its own."""

    def run(job: Callable[[], T]) -> T:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, jobs))


def as_typed(moment: dt.datetime) -> str:
    """A moment as one could type it on a page that is shown in UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")
