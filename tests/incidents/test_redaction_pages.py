"""The page and the command by which admins take a text out of everything, and the page that removes a picture."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from PIL import Image

from incidents.domain import attachments, redaction, timeline
from incidents.domain.timeline import EventContent
from incidents.enums import Role
from incidents.models import Attachment, AuditEntry, Incident, TimelineEvent, User
from incidents.permissions import Actor
from tests.factories import PASSWORD, make_incident, make_user, make_webhook, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/redaction/"
SECRET = "hunter2-Geheim"
ADMIN = Actor.machine("a test", Role.ADMIN)


@pytest.fixture
def admin(client: Client) -> User:
    return sign_in(client, make_user("Ada", Role.ADMIN))


def entry(text: str, incident: Incident | None = None) -> TimelineEvent:
    content = EventContent(text=text, occurred_at=timezone.now())
    incident = incident or make_incident()
    return timeline.add_entries(actor=ADMIN, incident=incident, entries=[content], now=timezone.now())[0]


def fields(**changed: Any) -> dict[str, Any]:
    return {"text": SECRET, "replacement": "(redacted)", "reason": "A key was pasted.", **changed}


# The page


def test_first_it_shows_where_the_text_is_then_it_takes_it_out(client, admin):
    event = entry(f"{SECRET} and {SECRET}")
    preview = client.post(PAGE, fields())
    page = preview.content.decode()

    assert preview.status_code == 200
    assert "Found in 2 places" in page
    assert f'href="/incidents/{event.incident.reference}/"' in page
    event.refresh_from_db()
    assert SECRET in event.text

    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    done = client.post(PAGE, {**hidden, "confirm": "1"}, follow=True)

    event.refresh_from_db()
    assert event.text == "(redacted) and (redacted)"
    assert "Taken out in 2 places." in done.content.decode()
    assert "A key was pasted." in done.content.decode()
    assert SECRET not in done.content.decode()


def test_the_audit_of_the_incident_says_so(client, admin):
    event = entry(SECRET)
    client.post(PAGE, fields(confirm="1"))

    page = client.get(f"{event.incident.get_absolute_url()}audit/").content.decode()

    assert "took a text out of what is kept on it" in page
    assert "A key was pasted." in page
    assert SECRET not in page


def test_going_back_keeps_what_was_typed_and_changes_nothing(client, admin):
    event = entry(SECRET)
    page = client.post(PAGE, fields(again="1", whole_words="on")).content.decode()

    event.refresh_from_db()
    assert event.text == SECRET
    assert f">\n{SECRET}</textarea>" in page
    assert 'value="A key was pasted."' in page


def test_what_is_found_nowhere_says_so_and_offers_nothing_to_press(client, admin):
    page = client.post(PAGE, fields()).content.decode()
    assert "Found nowhere" in page
    assert 'name="confirm"' not in page
    refused = client.post(PAGE, fields(confirm="1"))
    assert refused.status_code == 422
    assert "It was found nowhere" in refused.content.decode()


def test_on_one_incident_only(client, admin):
    here, there = entry(SECRET), entry(SECRET)
    client.post(PAGE, fields(incident=here.incident.reference, confirm="1"))
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.text, there.text) == ("(redacted)", SECRET)


def test_several_lines_are_one_text(client, admin):
    event = entry("See:\n\n    BEGIN KEY\n    abc\n    END KEY\n\nand go on")
    client.post(PAGE, fields(text="BEGIN KEY\r\nabc\r\nEND KEY", confirm="1"))
    event.refresh_from_db()
    assert event.text == "See:\n\n    (redacted)\n\nand go on"


def test_a_channel_that_needs_it_is_named(client, admin):
    make_webhook("Chat", headers=f"Authorization: {SECRET}")
    page = client.post(PAGE, fields()).content.decode()
    assert "where it is needed to send" in page
    assert "Webhook, headers" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": ""}, "This field is required"),
        ({"text": "ab"}, "At least 3 characters"),
        ({"text": "resolved"}, "a word of the program itself"),
        ({"text": "x" * 30_000}, "at most 20000 characters"),
        ({"replacement": "<b>"}, "at most 100 letters"),
        ({"reason": ""}, "This field is required"),
        ({"reason": f"It said {SECRET}", "confirm": "1"}, "The reason holds the text itself"),
        ({"incident": "INC-999"}, "There is no incident INC-999"),
    ],
)
def test_what_cannot_be_carried_out_is_said_beside_the_field(client, admin, changed, said):
    event = entry(SECRET)
    answer = client.post(PAGE, fields(**changed))
    event.refresh_from_db()
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert event.text == SECRET


def test_no_browser_keeps_it_and_no_address_holds_it(client, admin):
    entry(SECRET)
    for answer in (client.get(PAGE), client.post(PAGE, fields()), client.post(PAGE, fields(confirm="1"))):
        assert answer["Cache-Control"] == "no-store"
        assert SECRET not in answer.get("Location", "")
    # A text in an address would stand in logs, so nothing is taken from there.
    assert SECRET not in client.get(PAGE, fields()).content.decode()


def test_the_password_is_asked_for_again_and_nothing_typed_is_lost(client):
    user = make_user("Ada", Role.ADMIN)
    client.force_login(user)
    event = entry(SECRET)

    asked = client.post(PAGE, fields(confirm="1"))
    assert asked.status_code == 422
    assert "Your password again" in asked.content.decode()
    assert asked["Cache-Control"] == "no-store"
    event.refresh_from_db()
    assert event.text == SECRET

    client.post(PAGE, fields(confirm="1", current_password=PASSWORD))
    event.refresh_from_db()
    assert event.text == "(redacted)"


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_it_is_for_admins(client, role):
    sign_in(client, make_user(role=role))
    event = entry(SECRET)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, fields(confirm="1")).status_code == 403
    event.refresh_from_db()
    assert event.text == SECRET


# The command


def run(text: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    written = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    call_command("redact", *arguments, stdout=written)
    return written.getvalue()


def test_the_command_reads_the_text_and_says_where_it_was(monkeypatch):
    event = entry(SECRET)
    said = run(f"{SECRET}\n", monkeypatch, "--reason", "A key was pasted.")
    event.refresh_from_db()
    assert event.text == "(redacted)"
    assert said == f"Timeline event, text: 1 ({event.incident.reference})\n1 replaced.\n"
    assert AuditEntry.objects.get(action=redaction.CARRIED_OUT).actor_label == "redact"


def test_a_dry_run_changes_nothing(monkeypatch):
    event = entry(SECRET)
    said = run(SECRET, monkeypatch, "--dry-run")
    event.refresh_from_db()
    assert event.text == SECRET
    assert "1 found." in said


def test_the_command_takes_a_file_an_incident_a_replacement_and_an_admin(tmp_path):
    here, there = entry(SECRET.upper()), entry(SECRET)
    admin = make_user("Ada", Role.ADMIN)
    (tmp_path / "text").write_text(f"{SECRET}\n")
    options = ["--ignore-case", "--replacement", "a key", "--incident", here.incident.reference, "--by", "Ada"]

    call_command("redact", "--from", str(tmp_path / "text"), "--reason", "Why not", *options, stdout=io.StringIO())

    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.text, there.text) == ("a key", SECRET)
    assert AuditEntry.objects.get(action=redaction.CARRIED_OUT).actor == admin


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (SECRET, [], "Say why"),
        (SECRET, ["--reason", "x", "--incident", "INC-99"], "There is no incident INC-99."),
        (SECRET, ["--reason", "x", "--by", "Nobody"], "There is no active admin “Nobody”."),
        (SECRET, ["--reason", "x", "--from", "/not/there"], "/not/there cannot be read: No such file or directory."),
        ("not there", ["--reason", "x"], "It was found nowhere"),
        ("", ["--reason", "x"], "At least 3 characters"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(monkeypatch, text, arguments, said):
    entry(SECRET)
    with pytest.raises(CommandError, match=re.escape(said)) as caught:
        run(text, monkeypatch, *arguments)
    assert "\n" not in str(caught.value)
    assert TimelineEvent.objects.filter(text=SECRET).exists()


# Pictures


def picture(incident: Incident, colour: str = "teal") -> Attachment:
    written = io.BytesIO()
    Image.new("RGB", (12, 8), colour).save(written, "PNG")
    upload = SimpleUploadedFile(f"{SECRET}.png", written.getvalue())
    return attachments.add(actor=ADMIN, incident=incident, upload=upload, now=timezone.now())


def test_a_picture_is_removed_with_its_file_and_a_sign_stands_in_its_place(client, admin):
    incident = make_incident()
    found, other = picture(incident), picture(incident, "red")
    entry(attachments.markdown_of(found), incident)
    storage, name = found.file.storage, str(found.file.name)
    remove = f"/incidents/{incident.reference}/pictures/{found.name}/remove/"
    assert remove in client.get(f"/incidents/{incident.reference}/pictures/").content.decode()
    assert "Remove this picture for good?" in client.get(remove).content.decode()

    answer = client.post(remove, {"reason": "A name can be read on it."}, follow=True)

    assert "The picture is removed." in answer.content.decode()
    assert not storage.exists(name)
    shown = client.get(found.get_absolute_url())
    assert (shown.status_code, shown["Content-Type"]) == (410, "image/svg+xml")
    assert "removed by an admin" in shown.content.decode()
    assert "sandbox" in shown["Content-Security-Policy"]
    assert client.get(other.get_absolute_url()).status_code == 200
    found.refresh_from_db()
    assert (found.original_name, found.digest, found.removed_by) == ("", "", admin)
    told = AuditEntry.objects.get(action="picture.removed")
    assert (told.incident, told.note) == (incident, "A name can be read on it.")
    assert client.get(remove).status_code == 404


def test_the_same_picture_on_another_incident_goes_too(client, admin):
    incident, other = make_incident(), make_incident()
    found = picture(incident)
    moved = entry(attachments.markdown_of(found), incident)
    entry(attachments.markdown_of(found), incident)
    timeline.move(actor=ADMIN, event=moved, other=other, now=timezone.now())
    copy = other.attachments.get()

    attachments.remove(actor=ADMIN, attachment=found, reason="A name", now=timezone.now())

    assert client.get(copy.get_absolute_url()).status_code == 410
    assert AuditEntry.objects.filter(action="picture.removed").count() == 2


def test_the_same_picture_may_be_added_anew(client, admin):
    incident = make_incident()
    found = picture(incident)
    attachments.remove(actor=ADMIN, attachment=found, reason="By mistake", now=timezone.now())
    assert client.get(picture(incident).get_absolute_url()).status_code == 200


def test_where_the_file_cannot_be_deleted_nothing_has_changed(client, admin, monkeypatch):
    found = picture(make_incident())

    def refuse(name: str) -> None:
        raise PermissionError

    monkeypatch.setattr(found.file.storage, "delete", refuse)
    remove = f"/incidents/{found.incident.reference}/pictures/{found.name}/remove/"
    answer = client.post(remove, {"reason": "A name"})
    assert answer.status_code == 422
    assert "could not be deleted" in answer.content.decode()
    assert client.get(found.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER, Role.EDITOR])
def test_nobody_but_an_admin_removes_a_picture(client, role):
    sign_in(client, make_user(role=role))
    found = picture(make_incident())
    remove = f"/incidents/{found.incident.reference}/pictures/{found.name}/remove/"
    assert client.get(remove).status_code == 403
    assert client.post(remove, {"reason": "A name"}).status_code == 403
    assert client.post(remove, {"reason": ""}).status_code == 403
    assert remove not in client.get(f"/incidents/{found.incident.reference}/pictures/").content.decode()
    assert client.get(found.get_absolute_url()).status_code == 200
