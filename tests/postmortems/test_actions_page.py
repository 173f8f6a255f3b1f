"""The table of action items: overdue first, its filters, its CSV."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.enums import Role, Status
from incidents.models import IncidentMember
from tests.factories import make_action_item, make_incident, make_team, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

URL = "/actions/"


def day(days):
    return timezone.now().date() + dt.timedelta(days=days)


@pytest.fixture
def incident():
    return make_incident(title="Blank front page", status=Status.RESOLVED)


def texts(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200
    return [item.text for item in response.context["items"]]


def rows(client, **query):
    response = client.get(f"{URL}export.csv", query)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith('attachment; filename="action-items-20')
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_overdue_first_and_what_has_no_date_last(incident):
    make_action_item(incident, "No date")
    make_action_item(incident, "Soon", due_on=day(3))
    make_action_item(incident, "Late", due_on=day(-3))
    make_action_item(incident, "Finished", due_on=day(-9), status="done")
    reader = client_of(Role.READER)
    assert texts(reader) == ["Late", "Soon", "No date"]
    assert text_of(reader.get(URL)).count(">overdue</span>") == 1


def test_overdue_first_also_where_finished_ones_are_listed(incident):
    make_action_item(incident, "Finished", due_on=day(-9), status="done")
    make_action_item(incident, "Dropped", due_on=day(-8), status="wont_do", reason="x")
    make_action_item(incident, "Soon", due_on=day(3))
    make_action_item(incident, "Late", due_on=day(-3))
    client = client_of(Role.READER)
    assert texts(client, state="all") == ["Late", "Soon", "Finished", "Dropped"]
    assert [row["text"] for row in rows(client, state="all")] == ["Late", "Soon", "Finished", "Dropped"]


def test_each_filter(incident):
    reader = client_of(Role.READER)
    team = make_team(members=(reader.user,))
    ours = make_incident(title="Ours", status=Status.RESOLVED, team=team)
    make_action_item(incident, "Mine", owner=reader.user, due_on=day(1))
    make_action_item(ours, "Our team's", owner=make_user(), due_on=day(2), type="detective")
    make_action_item(incident, "Nobody's Übung", due_on=day(-1))
    for status in ("done", "verified", "wont_do", "historical"):
        make_action_item(incident, status, status=status, reason="x", due_on=day(5))
    for query, found in (
        ({"whose": "mine"}, ["Mine"]),
        ({"whose": "team"}, ["Our team's"]),
        ({"whose": "nobody"}, ["Nobody's Übung"]),
        ({"type": "detective"}, ["Our team's"]),
        ({"state": "overdue"}, ["Nobody's Übung"]),
        ({"state": "done"}, ["done", "verified"]),
        ({"state": "wont_do"}, ["wont_do"]),
        ({"state": "historical"}, ["historical"]),
        ({"q": "übung"}, ["Nobody's Übung"]),
        ({"q": "OURS"}, ["Our team's"]),
        ({"q": "mine", "whose": "nobody"}, []),
        ({"state": "nonsense", "whose": "x"}, ["Nobody's Übung", "Mine", "Our team's"]),
    ):
        assert texts(reader, **query) == found, query
    assert len(texts(reader, state="all")) == 7


def test_items_of_private_incidents_are_for_who_sees_them(incident):
    member, stranger = client_of(Role.READER), client_of(Role.EDITOR)
    private = make_incident(title="Canary", status=Status.RESOLVED, is_private=True)
    IncidentMember.objects.create(incident=private, user=member.user)
    make_action_item(private, "Hidden work", owner=stranger.user, due_on=day(1))
    make_action_item(incident, "Open work")
    assert texts(member) == ["Hidden work", "Open work"]
    for query in ({}, {"state": "all"}, {"whose": "mine"}, {"q": "canary"}):
        assert "Hidden work" not in texts(stranger, **query)
        assert "Hidden work" not in str(rows(stranger, **query))
    assert [row["text"] for row in rows(member)] == ["Hidden work", "Open work"]


def test_visitors_see_none():
    for address in (URL, f"{URL}export.csv", "/actions/A-1/"):
        assert Client().get(address).status_code == 302
        assert client_of("").get(address).status_code == 403


def test_the_csv_holds_the_same_and_no_formula(incident):
    owner = make_user("Ada Okoro")
    make_action_item(incident, "=HYPERLINK(1)", owner=owner, due_on=dt.date(2031, 1, 2))
    make_action_item(incident, "Done", status="done", evidence="@SUM(A1)", due_on=day(-1))
    assert rows(client_of(Role.READER)) == [
        {
            "action item": "A-1",
            "text": "'=HYPERLINK(1)",
            "state": "Open",
            "owner": "Ada Okoro",
            "due": "2031-01-02",
            "type": "Corrective",
            "incident": incident.reference,
            "incident title": "Blank front page",
            "evidence": "",
            "reason": "",
        }
    ]
    assert rows(client_of(Role.READER), state="done")[0]["evidence"] == "'@SUM(A1)"


@pytest.mark.parametrize(("state", "finished"), [("", False), ("all", True)])
def test_pages_hold_every_row_once(incident, state, finished):
    for number in range(120):
        status = "open" if number % 5 or not finished else "done"
        make_action_item(incident, f"Item {number}", due_on=day(number // 7) if number % 3 else None, status=status)
    reader = client_of(Role.READER)
    seen, query = [], {"after": "", "state": state}
    for _page in range(3):
        response = reader.get(URL, query)
        seen += [item.number for item in response.context["items"]]
        query["after"] = response.context["page"].after
    assert sorted(seen) == list(range(1, 121))
    assert not query["after"]
    for wrong in ("x", "9", "999999999999999999.1", "-5.1", "7.999999999999999999.1"):
        assert reader.get(URL, {"after": wrong, "state": state}).status_code == 200


def test_it_costs_the_same_with_two_and_twenty_rows():
    reader, counts = client_of(Role.READER), []
    for number in (2, 18):
        for _row in range(number):
            make_action_item(make_incident(status=Status.RESOLVED), owner=make_user(), due_on=day(1))
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(URL).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[1] <= 4


def test_an_empty_table_says_what_belongs_there(incident):
    reader = client_of(Role.READER)
    assert "Nothing to do" in text_of(reader.get(URL))
    assert "Nothing matches" in text_of(reader.get(URL, {"q": "nowhere"}))
