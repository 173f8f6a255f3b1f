"""The worker: what one round does, how it ends, and what it does while the database is away."""

import datetime as dt
import os
import signal
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.http import HttpRequest
from django.template import Context, Template
from django.utils import timezone

from incidents.context_processors import notices
from incidents.enums import MessageState
from incidents.jobs import Job
from incidents.models import OutboxMessage, PeriodicJob, User, WorkerHeartbeat
from incidents.notifications import heartbeat, notify
from incidents.notifications.delivery import Courier
from incidents.worker import BEAT_EVERY, Worker
from tests.worker_process import resident_kilobytes, start_worker

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def write(key: str, at: dt.datetime) -> None:
    notify(kind="test", recipient="ada@example.org", payload={}, dedupe_key=key, at=at)


class Clock:
    now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ran() -> list[dt.datetime]:
    return []


@pytest.fixture
def worker(clock, ran) -> Worker:
    jobs = [Job("often", dt.timedelta(minutes=1), ran.append)]
    return Worker(jobs=jobs, courier=Courier(clock=clock), clock=clock)


# One round


@pytest.mark.django_db
def test_a_round_says_that_the_worker_is_alive_runs_jobs_and_delivers_all_that_is_due(worker, ran):
    for key in "abc":
        write(key, NOW)
    write("later", NOW + SECOND)
    worker.run_once()
    assert len(mail.outbox) == 3
    assert ran == [NOW]
    beat = WorkerHeartbeat.objects.get()
    assert (beat.seen_at, beat.name) == (NOW, worker.name)
    assert beat.name.endswith(f":{os.getpid()}")


@pytest.mark.django_db
def test_an_idle_round_costs_one_query(worker, clock, django_assert_num_queries):
    worker.run_once()
    clock.now += BEAT_EVERY - SECOND
    with django_assert_num_queries(1):
        worker.run_once()
    assert WorkerHeartbeat.objects.get().seen_at == NOW
    clock.now += SECOND
    worker.run_once()
    assert WorkerHeartbeat.objects.get().seen_at == clock.now


@pytest.mark.django_db
def test_the_heart_beats_between_messages_too(clock, ran):
    class SlowPost:
        def deliver(self, message: OutboxMessage) -> None:
            clock.now += 20 * SECOND

        def close(self) -> None:
            pass

    for key in "abc":
        write(key, NOW)
    worker = Worker(jobs=[], courier=Courier(clock=clock, by_channel={"mail": SlowPost()}), clock=clock)
    worker.run_once()
    assert clock.now - WorkerHeartbeat.objects.get().seen_at <= 20 * SECOND


# Going on


@pytest.mark.django_db
def test_while_the_database_is_away_the_worker_waits_longer_each_time_and_then_goes_on(worker, monkeypatch):
    slept: list[float] = []
    rounds = iter([OperationalError("away")] * 5 + [None] * 2)

    def round_() -> None:
        error = next(rounds, StopIteration())
        if isinstance(error, OperationalError):
            raise error
        if error is not None:
            worker.stop()

    monkeypatch.setattr(worker, "run_once", round_)
    monkeypatch.setattr(worker, "_sleep", slept.append)
    monkeypatch.setattr("incidents.worker.connection.close", lambda: None)
    worker.run()
    assert slept == [1, 2, 4, 5, 5, 1, 1, 1]


@pytest.mark.django_db
def test_stopping_ends_after_the_message_at_hand(clock):
    class Post:
        def deliver(self, message: OutboxMessage) -> None:
            stopped.stop()

        def close(self) -> None:
            pass

    for key in "abc":
        write(key, NOW)
    stopped = Worker(jobs=[], courier=Courier(clock=clock, by_channel={"mail": Post()}), clock=clock)
    stopped.run()
    assert OutboxMessage.objects.filter(state=MessageState.DONE).count() == 1
    assert OutboxMessage.objects.filter(state=MessageState.PENDING, attempts=0).count() == 2


# Commands


@pytest.mark.django_db
def test_run_worker_once_does_what_is_due_and_ends():
    write("a", timezone.now())
    call_command("run_worker", "--once")
    assert OutboxMessage.objects.get().state == MessageState.DONE
    assert PeriodicJob.objects.filter(name="purge-sessions", done_at__isnull=False).exists()


