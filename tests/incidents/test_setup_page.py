"""The admins' start page: each thing that is missing, and gone from the list once it is done."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import declaration
from incidents.domain.setup import checks, mail_is_set_up
from incidents.enums import MessageState, Role
from incidents.models import Incident, OutboxMessage
from incidents.notifications import heartbeat, trial
from incidents.permissions import Actor
from tests.factories import make_service, make_team, make_user, make_webhook, sign_in

pytestmark = pytest.mark.django_db


def missing():
    return {check.title for check in checks(now=timezone.now()) if not check.is_done}


def done():
    return {check.title for check in checks(now=timezone.now()) if check.is_done}


def test_on_an_empty_installation_all_is_missing(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    make_user(role=Role.ADMIN)
    assert missing() >= {
        "The address people type",
        "The worker that sends notices",
        "Backups",
        "Mail is set up",
        "Mail is tested",
        "A second admin",
        "A default team",
        "Services are listed",
    }


def test_what_is_done_leaves_the_list(settings):
    settings.PRODUCTION = True
    lead = make_user(role=Role.ADMIN)
    make_user(role=Role.ADMIN)
    make_service(team=make_team(team_lead=lead, is_default=True))
    make_webhook()
    heartbeat.beat(name="worker", at=timezone.now())
    message = OutboxMessage.objects.create(kind=trial.KIND, recipient="a@example.org", dedupe_key="t")
    OutboxMessage.objects.filter(pk=message.pk).update(state=MessageState.DONE)
    assert missing() == {"Backups"}


def test_a_worker_that_fell_silent_is_missing():
    heartbeat.beat(name="worker", at=timezone.now() - dt.timedelta(minutes=3))
    assert "The worker that sends notices" in missing()
    heartbeat.beat(name="worker", at=timezone.now() - dt.timedelta(minutes=1))
    assert "The worker that sends notices" in done()


@pytest.mark.parametrize(
    ("backend", "is_set_up"),
    [
        ("smtp.EmailBackend", True),
        ("console.EmailBackend", False),
        ("filebased.EmailBackend", False),
        ("dummy.EmailBackend", False),
    ],
)
def test_mail_that_goes_nowhere_is_not_set_up(settings, backend, is_set_up):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}"
    assert mail_is_set_up() is is_set_up


def test_messages_that_a_channel_did_not_take_are_named_for_a_week():
    make_webhook()
    message = OutboxMessage.objects.create(kind="a", channel="webhook", recipient="1", dedupe_key="a", state="dead")
    assert "Channels get their messages" in missing()
    assert "A channel besides mail" in done()
    OutboxMessage.objects.filter(pk=message.pk).update(created_at=timezone.now() - dt.timedelta(days=8))
    assert "Channels get their messages" not in missing() | done()


def test_what_lacks_somebody_is_named():
    make_user(role="")
    make_team("Storefront")
    make_service("Payments")
    texts = " ".join(check.text for check in checks(now=timezone.now()) if not check.is_done)
    for words in ("1 person has no role", "told first in: Storefront.", "Nobody owns: Payments."):
        assert words in texts


def test_long_lists_are_cut():
    for number in range(8):
        make_service(f"Service {chr(65 + number)}")
    texts = " ".join(check.text for check in checks(now=timezone.now()))
    assert "Service E and 3 more" in texts
    assert "Service F" not in texts


def test_the_worked_example_is_mentioned_while_it_is_there():
    assert "The worked example is gone" not in missing() | done()
    new = declaration.NewIncident(title="Example", home_zone="UTC")
    declaration.declare(actor=Actor.person(make_user()), new=new, now=timezone.now())
    Incident.objects.update(is_example=True)
    assert "The worked example is gone" in missing()


def test_the_page_shows_both_lists_to_admins_only():
    client = Client()
    sign_in(client, make_user(role=Role.ADMIN))
    page = client.get("/setup/").content.decode()
    assert "Not set up yet" in page
    assert "/services/new/" in page
    other = Client()
    sign_in(other, make_user(role=Role.EDITOR))
    assert other.get("/setup/").status_code == 403


@pytest.mark.parametrize("number", [2, 20])
def test_the_page_costs_the_same_however_much_there_is(number, django_assert_max_num_queries):
    for _each in range(number):
        make_service(team=make_team())
    client = Client()
    sign_in(client, make_user(role=Role.ADMIN))
    client.get("/setup/")
    with django_assert_max_num_queries(14):
        client.get("/setup/")
