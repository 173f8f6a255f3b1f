"""While it burns: two people on one page, a server that goes away, a session that ends, and a phone."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from incidents.domain import updates
from incidents.enums import Role
from incidents.models import Incident, Installation, Session, StatusUpdate, User
from incidents.permissions import Actor
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_incident, make_user
from tests.web_process import WebServer

FIELD = "New timeline entry"
# What others do is seen within this long, in milliseconds.
SOON = 5_000


@pytest.fixture
def lead(transactional_db: None) -> User:
    return make_user("Ada Okoro", Role.RESPONDER)


@pytest.fixture
def incident(lead: User) -> Incident:
    return make_incident(title="Blank front page", incident_lead=lead)


@pytest.fixture
def server(transactional_db: None) -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    yield server
    server.stop()


def write(page: Page, text: str) -> None:
    page.get_by_label(FIELD).fill(text)
    page.get_by_label(FIELD).press("Enter")


def told(page: Page, text: str) -> None:
    """Somebody writes an update on its form."""
    page.get_by_role("link", name="Update").first.click()
    page.get_by_label("What others need to know").fill(text)
    page.get_by_role("button", name="Send the update").click()


def has_left(update: StatusUpdate) -> None:
    """As if half a minute had gone by."""
    StatusUpdate.objects.filter(pk=update.pk).update(leaves_at=update.created_at)


def test_two_people_see_within_seconds_what_the_other_does(open_page: OpenPage, incident: Incident, lead: User) -> None:
    ada, product = open_page(lead), open_page(make_user("Pia Product", Role.READER))
    for page in (ada, product):
        page.goto(incident.get_absolute_url())
    typing = product.get_by_label(FIELD)
    typing.press_sequentially("users in the shop tell us")
    typing.evaluate("field => field.setSelectionRange(5, 5)")
    place = typing.bounding_box()

    write(ada, "we look at the banner")
    expect(ada.locator(".entry", has_text="we look at the banner")).to_have_count(1)
    expect(product.locator("#news")).to_contain_text("1 new", timeout=SOON)

    told(ada, "Some pages are empty. We roll a change back.")
    expect(ada.locator("#updates")).to_contain_text("leaves in")
    expect(product.locator("#updates")).to_contain_text("next update due in", timeout=SOON)
    expect(product.locator("#updates")).not_to_contain_text("Some pages")
    has_left(incident.updates.get())
    expect(product.locator("#updates")).to_contain_text("Some pages are empty", timeout=SOON)
    expect(ada.locator("#updates")).not_to_contain_text("leaves in", timeout=SOON)
    expect(product.locator("#live-says")).to_contain_text("Status update: Some pages are empty")
    assert product.locator("[aria-live], [role=status]").locator("[data-since], [data-until], [data-left]").count() == 0

    ada.get_by_role("main").get_by_role("link", name="Cause identified").first.click()
    ada.get_by_role("main").get_by_role("button", name="Cause identified").click()
    expect(product.locator(".incident-head .state")).to_have_text("Identified", timeout=SOON)

    # Nothing of that moved or changed what is being typed.
    expect(typing).to_be_focused()
    expect(typing).to_have_value("users in the shop tell us")
    assert typing.evaluate("field => field.selectionStart") == 5
    assert place is not None
    product.get_by_role("button", name=re.compile("new$")).click()
    expect(product.locator(".entry", has_text="we look at the banner")).to_have_count(1)
    expect(typing).to_have_value("users in the shop tell us")
    typing.press("Enter")
    expect(ada.locator("#news")).to_contain_text("new", timeout=SOON)


def test_an_update_is_taken_back_and_a_tick_sends_an_entry(open_page: OpenPage, incident: Incident, lead: User) -> None:
    page = open_page(lead)
    page.goto(incident.get_absolute_url())
    page.keyboard.press("u")
    page.wait_for_url("**/updates/")
    page.get_by_label("What others need to know").fill("Wrong words")
    page.get_by_role("button", name="Send the update").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#updates")).to_contain_text("Nobody has been told yet")
    expect(page.locator(".entry.is-struck", has_text="Wrong words")).to_have_count(1)

    page.get_by_label("also as an update").check()
    expect(page.get_by_label("next one")).to_be_visible()
    write(page, "The shop works again")
    expect(page.locator("#updates")).to_contain_text("The shop works again", timeout=SOON)
    expect(page.get_by_label("also as an update")).not_to_be_checked()
    assert incident.updates.standing().get().text == "The shop works again"


def test_the_menu_and_the_star_of_an_entry(open_page: OpenPage, incident: Incident, lead: User) -> None:
    page = open_page(lead)
    page.goto(incident.get_absolute_url())
    write(page, "struck out soon")
    entry = page.locator(".entry", has_text="struck out soon")
    entry.get_by_label("Key moment").click()
    expect(page.locator(".entry.is-starred", has_text="struck out soon")).to_have_count(1)
    entry.get_by_label("This entry").click()
    expect(entry.get_by_role("link", name="Edit")).to_be_visible()
    expect(entry.get_by_role("button", name="Bring back")).to_have_count(0)
    entry.get_by_role("button", name="Strike out").click()
    expect(page.locator(".entry.is-struck", has_text="struck out soon")).to_have_count(1)


def test_without_scripts_an_entry_is_struck_out_on_its_own_page(
    open_page: OpenPage, incident: Incident, lead: User
) -> None:
    page = open_page(lead, javascript=False)
    page.goto(incident.get_absolute_url())
    page.get_by_label(FIELD).fill("struck out soon")
    page.get_by_label("also as an update").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#updates")).to_contain_text("struck out soon")
    page.get_by_label("This entry").click()
    page.get_by_role("button", name="Strike out").click()
    expect(page.locator(".entry.is-struck", has_text="struck out soon")).to_have_count(1)


def test_what_is_typed_while_the_server_is_away_is_sent_once_when_it_is_back(
    open_page: OpenPage, incident: Incident, lead: User, server: WebServer
) -> None:
    page = open_page(lead, server=server.url)
    page.goto(incident.get_absolute_url())
    write(page, "before")
    expect(page.locator(".entry", has_text="before")).to_have_count(1)

    server.stop()
    write(page, "first while it was away")
    expect(page.locator("#unsent")).to_contain_text("Not sent yet")
    expect(page.get_by_label(FIELD)).to_have_value("")
    write(page, "second while it was away")
    expect(page.locator(".unsent")).to_have_count(2)
    expect(page.locator("#live-away")).to_be_visible()
    page.get_by_label(FIELD).fill("still typing")
    written = time.time()

    server.start()
    expect(page.locator(".entry", has_text="second while it was away")).to_have_count(1, timeout=60_000)
    expect(page.locator(".entry", has_text="first while it was away")).to_have_count(1)
    expect(page.locator(".unsent")).to_have_count(0)
    expect(page.locator("#live-away")).to_be_hidden(timeout=60_000)
    expect(page.get_by_label(FIELD)).to_have_value("still typing")
    late = incident.timeline.get(text="second while it was away")
    assert late.occurred_at is not None
    assert late.occurred_at.timestamp() <= written
    assert incident.timeline.filter(text__contains="while it was away").count() == 2


def test_what_was_not_sent_survives_a_closed_tab(
    open_page: OpenPage, incident: Incident, lead: User, server: WebServer
) -> None:
    page = open_page(lead, server=server.url)
    page.goto(incident.get_absolute_url())
    server.stop()
    write(page, "kept in the browser")
    expect(page.locator(".unsent")).to_have_count(1)
    context = page.context
    page.close()

    server.start()
    again = context.new_page()
    again.goto(incident.get_absolute_url())
    expect(again.locator(".entry", has_text="kept in the browser")).to_have_count(1)
    expect(again.locator(".unsent")).to_have_count(0)
    assert incident.timeline.count() == 1


def test_an_ended_session_is_explained_and_what_was_typed_is_sent_after_signing_in(
    open_page: OpenPage, incident: Incident, lead: User
) -> None:
    page = open_page(lead)
    page.goto(incident.get_absolute_url())
    page.get_by_label(FIELD).fill("typed by somebody signed out")
    Session.objects.all().delete()
    page.get_by_label(FIELD).press("Enter")
    expect(page.locator("#live-signed-out")).to_be_visible()
    expect(page.locator("#unsent")).to_contain_text("typed by somebody signed out")

    page.get_by_role("link", name="Sign in, and it is sent").click()
    page.get_by_label("Name or e-mail").fill(lead.name)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".entry", has_text="typed by somebody signed out")).to_have_count(1)
    expect(page.locator(".unsent")).to_have_count(0)
    assert incident.timeline.count() == 1


def test_a_phone_catches_up_in_five_seconds_and_passes_it_on(
    open_page: OpenPage, incident: Incident, lead: User
) -> None:
    Installation.objects.create(allows_status_links=True)
    actor, at = Actor.person(lead), incident.sort_at
    update = updates.write(actor=actor, incident=incident, text="Ada Okoro rolls it back", now=at)
    phone = open_page(lead, phone=True)
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.goto(incident.get_absolute_url())
    expect(phone.get_by_label(FIELD)).to_be_in_viewport()
    expect(phone.locator(".dock").get_by_role("link", name="Update")).to_be_in_viewport()
    assert objections(phone) == []
    phone.get_by_role("link", name="Catch up").click()
    expect(phone.get_by_text(update.text).first).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Copy for chat").click()
    expect(phone.locator("[data-copied]")).to_have_text("Copied")
    assert phone.evaluate("navigator.clipboard.readText()").startswith("INC-1 · SEV2 · Investigating")
    phone.get_by_role("button", name="Make a link for 24 hours").click()
    link = phone.locator("#status-link").inner_text()
    assert objections(phone) == []

    stranger = open_page(phone=True)
    stranger.goto(link[link.index("/status/") :])
    expect(stranger.get_by_role("main")).to_contain_text("The incident lead rolls it back")
    expect(stranger.locator("body")).not_to_contain_text("Ada")
    assert objections(stranger) == []
