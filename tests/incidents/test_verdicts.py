"""What a change was to an incident, and what follows from naming the trigger or taking that back."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.domain import changes, verdicts
from incidents.domain.changes import NewChange
from incidents.enums import ChangeVerdict, Role, TimelineKind
from incidents.errors import Forbidden, InvalidInput, NotPossible, Stale
from incidents.models import AuditEntry, Change, IncidentChange, TimelineEvent
from incidents.permissions import Actor
from postmortems.domain import causes
from postmortems.enums import CauseCategory, CauseRole
from postmortems.models import RootCause
from tests.factories import make_change, make_incident, make_service, make_token, make_user

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 6, 2, tzinfo=dt.UTC)
BEGAN = NOW - dt.timedelta(minutes=30)
LIVE = BEGAN - dt.timedelta(minutes=33)


def actor(role=Role.RESPONDER):
    return Actor.person(make_user(role=role))


def judge(change, verdict, incident=None, *, by=None, now=NOW, **more):
    incident = incident or make_incident(impact_started_at=BEGAN)
    return verdicts.judge(actor=by or actor(), incident=incident, change=change, verdict=verdict, now=now, **more)


def test_a_change_is_a_candidate_until_somebody_says_something():
    person = actor()
    row = judge(make_change(), ChangeVerdict.LIKELY, by=person)
    assert (row.verdict, row.decided_by, row.decided_at) == (ChangeVerdict.LIKELY, person.user, NOW)
    entry = AuditEntry.objects.get()
    assert entry.action == "change.judged"
    assert entry.changes["verdict"] == ["candidate", "likely"]
    assert entry.incident == row.incident


def test_the_same_press_twice_changes_nothing():
    incident, change, person = make_incident(), make_change(), actor()
    first = judge(change, ChangeVerdict.TRIGGER, incident, by=person)
    again = judge(change, ChangeVerdict.TRIGGER, incident, by=person, now=NOW + dt.timedelta(minutes=1))
    assert (again.pk, again.version) == (first.pk, first.version)
    assert incident.timeline.count() == 1
    assert AuditEntry.objects.filter(action="change.judged").count() == 1


def test_ruling_out_needs_a_reason():
    with pytest.raises(InvalidInput) as refused:
        judge(make_change(), ChangeVerdict.RULED_OUT, reason="  ")
    assert set(refused.value.fields) == {"reason"}
    assert not IncidentChange.objects.exists()
    with pytest.raises(InvalidInput):
        judge(make_change(), ChangeVerdict.RULED_OUT, reason="x" * 501)
    assert judge(make_change(), ChangeVerdict.RULED_OUT, reason=" Other  cluster ").reason == "Other cluster"


def test_the_trigger_enters_the_timeline_as_lead_up():
    incident = make_incident(impact_started_at=BEGAN)
    change = make_change(
        "Banner in the *base* model", live_at=LIVE, url="https://ci.example.org/1", made_by=make_user()
    )
    row = judge(change, ChangeVerdict.TRIGGER, incident)
    event = incident.timeline.get()
    assert row.event == event
    assert (event.kind, event.occurred_at) == (TimelineKind.LEAD_UP, LIVE)
    assert event.text == "Banner in the \\*base\\* model (https://ci.example.org/1)"
    assert change.author not in event.html, "nobody is to be searched for"
    assert verdicts.trigger_of(incident) == change


def test_the_trigger_is_among_the_causes():
    incident = make_incident()
    judge(make_change("Banner", kind="data_schema", url="https://ci.example.org/1"), ChangeVerdict.TRIGGER, incident)
    cause = RootCause.objects.get()
    assert (cause.incident, cause.title, cause.role) == (incident, "Banner", CauseRole.TRIGGER)
    assert (cause.category, cause.evidence) == (CauseCategory.DATA, "https://ci.example.org/1")


def test_taking_the_trigger_back_takes_everything_back_and_a_second_time_brings_it_back():
    incident, change, person = make_incident(), make_change(), actor()
    judge(change, ChangeVerdict.TRIGGER, incident, by=person)
    causes.edit(
        actor=person,
        cause=RootCause.objects.get(),
        content=causes.CauseContent(title="Banner", whys=["No review"], role=CauseRole.TRIGGER),
        now=NOW,
    )
    judge(change, ChangeVerdict.CANDIDATE, incident, by=actor())
    event, cause = incident.timeline.get(), RootCause.objects.get()
    assert event.is_struck
    assert cause.removed_at == NOW
    assert verdicts.trigger_of(incident) is None
    judge(change, ChangeVerdict.TRIGGER, incident)
    event, cause = incident.timeline.get(), RootCause.objects.get()
    assert not event.is_struck
    assert (cause.removed_at, cause.whys) == (None, ["No review"])
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "cause.added",
        "change.judged",
        "cause.edited",
        "timeline.struck",
        "cause.removed",
        "change.judged",
        "timeline.restored",
        "cause.restored",
        "change.judged",
    ]


def test_there_is_one_trigger_and_the_one_before_becomes_likely():
    incident, first, second = make_incident(), make_change("First"), make_change("Second")
    judge(first, ChangeVerdict.TRIGGER, incident)
    judge(second, ChangeVerdict.TRIGGER, incident)
    assert verdicts.trigger_of(incident) == second
    assert IncidentChange.objects.get(change=first).verdict == ChangeVerdict.LIKELY
    assert [(event.text, event.is_struck) for event in incident.timeline.order_by("pk")] == [
        ("First", True),
        ("Second", False),
    ]
    assert list(RootCause.objects.filter(removed_at=None).values_list("title", flat=True)) == ["Second"]


def test_another_incident_has_its_own_trigger():
    change, one, two = make_change(), make_incident(), make_incident()
    judge(change, ChangeVerdict.TRIGGER, one)
    judge(change, ChangeVerdict.TRIGGER, two)
    assert verdicts.trigger_of(one) == verdicts.trigger_of(two) == change
    judge(change, ChangeVerdict.CANDIDATE, one)
    assert verdicts.trigger_of(two) == change
    assert not two.timeline.get().is_struck


def test_what_is_said_of_the_trigger_anew_is_said_in_the_timeline_too():
    incident, change, person = make_incident(), make_change("Banner", live_at=LIVE), actor()
    judge(change, ChangeVerdict.TRIGGER, incident, by=person)
    earlier = LIVE - dt.timedelta(minutes=5)
    changes.edit_change(actor=person, change=change, new=NewChange(text="Banner 2", live_at=earlier), now=NOW)
    event = incident.timeline.get()
    assert (event.text, event.occurred_at, event.kind) == ("Banner 2", earlier, TimelineKind.LEAD_UP)
    assert event.earlier_versions.get().text == "Banner"


def test_what_people_wrote_over_the_entry_stays():
    incident, change, person = make_incident(), make_change("Banner", live_at=LIVE), actor()
    event = judge(change, ChangeVerdict.TRIGGER, incident, by=person).event
    TimelineEvent.objects.filter(pk=event.pk).update(text="The banner of the sale")
    changes.edit_change(actor=person, change=change, new=NewChange(text="Banner 2"), now=NOW)
    assert incident.timeline.get().text == "The banner of the sale"


def test_who_does_not_see_the_incident_changes_the_change_and_not_its_timeline():
    incident, change = make_incident(is_private=True), make_change("Banner", live_at=LIVE)
    judge(change, ChangeVerdict.TRIGGER, incident, by=actor(Role.ADMIN))
    changes.edit_change(actor=actor(), change=change, new=NewChange(text="Banner 2"), now=NOW)
    assert Change.objects.get().text == "Banner 2"
    assert incident.timeline.get().text == "Banner"


@pytest.mark.parametrize("role", ["", Role.READER])
def test_readers_judge_nothing(role):
    with pytest.raises(Forbidden):
        judge(make_change(), ChangeVerdict.LIKELY, by=actor(role))
    assert not IncidentChange.objects.exists()
    assert judge(make_change(), ChangeVerdict.LIKELY, by=actor(Role.RESPONDER)).pk


def test_a_token_that_writes_may_judge():
    token = make_token(scope="read")
    with pytest.raises(Forbidden):
        judge(make_change(), ChangeVerdict.LIKELY, by=Actor.token(token))
    token.scope = "write"
    assert judge(make_change(), ChangeVerdict.LIKELY, by=Actor.token(token)).pk


def test_on_a_private_incident_only_members_judge():
    incident, person = make_incident(is_private=True), make_user()
    with pytest.raises(Forbidden):
        judge(make_change(), ChangeVerdict.LIKELY, incident, by=Actor.person(person))
    incident.memberships.create(user=person)
    assert judge(make_change(), ChangeVerdict.LIKELY, incident, by=Actor.person(person)).pk


def test_a_change_of_a_private_incident_is_judged_on_no_other():
    incident = make_incident(is_private=True)
    change, admin = make_change(private_to=incident), actor(Role.ADMIN)
    with pytest.raises(NotPossible):
        judge(change, ChangeVerdict.LIKELY, by=admin)
    assert judge(change, ChangeVerdict.LIKELY, incident, by=admin).pk


def test_a_verdict_meets_what_somebody_else_said():
    incident, change = make_incident(), make_change()
    judge(change, ChangeVerdict.LIKELY, incident, version=0)
    with pytest.raises(Stale):
        judge(change, ChangeVerdict.FIX, incident, version=0)
    assert judge(change, ChangeVerdict.FIX, incident, version=2).verdict == ChangeVerdict.FIX


# Which changes stand on an incident, in which order


def around(incident, hours=24):
    since = incident.impact_started_at - dt.timedelta(hours=hours)
    rows = Change.objects.around(incident, since=since, until=incident.impact_started_at)
    return [change.text for change in rows]


def test_the_nearest_stand_first_and_the_same_service_before_them():
    shop, other = make_service(), make_service()
    incident = make_incident(impact_started_at=BEGAN, services=[shop])
    for minutes, services in (
        (5, [other]),
        (33, [shop]),
        (60, [shop, other]),
        (2, []),
        (-5, [shop]),
        (60 * 30, [shop]),
    ):
        make_change(f"{minutes}", live_at=BEGAN - dt.timedelta(minutes=minutes), services=services)
    assert around(incident) == ["33", "60", "2", "5"]
    assert around(incident, hours=31) == ["33", "60", "1800", "2", "5"]


def test_what_was_said_decides_the_order_and_stays_outside_the_window_too():
    incident = make_incident(impact_started_at=BEGAN)
    for text, verdict in (
        ("out", ChangeVerdict.RULED_OUT),
        ("likely", ChangeVerdict.LIKELY),
        ("fix", ChangeVerdict.FIX),
        ("trigger", ChangeVerdict.TRIGGER),
    ):
        judge(make_change(text, live_at=BEGAN + dt.timedelta(hours=1)), verdict, incident, reason="because")
    make_change("open", live_at=LIVE)
    assert around(incident) == ["trigger", "likely", "fix", "open", "out"]
    assert [change.text for change in Change.objects.judged_on(incident)] == ["trigger", "likely", "fix", "out"]


def test_a_change_written_down_late_stands_where_it_belongs_at_once():
    incident = make_incident(impact_started_at=BEGAN)
    make_change("before", live_at=BEGAN - dt.timedelta(minutes=50))
    changes.record_change(actor=actor(), new=NewChange(text="late", live_at=LIVE), now=timezone.now())
    assert around(incident) == ["late", "before"]


def test_changes_of_other_private_incidents_are_not_there():
    mine, other = make_incident(impact_started_at=BEGAN, is_private=True), make_incident(is_private=True)
    make_change("mine", live_at=LIVE, private_to=mine)
    make_change("other", live_at=LIVE, private_to=other)
    make_change("all", live_at=LIVE)
    assert sorted(around(mine)) == ["all", "mine"]
    reader, admin = make_user(role=Role.READER), make_user(role=Role.ADMIN)
    assert [change.text for change in Change.objects.visible_to(reader)] == ["all"]
    assert Change.objects.visible_to(admin).count() == 3
    assert not Change.objects.visible_to(make_user(role="")).exists()


def test_what_started_it_is_a_key_moment_and_stays_one_when_it_is_corrected():
    incident, change, person = make_incident(), make_change("Banner", live_at=LIVE), actor()
    judge(change, ChangeVerdict.TRIGGER, incident, by=person)
    assert incident.timeline.get().is_starred
    changes.edit_change(actor=person, change=change, new=NewChange(text="Banner 2"), now=NOW)
    assert (incident.timeline.get().text, incident.timeline.get().is_starred) == ("Banner 2", True)
