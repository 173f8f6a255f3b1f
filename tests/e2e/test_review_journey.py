"""Two people and one text: asked, commented, resolved, changes asked, read again, approved, published, put right."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from incidents.enums import Role, Severity, Status
from incidents.models import User
from postmortems.models import Postmortem, Section
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_incident, make_postmortem, make_user
from tests.postmortems.pages import address


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state("load")


def fits(page: Page) -> None:
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], page.url


@dataclass
class Story:
    author: User
    editor: User
    postmortem: Postmortem
    section: Section


@pytest.fixture
def story(transactional_db: None) -> Story:
    author, editor = make_user("Ada Okoro"), make_user("Ben Lindqvist", Role.EDITOR)
    incident = make_incident(title="Checkout answers slowly", status=Status.RESOLVED, severity=Severity.SEV3)
    text = "A closing tag was lost in the banner, and nobody saw it."
    postmortem = make_postmortem(incident, author=author, text=text)
    return Story(author, editor, postmortem, postmortem.sections.all()[0])


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_a_review_from_asking_to_an_erratum(story: Story, open_page: OpenPage, javascript: bool) -> None:
    ada, ben = (open_page(person, javascript=javascript) for person in (story.author, story.editor))
    postmortem, section = story.postmortem, story.section
    review = address(postmortem, "review")

    ada.goto(review)
    ada.get_by_label("Ben Lindqvist").check()
    press(ada, "Ask for a review")
    expect(ada.get_by_text("Ben Lindqvist").first).to_be_visible()

    ben.goto("/")
    ben.get_by_role("link", name="Checkout answers slowly").first.click()
    threads = ben.locator(f"#threads-s{section.pk}")
    threads.locator("summary", has_text="Comment").click()
    threads.get_by_label("Comment").fill("Which **template** was it?")
    threads.get_by_role("button", name="Comment").click()
    expect(ben.locator(f"#threads-s{section.pk} strong")).to_have_text("template")
    fits(ben)
    assert javascript is False or objections(ben) == []
    ben.get_by_label("Note").fill("Say which template it was.")
    press(ben, "Ask for changes")
    expect(ben.get_by_text("Nothing has changed since you last read it")).to_be_visible()

    ada.goto(address(postmortem, "edit") + f"#s{section.pk}")
    ada.locator(f"#id_s{section.pk}_text").fill("A closing tag was lost in the base template, and nobody saw it.")
    ada.locator(f"#s{section.pk}").get_by_role("button", name="Save", exact=True).click()
    ada.wait_for_load_state("load")
    ada.goto(review)
    ada.locator(f"#threads-s{section.pk}").locator("summary", has_text="Answer").click()
    ada.locator(f"#threads-s{section.pk}").get_by_label("Answer").fill("The one that all pages inherit.")
    ada.locator(f"#threads-s{section.pk}").get_by_role("button", name="Answer").click()
    expect(ada.get_by_text("The one that all pages inherit.")).to_be_visible()
    ada.locator(f"#threads-s{section.pk}").get_by_role("button", name="Resolve").click()
    expect(ada.locator(f"#threads-s{section.pk}").get_by_text("1 resolved thread")).to_be_visible()
    press(ada, "Ask for a review")

    ben.goto(review)
    expect(ben.get_by_text("1 part has changed since you last read it")).to_be_visible()
    ben.get_by_role("link", name="Show what changed").click()
    expect(ben.locator("del", has_text="banner")).to_be_visible()
    expect(ben.locator("ins", has_text="base template")).to_be_visible()
    press(ben, "Approve and publish")
    expect(ben.get_by_role("heading", level=1)).to_have_text("Checkout answers slowly")

    ada.goto(address(postmortem, "history"))
    fits(ada)
    press(ada, "Compare")
    expect(ada.locator("del", has_text="banner").first).to_be_visible()
    assert javascript is False or objections(ada) == []
    ben.goto(review)
    press(ben, "Publish a new revision")
    expect(ben.get_by_text("Say what changed; readers see it")).to_be_visible()
    ben.get_by_label("What changed?").fill("Corrected the start time")
    press(ben, "Publish a new revision")
    expect(ben.locator("footer")).to_contain_text("Corrected the start time")
