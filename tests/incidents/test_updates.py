"""Status updates: written, taken back, due, on the pages, and read by link without an account."""

import datetime as dt
import uuid
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import lifecycle, timeline, updates
from incidents.domain.lifecycle import Verb
from incidents.domain.timeline import EventContent
from incidents.enums import (
    CancelReason,
    IncidentKind,
    MessageState,
    NextUpdate,
    Role,
    Severity,
    Status,
    TimelineKind,
    UpdateAudience,
)
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import Incident, Installation, OutboxMessage, StatusLink, StatusUpdate, Subscription
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team, make_user
from tests.incident_pages import at_once, client_of, recorded, stored, text_of, url, write

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def lead():
    return make_user("Ada Okoro")


@pytest.fixture
def incident(lead):
    return make_incident(incident_lead=lead)


def tell(incident, text="We look into it", *, by=None, at=None, **more):
    """An update by the incident lead; with ``at`` long ago it has left by now."""
    actor = Actor.person(by or incident.incident_lead)
    return updates.write(actor=actor, incident=incident, text=text, now=at or timezone.now(), **more)


def left(incident, text="We look into it", **more):
    return tell(incident, text, at=timezone.now() - 2 * MINUTE, **more)


# Writing


def test_an_update_is_an_entry_too_with_the_status_then_and_the_next_one_due(incident, lead, now):
    with recorded() as audit:
        update = tell(incident, "Some pages are **empty**\r\n", at=now, next_update=NextUpdate.HALF_HOUR)
    assert (update.status, update.audience, update.text) == ("investigating", "staff", "Some pages are **empty**")
    assert "<strong>empty</strong>" in update.html
    assert (update.leaves_at, update.next_due_at) == (now + dt.timedelta(seconds=30), now + 30 * MINUTE)
    event = update.event
    assert (event.kind, event.is_internal, event.author) == (TimelineKind.COMMUNICATION, False, lead)
    assert incident.next_update_due_at == stored(incident.reference).next_update_due_at == now + 30 * MINUTE
    assert [entry.action for entry in audit] == ["timeline.added", "update.written"]


def test_what_is_for_responders_is_internal(incident):
    assert tell(incident, audience=UpdateAudience.RESPONDERS).event.is_internal


@pytest.mark.parametrize(
    ("severity", "minutes"), [("sev1", 15), ("sev2", 30), ("unknown", 30), ("sev3", 120), ("sev4", None)]
)
def test_the_severity_says_when_the_next_one_is_due(now, severity, minutes):
    incident = make_incident(severity=severity, incident_lead=make_user())
    due = tell(incident, at=now).next_due_at
    assert due == (now + minutes * MINUTE if minutes else None)


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("2026-01-06T22:00", "2026-01-07T08:00"),
        ("2026-01-06T02:00", "2026-01-06T08:00"),
        ("2026-01-06T08:00", "2026-01-07T08:00"),
        # The clocks go forward at two in the night between.
        ("2026-03-28T22:00", "2026-03-29T08:00"),
    ],
)
def test_in_the_morning_is_the_next_eight_o_clock_where_the_incident_is(written, due):
    berlin = ZoneInfo("Europe/Berlin")
    incident = make_incident(home_zone="Europe/Berlin")
    now = dt.datetime.fromisoformat(written).replace(tzinfo=berlin)
    expected = dt.datetime.fromisoformat(due).replace(tzinfo=berlin)
    assert updates.next_due_at(NextUpdate.MORNING, incident=incident, now=now) == expected


def test_none_promised_is_none_due_and_the_latest_update_counts(incident, now):
    tell(incident, at=now - MINUTE, next_update=NextUpdate.HOUR)
    assert tell(incident, "another", at=now, next_update=NextUpdate.NONE).next_due_at is None
    assert stored(incident.reference).next_update_due_at is None


def test_the_same_press_twice_is_one_update_and_other_words_are_another(incident):
    key = uuid.uuid4()
    first = tell(incident, client_id=key)
    assert tell(incident, client_id=key) == first
    assert incident.timeline.count() == 1
    other = tell(incident, "other words", client_id=key)
    assert (other.pk != first.pk, incident.updates.count()) == (True, 2)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4001])
def test_nothing_and_too_much_are_refused(incident, text):
    with pytest.raises(InvalidInput) as refused:
        tell(incident, text)
    assert "text" in refused.value.fields
    assert not incident.timeline.exists()
    assert tell(incident, "x" * 4000).pk


def test_readers_write_none_and_responders_do(incident):
    with pytest.raises(Forbidden):
        tell(incident, by=make_user(role=Role.READER))
    assert tell(incident, by=make_user())


