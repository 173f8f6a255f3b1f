"""From notify() to the mail: one row, at least one delivery, the same message id, and nothing secret left behind."""

import datetime as dt
import threading
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction

from incidents.enums import MessageState
from incidents.models import OutboxMessage
from incidents.notifications import notify
from incidents.notifications.channels import MailChannel, Undeliverable, compose, message_id_header
from incidents.notifications.delivery import (
    FIRST_PAUSE,
    LEASE,
    LONGEST_PAUSE,
    MOST_TRIES,
    Courier,
    claim,
    in_words,
    pause_before_next_try,
)

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LINK = "http://testserver/account/reset/MQ/token-that-nobody-may-see/"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, step: dt.timedelta) -> None:
        self.now += step


class Post:
    """A channel that keeps what it is given, or refuses it."""

    def __init__(self, *, refuse: Exception | None = None) -> None:
        self.refuse = refuse
        self.taken: list[OutboxMessage] = []
        self.closed = 0

    def deliver(self, message: OutboxMessage) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.taken.append(message)

    def close(self) -> None:
        self.closed += 1


def write(key: str = "a", **changed: Any) -> None:
    fields: dict[str, Any] = {
        "kind": "password-reset",
        "recipient": "ada@example.org",
        "payload": {"name": "Ada", "link": LINK},
        "dedupe_key": key,
        "at": NOW,
    }
    notify(**(fields | changed))


def the_one() -> OutboxMessage:
    return OutboxMessage.objects.get()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def courier(clock, post) -> Courier:
    return Courier(clock=clock, by_channel={"mail": post})


# Writing


@pytest.mark.django_db
def test_one_row_is_written_with_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        write()
    message = the_one()
    assert (message.kind, message.recipient, message.state) == ("password-reset", "ada@example.org", "pending")
    assert message.run_at == message.created_at == NOW


@pytest.mark.django_db
def test_the_same_key_twice_is_one_message_and_breaks_no_transaction():
    with transaction.atomic():
        write("reset:1")
        first = the_one().message_id
        write("reset:1", payload={"name": "another"})
        write("reset:2")
    assert OutboxMessage.objects.count() == 2
    assert OutboxMessage.objects.get(dedupe_key="reset:1").message_id == first
    assert OutboxMessage.objects.get(dedupe_key="reset:1").payload["name"] == "Ada"


@pytest.mark.django_db
def test_a_transaction_that_fails_leaves_no_message():
    def fail() -> None:
        with transaction.atomic():
            write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"recipient": ""}, {"dedupe_key": ""}, {"dedupe_key": "x" * 201}])
def test_a_message_to_nobody_or_without_a_usable_key_is_refused(wrong):
    with pytest.raises(ValueError, match="needs a recipient"):
        write(**wrong)
    write(dedupe_key="x" * 200)
    assert OutboxMessage.objects.count() == 1


# Claiming


@pytest.mark.django_db
def test_only_what_is_due_is_claimed_oldest_first_and_never_twice():
    write("late", delay=dt.timedelta(seconds=30))
    write("second", at=NOW - SECOND)
    write("first", at=NOW - 2 * SECOND)
    assert [message.dedupe_key for message in claim(at=NOW, owner="a")] == ["first"]
    assert {message.dedupe_key for message in claim(at=NOW, owner="b", limit=10)} == {"second"}
    assert claim(at=NOW, owner="c", limit=10) == []
    assert [message.dedupe_key for message in claim(at=NOW + 30 * SECOND, owner="c", limit=10)] == ["late"]


@pytest.mark.django_db
def test_a_claimed_message_is_whole():
    write("first")
    message = claim(at=NOW, owner="a")[0]
    assert message.payload == {"name": "Ada", "link": LINK}
    assert (message.attempts, message.lease_owner, message.run_at) == (1, "a", NOW + LEASE)


