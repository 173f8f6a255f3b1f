"""The list of incidents: who sees what, each filter, each order, and what it costs."""

import datetime as dt
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.enums import DetectedBy, IncidentKind, Milestone, Precision, Role, Severity, Status
from incidents.models import Incident, IncidentMember, Tag
from tests.factories import make_incident, make_service, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db

URL = "/incidents/"
MAX_QUERIES = 8


@pytest.fixture
def reader(client):
    return sign_in(client, make_user(role=Role.READER))


def titles(client, **params):
    response = client.get(URL, params)
    assert response.status_code == 200
    return [row["title"] for row in response.context["rows"]]


def page(client, **params):
    response = client.get(URL, params)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_the_address_is_the_one_of_the_contract():
    assert reverse("incident-list") == URL
    assert reverse("incident-export") == "/incidents/export.csv"


def test_who_is_not_signed_in_is_sent_to_sign_in(client):
    response = client.get(URL)
    assert response.status_code == 302
    assert response.url.startswith(reverse("sign-in"))


def test_without_a_role_it_is_forbidden_and_a_reader_may(client):
    sign_in(client, make_user(role=""))
    assert client.get(URL).status_code == 403
    sign_in(client, make_user(role=Role.READER))
    assert client.get(URL).status_code == 200


def test_a_row_says_what_matters(client, reader):
    lead = make_user("Ada Okoro")
    start = dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)
    incident = make_incident(
        status=Status.RESOLVED,
        incident_lead=lead,
        services=[make_service("Storefront"), make_service("Checkout")],
        impact_started_at=start,
        resolved_at=start + dt.timedelta(minutes=33),
    )
    reader.time_zone = "Africa/Johannesburg"
    reader.save()
    html = page(client)
    assert f'href="{incident.get_absolute_url()}">Blank front page</a>' in html
    for words in ("SEV2", incident.reference, "Checkout, Storefront", "Resolved", "33 min", "Ada Okoro"):
        assert words in html
    assert "01:30 <small>6 Jan 2026, GMT+2</small>" in html


def test_what_is_open_says_for_how_long(client, reader):
    make_incident(sort_at=timezone.now() - dt.timedelta(minutes=65, seconds=5))
    assert "open for 1 h 05 min" in page(client)


def test_a_length_that_is_only_a_bound_says_so(client, reader):
    make_incident(status=Status.RESOLVED, impact_started_precision=Precision.NOT_LATER)
    assert "≥ 35 min" in page(client)


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"kind": IncidentKind.DRILL}, "drill"),
        ({"kind": IncidentKind.NEAR_MISS}, "near miss"),
        ({"kind": IncidentKind.BACKFILL}, "imported history"),
        ({"is_example": True}, "worked example"),
        ({"status": Status.CANCELLED}, "Cancelled"),
    ],
)
def test_what_is_unlike_the_others_is_marked(client, reader, fields, mark):
    make_incident(title="Plain")
    make_incident(title="Marked", **fields)
    rows = page(client).split("<tbody>")[1].split("</tr>")
    assert mark in next(row for row in rows if "Marked" in row)
    assert mark not in next(row for row in rows if "Plain" in row)


def test_hostile_titles_are_text(client, reader):
    make_incident(title="<script>alert(1)</script>", services=[make_service("<b>x</b>")])
    html = client.get(URL).content.decode()
    assert "<script>alert" not in html
    assert "<b>x" not in html
    assert "&lt;script&gt;alert(1)" in html


# Who sees what


def test_private_incidents_are_only_for_their_members(client, reader):
    mine = make_incident(title="Mine", is_private=True)
    make_incident(title="Canary", is_private=True, incident_lead=make_user("Canary lead"))
    IncidentMember.objects.create(incident=mine, user=reader)
    html = page(client)
    assert "Mine" in html
    assert "private" in html.split("<tbody>")[1]
    assert "Canary" not in html


def test_an_admin_sees_private_ones(client):
    sign_in(client, make_user(role=Role.ADMIN))
    make_incident(title="Canary", is_private=True)
    assert titles(client) == ["Canary"]


