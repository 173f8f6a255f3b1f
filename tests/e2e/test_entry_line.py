"""Nothing typed is lost, nothing is sent twice, and the keyboard alone is enough."""

import re

import pytest
from django.db import connection
from playwright.sync_api import expect

from incidents.enums import Role
from incidents.models import Incident
from postmortems.search import reindex
from tests.e2e.conftest import OpenPage
from tests.factories import make_incident, make_user

FIELD = "New timeline entry"


@pytest.fixture
def incident(transactional_db: None) -> Incident:
    return make_incident(title="Blank front page")


def test_a_draft_survives_a_closed_tab(open_page: OpenPage, incident: Incident) -> None:
    page = open_page(make_user("Ada", Role.RESPONDER))
    page.goto(incident.get_absolute_url())
    page.get_by_label(FIELD).press_sequentially("the cache is the cause")
    page.wait_for_timeout(1500)
    context = page.context
    page.close()

    again = context.new_page()
    again.goto(incident.get_absolute_url())
    expect(again.locator(".draft-offer")).to_contain_text("the cache is the cause")
    again.get_by_role("button", name="Bring it back").click()
    expect(again.get_by_label(FIELD)).to_have_value("the cache is the cause")
    again.get_by_label(FIELD).press("Enter")
    expect(again.locator(".entry", has_text="the cache is the cause")).to_have_count(1)
    # What was added in place is no draft any more, neither now nor after the time in which drafts are kept.
    expect(again.locator(".draft-offer")).to_have_count(0)
    again.wait_for_timeout(1500)
    expect(again.locator(".draft-offer")).to_have_count(0)

    again.reload()
    expect(again.locator(".draft-offer")).to_have_count(0)
    assert incident.timeline.count() == 1


def test_a_double_click_makes_one_entry_and_one_incident(open_page: OpenPage, incident: Incident) -> None:
    page = open_page(make_user("Ada", Role.RESPONDER))
    page.goto(incident.get_absolute_url())
    page.get_by_label(FIELD).fill("pressed twice")
    page.get_by_role("button", name="Add", exact=True).dblclick()
    expect(page.locator(".entry", has_text="pressed twice")).to_have_count(1)

    page.goto("/incidents/new/")
    page.get_by_label("What is wrong?").fill("Declared twice")
    page.get_by_role("button", name=re.compile("^Declare")).dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Declared twice")

    assert incident.timeline.count() == 1
    assert Incident.objects.filter(title="Declared twice").count() == 1
    assert connection.vendor in {"sqlite", "postgresql"}


def test_without_scripts_a_double_click_makes_one_too(open_page: OpenPage, incident: Incident) -> None:
    page = open_page(make_user("Ada", Role.RESPONDER), javascript=False)
    page.goto(incident.get_absolute_url())
    page.get_by_label(FIELD).fill("pressed twice")
    page.get_by_role("button", name="Add", exact=True).dblclick()
    expect(page.locator(".entry", has_text="pressed twice")).to_have_count(1)

    assert incident.timeline.count() == 1


def test_the_keyboard_is_enough(open_page: OpenPage, incident: Incident) -> None:
    reindex()
    page = open_page(make_user("Ada", Role.RESPONDER))
    page.goto("/")

    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.type("blank")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=blank*")
    result = page.get_by_role("main").get_by_role("link", name="Blank front page").first
    result.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{incident.get_absolute_url()}")

    page.keyboard.press("n")
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("-5m action: by keyboard alone, c and n are letters here")
    page.keyboard.press("Enter")
    expect(page.locator(".entry", has_text="by keyboard alone")).to_have_count(1)

    page.get_by_role("heading", level=1).click()
    page.locator("body").press("c")
    page.wait_for_url("**/incidents/new/")
    expect(page.get_by_label("What is wrong?")).to_be_focused()
    page.keyboard.type("Declared by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Declared by keyboard")


def test_switched_off_keys_do_nothing(open_page: OpenPage, incident: Incident) -> None:
    page = open_page(make_user("Ada", Role.RESPONDER, keys_enabled=False))
    page.goto(incident.get_absolute_url())

    page.keyboard.press("?")
    page.keyboard.press("c")
    page.wait_for_timeout(300)

    expect(page.locator("#keys")).to_be_hidden()
    assert page.url.endswith(incident.get_absolute_url())