@pytest.mark.django_db
def test_the_lease_of_a_dead_worker_ends():
    write()
    first = claim(at=NOW, owner="dead")[0]
    assert claim(at=NOW + LEASE - SECOND, owner="b") == []
    again = claim(at=NOW + LEASE, owner="b")[0]
    assert (again.message_id, again.attempts) == (first.message_id, 2)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_share_the_messages():
    for number in range(60):
        write(str(number))
    claimed: list[str] = []
    start = threading.Barrier(4)

    def work(owner: str) -> None:
        start.wait()
        while found := claim(at=NOW, owner=owner, limit=2):
            assert len(found) <= 2
            claimed.extend(message.dedupe_key for message in found)
        connection.close()

    workers = [threading.Thread(target=work, args=[str(number)]) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(claimed) == sorted(map(str, range(60)))


# Delivering


@pytest.mark.django_db
def test_a_delivered_message_is_done_and_not_delivered_again(courier, post, clock):
    write()
    assert courier.deliver_next() is True
    assert courier.deliver_next() is False
    message = the_one()
    assert (message.state, message.delivered_at, message.lease_owner) == (MessageState.DONE, NOW, "")
    clock.move(LEASE)
    assert courier.deliver_next() is False
    assert len(post.taken) == 1


@pytest.mark.django_db
def test_a_failed_try_comes_again_later_with_the_same_id_and_then_succeeds(courier, post, clock):
    write()
    post.refuse = SMTPServerDisconnected("Connection unexpectedly closed\x00")
    courier.deliver_next()
    message = the_one()
    assert (message.state, message.attempts, message.lease_owner) == (MessageState.PENDING, 1, "")
    assert message.last_error == "SMTPServerDisconnected: Connection unexpectedly closed"
    assert courier.deliver_next() is False
    clock.move(message.run_at - NOW)
    post.refuse = None
    assert courier.deliver_next() is True
    assert post.taken[0].message_id == message.message_id
    message.refresh_from_db()
    assert (message.state, message.last_error) == (MessageState.DONE, "")


@pytest.mark.django_db
def test_a_broken_message_does_not_hold_up_the_next(clock):
    write("broken", kind="no-such-kind", at=NOW - SECOND)
    write("fine")
    courier = Courier(clock=clock)
    while courier.deliver_next():
        pass
    assert [sent.to for sent in mail.outbox] == [["ada@example.org"]]
    broken = OutboxMessage.objects.get(dedupe_key="broken")
    assert broken.state == MessageState.PENDING
    assert "TemplateDoesNotExist" in broken.last_error


@pytest.mark.django_db
def test_tries_go_on_for_more_than_two_days_and_then_end(courier, post, clock):
    write(secret=True)
    post.refuse = SMTPServerDisconnected("away")
    while the_one().state == MessageState.PENDING:
        clock.move(the_one().run_at - clock.now)
        assert courier.deliver_next() is True
    message = the_one()
    assert (message.state, message.attempts) == (MessageState.DEAD, MOST_TRIES)
    assert clock.now - NOW > dt.timedelta(days=2)
    assert message.payload == {}
    assert message.last_error == "SMTPServerDisconnected: away"


@pytest.mark.django_db
def test_a_message_that_ends_every_worker_is_given_up(courier, post, clock):
    write()
    OutboxMessage.objects.update(attempts=MOST_TRIES)
    courier.deliver_next()
    assert the_one().state == MessageState.DEAD
    assert post.taken == []


@pytest.mark.django_db
def test_what_the_far_end_refuses_for_good_is_given_up_at_once(courier, post):
    write()
    post.refuse = Undeliverable("no such mailbox")
    courier.deliver_next()
    assert (the_one().state, the_one().attempts) == (MessageState.DEAD, 1)
    assert "no such mailbox" in the_one().last_error


@pytest.mark.django_db
def test_a_worker_that_took_too_long_changes_nothing(clock, post):
    write()

    class Slow(Post):
        def deliver(self, message: OutboxMessage) -> None:
            clock.move(LEASE)
            assert claim(at=clock.now, owner="another")

    Courier(clock=clock, by_channel={"mail": Slow()}).deliver_next()
    message = the_one()
    assert (message.state, message.lease_owner, message.attempts) == (MessageState.PENDING, "another", 2)


@pytest.mark.django_db
@pytest.mark.parametrize("late", [False, True])
def test_what_is_no_longer_worth_sending_is_not_sent(courier, post, clock, late):
    write(expires_at=NOW + 60 * SECOND, secret=True)
    clock.move((60 if late else 59) * SECOND)
    courier.deliver_next()
    assert (the_one().state, len(post.taken)) == ((MessageState.DEAD, 0) if late else (MessageState.DONE, 1))
    assert the_one().payload == {}


@pytest.mark.django_db
@pytest.mark.parametrize("secret", [False, True])
def test_a_secret_is_gone_once_it_is_delivered(courier, post, secret):
    write(secret=secret)
    courier.deliver_next()
    assert post.taken[0].payload["link"] == LINK
    message = the_one()
    assert (message.kind, message.recipient) == ("password-reset", "ada@example.org")
    assert message.payload == ({} if secret else {"name": "Ada", "link": LINK})


@pytest.mark.django_db
def test_a_secret_stays_while_it_has_to_be_tried_again(courier, post):
    write(secret=True)
    post.refuse = OSError("away")
    courier.deliver_next()
    assert the_one().payload["link"] == LINK


def test_pauses_double_up_to_an_hour_and_differ_between_messages():
    def pause(attempts: int, share: int) -> dt.timedelta:
        message = OutboxMessage(attempts=attempts)
        message.message_id = type(message.message_id)(int=share)
        return pause_before_next_try(message)

    assert pause(1, 500) == FIRST_PAUSE
    assert pause(3, 500) == 4 * FIRST_PAUSE
    assert pause(80, 500) == LONGEST_PAUSE
    assert pause(80, 0) == 0.75 * LONGEST_PAUSE
    assert 1.24 * LONGEST_PAUSE < pause(80, 999) < 1.25 * LONGEST_PAUSE


def test_an_error_is_one_short_line():
    assert in_words(ValueError("a\nb\x00" + "c" * 600)) == "ValueError: a b" + "c" * 485


# Mail


def stored(kind: str, **payload: str) -> OutboxMessage:
    return OutboxMessage(kind=kind, recipient="ada@example.org", payload=payload)


INVITATION = {
    "name": "Ada <b>",
    "link": "http://testserver/invitation/abc/",
    "invited_by": "Ben & Co",
    "role": "Responder",
    "expires_at": "2026-01-13T01:30:00+00:00",
}


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("test", {}, ["arrives"]),
        ("password-reset", {"name": "Ada <b>", "link": LINK}, ["Ada <b>", LINK, "one hour"]),
        (
            "invitation",
            INVITATION,
            ["Ada <b>", "Ben & Co", INVITATION["link"], "13 January 2026, 01:30 UTC", "Responder"],
        ),
        ("invitation", {**INVITATION, "name": "", "role": ""}, ["Hello,\n", "Ben & Co"]),
    ],
)
def test_each_kind_says_what_it_has_to_in_text_and_html(kind, payload, expected):
    sent = compose(stored(kind, **payload))
    html = str(sent.alternatives[0][0])
    for words in expected:
        assert words in sent.body
        assert words.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in html
    assert sent.subject
    assert "\n" not in sent.subject
    assert "&amp;" not in f"{sent.subject} {sent.body}"
    assert "style" not in html
    assert "http://testserver" in sent.body


