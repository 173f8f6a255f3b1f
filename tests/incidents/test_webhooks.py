"""Channels besides mail: what each shape says, who is told what, and that nothing leaves that may not."""

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from incidents.domain import lifecycle, webhooks
from incidents.domain.webhooks import WebhookContent
from incidents.enums import IncidentEvent, IncidentKind, MessageState, Role, Severity, Status, WebhookFormat
from incidents.errors import Forbidden, InvalidInput, NotPossible, Stale
from incidents.models import AuditEntry, Incident, OutboxMessage, StatusUpdate, Webhook
from incidents.notifications import WEBHOOK, notify_all, rules
from incidents.notifications import webhooks as notices
from incidents.notifications.delivery import Courier
from incidents.notifications.shapes import Custom, signature
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_user, make_webhook
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
SYSTEM = Actor.machine("test", Role.ADMIN)


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.INTERNAL_RECEIVERS = [ipaddress.ip_network("127.0.0.1")]
    with receiving() as made:
        yield made


def announce(incident: Incident, event: IncidentEvent = IncidentEvent.OPENED) -> list[OutboxMessage]:
    """Let something happen to the incident, and spread it; the messages to webhooks."""
    if event == IncidentEvent.OPENED:
        rules.incident_opened(incident=incident, actor=SYSTEM, now=NOW)
    else:
        rules.incident_changed(incident=incident, kind=event, now=NOW)
    for message in OutboxMessage.objects.filter(channel="fan-out", state=MessageState.PENDING):
        notify_all(notices.spread(message))
    return list(OutboxMessage.objects.filter(channel=WEBHOOK).order_by("id"))


def deliver(at: dt.datetime | None = None) -> None:
    """Let a worker do all that is due."""
    courier = Courier(clock=lambda: at or NOW + dt.timedelta(minutes=1))
    while courier.deliver_next():
        pass


def tell(webhook: Webhook, incident: Incident, event: IncidentEvent = IncidentEvent.OPENED) -> OutboxMessage:
    announce(incident, event)
    deliver()
    return OutboxMessage.objects.filter(channel=WEBHOOK, recipient=str(webhook.pk)).latest("id")


def told(receiver: Receiver, number: int = -1) -> Any:
    return receiver.got[number].json


# Who is told


@pytest.mark.parametrize("event", [event for event in IncidentEvent if event != IncidentEvent.UPDATE])
def test_each_event_of_an_incident_is_one_message_to_each_channel(event):
    first, second = make_webhook(), make_webhook()
    messages = announce(make_incident(), event)
    assert len(messages) == 2
    assert {(message.recipient, message.kind) for message in messages} == {
        (str(first.pk), f"incident-{event}"),
        (str(second.pk), f"incident-{event}"),
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"is_private": True},
        {"kind": IncidentKind.DRILL},
        {"kind": IncidentKind.NEAR_MISS, "status": Status.RESOLVED},
        {"kind": IncidentKind.BACKFILL},
        {"is_example": True, "series": "DRILL"},
    ],
)
def test_what_is_private_or_no_real_incident_is_told_to_no_channel(fields):
    make_webhook()
    incident = make_incident(**fields)
    assert announce(incident) == []
    # Nor where an event of it was written all the same.
    event = OutboxMessage(kind="incident-event", incident=incident, payload={"event": "opened"})
    assert list(notices.spread(event)) == []
    assert len(announce(make_incident())) == 1


def test_spreading_twice_is_spreading_once():
    make_webhook()
    announce(make_incident())
    assert len(announce(make_incident(), IncidentEvent.RESOLVED)) == 2


def test_a_channel_hears_of_what_it_asked_for_and_of_its_services():
    shop, mail = make_service(), make_service()
    every = make_webhook()
    resolved_only = make_webhook(kinds=["resolved"])
    shop_only = make_webhook(services=[shop])
    make_webhook(is_active=False)

    def heard(incident: Incident, event: IncidentEvent) -> set[str]:
        before = {message.pk for message in OutboxMessage.objects.all()}
        return {message.recipient for message in announce(incident, event) if message.pk not in before}

    in_shop = make_incident(services=[shop, mail])
    assert heard(in_shop, IncidentEvent.OPENED) == {str(every.pk), str(shop_only.pk)}
    elsewhere = make_incident(services=[mail])
    assert heard(elsewhere, IncidentEvent.RESOLVED) == {str(every.pk), str(resolved_only.pk)}
    assert heard(make_incident(), IncidentEvent.OPENED) == {str(every.pk)}


