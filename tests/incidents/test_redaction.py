"""Taking a text out of all that is kept: how it may be written, what stands in its place, and who may."""

import datetime as dt
import unicodedata
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from incidents import audit
from incidents.ddl import REFUSAL, audit_can_be_redacted
from incidents.domain import redaction, timeline
from incidents.domain.redaction import Words
from incidents.domain.redaction.words import visible
from incidents.domain.timeline import EventContent
from incidents.enums import MessageState, Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import AuditEntry, Incident, OutboxMessage, Service, Tag, TimelineEvent, User, Webhook
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_user, make_webhook

NOW = dt.datetime(2026, 1, 6, 12, 0, tzinfo=dt.UTC)
ADMIN = Actor.machine("a test", Role.ADMIN)
SECRET = "hunter2-Geheim"


def redact(
    text: str = SECRET,
    *,
    actor: Actor = ADMIN,
    reason: str = "A key was pasted.",
    incident: Incident | None = None,
    **options: Any,
) -> redaction.Findings:
    return redaction.redact(actor=actor, words=Words(text=text, **options), reason=reason, incident=incident, now=NOW)


def entry(incident: Incident, text: str) -> TimelineEvent:
    return timeline.add_entries(
        actor=ADMIN, incident=incident, entries=[EventContent(text=text, occurred_at=NOW)], now=NOW
    )[0]


# How it may be written


@pytest.mark.parametrize(
    ("text", "written", "left"),
    [
        ("a<b>&\"c'", "x a<b>&\"c' y", "x (redacted) y"),
        ("a<b>&\"c'", "x a&lt;b&gt;&amp;&quot;c&#x27; y", "x (redacted) y"),
        ('p"w\\d', '{"k": "p\\"w\\\\d"}', '{"k": "(redacted)"}'),
        ("a/b+c==", "?key=a%2Fb%2bc%3D%3D&x=1", "?key=(redacted)&x=1"),
        ("pass_word-1", r"key pass\_word\-1 here", "key (redacted) here"),
        ("hunter2", "a **hun**ter2 b", "a (redacted) b"),
        ("hunter2", "a `hunter2` b", "a `(redacted)` b"),
        ("hunter2", "a hun*ter2*, b", "a (redacted), b"),
        ("Zoë Müller", unicodedata.normalize("NFD", "by Zoë Müller."), "by (redacted)."),
        (unicodedata.normalize("NFD", "Zoë Müller"), "by Zoë Müller.", "by (redacted)."),
        ("Ada Okoro", "by Ada\u00a0 Okoro.", "by (redacted)."),
        ("BEGIN\r\nabc\r\nEND", "> BEGIN\n> abc\n> END\nx", "> (redacted)\nx"),
        ("BEGIN\nabc", "  BEGIN\r\n  abc", "  (redacted)"),
        ("€ 1 000", '{"k": "\u20ac 1 000"}', '{"k": "(redacted)"}'),
        ("two two", "two two two", "(redacted) two"),
    ],
)
def test_it_is_met_however_it_is_written(text, written, left):
    new, count = Words(text=text).replaced(written)
    assert (new, count) == (left, 1)


@pytest.mark.parametrize(
    "other", ["hunter", "Hunter2-geheim", "hunter2geheim", "hunter2 Geheim", "hunter2--Geheim", "hunt*er2-Geheim"]
)
def test_what_only_looks_like_it_stays(other):
    assert Words(text=SECRET).replaced(other) == (other, 0)


def test_case_and_whole_words_are_asked_for():
    assert Words(text="Ada").replaced("Ada, Adam, ADA")[0] == "(redacted), (redacted)m, ADA"
    assert Words(text="Ada", whole_words=True).replaced("Ada, Adam, _Ada_")[0] == "(redacted), Adam, _(redacted)_"
    assert Words(text="Ada", ignores_case=True).replaced("ADA ada")[0] == "(redacted) (redacted)"
    assert Words(text="Ömer", ignores_case=True).replaced("ÖMER ömer")[1] == 2


def test_what_has_no_room_gets_less_and_loses_nothing_else():
    value = f"{'x' * 190} {'key'} end"

    new, count = Words(text="key", replacement="taken out").replaced(value, 200)

    assert count == 1
    assert len(new) == 200
    assert new.startswith("x" * 190 + " taken")
    assert new.endswith(" end")


