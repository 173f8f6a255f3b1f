"""The moments of an incident, put right afterwards: precision, what was not touched, order, conflicts."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from incidents.domain import milestones
from incidents.domain.milestones import MilestoneTime
from incidents.enums import Milestone, Precision, Role, Status
from incidents.errors import Forbidden, InvalidInput
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import client_of, recorded, stored, text_of, url

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 1, 6, 1, 30, 17, 123456, tzinfo=dt.UTC)


@pytest.fixture
def client():
    return client_of()


@pytest.fixture
def incident():
    """Over, each milestone a minute after the one before, with seconds and microseconds."""
    times: dict[str, Any] = {f"{m}_at": AT + dt.timedelta(minutes=n) for n, m in enumerate(Milestone)}
    return make_incident(status=Status.CLOSED, **times)


def body(client, incident, zone="home", **changes):
    form = client.get(url(incident, "milestones"), {"zone": zone}).context["form"]
    return {**{field.name: field.value() for field in form}, "zone": zone, **changes}


def put_right(client, incident, **changes):
    return client.post(url(incident, "milestones"), body(client, incident, **changes))


def test_each_milestone_takes_a_time_with_its_precision_and_the_others_stay_to_the_microsecond(client, incident):
    with recorded() as audit:
        changes = {"impact_started": "about 2026-01-06 01:00", "detected": "by 2026-01-06 01:10", "identified": ""}
        assert put_right(client, incident, **changes).status_code == 302
    after = stored(incident.reference)
    assert (after.impact_started_at, after.impact_started_precision) == (
        AT.replace(minute=0, second=0, microsecond=0),
        Precision.ABOUT,
    )
    assert (after.detected_at.minute, after.detected_precision) == (10, Precision.NOT_LATER)
    assert (after.identified_at, after.identified_precision) == (None, Precision.EXACT)
    for untouched in ("declared", "acknowledged", "mitigated", "resolved", "closed"):
        assert after.milestone(untouched) == incident.milestone(untouched)
    assert after.sort_at == after.impact_started_at
    assert after.status == Status.CLOSED
    (entry,) = audit
    assert (entry.action, entry.actor) == ("incident.milestones", client.user)
    assert set(entry.changes) == {
        *("impact_started_at", "impact_started_precision", "detected_at", "detected_precision"),
        "identified_at",
    }
    assert entry.changes["impact_started_at"] == ["2026-01-06T01:30:17+00:00", "2026-01-06T01:00:00+00:00"]


@pytest.mark.parametrize("zone", ["home", "mine", "utc"])
def test_saving_an_untouched_form_changes_nothing_in_any_zone(incident, zone):
    client = client_of(make_user(time_zone="Asia/Kolkata"))
    with recorded() as audit:
        assert client.post(url(incident, "milestones"), body(client, incident, zone=zone)).status_code == 302
    assert (stored(incident.reference).version, audit) == (incident.version, [])


def test_what_is_not_sent_at_all_is_not_emptied(client, incident):
    sent = {"version": incident.version, "detected": "2026-01-06 01:10"}
    assert client.post(url(incident, "milestones"), sent).status_code == 302
    after = stored(incident.reference)
    assert after.detected_at.minute == 10
    assert after.resolved_at == incident.resolved_at


def test_the_order_in_lists_follows_the_earliest_that_is_known(client, incident):
    put_right(client, incident, impact_started="")
    assert stored(incident.reference).sort_at == incident.detected_at
    put_right(client, incident, detected="")
    assert stored(incident.reference).sort_at == incident.declared_at
    put_right(client, incident, declared="")
    assert stored(incident.reference).sort_at == incident.created_at


def test_an_impossible_order_is_stored_and_said(client, incident):
    assert put_right(client, incident, resolved="2026-01-05 10:00").status_code == 302
    page = text_of(client.get(url(incident)))
    assert "Put the milestones right" in page
    assert client.get(url(incident)).context["impossible"]
    assert "Put the milestones right" not in text_of(client_of(Role.READER).get(url(incident)))


@pytest.mark.parametrize("wrong", ["14:??", "soon", "2031-01-01 10:00", "x" * 1_000_000, "9999-99-99", "-", "\ud7ff"])
def test_what_is_no_moment_of_the_past_is_refused_beside_its_field(client, incident, wrong):
    response = put_right(client, incident, detected=wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"detected"}
    assert stored(incident.reference).version == incident.version


def test_two_people_correct_and_the_second_sees_both(client, incident):
    mine = body(client, incident, detected="2026-01-06 01:05")
    ben = client_of()
    put_right(ben, incident, detected="2026-01-06 01:07", resolved="2026-01-06 01:50")
    conflict = client.post(url(incident, "milestones"), mine)
    assert conflict.status_code == 409
    assert dict(conflict.context["form"].comparison) == {
        "Detected": "2026-01-06 01:07",
        "Resolved": "2026-01-06 01:50",
    }
    assert 'value="2026-01-06 01:05"' in text_of(conflict)
    again = {field.name: field.value() for field in conflict.context["form"]}
    assert client.post(url(incident, "milestones"), again).status_code == 302
    assert stored(incident.reference).detected_at.minute == 5


def test_a_time_in_the_hour_that_comes_twice_survives_saving(client):
    late = dt.datetime(2025, 10, 26, 1, 30, 5, tzinfo=dt.UTC)
    incident = make_incident(status=Status.CLOSED, home_zone="Europe/Berlin", resolved_at=late)
    assert put_right(client, incident, detected="2025-10-26 00:10").status_code == 302
    assert stored(incident.reference).resolved_at == late
    refused = put_right(client, incident, mitigated="2025-10-26 02:30")
    assert refused.status_code == 422
    assert "first" in text_of(refused)
    skipped = put_right(client, incident, mitigated="2026-03-29 02:30")
    assert skipped.status_code == 422


def test_readers_see_milestones_and_may_not_correct_them(incident):
    reader = client_of(Role.READER)
    assert reader.get(url(incident, "milestones")).status_code == 403
    assert reader.post(url(incident, "milestones"), {"version": 1}).status_code == 403
    assert "Milestones" in text_of(reader.get(url(incident)))
    now, times = timezone.now(), {Milestone.DETECTED: MilestoneTime(None)}
    with pytest.raises(Forbidden):
        milestones.correct(actor=Actor.person(reader.user), incident=incident, times=times, now=now)
    future = {Milestone.DETECTED: MilestoneTime(now + dt.timedelta(hours=1))}
    with pytest.raises(InvalidInput) as refused:
        milestones.correct(actor=Actor.person(make_user()), incident=incident, times=future, now=now)
    assert (refused.value.code, set(refused.value.fields)) == ("in_the_future", {"detected"})