@pytest.mark.parametrize(("org_name", "subject"), [("", "Nevertwice"), ("Ada & Sons", "the incidents of Ada & Sons")])
def test_an_invitation_names_the_organisation_where_it_has_a_name(settings, org_name, subject):
    settings.ORG_NAME = org_name
    sent = compose(stored("invitation", **INVITATION))
    assert sent.subject.endswith(subject)
    assert org_name in sent.body


def test_a_mail_says_that_a_machine_wrote_it_and_keeps_its_id(settings):
    settings.BASE_URL = "https://incidents.example.org:8443"
    message = stored("test")
    headers = [dict(compose(message).message().items()) for _ in range(2)]
    assert headers[0]["Message-ID"] == headers[1]["Message-ID"] == f"<{message.message_id.hex}@incidents.example.org>"
    assert headers[0]["Message-ID"] == message_id_header(message)
    assert headers[0]["Auto-Submitted"] == "auto-generated"


def test_a_name_cannot_add_a_header():
    sent = compose(stored("invitation", **{**INVITATION, "invited_by": "Ben\nBcc: eve@example.org"}))
    assert sent.message()["Bcc"] is None
    assert "Ben Bcc: eve@example.org" in str(sent.message()["Subject"])


class Flaky(EmailBackend):
    """A mail server that hangs up at the first mail of each connection, or refuses a mailbox."""

    refuse: Exception | None = None
    opened = closed = 0

    def open(self) -> bool:
        type(self).opened += 1
        return True

    def close(self) -> None:
        type(self).closed += 1

    def send_messages(self, messages):
        if self.refuse is not None:
            raise self.refuse
        return super().send_messages(messages)


@pytest.fixture
def flaky(monkeypatch) -> type[Flaky]:
    monkeypatch.setattr("incidents.notifications.channels.mail.get_connection", Flaky)
    for name, value in {"refuse": None, "opened": 0, "closed": 0}.items():
        monkeypatch.setattr(Flaky, name, value)
    return Flaky


def test_the_mail_channel_starts_afresh_after_an_error(flaky):
    channel = MailChannel()
    flaky.refuse = SMTPServerDisconnected("away")
    with pytest.raises(SMTPServerDisconnected):
        channel.deliver(stored("test"))
    assert flaky.closed == 1
    flaky.refuse = None
    channel.deliver(stored("test"))
    channel.close()
    channel.close()
    assert (len(mail.outbox), flaky.closed) == (1, 2)


@pytest.mark.parametrize(("code", "for_good"), [(550, True), (450, False)])
def test_only_a_mailbox_that_is_refused_for_good_is_given_up(flaky, code, for_good):
    flaky.refuse = SMTPRecipientsRefused({"ada@example.org": (code, b"no")})
    with pytest.raises(Undeliverable if for_good else SMTPRecipientsRefused):
        MailChannel().deliver(stored("test"))


def test_the_sender_is_an_address():
    assert "@" in parseaddr(compose(stored("test")).from_email)[1]
