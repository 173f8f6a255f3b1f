"""The first page: what is open, gravest first; what was over lately; what runs; and what it costs."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.enums import IncidentKind, Role, Severity, Status
from incidents.models import Impact
from tests.factories import make_incident, make_service, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

MAX_QUERIES = 13


def test_what_is_open_stands_first_gravest_first_and_newest_within():
    now = timezone.now()
    for title, severity, age in (
        *(("four", Severity.SEV4, 1), ("two old", Severity.SEV2, 9), ("two new", Severity.SEV2, 2)),
        *(("who knows", Severity.UNKNOWN, 1), ("one", Severity.SEV1, 5), ("three", Severity.SEV3, 3)),
    ):
        make_incident(title=title, severity=severity, now=now - dt.timedelta(hours=age))
    page = client_of(Role.READER).get("/")
    titles = [one.title for one in page.context["open_incidents"]]
    assert titles == ["one", "two new", "two old", "who knows", "three", "four"]
    assert "6 incidents are open." in text_of(page)


@pytest.mark.parametrize("status", Status.values)
def test_each_status_stands_where_it_belongs(status):
    incident = make_incident(status=status, title="Somewhere")
    context = client_of().get("/").context
    open_here, over_here = incident in context["open_incidents"], incident in context["lately"]
    assert (open_here, over_here) == {
        "resolved": (False, True),
        "closed": (False, True),
        "cancelled": (False, False),
    }.get(status, (True, False))


def test_an_open_incident_says_its_impact_its_lead_and_how_long():
    incident = make_incident(incident_lead=make_user("Ada"), services=[make_service("Storefront")])
    for what in ("cannot pay", "cannot search"):
        Impact.objects.create(incident=incident, what=what)
    page = text_of(client_of(Role.READER).get("/"))
    for words in ("cannot pay", "incident lead Ada", "since impact", "Storefront", "1 open"):
        assert words in page
    assert "cannot search" not in page
    make_incident()
    assert "nobody has it yet" in text_of(client_of().get("/"))


def test_what_is_private_shows_to_its_members_and_is_counted_for_nobody_else():
    service, member = make_service("Storefront"), client_of()
    make_incident(title="CANARY", is_private=True, declared_by=member.user, services=[service])
    make_incident(title="CANARY", is_private=True, status=Status.CLOSED, services=[service])
    outside = text_of(client_of(Role.EDITOR).get("/"))
    assert "CANARY" not in outside
    assert "Nothing is open." in outside
    assert "nothing open" in outside
    assert text_of(member.get("/")).count("CANARY") == 1


def test_an_empty_house_says_what_to_do():
    assert "No services yet." in text_of(client_of().get("/"))
    assert "Report a problem" in text_of(client_of(Role.READER).get("/"))
    assert "Declare an incident" in text_of(client_of().get("/"))
    near_miss = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, title="Nearly")
    assert near_miss in client_of().get("/").context["lately"]


def test_a_reader_finds_the_services_first_and_a_responder_the_incidents():
    make_incident(title="Blank front page", services=[make_service("Storefront")])
    assert_order(client_of(Role.READER).get("/"), 'id="services"', "<h2><a href")
    assert_order(client_of().get("/"), "<h2><a href", 'id="services"')


def assert_order(response, first, second):
    page = text_of(response)
    assert 0 < page.index(first) < page.index(second)


def test_nothing_is_written_and_other_methods_are_refused():
    client = client_of()
    assert client.post("/").status_code == 405
    assert client.get("/", {"x": "\ud7ff" * 1000}).status_code == 200


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured]


def test_it_costs_the_same_with_two_and_with_twenty_rows():
    client = client_of()

    def fill(count):
        for number in range(count):
            service = make_service()
            for status in (Status.INVESTIGATING, Status.RESOLVED):
                incident = make_incident(status=status, services=[service], incident_lead=make_user())
                Impact.objects.create(incident=incident, what=f"Nr {number}")

    fill(2)
    few = queries(client, "/")
    fill(18)
    many = queries(client, "/")
    assert len(few) == len(many), "\n".join(many)
    assert len(many) <= MAX_QUERIES, "\n".join(many)