def test_moments_keys_and_time_zones_in_json_are_not_text():
    document = {"at": "2026-01-06T10:00:00+00:00", "home_zone": "Europe/Berlin", "text": "In Berlin, 2026-01"}

    assert Words(text="Berlin").replaced_in(document)[0]["home_zone"] == "Europe/Berlin"
    assert Words(text="Berlin").replaced_in(document)[0]["text"] == "In (redacted), 2026-01"
    assert Words(text="2026-01").replaced_in(document)[0]["at"] == "2026-01-06T10:00:00+00:00"
    assert Words(text="2026-01").replaced_in(document)[1] == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": "ab"}, "text"),
        ({"text": "  a  "}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": "resolved"}, "text"),
        ({"text": "investig"}, "text"),
        ({"text": SECRET, "replacement": ""}, "replacement"),
        ({"text": SECRET, "replacement": "<b>"}, "replacement"),
        ({"text": SECRET, "replacement": "a@b"}, "replacement"),
        ({"text": SECRET, "replacement": f"not {SECRET}"}, "replacement"),
        ({"text": SECRET, "replacement": "x" * 101}, "replacement"),
    ],
)
def test_what_would_do_harm_is_refused(values, field):
    with pytest.raises(InvalidInput) as caught:
        Words(**values).check()
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize("replacement", ["(redacted)", "a responder", "X", "key no. 7 (rotated)"])
def test_what_stands_in_its_place_may_be_chosen(replacement):
    Words(text=SECRET, replacement=replacement).check()


def test_the_text_is_in_no_report_of_an_error():
    assert SECRET not in repr(Words(text=SECRET))


def test_what_a_page_shows_of_html():
    assert visible("<p>hun<strong>ter</strong>2 &amp; co</p><p>x</p>").split() == ["hunter2", "&", "co", "x"]


# What is done


@pytest.mark.django_db
def test_the_text_goes_from_the_entry_its_html_its_earlier_versions_and_the_title():
    incident = make_incident(title=f"Key {SECRET} leaked")
    event = entry(incident, f"We used **hunter2**\\-Geheim and {SECRET}")
    timeline.edit(actor=ADMIN, event=event, content=EventContent(text=f"{SECRET}!", occurred_at=NOW), now=NOW)

    found = redact()

    incident.refresh_from_db()
    event.refresh_from_db()
    assert (incident.title, incident.title_key) == ("Key (redacted) leaked", "key (redacted) leaked")
    assert (event.text, event.html) == ("(redacted)!", "<p>(redacted)!</p>")
    assert event.earlier_versions.get().text == "We used (redacted) and (redacted)"
    assert found.count == 4
    assert found.references == [incident.reference]


@pytest.mark.django_db
def test_who_has_the_entry_open_is_told_and_does_not_bring_it_back():
    event = entry(make_incident(), SECRET)
    redact()
    with pytest.raises(Exception, match="Somebody else changed this"):
        timeline.edit(
            actor=ADMIN, event=event, content=EventContent(text=f"{SECRET} x", occurred_at=NOW), now=NOW, version=1
        )


@pytest.mark.django_db
def test_looking_for_it_changes_nothing():
    event = entry(make_incident(), f"{SECRET} twice {SECRET}")

    found = redaction.find(actor=ADMIN, words=Words(text=SECRET))

    event.refresh_from_db()
    assert event.text.count(SECRET) == 2
    (place,) = found.places
    assert (place.kind, place.column, place.count) == ("Timeline event", "text", 2)
    assert place.references == (event.incident.reference,)
    assert not AuditEntry.objects.filter(action__startswith="redaction").exists()


@pytest.mark.django_db
def test_on_one_incident_the_others_keep_it():
    here, there = entry(make_incident(), SECRET), entry(make_incident(), SECRET)
    Tag.objects.create(name=SECRET)

    redact(incident=here.incident)

    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.text, there.text) == ("(redacted)", SECRET)
    assert Tag.objects.filter(name=SECRET).exists()


@pytest.mark.django_db
def test_two_that_would_be_called_the_same_are_told_apart():
    make_service("a/b key")
    second = make_service("a%2Fb key")

    redact("a/b key")

    names = sorted(Service.objects.values_list("name", flat=True))
    assert names == ["(redacted)", f"(redacted) {second.pk}"]


@pytest.mark.django_db
def test_a_person_keeps_the_account_and_loses_name_and_address():
    person = make_user("Ada Okoro", email="ada.okoro@example.org")
    waiting = OutboxMessage.objects.create(
        dedupe_key="1", kind="test", recipient="ada.okoro@example.org", payload={"name": "Ada Okoro"}
    )

    redact("Ada Okoro")
    redact("ada.okoro@example.org")

    person.refresh_from_db()
    waiting.refresh_from_db()
    assert (person.name, person.email, person.is_active) == ("(redacted)", None, True)
    assert (waiting.recipient, waiting.payload) == ("(redacted)", {"name": "(redacted)"})
    assert waiting.state == MessageState.DEAD


@pytest.mark.django_db
def test_a_channel_keeps_what_it_needs_to_send_and_the_page_says_so():
    webhook = make_webhook(headers=f"Authorization: {SECRET}")
    event = entry(make_incident(), SECRET)

    found = redact()

    webhook.refresh_from_db()
    event.refresh_from_db()
    assert event.text == "(redacted)"
    assert webhook.headers == f"Authorization: {SECRET}"
    assert [(place.kind, place.column) for place in found.needed] == [("Webhook", "headers")]
    assert Webhook.objects.count() == 1


# The audit


