"""The worked example: told through the domain, flagged, counted nowhere, and gone for everybody when it is removed."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from incidents.domain import durations, examples
from incidents.domain.setup import checks
from incidents.enums import IncidentKind, Precision, Role, Series, Status
from incidents.errors import Forbidden, NotPossible
from incidents.models import (
    AuditEntry,
    Incident,
    NumberCounter,
    OutboxMessage,
    Service,
    Team,
    TimelineEvent,
    User,
)
from incidents.permissions import Actor
from postmortems import example
from postmortems.enums import ActionStatus, Audience, PostmortemStatus
from postmortems.models import ActionItem, DefenceCheck, Postmortem, RootCause
from tests.factories import make_incident, make_service, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 4, 9, 8, 30, tzinfo=dt.UTC)  # behind a change of the clocks
MACHINE = Actor.machine("load_example", Role.ADMIN)


def load(now=NOW):
    return example.load(actor=MACHINE, now=now)


@pytest.fixture
def admin():
    return make_user("Root", Role.ADMIN)


def test_it_tells_three_flagged_incidents_with_numbers_of_drills():
    first, second, third = load()
    assert [i.reference for i in (first, second, third)] == ["DRILL-1", "DRILL-2", "DRILL-3"]
    assert set(Incident.objects.values_list("is_example", "series", "removed_at")) == {(True, Series.DRILL, None)}
    assert NumberCounter.objects.get(series=Series.INC).last == 0
    assert [i.kind for i in (first, second, third)] == [
        IncidentKind.INCIDENT,
        IncidentKind.INCIDENT,
        IncidentKind.NEAR_MISS,
    ]
    assert set(Incident.objects.values_list("status", flat=True)) == {Status.RESOLVED, Status.CLOSED}


def test_the_second_repeats_the_first():
    first, second, _third = load()
    again = RootCause.objects.get(incident=second, same_as__isnull=False)
    assert again.same_as.incident == first
    assert first in second.related.all()


def test_action_items_are_in_every_state_and_postmortems_in_two():
    load()
    assert set(ActionItem.objects.values_list("status", flat=True)) == set(ActionStatus)
    assert set(Postmortem.objects.values_list("status", flat=True)) == {
        PostmortemStatus.DRAFT,
        PostmortemStatus.PUBLISHED,
    }
    today = NOW.date()
    assert any(item.is_overdue(today) for item in ActionItem.objects.all())
    assert ActionItem.objects.filter(times_moved=1).count() == 1
    assert DefenceCheck.objects.values("result").distinct().count() == 3


def test_it_shows_every_kind_of_time_and_entry():
    first, second, _third = load()
    assert TimelineEvent.objects.filter(occurred_at=None).exclude(time_text="").count() == 2
    assert TimelineEvent.objects.filter(is_internal=True).count() == 2
    assert TimelineEvent.objects.filter(is_starred=True, incident=second).count() >= 4
    assert TimelineEvent.objects.filter(kind="lead_up", incident=first).count() == 2
    assert {first.identified_precision, second.detected_precision} <= set(Precision.values)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.identified_precision == Precision.ABOUT
    assert second.detected_precision == Precision.NOT_LATER


@pytest.mark.parametrize("month", [1, 4, 7, 11])
def test_its_times_are_possible_and_past_whenever_it_is_loaded(month):
    now = dt.datetime(2026, month, 3, 0, 5, tzinfo=dt.UTC)
    for incident in load(now):
        incident.refresh_from_db()
        assert durations.impossible_order(incident) == []
        assert incident.sort_at < now - dt.timedelta(days=3)
    second = Incident.objects.get(number=2)
    phases = durations.phases(second)
    total = next(d for d in durations.durations(second) if d.name == durations.DurationName.TO_RESOLVE)
    assert total.text == "48 min"
    assert sum(phase.seconds for phase in phases if phase.key != "latent") == 48 * 60
    assert not TimelineEvent.objects.filter(created_at__gt=now).exists()
    assert not Postmortem.objects.filter(published_at__gt=now).exists()


def test_nobody_can_sign_in_as_its_people_or_is_woken_by_it():
    load()
    people = User.objects.filter(is_example=True)
    assert people.count() == 4
    assert not any(person.has_usable_password() or person.email or person.phone for person in people)
    assert set(people.values_list("role", flat=True)) == {Role.RESPONDER}
    assert not OutboxMessage.objects.exists()


def test_everything_it_does_is_in_the_audit():
    incidents = load()
    for incident in incidents:
        assert AuditEntry.objects.filter(incident=incident).exists()
    assert AuditEntry.objects.filter(action="postmortem.published").count() == 1


def test_loading_twice_changes_nothing():
    load()
    entries = AuditEntry.objects.count()
    assert load() == []
    assert (Incident.objects.count(), AuditEntry.objects.count()) == (3, entries)


def test_real_incidents_are_not_mixed_with_it():
    make_incident()
    with pytest.raises(NotPossible, match="real incidents"):
        load()
    with pytest.raises(CommandError, match="real incidents"):
        call_command("load_example")
    assert Incident.objects.count() == 1


def test_only_admins_load_and_remove_it():
    with pytest.raises(Forbidden):
        example.load(actor=Actor.machine("nobody", Role.EDITOR), now=NOW)
    load()
    with pytest.raises(Forbidden):
        examples.remove(actor=Actor.person(make_user(role=Role.EDITOR)), now=NOW)
    assert examples.is_loaded()


@pytest.mark.parametrize("make", [make_incident, make_service, make_team])
def test_the_start_of_the_server_loads_it_only_where_nobody_has_begun(make):
    make()
    call_command("load_example", if_empty=True)
    assert not Incident.objects.filter(is_example=True).exists()


def test_the_start_of_the_server_loads_it_once(admin, capsys):
    call_command("load_example", if_empty=True, verbosity=1)
    assert "DRILL-1, DRILL-2, DRILL-3" in capsys.readouterr().out
    call_command("remove_example")
    call_command("load_example", if_empty=True)
    assert not examples.is_loaded()


def test_a_name_that_is_taken_is_one_clear_line():
    make_user("ada okoro (example)")
    with pytest.raises(CommandError, match="taken"):
        call_command("load_example")
    assert not Incident.objects.exists()


def test_made_up_incidents_may_join_it_before_and_after():
    call_command("seed_load", incidents=5, verbosity=0)
    load()
    call_command("seed_load", incidents=5, verbosity=0, seed=2)
    examples.remove(actor=MACHINE, now=NOW)
    call_command("seed_load", incidents=5, verbosity=0, seed=3)
    assert Incident.objects.present().filter(is_synthetic=True).count() == 15
    assert Service.objects.active().filter(name="Storefront").exists()


PAGES = (
    "/",
    "/incidents/",
    "/incidents/export.csv",
    "/postmortems/",
    "/actions/",
    "/actions/export.csv",
    "/services/",
    "/postmortems/feed/",
)


@pytest.mark.parametrize("role", [Role.READER, Role.ADMIN])
def test_every_page_has_something_to_show(client, role):
    load(timezone.now())
    sign_in(client, make_user(role=role))
    for url in ("/", "/incidents/", "/postmortems/", "/actions/", "/services/"):
        assert "scanner" in client.get(url).text.lower(), url
    for url in ("/incidents/DRILL-1/", "/incidents/DRILL-3/"):
        assert "worked example" in client.get(url).text
    page = client.get("/postmortems/DRILL-2/", follow=True).text
    assert "worked example" in page
    assert "DRILL-1" in page
    assert "Okoro" not in page.partition('<article class="reading">')[2].partition("</article>")[0]


@pytest.mark.sweep
@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR, Role.ADMIN])
def test_removed_it_is_gone_from_every_page_for_everybody(client, role):
    load(timezone.now())
    Postmortem.objects.filter(status=PostmortemStatus.PUBLISHED).update(audience=Audience.PUBLIC)
    item = ActionItem.objects.first()
    examples.remove(actor=MACHINE, now=timezone.now())
    if role:
        sign_in(client, make_user(role=role))
    for url in PAGES:
        text = client.get(url, follow=True).getvalue().decode()
        assert "DRILL" not in text, url
        assert "(example)" not in text, url
    for url in ("/incidents/DRILL-1/", "/postmortems/DRILL-2/", f"/actions/{item.reference}/"):
        response = client.get(url)
        assert response.status_code == 404 or response.url.startswith("/account/"), url


def test_its_people_team_and_services_can_no_longer_be_chosen():
    load()
    examples.remove(actor=MACHINE, now=NOW)
    assert not User.objects.active().filter(is_example=True).exists()
    assert not Team.objects.active().filter(is_example=True).exists()
    assert not Service.objects.active().filter(is_example=True).exists()
    assert AuditEntry.objects.filter(action="incident.example_removed").count() == 3


def test_what_is_real_stays(admin):
    load()
    team = make_team("Shop", team_lead=admin)
    real = make_incident(title="Real", declared_by=admin)
    removed = examples.remove(actor=Actor.person(admin), now=NOW)
    assert removed == 3
    assert list(Incident.objects.visible_to(admin)) == [real]
    assert Team.objects.active().get() == team
    assert examples.remove(actor=Actor.person(admin), now=NOW) == 0


def test_a_place_that_its_people_hold_meanwhile_is_left_open(admin):
    load()
    ada = User.objects.get(name__startswith="Ada Okoro")
    team = make_team("Real team", team_lead=ada)
    examples.remove(actor=MACHINE, now=NOW)
    team.refresh_from_db()
    assert team.team_lead is None


def test_a_service_of_it_that_is_used_for_real_stops_the_removal():
    load()
    make_incident(services=[Service.objects.filter(is_example=True)[0]])
    with pytest.raises(CommandError, match="open on this service"):
        call_command("remove_example")
    assert examples.is_loaded()
    assert User.objects.active().filter(is_example=True).count() == 4


def test_the_database_lets_no_real_incident_be_removed():
    incident = make_incident()
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(removed_at=NOW)
    assert Incident.objects.filter(is_example=True, removed_at=None).count() == 0


def test_the_button_asks_first_and_then_removes(client, admin):
    load()
    sign_in(client, admin)
    url = reverse("example-remove")
    assert url in client.get(reverse("setup")).text
    assert url in client.get("/incidents/DRILL-1/").text
    assert "Remove the example" in client.get(url).text
    assert examples.is_loaded()
    assert client.post(url).status_code == 302
    assert not examples.is_loaded()
    assert url not in client.get(reverse("setup")).text
    assert "no example here" in client.get(url).text


def test_the_button_is_for_admins(client):
    load()
    sign_in(client, make_user(role=Role.EDITOR))
    assert reverse("example-remove") not in client.get("/incidents/DRILL-1/").text
    assert client.post(reverse("example-remove")).status_code == 403
    assert examples.is_loaded()


def test_a_removal_that_is_not_possible_says_why_on_the_page(client, admin):
    load()
    make_incident(services=[Service.objects.filter(is_example=True)[0]])
    sign_in(client, admin)
    response = client.post(reverse("example-remove"))
    assert response.status_code == 422
    assert "open on this service" in response.text
    assert examples.is_loaded()


def test_it_sets_nothing_up():
    before = {check.title: check.is_done for check in checks(now=NOW)}
    load()
    after = {check.title: check.is_done for check in checks(now=NOW)}
    assert after.pop("The worked example is gone") is False
    assert after == before
