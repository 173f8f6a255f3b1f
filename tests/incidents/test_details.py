"""What an incident is about: the edit form, severity, tags, team, related incidents, and two people editing at once."""

from typing import Any

import pytest
from django.utils import timezone

from incidents.domain import details
from incidents.enums import IncidentKind, Role, Severity, Status
from incidents.errors import Forbidden, InvalidInput
from incidents.models import Tag
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team
from tests.incident_pages import client_of, recorded, stored, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return client_of()


def body(client, incident, **changes):
    """What the edit form holds, with changes, as a browser would send it."""
    form = client.get(url(incident, "incident-edit")).context["form"]
    values = {field.name: field.value() for field in form}
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def edit(client, incident, **changes):
    return client.post(url(incident, "incident-edit"), body(client, incident, **changes))


def test_an_edit_replaces_what_was_changed_with_one_entry_in_the_audit(client):
    service, team, incident = make_service("Storefront"), make_team("Web"), make_incident()
    with recorded() as audit:
        response = edit(
            client,
            incident,
            title="  Very\tblank ",
            severity="sev1",
            services=[service.pk],
            team=team.pk,
            detected_by="users",
            summary="It was **down**.\r\nAll of it.",
            tags="Deploy, base model,,deploy",
            home_zone="gmt+2",
        )
    assert response.status_code == 302
    after = stored(incident.reference)
    assert (after.title, after.title_key, after.severity, after.severity_rank) == (
        "Very blank",
        "very blank",
        "sev1",
        0,
    )
    assert (after.team, after.detected_by, after.summary) == (team, "users", "It was **down**.\nAll of it.")
    assert (after.home_zone, after.version) == ("UTC+02:00", 2)
    assert [tag.name for tag in after.tags.all()] == ["base model", "deploy"]
    (entry,) = audit
    assert (entry.action, entry.actor) == ("incident.edited", client.user)
    assert entry.changes == {
        "title": ["Blank front page", "Very blank"],
        "summary": ["", "It was **down**.\nAll of it."],
        "severity": ["sev2", "sev1"],
        "detected_by": ["unknown", "users"],
        "team": [None, "Web"],
        "home_zone": ["UTC", "UTC+02:00"],
        "services": ["", "Storefront"],
        "tags": ["", "base model, deploy"],
    }
    assert after.timeline.get().text == "Severity: SEV2 → SEV1."
    page = text_of(client.get(url(incident)))
    assert "<strong>down</strong>" in page
    assert "?tag=base%20model" in page


def test_an_edit_that_changes_nothing_writes_nothing(client):
    incident = make_incident(summary="one\ntwo")
    incident.tags.add(Tag.objects.create(name="API"))
    with recorded() as audit:
        assert edit(client, incident, summary="one\r\ntwo").status_code == 302
    assert (stored(incident.reference).version, audit) == (1, [])


def test_tags_are_one_whatever_their_case(client):
    first, second = make_incident(), make_incident()
    Tag.objects.create(name="API")
    for incident in (first, second):
        edit(client, incident, tags="api, Straße")
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["API", "strasse"]
    assert first.tags.count() == second.tags.count() == 2
    edit(client, first, tags="")
    assert not first.tags.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"title": "x" * 201},
        {"severity": "sev9"},
        {"services": [2**63]},
        {"services": ["x"]},
        {"team": 2**63},
        {"team": "x"},
        {"detected_by": "aliens"},
        {"summary": "x" * 20_001},
        {"summary": "> " * 2400},
        {"tags": ",".join(f"tag{n}" for n in range(21))},
        {"tags": "x" * 51},
        {"tags": "x" * 1101},
        {"home_zone": "Mars/North"},
        {"home_zone": ""},
        {"home_zone": "x" * 1_000_000},
        {"version": ""},
        {"version": 2**63},
        {"version": "-1"},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_what_cannot_be_used_is_refused_and_nothing_changes(client, wrong):
    incident = make_incident()
    make_service()
    with recorded() as audit:
        assert edit(client, incident, **wrong).status_code == 422
    assert (stored(incident.reference).version, audit) == (1, [])


def test_fields_that_the_form_does_not_hold_cannot_be_smuggled_in(client):
    incident = make_incident()
    more = {
        "status": "closed",
        "number": 77,
        "series": "DRILL",
        "is_private": "on",
        "kind": "drill",
        "id": 5,
        "incident_lead": client.user.pk,
        "declared_by": client.user.pk,
        "is_example": "on",
        "client_id": "x",
        "resolved_at": "2026-01-01",
        "sort_at": "2026-01-01",
        "near_miss_saved_by": "x",
        "cancel_note": "x",
    }
    assert edit(client, incident, title="New", **more).status_code == 302
    after = stored(incident.reference)
    assert (after.title, after.status, after.is_private, after.kind) == ("New", "investigating", False, "incident")
    assert (after.incident_lead, after.declared_by, after.sort_at) == (None, None, incident.sort_at)
    assert (after.near_miss_saved_by, after.is_example, after.cancel_note) == ("", False, "")


def test_a_reader_may_not_edit_and_a_responder_may():
    incident, reader = make_incident(), client_of(Role.READER)
    assert reader.get(url(incident, "incident-edit")).status_code == 403
    assert reader.post(url(incident, "incident-edit"), {"title": "x"}).status_code == 403
    assert client_of().get(url(incident, "incident-edit")).status_code == 200
    with pytest.raises(Forbidden):
        details.set_severity(
            actor=Actor.person(reader.user), incident=incident, severity=Severity.SEV1, now=timezone.now()
        )


