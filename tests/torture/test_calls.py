"""Kill the worker again and again while people are called and told: each once in the database, none forgotten."""

import signal
import time

import pytest
from django.utils import timezone

from incidents.domain import declaration
from incidents.domain.declaration import NewIncident
from incidents.enums import MessageState, Role, Severity
from incidents.models import Callout, Incident, OutboxMessage, SeverityLevel, Subscription
from incidents.notifications.channels import message_id_header
from incidents.permissions import Actor
from tests.factories import make_service, make_team, make_user
from tests.torture.test_outbox import PATIENCE, MailSink, sink, work_until_killed
from tests.worker_process import start_worker

__all__ = ["sink"]

INCIDENTS = 8
FOLLOWERS = 4
KILLS = 8
RUNGS = 3


def declare_all() -> list[Incident]:
    """Incidents of one service, with a team lead, a deputy, an admin and followers, whose severity has no patience."""
    people = [make_user(email=f"r{number}@example.org") for number in range(1, 3)]
    make_user(role=Role.ADMIN, email="r3@example.org")
    service = make_service(team=make_team(team_lead=people[0], deputy=people[1]))
    for number in range(4, 4 + FOLLOWERS):
        follower = make_user(role=Role.READER, email=f"r{number}@example.org")
        Subscription.objects.create(user=follower, service=service)
    SeverityLevel.objects.filter(code=Severity.SEV2).update(acknowledge_minutes=0)
    actor = Actor.person(make_user(email="r9@example.org"))
    new = NewIncident(title="Blank", home_zone="UTC", severity=Severity.SEV2, services=[service])
    return [declaration.declare(actor=actor, new=new, now=timezone.now()) for _each in range(INCIDENTS)]


def work_until_all_are_called(sink: MailSink) -> None:
    """Two workers at once, until every rung was called and nothing waits."""
    workers = [start_worker("--lease=1", EMAIL_URL=f"smtp://127.0.0.1:{sink.server_address[1]}") for _each in range(2)]
    try:
        deadline = time.monotonic() + PATIENCE
        waiting = OutboxMessage.objects.filter(state=MessageState.PENDING)
        while time.monotonic() < deadline and (Callout.objects.count() < INCIDENTS * RUNGS or waiting.exists()):
            time.sleep(0.3)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(timeout=15) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


@pytest.mark.django_db(transaction=True)
def test_each_is_called_and_told_once_though_workers_are_killed(sink, settings, record_property):
    settings.BASE_URL = "http://127.0.0.1"
    incidents = declare_all()
    killed = sum(work_until_killed(sink) for _each in range(KILLS))
    work_until_all_are_called(sink)

    assert killed >= KILLS / 2
    assert Callout.objects.count() == INCIDENTS * RUNGS
    for incident in incidents:
        assert [callout.step for callout in incident.callouts.all()] == ["team_lead", "deputy", "admin"]
        told = OutboxMessage.objects.filter(incident=incident, kind="incident-news")
        assert told.filter(person__role=Role.READER).count() == FOLLOWERS
    mails = OutboxMessage.objects.filter(channel="mail")
    assert set(mails.values_list("state", flat=True)) == {MessageState.DONE}
    expected = {(mail.recipient, message_id_header(mail)) for mail in mails}
    assert {(recipient, each) for recipient, ids in sink.taken.items() for each in ids} == expected
    twice = sum(len(ids) for ids in sink.taken.values()) - len(expected)
    record_property("killed", killed)
    record_property("delivered twice", twice)
    assert twice <= killed
