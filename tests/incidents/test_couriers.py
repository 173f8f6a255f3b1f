"""Many couriers share the work: each message once, and nobody waits for a receiver that is slow or away."""

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from incidents.enums import MessageState
from incidents.models import OutboxMessage
from incidents.notifications import FAN_OUT, MAIL, WEBHOOK, notify
from incidents.notifications.channels import NotWanted, Undeliverable, Unreachable, channels
from incidents.notifications.delivery import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    WEBHOOK_COURIERS,
    WEBHOOK_LEASE,
    Courier,
    claim,
    helpers,
)
from incidents.notifications.safe_http import TOTAL_SECONDS
from incidents.worker import Worker

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def write(key: str, channel: str = WEBHOOK, recipient: str = "1", at: dt.datetime = NOW) -> None:
    notify(kind="test", channel=channel, recipient=recipient, payload={}, dedupe_key=key, at=at)


def states() -> dict[str, str]:
    return dict(OutboxMessage.objects.values_list("dedupe_key", "state"))


class Wire:
    """A channel that does what it is told, by the key of the message, and notes what it took."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.tried: list[str] = []

    def deliver(self, message: OutboxMessage) -> str:
        self.tried.append(message.dedupe_key)
        if message.dedupe_key in self.errors:
            raise self.errors[message.dedupe_key]
        return "taken"

    def close(self) -> None:
        pass


# Whose turn it is


@pytest.mark.django_db
def test_a_courier_takes_only_what_leaves_by_its_channels():
    write("a mail", MAIL, "ada@example.org")
    write("a hook")
    write("an event", FAN_OUT, "*")
    mail, wire = Wire(), Wire()
    while Courier(clock=lambda: NOW, by_channel={MAIL: mail}).deliver_next():
        pass
    assert mail.tried == ["a mail"]
    while Courier(clock=lambda: NOW, by_channel={WEBHOOK: wire, FAN_OUT: wire}).deliver_next():
        pass
    assert wire.tried == ["a hook", "an event"]
    assert set(states().values()) == {MessageState.DONE}


@pytest.mark.django_db
def test_one_message_at_a_time_is_on_its_way_to_a_webhook():
    for key, recipient in [("a1", "1"), ("a2", "1"), ("b1", "2"), ("c1", "11")]:
        write(key, recipient=recipient)
    assert [message.dedupe_key for message in claim(at=NOW, owner="x")] == ["a1"]
    assert [message.dedupe_key for message in claim(at=NOW, owner="y")] == ["b1"]
    assert [message.dedupe_key for message in claim(at=NOW, owner="z")] == ["c1"]
    assert claim(at=NOW, owner="z") == []
    OutboxMessage.objects.filter(dedupe_key="a1").update(state=MessageState.DONE, lease_owner="")
    assert [message.dedupe_key for message in claim(at=NOW, owner="z")] == ["a2"]


@pytest.mark.django_db
def test_the_turn_of_a_courier_that_died_ends_with_its_lease():
    write("a1")
    write("a2")
    assert len(claim(at=NOW, owner="dead", lease=WEBHOOK_LEASE)) == 1
    assert claim(at=NOW + WEBHOOK_LEASE - SECOND, owner="b") == []
    assert {message.dedupe_key for message in claim(at=NOW + WEBHOOK_LEASE, owner="b", limit=5)} == {"a1", "a2"}


@pytest.mark.django_db
def test_mails_to_one_address_do_not_wait_for_each_other():
    write("a", MAIL, "ada@example.org")
    write("b", MAIL, "ada@example.org")
    assert len(claim(at=NOW, owner="x")) == len(claim(at=NOW, owner="y")) == 1


def test_a_lease_outlasts_the_slowest_delivery():
    assert dt.timedelta(seconds=TOTAL_SECONDS) * 2 < WEBHOOK_LEASE


@pytest.mark.django_db
def test_beside_mail_there_are_couriers_for_each_other_channel():
    found = [set(courier._channels) for courier in helpers()]
    assert found == [{FAN_OUT}, *[{WEBHOOK}] * WEBHOOK_COURIERS]
    assert set().union(*found) | {MAIL} == set(channels())
    assert set(channels(MAIL)) == {MAIL}


# What becomes of a try


@pytest.mark.django_db
def test_what_is_not_wanted_any_more_is_cancelled_and_no_failure():
    write("a")
    wire = Wire(a=NotWanted("nobody may see it"))
    courier = Courier(clock=lambda: NOW, by_channel={WEBHOOK: wire})
    assert courier.deliver_next()
    message = OutboxMessage.objects.get()
    assert (message.state, message.last_error, message.lease_owner) == ("cancelled", "nobody may see it", "")
    assert not courier.deliver_next()


@pytest.mark.django_db
def test_what_the_far_end_said_is_kept_in_short():
    write("a")
    Courier(clock=lambda: NOW, by_channel={WEBHOOK: Wire()}).deliver_next()
    assert OutboxMessage.objects.get().answer == "taken"


@pytest.mark.django_db
def test_a_receiver_that_is_away_is_asked_once_and_not_once_for_each_message():
    for number in range(20):
        write(f"m{number:02}")
    write("other", recipient="2")
    wire = Wire(m00=Unreachable("away"))
    courier = Courier(clock=lambda: NOW, by_channel={WEBHOOK: wire})
    while courier.deliver_next():
        pass
    assert wire.tried == ["m00", "other"]
    waiting = OutboxMessage.objects.filter(recipient="1")
    assert set(waiting.values_list("state", flat=True)) == {"pending"}
    assert {message.run_at - NOW > 0.7 * FIRST_PAUSE for message in waiting} == {True}
    assert sum(message.attempts for message in waiting) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ValueError("500 broken"), Undeliverable("404"), NotWanted("no")])
def test_one_message_that_is_refused_holds_up_no_other(error):
    for key in "abc":
        write(key)
    wire = Wire(a=error)
    courier = Courier(clock=lambda: NOW, by_channel={WEBHOOK: wire})
    while courier.deliver_next():
        pass
    assert wire.tried == ["a", "b", "c"]
    assert (states()["b"], states()["c"]) == ("done", "done")


@pytest.mark.django_db
def test_a_receiver_that_is_away_puts_off_nothing_that_is_due_later_anyway():
    write("now")
    write("later", at=NOW + dt.timedelta(hours=2))
    Courier(clock=lambda: NOW, by_channel={WEBHOOK: Wire(now=Unreachable("away"))}).deliver_next()
    assert OutboxMessage.objects.get(dedupe_key="later").run_at == NOW + dt.timedelta(hours=2)


@pytest.mark.django_db
def test_after_a_day_away_everything_arrives_once_and_other_receivers_never_waited():
    """A day's outage of one receiver by a clock of our own: 30 messages to it, and 30 to another in between."""
    clock = [NOW]
    away_until = NOW + dt.timedelta(hours=24)
    arrived: Counter[str] = Counter()
    waits: list[dt.timedelta] = []
    tries = 0

    class World(Wire):
        def deliver(self, message: OutboxMessage) -> str:
            nonlocal tries
            if message.recipient == "1" and clock[0] < away_until:
                tries += 1
                raise Unreachable("away")
            arrived[str(message.message_id)] += 1
            if message.recipient == "2":
                waits.append(clock[0] - message.created_at)
            return "ok"

    courier = Courier(clock=lambda: clock[0], by_channel={WEBHOOK: World()})
    for minute in range(27 * 60):
        clock[0] = NOW + minute * dt.timedelta(minutes=1)
        if minute % 20 == 0 and minute < 600:
            write(f"away {minute}", recipient="1", at=clock[0])
            write(f"well {minute}", recipient="2", at=clock[0])
        while courier.deliver_next():
            pass
    assert set(states().values()) == {"done"}
    assert len(states()) == len(arrived) == 60
    assert set(arrived.values()) == {1}
    assert waits == [dt.timedelta(0)] * 30
    late = OutboxMessage.objects.filter(recipient="1").order_by("delivered_at")
    assert late.first().delivered_at >= away_until
    assert late.last().delivered_at <= away_until + 1.25 * LONGEST_PAUSE + dt.timedelta(minutes=1)
    # One knock an hour, and a few quick ones for each message that is new: not 30 messages times 24 hours.
    assert tries < 250


