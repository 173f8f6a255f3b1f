"""The editor of a postmortem in a real browser: what is typed survives whatever happens to server, session and tab."""

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from incidents.enums import Role, Status
from incidents.models import Session, User
from incidents.permissions import Actor
from postmortems.domain import drafting, sections
from postmortems.models import Postmortem, Section
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_incident, make_user, sign_in
from tests.web_process import WebServer

BASE = "The pool was full.\n\nNobody saw it."


@pytest.fixture
def server(transactional_db: None) -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user("Ada Okoro", Role.EDITOR)


@pytest.fixture
def postmortem(ada: User) -> Postmortem:
    postmortem = drafting.start(
        actor=Actor.person(ada), incident=make_incident(status=Status.RESOLVED), now=timezone.now()
    )
    section = postmortem.sections.all()[0]
    section.postmortem = postmortem
    sections.save(actor=Actor.person(ada), section=section, text=BASE, now=timezone.now())
    return postmortem


def first(postmortem: Postmortem) -> Section:
    return postmortem.sections.all()[0]


def edit(page: Page, postmortem: Postmortem) -> Page:
    page.goto(f"/postmortems/{postmortem.incident.reference}/edit/")
    return page


def field_of(page: Page, section: Section) -> Locator:
    return page.locator(f"#s{section.pk} textarea[name=text]")


def write(page: Page, section: Section, text: str) -> None:
    """Type at the end of the section."""
    field_of(page, section).press("Control+End")
    page.keyboard.type(text)


def await_stored(page: Page, section: Section, text: str) -> None:
    """Wait until the server has it."""
    for _try in range(600):
        if Section.objects.get(pk=section.pk).text == text:
            return
        page.wait_for_timeout(50)
    assert Section.objects.get(pk=section.pk).text == text


def said(page: Page, section: Section) -> Locator:
    return page.locator(f"#s{section.pk} .unsaved")


def test_it_saves_itself_and_what_a_dead_server_missed_outlives_the_tab(
    open_page: OpenPage, server: WebServer, ada: User, postmortem: Postmortem
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada, server=server.url), postmortem)
    write(page, section, " One.")
    await_stored(page, section, f"{BASE} One.")
    server.stop()
    write(page, section, " Two.")
    page.wait_for_timeout(500)
    context = page.context
    page.close()
    server.start()
    again = edit(context.new_page(), postmortem)
    expect(field_of(again, section)).to_have_value(f"{BASE} One.")
    expect(again.locator(".draft-offer")).to_contain_text("The pool was full.")
    again.get_by_role("button", name="Bring it back").click()
    await_stored(again, section, f"{BASE} One. Two.")
    again.reload()
    expect(again.locator(".draft-offer")).to_have_count(0)


def test_a_dead_server_is_tried_until_it_is_back(
    open_page: OpenPage, server: WebServer, ada: User, postmortem: Postmortem
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada, server=server.url), postmortem)
    expect(page.get_by_label("Title")).to_be_visible()
    server.stop()
    write(page, section, " One.")
    expect(said(page, section)).to_have_text("Not saved yet: kept in this browser, and tried again.")
    write(page, section, " Two.")
    page.get_by_label("In one sentence").fill("Also while it was away.")
    expect(page.locator("form .unsaved:visible")).to_have_count(2)
    server.start()
    await_stored(page, section, f"{BASE} One. Two.")
    expect(page.locator("form .unsaved:visible")).to_have_count(0)
    postmortem.refresh_from_db()
    assert postmortem.lede == "Also while it was away."


def test_an_ended_session_loses_nothing_and_goes_on_after_signing_in_again(
    open_page: OpenPage, server: WebServer, ada: User, postmortem: Postmortem
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada, server=server.url), postmortem)
    Session.objects.all().delete()
    write(page, section, " One.")
    expect(said(page, section)).to_contain_text("You are signed out")
    expect(field_of(page, section)).to_have_value(f"{BASE} One.")
    client = Client()
    sign_in(client, ada)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])
    await_stored(page, section, f"{BASE} One.")
    expect(said(page, section)).to_be_hidden()


def test_somebody_else_who_signs_in_in_this_browser_sends_nothing_of_hers(
    open_page: OpenPage, server: WebServer, ada: User, postmortem: Postmortem
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada, server=server.url), postmortem)
    Session.objects.all().delete()
    client = Client()
    write(page, section, " One.")
    expect(said(page, section)).to_contain_text("You are signed out")
    sign_in(client, make_user("Ben", Role.EDITOR))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])
    expect(said(page, section)).to_contain_text("Somebody else is signed in")
    assert first(postmortem).text == BASE
    page.reload()
    expect(page.locator(".draft-offer")).to_have_count(0)


