"""Kill the worker in mid-delivery while receivers are slow, fail or are away: each message arrives, with one id."""

import datetime as dt
import ipaddress
import signal
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from django.utils import timezone

from incidents.enums import MessageState
from incidents.models import OutboxMessage, Webhook
from incidents.notifications import MAIL, WEBHOOK, notify
from incidents.notifications.delivery import LONGEST_PAUSE, MOST_TRIES, Courier
from incidents.notifications.webhooks import TEST
from tests.factories import make_webhook
from tests.receiver import Got, Receiver, receiving
from tests.worker_process import start_worker

KILLS = 12
PATIENCE = 180  # seconds
INTERNAL = {"INTERNAL_RECEIVERS": "127.0.0.1", "EMAIL_URL": "dummymail://"}
NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)


class Busy:
    """A receiver that thinks for a while, and turns every fifth message away the first time."""

    def __init__(self, *, thinking: float, fails: bool = False) -> None:
        self.thinking, self.fails = thinking, fails
        self.taken: dict[str, int] = defaultdict(int)
        self.put_off: set[str] = set()
        self.at_work = threading.Event()

    def __call__(self, got: Got, _handler: BaseHTTPRequestHandler) -> int:
        delivery = got.headers["Nevertwice-Delivery"]
        self.at_work.set()
        time.sleep(self.thinking)
        self.at_work.clear()
        if self.fails and delivery not in self.put_off and int(delivery[:8], 16) % 5 == 0:
            self.put_off.add(delivery)
            return 503
        self.taken[delivery] += 1
        return 200


@pytest.fixture
def well() -> Iterator[tuple[Receiver, Busy]]:
    with receiving() as server:
        server.answer = busy = Busy(thinking=0.15, fails=True)
        yield server, busy


@pytest.fixture
def slow() -> Iterator[tuple[Receiver, Busy]]:
    with receiving() as server:
        server.answer = busy = Busy(thinking=2.5)
        yield server, busy


@pytest.fixture
def hanging() -> Iterator[Receiver]:
    """Takes what it is sent, and says nothing for longer than anybody waits."""
    with receiving() as server:
        server.answer = Busy(thinking=30)
        yield server


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write(webhook: Webhook, number: int, at: dt.datetime) -> None:
    payload = {"happened_at": at.isoformat()}
    recipient = str(webhook.pk)
    key = f"{webhook.pk}:{number}"
    notify(kind=TEST, channel=WEBHOOK, recipient=recipient, payload=payload, dedupe_key=key, at=at)


def ids_to(webhook: Webhook) -> set[str]:
    rows = OutboxMessage.objects.filter(channel=WEBHOOK, recipient=str(webhook.pk))
    return {str(message_id) for message_id in rows.values_list("message_id", flat=True)}


def work_until_killed(busy: Busy, wait: float) -> bool:
    """Let a worker start, and kill it with -9 somewhere within a delivery; False if nothing was left."""
    process = start_worker("--lease=4", **INTERNAL)
    try:
        deadline = time.monotonic() + PATIENCE / 4
        while time.monotonic() < deadline and process.poll() is None:
            if busy.at_work.wait(timeout=0.02):
                time.sleep(wait)
                process.send_signal(signal.SIGKILL)
                return process.wait() == -signal.SIGKILL
        return False
    finally:
        process.kill()
        process.communicate()


def work_until(done: Iterator[bool]) -> float:
    """Let a worker run until this is so, and end it; how many seconds that took."""
    process = start_worker("--lease=4", **INTERNAL)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        began = time.monotonic()
        while not next(done) and time.monotonic() - began < PATIENCE:
            time.sleep(0.05)
        took = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
        return took
    finally:
        process.kill()
        process.communicate()


def nothing_waits_for(*webhooks: Webhook, mails: bool = False) -> Iterator[bool]:
    recipients = [str(webhook.pk) for webhook in webhooks]
    while True:
        waiting = OutboxMessage.objects.filter(state=MessageState.PENDING)
        to_these = waiting.filter(channel=WEBHOOK, recipient__in=recipients).exists()
        yield not to_these and not (mails and waiting.filter(channel=MAIL).exists())


