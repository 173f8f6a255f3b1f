"""Kill the worker in mid-delivery, again and again, with a mail server that is slow and fails at times."""

import re
import signal
import socketserver
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.utils import timezone

from incidents.enums import MessageState
from incidents.models import OutboxMessage
from incidents.notifications import notify
from incidents.notifications.channels import message_id_header
from tests.worker_process import start_worker

MESSAGES = 40
KILLS = 12
PATIENCE = 180  # seconds


class MailSink(socketserver.ThreadingTCPServer):
    """A mail server on this machine that notes the Message-ID of each mail it took, by recipient.

    It thinks for a while before it says so, and tells every fifth recipient to come again later the first time.
    """

    allow_reuse_address = True
    daemon_threads = True
    thinking = 0.2  # seconds

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailDialog)
        self.taken: dict[str, list[str]] = defaultdict(list)
        self.put_off: set[str] = set()
        self.at_work = threading.Event()

    def answer(self, recipient: str, text: str) -> str:
        self.at_work.set()
        time.sleep(self.thinking)
        self.at_work.clear()
        if recipient not in self.put_off and int(re.sub(r"\D", "", recipient)) % 5 == 0:
            self.put_off.add(recipient)
            return "451 come again later"
        found = re.search(r"^Message-ID: (.*)$", text, re.MULTILINE)
        self.taken[recipient].append(found[1].strip() if found else "none")
        return "250 taken"


class MailDialog(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes."""

    server: MailSink

    def handle(self) -> None:
        self.say("220 sink")
        recipient = ""
        while line := self.rfile.readline().decode():
            verb = line[:4].upper()
            if verb == "RCPT":
                recipient = line[line.index("<") + 1 : line.index(">")]
            if verb == "DATA":
                self.say("354 go on")
                self.say(self.server.answer(recipient, self.text()))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 sink")

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
            lines.append(line)
        return "".join(lines)

    def say(self, answer: str) -> None:
        try:
            self.wfile.write(f"{answer}\r\n".encode())
        except OSError:
            # The worker was killed in the middle of its sentence.
            pass


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def work_until_killed(sink: MailSink) -> bool:
    """Let a worker start, and kill it with -9 while the mail server thinks about a mail; False if nothing was left."""
    while sink.at_work.is_set():
        # The mail of the one killed before.
        time.sleep(0.01)
    process = start_worker("--lease=1", EMAIL_URL=f"smtp://127.0.0.1:{sink.server_address[1]}")
    try:
        deadline = time.monotonic() + PATIENCE / 4
        while time.monotonic() < deadline and process.poll() is None:
            if sink.at_work.wait(timeout=0.02):
                # Somewhere within, so that some die before the mail was taken and some after.
                time.sleep(sink.thinking * (len(sink.taken) % 3) * 0.45)
                process.send_signal(signal.SIGKILL)
                return process.wait() == -signal.SIGKILL
        return False
    finally:
        process.kill()
        process.communicate()


def work_until_done(sink: MailSink) -> None:
    process = start_worker("--lease=1", EMAIL_URL=f"smtp://127.0.0.1:{sink.server_address[1]}")
    try:
        deadline = time.monotonic() + PATIENCE
        waiting = OutboxMessage.objects.filter(state=MessageState.PENDING)
        while waiting.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.django_db(transaction=True)
def test_every_message_arrives_with_one_id_though_the_worker_is_killed_in_mid_delivery(sink, settings, record_property):
    settings.BASE_URL = "http://127.0.0.1"
    for number in range(MESSAGES):
        notify(kind="test", recipient=f"r{number}@example.org", payload={}, dedupe_key=f"t:{number}", at=timezone.now())
    killed = sum(work_until_killed(sink) for _ in range(KILLS))
    before_the_last = sum(len(ids) for ids in sink.taken.values())
    work_until_done(sink)

    messages = list(OutboxMessage.objects.all())
    assert killed >= 10
    assert before_the_last < MESSAGES
    assert len(sink.put_off) == MESSAGES / 5
    assert [message.state for message in messages] == [MessageState.DONE] * MESSAGES
    assert {recipient: set(ids) for recipient, ids in sink.taken.items()} == {
        message.recipient: {message_id_header(message)} for message in messages
    }
    twice = sum(len(ids) - 1 for ids in sink.taken.values())
    record_property("killed", killed)
    record_property("delivered twice", twice)
    assert 0 < twice <= killed
