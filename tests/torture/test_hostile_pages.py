"""Hostile strings and pages in Chromium, the content policy switched off: nothing runs, nothing is fetched (S1).

``HOSTILE=folder`` takes the strings of a folder besides our own: lines of ``.txt``, and ``payload`` of each item in
``.json``. ``--log-cli-level=INFO`` says how much was looked at.
"""

import datetime as dt
import io
import json
import logging
import os
from collections.abc import Iterator
from itertools import cycle, islice, repeat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page

from incidents.models import AuditEntry, Incident, OutboxMessage, TimelineEvent
from postmortems.enums import Audience
from postmortems.models import Postmortem
from tests.deliveries import deliver
from tests.e2e.conftest import browser, world
from tests.factories import sign_in
from tests.project.hostile import STRINGS
from tests.project.surfaces import addresses
from tests.project.test_hostile_text import make_anew, text_fields
from tests.project.world import World

__all__ = ["browser", "world"]

LOG = logging.getLogger(__name__)

# What runs, says so, whichever of these it calls.
HIT = """
window.hits = [];
for (const name of ["hit", "alert", "prompt", "confirm", "print"]) window[name] = (what) => window.hits.push(`${what}`);
"""
# What would run when somebody moves, presses or waits; pages of ours hold none of it.
ARMED = """() => [...document.querySelectorAll("*")].flatMap((element) => [
  ...(element.matches("iframe, object, embed, applet, base, portal, frame") ? [element.tagName] : []),
  ...[...element.attributes].filter(({name, value}) => /^on|^hx-on|^srcdoc$/i.test(name)
    || /^\\s*(javascript|vbscript|data:text)/i.test(value)
      && /^(href|xlink:href|src|action|formaction|data)$/i.test(name)
  ).map(({name}) => `${element.tagName} ${name}`)])"""
ROUNDS = 3
# So that some of the strings can be looked at alone: `-k "fetched and 0"`.
PARTS = 8
# A text field that is long enough takes several strings, a blank line between them.
SEVERAL = 6
# The words of the strings, so that a test can see that they were there at all.
TRACES = ("hit(", "alert(", "prompt(", "javascript")


def strings() -> list[str]:
    """Our own, and those of the folder that was named."""
    found = list(STRINGS)
    if folder := os.environ.get("HOSTILE"):
        for path in sorted(Path(folder).iterdir()):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".json":
                found += [item["payload"] for item in json.loads(text)]
            elif path.suffix == ".txt":
                found += [line for line in text.splitlines() if line.strip()]
    return [text.replace("\x00", "") for text in found]


class Counted(Iterator[str]):
    """These strings, one after another and from the first again; ``count`` says how many were taken."""

    def __init__(self, texts: list[str]) -> None:
        self.count, self._endless = 0, cycle(texts)

    def __next__(self) -> str:
        self.count += 1
        return next(self._endless)


def poison(texts: Iterator[str]) -> int:
    """Write the next of these strings into every text field of every row, each into another; how many values that
    were. HTML and documents that are made of the texts are made anew.
    """
    written = 0
    for field in text_fields():
        if field.model in (AuditEntry, OutboxMessage):
            continue
        for row in field.model._default_manager.order_by("pk"):
            value = _value(field, texts, row.pk)
            if value is not None:
                field.model._default_manager.filter(pk=row.pk).update(**{field.name: value})
                written += 1
    make_anew()
    return written


def _value(field: models.Field, texts: Iterator[str], key: Any) -> Any:
    length = getattr(field, "max_length", None)
    if isinstance(field, models.JSONField):
        return list(islice(texts, SEVERAL)) if field.name == "whys" else None
    if length is None:
        return "\n\n".join(islice(texts, SEVERAL))
    text = next(texts)
    if field.name == "url":
        # The domain takes nothing else for a link.
        return f"https://example.org/{text}"[:length]
    return f"{text[: length - 12]} {key}" if field.unique or field.name == "name" else text[:length]


class Look:
    """One window without a content policy, and what ran or was fetched in it."""

    def __init__(self, browser: Browser, base: str, world: World, actor: str = "admin") -> None:
        self.context = browser.new_context(base_url=base, bypass_csp=True)
        client = Client()
        sign_in(client, world.people[actor])
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])
        self.context.add_init_script(HIT)
        self.page: Page = self.context.new_page()
        self.foreign: list[str] = []
        self.page.on("dialog", lambda dialog: dialog.dismiss())
        inside = (base, "data:", "blob:", "about:", "file:")
        self.page.on("request", lambda sent: None if sent.url.startswith(inside) else self.foreign.append(sent.url))

    def at(self, url: str) -> list[Any]:
        """What ran on this page, and what would at a touch."""
        self.page.goto(url)
        for summary in self.page.locator("summary").all()[:4]:
            if summary.is_visible():
                summary.hover()
        return self.found()

    def into(self, html: str) -> list[Any]:
        """The same of a file or a mail that is opened."""
        self.page.goto("about:blank")
        self.page.set_content(html)
        return self.found()

    def found(self) -> list[Any]:
        return [*self.page.evaluate("window.hits"), *self.page.evaluate(ARMED)]


def one_of_each(world: World, actor: str) -> list[str]:
    """An address of each page that this actor may see, in the states that differ most."""
    client = world.client(actor, raise_request_exception=False)
    chosen: dict[tuple[str, str, bool], str] = {}
    for name, url in addresses(world, word="<script>hit(0)</script>"):
        state = next((state for state, one in world.incidents.items() if f"/{one.reference}/" in url), "")
        if state in {"", "open", "resolved"} and (name, state, "?" in url) not in chosen:
            answer = client.get(url)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                chosen[name, state, "?" in url] = url
    return list(chosen.values())