# Several at once


@pytest.mark.django_db(transaction=True)
def test_couriers_in_threads_deliver_each_message_once():
    for number in range(90):
        write(f"{number}", *[(MAIL, f"r{number}@example.org"), (WEBHOOK, f"{number % 7}")][number % 2])
    taken: list[str] = []
    at_once: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()

    class Busy(Wire):
        def deliver(self, message: OutboxMessage) -> str:
            with lock:
                at_once[message.recipient] += 1
                most[message.recipient] = max(most[message.recipient], at_once[message.recipient])
            time.sleep(0.005)
            with lock:
                at_once[message.recipient] -= 1
                taken.append(message.dedupe_key)
            return ""

    start = threading.Barrier(4)

    def work() -> None:
        courier = Courier(clock=lambda: NOW, by_channel={MAIL: Busy(), WEBHOOK: Busy()})
        start.wait()
        while OutboxMessage.objects.filter(state=MessageState.PENDING).exists():
            courier.deliver_next()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == sorted(map(str, range(90)))
    assert set(states().values()) == {"done"}
    if connection.vendor == "sqlite":
        # On PostgreSQL two may meet at one receiver, which does no harm.
        assert max(most.values()) == 1


class Hanging(Wire):
    """A receiver that takes its time; the others are quick."""

    def __init__(self, slow: set[str], seconds: float) -> None:
        super().__init__()
        self.slow, self.seconds = slow, seconds

    def deliver(self, message: OutboxMessage) -> str:
        if message.recipient in self.slow:
            time.sleep(self.seconds)
        return super().deliver(message)


