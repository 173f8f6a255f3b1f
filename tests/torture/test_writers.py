"""Fifty people write twenty entries each into one incident at once, over real HTTP: none lost, none doubled."""

import http.client
import re
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from incidents.enums import Role
from incidents.models import AuditEntry
from tests.factories import make_incident, make_user, sign_in

WRITERS = 50
ENTRIES = 20
TOKEN = "w" * 32  # the same in cookie and form, as a browser would send it


class Writer:
    """One person with a browser of their own, who sends each fourth entry twice, as on a bad connection."""

    def __init__(self, number, server):
        client = Client()
        sign_in(client, make_user(role=Role.RESPONDER if number % 2 else Role.READER))
        self.number = number
        self.server = urlsplit(server).netloc
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def send(self, path, text, client_id):
        """Post until there is an answer: a connection that breaks leaves open whether the entry was written."""
        body = urlencode({"csrfmiddlewaretoken": TOKEN, "text": text, "client_id": client_id})
        for wait in (0.1, 0.3, 1, 3, 10):
            connection = http.client.HTTPConnection(self.server, timeout=120)
            try:
                connection.request("POST", path, body, self.headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status
            except (ConnectionError, http.client.HTTPException):
                time.sleep(wait)
            finally:
                connection.close()
        return 0

    def write(self, path, start):
        start.wait()
        answers = []
        for number in range(ENTRIES):
            text, client_id = f"writer {self.number} entry {number}", str(uuid.uuid4())
            answers += [self.send(path, text, client_id) for _ in range(2 if number % 4 == 0 else 1)]
        return answers


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_lose_nothing_and_double_nothing(live_server, record_property):
    incident = make_incident()
    path = f"{incident.get_absolute_url()}timeline/"
    writers = [Writer(number, live_server.url) for number in range(WRITERS)]
    start = threading.Barrier(WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = Counter(status for sent in pool.map(lambda one: one.write(path, start), writers) for status in sent)
    record_property("answers", dict(answers))

    assert answers == {302: WRITERS * (ENTRIES + ENTRIES // 4)}
    texts = Counter(incident.timeline.values_list("text", flat=True))
    assert texts == {f"writer {writer} entry {entry}": 1 for writer in range(WRITERS) for entry in range(ENTRIES)}
    assert AuditEntry.objects.filter(action="timeline.added").count() == WRITERS * ENTRIES
    # Each writer's own entries stand in the order in which they were sent.
    order = list(incident.timeline.order_by("sort_at", "position", "pk").values_list("text", flat=True))
    for writer in range(WRITERS):
        own = [text for text in order if re.match(rf"writer {writer} ", text)]
        assert own == [f"writer {writer} entry {entry}" for entry in range(ENTRIES)]
