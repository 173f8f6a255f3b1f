"""The full product of hostile strings and pages in Chromium, the content policy switched off: nothing runs (S1)."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from incidents import markup
from incidents.models import Incident, TimelineEvent
from tests.e2e.conftest import browser, world
from tests.factories import sign_in
from tests.project.hostile import STRINGS
from tests.project.test_hostile_text import text_fields
from tests.project.world import World

__all__ = ["browser", "world"]

# What runs, says so.
HIT = "window.hits = []; window.hit = (number) => window.hits.push(number);"


def poison(text: str) -> None:
    """This one string into every text field of every row, as far as it fits."""
    for field in text_fields():
        length = getattr(field, "max_length", None) or 20_000
        if field.get_internal_type() == "JSONField" or field.model._meta.model_name == "auditentry":
            continue
        for row in field.model._default_manager.order_by("pk"):
            value = f"{text} {row.pk}"[:length] if field.unique or field.name == "name" else text[:length]
            field.model._default_manager.filter(pk=row.pk).update(**{field.name: value})
    for event in TimelineEvent.objects.all():
        event.html = str(markup.render(event.text, breaks=True))
        event.save(update_fields=["html"])


class Look:
    """One window without a content policy, and what ran or was fetched in it."""

    def __init__(self, browser: Browser, base: str, world: World) -> None:
        context = browser.new_context(base_url=base, bypass_csp=True)
        client = Client()
        sign_in(client, world.people["admin"])
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])
        context.add_init_script(HIT)
        self.page: Page = context.new_page()
        self.foreign: list[str] = []
        self.page.on("dialog", lambda dialog: dialog.dismiss())
        inside = (base, "data:", "blob:", "about:")
        self.page.on("request", lambda sent: None if sent.url.startswith(inside) else self.foreign.append(sent.url))

    def at(self, url: str) -> list[Any]:
        """The numbers of the strings that ran on this page."""
        self.page.goto(url)
        for summary in self.page.locator("summary").all()[:4]:
            if summary.is_visible():
                summary.hover()
        hits: list[Any] = self.page.evaluate("window.hits")
        return hits


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
    ]


def test_nothing_runs_and_nothing_is_fetched(browser: Browser, live_server: Any, world: World) -> None:
    look = Look(browser, live_server.url, world)
    ran: list[str] = []

    for text in STRINGS:
        poison(text)
        ran += [f"{url}: {text[:80]}" for url in pages(world) if look.at(url)]
    look.page.context.close()

    assert not ran, "\n".join(ran)
    assert look.foreign == []
    assert Incident.objects.filter(title=STRINGS[-1][:200]).exists()


@pytest.mark.parametrize("html", ["<img src=x onerror=hit(1)>", "<img src='https://evil.example/1.png'>"])
def test_a_planted_hole_is_seen(browser: Browser, live_server: Any, world: World, html: str) -> None:
    TimelineEvent.objects.filter(incident=world.incidents["open"]).update(html=html)
    look = Look(browser, live_server.url, world)

    hits = look.at(world.incidents["open"].get_absolute_url())
    look.page.wait_for_timeout(300)

    assert hits or look.foreign
    look.page.context.close()