def test_the_lists_to_choose_from_tell_nothing_of_private_incidents(client, reader):
    hidden = make_incident(is_private=True, incident_lead=make_user("Canary lead"))
    hidden.tags.add(Tag.objects.create(name="canary-tag"))
    shown = make_incident(incident_lead=make_user("Known lead"))
    shown.tags.add(Tag.objects.create(name="known-tag"))
    html = page(client)
    assert "Canary lead" not in html
    assert "canary-tag" not in html
    assert "Known lead" in html
    assert "known-tag" in html


def test_a_tag_of_private_incidents_is_as_unknown_as_one_that_does_not_exist(client, reader):
    make_incident(is_private=True).tags.add(Tag.objects.create(name="canary-tag"))
    answers = [client.get(URL, {"tag": name}).context["filters"].errors["tag"] for name in ("canary-tag", "nothing")]
    assert answers[0] == answers[1]


# Filters


@pytest.fixture
def two(reader):
    """An incident with everything, and one with nothing of that."""
    lead, team, service = make_user("Ada"), make_team("Payments"), make_service("Checkout", slug="checkout")
    wanted = make_incident(
        title="Äpfel in the checkout",
        severity=Severity.SEV1,
        status=Status.MONITORING,
        incident_lead=lead,
        team=team,
        services=[service],
        detected_by=DetectedBy.USERS,
    )
    wanted.tags.add(Tag.objects.create(name="dns"))
    make_incident(title="Other", severity=Severity.SEV4, status=Status.CLOSED, kind=IncidentKind.BACKFILL)
    return {"lead": lead.pk, "team": team.pk, "kind": "incident"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("q", "checkout"), ("q", "äPFEL"), ("q", "  checkout ")),
        *(("severity", "sev1"), ("severity", ["sev1", "sev2"]), ("status", "monitoring"), ("status", "open")),
        *(("status", ["open", "cancelled"]), ("service", "checkout"), ("tag", "dns"), ("detected_by", "users")),
        *(("team", None), ("lead", None), ("kind", None)),
    ],
)
def test_a_filter_finds_the_one_and_not_the_other(client, two, name, value):
    value = two[name] if value is None else value
    assert titles(client, **{name: value}) == ["Äpfel in the checkout"]


def test_filters_add_up(client, two):
    assert titles(client, severity="sev1", status="open", service="checkout", tag="dns", lead=two["lead"])
    assert titles(client, severity="sev4", status="open") == []


@pytest.mark.parametrize("text", ["INC-2", "inc-2", "Inc 2", "2", "#2", " inc-2 "])
def test_an_incident_is_found_by_its_number(client, reader, text):
    make_incident(title="First")
    make_incident(title="Second")
    make_incident(title="A drill", kind=IncidentKind.DRILL)
    assert titles(client, q=text) == ["Second"]


def test_a_drill_is_found_by_its_number(client, reader):
    make_incident(title="Real")
    make_incident(title="A drill", kind=IncidentKind.DRILL)
    assert titles(client, q="DRILL-1") == ["A drill"]
    assert set(titles(client, q="1")) == {"A drill", "Real"}


def test_a_number_in_a_title_is_found_too(client, reader):
    make_incident(title="Answers with 503")
    assert titles(client, q="503") == ["Answers with 503"]
    assert titles(client, q="504") == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"'])
def test_what_means_something_to_the_database_is_plain_text(client, reader, text):
    make_incident(title="Plain")
    make_incident(title=f"With {text} in it")
    assert titles(client, q=text) == [f"With {text} in it"]


