"""Looking changes nothing (S7): all pages and all links on them are followed, and the database stays as it was."""

import hashlib
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from django.db import connection

from incidents.models import Incident
from tests.project.surfaces import addresses
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

MOST_LINKS = 250  # a person, besides the pages of all routes


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def digest_of_database() -> str:
    """One number for every row of every table."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = sorted(repr(row) for row in cursor.fetchall())
            digest.update(f"{table}{rows}".encode())
    return digest.hexdigest()


def links_of(page: bytes, base: str) -> set[str]:
    """Where a page leads on this site, its forms that only ask included."""
    root = html5lib.parse(page, namespaceHTMLElements=False)
    found = {element.get("href", "") for element in root.iter("a")}
    found |= {form.get("action", "") for form in root.iter("form") if form.get("method", "get").lower() == "get"}
    inside = {urljoin(base, link) for link in found if link and not link.startswith(("mailto:", "tel:"))}
    return {urlsplit(url)._replace(fragment="").geturl() for url in inside if not urlsplit(url).netloc}


@pytest.mark.parametrize("actor", ["admin", "incident_lead", "reader"])
def test_following_every_link_changes_nothing_and_none_is_broken(world: World, actor: str) -> None:
    world.people["responder"] = world.people["incident_lead"]
    client = world.client(actor, raise_request_exception=False)
    pages = [url for _name, url in addresses(world, word="front")]
    client.get("/")
    before, broken, followed, linked = digest_of_database(), [], set[str](), set[str]()

    for url in pages:
        response = client.get(url)
        assert response.status_code < 500, url
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            linked |= links_of(response.content, url)
    for url in sorted(linked - set(pages))[:MOST_LINKS]:
        status = client.get(url).status_code
        followed.add(url)
        if status not in {200, 301, 302}:
            broken.append(f"{url}: {status}")

    assert digest_of_database() == before
    assert not broken, "\n".join(broken)
    assert len(pages) >= 100
    assert len(followed) >= 15


def test_a_change_would_have_been_seen(world: World) -> None:
    before = digest_of_database()

    Incident.objects.filter(pk=world.incidents["open"].pk).update(version=99)

    assert digest_of_database() != before
