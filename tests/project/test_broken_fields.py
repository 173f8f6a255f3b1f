"""Broken input in every field of every form and every query: refused or taken, never an error of ours (S13)."""

from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.db import transaction
from django.test import Client

from tests.project.routes import ROWS, Route, all_routes
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
# As they stand in the body of a request: what no text can hold is written as bytes.
BROKEN = {
    "empty": "",
    "blank": quote(" \t\n\u00a0\u3000 "),
    "NUL": "%00a",
    "100 kB": "a" * 100_000,
    "deep brackets": quote("[(" * 3000),
    "lone surrogate": "%ED%A0%80",
    "half a character": "%C3",
    "number too large": str(2**63),
    "negative": "-1",
    "no number": "NaN",
    "infinite": "1e999",
    "unknown choice": "nothing-like-that",
    "turned around": quote("\u202eabc\u2066"),
    "no such day": "2026-02-30+25%3A61",
}
SOME = ("empty", "NUL", "100 kB", "lone surrogate", "number too large", "unknown choice")

# The parameters that some page reads from its address.
QUERIES = (
    *("q", "sort", "status", "severity", "service", "team", "lead", "tag", "kind", "noticed", "from", "to"),
    *("before", "after", "state", "starred", "zone", "text", "title", "next", "person", "action", "object", "since"),
    *("until", "page", "p", "o", "e", "_popup", "_to_field", "all", "whose", "type"),
)


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def fields_of(client: Client, url: str) -> dict[str, str]:
    """The names of the fields on the page of a form, with what they hold."""
    response = client.get(url)
    if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
        return {}
    root = html5lib.parse(response.content, namespaceHTMLElements=False)
    form = next((each for each in root.iter("form") if each.get("method", "") == "post" and _is_main(each)), None)
    if form is None:
        return {}
    fields = {each.get("name"): each.get("value", "") for each in form.iter("input")}
    fields |= {each.get("name"): "".join(each.itertext()) for each in form.iter("textarea")}
    fields |= {each.get("name"): _chosen(each) for each in form.iter("select")}
    return {name: value for name, value in fields.items() if name and name != "csrfmiddlewaretoken"}


def _is_main(form: Element) -> bool:
    return "sign-out" not in form.get("action", "") and "search" not in form.get("role", "")


def _chosen(select: Element) -> str:
    return next((each.get("value", "") for each in select.iter("option") if "selected" in each.attrib), "")


def forms(world: World, client: Client, *, admin: bool) -> Iterator[tuple[Route, dict[str, str]]]:
    for route in all_routes():
        row = ROWS[route.name]
        if row.status("POST", "open") in {403, 404, 405} or route.name.startswith("admin:") != admin:
            continue
        shown = fields_of(client, route.url(world)) if row.status("GET", "open") == 200 else {}
        valid = {
            name: str(value[0] if isinstance(value, list) else value) for name, value in _body(world, route).items()
        }
        yield route, {**shown, **valid}


def _body(world: World, route: Route) -> dict[str, object]:
    return ROWS[route.name].post_body(world, "open")


def send(client: Client, url: str, fields: dict[str, str], name: str, raw: str) -> int:
    rest = urlencode({other: value for other, value in fields.items() if other != name})
    with transaction.atomic():
        status = client.post(url, f"{rest}&{quote(name)}={raw}", content_type=FORM).status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("part", ["ours", "admin"])
def test_broken_input_in_any_field_is_no_error_of_ours(world: World, part: str) -> None:
    client = world.client("admin", raise_request_exception=False)
    signed_in = deepcopy(client.cookies)
    wrong, swept = [], 0

    for route, fields in forms(world, client, admin=part == "admin"):
        url = route.url(world)
        for name in fields:
            for kind in BROKEN if part == "ours" else SOME:
                # What the page did to the database is undone; what it did to the browser, here.
                client.cookies = deepcopy(signed_in)
                status = send(client, url, fields, name, BROKEN[kind])
                swept += 1
                if status not in {200, 302, 400, 403, 404, 409, 422, 429}:
                    wrong.append(f"{url} {name}, {kind}: {status}")

    assert not wrong, "\n".join(wrong)
    assert swept >= (1500 if part == "ours" else 300)


def test_broken_queries_are_no_error_of_ours(world: World) -> None:
    client = world.client("admin", raise_request_exception=False)
    wrong, swept = [], 0

    for route in looked_at():
        for kind in SOME:
            # All at once where that is taken; one by one where it is refused, because the first refusal hides the rest.
            packed = "&".join(f"{name}={BROKEN[kind][:5000]}" for name in QUERIES)
            queries = [packed] if kind != "100 kB" else []
            if not queries or client.get(f"{route.url(world)}?{packed}").status_code != 200:
                queries = [f"{name}={BROKEN[kind][:5000]}" for name in QUERIES]
            for query in queries:
                status = client.get(f"{route.url(world)}?{query}").status_code
                swept += query.count("=")
                if status not in {200, 302, 400, 422}:
                    wrong.append(f"{route.url(world)}?{query[:200]}, {kind}: {status}")

    assert not wrong, "\n".join(wrong)
    assert swept >= 2000


def looked_at() -> list[Route]:
    """The addresses that read their query: lists, logs, echoes and the pages of an incident."""
    pages = [route for route in all_routes() if ROWS[route.name].status("GET", "open") == 200]
    ends = ("list", "log", "export", "echo", "_changelist", "open-now")
    names = {"incident", "timeline", "incident-audit", "today"}
    return [route for route in pages if route.name.endswith(ends) or route.name in names]
