"""The draft that writes itself from the incident."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.enums import IncidentKind, Role, ScopeBasis, ScopeUnit, Severity, Status, TimelineKind
from incidents.models import Impact, TimelineEvent
from postmortems.enums import Defence
from postmortems.models import DefenceCheck, Postmortem, Section, Template
from postmortems.publication import document
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_user
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)


def story(**fields):
    times = {
        "impact_started_at": START,
        "detected_at": START + dt.timedelta(minutes=3),
        "mitigated_at": START + dt.timedelta(minutes=26),
        "resolved_at": START + dt.timedelta(minutes=30),
    }
    values = {"status": Status.RESOLVED, "home_zone": "UTC+02:00", "detected_by": "users", **times, **fields}
    return make_incident(**values)


def drafted(incident, role=Role.RESPONDER):
    assert client_of(role).post(address(incident, "start")).status_code == 302
    return {section.kind: section.text for section in incident.postmortem.sections.all()}


def add(incident, text, kind, minute=10, **fields):
    at = START + dt.timedelta(minutes=minute)
    return TimelineEvent.objects.create(incident=incident, text=text, kind=kind, occurred_at=at, sort_at=at, **fields)


def test_the_first_words_come_from_what_is_known():
    incident = story()
    Impact.objects.create(
        incident=incident,
        what="could not see any page",
        scope=30,
        scope_unit=ScopeUnit.PERCENT,
        scope_basis=ScopeBasis.ESTIMATED,
    )
    add(incident, "Rolled back\nthe banner", TimelineKind.RECOVERY)
    add(incident, "Told nobody", TimelineKind.RECOVERY, is_internal=True)
    add(incident, "Struck", TimelineKind.RECOVERY, struck_at=START)
    texts = drafted(incident)
    told = document.build(incident.postmortem)["sections"]
    assert told[0]["text"] == "On 6 January 2026 from 01:30 (GMT+2): could not see any page. It was over after 30 min."
    assert texts["impact"] == "- Customers: could not see any page (30 %, estimated)"
    assert "users" in texts["detection"]
    assert "at 01:33." in next(section["text"] for section in told if section["kind"] == "detection")
    assert texts["resolution"] == "- Rolled back the banner"
    assert texts["lessons"] == ""


def test_what_is_not_known_is_left_empty_and_nothing_is_invented():
    incident = make_incident(
        title="Something odd", status=Status.RESOLVED, impact_started_at=None, detected_at=None, resolved_at=None
    )
    texts = drafted(incident)
    assert texts == {"summary": "Something odd.", "impact": "", "detection": "", "resolution": "", "lessons": ""}


def test_who_noticed_and_what_was_done_are_told_where_that_is_all_that_is_known():
    incident = story(detected_at=None)
    add(incident, "Looked at the logs", TimelineKind.ACTION)
    add(incident, "Closed the block", TimelineKind.ACTION, minute=28, is_starred=True)
    add(incident, "All pages render", TimelineKind.RECOVERY, minute=30)
    texts = drafted(incident)
    assert texts["detection"] == "Noticed by users."
    assert texts["resolution"] == "- Closed the block\n- All pages render"


def test_the_editor_costs_the_same_with_two_and_twenty_of_everything():
    incident, client, counts = story(), client_of(), []
    postmortem = make_postmortem(incident)
    for number in (2, 18):
        for place in range(number):
            add(incident, "Key moment", TimelineKind.ACTION, is_starred=True)
            make_action_item(incident, cause=make_cause(incident), owner=make_user())
            Section.objects.create(postmortem=postmortem, heading=f"Part {place}", saved_by=make_user())
            DefenceCheck.objects.get_or_create(incident=incident, defence=Defence.values[place % 12], result="held")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address(incident, "edit")).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    # Session, account, incident, postmortem; sections and four lists beside them; seven for the checklist.
    # Impacts for the list of values; impacts and timeline for those that the texts take; what happened before.
    assert counts[1] <= 26


def test_a_summary_that_was_written_is_kept():
    assert drafted(story(summary="Written **before**."))["summary"] == "Written **before**."


@pytest.mark.parametrize(("severity", "sections"), [("sev1", 5), ("sev2", 5), ("unknown", 5), ("sev3", 2), ("sev4", 2)])
def test_grave_ones_begin_with_the_full_template_and_others_with_the_short_one(severity, sections):
    assert len(drafted(make_incident(status=Status.RESOLVED, severity=Severity(severity)))) == sections


def test_a_template_of_its_own_and_none_at_all():
    Template.objects.create(
        name="Ours", severities=["sev1"], sections=[{"kind": "other", "heading": "Our part", "prompt": "Say it"}]
    )
    incident = make_incident(status=Status.RESOLVED, severity=Severity.SEV1)
    assert drafted(incident) == {"other": ""}
    page = text_of(client_of().get(address(incident, "edit")))
    assert "Our part" in page
    assert "Say it" in page
    Template.objects.update(is_active=False)
    assert list(drafted(story())) == ["summary"]


def test_started_twice_it_is_one_and_keeps_what_was_written():
    incident = story()
    client = client_of()
    with recorded() as audit:
        client.post(address(incident, "start"))
        section = incident.postmortem.sections.first()
        section.text = "Written"
        section.save()
        client.post(address(incident, "start"))
    assert [entry.action for entry in audit] == ["postmortem.drafted"]
    assert Postmortem.objects.count() == 1
    assert incident.postmortem.sections.first().text == "Written"
    assert incident.postmortem.created_by == client.user


@pytest.mark.parametrize("status", [Status.TRIAGE, Status.CANCELLED])
def test_there_is_no_story_of_what_was_no_incident(status):
    incident = make_incident(status=status)
    response = client_of().post(address(incident, "start"))
    assert response.status_code == 422
    assert "no story to tell" in text_of(response)
    assert not Postmortem.objects.exists()


def test_a_near_miss_has_one_too():
    incident = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, severity=Severity.UNKNOWN)
    assert drafted(incident)["summary"].startswith("Blank front page.")


def test_the_starred_entries_stand_beside_the_draft():
    incident = story()
    add(incident, "Users call", TimelineKind.REPORT, html="<p>Users call</p>", is_starred=True)
    add(incident, "Struck star", TimelineKind.REPORT, html="<p>Struck star</p>", is_starred=True, struck_at=START)
    drafted(incident)
    page = text_of(client_of().get(address(incident, "edit")))
    assert "Users call" in page
    assert "01:40" in page
    assert "Struck star" not in page