def test_two_tabs_of_one_person_are_no_alarm(open_page: OpenPage, ada: User, postmortem: Postmortem) -> None:
    section = first(postmortem)
    one = edit(open_page(ada), postmortem)
    two = edit(one.context.new_page(), postmortem)
    write(one, section, " In the one.")
    await_stored(one, section, f"{BASE} In the one.")
    field_of(two, section).press("Control+Home")
    two.keyboard.type("In the other. ")
    await_stored(two, section, f"In the other. {BASE} In the one.")
    expect(field_of(two, section)).to_have_value(f"In the other. {BASE} In the one.")
    write(one, section, " And on.")
    await_stored(one, section, f"In the other. {BASE} In the one. And on.")
    expect(field_of(one, section)).to_have_value(f"In the other. {BASE} In the one. And on.")
    for page in (one, two):
        expect(page.get_by_role("button", name="See both")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_two_people_who_change_the_same_words_see_both_texts(
    open_page: OpenPage, ada: User, postmortem: Postmortem, scripts: bool
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada, javascript=scripts), postmortem)
    changed = BASE.replace("was full", "ran full")
    ben = Actor.person(make_user("Ben Alder", Role.EDITOR))
    sections.save(actor=ben, section=first(postmortem), text=changed, now=timezone.now())
    field_of(page, section).fill(BASE.replace("was full", "went full"))
    if scripts:
        page.get_by_role("button", name="See both").click()
    else:
        page.locator(f"#s{section.pk}").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="What Ben Alder saved")).to_be_visible()
    expect(page.locator(".differences ins")).to_have_text([" ran", " went"])
    expect(page.locator(".draft-offer")).to_have_count(0)
    assert not scripts or objections(page) == []
    both = page.get_by_label("Both together")
    expect(both).to_have_value(BASE.replace("was full", "ran went full"))
    both.fill(BASE.replace("was full", "ran and went full"))
    page.get_by_role("button", name="Save this text").click()
    expect(field_of(page, section)).to_have_value(BASE.replace("was full", "ran and went full"))
    expect(page.locator(".draft-offer")).to_have_count(0)
    assert first(postmortem).text == BASE.replace("was full", "ran and went full")


def test_sections_come_go_and_move_around_what_is_being_typed(
    open_page: OpenPage, ada: User, postmortem: Postmortem
) -> None:
    section, second = postmortem.sections.all()[:2]
    page = edit(open_page(ada), postmortem)
    write(page, section, " Typed.")
    page.get_by_role("button", name=f"Move “{section.heading}” down").press("Enter")
    expect(page.locator("#sections > section").nth(1)).to_have_id(f"s{section.pk}")
    expect(page.get_by_role("button", name=f"Move “{section.heading}” down")).to_be_focused()
    expect(field_of(page, section)).to_have_value(f"{BASE} Typed.")
    page.get_by_role("link", name=f"Rename “{second.heading}”").press("Enter")
    page.locator(f"#head-{second.pk} input[name=heading]").fill("In other words")
    page.locator(f"#head-{second.pk}").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="In other words")).to_be_visible()
    page.get_by_text("Add a section").click()
    page.locator("#section-new input[name=heading]").fill("What helped")
    page.locator("#section-new").get_by_role("button", name="Add").click()
    expect(page.locator("#sections > section").last).to_contain_text("What helped")
    expect(page.locator("#sections > section").last.locator(".marks-bar")).to_be_visible()
    page.get_by_role("button", name="Remove “In other words”").click()
    expect(page.get_by_text("“In other words” is removed.")).to_be_visible()
    page.locator(f"#s{second.pk}").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="In other words")).to_be_visible()
    await_stored(page, section, f"{BASE} Typed.")
    headings = list(postmortem.sections.values_list("heading", flat=True))
    assert headings[:2] == ["In other words", section.heading]
    assert headings[-1] == "What helped"


