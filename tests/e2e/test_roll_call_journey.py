"""A roll call from the question to the answer: one who asks at a desk, one who answers on a phone without scripts."""

import datetime as dt
import io
import re
from dataclasses import dataclass

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from incidents.domain import rollcall
from incidents.enums import Role
from incidents.models import Attachment, Change, Incident, OutboxMessage, RollCallAnswer, User
from incidents.permissions import Actor
from tests.e2e.conftest import PHONE, OpenPage, objections
from tests.factories import make_incident, make_service, make_team, make_user


@dataclass
class Crew:
    lead: User
    team: list[User]
    incident: Incident


@pytest.fixture
def crew(transactional_db: None) -> Crew:
    lead = make_user("Ada Okoro", Role.RESPONDER)
    # Whatever the hour is: one of them is awake where they are, one asleep.
    awake, asleep = zone_where_it_is(12), zone_where_it_is(0)
    team = [make_user("Bea Kim", time_zone=awake), make_user("Chidi Eze", time_zone=asleep)]
    service = make_service("Storefront", slug="storefront", team=make_team("Storefront", members=(lead, *team)))
    return Crew(lead, team, make_incident(services=[service], incident_lead=lead))


def zone_where_it_is(hour: int) -> str:
    """A zone in which it is this hour of the day now."""
    ahead = (hour - timezone.now().hour + 12) % 24 - 12
    return f"UTC{ahead:+03d}:00"


def path_to(person: User) -> str:
    """The address in the notice of this person."""
    payload = OutboxMessage.objects.get(kind="roll-call", person=person).payload
    return re.sub(r"^https?://[^/]+", "", payload["url"])


def fits(page: Page) -> None:
    """Nothing sticks out, and each button can be hit with a thumb."""
    for button in page.locator("main button:visible, main summary.btn:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["height"] >= 44


def test_a_question_and_its_answers(open_page: OpenPage, crew: Crew) -> None:
    desk = open_page(crew.lead)
    desk.goto(crew.incident.get_absolute_url())
    desk.get_by_role("link", name="Ask what went live").click()
    expect(desk.get_by_label("Bea Kim")).to_be_checked()
    expect(desk.get_by_label("Chidi Eze")).not_to_be_checked()
    expect(desk.get_by_role("group", name="Whom")).to_contain_text("2 people · 1 awake · 1 at night, not ticked")
    desk.get_by_label("Chidi Eze").check()
    desk.get_by_label("What do you see?").fill("Pages are blank")
    assert objections(desk) == []
    desk.get_by_role("button", name="Ask those who are ticked").click()
    expect(desk.get_by_text("2 people are asked.")).to_be_visible()

    # A mail program that looks at every link answers nothing.
    phone = open_page(phone=True, javascript=False)
    for person in crew.team:
        phone.goto(path_to(person))
    assert not RollCallAnswer.objects.exclude(answer="").exists()

    phone.goto(path_to(crew.team[0]))
    expect(phone.get_by_text("Ada Okoro asks for help")).to_be_visible()
    expect(phone.get_by_text("Pages are blank")).to_be_visible()
    fits(phone)
    phone.get_by_role("button", name="Nothing of mine went live").click()
    expect(phone.get_by_role("status")).to_contain_text("You answered: Nothing of mine.")

    # Then it comes back to mind.
    phone.get_by_text("Something went live").click()
    phone.get_by_label("What went live?").fill("A banner with a new template")
    phone.get_by_label("When?").fill("-2h")
    phone.get_by_label("A link, if there is one").fill("https://ci.example.org/7")
    fits(phone)
    phone.get_by_role("button", name="Tell the responders").click()
    expect(phone.get_by_role("status")).to_contain_text("You told of: A banner with a new template.")
    assert Change.objects.get().url == "https://ci.example.org/7"

    desk.goto(crew.incident.get_absolute_url())
    expect(desk.locator("#roll-call")).to_contain_text("1 of 2")
    desk.locator("#roll-call").get_by_role("link", name="Roll call").click()
    expect(desk.get_by_text("A banner with a new template")).to_be_visible()
    expect(desk.get_by_text("Not answered yet")).to_be_visible()

    desk.goto(f"{crew.incident.get_absolute_url()}identify/")
    desk.get_by_role("main").get_by_role("button", name="Cause identified").click()
    phone.goto(path_to(crew.team[1]))
    expect(phone.get_by_role("heading", level=1)).to_have_text("The cause is found, thank you. Nothing to do.")
    fits(phone)


def test_the_page_of_answers_holds_in_the_dark_and_with_mistakes(open_page: OpenPage, crew: Crew) -> None:
    now = timezone.now()
    began, actor = now - dt.timedelta(hours=3), Actor.person(crew.lead)
    rollcall.ask(actor=actor, incident=crew.incident, people=crew.team, from_at=began, to_at=now, now=now)
    phone = open_page(phone=True)
    phone.goto(path_to(crew.team[0]))
    assert objections(phone) == []
    phone.get_by_text("Something went live").click()
    phone.get_by_label("When?").fill("one of these days")
    phone.get_by_role("button", name="Tell the responders").click()

    expect(phone.get_by_label("When?")).to_have_value("one of these days")
    expect(phone.get_by_text("Say in a few words what it was.")).to_be_visible()
    assert objections(phone) == []
    fits(phone)


# Puts a picture, or what a table gives, on a clipboard of its own and pastes it.
PASTE = """([id, bytes, text]) => {
  const data = new DataTransfer();
  if (bytes) data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  if (text) data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.getElementById(id).dispatchEvent(event);
}"""
DROP = """([id, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "errors since 01.png", { type: "image/png" }));
  const how = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) document.getElementById(id).dispatchEvent(new DragEvent(kind, how));
}"""


def drawn(colour: str) -> list[int]:
    written = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(written, "PNG")
    return list(written.getvalue())


def photo() -> FilePayload:
    return {"name": "photo.png", "mimeType": "image/png", "buffer": bytes(drawn("red"))}


def shown(page: Page, count: int) -> None:
    """So many pictures are there, each of them loaded."""
    images = page.locator(".timeline .prose img")
    expect(images).to_have_count(count)
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 60)


