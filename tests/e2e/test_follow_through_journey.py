"""Action items from the board to verified: by keys, by dragging, on a phone, without scripts; and what axe says."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from incidents.enums import Role, Status
from incidents.models import User
from postmortems.models import ActionItem
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_action_item, make_incident, make_team, make_user

BOARD = "/actions/?view=board"


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("Ada Okoro", Role.ADMIN)


@pytest.fixture
def items(ada: User) -> list[ActionItem]:
    team = make_team("Storefront", team_lead=ada)
    incident = make_incident(title="Blank front page", status=Status.RESOLVED, team=team)
    today = timezone.now().date()
    texts = ("Add a probe", "Split the template", "Write the runbook")
    made = [
        make_action_item(incident, text, due_on=today + dt.timedelta(days=number), owner=ada if number else None)
        for number, text in enumerate(texts)
    ]
    for number in range(6):
        make_action_item(incident, f"Imported {number}", status="historical")
    return made


def column(page: Page, name: str) -> str:
    return page.locator(f'[data-column="{name}"]').inner_text()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_by_keys_from_open_to_verified(open_page: OpenPage, ada: User, items: list[ActionItem]) -> None:
    verifier = make_user("Ben Lindqvist")
    ActionItem.objects.filter(pk=items[0].pk).update(verifier=verifier, needs_verification=True)
    page = open_page(ada)
    page.goto(BOARD)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Add a probe")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("m")
    expect(page.get_by_role("link", name="Start", exact=True).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Start")
    page.get_by_label("Owner").select_option(label="Ada Okoro")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("A-1 is in progress now.")).to_be_visible()
    assert "Add a probe" in column(page, "in_progress")
    page.keyboard.press("j")
    page.keyboard.press("l")
    expect(page.get_by_role("link", name="Add a probe")).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    page.get_by_label("How can one see that it is done?").fill("It rang for the test outage")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A-1 is done now.")).to_be_visible()
    assert "Ben Lindqvist verifies" in column(page, "done")

    other = open_page(verifier)
    other.goto("/actions/?whose=mine&state=to_verify")
    other.keyboard.press("j")
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", level=1)).to_have_text("Add a probe")
    other.get_by_label("What did you see?").fill("I pulled the plug on staging")
    other.get_by_role("button", name="Verify").click()
    expect(other.get_by_text("I pulled the plug on staging")).to_be_visible()
    items[0].refresh_from_db()
    assert items[0].status == "verified"


def test_a_card_that_is_dragged_opens_the_step_that_leads_there(
    open_page: OpenPage, ada: User, items: list[ActionItem]
) -> None:
    page = open_page(ada)
    page.goto(BOARD)
    card = page.locator("[data-card]", has_text="Split the template")
    card.drag_to(page.locator('[data-column="done"]'))
    page.get_by_label("How can one see that it is done?").fill("Three templates now")
    page.get_by_role("button", name="Done").click()
    assert "Split the template" in column(page, "done")
    page.locator("[data-card]", has_text="Write the runbook").drag_to(page.locator('[data-column="verified"]'))
    assert page.url.endswith(BOARD)
    assert "Write the runbook" in column(page, "open")


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_with_and_without_scripts(
    open_page: OpenPage, ada: User, items: list[ActionItem], javascript: bool
) -> None:
    page = open_page(ada, phone=True, javascript=javascript)
    for address in (BOARD, "/actions/", "/actions/adopt/", "/actions/A-1/", "/actions/A-1/step/start/"):
        page.goto(address)
        if javascript:
            assert fits(page), address
    page.goto(BOARD)
    page.get_by_label("Move A-2").click()
    page.get_by_role("link", name="Start", exact=True).locator("visible=true").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("A-2 is in progress now.")).to_be_visible()
    page.goto("/actions/adopt/")
    for number in (4, 5):
        page.get_by_label(f"Choose A-{number}").check()
    page.get_by_label("It will not be done").check()
    page.get_by_label("Why?").fill("The system is gone")
    page.get_by_role("button", name="Do it with those that are ticked").click()
    expect(page.get_by_text("2 action items changed.")).to_be_visible()
    assert ActionItem.objects.filter(status="wont_do").count() == 2


def test_many_at_once_by_ticks_and_keys(open_page: OpenPage, ada: User, items: list[ActionItem]) -> None:
    page = open_page(ada)
    page.goto("/actions/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Change those that are ticked").click()
    page.get_by_label("Give it to the owner below").check()
    page.get_by_label("Owner", exact=True).select_option(label="Ada Okoro")
    page.get_by_role("button", name="Change them").click()
    expect(page.get_by_text("2 action items changed.")).to_be_visible()
    assert ActionItem.objects.filter(owner=ada).count() == 3
    page.get_by_label("All of this page").check()
    assert page.locator('input[name="item"]:checked').count() == 3


def test_what_axe_has_against_the_pages(open_page: OpenPage, ada: User, items: list[ActionItem]) -> None:
    page = open_page(ada)
    addresses = (BOARD, "/actions/?whose=team", "/actions/adopt/", "/actions/A-1/", "/actions/A-1/step/start/")
    for address in (*addresses, "/actions/many/?item=1&item=2"):
        page.goto(address)
        assert objections(page) == []
