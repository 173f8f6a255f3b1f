"""Teams: team lead, deputy, members, one default."""

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import teams
from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import AuditEntry, Team
from incidents.permissions import Actor
from tests.factories import make_service, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client():
    client = Client()
    sign_in(client, make_user(role=Role.ADMIN))
    return client


def test_a_team_is_made_with_its_people(admin_client):
    lead, deputy, member = make_user(), make_user(), make_user(role=Role.READER)
    data = {"name": " Storefront ", "team_lead": lead.pk, "deputy": deputy.pk, "members": [member.pk]}
    response = admin_client.post("/teams/new/", data)
    team = Team.objects.get()
    assert response["Location"] == f"/teams/{team.pk}/"
    assert (team.name, team.team_lead, team.deputy, team.is_default) == ("Storefront", lead, deputy, False)
    assert set(team.members.all()) == {lead, deputy, member}
    assert AuditEntry.objects.get().action == "team.created"


@pytest.mark.parametrize("wrong", ["no_name", "name_taken", "reader_leads", "disabled_leads", "same_twice", "nonsense"])
def test_what_will_not_do_is_refused(admin_client: Client, wrong: str) -> None:
    make_team("Storefront")
    lead = make_user()
    wrong_data: dict[str, dict[str, object]] = {
        "no_name": {"name": ""},
        "name_taken": {"name": "STOREFRONT"},
        "reader_leads": {"team_lead": make_user(role=Role.READER).pk},
        "disabled_leads": {"team_lead": make_user(is_active=False).pk},
        "same_twice": {"team_lead": lead.pk, "deputy": lead.pk},
        "nonsense": {"team_lead": "nonsense"},
    }
    data = {"name": "Payments", **wrong_data[wrong]}
    assert admin_client.post("/teams/new/", data).status_code == 422
    assert Team.objects.count() == 1


def test_changes_are_recorded_field_by_field(admin_client):
    old, new = make_user(name="Ada"), make_user(name="Ben")
    team = make_team("Storefront", team_lead=old)
    data = {"name": "Storefront", "team_lead": new.pk, "members": [new.pk]}
    assert admin_client.post(f"/teams/{team.pk}/edit/", data).status_code == 302
    team.refresh_from_db()
    assert (team.team_lead, list(team.members.all())) == (new, [new])
    changes = AuditEntry.objects.get(action="team.changed").changes
    assert changes == {"team_lead": ["Ada", "Ben"], "members": ["Ada", "Ben"]}
    admin_client.post(f"/teams/{team.pk}/edit/", data)
    assert AuditEntry.objects.count() == 1


def test_one_team_is_the_default(admin_client):
    first = make_team("First", is_default=True)
    second = make_team("Second")
    assert admin_client.post(f"/teams/{second.pk}/edit/", {"name": "Second", "is_default": "on"}).status_code == 302
    assert list(Team.objects.filter(is_default=True)) == [second]
    assert admin_client.post("/teams/new/", {"name": "Third", "is_default": "on"}).status_code == 302
    assert Team.objects.get(is_default=True).name == "Third"
    assert admin_client.post(f"/teams/{first.pk}/edit/", {"name": "First"}).status_code == 302
    assert Team.objects.filter(is_default=True).count() == 1


def test_a_team_that_owns_services_or_is_the_default_stays(admin_client):
    team = make_team(is_default=True)
    service = make_service(team=team)
    page = admin_client.post(f"/teams/{team.pk}/retire/", follow=True).content.decode()
    assert "owns services" in page
    service.is_active = False
    service.save()
    assert "default team" in admin_client.post(f"/teams/{team.pk}/retire/", follow=True).content.decode()
    assert Team.objects.get(pk=team.pk).is_active


def test_a_team_is_retired_and_brought_back(admin_client):
    team = make_team()
    admin_client.post(f"/teams/{team.pk}/retire/")
    assert not Team.objects.get(pk=team.pk).is_active
    admin_client.post(f"/teams/{team.pk}/bring-back/")
    assert Team.objects.get(pk=team.pk).is_active
    assert [entry.action for entry in AuditEntry.objects.all()] == ["team.brought_back", "team.retired"]


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR])
def test_only_admins_touch_teams(role):
    client, team = Client(), make_team("Storefront")
    user = make_user(role=role)
    sign_in(client, user)
    for path in (
        "/teams/new/",
        f"/teams/{team.pk}/edit/",
        f"/teams/{team.pk}/retire/",
        f"/teams/{team.pk}/bring-back/",
    ):
        assert client.post(path, {"name": "Changed"}).status_code == 403
    with pytest.raises(Forbidden):
        teams.create(actor=Actor.person(user), name="Payments", now=timezone.now())
    assert list(Team.objects.values_list("name", flat=True)) == ["Storefront"]


def test_the_domain_refuses_what_forms_do_not_offer():
    admin = Actor.person(make_user(role=Role.ADMIN))
    with pytest.raises(InvalidInput) as refusal:
        teams.create(actor=admin, name="Payments", team_lead=make_user(role=Role.READER), now=timezone.now())
    assert list(refusal.value.fields) == ["team_lead"]
    with pytest.raises(NotPossible):
        teams.retire(actor=admin, team=make_team(is_default=True), now=timezone.now())


def test_without_teams_the_page_offers_the_first(admin_client):
    page = admin_client.get("/teams/").content.decode()
    assert "Make the first one" in page
    team = make_team("Storefront")
    page = admin_client.get("/teams/").content.decode()
    assert "Make the first one" not in page
    assert f"/teams/{team.pk}/" in page
    assert admin_client.get(f"/teams/{team.pk}/").status_code == 200


@pytest.mark.parametrize("number", [2, 20])
def test_the_list_costs_the_same_however_long(admin_client, number, django_assert_num_queries):
    for _team in range(number):
        make_service(team=make_team(team_lead=make_user(), deputy=make_user()))
    admin_client.get("/teams/")
    with django_assert_num_queries(5):  # session, account, teams, members, services
        admin_client.get("/teams/")
