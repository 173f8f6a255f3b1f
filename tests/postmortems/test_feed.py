"""The Atom feed of public postmortems."""

from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.enums import Role, Status
from postmortems.models import Postmortem
from postmortems.views.feed import ENTRIES
from tests.factories import make_incident, make_published
from tests.incident_pages import client_of
from tests.postmortems.pages import review

pytestmark = pytest.mark.django_db

URL = "/postmortems/feed/"
ATOM = "{http://www.w3.org/2005/Atom}"


def feed(client=None):
    response = (client or Client()).get(URL)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def entries(client=None):
    return [entry.findtext(f"{ATOM}title") for entry in feed(client).findall(f"{ATOM}entry")]


def test_it_holds_what_is_public_for_everybody(settings):
    settings.ORG_NAME = "Kettle & Sons"
    make_published(title="Internal")
    public = make_published(title="First", lede="A sentence & more.", public=True)
    make_published(title="Second", public=True)
    for client in (Client(), client_of(Role.ADMIN), client_of("")):
        assert entries(client) == ["Second", "First"]
    root = feed()
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}title") == "Kettle & Sons postmortems"
    assert root.findtext(f"{ATOM}updated")
    (_second, first) = root.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}summary") == "A sentence & more."
    assert first.find(f"{ATOM}link").get("href").endswith(public.get_absolute_url())
    assert first.findtext(f"{ATOM}published") == first.findtext(f"{ATOM}updated")


def test_an_empty_feed_stays_the_same_and_one_that_is_not_says_when_it_changed():
    first = Client().get(URL)
    second = Client().get(URL)
    assert (first.content, first["ETag"]) == (second.content, second["ETag"])
    published = make_published(public=True)
    assert feed().findtext(f"{ATOM}updated") == published.published_at.isoformat()


def test_what_is_withdrawn_leaves_it():
    postmortem = make_published(title="Gone", public=True)
    assert entries() == ["Gone"]
    review(client_of(Role.EDITOR), postmortem, "publish", "Put right")
    assert entries() == []


def test_characters_that_xml_cannot_hold_are_left_out():
    postmortem = make_published(public=True)
    Postmortem.objects.filter(pk=postmortem.pk).update(
        published_title="Bell \x07 and <b>]]></b> \x0b\x1f\ufffe", published_lede="\x08 fine \U0001f600 \x85"
    )
    assert entries() == ["Bell  and <b>]]></b> "]


def test_the_id_of_an_entry_stays_when_its_title_changes():
    postmortem = make_published(title="First", public=True)
    before = feed().find(f"{ATOM}entry").findtext(f"{ATOM}id")
    Postmortem.objects.filter(pk=postmortem.pk).update(published_title="Second")
    assert feed().find(f"{ATOM}entry").findtext(f"{ATOM}id") == before


def test_it_costs_one_query_and_has_an_end():
    for number in range(3):
        make_published(make_incident(status=Status.RESOLVED), title=f"Story {number}", public=True)
    with CaptureQueriesContext(connection) as captured:
        assert len(entries()) == 3
    assert len(captured) == 1
    assert ENTRIES == 50
