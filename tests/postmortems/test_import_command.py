"""The command that imports documents: what it prints, what it keeps, and how it ends."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError

from incidents.enums import IncidentKind, Source, Status, TimelineKind
from incidents.models import Incident, OutboxMessage, TimelineEvent
from postmortems.enums import ActionStatus, PostmortemStatus
from postmortems.models import ActionItem, ImportedDocument, Postmortem
from tests.postmortems.postmortem_texts import DATED, README, STORY, TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    *("file", "is_postmortem", "title", "started_at", "resolved_at", "naive", "severity", "timezone", "timeline"),
    *("lead_up", "root_causes", "action_items", "sections", "warnings", "incident"),
}


@pytest.fixture
def written(tmp_path):
    """Write a file, of text or of bytes, and say where it is."""

    def write(content, name="story.md"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def run(*arguments):
    """The objects that the command prints, and whether it was content."""
    out = StringIO()
    try:
        call_command("import_postmortem", *arguments, "--json", stdout=out)
        content = True
    except CommandError:
        content = False
    return [json.loads(line) for line in out.getvalue().splitlines()], content


def test_a_dry_run_says_everything_in_the_promised_words(written):
    (said,), content = run("--dry-run", written(DATED))
    assert content
    assert set(said) == KEYS
    assert said["started_at"] == "2024-03-04T14:10:00+02:00"
    assert said["timeline"][0] == {
        "at": "2024-03-04T14:10:00+02:00",
        "time": "14:10",
        "text": "The problem was detected by customers, who wrote to support.",
    }
    assert said["lead_up"][0]["time"] == "13:52"
    assert set(said["action_items"][0]) == {"title", "type"}
    assert {section["kind"] for section in said["sections"]} >= {"root_cause", "resolution"}
    assert (said["naive"], said["incident"], said["timezone"]) == (None, None, "UTC+02:00")


def test_a_dry_run_needs_no_database(written):
    arguments = [sys.executable, "manage.py", "import_postmortem", "--dry-run", "--json", written(DATED)]
    unreachable = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DEBUG": "1", "PATH": ""}
    done = subprocess.run(arguments, cwd=ROOT, env=unreachable, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["is_postmortem"]


@pytest.mark.parametrize("arguments", [["--date", "2023-1-1", "x.md"], ["--timezone", "Nowhere/Land", "x.md"], []])
def test_wrong_usage_ends_with_2(arguments):
    command = load_command_class("postmortems", "import_postmortem")
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as ended:
        command.create_parser("manage.py", "import_postmortem").parse_args(arguments)
    assert ended.value.code == 2


def test_bad_input_ends_with_1_and_one_line():
    environment = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DEBUG": "1", "PATH": ""}
    command = [sys.executable, "manage.py", "import_postmortem", "--dry-run", "absent.md", "README.md"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "absent.md" in done.stdout
    assert "README.md" in done.stdout
    assert done.stderr.splitlines() == ["CommandError: 2 of 2 files refused; the others were read."]


@pytest.mark.django_db
def test_an_import_is_a_backfill_with_everything_and_nobody_is_told(written):
    (said,), content = run(written(DATED))
    assert content
    incident = Incident.objects.get()
    assert said["incident"] == incident.reference == "INC-1"
    assert (incident.kind, incident.status, incident.source) == (IncidentKind.BACKFILL, Status.CLOSED, Source.IMPORT)
    assert incident.impact_started_at.isoformat() == "2024-03-04T12:10:00+00:00"
    assert incident.home_zone == "UTC+02:00"
    events = list(TimelineEvent.objects.filter(incident=incident))
    assert [event.kind for event in events][:2] == [TimelineKind.LEAD_UP, TimelineKind.DETECTION]
    assert {event.source for event in events} == {Source.IMPORT}
    assert len(events) == 5
    assert set(ActionItem.objects.values_list("status", "source")) == {(ActionStatus.HISTORICAL, Source.IMPORT)}
    assert incident.root_causes.count() == 1
    assert incident.impacts.get().scope_text == "40 %"
    assert not OutboxMessage.objects.exists()
    postmortem = Postmortem.objects.get()
    assert (postmortem.status, postmortem.is_imported) == (PostmortemStatus.DRAFT, True)
    assert [section.heading for section in postmortem.sections.all()] == [
        "Introduction",
        "Issue Summary",
        "Root Cause and Resolution",
        "Conclusion",
    ]


@pytest.mark.django_db
def test_an_undated_one_is_imported_with_a_warning_and_no_milestones(written):
    (said,), content = run(written(STORY))
    assert content
    incident = Incident.objects.get()
    assert (incident.impact_started_at, incident.resolved_at, incident.declared_at) == (None, None, None)
    assert any("year" in warning for warning in said["warnings"])
    assert set(incident.timeline.values_list("occurred_at", flat=True)) == {None}
    assert incident.timeline.filter(time_text="14:10").exists()


@pytest.mark.django_db
def test_the_day_given_completes_it_and_publishing_needs_no_review(written):
    (said,), content = run(written(STORY), "--date", "2024-03-04", "--publish")
    assert content
    assert said["started_at"] == "2024-03-04T14:10:00+02:00"
    postmortem = Postmortem.objects.get()
    assert postmortem.status == PostmortemStatus.PUBLISHED
    assert "imported, not reviewed here" in postmortem.published_revision.html_internal


@pytest.mark.django_db
def test_the_same_text_twice_makes_no_second_incident(written):
    run(written(DATED))
    same = DATED.replace("\n", "  \r\n") + "\n\n"
    (said,), content = run(written(same, "copy.md"))
    assert content
    assert said["incident"] == "INC-1"
    assert Incident.objects.count() == ImportedDocument.objects.count() == 1
    run(written(DATED.replace("40%", "41%"), "other.md"))
    assert Incident.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_file_changes_nothing_and_the_others_are_imported(written):
    files = [written(TEMPLATE, "a.md"), written(DATED, "b.md"), written(README, "c.md")]
    said, content = run(*files)
    assert not content
    assert [line["incident"] for line in said] == [None, "INC-1", None]
    assert all(line["warnings"] for line in said if not line["is_postmortem"])
    assert Incident.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "no text"),
        (b"# Outage\n" + b"It was down. " * 400_000, "at most 300 kB"),
        (b"line\n" * 7000, "lines"),
        (b"x" * 11_000, "Line 1"),
        (b"\xff\xfe\x00", "no text"),
    ],
)
def test_what_cannot_be_read_is_said_and_leaves_nothing(written, data, words):
    (said,), content = run(written(data))
    assert not content
    assert words in said["warnings"][0]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("encoding", "words"), [("utf-16", "UTF-16"), ("cp1252", "Latin-1"), ("utf-8-sig", "")])
def test_other_encodings_are_read_with_a_warning(written, encoding, words):
    text = DATED.replace("happy", "glücklich")
    (said,), content = run("--dry-run", written(text.encode(encoding)))
    assert content
    assert said["title"] == "Checkout shows a blank page"
    assert bool(words) == any(words in warning for warning in said["warnings"] if words)


@pytest.mark.django_db
def test_a_day_to_come_is_refused_whole(written):
    (said,), content = run(written(DATED.replace("2024", "2999")))
    assert not content
    assert said["warnings"]
    assert not Incident.objects.exists()
    assert not ImportedDocument.objects.exists()


@pytest.mark.django_db
def test_a_text_that_no_page_could_show_leaves_nothing(written):
    (said,), content = run(written(DATED + "\n" + "[" * 900 + "\n"))
    assert not content
    assert said["incident"] is None
    assert not Incident.objects.exists()
    assert not TimelineEvent.objects.exists()
