"""A real browser in front of a real server: whatever the console or the content policy complains of fails the test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from incidents.models import User
from tests.factories import sign_in
from tests.project.world import World, build_world

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000  # milliseconds: a busy machine is no fault of ours
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# What a browser says of an answer that is meant to refuse.
EXPECTED = ("the server responded with a status of 4",)
# And of a server that is stopped on purpose.
AWAY = ("net::ERR_", "the server responded with a status of 5", "htmx:afterRequest", "htmx:sendError")

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
OpenPage = Callable[..., Page]


@dataclass
class Watched:
    """A browser window and what went wrong in it."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = EXPECTED

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(known in message.text for known in self.expected):
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium", args=ARGUMENTS
        )
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world()


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Open a window as somebody: ``open_page(user, phone=True, scheme="dark", javascript=False)``.

    With ``server`` it looks at that address, whose server may go away.
    """
    watched: list[Watched] = []
    with ExitStack() as stack:

        def open_window(user: User | None = None, *, phone: bool = False, scheme: str = "light", **more: Any) -> Page:
            base = more.pop("server", live_server.url)
            context = browser.new_context(
                base_url=base,
                viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
                has_touch=phone,
                is_mobile=phone,
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
                **{"java_script_enabled": more.pop("javascript", True), **more},
            )
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            if user is not None:
                client = Client()
                sign_in(client, user)
                name = settings.SESSION_COOKIE_NAME
                context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])
            window = Watched(context, expected=EXPECTED if base == live_server.url else EXPECTED + AWAY)
            watched.append(window)
            return watch(window, base)

        yield open_window
    assert [complaint for window in watched for complaint in window.complaints] == []
    assert [url for window in watched for url in window.foreign] == []


def watch(window: Watched, base: str) -> Page:
    """The first page of a window, with an ear on its console, its scripts and what it fetches."""
    window.context.add_init_script(REPORT_VIOLATIONS)
    page = window.context.new_page()
    page.on("console", window.hear)
    page.on("pageerror", lambda error: window.complaints.append(f"{page.url}: {error}"))
    inside = (base, "data:", "blob:", "about:")
    page.on("request", lambda request: None if request.url.startswith(inside) else window.foreign.append(request.url))
    return page


# A scheme changes colours and nothing else: all rules are tried in the light, those about colours in the dark too.
RULES_ON_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# Until what was changed has been painted: two frames, because nothing fades for who wants no motion.
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def objections(page: Page) -> list[str]:
    """What axe has against the page: in the light by all its rules, in the dark by those about colours."""
    page.emulate_media(color_scheme="light")
    violations = [("light", each) for each in Axe().run(page).response["violations"]]
    page.emulate_media(color_scheme="dark")
    page.evaluate(PAINTED)
    violations += [("dark", each) for each in Axe().run(page, options=RULES_ON_COLOURS).response["violations"]]
    page.emulate_media(color_scheme="light")
    return [
        f"{page.url} {scheme} {each['impact']} {each['id']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
        for scheme, each in violations
    ]