@pytest.mark.django_db
def test_the_audit_is_redacted_and_closed_again():
    incident = make_incident()
    audit.record(actor=ADMIN, action="test", target=incident, at=NOW, changes={"title": (SECRET, "b")}, note=SECRET)

    redact()

    old = AuditEntry.objects.get(action="test")
    assert (old.changes, old.note) == ({"title": ["(redacted)", "b"]}, "(redacted)")
    with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
        AuditEntry.objects.filter(pk=old.pk).update(note="changed")
    with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
        AuditEntry.objects.filter(pk=old.pk).delete()


@pytest.mark.django_db
def test_it_says_who_when_why_and_how_often_and_nothing_of_the_text():
    incident = make_incident()
    entry(incident, f"{SECRET} {SECRET}")
    admin = make_user("Ada", Role.ADMIN)

    redact(actor=Actor.person(admin), reason="A key was pasted.")

    whole = AuditEntry.objects.get(action=redaction.CARRIED_OUT)
    here = AuditEntry.objects.get(action="redaction.on_incident")
    assert (whole.actor, whole.at, whole.note) == (admin, NOW, "A key was pasted.")
    assert whole.changes == {"places": [None, 2], "scope": [None, "everything"], "replacement": [None, "(redacted)"]}
    assert (here.incident, here.changes, here.note) == (incident, {"places": [None, 2]}, "A key was pasted.")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "  ", f"because of {SECRET}"])
def test_a_reason_is_needed_that_does_not_hold_the_text(reason):
    event = entry(make_incident(), SECRET)
    with pytest.raises(InvalidInput) as caught:
        redact(reason=reason)
    event.refresh_from_db()
    assert list(caught.value.fields) == ["reason"]
    assert event.text == SECRET


@pytest.mark.django_db
def test_what_is_found_nowhere_is_not_recorded():
    make_incident()
    with pytest.raises(NotPossible) as caught:
        redact()
    assert caught.value.code == "found_nowhere"
    assert not AuditEntry.objects.filter(action__startswith="redaction").exists()


@pytest.mark.django_db
def test_what_cannot_be_replaced_takes_everything_back():
    """Letters written as entities: a page shows them, and no pattern of ours meets them."""
    incident = make_incident(title=SECRET)
    event = entry(incident, f"{SECRET} and &#104;unter2-Geheim")

    with pytest.raises(NotPossible) as caught:
        redact()

    incident.refresh_from_db()
    assert caught.value.code == "left_over"
    assert f"Timeline event {event.pk}" in caught.value.message
    assert SECRET not in caught.value.message
    assert incident.title == SECRET
    with pytest.raises(IntegrityError, match=REFUSAL), transaction.atomic():
        AuditEntry.objects.update(note="changed")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_nobody_but_an_admin_looks_for_a_text_or_takes_it_out(role):
    event = entry(make_incident(), SECRET)
    actor = Actor.person(make_user(role=role))
    with pytest.raises(Forbidden):
        redaction.find(actor=actor, words=Words(text=SECRET))
    with pytest.raises(Forbidden):
        redact(actor=actor)
    event.refresh_from_db()
    assert event.text == SECRET


def change_the_audit_and_fail() -> None:
    with transaction.atomic(), audit_can_be_redacted(connection):
        AuditEntry.objects.update(note="changed")
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_the_audit_is_closed_again_where_a_redaction_fails():
    audit.record(actor=ADMIN, action="test", target=User(pk=1, name="Ada"), at=NOW)

    with pytest.raises(ZeroDivisionError):
        change_the_audit_and_fail()

    with pytest.raises(IntegrityError, match=REFUSAL):
        AuditEntry.objects.update(note="changed")
    assert AuditEntry.objects.get().note == ""


@pytest.mark.django_db(transaction=True)
def test_the_audit_is_opened_in_a_transaction_only():
    with pytest.raises(transaction.TransactionManagementError):
        audit_can_be_redacted(connection).__enter__()


class Deadlock(Exception):
    pgcode = "40P01"


def busy_once(monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> list[int]:
    """Let looking for the text fail so many times; each try is counted."""
    tries: list[int] = []
    search = redaction._search

    def fail(*arguments: Any) -> Any:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return search(*arguments)

    monkeypatch.setattr(redaction, "_search", fail)
    return tries


def others_writing() -> OperationalError:
    error = OperationalError("database is locked")
    error.__cause__ = Deadlock()
    return error


@pytest.mark.django_db(transaction=True)
def test_where_others_write_at_the_same_moment_it_tries_again(monkeypatch):
    event = entry(make_incident(), SECRET)
    tries = busy_once(monkeypatch, others_writing(), 2)
    redact()
    event.refresh_from_db()
    assert (event.text, len(tries)) == ("(redacted)", 3)


@pytest.mark.django_db(transaction=True)
def test_in_the_end_it_says_so_and_what_is_broken_is_not_called_busy(monkeypatch):
    entry(make_incident(), SECRET)
    busy_once(monkeypatch, others_writing(), 9)
    with pytest.raises(NotPossible, match="Others were writing"):
        redact()
    busy_once(monkeypatch, OperationalError("no such table"), 9)
    with pytest.raises(OperationalError, match="no such table"):
        redact()
