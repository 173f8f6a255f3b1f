"""From an incident to its published postmortem and back, as people walk it; and what machines say of its pages."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from incidents.enums import Role, Status
from incidents.models import Incident, User
from incidents.permissions import Actor
from postmortems import example
from postmortems.enums import Audience, PostmortemStatus
from postmortems.models import ActionItem, Postmortem, Section
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_service, make_team, make_user
from tests.project.markup_checks import faults, parse

TITLE = "Blank front page for some visitors"
BLOCK = """* -33m change: banner correction goes live
* -28m report: first tickets: the page is white
-25m diagnosis: asking what went live since midnight
* -6m diagnosis: unclosed block in the base template
-4m action: block closed
* -2m recovery: all pages render"""
CAUSE = "A change to code that all pages share is checked like a change to one page"
ITEM = "Require a second review for files that all pages inherit"
LEDE = "A fix for one banner changed the template that every page inherits."
LEARNED = "Nobody saw that the file was shared by all pages, because nothing says so."


@dataclass
class Crew:
    writer: User
    reviewer: User
    reader: User


@pytest.fixture
def crew(transactional_db: None) -> Crew:
    crew = Crew(
        make_user("Ada Okoro", Role.EDITOR),
        make_user("Ben Lindqvist", Role.EDITOR),
        make_user("Rosa Reader", Role.READER),
    )
    make_service("Storefront", slug="storefront", team=make_team("Storefront", team_lead=crew.writer))
    return crew


@dataclass
class Desk:
    """A window, and whether its scripts run."""

    page: Page
    scripts: bool = True

    def settle(self) -> None:
        self.page.wait_for_load_state("load")
        if self.scripts:
            size = self.page.viewport_size
            assert size is not None
            width = size["width"]
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, self.page.url

    def go(self, address: str) -> int:
        response = self.page.goto(address)
        self.settle()
        assert response is not None
        return response.status

    def follow(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()
        self.settle()

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()
        self.settle()

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)


def declare_and_resolve(desk: Desk) -> Incident:
    page = desk.page
    desk.go("/incidents/new/")
    page.get_by_label("What is wrong?").fill(TITLE)
    page.get_by_label("Storefront").check()
    page.get_by_label("Who cannot do what?").fill("visitors see an empty page")
    page.get_by_label("Users", exact=True).check()
    page.get_by_label("Since when?").fill("-28m")
    # The button names whom it calls.
    page.get_by_role("button", name=re.compile("^Declare")).click()
    desk.settle()
    desk.heading(TITLE)
    page.get_by_label("New timeline entry").fill(BLOCK)
    preview = page.get_by_role("button", name="Preview", exact=True)
    preview.focus()
    preview.press("Enter")
    desk.heading("Add 6 entries?")
    desk.press("Add 6 entries")
    desk.follow("Resolve")
    page.get_by_label("When?").fill("-1m")
    page.get_by_label("When did it stop hurting?").fill("-2m")
    desk.press("Resolve")
    expect(page.locator(".incident-head .state")).to_have_text(str(Status.RESOLVED.label))
    return Incident.objects.get()


def name_cause_and_action_item(desk: Desk) -> None:
    page = desk.page
    desk.follow("Add a cause")
    page.get_by_label("What was the cause?").fill(CAUSE)
    page.get_by_label("Why? And why was that?").fill("The review shows the file, not what inherits from it.")
    desk.press("Save cause")
    expect(page.locator("#lessons")).to_contain_text(CAUSE)
    desk.follow("Add an action item")
    page.get_by_label("What will be done?").fill(ITEM)
    page.get_by_label("Owner").select_option(label="Ada Okoro")
    page.get_by_text("More", exact=True).last.click()
    page.get_by_label("Answers the cause").select_option(label=CAUSE)
    desk.press("Save action item")
    expect(page.locator("#lessons")).to_contain_text(ITEM)
    desk.follow("Which would have caught it?")
    page.get_by_role("group", name="Sandbox").get_by_label("Absent").check()
    desk.press("Save answers")
    expect(page.locator("#lessons .is-absent")).to_contain_text("Sandbox")


def write(desk: Desk) -> None:
    page = desk.page
    desk.press("Write the postmortem")
    expect(page.get_by_role("textbox", name="What happened")).to_have_value(
        Section.objects.get(heading="What happened").text.replace("\r\n", "\n")
    )
    page.get_by_label("In one sentence").fill(LEDE)
    page.get_by_role("combobox", name="Has it happened before?").select_option("no")
    if desk.scripts:
        expect(page.locator("#saved-head")).to_contain_text("saved")
        field = page.get_by_role("textbox", name="What we learned")
        field.press_sequentially(LEARNED)
        status = page.locator("section.writing", has=field).locator(".saved")
        expect(status).to_contain_text("saved")
        expect(field).to_be_focused()
        expect(field).to_have_value(LEARNED)
        expect(page.locator("#checklist .is-missing")).to_have_count(0)
    else:
        desk.press("Save")
        form = page.locator("section.writing", has=page.get_by_role("textbox", name="What we learned"))
        form.get_by_role("textbox", name="What we learned").fill(LEARNED)
        form.get_by_role("button", name="Save").click()
        expect(page.get_by_role("textbox", name="What we learned")).to_have_value(LEARNED)
    desk.follow("Review and publish")
    desk.press("Ask for a review")
    expect(page.locator(".page-head")).to_contain_text("In review")


def review_and_publish(desk: Desk, incident: Incident) -> None:
    desk.go(f"/postmortems/{incident.reference}/review/")
    desk.page.get_by_label("Note").fill("Clear.")
    desk.press("Approve and publish")
    desk.heading(TITLE)
    expect(desk.page.locator(".reading").first).to_contain_text(LEARNED)


def minutes(incident: Incident) -> int:
    """From the first harm to the resolution, as the clock on the wall tells it; 27, and more on a slow machine."""
    assert incident.impact_started_at is not None
    assert incident.resolved_at is not None
    return int(incident.resolved_at.timestamp() // 60 - incident.impact_started_at.timestamp() // 60)


def read(desk: Desk, incident: Incident) -> None:
    desk.go("/postmortems/")
    desk.follow(TITLE)
    desk.heading(TITLE)
    page = desk.page
    expect(page.locator(".lede")).to_have_text(LEDE)
    length = minutes(incident)
    expect(page.locator(".facts")).to_contain_text(f"{length} min")
    expect(page.locator(".legend")).to_contain_text(f"{length} min in all")
    expect(page.locator(".rail > .key")).to_have_count(4)
    expect(page.locator(".cause")).to_contain_text(CAUSE)
    expect(page.locator(".live")).to_contain_text("Ada Okoro")
    assert "Edit" not in page.locator("main > .page > footer").inner_text()
    assert desk.go(f"/postmortems/{incident.reference}/edit/") == 403


def publish_to_the_public(desk: Desk, incident: Incident) -> None:
    desk.go(f"/postmortems/{incident.reference}/")
    desk.follow("Publish to the public")
    desk.follow("Look at it as the public")
    expect(desk.page.locator("main")).not_to_contain_text("Ada Okoro")
    desk.page.go_back()
    desk.page.get_by_label("I have looked at what is still inside.").check()
    desk.press("Publish to everybody")
    desk.heading(TITLE)


@pytest.mark.parametrize(
    ("phone", "scripts"), [(False, True), (True, True), (False, False)], ids=["wide", "phone", "without scripts"]
)
def test_from_incident_to_postmortem_and_back(open_page: OpenPage, crew: Crew, phone: bool, scripts: bool) -> None:
    def desk(user: User | None = None) -> Desk:
        return Desk(open_page(user, phone=phone, javascript=scripts), scripts)

    writer, reviewer, reader, stranger = desk(crew.writer), desk(crew.reviewer), desk(crew.reader), desk()

    incident = declare_and_resolve(writer)
    address = f"/postmortems/{incident.reference}/"
    assert reader.go(address) == 404
    name_cause_and_action_item(writer)
    write(writer)
    assert stranger.go(address) == 404
    review_and_publish(reviewer, incident)
    read(reader, incident)
    assert stranger.go(address) == 404
    publish_to_the_public(reviewer, incident)
    assert stranger.go(address) == 200
    expect(stranger.page.locator("main")).not_to_contain_text("Ada Okoro")
    reviewer.go(f"{address}retract/")
    reviewer.page.get_by_label("Why?").fill("A figure is wrong.")
    reviewer.press("Retract")
    assert (stranger.go(address), reader.go(address)) == (410, 410)

    incident.refresh_from_db()
    postmortem = Postmortem.objects.get(incident=incident)
    assert incident.status == Status.CLOSED
    assert postmortem.status == PostmortemStatus.RETRACTED
    assert [*postmortem.authors.all()] == [crew.writer]
    assert ActionItem.objects.get().cause is not None


def test_a_private_incident_hides_its_public_postmortem(open_page: OpenPage, crew: Crew) -> None:
    told = tell_example()
    Postmortem.objects.filter(incident=told).update(audience=Audience.PUBLIC)
    stranger, reader = Desk(open_page()), Desk(open_page(crew.reader))
    address = f"/postmortems/{told.reference}/"
    assert (stranger.go(address), reader.go(address)) == (200, 200)
    Incident.objects.filter(pk=told.pk).update(is_private=True)
    assert (stranger.go(address), reader.go(address)) == (404, 404)


def tell_example() -> Incident:
    return example.load(actor=Actor.machine("load_example", Role.ADMIN), now=timezone.now())[1]


def test_a_cause_is_added_without_leaving_the_editor(open_page: OpenPage, crew: Crew) -> None:
    tell_example()
    page = open_page(crew.writer)
    page.goto("/postmortems/DRILL-1/edit/")
    page.get_by_role("textbox", name="What we learned").fill("Half a sent")
    page.get_by_role("link", name="Add a cause").click()
    page.get_by_label("What was the cause?").fill(CAUSE)
    page.get_by_role("button", name="Save cause").click()
    expect(page.locator("#lessons")).to_contain_text(CAUSE)
    expect(page.get_by_role("textbox", name="What we learned")).to_have_value("Half a sent")
    assert page.url.endswith("/edit/")


def test_nobody_who_is_typing_is_offered_their_own_draft(open_page: OpenPage, crew: Crew) -> None:
    tell_example()
    page = open_page(crew.writer)
    page.goto("/postmortems/DRILL-1/edit/")
    field = page.get_by_role("textbox", name="What we learned")
    field.press_sequentially("Half a sentence")
    # Kept as a draft by now; then another section says that it is saved, which renews a part of the page.
    page.wait_for_timeout(600)
    field.press_sequentially(" and the other half")
    page.evaluate(
        "htmx.trigger(document.body.querySelector('.saved'), 'htmx:load', {elt: document.querySelector('.saved')})"
    )
    expect(page.locator(".draft-offer")).to_have_count(0)
    # Whoever leaves before it was saved is offered it when they come back.
    page.goto("/postmortems/DRILL-1/edit/")
    expect(page.locator(".draft-offer")).to_contain_text("Half a sentence")


PAGES = {
    "published": "/postmortems/DRILL-2/",
    "editor": "/postmortems/DRILL-1/edit/",
    "review": "/postmortems/DRILL-1/review/",
    "library": "/postmortems/",
    "actions": "/actions/",
    "action item": "/actions/A-1/",
    "new action item": "/incidents/DRILL-1/actions/new/",
    "cause": "/incidents/DRILL-1/causes/new/",
    "safety nets": "/incidents/DRILL-1/defences/",
    "preview": "/postmortems/DRILL-2/public/",
    "history": "/postmortems/DRILL-2/history/",
    "retract": "/postmortems/DRILL-2/retract/",
    "incident": "/incidents/DRILL-2/",
    "templates": "/postmortems/templates/",
    "remove the example": "/setup/example/",
}


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_axe_and_a_strict_parser_have_nothing_to_object_to(open_page: OpenPage, crew: Crew, phone: bool) -> None:
    tell_example()
    Postmortem.objects.filter(incident__number=2).update(audience=Audience.PUBLIC)
    desk = Desk(open_page(make_user("Root", Role.ADMIN), phone=phone))
    stranger = Desk(open_page(phone=phone))
    visits = [(desk, address) for address in PAGES.values()]
    visits += [(stranger, PAGES["published"]), (stranger, PAGES["library"])]
    found = []
    for visitor, address in visits:
        response = visitor.page.goto(address)
        assert response is not None
        assert response.status == 200, address
        visitor.settle()
        found += [f"{address} {fault}" for fault in faults(parse(response.text()))]
        found += objections(visitor.page)
    assert not found, "\n".join(found)


def test_the_published_page_prints_on_few_sheets(open_page: OpenPage, crew: Crew, tmp_path: Path) -> None:
    tell_example()
    page = open_page(crew.reader)
    page.goto("/postmortems/DRILL-2/")
    page.emulate_media(media="print")
    for gone in (".top", ".toc", ".page-read .btn"):
        assert not any(part.is_visible() for part in page.locator(gone).all()), gone
    for kept in (".facts", ".phase-bar", ".rail", ".cause", ".defences", ".live table"):
        expect(page.locator(kept).first).to_be_visible()
    printed = page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") <= 6
