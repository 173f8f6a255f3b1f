"""Every incident as files: all of them, all that hangs on each, and read back as the same records."""

import io
import json
import stat
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from incidents.domain import attachments
from incidents.enums import Role
from incidents.errors import Forbidden
from incidents.models import Incident
from incidents.permissions import Actor
from postmortems.models import Postmortem
from postmortems.transfer.archive import export_all
from tests.factories import make_incident, make_user
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "all"


def export(folder: Path) -> str:
    said = io.StringIO()
    call_command("export_all", str(folder), stdout=said)
    return said.getvalue()


def read(folder: Path, incident: Incident, name: str = "incident.json") -> dict:
    return json.loads((folder / incident.reference / name).read_text())


def test_every_incident_is_there_with_all_that_hangs_on_it(world, folder):
    assert export(folder) == f"Wrote {Incident.objects.count()} incidents to {folder}.\n"

    assert {path.name for path in folder.iterdir() if path.is_dir()} == {
        incident.reference for incident in Incident.objects.all()
    }
    told = read(folder, world.incidents["open"])
    assert told["document"]["title"] == "Blank front page"
    assert told["document"]["timeline"][0]["text"] == "We look at **the change**"
    assert told["document"]["causes"][0]["title"] == "No sandbox"
    record = told["record"]
    assert record["incident_lead"] == "Incident Lead"
    assert record["action_items"][0]["owner"] == "Incident Lead"
    assert record["tags"] == ["release"]
    assert [event["struck_at"] is not None for event in record["timeline"] if event["text"] == "Rolled back"] == [True]
    assert {update["text"] for update in record["updates"]} >= {"Some pages are empty", "The cache looks wrong"}
    # Private ones too: it is for whoever may see everything.
    assert read(folder, world.incidents["private"])["record"]["is_private"] is True
    assert (folder / "nevertwice-export.json").is_file()


def test_what_people_answered_to_a_roll_call_is_in_no_export(world, folder):
    export(folder)
    for file in folder.rglob("*.*"):
        assert b"perhaps the nightly job" not in file.read_bytes()


def test_what_was_published_stands_beside_it_as_it_was(world, folder):
    told = world.published.postmortem
    Postmortem.objects.filter(pk=told.pk).update(title="Another draft")
    export(folder)
    assert read(folder, world.published, "postmortem.json")["title"] == "Told already"
    assert read(folder, world.published)["document"]["title"] == "Another draft"
    assert not (folder / world.incidents["open"].reference / "postmortem.json").exists()


def test_pictures_come_along_and_the_text_leads_to_them(world, folder):
    export(folder)
    (chart,) = world.published.attachments.all()
    here = folder / world.published.reference
    with Image.open(here / "pictures" / str(chart)) as image:
        assert image.size == (12, 8)
    assert f"(../{world.published.reference}/pictures/{chart})" in (here / "incident.md").read_text()


def test_a_picture_that_is_lost_or_removed_costs_nothing_else(folder):
    incident = make_incident()
    written = io.BytesIO()
    Image.new("RGB", (3, 3)).save(written, "PNG")
    actor = Actor.machine("a test", Role.ADMIN)
    upload = SimpleUploadedFile("a.png", written.getvalue())
    lost = attachments.add(actor=actor, incident=incident, upload=upload, now=timezone.now())
    lost.file.storage.delete(str(lost.file.name))
    export(folder)
    assert not (folder / incident.reference / "pictures").exists()
    assert len(read(folder, incident)["record"]["pictures"]) == 1


def test_the_markdown_is_read_back_as_the_same_incident(world, folder, tmp_path):
    export(folder)
    source = folder / world.incidents["resolved"].reference / "incident.md"
    call_command("import_postmortem", str(source), stdout=io.StringIO())
    again = Incident.objects.order_by("-pk")[0]
    assert again.title == "Slow checkout"
    assert again.timeline.filter(text="We look at **the change**").exists()
    assert again.root_causes.get().title == "No sandbox"


def test_nobody_else_on_the_machine_reads_it(world, folder):
    export(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_again_replaces_it_and_nothing_else_is_ever_replaced(folder, tmp_path):
    make_incident()
    export(folder)
    make_incident()
    assert export(folder).startswith("Wrote 2 incidents")
    (folder / "nevertwice-export.json").unlink()
    with pytest.raises(CommandError, match="holds something that is no such export"):
        export(folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_it_is_for_who_may_see_everything(folder, role):
    actor = Actor.person(make_user(role=role))
    with pytest.raises(Forbidden):
        export_all(actor=actor, path=folder, now=timezone.now())
    assert not folder.exists()


def test_it_takes_as_few_queries_an_incident_however_much_there_is(folder, django_assert_max_num_queries):
    for _number in range(5):
        make_incident()
    with django_assert_max_num_queries(5 * 15 + 12):
        export(folder)
