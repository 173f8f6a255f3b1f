"""The delivery log: admins see what became of each message, and send again what was given up."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.domain import deliveries
from incidents.enums import MessageState, Role
from incidents.errors import Forbidden, NotPossible
from incidents.models import AuditEntry, OutboxMessage, User
from incidents.notifications import heartbeat
from incidents.permissions import Actor
from tests.factories import make_user, make_webhook, sign_in

pytestmark = pytest.mark.django_db

LOG = "/delivery/"
ALL = "/delivery/resend/"


def make_message(key: str = "a", state: str = MessageState.DEAD, **changed: Any) -> OutboxMessage:
    fields = {"kind": "invitation", "recipient": f"{key}@example.org", "payload": {"link": f"/secret-{key}/"}} | changed
    return OutboxMessage.objects.create(dedupe_key=key, state=state, **fields)


def resend_url(message: OutboxMessage) -> str:
    return reverse("delivery-resend", args=[message.pk])


@pytest.fixture
def admin(client) -> User:
    return sign_in(client, make_user("Ada", Role.ADMIN))


# The page


def test_the_log_shows_each_message_with_its_state_but_never_what_it_says(client, admin):
    make_message("waiting", MessageState.PENDING, last_error="OSError: away", attempts=3)
    make_message("done", MessageState.DONE, delivered_at=timezone.now())
    make_message("dead", last_error="SMTPRecipientsRefused: <b>no such mailbox</b>")
    page = client.get(LOG).content.decode()
    for words in [
        "waiting@example.org",
        "OSError: away",
        "done@example.org",
        "Delivered",
        "dead@example.org",
        "Given up",
    ]:
        assert words in page
    assert "&lt;b&gt;no such mailbox" in page
    assert "secret-" not in page
    assert page.count("<h1") == 1


def test_a_state_can_be_picked_and_a_made_up_one_is_none(client, admin):
    make_message("done", MessageState.DONE)
    make_message("dead")
    page = client.get(LOG, {"state": "dead"}).content.decode()
    assert "dead@example.org" in page
    assert "done@example.org" not in page
    assert "done@example.org" in client.get(LOG, {"state": "x' OR 1=1"}).content.decode()


def test_an_empty_log_says_what_belongs_there(client, admin):
    assert "Nothing was sent yet" in client.get(LOG).content.decode()
    assert "Nothing in this state" in client.get(LOG, {"state": "dead"}).content.decode()
    assert "No worker has run yet" in client.get(LOG).content.decode()
    heartbeat.beat(name="a", at=timezone.now() - dt.timedelta(minutes=5))
    assert "alive 5 min ago" in client.get(LOG).content.decode()


def test_the_log_is_paged_and_keeps_the_state_on_the_way(client, admin):
    for number in range(60):
        make_message(f"m{number:02}")
    first = client.get(LOG, {"state": "dead"})
    assert "m59@" in first.content.decode()
    assert "m00@" not in first.content.decode()
    older = client.get(first.context["older_url"])
    assert "m00@" in older.content.decode()
    assert older.context["state"] == "dead"
    newer = client.get(older.context["newer_url"])
    assert "m59@" in newer.content.decode()


def test_twenty_messages_cost_as_many_queries_as_two(client, admin):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LOG).status_code == 200
        return len(captured)

    for number in range(2):
        make_message(f"a{number}")
    few = queries()
    for number in range(18):
        make_message(f"b{number}", channel="webhook", recipient=str(make_webhook().pk))
    # One query names the channels.
    assert queries() <= few + 1 <= 8


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_see_the_log_or_resend(client, role):
    message = make_message()
    sign_in(client, make_user(role=role))
    assert client.get(LOG).status_code == 403
    assert client.post(resend_url(message)).status_code == 403
    assert OutboxMessage.objects.get().state == MessageState.DEAD


def test_anonymous_people_are_sent_to_sign_in(client):
    message = make_message()
    assert client.get(LOG).status_code == 302
    assert client.post(resend_url(message)).status_code == 302
    assert OutboxMessage.objects.get().state == MessageState.DEAD


def test_channel_and_receiver_narrow_the_log_down_and_made_up_ones_do_not(client, admin):
    make_message("a")
    first, second = make_webhook("Chat of all"), make_webhook("Pager")
    make_message("b", channel="webhook", recipient=str(first.pk), answer="200 ok", state=MessageState.DONE)
    make_message("c", channel="webhook", recipient=str(second.pk), kind="incident-opened")
    page = client.get(LOG, {"channel": "webhook"}).content.decode()
    assert "a@example.org" not in page
    assert "Chat of all" in page
    assert "Pager" in page
    assert "200 ok" in page
    one = client.get(LOG, {"channel": "webhook", "receiver": str(second.pk)}).content.decode()
    assert "Pager" in one
    assert "Chat of all" not in one
    for made_up in [{"channel": "pigeon"}, {"channel": "mail", "receiver": "7"}, {"receiver": "x' OR 1=1"}]:
        assert "a@example.org" in client.get(LOG, made_up).content.decode()


def test_filters_go_together_and_stay_on_the_way(client, admin):
    webhook = make_webhook()
    for number in range(60):
        make_message(f"m{number:02}", channel="webhook", recipient=str(webhook.pk), last_error=f"e{number:02}")
    first = client.get(LOG, {"state": "dead", "channel": "webhook"})
    older = client.get(first.context["older_url"])
    assert "e00" in older.content.decode()
    assert (older.context["state"], older.context["channel"]) == ("dead", "webhook")


def test_what_was_cancelled_says_so_and_why(client, admin):
    make_message("x", MessageState.CANCELLED, last_error="The channel is switched off.")
    page = client.get(LOG, {"state": "cancelled"}).content.decode()
    assert "state-cancelled" in page
    assert "The channel is switched off." in page
    assert "Resend" not in page


# Sending all again


def test_all_that_was_given_up_goes_again_with_its_ids_and_an_entry_each(client, admin):
    dead = [make_message(f"d{number}", attempts=80) for number in range(3)]
    hook = make_message("h", channel="webhook", recipient="1")
    secret = make_message("s", holds_secret=True, payload={})
    make_message("done", MessageState.DONE)
    assert "Send all 4 again" in client.get(LOG, {"state": "dead"}).content.decode()
    answer = client.post(ALL, follow=True)
    assert "4 messages will be sent again" in answer.content.decode()
    again = {message.pk: message for message in OutboxMessage.objects.filter(state=MessageState.PENDING)}
    assert set(again) == {message.pk for message in [*dead, hook]}
    assert all(again[message.pk].message_id == message.message_id for message in dead)
    assert {message.attempts for message in again.values()} == {0}
    assert OutboxMessage.objects.get(pk=secret.pk).state == MessageState.DEAD
    entries = AuditEntry.objects.filter(action="message.resent")
    assert sorted(int(entry.object_id) for entry in entries) == sorted(again)
    assert {entry.actor for entry in entries} == {admin}


def test_all_of_one_channel_go_again_and_no_other(client, admin):
    make_message("a")
    make_message("h", channel="webhook", recipient="1")
    assert "Send it again" in client.get(LOG, {"state": "dead", "channel": "webhook"}).content.decode()
    client.post(ALL, {"channel": "webhook"})
    assert OutboxMessage.objects.get(state=MessageState.PENDING).channel == "webhook"
    assert OutboxMessage.objects.get(state=MessageState.DEAD).channel == "mail"


def test_sending_all_again_twice_is_doing_so_once(client, admin):
    make_message("a")
    client.post(ALL)
    assert "0 messages" in client.post(ALL, follow=True).content.decode()
    assert AuditEntry.objects.filter(action="message.resent").count() == 1


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_send_all_again(client, role):
    make_message("a")
    actor = sign_in(client, make_user(role=role))
    assert client.post(ALL).status_code == 403
    with pytest.raises(Forbidden):
        deliveries.resend_all(actor=Actor.person(actor), now=timezone.now())
    assert OutboxMessage.objects.get().state == MessageState.DEAD


# Resending


def test_resend_puts_a_dead_message_back_with_the_same_id(client, admin):
    message = make_message(attempts=80, last_error="away", expires_at=timezone.now())
    assert resend_url(message) in client.get(LOG).content.decode()
    answer = client.post(resend_url(message), follow=True)
    assert answer.redirect_chain == [(LOG, 302)]
    assert "sent again" in answer.content.decode()
    again = OutboxMessage.objects.get()
    assert (again.state, again.attempts, again.expires_at) == (MessageState.PENDING, 0, None)
    assert again.message_id == message.message_id
    assert again.run_at <= timezone.now()
    entry = AuditEntry.objects.get(action="message.resent")
    assert (entry.actor, entry.changes) == (admin, {"state": ["dead", "pending"]})


def test_resend_is_a_post(client, admin):
    message = make_message()
    assert client.get(resend_url(message)).status_code == 405
    assert OutboxMessage.objects.get().state == MessageState.DEAD


def test_resending_twice_is_resending_once(client, admin):
    message = make_message()
    client.post(resend_url(message))
    answer = client.post(resend_url(message), follow=True)
    assert "on its way already" in answer.content.decode()
    assert AuditEntry.objects.filter(action="message.resent").count() == 1


def test_what_is_not_there_cannot_be_resent(client, admin):
    assert client.post("/delivery/4711/resend/").status_code == 404


def test_a_message_whose_secret_is_gone_is_not_offered_and_not_resent(client, admin):
    message = make_message(holds_secret=True, payload={})
    assert resend_url(message) not in client.get(LOG).content.decode()
    client.post(resend_url(message))
    assert OutboxMessage.objects.get().state == MessageState.DEAD
    assert not AuditEntry.objects.filter(action="message.resent").exists()


def test_the_domain_itself_refuses_who_is_no_admin():
    message = make_message()
    with pytest.raises(Forbidden):
        deliveries.resend(actor=Actor.person(make_user(role=Role.EDITOR)), message=message, now=timezone.now())
    with pytest.raises(NotPossible):
        deliveries.resend(
            actor=Actor.person(make_user(role=Role.ADMIN)),
            message=make_message("done", MessageState.DONE),
            now=timezone.now(),
        )