def test_days_begin_and_end_where_the_reader_is(client, reader):
    make_incident(title="Sixth in Johannesburg", sort_at=dt.datetime(2026, 1, 5, 22, 0, tzinfo=dt.UTC))
    make_incident(title="Fifth in Johannesburg", sort_at=dt.datetime(2026, 1, 5, 21, 59, tzinfo=dt.UTC))
    reader.time_zone = "Africa/Johannesburg"
    reader.save()
    assert titles(client, since="2026-01-06") == ["Sixth in Johannesburg"]
    assert titles(client, until="2026-01-05") == ["Fifth in Johannesburg"]
    assert titles(client, since="2026-01-06", until="2026-01-06") == ["Sixth in Johannesburg"]
    reader.time_zone = "UTC"
    reader.save()
    assert titles(client, since="2026-01-06") == []


def test_a_period_reaches_back_from_now(client, reader):
    make_incident(title="New", sort_at=timezone.now() - dt.timedelta(days=6))
    make_incident(title="Old", sort_at=timezone.now() - dt.timedelta(days=8))
    assert titles(client, period="7d") == ["New"]
    assert titles(client, period="30d") == ["New", "Old"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("severity", "sev9"),
            ("status", "burning"),
            ("service", "no-such"),
            ("team", "0"),
            ("team", "x"),
            ("kind", "-"),
        ),
        *(
            ("lead", str(2**63)),
            ("lead", "-1"),
            ("tag", "'"),
            ("detected_by", "nobody"),
            ("period", "1d"),
            ("sort", "title"),
        ),
        *(("since", "yesterday"), ("since", "0001-01-01"), ("until", "9999-12-31"), ("until", "2026-02-30")),
        ("q", "x" * 201),
    ],
)
def test_an_unknown_value_gets_a_message_and_narrows_nothing(client, two, name, value):
    response = client.get(URL, {name: value})
    assert response.status_code == 200
    assert len(response.context["rows"]) == 2
    message = response.context["filters"].errors[name][0]
    assert f'<p class="invalid-feedback">{message}</p>' in unescape(response.content.decode())
    assert response.context["filters"].active == []


def test_of_several_values_the_known_ones_count(client, two):
    response = client.get(URL, {"severity": ["sev1", "sev9"]})
    assert [row["title"] for row in response.context["rows"]] == ["Äpfel in the checkout"]
    assert response.context["filters"].errors["severity"]


def test_a_last_day_before_the_first_is_pointed_out(client, two):
    response = client.get(URL, {"since": "2020-01-02", "until": "2020-01-01"})
    assert "before the first day" in response.context["filters"].errors["until"][0]
    assert len(response.context["rows"]) == 2


@pytest.mark.parametrize("query", ["severity=%00", "q=%ff", "after=%00", "q[]=1", "&&&", "status=open&status=open&x=1"])
def test_odd_addresses_never_end_in_an_error(client, two, query):
    assert client.get(f"{URL}?{query}").status_code in (200, 400)


def test_active_filters_are_chips_that_take_themselves_away(client, two):
    response = client.get(URL, {"severity": ["sev1", "sev2"], "q": "checkout", "sort": "number", "after": "1.1"})
    chips = {f"{chip.label}: {chip.value}": chip.remove_url for chip in response.context["filters"].active}
    assert set(chips) == {"Title or number: checkout", "Severity: SEV1", "Severity: SEV2"}
    assert chips["Severity: SEV1"] == "?" + urlencode([("q", "checkout"), ("severity", "sev2"), ("sort", "number")])
    for url in chips.values():
        assert f'href="{url}"' in unescape(response.content.decode())


def test_a_chosen_service_is_named_on_its_chip(client, two):
    assert "Service: Checkout" in page(client, service="checkout")


def test_the_chosen_one_is_offered_even_where_there_are_too_many_to_offer(client, reader, monkeypatch):
    monkeypatch.setattr("incidents.forms.incident_filters.MAX_OPTIONS", 1)
    make_service("Aa", slug="aa")
    make_incident(title="Last", services=[make_service("Zz", slug="zz")])
    assert 'value="zz"' not in page(client)
    assert titles(client, service="zz") == ["Last"]


# Orders and pages


