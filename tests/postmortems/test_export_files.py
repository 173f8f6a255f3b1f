"""A postmortem as a file: by command and by address, for whom, and into the importer again."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from incidents.enums import Role
from incidents.models import Incident
from postmortems.models import Postmortem
from tests.factories import make_incident, make_user, sign_in
from tests.postmortems.postmortem_texts import DATED

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(tmp_path):
    """Import the story, published or not, and give its incident."""

    def run(*options, text=DATED):
        path = tmp_path / "story.md"
        path.write_text(text, encoding="utf-8", newline="")
        call_command("import_postmortem", str(path), *options, stdout=StringIO())
        return Incident.objects.order_by("-id").first()

    return run


def exported(reference, form):
    out = StringIO()
    call_command("export_postmortem", reference, "--format", form, stdout=out)
    return out.getvalue()


def test_markdown_out_and_in_again_gives_the_same_incident(imported):
    first = imported("--publish")
    text = exported(first.reference, "md")
    second = imported("--publish", text=text)
    assert second.pk != first.pk
    again = exported(second.reference, "md")
    assert again.replace(second.reference, first.reference) == text
    before, after = (json.loads(exported(incident.reference, "json")) for incident in (first, second))
    assert len(before["timeline"]) == 5
    for document in (before, after):
        document.pop("reference")
        # When each was published.
        document.pop("revisions")
        for record in (*document["timeline"], *document["causes"]):
            record.pop("id")
        for item in document["action_items"]:
            item.pop("number")
    assert before == after


def test_why_no_action_item_answers_a_cause_goes_along(imported):
    first = imported()
    reason = 'The supplier ends it in May, "until then" we accept the risk: so be it'
    first.root_causes.update(no_action_reason=reason)
    second = imported(text=exported(first.reference, "md"))
    assert set(second.root_causes.values_list("no_action_reason", flat=True)) == {reason}


def test_html_is_a_page_of_its_own(imported):
    page = exported(imported("--publish").reference, "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "<h1>Checkout shows a blank page</h1>" in page
    assert "Fill a new cache" in page
    assert "style=" not in page


def test_the_command_writes_a_file_and_refuses_with_one_line(imported, tmp_path):
    incident = imported()
    call_command("export_postmortem", incident.reference, "--format", "md", "--output", str(tmp_path / "out.md"))
    assert (tmp_path / "out.md").read_text().startswith("---\nnevertwice: 1\n")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_postmortem", incident.reference, "--format", "md", "--output", str(tmp_path / "no" / "x"))
    with pytest.raises(CommandError, match="no incident"):
        call_command("export_postmortem", "INC-99", "--format", "md")
    with pytest.raises(CommandError, match="no postmortem"):
        call_command("export_postmortem", make_incident().reference, "--format", "md")


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_a_reader_gets_what_is_published(client, imported, form):
    incident = imported("--publish")
    sign_in(client, make_user(role=Role.READER))
    answer = client.get(reverse("postmortem-export", args=[incident.reference, form]))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith(f'{incident.reference}-checkout-shows-a-blank-page.{form}"')
    assert "Fill a new cache" in answer.content.decode()


def test_a_draft_is_for_responders(client, imported):
    address = reverse("postmortem-export", args=[imported().reference, "md"])
    sign_in(client, make_user(role=Role.READER))
    assert client.get(address).status_code == 404
    sign_in(client, make_user(role=Role.RESPONDER))
    assert client.get(address).status_code == 200


def test_a_private_one_and_an_unknown_format_are_not_found(client, imported):
    incident = imported("--publish")
    sign_in(client, make_user(role=Role.READER))
    address = reverse("postmortem-export", args=[incident.reference, "md"])
    assert client.get(address).status_code == 200
    assert client.get(address.replace("/md/", "/pdf/")).status_code == 404
    Incident.objects.update(is_private=True)
    assert client.get(address).status_code == 404


def test_nobody_exports_without_signing_in(client, imported):
    address = reverse("postmortem-export", args=[imported("--publish").reference, "md"])
    assert client.get(address).status_code == 302
    assert Postmortem.objects.count() == 1