def test_near_misses_keep_what_saved_us_and_others_are_not_asked(client):
    near_miss = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED)
    edit(client, near_miss, near_miss_saved_by="Luck")
    assert stored(near_miss.reference).near_miss_saved_by == "Luck"
    assert "near_miss_saved_by" not in client.get(url(make_incident(), "incident-edit")).context["form"].fields


def test_two_people_edit_and_the_second_sees_both_texts_and_decides(client):
    service, incident = make_service("Storefront"), make_incident()
    mine = body(client, incident, title="My title", summary="my summary")
    ben = client_of()
    edit(ben, incident, title="Title of Ben", services=[service.pk], severity="sev4")
    with recorded() as audit:
        conflict = client.post(url(incident, "incident-edit"), mine)
    page = text_of(conflict)
    assert (conflict.status_code, audit) == (409, [])
    for words in ("Title of Ben", 'value="My title"', "my summary</textarea>"):
        assert words in page
    comparison = dict(conflict.context["form"].comparison)
    assert comparison == {
        "Title": "Title of Ben",
        "Severity": "SEV4",
        "Services": "Storefront",
        "What happened, in a few sentences": "",
    }
    again = {field.name: field.value() for field in conflict.context["form"] if field.value() is not None}
    assert client.post(url(incident, "incident-edit"), again).status_code == 302
    after = stored(incident.reference)
    assert (after.title, after.summary, after.severity) == ("My title", "my summary", "sev2")


def test_the_chip_changes_the_severity_alone(client):
    incident = make_incident()
    with recorded() as audit:
        for _ in range(2):
            assert client.post(url(incident, "incident-severity"), {"severity": "sev1"}).status_code == 302
    after = stored(incident.reference)
    assert (after.severity, after.severity_rank) == ("sev1", 0)
    assert [(entry.action, entry.changes) for entry in audit] == [("incident.severity", {"severity": ["sev2", "sev1"]})]
    for wrong in ({}, {"severity": ""}, {"severity": "sev9"}, {"severity": "x" * 100_000}):
        assert client.post(url(incident, "incident-severity"), wrong).status_code == 422
    assert client_of(Role.READER).post(url(incident, "incident-severity"), {"severity": "sev3"}).status_code == 403
    assert client.get(url(incident, "incident-severity")).status_code == 405


def test_related_incidents_are_linked_both_ways_and_taken_off(client):
    incident, other = make_incident(), make_incident(title="The earlier one")
    with recorded() as audit:
        for _ in range(2):
            client.post(url(incident, "incident-relate"), {"other": other.reference.lower()})
    assert [(entry.incident, entry.changes) for entry in audit] == [
        (incident, {"related": ["", other.reference]}),
        (other, {"related": ["", incident.reference]}),
    ]
    assert "The earlier one" in text_of(client.get(url(incident)))
    assert incident.reference in text_of(client.get(url(other)))
    client.post(url(other, "incident-relate"), {"other": incident.reference, "remove": "1"})
    assert not incident.related.exists()
    for wrong in ("", incident.reference, "INC-999", "x" * 500, "INC-0", "DRILL-1"):
        assert client.post(url(incident, "incident-relate"), {"other": wrong}).status_code == 422, wrong
    reader = client_of(Role.READER)
    assert reader.post(url(incident, "incident-relate"), {"other": other.reference}).status_code == 403


def test_a_related_private_incident_shows_to_its_members_only(client):
    incident, hidden = make_incident(), make_incident(title="CANARY", is_private=True, declared_by=client.user)
    client.post(url(incident, "incident-relate"), {"other": hidden.reference})
    assert "CANARY" in text_of(client.get(url(incident)))
    outsider = client_of(Role.EDITOR)
    for address in (url(incident), url(incident, "incident-audit")):
        page = text_of(outsider.get(address))
        assert "CANARY" not in page
        assert hidden.reference not in page
    assert outsider.post(url(incident, "incident-relate"), {"other": hidden.reference}).status_code == 422


def test_team_and_tag_for_other_callers(client):
    incident, team = make_incident(), make_team("Web")
    who: dict[str, Any] = {"actor": Actor.person(client.user), "incident": incident, "now": timezone.now()}
    with recorded() as audit:
        details.set_team(**who, team=team)
        details.set_team(**who, team=team)
        details.add_tag(**who, tag="Deploy")
        details.add_tag(**who, tag="deploy ")
    assert [entry.action for entry in audit] == ["incident.team", "incident.edited"]
    assert audit[0].changes == {"team": [None, "Web"]}
    with pytest.raises(InvalidInput):
        details.add_tag(**who, tag="x" * 51)


def test_what_was_said_of_a_near_miss_outlives_its_promotion(client):
    near_miss = make_incident(
        kind=IncidentKind.NEAR_MISS,
        status=Status.RESOLVED,
        near_miss_saved_by="A second look",
        near_miss_earlier_stop="X",
    )
    assert client.post(url(near_miss, "incident-promote")).status_code == 302
    assert edit(client, stored(near_miss.reference), title="Wrong database emptied").status_code == 302
    after = stored(near_miss.reference)
    assert (after.title, after.near_miss_saved_by, after.near_miss_earlier_stop) == (
        "Wrong database emptied",
        "A second look",
        "X",
    )
    assert "A second look" in text_of(client.get(url(after)))
    another = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, near_miss_saved_by="Luck")
    assert edit(client, another, near_miss_saved_by="").status_code == 302
    assert stored(another.reference).near_miss_saved_by == ""
