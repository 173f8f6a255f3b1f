"""The timeline as people write and correct it: lines, blocks, echo, edits, stars, strikes, moves, order, zones."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from incidents.domain import timeline
from incidents.domain.timeline import EventContent
from incidents.enums import Precision, Role, Source, Status, TimelineKind
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import TimelineEvent
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import as_typed, at_once, client_of, recorded, text_of, url, write

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client():
    return client_of()


@pytest.fixture
def incident():
    return make_incident()


def block_of(count, **more):
    """As many events as a busy night brings, a minute apart."""
    start = timezone.now() - dt.timedelta(days=1)
    return [
        EventContent(text=f"Nr {number}.", occurred_at=start + dt.timedelta(minutes=number), **more)
        for number in range(count)
    ]


def add(incident, contents, user=None, **more):
    actor = Actor.person(user or make_user())
    return timeline.add_entries(actor=actor, incident=incident, entries=contents, now=timezone.now(), **more)


# Writing


def test_one_line_is_one_entry_by_its_author(client, incident):
    with recorded() as audit:
        (event,) = write(client, incident, "* -10m diagnosis: seven of **eight** answered")
    assert (event.kind, event.is_starred, event.text) == ("diagnosis", True, "seven of **eight** answered")
    assert (event.author, event.source, event.version) == (client.user, Source.PAGE, 1)
    assert "<strong>eight</strong>" in event.html
    assert event.sort_at == event.occurred_at < event.created_at
    assert [(entry.action, entry.actor, entry.incident) for entry in audit] == [
        ("timeline.added", client.user, incident)
    ]


def test_without_a_time_it_happened_now(client, incident):
    (event,) = write(client, incident, "What I see")
    assert (event.kind, event.precision) == (TimelineKind.NOTE, Precision.EXACT)
    assert timezone.now() - event.occurred_at < dt.timedelta(seconds=60)


@pytest.mark.parametrize("kind", TimelineKind.values)
def test_each_kind_by_its_name(client, incident, kind):
    assert write(client, incident, f"{kind.replace('_', ' ')}: text")[0].kind == kind


def test_fix_is_recovery_and_other_words_are_text(client, incident):
    assert write(client, incident, "fix: rolled back")[0].kind == TimelineKind.RECOVERY
    (event,) = write(client, incident, "Storefront: rolled back")
    assert (event.kind, event.text) == (TimelineKind.NOTE, "Storefront: rolled back")


def test_a_range_gives_its_beginning_and_the_text_says_until_when(client, incident):
    (event,) = write(client, incident, "2026-01-06 01:30–02:00 down")
    assert event.occurred_at == dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
    assert (event.text, event.ended_at) == ("(until 02:00) down", None)


def test_a_time_that_is_not_known_stays_the_text_it_is_and_stands_last(client, incident):
    write(client, incident, "-2h early")
    (event,) = write(client, incident, "14:?? somebody restarted it")
    assert (event.occurred_at, event.time_text, event.text) == (None, "14:??", "somebody restarted it")
    page = client.get(url(incident, "timeline"))
    assert page.context["events"][-1] == event
    assert "Time not known" in text_of(page)
    assert client.get(url(incident)).context["events"][0] == event


def test_the_newest_is_on_top_of_the_page_and_at_the_end_of_the_timeline(client, incident):
    texts = ["-30m third", "-10m first", "-20m second"]
    for text in texts:
        write(client, incident, text)
    assert [event.text for event in client.get(url(incident)).context["events"]] == ["first", "second", "third"]
    page = client.get(url(incident, "timeline"))
    assert [event.text for event in page.context["events"]] == ["third", "second", "first"]


def test_a_pasted_block_is_one_entry_for_each_time(client, incident):
    block = "-30m first tickets\r\n-20m report: support tells\r\n  and more\r\n* -10m asked **all**\r\n"
    events = write(client, incident, block)
    assert [(event.text, event.kind, event.position) for event in events] == [
        ("first tickets", "note", 0),
        ("support tells\nand more", "report", 1),
        ("asked **all**", "note", 2),
    ]
    assert [event.is_starred for event in events] == [False, False, True]


def test_a_preview_shows_what_was_understood_and_saves_nothing(client, incident):
    block = "2026-01-06 01:30 first\n2026-01-06 about 01:33 report: <script>x</script> *all*\n14:?? when"
    shown = client.post(
        url(incident, "timeline"), {"text": block, "preview": "1", "is_internal": "on", "client_id": str(uuid.uuid4())}
    )
    page = text_of(shown)
    assert shown.status_code == 200
    assert not incident.timeline.exists()
    for words in ("Add 3 entries", "<em>all</em>", "Report", "14:??", "01:33"):
        assert words in page
    assert b"<script>x" not in shown.content
    form = shown.context["form"]
    sent = {"text": form["text"].value(), "client_id": form["client_id"].value(), "is_internal": "on"}
    events = write(client, incident, **sent)
    assert len(events) == 3
    assert all(event.is_internal for event in events)
    assert write(client, incident, **sent) == []


def test_a_preview_of_what_cannot_be_shown_says_so_and_keeps_the_text(client, incident):
    text = "one\n" + "> " * 2400
    response = client.post(url(incident, "timeline"), {"text": text, "preview": "1"})
    assert response.status_code == 422
    assert response.context["entry_form"].errors
    assert "> > >" in text_of(response)
    assert client.post(url(incident, "timeline"), {"text": text}).status_code == 422
    assert not incident.timeline.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "*",
        "-10m",
        "25:99",
        "report:",
        "-10m report:",
        "x" * 20_001,
        "x" * 1_000_000,
        "\n".join("01:30 a" * 600),
    ],
    ids=lambda text: text[:12].strip() or "blank",
)
def test_what_cannot_be_an_entry_is_refused_or_is_text_and_never_breaks(client, incident, text):
    response = client.post(url(incident, "timeline"), {"text": text})
    assert response.status_code in (302, 422)
    assert (response.status_code == 302) == incident.timeline.exists()


def test_a_refusal_keeps_what_was_typed(client, incident):
    response = client.post(url(incident, "timeline"), {"text": "2031-01-01 10:00 will break", "is_internal": "on"})
    assert response.status_code == 422
    assert "2031-01-01 10:00 will break</textarea>" in text_of(response)
    assert 'name="is_internal" checked' in text_of(response)
    in_place = client.post(url(incident, "timeline"), {"text": "2031-01-01 10:00 x"}, headers=HTMX)
    assert in_place.status_code == 422
    assert "<html" not in text_of(in_place)


def test_in_place_only_the_timeline_comes_back(client, incident):
    response = client.post(url(incident, "timeline"), {"text": "seen"}, headers=HTMX)
    assert response.status_code == 200
    assert "<html" not in text_of(response)
    assert [event.text for event in response.context["events"]] == ["seen"]
    assert response.context["entry_form"]["text"].value() is None


def test_the_echo_says_time_date_and_kind_in_plain_text(client, incident):
    def echo(text):
        return client.get(url(incident, "entry-echo"), {"text": text})

    answer = echo("6 Jan 2026 01:48 diagnosis: <b>x</b>")
    assert answer.content.decode() == "= 6 Jan 2026, 01:48 (UTC) · Diagnosis"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert echo("what I see").content.decode().startswith("= now, ")
    assert echo("14:?? x").content.decode() == "= 14:??"
    assert echo("  ").content == b""
    wrong = echo("2031-01-01 10:00 x")
    assert (wrong.status_code, wrong["Content-Type"]) == (422, "text/plain; charset=utf-8")
    for text in ("x" * 100_000, "01:30 a\n" * 1000, "\ud7ff", "(" * 900, "٣٣:٣٣"):
        assert echo(text).status_code in (200, 422)


def test_the_echo_of_a_time_alone_is_for_the_fields_of_the_forms(client, incident):
    address = url(incident, "moment-echo")
    assert client.get(address, {"text": "6 Jan 2026 01:48"}).content.decode() == "= 6 Jan 2026, 01:48 (UTC)"
    assert client.get(address, {"text": "soon"}).status_code == 422
    assert f"{address}?zone=home" in text_of(client.get(url(incident, "incident-resolve")))
    page = client_of(make_user(time_zone="Asia/Kolkata")).get(url(incident, "milestones") + "?zone=mine")
    assert f"{address}?zone=mine" in text_of(page)


def test_the_same_press_twice_adds_the_entries_once(client, incident):
    sent = {"text": "-10m one\n-5m two", "client_id": str(uuid.uuid4())}
    with recorded() as audit:
        assert len(write(client, incident, **sent)) == 2
        assert write(client, incident, **sent) == []
    assert len(audit) == 2


def test_other_words_under_a_used_client_id_are_not_lost(client, incident):
    client_id = str(uuid.uuid4())
    write(client, incident, "first", client_id=client_id)
    assert [event.text for event in write(client, incident, "second", client_id=client_id)] == ["second"]


def test_a_late_resend_after_an_edit_adds_nothing(client, incident):
    client_id = str(uuid.uuid4())
    (event,) = write(client, incident, "first", client_id=client_id)
    timeline.edit(
        actor=Actor.person(client.user),
        event=event,
        content=EventContent(text="better", occurred_at=event.occurred_at),
        now=timezone.now(),
    )
    assert write(client, incident, "first", client_id=client_id) == []


@pytest.mark.django_db(transaction=True)
def test_the_same_press_arriving_eight_times_at_once_adds_one(client, incident):
    body = {"text": "once", "client_id": str(uuid.uuid4())}
    answers = at_once([lambda: client.post(url(incident, "timeline"), body).status_code for _ in range(8)])
    assert answers == [302] * 8
    assert incident.timeline.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_writers_of_ten_entries_lose_none(incident):
    clients = [client_of() for _ in range(10)]

    def job(number):
        body = {"text": f"entry {number}", "client_id": str(uuid.uuid4())}
        return lambda: clients[number % 10].post(url(incident, "timeline"), body).status_code

    assert at_once([job(number) for number in range(100)], threads=10) == [302] * 100
    assert sorted(incident.timeline.values_list("text", flat=True)) == sorted(f"entry {n}" for n in range(100))


# Readers


def test_a_reader_adds_reports_and_nothing_else(incident):
    reader = client_of(Role.READER)
    (event,) = write(reader, incident, "* decision: we roll back", is_internal="on", kind="decision")
    assert (event.kind, event.is_starred, event.is_internal) == (TimelineKind.REPORT, False, False)
    for name, more in (("entry-star", {"starred": "1"}), ("entry-move", {"other": "INC-2"})):
        (other,) = write(client_of(), incident, "of somebody else")
        assert reader.post(url(incident, name, other.pk), more).status_code == 403
    for name in ("entry-strike", "entry-restore"):
        assert reader.post(url(incident, name, other.pk)).status_code == 403
    assert reader.get(url(incident, "entry-edit", other.pk)).status_code == 403


def test_a_reader_edits_and_strikes_the_own_report_and_what_responders_set_stays(client, incident):
    reader = client_of(Role.READER)
    (event,) = write(reader, incident, "I see it")
    body = edit_body(client, incident, event, kind="detection", is_starred="on", is_internal="on", evidence="log 7")
    client.post(url(incident, "entry-edit", event.pk), body)
    page = reader.get(url(incident, "entry-edit", event.pk))
    assert set(page.context["form"].fields) == {"version", "time", "text"}
    sent = {"version": page.context["form"]["version"].value(), "time": page.context["form"]["time"].value()}
    smuggled = {"kind": "decision", "is_starred": "", "is_internal": ""}
    assert (
        reader.post(url(incident, "entry-edit", event.pk), {**sent, "text": "I saw it", **smuggled}).status_code == 302
    )
    event.refresh_from_db()
    assert (event.text, event.kind, event.is_starred) == ("I saw it", "detection", True)
    assert (event.is_internal, event.evidence) == (True, "log 7")
    assert reader.post(url(incident, "entry-strike", event.pk)).status_code == 302
    assert TimelineEvent.objects.get(pk=event.pk).struck_by == reader.user


# Correcting


def edit_body(client, incident, event, **changes):
    """What the edit form holds, with changes, as a browser would send it."""
    form = client.get(url(incident, "entry-edit", event.pk)).context["form"]
    values = {field.name: field.value() for field in form}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def test_an_edit_keeps_the_old_text_and_the_exact_moment(client, incident):
    (event,) = write(client, incident, "It was the cache")
    with recorded() as audit:
        body = edit_body(client, incident, event, text="It was the *queue*")
        assert client.post(url(incident, "entry-edit", event.pk), body).status_code == 302
    after = TimelineEvent.objects.get(pk=event.pk)
    assert (after.text, after.version, after.occurred_at) == ("It was the *queue*", 2, event.occurred_at)
    assert "<em>queue</em>" in after.html
    assert after.edited_at is not None
    old = after.earlier_versions.get()
    assert (old.text, old.version, old.replaced_by) == ("It was the cache", 1, client.user)
    assert [(entry.action, entry.changes) for entry in audit] == [
        ("timeline.edited", {"text": ["version 1", "version 2"]})
    ]
    assert "It was the cache" in text_of(client.get(url(incident, "entry-edit", event.pk)))
    assert "edited" in text_of(client.get(url(incident)))


def test_an_edit_that_changes_nothing_leaves_no_trace_even_with_the_line_ends_of_a_browser(client, incident):
    (event,) = write(client, incident, "one\r\ntwo")
    body = edit_body(client, incident, event)
    with recorded() as audit:
        assert client.post(url(incident, "entry-edit", event.pk), {**body, "text": "one\r\ntwo"}).status_code == 302
    after = TimelineEvent.objects.get(pk=event.pk)
    assert (after.version, after.earlier_versions.count(), audit) == (1, 0, [])


def test_an_edit_of_time_end_kind_and_evidence(client, incident):
    (event,) = write(client, incident, "-30m down")
    changes = {
        "time": "about 2026-01-06 01:30",
        "ended": "2026-01-06 02:00",
        "kind": "detection",
        "evidence": " chart ",
    }
    with recorded() as audit:
        client.post(url(incident, "entry-edit", event.pk), edit_body(client, incident, event, **changes))
    after = TimelineEvent.objects.get(pk=event.pk)
    assert after.occurred_at == after.sort_at == dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
    assert after.ended_at == dt.datetime(2026, 1, 6, 2, tzinfo=dt.UTC)
    assert (after.precision, after.kind, after.evidence) == (Precision.ABOUT, "detection", "chart")
    changed = {"occurred_at", "ended_at", "precision", "kind", "evidence", "utc_offset_minutes"}
    assert set(audit[0].changes) <= changed
    assert audit[0].changes["kind"] == ["note", "detection"]
    client.post(url(incident, "entry-edit", event.pk), edit_body(client, incident, after, time="14:??", ended=""))
    after.refresh_from_db()
    assert after.occurred_at is after.ended_at is None
    assert after.time_text == "14:??"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "x" * 20_001},
        {"time": ""},
        {"time": "soon"},
        {"time": "x" * 1_000_000},
        {"ended": "2020-01-01 10:00"},
        {"ended": "14:??"},
        {"kind": "nothing"},
        {"version": ""},
        {"version": "0"},
        {"version": str(2**63)},
        {"version": "x"},
        {"evidence": "x" * 1001},
        {"text": "> " * 2400},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_a_broken_edit_is_refused(client, incident, wrong):
    (event,) = write(client, incident, "2026-01-06 01:30 down")
    body = {**edit_body(client, incident, event), **wrong}
    assert client.post(url(incident, "entry-edit", event.pk), body).status_code == 422
    assert TimelineEvent.objects.get(pk=event.pk).version == 1


def test_two_people_edit_one_entry_and_both_texts_are_shown(client, incident):
    (event,) = write(client, incident, "first words")
    mine = edit_body(client, incident, event, text="my words")
    ben = client_of()
    ben.post(url(incident, "entry-edit", event.pk), edit_body(ben, incident, event, text="words of Ben"))
    conflict = client.post(url(incident, "entry-edit", event.pk), mine)
    assert conflict.status_code == 409
    assert "words of Ben" in text_of(conflict)
    assert "my words</textarea>" in text_of(conflict)
    again = {field.name: field.value() for field in conflict.context["form"] if field.value() not in (None, False)}
    assert client.post(url(incident, "entry-edit", event.pk), again).status_code == 302
    event.refresh_from_db()
    assert event.text == "my words"
    assert [old.text for old in event.earlier_versions.all()] == ["words of Ben", "first words"]


def test_a_star_makes_a_key_moment_and_takes_it_back(client, incident):
    (event,) = write(client, incident, "all is known")
    write(client, incident, "not so important")
    with recorded() as audit:
        client.post(url(incident, "entry-star", event.pk), {"starred": "1"})
        client.post(url(incident, "entry-star", event.pk), {"starred": "1"})
    assert [entry.changes for entry in audit] == [{"is_starred": [False, True]}]
    starred = client.get(url(incident, "timeline") + "?starred=1")
    assert [one.text for one in starred.context["events"]] == ["all is known"]
    in_place = client.post(url(incident, "entry-star", event.pk), {"starred": "0"}, headers=HTMX)
    assert "<html" not in text_of(in_place)
    assert not TimelineEvent.objects.get(pk=event.pk).is_starred
    assert "No key moments yet" in text_of(client.get(url(incident, "timeline") + "?starred=1"))


def test_who_may_strike_and_that_it_can_be_undone(incident):
    author, other, editor = client_of(), client_of(), client_of(Role.EDITOR)
    lead = client_of()
    type(incident).objects.filter(pk=incident.pk).update(incident_lead=lead.user)
    for who in (author, editor, lead):
        (event,) = write(author, incident, "wrong")
        assert other.post(url(incident, "entry-strike", event.pk)).status_code == 403
        with recorded() as audit:
            page = who.post(url(incident, "entry-strike", event.pk), follow=True)
            who.post(url(incident, "entry-strike", event.pk))
        assert url(incident, "entry-restore", event.pk) in text_of(page)
        assert "struck out by" in text_of(page)
        assert "wrong" in text_of(page)
        assert [entry.changes for entry in audit] == [{"struck": [False, True]}]
        assert who.get(url(incident, "timeline") + "?starred=1").context["events"] == []
        body = {"version": 2, "time": "-1m", "text": "x", "kind": "note"}
        assert who.post(url(incident, "entry-edit", event.pk), body).status_code == 422
        assert who.post(url(incident, "entry-restore", event.pk)).status_code == 302
        assert not TimelineEvent.objects.get(pk=event.pk).is_struck


def test_an_entry_moves_where_it_belongs(client, incident):
    other = make_incident(title="The right one")
    (event,) = write(client, incident, "of the other", client_id=str(uuid.uuid4()))
    with recorded() as audit:
        assert client.post(url(incident, "entry-move", event.pk), {"other": other.reference}).status_code == 302
    event.refresh_from_db()
    assert event.incident == other
    changes = {"incident": [incident.reference, other.reference]}
    assert [(entry.incident, entry.changes) for entry in audit] == [(incident, changes), (other, changes)]
    assert client.get(url(incident, "entry", event.pk)).status_code == 404
    assert client.get(url(other, "entry", event.pk)).url.endswith(f"#e{event.pk}")


def test_an_entry_does_not_move_to_itself_to_nowhere_or_out_of_a_private_incident(client, incident):
    hidden, mine = make_incident(is_private=True), make_incident(is_private=True, declared_by=client.user)
    (event,) = write(client, incident, "stays")
    for other in (incident.reference, hidden.reference, "INC-999", "", "x" * 1000, "INC-0"):
        assert client.post(url(incident, "entry-move", event.pk), {"other": other}).status_code == 422, other
    (secret,) = write(client, mine, "CANARY")
    assert client.post(url(mine, "entry-move", secret.pk), {"other": incident.reference}).status_code == 422
    assert TimelineEvent.objects.get(pk=secret.pk).incident == mine
    assert client_of().get(url(incident, "entry-move", event.pk)).status_code == 403
    assert client.post(url(incident, "entry-move", event.pk), {"other": mine.reference}).status_code == 302
    shown = client_of().get(url(incident, "incident-audit"))
    assert shown.context["entries"][0].action == "timeline.moved"
    assert mine.reference not in text_of(shown)


def test_entries_of_another_incident_are_not_found_under_this_one(client, incident):
    (event,) = write(client, make_incident(), "elsewhere")
    for name in ("entry", "entry-edit", "entry-move"):
        for pk in (event.pk, 0, 10**9, 2**63, 2**64):
            assert client.get(url(incident, name, pk)).status_code == 404
    for name in ("entry-star", "entry-strike", "entry-restore", "entry-edit", "entry-move"):
        for pk in (event.pk, 2**63):
            assert client.post(url(incident, name, pk), {"starred": "1"}).status_code == 404
    assert TimelineEvent.objects.get(pk=event.pk).version == 1


def test_get_does_not_do_what_only_a_post_may(client, incident):
    (event,) = write(client, incident, "x")
    for name in ("entry-star", "entry-strike", "entry-restore"):
        assert client.get(url(incident, name, event.pk)).status_code == 405
    assert TimelineEvent.objects.get(pk=event.pk).version == 1


# Zones, pages


def test_times_are_typed_and_shown_in_the_zone_of_the_page():
    client = client_of(make_user(time_zone="Asia/Kolkata"))
    incident = make_incident(home_zone="UTC+02:00", status=Status.RESOLVED)
    (event,) = write(client, incident, "2026-01-06 01:30 down", zone="mine")
    assert event.occurred_at == dt.datetime(2026, 1, 5, 20, tzinfo=dt.UTC)
    assert event.utc_offset_minutes == 330
    shown = {zone: text_of(client.get(url(incident, "timeline") + f"?zone={zone}")) for zone in ("mine", "utc", "home")}
    for zone, clock, label in (("mine", "01:30", "GMT+5:30"), ("utc", "20:00", "UTC"), ("home", "22:00", "GMT+2")):
        assert clock in shown[zone]
        assert f"times in {label}" in shown[zone]
    for zone in ("", "Mars", "x" * 5000, "\ud7ff"):
        assert "times in GMT+2" in text_of(client.get(url(incident, "timeline"), {"zone": zone}))
    response = client.post(url(incident, "timeline"), {"text": "seen", "zone": "mine"})
    assert response.url == f"{url(incident)}?zone=mine#timeline"


def test_over_a_hundred_entries_lead_to_the_whole_timeline(client, incident):
    add(incident, block_of(100))
    assert "Show the earlier entries" not in text_of(client.get(url(incident)))
    add(incident, [EventContent(text="Nr 100.", occurred_at=timezone.now())])
    page = client.get(url(incident))
    assert len(page.context["events"]) == 100
    assert page.context["events"][0].text == "Nr 100."
    assert "Show the earlier entries" in text_of(page)


def test_the_whole_timeline_comes_in_stretches_without_gap_or_repetition(client, incident, monkeypatch):
    monkeypatch.setattr("incidents.querysets.EVENTS_A_PAGE", 20)
    same = timezone.now() - dt.timedelta(days=2)
    add(incident, [EventContent(text=f"same {n}", occurred_at=same) for n in range(25)])
    add(incident, [*block_of(10), *(EventContent(text="when?", time_text="??") for _ in range(3))])
    seen, later = [], ""
    for _ in range(4):
        page = client.get(url(incident, "timeline"), {"after": later, "zone": "utc"})
        seen += [event.pk for event in page.context["events"]]
        later = page.context["later"]
        if later is None:
            break
        assert f"?after={later}&zone=utc" in text_of(page)
    assert seen == list(incident.timeline.order_by("sort_at", "position", "pk").values_list("pk", flat=True))
    first = client.get(url(incident, "timeline")).context["events"]
    for wrong in ("x", "-1", str(2**63), "9" * 400, "٣", "1e3", "", str(first[-1].pk + 10**6)):
        assert client.get(url(incident, "timeline"), {"after": wrong}).context["events"] == first, wrong


# The domain itself


def test_the_domain_asks_for_the_right_and_for_words(incident):
    nobody, reader = make_user(role=""), make_user(role=Role.READER)
    content = EventContent(text="x", occurred_at=timezone.now())
    with pytest.raises(Forbidden):
        add(incident, [content], nobody)
    (event,) = add(incident, [content], reader)
    assert event.kind == TimelineKind.REPORT
    now = timezone.now()
    with pytest.raises(Forbidden):
        timeline.set_star(actor=Actor.person(reader), event=event, starred=True, now=now)
    with pytest.raises(InvalidInput):
        add(incident, [])
    with pytest.raises(InvalidInput) as refused:
        add(incident, [EventContent(text="x", occurred_at=now, ended_at=now - dt.timedelta(1))])
    assert refused.value.code == "wrong_order"
    secret = make_incident(is_private=True)
    (hidden,) = add(secret, [content], make_user(role=Role.ADMIN))
    with pytest.raises(NotPossible):
        timeline.move(actor=Actor.person(make_user(role=Role.ADMIN)), event=hidden, other=incident, now=now)


def test_names_in_sentences_of_ours_are_no_markdown():
    assert timeline.literal("a_b*[c](d)<e>") == r"a\_b\*\[c\]\(d\)\<e\>"


def test_as_typed_is_read_back_as_the_same_minute(client, incident):
    moment = timezone.now() - dt.timedelta(hours=3)
    (event,) = write(client, incident, f"{as_typed(moment)} seen", zone="utc")
    assert event.occurred_at == moment.replace(second=0, microsecond=0)


def test_what_others_wrote_is_shown_when_asked_for_without_touching_the_line():
    incident, writer, watcher = make_incident(), client_of(), client_of(Role.READER)
    write(writer, incident, "first")
    write(writer, incident, "-2h found earlier")
    latest = text_of(watcher.get(url(incident, "timeline"), {"newest": "1"}))
    for words in ("found earlier", "first", f'data-newest="{incident.timeline.latest("pk").pk}"'):
        assert words in latest
    assert "entry-text" not in latest


def test_nothing_is_asked_for_when_it_is_over_and_no_stranger_is_told():
    over = text_of(client_of().get(url(make_incident(status=Status.RESOLVED))))
    assert "data-live=" not in over
    assert 'id="news"' not in over
    assert "data-live=" in text_of(client_of().get(url(make_incident())))
    private = make_incident(is_private=True)
    assert client_of().get(url(private, "incident-news"), {"newer": "0"}).status_code == 404


def test_an_entry_beyond_the_newest_hundred_is_not_told_of_again():
    incident, writer = make_incident(), client_of()
    actor = Actor.person(writer.user)
    timeline.add_entries(actor=actor, incident=incident, entries=block_of(103), now=timezone.now())
    write(writer, incident, "-30h long ago")
    context = writer.get(url(incident)).context
    assert context["more_events"]
    assert context["newest_id"] == incident.timeline.latest("pk").pk
