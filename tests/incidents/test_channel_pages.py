"""Pages of channels: an admin adds one, tries it, changes it, switches it off; nobody else sees any of it."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.enums import MessageState, Role, WebhookFormat
from incidents.models import AuditEntry, OutboxMessage, User, Webhook
from incidents.notifications.delivery import Courier
from tests.factories import make_incident, make_service, make_user, make_webhook, sign_in
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

LIST = "/channels/"
NEW = "/channels/new/"
SECRET_URL = "https://chat.example.org/hooks/T0PSECRET"


@pytest.fixture
def admin(client) -> User:
    return sign_in(client, make_user("Ada", Role.ADMIN))


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.INTERNAL_RECEIVERS = [ipaddress.ip_network("127.0.0.1")]
    with receiving() as made:
        yield made


def url(webhook: Webhook, page: str = "") -> str:
    return reverse(f"webhook-{page}" if page else "webhook", args=[webhook.pk])


def fields(**changed: Any) -> dict[str, Any]:
    return {"version": 1, "name": "Chat", "url": SECRET_URL, **changed}


def message_to(webhook: Webhook, key: str = "a", **changed: Any) -> OutboxMessage:
    values = {"kind": "incident-opened", "channel": "webhook", "recipient": str(webhook.pk), "dedupe_key": key}
    return OutboxMessage.objects.create(**(values | changed))


# The list


def test_an_empty_list_says_what_belongs_there(client, admin, settings):
    assert "by mail alone" in client.get(LIST).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = client.get(LIST).content.decode()
    assert "Mail is not set up either" in page
    assert f'href="{NEW}"' in page


def test_the_list_shows_each_channel_its_state_and_its_last_message_but_no_address(client, admin):
    chat = make_webhook("Chat", format="slack", url=SECRET_URL, services=[make_service("Shop")])
    make_webhook("Old pager", is_active=False, kinds=["opened", "resolved"])
    message_to(chat, "a", state=MessageState.DONE, delivered_at=timezone.now())
    message_to(chat, "b", state=MessageState.DEAD)
    page = client.get(LIST).content.decode()
    for words in ["Chat", "chat.example.org", "Shop", "Given up", "Old pager", "2 kinds of events", "none yet"]:
        assert words in page
    assert "Delivered" not in page
    assert "T0PSECRET" not in page


def test_twenty_channels_cost_as_many_queries_as_two(client, admin):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    def make(number: int) -> None:
        for _ in range(number):
            webhook = make_webhook(services=[make_service()])
            message_to(webhook, f"{webhook.pk}", state=MessageState.DONE, delivered_at=timezone.now())

    make(2)
    few = queries()
    make(18)
    assert queries() == few <= 7


# Adding


def test_the_shape_is_asked_for_first(client, admin):
    page = client.get(NEW).content.decode()
    for shape in WebhookFormat:
        assert f'href="{NEW}?format={shape}"' in page
    assert client.get(NEW, {"format": "made up"}).content.decode().count("<h1") == 1


@pytest.mark.parametrize(
    ("shape", "asked"),
    [("generic", set()), ("slack", set()), ("pagerduty", {"key"}), ("custom", {"body"})],
)
def test_each_shape_asks_for_what_it_needs(client, admin, shape, asked):
    make_service()
    form = client.get(NEW, {"format": shape}).context["form"]
    assert set(form.fields) == {"version", "name", "url", "headers", "kinds", "services"} | asked


def test_a_signed_channel_shows_its_secret_once(client, admin):
    answer = client.post(NEW, fields(format="generic"))
    webhook = Webhook.objects.get()
    assert answer.status_code == 200
    assert answer.content.decode().count(webhook.secret) == 1
    assert answer["Cache-Control"] == "no-store"
    for page in [LIST, url(webhook), url(webhook, "edit"), "/delivery/", "/people/audit/"]:
        assert webhook.secret not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("shape", "more"),
    [("slack", {}), ("pagerduty", {"key": "R0UTING"}), ("custom", {"body": '{"text": "$headline"}'})],
)
def test_other_shapes_lead_to_the_channel(client, admin, shape, more):
    service = make_service()
    sent = fields(format=shape, kinds=["opened"], services=[service.pk], headers="X-Key: T0PSECRET2", **more)
    answer = client.post(NEW, sent, follow=True)
    webhook = Webhook.objects.get()
    assert answer.redirect_chain == [(url(webhook), 302)]
    assert (webhook.format, webhook.kinds, list(webhook.services.all())) == (shape, ["opened"], [service])
    page = answer.content.decode()
    for secret in ["T0PSECRET", "R0UTING"]:
        assert secret not in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"url": "http://127.0.0.1:8000/"}, "not a public address"),
        ({"url": "nonsense"}, "no address of a web server"),
        ({"headers": "nonsense"}, "is no header"),
        ({"kinds": ["made up"]}, "not one of the available choices"),
        ({"services": ["4711"]}, "not one of the available choices"),
        ({"services": ["9" * 40]}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(client, admin, wrong, words):
    make_service()
    answer = client.post(NEW, fields(format="slack", **wrong))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert 'name="format" value="slack"' in page
    assert not Webhook.objects.exists()


def test_pressing_twice_makes_one_channel(client, admin):
    client.post(NEW, fields(format="slack"))
    assert client.post(NEW, fields(format="slack")).status_code == 422
    assert Webhook.objects.count() == 1


def test_the_password_is_asked_for_again_and_what_was_typed_is_kept(client, admin):
    session = client.session
    session["password_at"] = "2020-01-01T00:00:00+00:00"
    session.save()
    answer = client.post(NEW, fields(format="slack"))
    assert answer.status_code == 422
    assert "current_password" in answer.content.decode()
    assert not Webhook.objects.exists()
    carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode()))
    client.post(NEW, carried | {"current_password": "correct horse battery"})
    assert Webhook.objects.get().name == "Chat"


# Changing


def test_a_channel_is_changed(client, admin):
    webhook = make_webhook("Chat", format="slack", kinds=["opened"])
    page = client.get(url(webhook, "edit")).content.decode()
    assert re.search(r'value="opened"[^>]*checked', page)
    answer = client.post(url(webhook, "edit"), fields(name="Room", kinds=["resolved"]), follow=True)
    assert "Saved." in answer.content.decode()
    webhook.refresh_from_db()
    assert (webhook.name, webhook.kinds, webhook.url, webhook.version) == ("Room", ["resolved"], SECRET_URL, 2)


def test_who_was_slower_sees_what_the_other_saved(client, admin):
    webhook = make_webhook("Chat", format="slack", url=SECRET_URL)
    client.post(url(webhook, "edit"), fields(name="Room"))
    answer = client.post(url(webhook, "edit"), fields(name="Hall"))
    assert answer.status_code == 409
    assert "Room" in answer.content.decode()
    assert client.post(url(webhook, "edit"), fields(name="Hall", version=2)).status_code == 302
    webhook.refresh_from_db()
    assert webhook.name == "Hall"


def test_a_new_secret_is_shown_once(client, admin):
    webhook = make_webhook(secret="nvt_old")
    answer = client.post(url(webhook, "secret"))
    webhook.refresh_from_db()
    assert webhook.secret != "nvt_old"
    assert webhook.secret in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


def test_what_is_not_signed_has_no_new_secret(client, admin):
    webhook = make_webhook(format="slack", secret="")
    assert "New secret" not in client.get(url(webhook)).content.decode()
    answer = client.post(url(webhook, "secret"), follow=True)
    assert "not signed" in answer.content.decode()


def test_a_channel_is_switched_off_and_on(client, admin):
    webhook = make_webhook()
    page = client.post(url(webhook, "retire"), follow=True).content.decode()
    assert "switched off" in page
    assert "Send a test" not in page.replace("Nothing was sent yet. Send a test.", "")
    client.post(url(webhook, "retire"))
    client.post(url(webhook, "bring-back"))
    webhook.refresh_from_db()
    assert webhook.is_active
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["webhook.retired", "webhook.brought_back"]


# Trying


def test_a_test_is_sent_by_the_worker_and_the_answer_is_shown(client, admin, receiver):
    receiver.text = b"thanks <b>a lot</b>"
    webhook = make_webhook(url=receiver.url)
    page = client.post(url(webhook, "test"), follow=True).content.decode()
    assert "A test is on its way" in page
    assert "Waiting" in page
    assert "every 2s" in page
    assert receiver.got == []
    Courier().deliver_next()
    page = client.get(url(webhook)).content.decode()
    assert "200 thanks &lt;b&gt;a lot&lt;/b&gt;" in page
    assert "Delivered" in page
    assert "every 2s" not in page
    assert len(receiver.got) == 1


def test_a_test_that_is_refused_says_what_came_back(client, admin, receiver):
    receiver.answer, receiver.text = lambda _got, _handler: 403, b"invalid_token"
    webhook = make_webhook(url=receiver.url)
    client.post(url(webhook, "test"))
    Courier().deliver_next()
    page = client.get(url(webhook)).content.decode()
    assert "403 invalid_token" in page
    assert "Given up" in page


def test_only_the_deliveries_are_asked_for_anew(client, admin):
    webhook = make_webhook()
    message_to(webhook)
    part = client.get(url(webhook), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    assert "<html" not in part


def test_a_channel_that_is_off_takes_no_test(client, admin):
    webhook = make_webhook(is_active=False)
    assert "Switch it on first" in client.post(url(webhook, "test"), follow=True).content.decode()
    assert not OutboxMessage.objects.exists()


def test_the_page_shows_the_last_messages_of_this_channel_alone(client, admin):
    webhook, other = make_webhook(), make_webhook()
    incident = make_incident()
    for number in range(25):
        message_to(webhook, f"a{number}", incident=incident, last_error=f"error {number:02}")
    message_to(other, "b", last_error="of another one")
    with CaptureQueriesContext(connection) as captured:
        page = client.get(url(webhook)).content.decode()
    assert "error 24" in page
    assert "error 05" in page
    assert "error 04" not in page
    assert "of another one" not in page
    assert incident.reference in page
    assert len(captured) <= 7


# Who may


PAGES = ["", "edit"]
DEEDS = ["secret", "test", "retire", "bring-back"]


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_nobody_but_admins_sees_or_does_any_of_it(client, role):
    webhook = make_webhook()
    sign_in(client, make_user(role=role))
    for page in [LIST, NEW, *(url(webhook, page) for page in PAGES)]:
        assert client.get(page).status_code == 403
    for deed in [NEW, *(url(webhook, deed) for deed in [*DEEDS, "edit"])]:
        assert client.post(deed, fields(format="slack")).status_code == 403
    assert not OutboxMessage.objects.exists()
    assert Webhook.objects.get().version == 1


@pytest.mark.parametrize("page", [*PAGES, *DEEDS])
def test_what_is_not_there_is_not_found(client, admin, page):
    address = reverse(f"webhook-{page}" if page else "webhook", args=[4711])
    assert (client.post if page in DEEDS else client.get)(address).status_code == 404


@pytest.mark.parametrize("deed", DEEDS)
def test_deeds_are_posts(client, admin, deed):
    assert client.get(url(make_webhook(), deed)).status_code == 405
