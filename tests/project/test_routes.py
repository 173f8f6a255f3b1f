"""Every address × method × person × state of the object answers as the table in `routes` says, and never with 5xx."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from incidents.models import Impact, TimelineEvent
from tests.project import routes
from tests.project.routes import ANONYMOUS, ROWS, WITHOUT_FORM, Route, Row, all_routes, states_of
from tests.project.world import ACTORS, OUTSIDERS, STATES, World, build_world

pytestmark = pytest.mark.django_db

STANDING = {
    "no_role": routes.ACCOUNT,
    "reader": routes.READER,
    "member": routes.READER,
    "responder": routes.RESPONDER,
    "team_lead": routes.RESPONDER,
    "incident_lead": routes.MANAGER,
    "editor": routes.EDITOR,
    "admin": routes.ADMIN,
}
# Signing in again leads to the first page.
WHILE_SIGNED_IN = {"sign-in": {"GET": 302, "POST": 302}}
BIG = 2**63


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def expected(route: Route, row: Row, actor: str, state: str, method: str) -> int:
    """The status that the rules of the product ask for."""
    allowed = row.status(method, state)
    if route.name in ANONYMOUS and row.may == routes.READER:
        return _published(actor, method, allowed)
    if actor == "anonymous":
        return allowed if row.may == routes.ANYONE else 302
    if route.name in WHILE_SIGNED_IN:
        return WHILE_SIGNED_IN[route.name][method]
    if actor == "no_role" and row.may > routes.ACCOUNT:
        return 403
    if allowed == 405 and row.method_first:
        return 405
    if route.hangs_on_incident and state == "private":
        if actor in OUTSIDERS:
            return 404
        if actor == "admin" and route.name != "open-private":
            return 403  # has not said yet to be looking
    if allowed == 404 and row.told_absent is not None and STANDING[actor] >= row.told_absent:
        return 404
    may = row.may_post if method == "POST" and row.may_post is not None else row.may
    return allowed if STANDING[actor] >= may else row.refused


def _published(actor: str, method: str, allowed: int) -> int:
    """A page that is anonymous because it may be public: to who may not read it, it is not there."""
    return 405 if method == "POST" else 404 if actor in {"anonymous", "no_role"} else allowed


def ask(client: Client, method: str, url: str, body: Mapping[str, Any]) -> HttpResponse:
    """Send the request, and take back what it changed."""
    with transaction.atomic():
        response = client.get(url) if method == "GET" else client.post(url, body)
        transaction.set_rollback(True)
    return response  # type: ignore[return-value]


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    names = [route.name for route in all_routes()]

    assert sorted(names) == sorted(ROWS)


def test_only_the_listed_routes_are_open_to_who_is_not_signed_in(world: World) -> None:
    found = set()
    for route in all_routes():
        view = resolve(route.url(world)).func
        if not getattr(view, "login_required", True):
            found.add(route.name)

    assert found == ANONYMOUS


@pytest.mark.parametrize("actor", ACTORS)
def test_every_route_answers_as_the_table_says(world: World, actor: str) -> None:
    wrong, swept, statuses = [], 0, set()

    for route in all_routes():
        row = ROWS[route.name]
        for state in states_of(route):
            for method in ("GET", "POST"):
                client = world.client(actor, raise_request_exception=False)
                url = route.url(world, state) + (f"?{row.query}" if row.query and method == "GET" else "")
                response = ask(client, method, url, row.post_body(world, state) if method == "POST" else {})
                wanted = expected(route, row, actor, state, method)
                swept += 1
                statuses.add(response.status_code)
                if response.status_code != wanted:
                    wrong.append(f"{method} {url} ({route.name}, {state}): {response.status_code}, not {wanted}")
                elif actor == "anonymous" and wanted == 302 and route.name not in ANONYMOUS:
                    assert response["Location"].startswith("/account/sign-in/?next="), url

    assert not wrong, "\n".join(wrong)
    assert swept >= 700
    assert max(statuses) < 500


def test_an_admin_who_said_so_gets_into_the_private_incident(world: World) -> None:
    client = world.client("admin")
    client.post(f"/incidents/{world.incidents['private'].reference}/members/open/")
    swept = 0

    for route in all_routes():
        if route.hangs_on_incident and ROWS[route.name].status("GET", "private") == 200:
            address = f"{route.url(world, 'private')}?{ROWS[route.name].query}"
            assert client.get(address).status_code == 200, route.name
            swept += 1

    assert swept >= 15


def test_keys_that_cannot_be_are_not_found(world: World) -> None:
    swept = 0

    for route in all_routes():
        keys = [name for name in route.names if name.endswith("_id") or name in {"pk", "reference", "slug", "code"}]
        if route.name.startswith("admin:") or "session_id" in route.names:
            continue
        for name in keys:
            for value in (0, -1, BIG, "INC-0", f"INC-{BIG}", "nothing"):
                url = _with(route, world, name, value)
                for method in ("GET", "POST"):
                    status = ask(world.client("admin"), method, url, {}).status_code
                    assert status == 404 or (status == 405 and method == "GET") or status == 405, f"{method} {url}"
                    swept += 1

    assert swept >= 500


def test_records_that_cannot_be_are_not_found_in_the_admin(world: World) -> None:
    swept = 0

    for route in all_routes():
        if not route.name.startswith("admin:incidents_") or "object_id" not in route.names:
            continue
        for value in ("0", "-1", str(BIG), "nothing", "_5F"):
            url = "/" + route.pattern.replace("<path:object_id>", value)
            status = ask(world.client("admin"), "GET", url, {}).status_code
            assert status in {302, 403, 404}, f"{url}: {status}"
            swept += 1

    assert swept >= 100


def _with(route: Route, world: World, name: str, value: object) -> str:
    """The address of the route with one key replaced by text, whatever its converter thinks of that."""
    marks = {key: f"@{key}@" for key in route.names}
    address = "/" + route.pattern
    values = world.arguments() | {"token": world.arguments()["reset_token"]}
    for key in marks:
        for converter in ("int", "slug", "str", "path"):
            shown = str(value) if key == name else str(values[key])
            address = address.replace(f"<{converter}:{key}>", shown)
    return address


def test_what_hangs_on_another_incident_is_not_found_here(world: World) -> None:
    foreign_event: TimelineEvent = world.events["resolved"]
    foreign_impact: Impact = world.impacts["resolved"]
    hidden_event = world.events["private"]
    swept = 0

    for route in all_routes():
        for name, foreign in (
            ("event_id", foreign_event.pk),
            ("event_id", hidden_event.pk),
            ("impact_id", foreign_impact.pk),
        ):
            if name not in route.names:
                continue
            url = route.url(world, "open", **{name: foreign})
            row = ROWS[route.name]
            for method, status in (("GET", row.status("GET", "open")), ("POST", row.status("POST", "open"))):
                wanted = 405 if status == 405 else 404
                assert ask(world.client("admin"), method, url, {}).status_code == wanted, f"{method} {url}"
                swept += 1

    assert swept >= 28


def test_no_unsafe_request_is_taken_without_the_token_of_a_form(world: World) -> None:
    swept = 0

    for route in all_routes():
        if route.name in WITHOUT_FORM:
            continue
        for actor in ("admin", "anonymous"):
            client = world.client(actor, enforce_csrf_checks=True)
            for method in ("post", "put", "patch", "delete"):
                response = getattr(client, method)(route.url(world))
                assert response.status_code == 403, f"{method} {route.name} as {actor}: {response.status_code}"
                swept += 1
        assert b"csrf" in response.content.lower() or response.status_code == 403

    assert swept >= 8 * (len(ROWS) - len(WITHOUT_FORM))


def test_a_form_with_its_token_is_taken(world: World) -> None:
    client = world.client("admin", enforce_csrf_checks=True)
    page = client.get("/services/new/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    response = client.post("/services/new/", {"name": "With token", "csrfmiddlewaretoken": token})

    assert response.status_code == 302


def test_every_answer_carries_the_headers(world: World, settings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_SSL_REDIRECT = False
    swept = 0

    for route in all_routes():
        for actor in ("anonymous", "admin", "no_role"):
            response = world.client(actor).get(route.url(world), secure=True)
            policy = response["Content-Security-Policy"]
            # A picture that is opened by itself may do nothing at all.
            is_picture = response["Content-Type"].startswith("image/")
            assert ("default-src 'none'; sandbox;" if is_picture else "default-src 'self'") in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "data:" not in policy
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Referrer-Policy"] == "same-origin"
            assert response["X-Frame-Options"] == "DENY"
            assert response["Cross-Origin-Resource-Policy"] == "same-origin"
            assert response["Cross-Origin-Opener-Policy"] == "same-origin"
            assert response["Strict-Transport-Security"] == "max-age=60"
            caching = response["Cache-Control"]
            assert "no-store" in caching or ("private" in caching and "no-cache" in caching), route.name
            for cookie in response.cookies.values():
                assert cookie["httponly"]
                assert cookie["samesite"] == "Lax"
            swept += 1

    assert swept == 3 * len(ROWS)


def test_what_should_leave_no_copy_in_a_browser_says_so(world: World) -> None:
    """Account, admin, links that let somebody in, and private incidents."""
    lead = world.client("incident_lead")
    private = f"/incidents/{world.incidents['private'].reference}/"

    for client, url in (
        (lead, private),
        (lead, f"{private}timeline/"),
        (lead, f"{private}audit/"),
        (lead, "/account/"),
        (world.client("admin"), "/admin/"),
        (world.client("admin"), "/people/invite/"),
    ):
        assert "no-store" in client.get(url)["Cache-Control"], url
    assert STATES[-1] == "private"
