"""What a revision holds and how it is shown: facts and phases from the same milestones, nothing internal in public."""

import datetime as dt
import re

import pytest
from django.core.management import call_command
from django.test import Client

from incidents.enums import IncidentKind, Milestone, Role, ScopeBasis, ScopeUnit, Severity, Status, TimelineKind
from incidents.models import Impact, TimelineEvent
from postmortems.models import DefenceCheck, Postmortem, RootCause
from postmortems.publication import html
from tests.factories import make_action_item, make_cause, make_incident, make_published, make_service, make_user
from tests.incident_pages import client_of
from tests.postmortems.pages import address, read, review
from tests.project.markup_checks import dangers, faults, parse

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)
MINUTES = {"impact_started": 0, "detected": 3, "declared": 4, "acknowledged": 5, "identified": 22, "mitigated": 26}


def story(**fields):
    times = {f"{name}_at": START + dt.timedelta(minutes=minutes) for name, minutes in MINUTES.items()}
    times["resolved_at"] = START + dt.timedelta(minutes=30)
    values = {"status": Status.RESOLVED, "home_zone": "UTC+02:00", "detected_by": "users", **times, **fields}
    return make_incident(**values)


def add(incident, text, minute=10, **fields):
    at = START + dt.timedelta(minutes=minute) if minute is not None else None
    values = {"kind": TimelineKind.NOTE, "occurred_at": at, "sort_at": at or START + dt.timedelta(days=9), **fields}
    return TimelineEvent.objects.create(incident=incident, text=text, **values)


def test_the_phases_add_up_to_the_duration_in_the_fact_strip():
    reader = client_of(Role.READER)
    page = read(reader, make_published(story()))
    facts = page[page.index('<dl class="facts">') : page.index("</dl>")]
    assert "30 min" in facts
    assert "01:30" in facts
    assert "02:00" in facts
    assert "GMT+2" in facts
    legend = page[page.index("</dl>") : page.index('<article class="reading"')]
    minutes = [int(found) for found in re.findall(r"(\d+) min", re.sub(r"<title>.*?</title>", "", legend))]
    document = Postmortem.objects.get().published_revision.document
    lengths = [phase.seconds // 60 for phase in html.context(document, public=False)["phases"]]
    assert lengths == [3, 2, 17, 4, 4]
    assert sum(lengths) == 30
    assert set(lengths) | {30} <= set(minutes)


@pytest.mark.parametrize("missing", [*Milestone])
def test_they_add_up_whatever_milestone_is_missing(missing):
    incident = story(**{f"{missing}_at": None}, sort_at=START)
    context = html.context(make_published(incident).published_revision.document, public=True)
    total = context["to_resolve"].seconds
    if missing in (Milestone.IMPACT_STARTED, Milestone.RESOLVED):
        assert total is None
    else:
        assert sum(phase.seconds for phase in context["phases"]) == total == 30 * 60


def test_the_stored_durations_are_those_of_the_page():
    document = make_published(story()).published_revision.document
    shown = html.context(document, public=False)["to_resolve"].text
    assert {row["name"]: row["text"] for row in document["durations"]}["to_resolve"] == shown == "30 min"


def test_the_page_tells_all_that_was_written():
    incident = story(services=[make_service("Storefront")])
    Impact.objects.create(
        incident=incident, what="saw no page", scope=30, scope_unit=ScopeUnit.PERCENT, scope_basis=ScopeBasis.ESTIMATED
    )
    Impact.objects.create(incident=incident, what="could not publish", audience="staff")
    event = add(incident, "Users **call**", is_starred=True, precision="about")
    add(incident, "Nothing for an hour", 100)
    add(incident, "Somewhen", None, time_text="14:??")
    add(incident, "Struck", struck_at=START)
    cause = make_cause(incident, "No check", category="process", explanation="It is *old*.", whys=["Because", "And so"])
    make_cause(incident, "Removed cause", removed_at=START)
    item = make_action_item(incident, "Add a check", cause=cause, owner=make_user("Own Er"), due_on=dt.date(2030, 1, 2))
    make_action_item(incident, "Not worth it", status="wont_do", reason="x")
    DefenceCheck.objects.create(incident=incident, defence="sandbox", result="absent")
    page = read(client_of(Role.READER), make_published(incident, lede="One sentence."))
    for words in (
        "SEV2",
        "Storefront",
        "1 min read",
        "One sentence.",
        "30 % customers",
        "saw no page, estimated",
        "could not publish",
        "Users",
        "<strong>call</strong>",
        "T+10",
        "14:??",
        "1 h 30 min without an entry",
        "No check",
        "<em>old</em>",
        "And so",
        ">Answered by</span> Add a check",
        "Sandbox<small>Absent",
        "Own Er",
        "2 Jan 2030",
        item.get_absolute_url(),
        f'id="t{event.pk}"',
        f'href="#t{event.pk}"',
        "Revision 1",
        "A closing tag was lost.",
    ):
        assert words in page, words
    for words in ("Struck", "Removed cause", "imported, not reviewed here"):
        assert words not in page, words
    assert "What we learned" not in page  # an empty section


def test_an_import_says_that_nobody_here_reviewed_it():
    postmortem = make_published()
    Postmortem.objects.filter(pk=postmortem.pk).update(is_imported=True)
    review(client_of(Role.EDITOR), postmortem, "publish", "Put right")
    assert "imported, not reviewed here" in read(client_of(Role.READER), postmortem)


INTERNAL = (
    "Canary entry",
    "Canary proof",
    "Canary evidence",
    "Canary reason",
    "Mira Vonne",
    "2031",
    "overdue",
    "Dropped",
    "/actions/",
)


def test_the_public_sees_nothing_internal():
    incident = story()
    add(incident, "Canary entry", is_internal=True)
    add(incident, "Public entry", evidence="Canary proof")
    cause = make_cause(incident, evidence="Canary evidence")
    make_cause(incident, "Left as it is", no_action_reason="Canary reason")
    owner = make_user("Mira Vonne")
    make_action_item(incident, "Planned work", owner=owner, due_on=dt.date(2031, 1, 2), cause=cause)
    make_action_item(incident, "Late work", owner=owner, due_on=dt.date(2020, 1, 2))
    make_action_item(incident, "Finished work", status="done", owner=owner, due_on=dt.date(2031, 1, 2))
    make_action_item(incident, "Dropped", status="wont_do", reason="x")
    postmortem = make_published(incident, public=True)
    postmortem.refresh_from_db()
    public = read(Client(), postmortem)
    for words in ("Public entry", "Planned work", "Finished work", "planned", "done"):
        assert words in public, words
    internal = read(client_of(Role.READER), postmortem)
    for words in INTERNAL:
        assert words not in public, words
        assert words in internal, words
    assert "Canary" not in read(client_of(""), postmortem)
    preview = client_of(Role.EDITOR).get(address(postmortem, "as-public")).content.decode()
    assert not [words for words in INTERNAL if words in preview]


def test_what_changes_later_on_the_incident_changes_no_revision():
    incident = story()
    cause = make_cause(incident, "As published")
    postmortem = make_published(incident)
    RootCause.objects.filter(pk=cause.pk).update(title="As edited")
    type(incident).objects.filter(pk=incident.pk).update(title="Other", severity=Severity.SEV4, resolved_at=None)
    page = read(client_of(Role.READER), postmortem)
    assert "As published" in page
    assert "As edited" not in page
    assert "30 min" in page


def test_what_was_in_the_wrong_order_shows_no_bar():
    postmortem = make_published(story(detected_at=START - dt.timedelta(minutes=5)))
    assert '<svg class="phase-bar' in read(client_of(Role.READER), make_published(story()))
    assert '<svg class="phase-bar' not in read(client_of(Role.READER), postmortem)


def test_a_near_miss_tells_what_saved_us():
    incident = make_incident(
        kind=IncidentKind.NEAR_MISS,
        status=Status.RESOLVED,
        severity=Severity.UNKNOWN,
        near_miss_saved_by="A **hunch**",
        near_miss_earlier_stop="A test",
    )
    page = read(client_of(Role.READER), make_published(incident))
    assert "What saved us" in page
    assert "<strong>hunch</strong>" in page


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[a](javascript:alert(1))",
    "# one\n\n# one\n\n## t1\n\n<h1>x</h1>",
    "<a href='#c1' id=c1>x</a> {{ 7 }} {% x %} &amp; \u202e ]]> <!-- ",
    "![x](https://evil.example/x.png)",
    "[^1]\n\n[^1]: note\n\n# timeline",
)