def test_it_moves_the_incident_on_in_the_same_breath(incident):
    update = tell(incident, "Rolled back", verb=Verb.MONITOR)
    assert (update.status, stored(incident.reference).status) == ("monitoring", Status.MONITORING)
    assert [event.kind for event in incident.timeline.order_by("pk")] == ["status_change", "communication"]


def test_nothing_is_written_where_the_incident_cannot_move_on(incident):
    with pytest.raises(NotPossible):
        tell(incident, "Closed", verb=Verb.CLOSE)
    assert not incident.updates.exists()
    assert not incident.timeline.exists()


@pytest.mark.parametrize("verb", [Verb.RESOLVE, Verb.CANCEL])
def test_nothing_is_due_any_more_once_it_is_over(incident, lead, now, verb):
    tell(incident)
    assert incident.next_update_due_at
    if verb == Verb.RESOLVE:
        lifecycle.advance(actor=Actor.person(lead), incident=incident, verb=verb, now=now)
    else:
        lifecycle.cancel(actor=Actor.person(lead), incident=incident, reason=CancelReason.FALSE_ALARM, now=now)
    assert stored(incident.reference).next_update_due_at is None


def test_the_last_update_promises_nothing(incident):
    assert tell(incident, "Solved", verb=Verb.RESOLVE, next_update=NextUpdate.HOUR).next_due_at is None
    assert tell(incident, "Sorry again", next_update=NextUpdate.HOUR).next_due_at is None
    assert stored(incident.reference).next_update_due_at is None


def tell_anew(incident, choice):
    return tell(Incident.objects.get(pk=incident.pk), next_update=choice)


@pytest.mark.django_db(transaction=True)
def test_presses_at_the_same_moment_are_one_update_and_of_several_the_latest_counts(incident):
    key = uuid.uuid4()
    same = at_once([lambda: tell(Incident.objects.get(pk=incident.pk), client_id=key)] * 6)
    assert (len({update.pk for update in same}), incident.timeline.count()) == (1, 1)
    choices = [NextUpdate.HOUR, NextUpdate.NONE, NextUpdate.HALF_HOUR] * 2
    at_once([partial(tell_anew, incident, choice) for choice in choices])
    assert incident.updates.count() == 7
    assert stored(incident.reference).next_update_due_at == incident.updates.first().next_due_at


# An entry that is sent as an update


def entry(text="Seven of eight have answered", **more):
    return EventContent(text=text, occurred_at=timezone.now(), **more)


def send(incident, *entries, **more):
    actor = Actor.person(incident.incident_lead)
    return updates.send_entry(actor=actor, incident=incident, entries=entries, now=timezone.now(), **more)


def test_an_entry_is_sent_as_an_update(incident):
    key = uuid.uuid4()
    update = send(incident, entry(), client_id=key)
    assert (update.event.kind, update.audience, update.is_entry) == ("communication", "staff", True)
    assert send(incident, entry(), client_id=key) == update
    assert (incident.timeline.count(), incident.updates.count()) == (1, 1)


def test_an_internal_entry_goes_to_responders_and_keeps_its_kind(incident):
    update = send(incident, entry(kind=TimelineKind.DIAGNOSIS, is_internal=True))
    assert (update.event.kind, update.audience) == ("diagnosis", "responders")


def test_a_pasted_block_is_no_update(incident):
    with pytest.raises(InvalidInput):
        send(incident, entry("a"), entry("b"))
    assert not incident.timeline.exists()
    client = client_of()
    refused = client.post(url(incident, "timeline"), {"text": "01:00 a\n01:01 b", "as_update": "on"})
    assert refused.status_code == 422
    assert "An update is one entry" in text_of(refused)
    assert not incident.timeline.exists()


def test_one_tick_in_the_entry_line_sends_it(incident):
    (event,) = write(client_of(), incident, "We roll it back", as_update="on", next_update="60")
    assert event.status_update.next_due_at - event.status_update.created_at == 60 * MINUTE
    (plain,) = write(client_of(), incident, "A note")
    assert not StatusUpdate.objects.filter(event=plain).exists()


def test_the_tick_does_nothing_for_readers(incident):
    reader = client_of(Role.READER)
    assert reader.post(url(incident, "timeline"), {"text": "seen too", "as_update": "on"}).status_code == 403
    assert 'name="as_update"' not in text_of(reader.get(url(incident)))
    assert 'name="as_update"' in text_of(client_of().get(url(incident)))
    assert not incident.updates.exists()


# Taking it back


