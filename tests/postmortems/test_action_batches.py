"""Many action items at once: by admins from the table, and adopting what was imported."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.enums import Role, Status
from incidents.models import AuditEntry
from tests.factories import make_action_item, make_incident, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

MANY = "/actions/many/"
ADOPT = "/actions/adopt/"


def day(days):
    return timezone.now().date() + dt.timedelta(days=days)


@pytest.fixture
def incident():
    return make_incident(title="Old outage", status=Status.RESOLVED)


def post(client, url, items, **data):
    return client.post(url, {"item": [item.number for item in items], **data})


def fresh(*items):
    for item in items:
        item.refresh_from_db()
    return items


def test_admins_tick_rows_of_the_table_and_change_them_together(incident):
    admin, owner = client_of(Role.ADMIN), make_user("Ada")
    first, second = make_action_item(incident, "First"), make_action_item(incident, "Second", due_on=day(1))
    assert text_of(admin.get("/actions/")).count('type="checkbox" name="item"') == 2
    form = admin.get(MANY, {"item": [first.number, second.number], "next": "/actions/?whose=nobody"})
    assert [item.text for item in form.context["items"]] == ["Second", "First"]
    answer = post(admin, MANY, [first, second], deed="assign", owner=owner.pk, next="/actions/?whose=nobody")
    assert (answer.status_code, answer["Location"]) == (302, "/actions/?whose=nobody")
    assert {item.owner for item in fresh(first, second)} == {owner}
    assert AuditEntry.objects.filter(action="action.edited", actor=admin.user).count() == 2


def test_it_is_for_admins_alone(incident):
    item = make_action_item(incident)
    for role in (Role.READER, Role.RESPONDER, Role.EDITOR):
        client = client_of(role)
        assert 'name="item"' not in text_of(client.get("/actions/"))
        assert client.get(MANY, {"item": item.number}).status_code == 403
        assert post(client, MANY, [item], deed="drop", reason="No").status_code == 403
    assert post(client_of(Role.ADMIN), MANY, [item], deed="drop", reason="No").status_code == 302


def test_moving_dates_together_asks_for_the_reason_and_counts(incident):
    admin = client_of(Role.ADMIN)
    dated, undated = make_action_item(incident, due_on=day(1)), make_action_item(incident)
    assert post(admin, MANY, [dated], deed="move-date").status_code == 422
    said = admin.post(MANY, {"item": dated.number, "deed": "move-date", "due_on": day(9)}, follow=True)
    assert "Say why the date moves" in text_of(said)
    post(admin, MANY, [dated, undated], deed="move-date", due_on=day(9), reason="A freeze until then")
    fresh(dated, undated)
    assert [(item.due_on, item.times_moved) for item in (dated, undated)] == [(day(9), 1), (day(9), 0)]


def test_what_is_refused_stays_and_the_rest_is_done(incident):
    admin = client_of(Role.ADMIN)
    ready = make_action_item(incident, owner=make_user(), due_on=day(1))
    unowned = make_action_item(incident, due_on=day(1))
    said = admin.post(MANY, {"item": [ready.number, unowned.number], "deed": "start"}, follow=True)
    fresh(ready, unowned)
    assert (ready.status, unowned.status) == ("in_progress", "open")
    assert f"{unowned.reference} stays as it is: From here on it needs an owner." in text_of(said)
    assert "1 action item changed." in text_of(said)


@pytest.mark.parametrize(
    "data",
    [
        {"deed": "assign"},
        {"deed": "finish"},
        {"deed": "drop", "reason": " "},
        {"deed": "adopt"},
        {"deed": "nonsense"},
        {"deed": "move-date", "due_on": "yesterday"},
        {"deed": "assign", "owner": "999999999999999999999"},
        {},
    ],
)
def test_what_is_missing_for_all_is_said_before_anything_is_done(incident, data):
    admin, item = client_of(Role.ADMIN), make_action_item(incident, owner=make_user(), due_on=day(1))
    assert post(admin, MANY, [item], **data).status_code == 422
    assert fresh(item)[0].version == 1


def test_nothing_ticked_and_nonsense_ticked_are_told(incident):
    admin = client_of(Role.ADMIN)
    assert "Nothing is ticked" in text_of(admin.get(MANY))
    for ticked in ([], ["x"], ["-1"], ["9" * 30], ["0"], ["²"]):
        assert admin.get(MANY, {"item": ticked}).status_code == 200
        assert admin.post(MANY, {"item": ticked, "deed": "start"}).status_code == 422


# Adopting what was imported


@pytest.fixture
def imported(incident):
    return [make_action_item(incident, f"Imported {number}", status="historical") for number in range(3)]


def test_imported_ones_are_adopted_together_with_owner_and_the_date_of_their_severity(imported):
    client, owner = client_of(), make_user("Ada")
    page = client.get(ADOPT)
    assert [item.text for item in page.context["items"]] == ["Imported 0", "Imported 1", "Imported 2"]
    answer = post(client, ADOPT, imported[:2], deed="adopt", owner=owner.pk)
    assert answer.status_code == 302
    fresh(*imported)
    assert [item.status for item in imported] == ["open", "open", "historical"]
    assert {(item.owner, item.due_on) for item in imported[:2]} == {(owner, day(30))}
    assert [item.text for item in client.get(ADOPT).context["items"]] == ["Imported 2"]


def test_or_they_are_over(imported):
    client = client_of()
    assert post(client, ADOPT, imported[:1], deed="finish").status_code == 422
    post(client, ADOPT, imported[:1], deed="finish", evidence="It is on the hosts")
    post(client, ADOPT, imported[1:2], deed="drop", reason="The system is gone")
    fresh(*imported)
    assert [item.status for item in imported] == ["done", "wont_do", "historical"]


def test_after_a_refusal_the_ticks_are_still_there(imported):
    page = post(client_of(), ADOPT, imported[:2], deed="drop")
    assert page.status_code == 422
    assert text_of(page).count(" checked><span") == 2


def test_one_incident_alone(imported):
    other = make_incident(status=Status.RESOLVED)
    make_action_item(other, "Elsewhere", status="historical")
    client = client_of()
    found = client.get(ADOPT, {"incident": other.reference.lower()}).context["items"]
    assert [item.text for item in found] == ["Elsewhere"]
    assert len(client.get(ADOPT, {"incident": "nonsense"}).context["items"]) == 4
    assert "Nothing is left here" in text_of(client.get(ADOPT, {"incident": "INC-999"}))


def test_it_is_for_responders_and_takes_nothing_but_imported_ones(incident, imported):
    reader, client = client_of(Role.READER), client_of()
    assert reader.get(ADOPT).status_code == 403
    assert post(reader, ADOPT, imported, deed="adopt").status_code == 403
    running = make_action_item(incident, "Running")
    assert post(client, ADOPT, [running], deed="drop", reason="No").status_code == 422
    assert fresh(running)[0].status == "open"


def test_private_ones_are_not_there_for_others(imported):
    private = make_incident(title="Canary", status=Status.RESOLVED, is_private=True)
    hidden = make_action_item(private, "Hidden", status="historical")
    client = client_of(Role.EDITOR)
    assert "Hidden" not in text_of(client.get(ADOPT))
    assert post(client, ADOPT, [hidden], deed="drop", reason="x").status_code == 422
    assert fresh(hidden)[0].status == "historical"


def test_an_empty_page_says_what_belongs_there():
    assert "Nothing waits to be adopted" in text_of(client_of().get(ADOPT))


@pytest.mark.parametrize("url", [MANY, ADOPT])
def test_a_page_costs_the_same_with_two_and_twenty(url):
    admin, counts, numbers = client_of(Role.ADMIN), [], []
    for number in (2, 18):
        for _row in range(number):
            item = make_action_item(make_incident(status=Status.RESOLVED), status="historical", owner=make_user())
            numbers.append(item.number)
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(url, {"item": numbers} if url == MANY else {}).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[1] <= 6