def test_marks_values_and_the_preview(open_page: OpenPage, ada: User, postmortem: Postmortem) -> None:
    section = postmortem.sections.all()[1]
    page = edit(open_page(ada), postmortem)
    field, part = field_of(page, section), page.locator(f"#s{section.pk}")
    field.fill("slow")
    field.press("Control+A")
    field.press("Control+B")
    expect(field).to_have_value("**slow**")
    part.get_by_role("button", name="Bold").click()
    expect(field).to_have_value("slow")
    part.get_by_role("button", name="List", exact=True).click()
    expect(field).to_have_value("- slow")
    field.press("Control+Z")
    expect(field).to_have_value("slow")
    field.press("Control+End")
    field.press_sequentially(", from ")
    page.locator(".values").get_by_role("button", name="{{started}}").click()
    expect(field).to_have_value("slow, from {{started}}")
    part.get_by_role("button", name="Preview").click()
    expect(part.locator(".section-preview .prose")).to_contain_text(re.compile(r"slow, from .*\d\d:\d\d"))
    expect(field).to_have_value("slow, from {{started}}")
    assert objections(page) == []
    part.get_by_role("button", name="Close").click()
    expect(part.locator(".section-preview")).to_have_count(0)


def test_another_ones_editor_stays_of_use_when_a_section_vanishes(
    open_page: OpenPage, ada: User, postmortem: Postmortem
) -> None:
    section = first(postmortem)
    page = edit(open_page(ada), postmortem)
    ben = Actor.person(make_user("Ben Alder", Role.EDITOR))
    sections.remove(actor=ben, section=first(postmortem), now=timezone.now())
    write(page, section, " Typed.")
    expect(page.locator(f"#saved-{section.pk}")).to_contain_text("somebody has removed this section")
    expect(field_of(page, section)).to_have_value(f"{BASE} Typed.")
    page.get_by_role("button", name="Put it back with this text").click()
    expect(field_of(page, section)).to_have_value(f"{BASE} Typed.")
    await_stored(page, section, f"{BASE} Typed.")


class Writer:
    """Somebody who writes words of their own, each only once, anywhere in a draft."""

    def __init__(self, page: Page, name: str, dice: random.Random) -> None:
        self.page, self.name, self.dice = page, name, dice
        self.words: list[str] = []

    def write(self, section: Section, word: str) -> None:
        """A word at some place between others, perhaps a line of its own; then the field is left, or not."""
        field = field_of(self.page, section)
        field.focus()
        text = field.input_value()
        start = self.dice.choice([0, len(text), *(blank.start() for blank in re.finditer(r"\s", text))])
        field.evaluate("(field, place) => field.setSelectionRange(place, place)", start)
        self.page.keyboard.insert_text(self.dice.choice([f" {word} ", f"\n- {word}\n", f" {word}. "]))
        self.words.append(word)
        if self.dice.random() < 0.8:
            self.page.locator("h1").click()

    def settle(self) -> None:
        """Until everything is saved; where both changed the same words, the proposal is taken as it is."""
        for _try in range(400):
            if self.page.get_by_role("button", name="See both").count():
                self.page.get_by_role("button", name="See both").first.click()
                self.page.get_by_role("button", name="Save this text").click()
                expect(self.page.locator("#sections")).to_be_visible()
                self.bring_back()
            elif self.page.evaluate(ALL_SAVED):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.name} could not save")

    def bring_back(self) -> None:
        """What was not saved when the page changed is offered again."""
        offers = self.page.get_by_role("button", name="Bring it back")
        while offers.count():
            offers.first.click()


ALL_SAVED = """!document.querySelector('.htmx-request') && [...document.querySelectorAll('textarea[data-autosave]')]
    .every((field) => field.value === field.defaultValue)"""
ROUNDS = 50


def test_two_people_write_fifty_rounds_and_no_word_is_lost(
    open_page: OpenPage, ada: User, postmortem: Postmortem
) -> None:
    ben = make_user("Ben Alder", Role.EDITOR)
    dice = random.Random(20_260_106)
    writers = [Writer(edit(open_page(user), postmortem), user.name[:3], dice) for user in (ada, ben)]
    parts = list(postmortem.sections.all()[:2])
    for place in range(ROUNDS):
        together = dice.choice(parts) if dice.random() < 0.6 else None
        for writer in writers:
            writer.write(together or dice.choice(parts), f"{writer.name}{place}")
        for writer in writers:
            writer.settle()
    stored = " ".join(Section.objects.filter(postmortem=postmortem).values_list("text", flat=True))
    found = Counter(re.findall(r"(?:Ada|Ben)\d+", stored))
    assert sum(len(writer.words) for writer in writers) == 2 * ROUNDS
    assert {word: found[word] for writer in writers for word in writer.words if not found[word]} == {}