def test_it_is_taken_back_before_it_leaves(incident, lead, now):
    tell(incident, "earlier", at=now - MINUTE, next_update=NextUpdate.HOUR)
    update = tell(incident, at=now, next_update=NextUpdate.HALF_HOUR)
    with recorded() as audit:
        for _ in range(2):
            updates.cancel(actor=Actor.person(lead), update=update, now=now + dt.timedelta(seconds=29))
    assert stored(incident.reference).next_update_due_at == now + 59 * MINUTE
    update.event.refresh_from_db()
    assert update.event.is_struck
    assert [entry.action for entry in audit] == ["timeline.struck", "update.cancelled"]
    assert list(incident.updates.standing()) == [incident.updates.last()]


def test_once_it_has_left_it_stays(incident, lead, now):
    update = tell(incident, at=now)
    with pytest.raises(NotPossible):
        updates.cancel(actor=Actor.person(lead), update=update, now=now + dt.timedelta(seconds=30))
    assert incident.updates.standing().count() == 1
    assert not incident.timeline.get().is_struck


def test_an_entry_stays_when_its_sending_is_taken_back(incident, lead):
    update = send(incident, entry())
    with pytest.raises(Forbidden):
        updates.cancel(actor=Actor.person(make_user()), update=update, now=timezone.now())
    updates.cancel(actor=Actor.person(lead), update=update, now=timezone.now())
    assert not incident.timeline.get().is_struck
    assert not incident.updates.standing().exists()


def test_others_do_not_take_it_back_but_an_editor_does(incident):
    update = tell(incident)
    with pytest.raises(Forbidden):
        updates.cancel(actor=Actor.person(make_user()), update=update, now=timezone.now())
    updates.cancel(actor=Actor.person(make_user(role=Role.EDITOR)), update=update, now=timezone.now())


def test_nobody_is_told_of_what_was_taken_back(lead):
    incident = make_incident(incident_lead=lead)
    Subscription.objects.create(user=make_user(role=Role.READER), incident=incident)
    waiting = OutboxMessage.objects.filter(state=MessageState.PENDING)
    update = tell(incident)
    assert waiting.filter(run_at__gte=update.leaves_at).exists()
    updates.cancel(actor=Actor.person(lead), update=update, now=timezone.now())
    assert not waiting.exists()


def test_a_drill_is_taken_back_as_well(lead):
    drill = make_incident(kind=IncidentKind.DRILL, incident_lead=lead)
    update = tell(drill)
    updates.cancel(actor=Actor.person(lead), update=update, now=timezone.now())
    assert not drill.updates.standing().exists()


def test_what_was_sent_stays_as_it_was_sent_and_where(incident, lead, now):
    event, actor = tell(incident).event, Actor.person(lead)
    with pytest.raises(NotPossible):
        timeline.edit(actor=actor, event=event, content=entry("other words"), now=now)
    with pytest.raises(NotPossible):
        timeline.move(actor=actor, event=event, other=make_incident(), now=now)
    same = replace(entry(event.text), kind=TimelineKind.COMMUNICATION, is_starred=True)
    assert timeline.edit(actor=actor, event=event, content=same, now=now).is_starred
    (plain,) = timeline.add_entries(actor=actor, incident=incident, entries=[entry("x")], now=now)
    assert timeline.edit(actor=actor, event=plain, content=entry("y"), now=now).text == "y"


# The nudge


def nudges():
    return OutboxMessage.objects.filter(kind="update-nudge").count()


def test_the_incident_lead_is_reminded_once_shortly_before(incident, now):
    update = tell(incident, at=now, next_update=NextUpdate.HALF_HOUR)
    before = nudges()
    assert updates.nudge(update.next_due_at - 6 * MINUTE) == 0
    assert updates.nudge(update.next_due_at - 5 * MINUTE) == 1
    updates.nudge(update.next_due_at - MINUTE)
    assert nudges() == before + 1
    assert updates.nudge(update.next_due_at + 11 * MINUTE) == 0


def test_nobody_is_reminded_of_what_is_over(incident, lead, now):
    update = tell(incident, at=now, next_update=NextUpdate.HALF_HOUR)
    lifecycle.advance(actor=Actor.person(lead), incident=incident, verb=Verb.RESOLVE, now=now)
    assert updates.nudge(update.next_due_at) == 0


# The pages


def test_a_form_writes_it_and_the_live_page_says_how_long_until_it_leaves(incident):
    client = client_of(incident.incident_lead)
    page = text_of(client.get(url(incident, "updates")))
    assert "in 30 min" in page
    assert "as SEV2 asks" not in page
    body = {"text": "Some pages are empty", "audience": "staff", "next_update": "60", "verb": "identify"}
    assert client.post(url(incident, "updates"), body).url == incident.get_absolute_url()
    live = text_of(client.get(url(incident)))
    for words in ("Sending", "leaves in", "30 s", "Some pages are empty", "next update due in", "Identified"):
        assert words in live, words
    update = incident.updates.get()
    assert f'"{url(incident, "update-cancel", update.pk)}"' in live
    assert client.post(url(incident, "update-cancel", update.pk)).status_code == 302
    assert "Nobody has been told yet" in text_of(client.get(url(incident)))


