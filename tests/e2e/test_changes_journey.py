"""What changed? From the deploy script's line to the trigger of an incident, and back."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from incidents.enums import ChangeVerdict, Role, TimelineKind
from incidents.models import Change, Incident, User
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_incident, make_service, make_user
from tests.web_process import WebServer


@pytest.fixture
def lead(transactional_db: None) -> User:
    return make_user("Ada Okoro", Role.RESPONDER)


@pytest.fixture
def incident(lead: User) -> Incident:
    shop = make_service("Storefront", slug="storefront")
    return make_incident(title="Blank front page", services=[shop], incident_lead=lead)


@pytest.fixture
def server(transactional_db: None) -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    yield server
    server.stop()


def test_the_line_of_the_page_is_copied_and_sends_a_change(open_page: OpenPage, lead: User, server: WebServer) -> None:
    make_service("Storefront", slug="storefront")
    page = open_page(lead, server=server.url, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/changes/")
    expect(page.get_by_text("No changes are written down yet")).to_be_visible()
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Name").fill("Deploys of the storefront")
    page.get_by_label("read and write").check()
    page.get_by_role("button", name="Make a token").click()
    section = page.locator("section", has=page.get_by_role("heading", name="Send changes from a machine"))
    section.get_by_role("button", name="Copy").first.click()
    expect(section.locator("[data-copied]")).to_have_text("Copied")
    line = page.evaluate("navigator.clipboard.readText()")
    assert shutil.which("curl"), "Needed: curl."
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    page.goto("/changes/")
    expect(page.get_by_role("row", name=re.compile("Deploy of the storefront"))).to_have_count(1)
    assert Change.objects.get().reference == "deploy-1234"


def judge(page: Page, text: str, button: str) -> None:
    page.locator(".change", has_text=text).get_by_role("button", name=button, exact=True).click()


def test_from_candidates_to_the_trigger_and_back(open_page: OpenPage, incident: Incident, lead: User) -> None:
    page = open_page(lead)
    page.goto(incident.get_absolute_url())
    page.get_by_role("link", name="Look, add, rule out").click()
    for text in ("-90m banner in the base model", "-80m report on stock"):
        page.get_by_label("Add a change").fill(text)
        expect(page.locator("output.echo")).to_contain_text("=")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("Written down")).to_be_visible()
    assert objections(page) == []

    report = page.locator(".change", has_text="report on stock")
    report.get_by_text("Ruled out, or something else").click()
    report.get_by_role("button", name="Ruled out", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    report.get_by_label("Why is it ruled out?").fill("It was rolled back before.")
    report.get_by_role("button", name="Ruled out", exact=True).click()
    judge(page, "banner in the base model", "Likely")
    judge(page, "banner in the base model", "This started it")
    known = page.locator("section", has=page.get_by_role("heading", name="What we know"))
    expect(known.locator(".change")).to_have_count(2)
    expect(known.locator(".is-trigger")).to_contain_text("banner in the base model")
    expect(known.locator(".is-ruled_out")).to_contain_text("It was rolled back before.")
    lead_up = incident.timeline.get(kind=TimelineKind.LEAD_UP, struck_at=None)
    assert "banner" in lead_up.text
    page.goto(incident.get_absolute_url())
    expect(page.locator("#changes")).to_contain_text("banner in the base model")
    expect(page.locator(".entry", has_text="banner in the base model")).to_have_count(1)

    page.go_back()
    judge(page, "banner in the base model", "Take back")
    expect(page.locator(".change.is-trigger")).to_have_count(0)
    assert not incident.timeline.filter(kind=TimelineKind.LEAD_UP, struck_at=None).exists()
    assert not incident.change_verdicts.filter(verdict=ChangeVerdict.TRIGGER).exists()


def test_a_reader_on_a_phone_sees_what_changed_but_not_by_whom(open_page: OpenPage, incident: Incident) -> None:
    Change.objects.create(text="Banner in the base model", live_at=incident.sort_at, made_by=make_user("Chidi Eze"))
    page = open_page(make_user("Pia Product", Role.READER), phone=True, javascript=False)
    page.goto(f"{incident.get_absolute_url()}changes/")
    expect(page.locator(".change")).to_contain_text("Banner in the base model")
    expect(page.locator("main")).not_to_contain_text("Chidi Eze")
    expect(page.get_by_role("button", name="Likely")).to_have_count(0)
    responder = open_page(make_user("Bea Kim", Role.RESPONDER), phone=True)
    responder.goto(f"{incident.get_absolute_url()}changes/")
    expect(responder.locator("main")).to_contain_text("Chidi Eze")