@pytest.mark.parametrize("lease", ["0", "-1", "soon", "inf"])
def test_a_lease_has_to_be_a_length_of_time(lease):
    with pytest.raises(CommandError, match=r"lease|seconds"):
        call_command("run_worker", "--once", f"--lease={lease}")


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_starts_delivers_and_ends_at_sigterm_within_seconds_and_100_mb():
    write("a", timezone.now())
    process = start_worker(EMAIL_URL="dummymail://")
    log = process.stderr
    assert log is not None
    try:
        assert log.readline().endswith(f":{process.pid} is running.\n")
        deadline = time.monotonic() + 20
        while not OutboxMessage.objects.filter(state=MessageState.DONE).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        resident = resident_kilobytes(process)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert log.read().endswith(f":{process.pid} has stopped.\n")
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - told < 3
        assert OutboxMessage.objects.get().state == MessageState.DONE
        assert WorkerHeartbeat.objects.get().name.endswith(f":{process.pid}")
        assert 20 * 1024 < resident < 100 * 1024
    finally:
        process.kill()
        process.wait()
        log.close()


@pytest.mark.django_db
def test_a_test_mail_is_sent_at_once_and_stands_in_the_log(capsys):
    call_command("send_test_mail", "ada@example.org")
    assert [sent.to for sent in mail.outbox] == [["ada@example.org"]]
    message = OutboxMessage.objects.get()
    assert (message.kind, message.state, message.attempts) == ("test", MessageState.DONE, 1)
    assert "names no mail server" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_mail_server_that_takes_it_is_named(settings, capsys, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr("incidents.notifications.channels.MailChannel.deliver", lambda *_: None)
    call_command("send_test_mail", "ada@example.org")
    assert capsys.readouterr().out == "mail.example.org took the mail for ada@example.org.\n"


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_told_in_one_line_and_the_mail_is_not_tried_again(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(CommandError, match=r"did not go out.*ConnectionRefusedError"):
        call_command("send_test_mail", "ada@example.org")
    assert OutboxMessage.objects.get().state == MessageState.DEAD


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["ada", "", "ada@example.org\nBcc: eve@example.org"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("send_test_mail", address)
    assert not OutboxMessage.objects.exists()


# The banner


@pytest.fixture
def unknown_worker() -> None:
    cache.clear()


def banner(user: User | AnonymousUser) -> str:
    request = HttpRequest()
    request.user = user
    return Template("{% if notices_silent %}call people{% endif %}").render(Context(notices(request)))


@pytest.mark.django_db
@pytest.mark.usefixtures("unknown_worker")
@pytest.mark.parametrize(
    ("age", "shown"), [(None, True), (dt.timedelta(seconds=130), True), (dt.timedelta(seconds=110), False)]
)
def test_the_banner_shows_when_no_worker_was_alive_for_two_minutes(age, shown):
    ada = User.objects.create_user(name="Ada", role="reader")
    if age is not None:
        heartbeat.beat(name="a", at=timezone.now() - age)
        heartbeat.beat(name="b", at=timezone.now() - dt.timedelta(days=3))
    assert banner(ada) == ("call people" if shown else "")


@pytest.mark.django_db
@pytest.mark.usefixtures("unknown_worker")
def test_who_is_not_signed_in_is_told_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert banner(AnonymousUser()) == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("unknown_worker")
def test_one_query_serves_the_pages_of_ten_seconds(django_assert_num_queries):
    ada = User.objects.create_user(name="Ada", role="reader")
    with django_assert_num_queries(1):
        for _ in range(5):
            banner(ada)


@pytest.mark.django_db
@pytest.mark.usefixtures("unknown_worker")
def test_a_page_that_does_not_ask_costs_no_query(django_assert_num_queries):
    request = HttpRequest()
    request.user = User(name="Ada", role="reader")
    with django_assert_num_queries(0):
        assert Template("nothing").render(Context(notices(request))) == "nothing"


@pytest.mark.django_db
def test_a_second_beat_of_the_same_worker_moves_the_first():
    heartbeat.beat(name="a", at=NOW)
    heartbeat.beat(name="a", at=NOW + SECOND)
    assert heartbeat.last_seen_at() == NOW + SECOND
    assert WorkerHeartbeat.objects.count() == 1