def test_the_form_spells_out_what_the_severity_asks_for():
    page = text_of(client_of().get(url(make_incident(severity=Severity.SEV1), "updates")))
    assert "in 15 min, as SEV1 asks" in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"audience": "everybody"},
        {"next_update": "61"},
        {"verb": "close"},
        {"verb": "king"},
        {"text": "x" * 4001},
    ],
)
def test_the_form_refuses_what_is_not_offered(incident, wrong):
    body = {"text": "x", "audience": "staff", "next_update": "30"}
    assert client_of().post(url(incident, "updates"), {**body, **wrong}).status_code == 422
    assert not incident.updates.exists()
    assert client_of().post(url(incident, "updates"), body).status_code == 302


def test_late_is_said_in_plain_words(incident, now):
    tell(incident, at=now - 36 * MINUTE, next_update=NextUpdate.HALF_HOUR)
    Incident.objects.filter(pk=incident.pk).update(next_update_due_at=now - 6 * MINUTE)
    page = " ".join(text_of(client_of().get(url(incident))).split())
    late = page[page.index("update due") :][:420]
    assert ">6 min<" in late
    assert "last entry" in late
    assert ">36 min<" in late


def test_readers_see_what_has_left_and_nothing_meant_for_responders(incident):
    left(incident, "for everybody")
    left(incident, "for responders", audience=UpdateAudience.RESPONDERS)
    tell(incident, "about to leave")
    for name in ("incident", "updates", "incident-status"):
        page = text_of(client_of(Role.READER).get(url(incident, name)))
        above = page[: page.find('id="timeline"')] if name == "incident" else page
        assert "for everybody" in above, name
        assert "for responders" not in above, name
        assert "about to leave" not in above, name
    assert "for responders" in text_of(client_of().get(url(incident, "incident-status")))
    assert client_of(Role.READER).post(url(incident, "updates"), {"text": "x"}).status_code == 403


def test_the_status_view_has_a_text_for_chat(incident, now):
    left(incident, "Some pages are **empty**", next_update=NextUpdate.HOUR)
    response = client_of(Role.READER).get(url(incident, "incident-status"))
    said = response.context["chat_text"].split("\n")
    assert said[0] == "INC-1 · SEV2 · Investigating · Blank front page"
    assert said[1] == "1 h since impact"
    assert said[2].endswith(": Some pages are **empty**")
    assert said[3].startswith("Next update due ")
    assert said[4].endswith("/incidents/INC-1/status/")
    assert 'id="chat-text"' in text_of(response)


def test_today_and_the_list_say_when_the_next_one_is_due(incident, now):
    tell(incident, next_update=NextUpdate.HOUR)
    client = client_of(Role.READER)
    assert "next update due in" in text_of(client.get("/"))
    assert "next update in 59 min" in text_of(client.get("/incidents/"))
    Incident.objects.filter(pk=incident.pk).update(next_update_due_at=now - 6 * MINUTE)
    assert "update due 6 min ago" in text_of(client.get("/incidents/"))


def test_a_page_of_updates_costs_the_same_with_two_and_with_twenty(incident):
    client = client_of()

    def cost(name):
        client.get(url(incident, name))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(incident, name)).status_code == 200
        return len(captured)

    for number in range(2):
        left(incident, f"Nr {number}")
    few = [cost(name) for name in ("updates", "incident-status", "incident")]
    for number in range(18):
        left(incident, f"Nr {number}")
    assert [cost(name) for name in ("updates", "incident-status", "incident")] == few
    assert max(few) <= 10


# Without an account


@pytest.fixture
def allowed():
    Installation.objects.create(allows_status_links=True)


def make_link(incident, **more):
    return updates.make_link(actor=Actor.person(make_user()), incident=incident, now=timezone.now(), **more)


def by_link(link, token=None):
    return Client().get(f"/status/{token or updates.link_token(link)}/")