def test_pictures_are_pasted_dropped_and_chosen(open_page: OpenPage, crew: Crew) -> None:
    page = open_page(crew.lead)
    page.goto(crew.incident.get_absolute_url())
    field = page.get_by_label("New timeline entry")

    field.fill("-5m diagnosis: CPU")
    page.evaluate(PASTE, ["entry-text", drawn("teal"), ""])
    expect(field).to_have_value(re.compile(r"^-5m diagnosis: CPU !\[image\]\(/incidents/INC-1/pictures/\S+\.png\)$"))
    field.press("Enter")
    shown(page, 1)

    page.evaluate(DROP, ["entry-text", drawn("navy")])
    expect(field).to_have_value(re.compile(r"^!\[errors since 01\]"))
    field.press("Enter")
    shown(page, 2)

    field.focus()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("link", name="picture", exact=True).click()
    chooser.value.set_files(photo())
    expect(field).to_have_value(re.compile(r"^!\[photo\]"))
    field.press("Enter")
    shown(page, 3)
    assert Attachment.objects.count() == 3

    page.goto(f"{crew.incident.get_absolute_url()}pictures/")
    expect(page.locator("img.thumb")).to_have_count(3)
    assert objections(page) == []


def test_a_table_is_pasted_as_text_and_what_is_no_picture_is_refused_in_words(open_page: OpenPage, crew: Crew) -> None:
    page = open_page(crew.lead)
    page.goto(crew.incident.get_absolute_url())
    field = page.get_by_label("New timeline entry")
    field.fill("seen")
    page.evaluate(PASTE, ["entry-text", drawn("teal"), "a\tb"])
    page.evaluate(PASTE, ["entry-text", list(b"<svg/>"), ""])

    expect(page.locator("[data-pictures-say]")).to_contain_text("PNG, JPEG, WebP or GIF")
    expect(field).to_have_value("seen")
    assert not Attachment.objects.exists()


def test_without_scripts_a_picture_goes_by_a_form(open_page: OpenPage, crew: Crew) -> None:
    page = open_page(crew.lead, phone=True, javascript=False)
    page.goto(f"{crew.incident.get_absolute_url()}pictures/")
    page.get_by_label("Picture").set_input_files(photo())
    page.get_by_label("What it shows").fill("The shop window")
    page.get_by_role("button", name="Add to the timeline").click()

    expect(page.get_by_alt_text("The shop window")).to_be_visible()


def test_a_picture_is_pasted_into_the_edit_form(open_page: OpenPage, crew: Crew) -> None:
    page = open_page(crew.lead)
    page.goto(crew.incident.get_absolute_url())
    page.get_by_label("New timeline entry").fill("rolled back")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(".entry", has_text="rolled back").get_by_label("This entry").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="What happened").focus()
    page.evaluate(PASTE, ["id_text", drawn("teal"), ""])
    expect(page.get_by_role("textbox", name="What happened")).to_have_value(re.compile(r"!\[image\]"))
    page.get_by_role("button", name="Save", exact=True).click()
    shown(page, 1)