def without_turning(line):
    return line.replace("\u202e", "")[:60]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_field(text):
    line = " ".join(text.split())
    incident = story(
        title=line, services=[make_service(line[:90])], near_miss_saved_by=text, near_miss_earlier_stop=text
    )
    Impact.objects.create(incident=incident, what=line)
    Impact.objects.create(incident=incident, what=line, scope=3)
    add(incident, text, is_starred=True, evidence=line)
    add(incident, text, 20)
    add(incident, text, None, time_text=line[:60])
    earlier = make_incident(title=line, status=Status.CLOSED)
    same = make_cause(earlier, line, category="code")
    cause = make_cause(
        incident, line, explanation=text, whys=[line, line], evidence=line, category="code", same_as=same
    )
    make_cause(incident, line, no_action_reason=line)
    owner = make_user(without_turning(line))
    make_action_item(incident, line, cause=cause, owner=owner, details=text, due_on=START)
    postmortem = make_published(incident, title=line[:200], lede=line, text=text, public=True)
    postmortem.sections.update(text=text, heading=line[:90])
    editor = client_of(Role.EDITOR)
    editor.post(address(postmortem, "review"), {"verb": "publish", "note": line})
    postmortem.refresh_from_db()
    pages = {
        name: editor.get(address(postmortem, name)) for name in ("edit", "review", "history", "preview", "as-public")
    }
    pages |= {"read": editor.get(postmortem.get_absolute_url()), "library": editor.get("/postmortems/")}
    pages |= {"older": editor.get(address(postmortem, "revision", 1)), "actions": editor.get("/actions/?state=all")}
    pages |= {
        "item": editor.get(incident.action_items.get().get_absolute_url()),
        "incident": editor.get(incident.get_absolute_url()),
    }
    for name, response in pages.items():
        assert response.status_code == 200, name
        root = parse(response.content.decode())
        assert faults(root) == [], name
        assert dangers(root) == [], name


def test_after_an_upgrade_the_stored_html_is_made_anew_from_the_document(monkeypatch):
    postmortem = make_published(story(), text="As published")
    revision = postmortem.published_revision
    reader = client_of(Role.READER)
    tag = reader.get(postmortem.get_absolute_url())["ETag"]
    type(revision).objects.update(html_internal="old", html_public="old")
    call_command("migrate", verbosity=0)
    assert "As published" not in read(reader, postmortem)
    assert reader.get(postmortem.get_absolute_url(), headers={"If-None-Match": tag}).status_code == 200
    monkeypatch.setattr(html, "RENDERER_VERSION", 99)
    call_command("migrate", verbosity=0)
    assert "As published" in read(reader, postmortem)
    revision.refresh_from_db()
    assert revision.renderer_version == 99
    assert "As published" in revision.html_public
    # Made of the same document, it is the very same page again.
    assert reader.get(postmortem.get_absolute_url(), headers={"If-None-Match": tag}).status_code == 304