def test_a_link_shows_the_updates_without_an_account_and_without_names(allowed, incident, lead):
    bea = make_user("Bea Unseen")
    left(incident, "Ada Okoro and Bea Unseen roll it back", by=lead)
    left(incident, "for responders", audience=UpdateAudience.RESPONDERS)
    tell(incident, "about to leave")
    timeline.add_entries(
        actor=Actor.person(bea), incident=incident, entries=[entry("only in the timeline")], now=timezone.now()
    )
    answer = by_link(make_link(incident))
    page = text_of(answer)
    assert "The incident lead and a responder roll it back" in page
    for hidden in ("Ada", "Bea", "for responders", "about to leave", "only in the timeline", "INC-1"):
        assert hidden not in page, hidden
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert 'name="robots" content="noindex' in page


def test_a_link_shows_nothing_once_it_ended(allowed, incident):
    link = make_link(incident)
    token = updates.link_token(link)
    assert by_link(link).status_code == 200
    rows = StatusLink.objects.filter(pk=link.pk)
    ended = by_link(None, token="x")
    for change in (
        {"expires_at": timezone.now()},
        {"expires_at": link.expires_at, "revoked_at": timezone.now()},
    ):
        rows.update(**change)
        answer = by_link(link)
        assert (answer.status_code, answer.content) == (404, ended.content)
        assert answer["Cache-Control"] == "no-store"
    rows.update(revoked_at=None)
    assert by_link(link).status_code == 200
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    assert by_link(link).status_code == 404
    Incident.objects.filter(pk=incident.pk).update(is_private=False)
    Installation.objects.update(allows_status_links=False)
    assert by_link(link).status_code == 404
    Installation.objects.update(allows_status_links=True)
    for forged in (link.key.hex, f"{link.key.hex}.x", f"{token}x", "." + token, "é", uuid.uuid4().hex + token[32:]):
        assert by_link(link, forged).status_code == 404, forged
    assert by_link(link).status_code == 200


def test_a_link_lasts_a_day_and_there_is_one_at_a_time(allowed, incident):
    link = make_link(incident)
    assert link.expires_at - link.created_at == dt.timedelta(hours=24)
    assert make_link(incident) == link
    assert updates.revoke_links(actor=Actor.person(make_user()), incident=incident, now=timezone.now()) == 1
    assert make_link(incident) != link


def test_no_link_where_admins_do_not_allow_it_or_it_is_private_or_for_readers(incident, lead):
    with pytest.raises(NotPossible):
        make_link(incident)
    Installation.objects.create(allows_status_links=True)
    private = make_incident(is_private=True, incident_lead=lead)
    with pytest.raises(NotPossible):
        updates.make_link(actor=Actor.person(lead), incident=private, now=timezone.now())
    reader = Actor.person(make_user(role=Role.READER))
    with pytest.raises(Forbidden):
        updates.make_link(actor=reader, incident=incident, now=timezone.now())
    assert make_link(incident)


def test_responders_make_and_end_it_on_the_status_view(allowed, incident):
    client = client_of()
    assert "Make a link for 24 hours" in text_of(client.get(url(incident, "incident-status")))
    with recorded() as audit:
        assert client.post(url(incident, "status-link-make")).status_code == 302
        page = text_of(client.get(url(incident, "incident-status")))
        assert f"/status/{updates.link_token(StatusLink.objects.get())}/" in page
        assert client.post(url(incident, "status-link-make"), {"end": "1"}).status_code == 302
    assert [entry.action for entry in audit] == ["status_link.made", "status_link.revoked"]
    assert by_link(StatusLink.objects.get()).status_code == 404
    assert "For people without an account" not in text_of(client_of(Role.READER).get(url(incident, "incident-status")))


def test_admins_switch_links_on_and_off_and_off_ends_them(incident):
    admin = client_of(Role.ADMIN)
    assert "not allowed" in text_of(admin.get("/setup/"))
    with recorded() as audit:
        for _ in range(2):
            assert admin.post("/setup/status-links/", {"allowed": "1"}).status_code == 302
    assert [entry.changes for entry in audit] == [{"allows_status_links": [False, True]}]
    link = make_link(incident)
    assert client_of(Role.EDITOR).post("/setup/status-links/", {"allowed": "0"}).status_code == 403
    assert by_link(link).status_code == 200
    admin.post("/setup/status-links/", {"allowed": "0"})
    admin.post("/setup/status-links/", {"allowed": "1"})
    assert by_link(link).status_code == 404


# What hangs on a team's service is no reason to show it


def test_private_updates_stay_with_members(lead):
    service = make_service(team=make_team())
    private = make_incident(is_private=True, incident_lead=lead, services=[service])
    left(private, "wages")
    for name in ("updates", "incident-status", "incident-news"):
        assert client_of().get(url(private, name)).status_code == 404
        answer = client_of(lead).get(url(private, name))
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "For people without an account" not in text_of(client_of(lead).get(url(private, "incident-status")))
