"""Kill the web server with -9 while people declare and send updates: what was acknowledged is there, with its row in
the outbox, and what was sent again is there once."""

import http.client
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from incidents.enums import IncidentEvent, Role
from incidents.models import AuditEntry, Incident, OutboxMessage, StatusUpdate, TimelineEvent
from tests.factories import make_incident, make_user, sign_in
from tests.web_process import WebServer

WRITERS = 8
KILLS = 12
# Writes between two kills; the next ones are under way then.
WRITES = itertools.cycle((16, 23, 19, 30))
PATIENCE = 300  # seconds
TOKEN = "w" * 32  # the same in cookie and form, as a browser would send it


class Writer:
    """Somebody who declares and tells in turn, and sends each again until there is an answer."""

    def __init__(self, server: WebServer, path: str) -> None:
        client = Client()
        sign_in(client, make_user(role=Role.RESPONDER))
        name = settings.SESSION_COOKIE_NAME
        self.port, self.path = server.port, path
        self.headers = {
            "Cookie": f"{name}={client.cookies[name].value}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.acknowledged: list[str] = []
        self.broken = 0

    def write(self, over: threading.Event) -> None:
        while not over.is_set():
            words = uuid.uuid4().hex
            self.send("/incidents/new/", {"title": words, "severity": "sev3"})
            self.send(f"{self.path}updates/", {"text": words, "audience": "staff"})

    def send(self, path: str, fields: dict[str, object]) -> None:
        body = urlencode({**fields, "csrfmiddlewaretoken": TOKEN, "client_id": str(uuid.uuid4())})
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("POST", path, body, self.headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                # Perhaps it was written before the server died: only sending it again tells.
                self.broken += 1
                time.sleep(0.05)
            else:
                assert answer.status == 302, answer.status
                self.acknowledged.append(f"{path} {fields.get('title') or fields['text']}")
                return
            finally:
                connection.close()
        raise AssertionError("There was never an answer.")


def written(writers: list[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)


@pytest.fixture
def server(transactional_db: None) -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.django_db(transaction=True)
def test_what_was_acknowledged_is_there_once_with_its_row_in_the_outbox(server, record_property):
    told_of = make_incident()
    writers = [Writer(server, told_of.get_absolute_url()) for _number in range(WRITERS)]
    over = threading.Event()
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(writer.write, over) for writer in writers]
        for _kill in range(KILLS):
            enough = written(writers) + next(WRITES)
            while written(writers) < enough:
                time.sleep(0.01)
            server.kill()
            server.start()
        over.set()
        for done in writing:
            done.result()

    acknowledged = Counter(each for writer in writers for each in writer.acknowledged)
    broken = sum(writer.broken for writer in writers)
    record_property("acknowledged", acknowledged.total())
    record_property("broken off", broken)
    assert broken >= KILLS
    assert set(acknowledged.values()) == {1}

    declared = Counter(
        f"/incidents/new/ {title}" for title in Incident.objects.exclude(pk=told_of.pk).values_list("title", flat=True)
    )
    told = Counter(
        f"{told_of.get_absolute_url()}updates/ {text}" for text in StatusUpdate.objects.values_list("text", flat=True)
    )
    assert declared + told == acknowledged
    # No event without its entry, its row in the outbox and its line in the audit; no row without its event.
    opened = OutboxMessage.objects.filter(channel="fan-out", payload__event=IncidentEvent.OPENED)
    assert Counter(opened.values_list("incident__title", flat=True)) == {each.split()[1]: 1 for each in declared}
    updates = OutboxMessage.objects.filter(channel="fan-out", payload__event=IncidentEvent.UPDATE)
    assert sorted(updates.values_list("payload__update", flat=True)) == sorted(
        StatusUpdate.objects.values_list("pk", flat=True)
    )
    assert TimelineEvent.objects.filter(status_update__isnull=False).count() == told.total()
    assert AuditEntry.objects.filter(action="update.written").count() == told.total()
    numbers = sorted(Incident.objects.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
