"""Jobs run once in their time, whoever asks first, and forget only what is over."""

import datetime as dt
import threading

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

from incidents import jobs
from incidents.enums import MessageState
from incidents.jobs import JOB_LEASE, Job, run_due
from incidents.models import Invitation, LoginAttempt, OutboxMessage, PeriodicJob, Session, User, WorkerHeartbeat

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def ran() -> list[dt.datetime]:
    return []


@pytest.fixture
def daily(ran) -> list[Job]:
    return [Job("daily", DAY, ran.append)]


@pytest.mark.django_db
def test_a_job_runs_at_first_sight_and_then_once_in_its_time(daily, ran):
    assert run_due(daily, at=NOW) == ["daily"]
    assert run_due(daily, at=NOW + DAY - SECOND) == []
    assert run_due(daily, at=NOW + DAY) == ["daily"]
    assert ran == [NOW, NOW + DAY]
    assert PeriodicJob.objects.get().done_at == NOW + DAY


@pytest.mark.django_db
def test_when_nothing_is_due_one_query_tells(daily, django_assert_num_queries):
    run_due(daily, at=NOW)
    with django_assert_num_queries(1):
        assert run_due(daily, at=NOW) == []


@pytest.mark.django_db
def test_a_job_whose_worker_died_runs_again_after_its_lease(daily, ran):
    PeriodicJob.objects.create(name="daily", run_at=NOW)

    def die(at: dt.datetime) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_due([Job("daily", DAY, die)], at=NOW)
    assert run_due(daily, at=NOW + JOB_LEASE - SECOND) == []
    assert run_due(daily, at=NOW + JOB_LEASE) == ["daily"]


@pytest.mark.django_db
def test_a_job_that_fails_is_noted_tried_again_and_holds_up_no_other(daily, ran):
    def fail(at: dt.datetime) -> None:
        raise ValueError("no disk")

    assert run_due([Job("broken", DAY, fail), *daily], at=NOW) == ["daily"]
    broken = PeriodicJob.objects.get(name="broken")
    assert (broken.last_error, broken.run_at, broken.done_at) == ("ValueError: no disk", NOW + JOB_LEASE, None)
    assert run_due([Job("broken", DAY, ran.append)], at=NOW + JOB_LEASE) == ["broken"]
    broken.refresh_from_db()
    assert broken.last_error == ""


@pytest.mark.django_db
def test_a_database_that_is_away_is_for_the_worker_to_sit_out():
    def away(at: dt.datetime) -> None:
        raise OperationalError("server closed the connection")

    with pytest.raises(OperationalError):
        run_due([Job("daily", DAY, away)], at=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_runs_the_job(daily, ran):
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        run_due(daily, at=NOW)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert ran == [NOW]


def test_the_schedule_names_each_job_once():
    table = import_string(settings.SCHEDULE)
    names = [job.name for job in table]
    assert len(names) == len(set(names)) >= 5
    assert all(job.every >= dt.timedelta(seconds=10) for job in table)


@pytest.mark.django_db
def test_every_scheduled_job_runs_on_an_empty_database():
    table = import_string(settings.SCHEDULE)
    assert run_due(table, at=NOW) == [job.name for job in table]


@pytest.mark.django_db
def test_ended_sessions_are_forgotten():
    for key, expires in {"over": NOW - SECOND, "alive": NOW + SECOND}.items():
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    jobs.purge_sessions(NOW)
    assert [session.session_key for session in Session.objects.all()] == ["alive"]


@pytest.mark.django_db
def test_old_tries_to_sign_in_are_forgotten():
    LoginAttempt.objects.create(key="old", last_at=NOW - DAY - SECOND)
    LoginAttempt.objects.create(key="new", last_at=NOW - DAY + SECOND)
    jobs.purge_login_attempts(NOW)
    assert [attempt.key for attempt in LoginAttempt.objects.all()] == ["new"]


@pytest.mark.django_db
def test_invitations_that_nobody_took_up_are_forgotten_after_a_month():
    admin = User.objects.create_user(name="Ada", role="admin")
    month = jobs.INVITATIONS_KEPT
    for email, expires_at, accepted_at in [
        ("over@example.org", NOW - month - SECOND, None),
        ("recent@example.org", NOW - month + SECOND, None),
        ("accepted@example.org", NOW - month - SECOND, NOW - 2 * month),
    ]:
        Invitation.objects.create(
            email=email, token_hash=email, invited_by=admin, expires_at=expires_at, accepted_at=accepted_at
        )
    jobs.purge_invitations(NOW)
    assert set(Invitation.objects.values_list("email", flat=True)) == {"recent@example.org", "accepted@example.org"}


@pytest.mark.django_db
def test_messages_are_kept_half_a_year_and_as_long_as_they_wait():
    old, young = NOW - jobs.DELIVERIES_KEPT - SECOND, NOW - jobs.DELIVERIES_KEPT + SECOND
    for key, state, written in [
        ("old", MessageState.DONE, old),
        ("dead", MessageState.DEAD, old),
        ("waiting", MessageState.PENDING, old),
        ("young", MessageState.DONE, young),
    ]:
        OutboxMessage.objects.create(dedupe_key=key, kind="test", state=state, created_at=written, run_at=written)
    jobs.purge_deliveries(NOW)
    assert set(OutboxMessage.objects.values_list("dedupe_key", flat=True)) == {"waiting", "young"}


@pytest.mark.django_db
def test_workers_that_are_gone_are_forgotten():
    WorkerHeartbeat.objects.create(name="gone", seen_at=NOW - DAY - SECOND)
    WorkerHeartbeat.objects.create(name="here", seen_at=NOW)
    jobs.purge_heartbeats(NOW)
    assert [beat.name for beat in WorkerHeartbeat.objects.all()] == ["here"]
