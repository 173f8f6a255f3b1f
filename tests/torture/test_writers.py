"""Fifty people write twenty entries each into one incident at once, over real HTTP: none lost, none doubled."""

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from incidents.enums import Role
from incidents.models import AuditEntry
from tests.factories import make_incident, make_user, sign_in
from tests.worker_process import ROOT, database_url

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


@pytest.fixture
def server() -> Iterator[str]:
    """The real web server in processes of its own, on the database of this test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": settings.SECRET_KEY,
        "PORT": str(port),
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
    process = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_lose_nothing_and_double_nothing(server, record_property):
    incident = make_incident()
    path = f"{incident.get_absolute_url()}timeline/"
    writers = [Writer(number, server) for number in range(WRITERS)]
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
