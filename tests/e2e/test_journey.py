"""An incident from the first report to its close, as people live through it: wide, on a phone, without JavaScript."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from incidents.enums import Milestone, Role, Status
from incidents.models import Incident, User
from tests.e2e.conftest import OpenPage
from tests.factories import make_service, make_team, make_user

TITLE = "Blank front page for some visitors"
ENTRIES = (
    "-15m detection: tickets come in",
    "-12m report: support tells of 30 calls",
    "* -10m diagnosis: the **change** of 00:57",
    "-8m decision: roll it back",
    "-5m action: rolled back",
)
BLOCK = """-4m first pages come back
-3m recovery: all pages come back
- nobody complains any more
-2m communication: told support"""


@dataclass
class Crew:
    reader: User
    lead: User


@pytest.fixture
def crew(transactional_db: None) -> Crew:
    crew = Crew(make_user("Rosa Reader", Role.READER), make_user("Ada Okoro", Role.RESPONDER, phone="+49 170 1"))
    make_service("Storefront", slug="storefront", team=make_team("Storefront", team_lead=crew.lead))
    return crew


@dataclass
class Way:
    """How somebody gets along: with a wide window or a phone, with scripts or without."""

    page: Page
    scripts: bool = True

    def settle(self) -> None:
        """The page fits the window and nothing is on its way."""
        self.page.wait_for_load_state("load")
        if self.scripts:
            width = self.page.viewport_size["width"]
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url

    def follow(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()
        self.settle()

    def more(self, name: str) -> None:
        self.page.get_by_label("More", exact=True).click()
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
        self.settle()

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()
        self.settle()

    def state_is(self, status: Status) -> None:
        expect(self.page.locator(".incident-head .state")).to_have_text(str(status.label))


def report(way: Way) -> None:
    page = way.page
    page.goto("/")
    way.settle()
    way.follow("Report a problem")
    page.get_by_label("What is wrong?").fill(TITLE)
    page.get_by_label("Storefront").check()
    page.get_by_label("Who cannot do what?").fill("visitors see an empty page")
    page.get_by_label("Users", exact=True).check()
    page.get_by_label("Since when?").fill("-19m")
    if way.scripts:
        expect(page.locator(".time-field output").first).to_contain_text("= ")
    # The button names whom it calls.
    page.get_by_role("button", name=re.compile("^Report")).click()
    way.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    way.state_is(Status.TRIAGE)


def take(way: Way) -> None:
    way.page.goto("/")
    way.follow(TITLE)
    way.state_is(Status.TRIAGE)
    way.follow("I have it")
    way.press("I have it")
    way.state_is(Status.INVESTIGATING)
    expect(way.page.locator(".incident-head")).to_contain_text("Ada Okoro")


def write_entries(way: Way) -> None:
    field = way.page.get_by_label("New timeline entry")
    for entry in ENTRIES:
        field.fill(entry)
        if way.scripts:
            expect(way.page.locator("#entry-form output[data-echo]")).to_contain_text("= ")
            field.press("Enter")
        else:
            way.press("Add")
        said = entry.rpartition(": ")[2].replace("**", "")
        expect(way.page.locator(".entry", has_text=said)).to_have_count(1)
        expect(field).to_have_value("")


def paste_block(way: Way) -> None:
    page, field = way.page, way.page.get_by_label("New timeline entry")
    if way.scripts:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("text => navigator.clipboard.writeText(text)", BLOCK)
        field.focus()
        page.keyboard.press("Control+V")
    else:
        field.fill(BLOCK)
        preview = page.get_by_role("button", name="Preview", exact=True)
        preview.focus()
        preview.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add 3 entries?")
    way.settle()
    way.press("Add 3 entries")
    expect(page.locator(".entry", has_text="told support")).to_have_count(1)
    expect(page.locator(".entry", has_text="nobody complains")).to_contain_text("all pages come back")


def resolve(way: Way, *, mitigated: str = "") -> None:
    way.follow("Resolve")
    way.page.get_by_label("When?").fill("-1m")
    if mitigated:
        way.page.get_by_label("When did it stop hurting?").fill(mitigated)
    way.press("Resolve")
    way.state_is(Status.RESOLVED)


def correct_milestones(way: Way) -> None:
    way.follow("Put right")
    way.page.get_by_label("Impact started").fill("about -25m")
    way.page.get_by_label("Detected").fill("-16m")
    way.press("Save milestones")
    expect(way.page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(way.page.get_by_label("How long it took")).to_contain_text("min")


def reopen(way: Way) -> None:
    way.more("Reopen")
    way.page.get_by_label("Why is it not over?").fill("The page is blank again.")
    way.press("Reopen")
    way.state_is(Status.INVESTIGATING)


@pytest.mark.parametrize(
    ("phone", "scripts"), [(False, True), (True, True), (False, False)], ids=["wide", "phone", "without scripts"]
)
def test_from_report_to_close(open_page: OpenPage, crew: Crew, phone: bool, scripts: bool) -> None:
    reader = Way(open_page(crew.reader, phone=phone, javascript=scripts), scripts)
    lead = Way(open_page(crew.lead, phone=phone, javascript=scripts), scripts)

    report(reader)
    take(lead)
    write_entries(lead)
    paste_block(lead)
    resolve(lead, mitigated="-2m")
    correct_milestones(lead)
    reopen(lead)
    resolve(lead, mitigated="-1m")
    lead.follow("Close")
    lead.press("Close")
    lead.state_is(Status.CLOSED)

    incident = Incident.objects.get()
    assert incident.status == Status.CLOSED
    assert incident.incident_lead == crew.lead
    assert incident.detected_by == "users"
    assert incident.impact_started_precision == "about"
    reached = [name for name in Milestone if incident.milestone(name)]
    assert set(reached) == set(Milestone) - {Milestone.IDENTIFIED}
    assert incident.timeline.exclude(kind="status_change").count() >= len(ENTRIES) + 3
    assert incident.timeline.filter(is_starred=True).count() == 1