def test_twenty_channels_are_asked_with_as_many_queries_as_two(django_assert_max_num_queries):
    service = make_service()
    incident = make_incident(services=[service])
    rules.incident_opened(incident=incident, actor=SYSTEM, now=NOW)
    event = OutboxMessage.objects.get(channel="fan-out")
    for number in (2, 18):
        for _ in range(number):
            make_webhook(services=[service])
        with django_assert_max_num_queries(4):
            assert len(list(notices.spread(event))) in {2, 20}


# No secret waits in the outbox


def test_the_outbox_holds_neither_address_nor_secret_nor_header():
    webhook = make_webhook(url="https://chat.example.org/hooks/T0PSECRET", secret="nvt_hidden", headers="X-Key: hidden")
    message = announce(make_incident())[0]
    kept = json.dumps(message.payload) + message.recipient + message.kind + message.dedupe_key
    assert message.recipient == str(webhook.pk)
    assert "hidden" not in kept
    assert "T0PSECRET" not in kept


# What is said


def opened(**fields: Any) -> Incident:
    values = {"title": "Blank <front> page & more", "severity": Severity.SEV2, **fields}
    return make_incident(services=[make_service("Storefront")], **values)


def test_a_program_of_ones_own_gets_everything_signed(receiver):
    webhook = make_webhook(url=receiver.url, secret="nvt_a-secret-of-its-own", headers="X-Team: sre")
    incident = opened()
    message = tell(webhook, incident)
    got = receiver.got[0]
    assert got.json == {
        "delivery": str(message.message_id),
        "event": "opened",
        "at": "2026-01-06T01:30:00+00:00",
        "text": f"{incident.reference} SEV2 Opened: Blank <front> page & more",
        "url": f"http://testserver/incidents/{incident.reference}/",
        "incident": {
            "id": incident.reference,
            "title": "Blank <front> page & more",
            "severity": "sev2",
            "status": "investigating",
            "services": ["Storefront"],
            "impact_started_at": incident.impact_started_at.isoformat(timespec="seconds"),
            "declared_at": incident.declared_at.isoformat(timespec="seconds"),
            "resolved_at": None,
        },
        "update": None,
    }
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["Nevertwice-Delivery"] == str(message.message_id)
    assert got.headers["X-Team"] == "sre"
    stamp, found = (part.partition("=")[2] for part in got.headers["Nevertwice-Signature"].split(","))
    expected = hmac.new(b"nvt_a-secret-of-its-own", stamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert found == expected
    assert abs(int(stamp) - timezone.now().timestamp()) < 60
    message.refresh_from_db()
    assert (message.state, message.answer, message.last_error) == (MessageState.DONE, "200 ok", "")


def test_a_signature_depends_on_secret_body_and_time():
    first = signature("secret", b"body", NOW)
    assert first == f"t=1767663000,v1={first.partition('v1=')[2]}"
    assert len({first, signature("other", b"body", NOW), signature("secret", b"b", NOW)}) == 3
    assert signature("secret", b"body", NOW + dt.timedelta(seconds=1)) != first


def test_a_chat_gets_text_that_is_only_text(receiver):
    webhook = make_webhook(url=receiver.url, format=WebhookFormat.SLACK)
    incident = opened(title="<!channel> <https://evil.example.org|click> & more")
    tell(webhook, incident)
    link = f"http://testserver/incidents/{incident.reference}/"
    line = f"{incident.reference} SEV2 Opened: &lt;!channel&gt; &lt;https://evil.example.org|click&gt; &amp; more"
    assert told(receiver) == {
        "text": f"<{link}|{line}>",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*<{link}|{line}>*\nStorefront"}}],
    }
    assert "Nevertwice-Signature" not in receiver.got[0].headers


def write_update(incident: Incident, text: str, **fields: Any) -> StatusUpdate:
    event = incident.timeline.create(
        incident=incident, text=text, html="", sort_at=NOW, occurred_at=NOW, kind="communication"
    )
    return StatusUpdate.objects.create(
        incident=incident, event=event, status=incident.status, text=text, html="", leaves_at=NOW, **fields
    )


@pytest.mark.parametrize("shape", ["generic", "slack", "custom"])
def test_an_update_is_told_with_its_text(receiver, shape):
    make_webhook(url=receiver.url, format=shape, body='{"m": "$what: $update"}')
    incident = opened()
    due = NOW + dt.timedelta(minutes=30)
    rules.update_written(update=write_update(incident, "We roll <back> now.", next_due_at=due), now=NOW)
    deliver()
    said = told(receiver)
    if shape == "generic":
        assert said["update"] == {"text": "We roll <back> now.", "next_due_at": "2026-01-06T02:00:00+00:00"}
    elif shape == "slack":
        assert said["blocks"][1]["text"]["text"] == "We roll &lt;back&gt; now."
        assert said["text"].endswith("\nWe roll &lt;back&gt; now.")
    else:
        assert said == {"m": "Status update: We roll <back> now."}


def test_an_update_that_was_taken_back_does_not_leave(receiver):
    make_webhook(url=receiver.url)
    update = write_update(opened(), "Wrong", cancelled_at=NOW)
    rules.update_written(update=update, now=NOW)
    deliver()
    assert receiver.got == []
    assert OutboxMessage.objects.get(channel=WEBHOOK).state == MessageState.CANCELLED


@pytest.mark.parametrize(
    ("event", "action"),
    [("opened", "trigger"), ("reopened", "trigger"), ("acknowledged", "acknowledge"), ("resolved", "resolve")],
)
def test_a_pager_is_called_and_called_off(receiver, event, action):
    webhook = make_webhook(url=receiver.url, format=WebhookFormat.PAGERDUTY, secret="R0UTING")
    incident = opened()
    tell(webhook, incident, IncidentEvent(event))
    said = told(receiver)
    assert (said["routing_key"], said["event_action"]) == ("R0UTING", action)
    assert said["dedup_key"] == f"nevertwice:testserver:{incident.reference}"
    assert ("payload" in said) is (action == "trigger")
    if action == "trigger":
        assert said["payload"]["severity"] == "error"
        assert said["payload"]["summary"].startswith(f"{incident.reference} SEV2")


def test_a_pager_hears_neither_of_updates_nor_of_severities():
    make_webhook(format=WebhookFormat.PAGERDUTY, secret="R")
    assert announce(make_incident(), IncidentEvent.SEVERITY) == []
    assert len(announce(make_incident(), IncidentEvent.CANCELLED)) == 1


def test_a_pager_is_not_called_to_what_is_over(receiver):
    webhook = make_webhook(url=receiver.url, format=WebhookFormat.PAGERDUTY, secret="R")
    incident = opened()
    announce(incident)
    Incident.objects.filter(pk=incident.pk).update(status=Status.RESOLVED, resolved_at=timezone.now())
    deliver()
    assert receiver.got == []
    message = OutboxMessage.objects.get(recipient=str(webhook.pk))
    assert (message.state, message.last_error) == (
        MessageState.CANCELLED,
        "The incident was over before this could be sent.",
    )


def test_a_body_of_ones_own_is_filled_in_and_stays_json(receiver):
    body = {
        "topic": "a",
        "title": "$headline",
        "n": 4,
        "nested": [{"at": "$at", "costs": "5 $$"}],
        "of": "${services}s",
    }
    webhook = make_webhook(url=receiver.url, format=WebhookFormat.CUSTOM, body=json.dumps(body))
    incident = opened(title='Say "$url" \\ and }')
    tell(webhook, incident)
    assert told(receiver) == {
        "topic": "a",
        "title": f'{incident.reference} SEV2 Opened: Say "$url" \\ and }}',
        "n": 4,
        "nested": [{"at": "2026-01-06T01:30:00+00:00", "costs": "5 $"}],
        "of": "Storefronts",
    }


@pytest.mark.parametrize(
    ("body", "headers", "problem"),
    [
        ("{", {}, "no JSON"),
        ("[" * 100_000, {}, "no JSON"),
        (json.dumps([[[[[[[[[[[["deep"]]]]]]]]]]]]), {}, "too deep"),
        ('{"a": "$nothing"}', {}, r"There is no \$nothing"),
        ('{"a": "5 $ a day"}', {}, "dollar sign"),
        ('{"a": 1}', {"Content-Type": "application/x-www-form-urlencoded"}, "each value is a text"),
        ('["a"]', {"content-type": "application/x-www-form-urlencoded"}, "each value is a text"),
    ],
)
def test_a_body_that_cannot_be_sent_is_refused_when_it_is_written(body, headers, problem):
    assert re.search(problem, Custom().problem(body, headers))
    assert Custom().problem('{"a": "$title", "b": 1}', {}) == ""
    assert Custom().problem('{"a": "$title"}', {"Content-Type": "application/x-www-form-urlencoded"}) == ""


# What becomes of it


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((200, "done"), (201, "done"), (202, "done"), (204, "done")),
        *((301, "dead"), (302, "dead"), (400, "dead"), (401, "dead"), (403, "dead"), (404, "dead"), (410, "dead")),
        *((408, "pending"), (409, "pending"), (425, "pending"), (429, "pending")),
        *((500, "pending"), (502, "pending"), (503, "pending"), (504, "pending")),
    ],
)
def test_what_the_receiver_answers_decides_whether_it_is_tried_again(receiver, status, state):
    receiver.answer = lambda _got, _handler: status
    receiver.text = b"" if status == 204 else b"because\x00 of <this>"
    message = tell(make_webhook(url=receiver.url), make_incident())
    assert (message.state, message.attempts, len(receiver.got)) == (state, 1, 1)
    assert str(status) in message.answer + message.last_error
    if status >= 400:
        assert "because of <this>" in message.last_error