def opened(world: World) -> Iterator[tuple[str, str]]:
    """HTML that leaves: the exported postmortem, and each mail that waits."""
    client = world.client("admin")
    for reference in (world.published.reference, world.incidents["resolved"].reference):
        yield f"export of {reference}", client.get(f"/postmortems/{reference}/export/html/").text
    for number, sent in enumerate(deliver(timezone.now() + dt.timedelta(days=1))):
        yield f"mail {number}: {sent.subject[:60]}", str(sent.alternatives[0][0])


@pytest.mark.parametrize(("actor", "least"), [("admin", 150), ("reader", 40)])
def test_no_page_of_all_runs_anything(browser: Browser, live_server: Any, world: World, actor: str, least: int) -> None:
    """Every page, each string in many of the fields."""
    texts = strings()
    endless = Counted(texts)
    urls = one_of_each(world, actor)
    look = Look(browser, live_server.url, world, actor)
    ran, seen, shown, turn = [], 0, 0, 0

    while turn < ROUNDS or endless.count < len(texts):
        written = poison(endless)
        for url in urls:
            ran += [f"{url}: {what}" for what in look.at(url)]
            shown += any(trace in look.page.content() for trace in TRACES)
            seen += 1
        if turn == 0:
            for name, page in opened(world):
                ran += [f"{name}: {what}" for what in look.into(page)]
                seen += 1
        turn += 1
    look.context.close()
    LOG.info("%d strings, %d rounds of %d values, %d pages, %d looks", len(texts), turn, written, len(urls), seen)

    assert not ran, "\n".join(sorted(set(ran)))
    assert look.foreign == []
    assert written >= 250
    assert len(urls) >= least
    assert shown >= seen / 3


def test_the_folder_of_plain_pages_runs_nothing(
    browser: Browser, live_server: Any, world: World, tmp_path: Path
) -> None:
    """What `export_site` writes, opened from the disk, and its search, for each string of ours."""
    look = Look(browser, live_server.url, world)
    ran, opened_files, found = [], 0, 0
    texts = Counted(STRINGS)
    Postmortem.objects.filter(incident=world.published).update(audience=Audience.PUBLIC)

    for turn in range(ROUNDS):
        poison(texts)
        folder = tmp_path / f"{turn}"
        call_command("export_site", folder, stdout=io.StringIO(), stderr=io.StringIO())
        for file in sorted(folder.glob("*.html")):
            ran += [f"{file.name}: {what}" for what in look.at(file.as_uri())]
            opened_files += 1
        look.page.goto((folder / "index.html").as_uri())
        look.page.locator("[data-search] input").fill(world.published.reference)
        found += look.page.locator("[data-search-results] li").count()
        ran += look.found()
    look.context.close()

    assert not ran, "\n".join(sorted(set(ran)))
    assert look.foreign == []
    assert (opened_files >= 3 * ROUNDS, found) == (True, ROUNDS)


def pages(world: World) -> list[str]:
    incident, resolved = (world.incidents[state].get_absolute_url() for state in ("open", "resolved"))
    return [
        *(
            "/",
            "/incidents/",
            "/incidents/new/",
            "/services/",
            f"/services/{world.service.slug}/",
            "/people/",
            "/teams/",
        ),
        *("/audit/", "/delivery/", "/setup/", "/actions/", "/postmortems/", "/admin/incidents/incident/"),
        *(incident, resolved, f"{incident}timeline/", f"{incident}edit/", f"{incident}roles/", f"{incident}members/"),
        *(
            f"{incident}audit/",
            f"{incident}timeline/{world.events['open'].pk}/edit/",
            "/admin/incidents/timelineevent/",
        ),
        f"/people/{world.target.pk}/",
        *(world.published.get_absolute_url(), f"/postmortems/{world.published.reference}/", f"{incident}changes/"),
        *(f"/postmortems/{world.incidents['resolved'].reference}/{page}/" for page in ("edit", "review", "history")),
        *("/changes/", "/postmortems/templates/", "/alert-rules/", world.items["resolved"].get_absolute_url()),
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_runs_and_nothing_is_fetched(browser: Browser, live_server: Any, world: World, part: int) -> None:
    """Each string alone in every field, on the pages that show most."""
    look = Look(browser, live_server.url, world)
    ran: list[str] = []

    for text in STRINGS[part::PARTS]:
        poison(repeat(text))
        ran += [f"{url}: {text[:80]}" for url in pages(world) if look.at(url)]
    look.context.close()

    assert not ran, "\n".join(ran)
    assert look.foreign == []
    assert Incident.objects.filter(title=STRINGS[part::PARTS][-1][:200]).exists()


@pytest.mark.parametrize("html", ["<img src=x onerror=hit(1)>", "<img src='https://evil.example/1.png'>"])
def test_a_planted_hole_is_seen(browser: Browser, live_server: Any, world: World, html: str) -> None:
    TimelineEvent.objects.filter(incident=world.incidents["open"]).update(html=html)
    look = Look(browser, live_server.url, world)

    hits = look.at(world.incidents["open"].get_absolute_url())
    look.page.wait_for_timeout(300)

    assert hits or look.foreign
    look.context.close()
