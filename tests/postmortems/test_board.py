"""The board of action items beside the table, the steps that it leads to, and the figures of a team."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role, Severity, Status
from postmortems.models import ActionItem
from postmortems.views.action_lists import COLUMN
from tests.factories import make_action_item, make_cause, make_incident, make_service, make_team, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
BOARD = {"view": "board"}


def day(days):
    return timezone.now().date() + dt.timedelta(days=days)


@pytest.fixture
def incident():
    return make_incident(title="Blank front page", status=Status.RESOLVED)


def board(client, **query):
    response = client.get("/actions/", BOARD | query)
    assert response.status_code == 200
    return {column.status: [item.text for item, _verbs in column.cards] for column in response.context["columns"]}


def step(item, verb):
    return reverse("action-step", args=[item.reference, verb])


def in_each_state(incident, owner):
    for status in ("open", "in_progress", "done", "verified", "wont_do", "historical"):
        make_action_item(incident, status, status=status, owner=owner, due_on=day(3), reason="x")


def test_each_state_is_a_column_and_the_ends_are_folded(incident):
    reader = client_of(Role.READER)
    in_each_state(incident, reader.user)
    assert board(reader) == {status: [status] for status in ("open", "in_progress", "done", "verified", "wont_do")}
    page = reader.get("/actions/", BOARD)
    assert [column.status for column in page.context["columns"] if column.is_end] == ["verified", "wont_do"]
    assert text_of(page).count('<details class="column"') == 5
    assert text_of(page).count(" open>\n    <summary><h2>") == 3


def test_what_is_open_stands_by_its_date_and_says_it_in_words(incident):
    for text, days in (("Later", 40), ("Soon", 2), ("Late", -3), ("Today", 0)):
        make_action_item(incident, text, due_on=day(days))
    make_action_item(incident, "No date")
    reader = client_of(Role.READER)
    assert board(reader)["open"] == ["Late", "Today", "Soon", "Later", "No date"]
    shown = text_of(reader.get("/actions/", BOARD))
    for words in ("overdue by 3 days", "due today", "due in 2 days", "no date yet"):
        assert words in shown


def test_the_filters_of_board_and_table_are_the_same(incident):
    reader = client_of(Role.READER)
    team, service = make_team(members=(reader.user,)), make_service("Search")
    other = make_team()
    ours = make_incident(title="Ours", status=Status.RESOLVED, team=team, severity=Severity.SEV4)
    on_service = make_incident(
        title="Down", status=Status.RESOLVED, services=[make_service("Shop", team=team), service]
    )
    cause = make_cause(ours, category="configuration")
    owner = make_user("Ada")
    make_action_item(ours, "A", cause=cause, owner=owner, due_on=day(1))
    make_action_item(on_service, "B", due_on=day(-1), type="preventive")
    make_action_item(incident, "C", owner=reader.user)
    for query, found in (
        ({"whose": "mine"}, ["C"]),
        ({"whose": "team"}, ["B", "A"]),
        ({"whose": "nobody"}, ["B"]),
        ({"team": team.pk}, ["B", "A"]),
        ({"team": other.pk}, []),
        ({"owner": owner.pk}, ["A"]),
        ({"service": service.slug}, ["B"]),
        ({"severity": "sev4"}, ["A"]),
        ({"category": "configuration"}, ["A"]),
        ({"type": "preventive"}, ["B"]),
        ({"state": "overdue"}, ["B"]),
        ({"state": "to_verify"}, []),
        ({"q": "ours"}, ["A"]),
        ({"team": "x", "owner": "0", "service": "none", "severity": "9", "category": "none"}, ["B", "A", "C"]),
    ):
        table = [item.text for item in reader.get("/actions/", query).context["items"]]
        assert table == found, query
        assert board(reader, **query)["open"] == found, query


def test_whoever_verifies_finds_it_under_mine_and_under_to_be_verified(incident):
    verifier = client_of()
    make_action_item(incident, "Look", status="done", verifier=verifier.user, evidence="x", done_at=timezone.now())
    make_action_item(incident, "Not asked", status="done", evidence="x")
    assert board(verifier, state="to_verify")["done"] == ["Look"]
    assert board(verifier, whose="mine")["done"] == ["Look"]


def test_a_long_column_says_that_there_are_more(incident):
    for number in range(COLUMN + 1):
        make_action_item(incident, f"Item {number}")
    page = client_of(Role.READER).get("/actions/", BOARD)
    assert len(page.context["columns"][0].cards) == COLUMN
    assert "?state=open" in text_of(page)


def test_private_work_is_on_nobody_elses_board(incident):
    private = make_incident(title="Canary", status=Status.RESOLVED, is_private=True)
    make_action_item(private, "Hidden work", due_on=day(1))
    make_action_item(incident, "Open work")
    assert board(client_of(Role.EDITOR))["open"] == ["Open work"]
    assert "Hidden work" in board(client_of(Role.ADMIN))["open"]


@pytest.mark.parametrize("query", [{}, BOARD])
def test_it_costs_the_same_with_two_and_twenty_rows(query):
    admin, counts = client_of(Role.ADMIN), []
    for number in (2, 18):
        for _row in range(number):
            incident = make_incident(status=Status.RESOLVED, team=make_team(), services=[make_service()])
            in_each_state(incident, make_user())
        with CaptureQueriesContext(connection) as captured:
            assert admin.get("/actions/", query).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[1] <= 9


# Steps


def test_a_card_leads_to_the_step_that_asks_for_what_it_needs_and_back(incident):
    client = client_of()
    item = make_action_item(incident)
    here = "/actions/?view=board&whose=team"
    shown = client.get(step(item, "start"), {"next": here})
    assert {"owner", "due_on"} <= set(shown.context["form"].fields)
    assert shown.context["form"]["due_on"].value() == day(30)
    refused = client.post(step(item, "start"), {"next": here})
    assert refused.status_code == 422
    assert {"owner", "due_on"} <= set(refused.context["form"].errors)
    given = {"next": here, "owner": client.user.pk, "due_on": day(9)}
    answer = client.post(step(item, "start"), given)
    item.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, here)
    assert (item.status, item.owner, item.due_on, item.due_sort) == ("in_progress", client.user, day(9), day(9))


def test_a_step_leads_to_no_other_site(incident):
    client = client_of()
    for wrong in ("https://evil.example.org/", "//evil.example.org", "javascript:alert(1)"):
        item = make_action_item(incident, status="historical")
        answer = client.post(step(item, "adopt"), {"next": wrong})
        assert answer["Location"] == reverse("action", args=[item.reference])


def test_a_step_that_is_not_possible_or_not_allowed_says_so(incident):
    owner = make_user()
    item = make_action_item(incident, status="done", owner=owner, due_on=day(1), evidence="x", verifier=make_user())
    client = client_of()
    assert client.post(step(item, "start")).status_code == 422
    assert client.get(step(item, "verify")).status_code == 403
    assert client.get(step(item, "nonsense")).status_code == 404
    assert client_of(Role.READER).get(step(item, "drop")).status_code == 403
    assert item.verifier is not None
    assert client_of(item.verifier).get(step(item, "verify")).status_code == 200


def test_a_step_from_an_old_page_is_refused_and_the_second_look_is_not(incident):
    client = client_of()
    item = make_action_item(incident, status="in_progress", owner=client.user, due_on=day(1), version=4)
    sent = {"evidence": "See it", "version": 3}
    assert client.post(step(item, "finish"), sent).status_code == 409
    assert client.post(step(item, "finish"), sent | {"version": 4}).status_code == 302


def test_an_owner_who_only_reads_gives_nothing_to_others(incident):
    reader = client_of(Role.READER)
    item = make_action_item(incident, owner=reader.user)
    assert "due_on" not in reader.get(step(item, "start")).context["form"].fields
    assert reader.post(step(item, "start"), {"due_on": day(1)}).status_code == 422
    ActionItem.objects.filter(pk=item.pk).update(due_on=day(1), due_sort=day(1))
    assert reader.post(step(item, "start")).status_code == 302


# Figures of a team


def figures(client, team):
    return client.get("/actions/", {"team": team.pk}).context["figures"]


@pytest.fixture
def team():
    return make_team("Storefront", team_lead=make_user("Lead"), members=(make_user("Member", role=Role.READER),))


def busy(team, owners, number=3):
    incident = make_incident(status=Status.RESOLVED, team=team)
    long_ago = timezone.now() - dt.timedelta(days=40)
    for owner in owners:
        for _row in range(number):
            make_action_item(incident, owner=owner, due_on=day(-1), created_at=long_ago)
            make_action_item(
                incident,
                owner=owner,
                status="done",
                evidence="x",
                due_on=day(-5),
                done_at=timezone.now() - dt.timedelta(6),
            )
    make_action_item(incident, owner=owners[0], status="done", evidence="x", due_on=day(-5), done_at=timezone.now())


def test_figures_are_for_the_team_and_the_admins(team):
    busy(team, [make_user(), make_user()])
    member = team.members.get(name="Member")
    for user in (team.team_lead, member, make_user(role=Role.ADMIN)):
        (shown,) = figures(client_of(user), team)
        assert (shown.open, shown.overdue, shown.with_date, shown.in_time) == (6, 6, 7, 6)
        assert (shown.median_age, shown.oldest) == (40, 40)
        assert [band.number for band in shown.ages] == [0, 0, 6, 0]
    for user in (make_user(), make_user(role=Role.EDITOR)):
        assert figures(client_of(user), team) == []
    page = client_of(member).get("/actions/", {"whose": "team"})
    assert "n = 6, the oldest 40 days" in text_of(page)


def test_figures_begin_with_five_items_and_are_never_of_one_person(team):
    lead = client_of(team.team_lead)
    busy(team, [make_user(), make_user()], number=1)
    assert figures(lead, team)[0].open == 2
    assert figures(lead, team)[0].ages is None
    assert figures(lead, team)[0].in_time is None
    ActionItem.objects.filter(pk=ActionItem.objects.latest("pk").pk).delete()
    assert figures(lead, team)[0].open is None
    assert "Too few to show" in text_of(lead.get("/actions/", {"team": team.pk}))
    alone = make_team("Alone", team_lead=team.team_lead)
    busy(alone, [make_user()], number=9)
    assert figures(lead, alone)[0].open is None


def test_figures_count_what_the_reader_sees_and_no_drill(team):
    busy(team, [make_user(), make_user()])
    lead, member = client_of(team.team_lead), client_of(team.members.get(name="Member"))
    for fields in ({"is_private": True}, {"kind": "drill"}, {"is_synthetic": True}):
        hidden = make_incident(status=Status.RESOLVED, team=team, **fields)
        make_action_item(hidden, owner=make_user(), due_on=day(1))
    assert figures(lead, team)[0].open == 7
    assert figures(member, team)[0].open == 6