@pytest.mark.django_db(transaction=True)
def test_each_message_arrives_with_one_id_though_workers_are_killed_and_receivers_fail(well, slow, record_property):
    (well_server, well_busy), (slow_server, slow_busy) = well, slow
    to_well, to_slow = make_webhook(url=well_server.url), make_webhook(url=slow_server.url)
    port = closed_port()
    to_away = make_webhook(url=f"http://127.0.0.1:{port}/hook")
    now = timezone.now()
    for number in range(60):
        write(to_well, number, now)
    for number in range(4):
        write(to_slow, number, now)
        write(to_away, number, now)

    killed = sum(work_until_killed(well_busy, 0.05 * (number % 4)) for number in range(KILLS))
    before_the_last = sum(well_busy.taken.values())
    work_until(nothing_waits_for(to_well, to_slow))

    assert killed >= 10
    assert before_the_last < 60
    assert well_busy.put_off
    assert set(well_busy.taken) == ids_to(to_well)
    assert set(slow_busy.taken) == ids_to(to_slow)
    twice = sum(taken - 1 for busy in (well_busy, slow_busy) for taken in busy.taken.values())
    record_property("killed", killed)
    record_property("put off", len(well_busy.put_off))
    record_property("delivered twice", twice)
    # A worker that dies has one message under way for each of its receivers.
    assert twice <= 2 * killed
    waiting = OutboxMessage.objects.filter(recipient=str(to_away.pk))
    assert set(waiting.values_list("state", flat=True)) == {MessageState.PENDING}
    assert f"127.0.0.1:{port}" in waiting.exclude(last_error="").first().last_error


@pytest.mark.django_db(transaction=True)
def test_mail_and_other_receivers_do_not_wait_for_those_that_are_slow_or_hang(well, slow, hanging, record_property):
    (well_server, well_busy), (slow_server, slow_busy) = well, slow
    well_busy.fails, well_busy.thinking = False, 0.01
    to_slow, to_well = make_webhook(url=slow_server.url), make_webhook(url=well_server.url)
    to_hanging = make_webhook(url=hanging.url)
    now = timezone.now()
    for number in range(8):
        write(to_slow, number, now - dt.timedelta(minutes=1))
        write(to_hanging, number, now - dt.timedelta(minutes=1))
    for number in range(30):
        write(to_well, number, now)
        notify(kind="test", recipient=f"r{number}@example.org", payload={}, dedupe_key=f"m{number}", at=now)
    took = work_until(nothing_waits_for(to_well, mails=True))
    record_property("seconds for 30 mails and 30 messages", took)
    assert took < 5
    assert set(well_busy.taken) == ids_to(to_well)
    assert len(slow_busy.taken) <= 3
    assert OutboxMessage.objects.filter(channel=MAIL, state=MessageState.DONE).count() == 30


@pytest.mark.django_db
def test_a_day_away_loses_nothing_and_holds_up_no_other(settings, record_property):
    """A receiver that nobody reaches for a day, by a clock of our own; the connections are real."""
    settings.INTERNAL_RECEIVERS = [ipaddress.ip_network("127.0.0.1")]
    port = closed_port()
    away, clock = make_webhook(url=f"http://127.0.0.1:{port}/hook"), [NOW]
    with receiving() as server:
        server.answer = here = Busy(thinking=0)
        well = make_webhook(url=server.url)
        courier = Courier(clock=lambda: clock[0])
        for minute in range(24 * 60):
            clock[0] = NOW + minute * dt.timedelta(minutes=1)
            if minute % 30 == 0:
                write(away, minute, clock[0])
                write(well, minute, clock[0])
            while courier.deliver_next():
                pass
        arrived = OutboxMessage.objects.filter(recipient=str(well.pk))
        assert {message.delivered_at - message.created_at for message in arrived} == {dt.timedelta(0)}
        assert set(here.taken) == ids_to(well)
    waiting = OutboxMessage.objects.filter(recipient=str(away.pk))
    assert set(waiting.values_list("state", flat=True)) == {MessageState.PENDING}
    tries = sum(waiting.values_list("attempts", flat=True))
    record_property("tries in a day", tries)
    assert max(waiting.values_list("attempts", flat=True)) < MOST_TRIES
    with receiving() as server:
        server.answer = back = Busy(thinking=0)
        Webhook.objects.filter(pk=away.pk).update(url=server.url)
        for minute in range(int(1.25 * LONGEST_PAUSE.total_seconds() / 60) + 2):
            clock[0] = NOW + dt.timedelta(hours=24, minutes=minute)
            while courier.deliver_next():
                pass
        assert set(back.taken) == ids_to(away)
        assert set(back.taken.values()) == {1}
    assert set(waiting.values_list("state", flat=True)) == {MessageState.DONE}
