"""Every page as each role that is let in: no policy violated, nothing too wide, nothing that axe objects to."""

import pytest
from playwright.sync_api import Page

from incidents.models import Incident
from tests.e2e.conftest import PHONE, OpenPage, objections
from tests.project.routes import ACCOUNT, ADMIN, ANYONE, EDITOR, MANAGER, READER, ROWS, Route, all_routes
from tests.project.world import World

# The pages that people spend their time on, by the name of the route; looked at wide and on a phone, light and dark.
MAIN = (
    "sign-in",
    "password-reset",
    "today",
    "incident-new",
    "incident-list",
    "incident",
    "timeline",
    "incident-edit",
    "milestones",
    "roles",
    "members",
    "roll-call",
    "pictures",
    "impact-edit",
    "entry-edit",
    "incident-resolve",
    "incident-cancel",
    "incident-audit",
    "service-list",
    "service",
    "profile",
    "sessions",
    "people",
    "person",
    "person-invite",
    "people-import",
    "person-disable",
    "teams",
    "team",
    "team-edit",
    "severities",
    "severity",
    "setup",
    "audit-log",
    "delivery-log",
)
LONG_TITLE = "Checkout: java.lang.IllegalStateException@com.example.storefront.payment.ProviderAdapterFactoryBean " * 2


# How far each of those who walk may come.
REACH = {
    "anonymous": ANYONE,
    "no_role": ACCOUNT,
    "reader": READER,
    "incident_lead": MANAGER,
    "editor": EDITOR,
    "admin": ADMIN,
}


def pages(actor: str) -> list[Route]:
    """The addresses of pages this actor is let in to, and one that is refused; JSON, text and downloads are no pages.

    Whatever is refused looks the same. Who is refused what is asked elsewhere, of every address.
    """
    leave_out = {
        "livez",
        "readyz",
        "incident-export",
        "action-export",
        "postmortem-export",
        "insights-export",
        "postmortem-feed",
        "picture",
        "postmortem-picture",
        "entry-echo",
        "moment-echo",
        "time-echo",
        "admin:jsi18n",
        "admin:autocomplete",
    }
    found = [
        route
        for route in all_routes()
        if ROWS[route.name].status("GET", "open") in {200, 301, 302} and route.name not in leave_out
    ]
    let_in = [route for route in found if ROWS[route.name].may <= REACH[actor]]
    return [*let_in, *[route for route in found if ROWS[route.name].may > REACH[actor]][:1]]


# Everything that opens is opened, as far as it can be seen.
OPEN_ALL = "document.querySelectorAll('summary').forEach((each) => each.checkVisibility() && each.click())"
# The elements that stick out on the right, innermost first.
OFFENDERS = """[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .reverse().slice(0, 4).map((e) => `${e.tagName}.${e.className}`).join(' < ')"""


def too_wide(page: Page) -> bool:
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return bool(width[0] > width[1])


@pytest.mark.parametrize(
    ("actor", "least"),
    [("anonymous", 6), ("no_role", 10), ("reader", 20), ("incident_lead", 45), ("editor", 50), ("admin", 130)],
)
def test_no_page_violates_the_policy_or_is_too_wide(open_page: OpenPage, world: World, actor: str, least: int) -> None:
    page, wide, walked = open_page(world.people.get(actor)), [], 0
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    for route in pages(actor):
        page.goto(route.url(world))
        page.evaluate(OPEN_ALL)
        if too_wide(page) and not route.name.startswith("admin:"):
            wide.append(page.url)
        walked += 1

    assert not wide, "\n".join(wide)
    assert walked >= least


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_axe_has_nothing_to_object_to(open_page: OpenPage, world: World, phone: bool) -> None:
    routes = {route.name: route for route in all_routes()}
    states = {"incident": ("open", "resolved", "cancelled"), "incident-new": ("open",)}
    admin = open_page(world.people["admin"], phone=phone)
    stranger = open_page(phone=phone)
    found: list[str] = []
    looked = 0

    for name in MAIN:
        page = stranger if name in {"sign-in", "password-reset"} else admin
        for state in states.get(name, ("open",)):
            page.goto(routes[name].url(world, state))
            found += objections(page)
            looked += 1

    assert not found, "\n".join(found)
    assert looked >= len(MAIN)


def test_a_fault_would_have_been_seen(open_page: OpenPage, world: World) -> None:
    """Axe, the ruler and the ear on the console all work."""
    page = open_page(world.people["reader"], phone=True)
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x><div class=wide></div>')")
    page.evaluate("Object.assign(document.querySelector('.wide').style, {width: '2000px', height: '20px'})")

    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p class=faint>Hard to read</p>')")
    page.evaluate("Object.assign(document.querySelector('.faint').style, {background: '#111', color: '#222'})")

    found = objections(page)
    assert any("light critical image-alt" in each for each in found), found
    assert any("dark serious color-contrast" in each for each in found), found
    assert too_wide(page)


def test_the_policy_would_have_been_heard(open_page: OpenPage, world: World) -> None:
    page = open_page(world.people["reader"])
    heard: list[str] = []
    context = page.context.browser.new_context(base_url=page.url)
    other = context.new_page()
    other.on("console", lambda message: heard.append(message.text))
    page.goto("/")
    other.goto(page.url)
    other.evaluate("document.body.insertAdjacentHTML('beforeend', '<b style=color:red onclick=alert(1)>x</b>')")
    other.wait_for_timeout(300)
    context.close()

    assert any("Content Security Policy" in text for text in heard)


def test_long_words_do_not_widen_a_page(open_page: OpenPage, world: World) -> None:
    title = LONG_TITLE[:200].strip()
    incident = world.incidents["open"]
    Incident.objects.filter(pk=incident.pk).update(title=title, title_key=title.casefold(), summary="x" * 400)
    incident.impacts.update(what="y" * 300)
    incident.timeline.update(evidence="https://example.org/" + "z" * 300)
    page = open_page(world.people["incident_lead"], phone=True)
    wide = []

    for url in (
        "/",
        "/incidents/",
        *(f"{incident.get_absolute_url()}{part}" for part in ("", "timeline/", "edit/", "audit/")),
    ):
        page.goto(url)
        if too_wide(page):
            wide.append(f"{url}: {page.evaluate(OFFENDERS)}")

    assert not wide, "\n".join(wide)
