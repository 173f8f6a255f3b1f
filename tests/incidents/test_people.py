"""People: roles, the last admin, disabling with hand-over, profiles."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from incidents.domain import declaration, invitations, people
from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import AuditEntry, Incident, Invitation, Session, TimelineEvent, User
from incidents.permissions import Actor
from tests.factories import PASSWORD, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(name="Root", role=Role.ADMIN)


@pytest.fixture
def admin_client(admin):
    client = Client()
    sign_in(client, admin)
    return client


def change_role(admin, person, role):
    return people.change_role(actor=Actor.person(admin), person=person, role=role, now=timezone.now())


def disable(admin, person, **successors):
    keys = {key.replace("_to_", "-"): user for key, user in successors.items()}
    return people.disable(actor=Actor.person(admin), person=person, successors=keys, now=timezone.now())


def open_incident(lead):
    new = declaration.NewIncident(title="Blank front page", home_zone="UTC")
    incident = declaration.declare(actor=Actor.person(lead), new=new, now=timezone.now())
    Incident.objects.filter(pk=incident.pk).update(incident_lead=lead)
    return incident


# Roles


@pytest.mark.parametrize("role", ["", *Role.values])
def test_an_admin_gives_any_role(admin, role):
    person = make_user(role=Role.READER)
    change_role(admin, person, role)
    assert User.objects.get(pk=person.pk).role == role


def test_the_change_of_a_role_is_recorded_once_with_from_and_to(admin):
    person = make_user(name="Ada", role=Role.READER)
    change_role(admin, person, Role.EDITOR)
    change_role(admin, person, Role.EDITOR)
    entry = AuditEntry.objects.get(action="person.role_changed")
    assert (entry.actor, entry.object_label, entry.changes) == (admin, "Ada", {"role": ["reader", "editor"]})


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_nobody_else_gives_roles(role):
    actor = make_user(role=role)
    with pytest.raises(Forbidden):
        change_role(actor, actor, Role.ADMIN)
    actor.refresh_from_db()
    assert actor.role == role


def test_a_role_that_does_not_exist_is_refused(admin):
    with pytest.raises(InvalidInput):
        change_role(admin, make_user(), "god")


def test_the_last_admin_stays_one(admin, admin_client):
    response = admin_client.post(f"/people/{admin.pk}/role/", {"role": "editor"})
    assert response.status_code == 422
    assert "last admin" in response.content.decode()
    make_user(role=Role.ADMIN, is_active=False)
    with pytest.raises(NotPossible):
        change_role(admin, admin, Role.EDITOR)
    with pytest.raises(NotPossible):
        disable(admin, admin)
    other = make_user(role=Role.ADMIN)
    change_role(admin, admin, Role.EDITOR)
    assert not User.objects.get(pk=admin.pk).is_admin
    assert other.is_admin


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_demote_each_other_at_once():
    admins = [make_user(role=Role.ADMIN) for _number in range(4)]
    refused, failed, barrier = [], [], threading.Barrier(4)

    def demote(actor, person):
        barrier.wait()
        try:
            change_role(actor, person, Role.READER)
        except (NotPossible, Forbidden) as error:
            refused.append(error)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    pairs = list(zip(admins, admins[1:] + admins[:1], strict=True))
    threads = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert User.objects.with_role(Role.ADMIN).count() == 1
    assert len(refused) == 1


def test_who_leads_a_team_needs_the_role_for_it(admin):
    person = make_user()
    team = make_team("Storefront", team_lead=person)
    with pytest.raises(NotPossible) as refusal:
        change_role(admin, person, Role.READER)
    assert "Team lead of Storefront" in str(refusal.value)
    team.team_lead = None
    team.save()
    change_role(admin, person, Role.READER)
    assert User.objects.get(pk=person.pk).role == Role.READER


def test_the_role_page_changes_the_role(admin_client):
    person = make_user(role=Role.READER)
    assert admin_client.get(f"/people/{person.pk}/role/").status_code == 200
    assert admin_client.post(f"/people/{person.pk}/role/", {"role": "responder"}).status_code == 302
    assert User.objects.get(pk=person.pk).role == Role.RESPONDER


# Disabling


def test_disabling_ends_sessions_and_keeps_the_account(admin, admin_client):
    person = make_user(name="Ada")
    client = Client()
    sign_in(client, person)
    assert admin_client.post(f"/people/{person.pk}/disable/", {}).status_code == 302
    assert client.get("/account/").status_code == 302
    assert not Session.objects.filter(user=person).exists()
    assert not User.objects.get(pk=person.pk).is_active
    assert Client().post("/account/sign-in/", {"name": "Ada", "password": PASSWORD}).status_code == 422
    assert AuditEntry.objects.get(action="person.disabled").actor == admin


def test_enabling_lets_in_again(admin_client):
    person = make_user(name="Ada", is_active=False)
    assert admin_client.post(f"/people/{person.pk}/enable/").status_code == 302
    assert Client().post("/account/sign-in/", {"name": "Ada", "password": PASSWORD}).status_code == 302
    assert AuditEntry.objects.filter(action="person.enabled").count() == 1


def test_what_somebody_holds_is_listed_and_handed_over(admin_client):
    person, heir, deputy = make_user(name="Ada"), make_user(name="Ben"), make_user(name="Cem")
    team = make_team("Storefront", team_lead=person, deputy=deputy)
    second = make_team("Payments", deputy=person)
    make_team("Retired", team_lead=person, is_active=False)
    incident = open_incident(person)
    path = f"/people/{person.pk}/disable/"
    page = admin_client.get(path).content.decode()
    assert "Team lead of Storefront" in page
    assert "Deputy of Payments" in page
    assert f"Incident lead of {incident.reference}" in page
    assert "Retired" not in page
    keys = [holding.key for holding in people.holdings(person)]
    assert len(keys) == 3
    assert admin_client.post(path, {}).status_code == 422
    assert admin_client.post(path, dict.fromkeys(keys[:2], heir.pk)).status_code == 422
    assert User.objects.get(pk=person.pk).is_active
    answers = {keys[0]: deputy.pk, keys[1]: "nobody", keys[2]: heir.pk}
    assert admin_client.post(path, answers).status_code == 302
    team.refresh_from_db()
    second.refresh_from_db()
    incident.refresh_from_db()
    assert (team.team_lead, team.deputy) == (deputy, None)
    assert second.deputy is None
    assert incident.incident_lead == heir
    assert people.holdings(person) == []
    assert TimelineEvent.objects.filter(incident=incident, text__contains="Ben").exists()
    assert AuditEntry.objects.filter(action="team.changed").count() == 2


@pytest.mark.parametrize("heir", ["reader", "disabled", "self", "nonsense"])
def test_only_who_may_hold_it_can_take_over(admin_client, heir):
    person = make_user()
    team = make_team(team_lead=person)
    others = {"reader": make_user(role=Role.READER).pk, "disabled": make_user(is_active=False).pk, "self": person.pk}
    key = people.holdings(person)[0].key
    assert admin_client.post(f"/people/{person.pk}/disable/", {key: others.get(heir, "nonsense")}).status_code == 422
    team.refresh_from_db()
    assert team.team_lead == person
    assert User.objects.get(pk=person.pk).is_active


def test_a_refused_hand_over_changes_nothing(admin):
    person, reader = make_user(), make_user(role=Role.READER)
    first, second = make_team(team_lead=person), make_team(team_lead=person)
    keys = [holding.key for holding in people.holdings(person)]
    with pytest.raises(InvalidInput) as refusal:
        people.disable(
            actor=Actor.person(admin),
            person=person,
            successors={keys[0]: make_user(), keys[1]: reader},
            now=timezone.now(),
        )
    assert list(refusal.value.fields) == [keys[1]]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.team_lead, second.team_lead) == (person, person)
    assert not AuditEntry.objects.filter(action="team.changed").exists()


def test_invitations_of_who_is_disabled_are_withdrawn(admin):
    other = make_user(role=Role.ADMIN)
    now = timezone.now()
    by_other = invitations.invite(actor=Actor.person(other), email="a@example.org", role=Role.ADMIN, now=now)
    by_admin = invitations.invite(actor=Actor.person(admin), email="b@example.org", role=Role.READER, now=now)
    disable(admin, other)
    assert Invitation.objects.get(pk=by_other.invitation.pk).revoked_at
    assert not Invitation.objects.get(pk=by_admin.invitation.pk).revoked_at


# Pages for admins


PAGES = [
    "/people/",
    "/people/invite/",
    "/people/import/",
    "/setup/",
    "/audit/",
    "/teams/",
    "/teams/new/",
    "/severities/",
]


@pytest.mark.parametrize("path", [*PAGES, "/services/new/", "/severities/sev1/", "/people/{0}/", "/people/{0}/edit/"])
def test_pages_for_admins_are_for_admins(admin_client, path):
    person = make_user()
    path = path.format(person.pk)
    assert admin_client.get(path).status_code == 200
    for role in (Role.READER, Role.RESPONDER, Role.EDITOR):
        client = Client()
        sign_in(client, make_user(role=role))
        assert client.get(path).status_code == 403
    assert Client().get(path)["Location"].startswith("/account/sign-in/?next=")


@pytest.mark.parametrize("action", ["edit", "role", "disable", "enable", "password-link"])
def test_what_admins_do_nobody_else_does(action):
    person = make_user(role=Role.READER)
    client = Client()
    sign_in(client, make_user(role=Role.EDITOR))
    data = {"role": "admin", "name": "Changed", "email": "changed@example.org"}
    assert client.post(f"/people/{person.pk}/{action}/", data).status_code == 403
    after = User.objects.get(pk=person.pk)
    assert (after.role, after.name, after.is_active) == (Role.READER, person.name, True)


@pytest.mark.parametrize("path", ["/people/999999/", "/people/0/", "/people/9223372036854775808/", "/people/-1/"])
def test_nobody_there_is_404(admin_client, path):
    assert admin_client.get(path).status_code == 404


@pytest.mark.parametrize("number", [2, 20])
def test_the_list_costs_the_same_however_long(admin_client, number, django_assert_num_queries):
    team = make_team()
    for _person in range(number):
        team.members.add(make_user())
    admin_client.get("/people/")
    with django_assert_num_queries(5):  # session, account, people, their teams, invitations
        admin_client.get("/people/")


def test_an_admin_corrects_a_person(admin_client):
    person = make_user(name="Ada")
    data = {"name": "Ada Okoro", "email": "ada@example.org", "phone": "+27 21", "time_zone": "africa/johannesburg"}
    assert admin_client.post(f"/people/{person.pk}/edit/", data | {"role": "admin"}).status_code == 302
    after = User.objects.get(pk=person.pk)
    assert (after.name, after.time_zone, after.role) == ("Ada Okoro", "Africa/Johannesburg", Role.RESPONDER)
    assert set(AuditEntry.objects.get(action="person.changed").changes) == {"name", "email", "phone", "time_zone"}


def test_a_name_or_address_in_use_is_refused(admin_client):
    make_user(name="Ben", email="ben@example.org")
    person = make_user(name="Ada")
    for data in ({"name": "BEN"}, {"name": "Ada", "email": "Ben@example.org"}):
        assert admin_client.post(f"/people/{person.pk}/edit/", data).status_code == 422
    assert User.objects.get(pk=person.pk).name == "Ada"


# The own profile


PROFILE = {"name": "Ada", "phone": "", "time_zone": "", "colour_scheme": "dark", "keys_enabled": "on"}


def test_everybody_changes_their_own_profile():
    user = make_user(name="Ada", role=Role.READER)
    client = Client()
    sign_in(client, user)
    data = PROFILE | {
        "time_zone": "UTC+05:30",
        "phone": "+91 1",
        "role": "admin",
        "email": "x@example.org",
        "is_active": "",
    }
    assert client.post("/account/", data).status_code == 302
    after = User.objects.get(pk=user.pk)
    assert (after.time_zone, after.phone, after.colour_scheme) == ("UTC+05:30", "+91 1", "dark")
    assert (after.role, after.email, after.is_active) == (Role.READER, user.email, True)
    assert 'data-scheme="dark"' in client.get("/account/").content.decode()
    changes = AuditEntry.objects.get(action="person.profile_changed").changes
    assert set(changes) == {"time_zone", "phone", "colour_scheme"}


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Base"}, {"name": ""}, {"name": "x@y"}, {"name": "TAKEN"}, {"colour_scheme": "pink"}]
)
def test_a_profile_that_will_not_do_is_refused(wrong):
    make_user(name="Taken")
    user = make_user(name="Ada")
    client = Client()
    sign_in(client, user)
    assert client.post("/account/", PROFILE | wrong).status_code == 422
    assert User.objects.get(pk=user.pk).name == "Ada"
    assert not AuditEntry.objects.exists()


def test_an_unchanged_profile_records_nothing():
    user = make_user(name="Ada", colour_scheme="dark")
    client = Client()
    sign_in(client, user)
    assert client.post("/account/", PROFILE).status_code == 302
    assert not AuditEntry.objects.exists()


def test_the_own_address_changes_with_the_password_only():
    user = make_user(name="Ada", email="old@example.org")
    client = Client()
    sign_in(client, user)
    session = client.session
    del session["password_at"]
    session.save()
    assert client.get("/account/email/").status_code == 302
    assert client.post("/account/email/", {"email": "new@example.org"}).status_code == 422
    assert User.objects.get(pk=user.pk).email == "old@example.org"
    client.post("/account/email/", {"email": "new@example.org", "current_password": PASSWORD})
    assert User.objects.get(pk=user.pk).email == "new@example.org"


def test_a_profile_holds_nothing_else():
    with pytest.raises(TypeError):
        people.change_profile(actor=Actor.person(make_user()), role="admin", now=timezone.now())