@pytest.fixture
def working() -> Iterator[list[tuple[Worker, threading.Thread]]]:
    """Workers to be ended with the test."""
    started: list[tuple[Worker, threading.Thread]] = []
    yield started
    for worker, thread in started:
        worker.stop()
        thread.join()


def start(working: list[tuple[Worker, threading.Thread]], worker: Worker) -> None:
    def run() -> None:
        worker.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    working.append((worker, thread))


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_holds_up_neither_mail_nor_other_receivers(working):
    for number in range(6):
        write(f"slow {number}", recipient="1", at=timezone.now())
    write("mail", MAIL, "ada@example.org", at=timezone.now())
    write("quick", recipient="2", at=timezone.now())
    wire = Hanging({"1"}, 1.5)
    beside = [Courier(by_channel={WEBHOOK: wire}) for _ in range(WEBHOOK_COURIERS)]
    began = time.monotonic()
    start(working, Worker(jobs=[], courier=Courier(by_channel={MAIL: wire}), helpers=beside))
    while not {"mail", "quick"} <= set(wire.tried) and time.monotonic() - began < 10:
        time.sleep(0.02)
    assert {"mail", "quick"} <= set(wire.tried)
    assert time.monotonic() - began < 1.5
    assert not any(key.startswith("slow") for key in wire.tried)


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_hangs_holds_up_no_webhook(working):
    for number in range(3):
        write(f"mail {number}", MAIL, "slow@example.org", at=timezone.now())
    write("hook", at=timezone.now())
    wire = Hanging({"slow@example.org"}, 1.5)
    began = time.monotonic()
    beside = [Courier(by_channel={WEBHOOK: wire})]
    start(working, Worker(jobs=[], courier=Courier(by_channel={MAIL: wire}), helpers=beside))
    while "hook" not in wire.tried and time.monotonic() - began < 10:
        time.sleep(0.02)
    assert wire.tried == ["hook"]


@pytest.mark.django_db(transaction=True)
def test_a_helper_sits_an_outage_of_the_database_out(monkeypatch):
    rounds = iter([OperationalError("away"), OperationalError("away")])

    class Helper(Courier):
        def deliver_next(self) -> bool:
            error = next(rounds, None)
            if error:
                raise error
            worker.stop()
            return False

    worker = Worker(jobs=[], courier=Courier(by_channel={MAIL: Wire()}), helpers=[Helper(by_channel={WEBHOOK: Wire()})])
    monkeypatch.setattr(worker, "_sleep", lambda _seconds: time.sleep(0.01))
    worker.run()
    assert next(rounds, None) is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_which_a_helper_broke_ends_and_says_why(monkeypatch):
    class Broken(Courier):
        def deliver_next(self) -> bool:
            raise ZeroDivisionError("a bug")

    worker = Worker(jobs=[], courier=Courier(by_channel={MAIL: Wire()}), helpers=[Broken(by_channel={WEBHOOK: Wire()})])
    monkeypatch.setattr(worker, "_sleep", lambda _seconds: time.sleep(0.01))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        worker.run()