def test_all_tries_carry_one_id_and_one_body_and_fresh_signatures(receiver):
    answers = iter([500, 503, 200])
    receiver.answer = lambda _got, _handler: next(answers)
    clock = NOW
    announce_to = make_webhook(url=receiver.url)
    announce(make_incident())
    for _ in range(3):
        clock += dt.timedelta(hours=1)
        deliver(clock)
    assert len(receiver.got) == 3
    assert len({got.headers["Nevertwice-Delivery"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert OutboxMessage.objects.get(recipient=str(announce_to.pk)).state == MessageState.DONE


def test_an_address_inside_is_given_up_with_the_name_of_the_setting(settings, receiver):
    settings.INTERNAL_RECEIVERS = []
    message = tell(make_webhook(url=receiver.url), make_incident())
    assert (message.state, receiver.got) == (MessageState.DEAD, [])
    assert "INTERNAL_RECEIVERS" in message.last_error


@pytest.mark.parametrize(
    "broken", [{"headers": "no header"}, {"format": "custom", "body": "{"}, {"url": "http://[::1"}]
)
def test_what_was_broken_behind_our_back_is_given_up_and_not_tried_for_days(receiver, broken):
    message = tell(make_webhook(**({"url": receiver.url} | broken)), make_incident())
    assert (message.state, receiver.got) == (MessageState.DEAD, [])
    assert message.last_error


def test_a_channel_that_was_switched_off_meanwhile_gets_nothing(receiver):
    webhook = make_webhook(url=receiver.url)
    announce(make_incident())
    webhooks.retire(actor=SYSTEM, webhook=webhook, now=NOW)
    deliver()
    message = OutboxMessage.objects.get(recipient=str(webhook.pk))
    assert (message.state, message.last_error) == (MessageState.CANCELLED, "The channel is switched off.")
    assert receiver.got == []


def test_what_became_private_meanwhile_is_told_to_nobody(receiver):
    webhook = make_webhook(url=receiver.url)
    incident = make_incident(title="Wages")
    announce(incident)
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    deliver()
    assert receiver.got == []
    assert OutboxMessage.objects.get(recipient=str(webhook.pk)).state == MessageState.CANCELLED


def test_the_words_of_an_error_never_hold_the_address(receiver):
    port = receiver.port
    receiver.server_close()
    message = tell(make_webhook(url=f"http://127.0.0.1:{port}/hooks/T0PSECRET?key=T0PSECRET"), make_incident())
    assert message.state == MessageState.PENDING
    assert f"127.0.0.1:{port}" in message.last_error
    assert "T0PSECRET" not in message.last_error


# The domain


def content(**fields: Any) -> WebhookContent:
    return WebhookContent(**({"name": "Chat", "url": "https://chat.example.org/hooks/T0PSECRET"} | fields))


@pytest.fixture
def admin() -> Actor:
    return Actor.person(make_user("Ada", Role.ADMIN))


def test_a_signed_channel_gets_a_secret_that_is_told_once(admin):
    issued = webhooks.create(actor=admin, format="generic", content=content(), now=NOW)
    assert issued.secret == issued.webhook.secret
    assert len(issued.secret) >= 40
    other = webhooks.create(actor=admin, format="generic", content=content(name="Other"), now=NOW)
    assert other.secret != issued.secret
    assert webhooks.create(actor=admin, format="slack", content=content(name="Slack"), now=NOW).secret == ""


def test_the_audit_tells_who_and_what_but_no_secret(admin):
    secret = content(key="T0PSECRET", headers="X-Key: T0PSECRET")
    webhook = webhooks.create(actor=admin, format="pagerduty", content=secret, now=NOW).webhook
    changed = content(key="T0PSECRET2", headers="X-Key: T0PSECRET3", url="https://other.example.org/T0PSECRET")
    webhooks.change(actor=admin, webhook=webhook, content=changed, version=1, now=NOW)
    generic = webhooks.create(actor=admin, format="generic", content=content(name="G"), now=NOW)
    webhooks.rotate_secret(actor=admin, webhook=generic.webhook, now=NOW)
    webhooks.send_test(actor=admin, webhook=generic.webhook, now=NOW)
    webhooks.retire(actor=admin, webhook=generic.webhook, now=NOW)
    webhooks.bring_back(actor=admin, webhook=generic.webhook, now=NOW)
    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in entries] == [
        *("webhook.created", "webhook.changed", "webhook.created"),
        *("webhook.secret_rotated", "webhook.tested", "webhook.retired", "webhook.brought_back"),
    ]
    assert entries[1].changes == {
        "secret": ["…", "…"],
        "headers": ["…", "…"],
        "url": ["chat.example.org", "other.example.org"],
    }
    said = json.dumps([[entry.changes, entry.note, entry.object_label] for entry in entries])
    assert "T0PSECRET" not in said
    assert generic.secret not in said


def test_a_blank_key_leaves_the_one_that_is_stored(admin):
    webhook = webhooks.create(actor=admin, format="pagerduty", content=content(key="R0UTING"), now=NOW).webhook
    webhooks.change(actor=admin, webhook=webhook, content=content(name="Pager"), version=1, now=NOW)
    webhook.refresh_from_db()
    assert (webhook.name, webhook.secret, webhook.version) == ("Pager", "R0UTING", 2)


def test_nothing_new_is_nothing_written(admin):
    webhook = webhooks.create(actor=admin, format="slack", content=content(), now=NOW).webhook
    webhooks.change(actor=admin, webhook=webhook, content=content(), version=1, now=NOW)
    webhook.refresh_from_db()
    assert webhook.version == 1
    assert AuditEntry.objects.count() == 1


def test_services_are_kept_and_their_change_is_told(admin):
    shop = make_service("Shop")
    webhook = webhooks.create(actor=admin, format="slack", content=content(services=[shop]), now=NOW).webhook
    assert list(webhook.services.all()) == [shop]
    webhooks.change(actor=admin, webhook=webhook, content=content(), version=1, now=NOW)
    assert list(webhook.services.all()) == []
    assert AuditEntry.objects.latest("id").changes == {"services": ["Shop", ""]}


def test_who_looked_at_an_older_version_overwrites_nothing(admin):
    webhook = webhooks.create(actor=admin, format="slack", content=content(), now=NOW).webhook
    webhooks.change(actor=admin, webhook=webhook, content=content(name="B"), version=1, now=NOW)
    with pytest.raises(Stale):
        webhooks.change(actor=admin, webhook=webhook, content=content(name="C"), version=1, now=NOW)
    assert Webhook.objects.get().name == "B"


@pytest.mark.parametrize(
    ("shape", "fields", "field"),
    [
        ("slack", {"name": " "}, "name"),
        ("slack", {"url": ""}, "url"),
        ("slack", {"url": "ftp://chat.example.org/"}, "url"),
        ("slack", {"url": "https://user:pass@chat.example.org/"}, "url"),
        ("slack", {"url": "http://169.254.169.254/latest/meta-data/"}, "url"),
        ("slack", {"url": "http://0x7f000001/"}, "url"),
        ("slack", {"headers": "no colon"}, "headers"),
        ("slack", {"headers": "X-A: 1\nx-a: 2"}, "headers"),
        ("slack", {"headers": "Host: evil.example.org"}, "headers"),
        ("slack", {"headers": "Nevertwice-Signature: forged"}, "headers"),
        ("slack", {"headers": "X-A: ü"}, "headers"),
        ("slack", {"kinds": ["made up"]}, "kinds"),
        ("pagerduty", {}, "key"),
        ("pagerduty", {"key": "x" * 101}, "key"),
        ("custom", {"body": ""}, "body"),
        ("custom", {"body": '{"a": "$nothing"}'}, "body"),
    ],
)
def test_what_could_never_be_sent_is_refused_beside_its_field(admin, shape, fields, field):
    with pytest.raises(InvalidInput) as refused:
        webhooks.create(actor=admin, format=shape, content=content(**fields), now=NOW)
    assert field in refused.value.fields
    assert not Webhook.objects.exists()
    allowed = content(key="R" * 100, body='{"a": "$title"}', headers="X-A: 1\r\nX-B: 2:3", kinds=["opened"])
    assert webhooks.create(actor=admin, format=shape, content=allowed, now=NOW).webhook.pk


def test_a_name_is_given_once_whatever_its_case(admin):
    webhooks.create(actor=admin, format="slack", content=content(), now=NOW)
    with pytest.raises(InvalidInput) as refused:
        webhooks.create(actor=admin, format="slack", content=content(name="CHAT"), now=NOW)
    assert "has this name already" in refused.value.message


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_keep_channels(role):
    actor, webhook = Actor.person(make_user(role=role)), make_webhook()
    deeds = [
        lambda: webhooks.create(actor=actor, format="slack", content=content(), now=NOW),
        lambda: webhooks.change(actor=actor, webhook=webhook, content=content(), version=1, now=NOW),
        lambda: webhooks.rotate_secret(actor=actor, webhook=webhook, now=NOW),
        lambda: webhooks.send_test(actor=actor, webhook=webhook, now=NOW),
        lambda: webhooks.retire(actor=actor, webhook=webhook, now=NOW),
        lambda: webhooks.bring_back(actor=actor, webhook=webhook, now=NOW),
    ]
    for deed in deeds:
        with pytest.raises(Forbidden):
            deed()
    assert Webhook.objects.get() == webhook
    assert not OutboxMessage.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_new_secret_signs_from_then_on(admin, receiver):
    issued = webhooks.create(actor=admin, format="generic", content=content(), now=NOW)
    Webhook.objects.update(url=receiver.url)
    again = webhooks.rotate_secret(actor=admin, webhook=Webhook.objects.get(), now=NOW)
    assert again.secret != issued.secret
    tell(again.webhook, make_incident())
    got = receiver.got[0]
    stamp, found = (part.partition("=")[2] for part in got.headers["Nevertwice-Signature"].split(","))
    assert found == hmac.new(again.secret.encode(), f"{stamp}.".encode() + got.body, hashlib.sha256).hexdigest()


def test_only_what_is_signed_has_a_secret_to_change(admin):
    with pytest.raises(NotPossible):
        webhooks.rotate_secret(actor=admin, webhook=make_webhook(format="slack"), now=NOW)


# A test


@pytest.mark.parametrize("shape", WebhookFormat.values)
def test_a_test_says_that_nothing_is_wrong(admin, receiver, settings, shape):
    settings.ORG_NAME = "Example Ltd"
    webhook = make_webhook(url=receiver.url, format=shape, body='{"text": "$headline"}')
    webhooks.send_test(actor=admin, webhook=webhook, now=NOW)
    deliver()
    assert "Example Ltd: This is a test. Nothing is wrong." in receiver.got[0].body.decode()
    message = OutboxMessage.objects.get()
    assert (message.kind, message.state, message.answer) == ("webhook-test", MessageState.DONE, "200 ok")


def test_a_channel_that_is_off_takes_no_test(admin):
    webhook = make_webhook(is_active=False)
    with pytest.raises(NotPossible):
        webhooks.send_test(actor=admin, webhook=webhook, now=NOW)
    webhooks.bring_back(actor=admin, webhook=webhook, now=NOW)
    webhooks.send_test(actor=admin, webhook=webhook, now=NOW)
    assert OutboxMessage.objects.count() == 1


def test_a_test_is_not_sent_tomorrow(admin, receiver):
    webhooks.send_test(actor=admin, webhook=make_webhook(url=receiver.url), now=NOW)
    deliver(NOW + dt.timedelta(minutes=6))
    assert OutboxMessage.objects.get().state == MessageState.DEAD
    assert receiver.got == []


# From the domain to the receiver


def test_what_people_do_reaches_the_receiver(receiver):
    make_webhook(url=receiver.url)
    lead = Actor.person(make_user(role=Role.RESPONDER))
    incident = make_incident(acknowledged_at=None)
    now = timezone.now()
    lifecycle.advance(actor=lead, incident=incident, verb=lifecycle.Verb.RESOLVE, now=now)
    deliver(now + dt.timedelta(seconds=1))
    assert [got.json["event"] for got in receiver.got] == ["resolved"]
    assert receiver.got[0].json["incident"]["status"] == "resolved"