def test_each_order(client, reader):
    start = dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
    make_incident(title="a", severity=Severity.SEV3, sort_at=start)
    make_incident(title="b", severity=Severity.UNKNOWN, sort_at=start + dt.timedelta(days=2))
    make_incident(title="c", severity=Severity.SEV1, sort_at=start + dt.timedelta(days=1))
    make_incident(title="d", severity=Severity.SEV3, sort_at=start + dt.timedelta(days=3))
    assert titles(client) == ["d", "b", "c", "a"]
    assert titles(client, sort="newest") == ["d", "b", "c", "a"]
    assert titles(client, sort="oldest") == ["a", "c", "b", "d"]
    assert titles(client, sort="severity") == ["c", "b", "d", "a"]
    assert titles(client, sort="number") == ["d", "c", "b", "a"]


def test_pages_keep_filters_and_order(client, reader):
    for i in range(60):
        make_incident(title=f"n{i:02}", severity=Severity.SEV1)
    make_incident(title="other", severity=Severity.SEV4)
    first = client.get(URL, {"severity": "sev1", "sort": "oldest"})
    assert len(first.context["rows"]) == 50
    assert first.context["before_url"] == ""
    second = client.get(URL + first.context["after_url"])
    assert [row["title"] for row in second.context["rows"]] == [f"n{i}" for i in range(50, 60)]
    assert second.context["after_url"] == ""
    back = client.get(URL + second.context["before_url"])
    assert back.context["rows"] == first.context["rows"]


def test_a_changed_filter_starts_at_the_first_page(client, reader):
    make_incident()
    response = client.get(URL, {"after": "1.1", "sort": "oldest"})
    assert "after=" not in response.context["filters"].url_with(sort="severity")
    assert "after=" not in response.context["filters"].url


# Nothing to show


def test_an_empty_list_offers_to_report_or_declare(client):
    sign_in(client, make_user(role=Role.READER))
    html = page(client)
    assert "No incidents yet" in html
    assert f'href="{reverse("incident-new")}">Report that something is wrong</a>' in html
    sign_in(client, make_user(role=Role.RESPONDER))
    assert f'href="{reverse("incident-new")}">Declare an incident</a>' in page(client)


def test_when_nothing_matches_it_offers_to_clear_the_filters(client, reader):
    make_incident()
    html = page(client, q="nothing like it")
    assert "Nothing matches" in html
    assert f'href="{URL}">Clear the filters</a>' in html


# What it costs


def queries(client, **params):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(URL, params).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER, Role.ADMIN])
@pytest.mark.parametrize("params", [{}, {"q": "page", "status": "open", "service": "checkout", "sort": "severity"}])
def test_two_rows_cost_as_many_queries_as_twenty(client, role, params):
    user = sign_in(client, make_user(role=role, time_zone="Europe/Berlin"))
    service = make_service("Checkout", slug="checkout")

    def add(count):
        for _ in range(count):
            incident = make_incident(incident_lead=make_user(), declared_by=user, services=[service, make_service()])
            incident.tags.add(Tag.objects.create(name=f"tag {incident.pk}"))

    add(2)
    with_two = queries(client, **params)
    add(18)
    with_twenty = queries(client, **params)
    assert len(client.get(URL, params).context["rows"]) == 20
    assert len(with_two) == len(with_twenty) <= MAX_QUERIES, "\n".join(with_twenty)


def test_nothing_is_counted_and_visibility_is_asked_by_exists(client, reader):
    make_incident()
    statements = " ".join(queries(client, service="x", q="y"))
    assert "COUNT(" not in statements.upper()
    assert "DISTINCT" not in statements.upper()
    assert "EXISTS" in statements.upper()


def test_all_milestones_that_a_length_needs_come_with_the_row():
    make_incident(status=Status.CLOSED)
    incident = Incident.objects.for_list().get()
    needed = (Milestone.IMPACT_STARTED, Milestone.RESOLVED)
    deferred = incident.get_deferred_fields()
    assert not deferred & {f"{milestone}_{part}" for milestone in needed for part in ("at", "precision")}
    assert "summary" in deferred
