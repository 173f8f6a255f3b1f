"""The library: what is in it for whom, its filters, its pages, its cost."""

import datetime as dt
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.enums import Role, Severity, Status
from incidents.models import IncidentMember, Tag
from incidents.paging import keyset_page
from postmortems import querysets
from postmortems.models import Postmortem
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_published, make_service
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

URL = "/postmortems/"


def titles(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200
    return [postmortem.published_title for postmortem in response.context["page"].rows]


def incident(**fields):
    return make_incident(**{"status": Status.RESOLVED, **fields})


def test_who_finds_what():
    member = client_of(Role.READER)
    private = incident(is_private=True)
    IncidentMember.objects.create(incident=private, user=member.user)
    make_published(title="Internal")
    make_published(title="Public", public=True)
    make_published(private, title="Private")
    make_postmortem(title="Draft")
    retracted = make_published(title="Retracted", public=True)
    Postmortem.objects.filter(pk=retracted.pk).update(status="retracted")
    for client, found in (
        (Client(), ["Public"]),
        (client_of(""), ["Public"]),
        (client_of(Role.READER), ["Public", "Internal"]),
        (client_of(Role.EDITOR), ["Public", "Internal"]),
        (member, ["Private", "Public", "Internal"]),
        (client_of(Role.ADMIN), ["Private", "Public", "Internal"]),
    ):
        assert titles(client) == found


def test_a_row_says_what_matters_and_to_the_public_less():
    here = incident(services=[make_service("Storefront")], severity=Severity.SEV1)
    earlier = incident(sort_at=timezone.now() - dt.timedelta(days=9))
    make_cause(here, same_as=make_cause(earlier))
    for status in ("done", "verified", "historical"):
        make_action_item(here, status=status)
    make_action_item(here, status="wont_do", reason="x")
    make_published(here, title="Blank page", lede="In a sentence.", public=True, happened_before=True)
    page = text_of(client_of(Role.READER).get(URL))
    inside = ("Storefront", "SEV1", "repeat", "2 of 3 action items done")
    for words in ("Blank page", "In a sentence.", "35 min", here.reference, *inside):
        assert words in page, words
    public = text_of(Client().get(URL))
    for words in ("Blank page", "In a sentence.", "35 min"):
        assert words in public
    rows = public[public.index('<div id="rows">') :]
    assert [words for words in inside if words in rows] == []


def test_each_filter():
    service, other = make_service("Checkout", slug="checkout"), make_service("Mail", slug="mail")
    one = incident(services=[service], severity=Severity.SEV1, sort_at=dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
    two = incident(services=[other], severity=Severity.SEV3)
    one.tags.add(Tag.objects.create(name="cache"))
    make_cause(one, category="code")
    make_cause(two, category="code", removed_at=timezone.now())
    make_published(one, title="Über die Kasse", lede="The till stood still.")
    make_published(two, title="Letters lost")
    reader = client_of(Role.READER)
    assert len(titles(reader)) == 2
    for query in (
        {"service": "checkout"},
        {"severity": "sev1"},
        {"category": "code"},
        {"tag": "cache"},
        {"year": "2024"},
        {"q": "über KASSE"},
        {"q": "till"},
    ):
        assert titles(reader, **query) == ["Über die Kasse"], query
    assert titles(reader, q="till lost") == []
    assert "Nothing matches" in text_of(reader.get(URL, {"q": "nowhere"}))


@pytest.mark.parametrize(
    "query",
    ["severity=sev9", "year=x", "year=99999", "service=%F0%9F%92%A5", "after=x", "after=9.9.9", "tag=' OR 1"],
)
def test_what_means_nothing_breaks_nothing(query):
    make_published()
    for client in (Client(), client_of(Role.READER)):
        assert client.get(f"{URL}?{query}").status_code == 200


def test_the_public_cannot_ask_about_what_it_does_not_see():
    """No filter but words, and those only in what is published."""
    here = incident(title="Canary title", services=[make_service(slug="secret")], severity=Severity.SEV1)
    make_published(here, title="Public", public=True)
    for query in ({"service": "other"}, {"severity": "sev4"}, {"category": "code"}, {"tag": "x"}, {"year": "1999"}):
        assert titles(Client(), **query) == ["Public"]
    assert titles(Client(), q="canary") == []
    assert titles(Client(), q="public") == ["Public"]
    form = text_of(Client().get(URL))
    assert "secret" not in form
    assert 'name="severity"' not in form


def test_pages_of_the_list(monkeypatch):
    paged = partial(keyset_page, size=2)
    monkeypatch.setattr("postmortems.views.reading.keyset_page", paged)
    for number in range(5):
        make_published(title=f"Story {number}", public=True)
    for client in (Client(), client_of(Role.READER)):
        seen, query = [], {"after": ""}
        for _page in range(3):
            response = client.get(URL, query)
            seen += [row.published_title for row in response.context["page"].rows]
            query = {"after": response.context["page"].after}
        assert seen == [f"Story {number}" for number in (4, 3, 2, 1, 0)]
    assert querysets.LIBRARY_ORDER == ("-first_published_at", "-id")


def test_as_one_types_only_the_rows_are_sent():
    make_published(title="Blank page")
    response = client_of(Role.READER).get(URL, {"q": "blank"}, headers={"HX-Request": "true"})
    page = text_of(response)
    assert "Blank page" in page
    assert "<html" not in page


def test_an_empty_library_says_what_belongs_there():
    assert "Public ones will stand here." in text_of(Client().get(URL))
    assert "the draft writes its first words itself" in text_of(client_of().get(URL))


def test_it_costs_the_same_with_two_and_twenty_rows():
    clients = (client_of(Role.READER), Client())
    counts = []
    for number in (2, 18):
        for _row in range(number):
            here = incident(services=[make_service()])
            here.tags.add(Tag.objects.create(name=f"tag {here.pk}"))
            make_cause(here)
            make_action_item(here, status="historical")
            make_published(here, public=True)
        row = []
        for client in clients:
            with CaptureQueriesContext(connection) as captured:
                assert len(titles(client)) in (2, 20)
            row.append(len(captured))
        counts.append(row)
    assert counts[0] == counts[1]
    # Session and account, services and tags to choose from, the rows, their services.
    assert counts[1][0] <= 7
    assert counts[1][1] <= 2
