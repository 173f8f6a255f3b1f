"""Services: readers see what is open on them, as far as they may know; admins change them."""

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import catalogue, declaration, privacy
from incidents.enums import Role, Status
from incidents.errors import Forbidden, InvalidInput
from incidents.models import AuditEntry, Incident, Service
from incidents.permissions import Actor
from tests.factories import make_service, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db


def client_of(role=Role.READER):
    client = Client()
    sign_in(client, make_user(role=role))
    return client


def incident_on(service, title="Blank front page", status=None, private=False):
    actor = Actor.person(make_user())
    new = declaration.NewIncident(title=title, home_zone="UTC", services=(service,))
    incident = declaration.declare(actor=actor, new=new, now=timezone.now())
    if private:
        editor = Actor.person(make_user(role=Role.EDITOR))
        privacy.make_private(actor=editor, incident=incident, members=[], now=timezone.now())
    if status:
        Incident.objects.filter(pk=incident.pk).update(status=status)
    return incident


# Reading


def test_readers_see_services_and_what_is_open_on_them():
    service = make_service("Storefront", description="Where people buy", team=make_team("Shop"))
    make_service("Gone", is_active=False)
    incident = incident_on(service)
    incident_on(service, title="Long over", status=Status.CLOSED)
    page = client_of().get("/services/").content.decode()
    assert "Where people buy" in page
    assert f"{incident.reference} Blank front page" in page
    assert "Long over" not in page
    assert "Gone" not in page
    assert "Shop" in page


def test_the_page_of_a_service_shows_whom_to_call():
    lead, deputy = make_user(name="Ada", phone="+27 21 555"), make_user(name="Ben")
    service = make_service("Storefront", slug="storefront", team=make_team("Shop", team_lead=lead, deputy=deputy))
    incident_on(service)
    incident_on(service, title="Long over", status=Status.CLOSED)
    page = client_of().get("/services/storefront/").content.decode()
    for word in ("Ada", "tel:+27 21 555", "Ben", "Blank front page", "Long over"):
        assert word in page
    assert "/services/storefront/edit/" not in page
    assert "/services/storefront/edit/" in client_of(Role.ADMIN).get("/services/storefront/").content.decode()


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER, Role.EDITOR])
@pytest.mark.parametrize("path", ["/services/", "/services/storefront/"])
def test_private_incidents_stay_hidden(role, path):
    service = make_service("Storefront", slug="storefront")
    incident_on(service, title="Canary open", private=True)
    incident_on(service, title="Canary over", private=True, status=Status.CLOSED)
    assert "Canary" not in client_of(role).get(path).content.decode()
    assert "Canary open" in client_of(Role.ADMIN).get(path).content.decode()


def test_nobody_sees_services_without_signing_in():
    make_service("Storefront", slug="storefront")
    for path in ("/services/", "/services/storefront/"):
        assert Client().get(path)["Location"].startswith("/account/sign-in/")
    assert client_of().get("/services/unknown/").status_code == 404


def test_an_empty_list_says_what_belongs_there():
    assert "An admin adds it" in client_of().get("/services/").content.decode()
    assert "Add the first one" in client_of(Role.ADMIN).get("/services/").content.decode()


@pytest.mark.parametrize("number", [2, 20])
def test_the_list_costs_the_same_however_long(number, django_assert_num_queries):
    for _service in range(number):
        incident_on(make_service(team=make_team()))
    client = client_of()
    client.get("/services/")
    with django_assert_num_queries(4):  # session, account, services, what is open on them
        client.get("/services/")


@pytest.mark.parametrize("number", [2, 20])
def test_a_page_costs_the_same_however_much_is_open(number, django_assert_num_queries):
    service = make_service(slug="storefront", team=make_team())
    for _incident in range(number):
        incident_on(service)
    client = client_of()
    client.get("/services/storefront/")
    with django_assert_num_queries(6):  # session, account, service, open, followed or not, earlier
        client.get("/services/storefront/")


# Changing


def test_an_admin_adds_a_service():
    team = make_team("Shop")
    response = client_of(Role.ADMIN).post("/services/new/", {"name": "Store front", "description": "", "team": team.pk})
    assert response["Location"] == "/services/store-front/"
    assert Service.objects.get().team == team
    assert AuditEntry.objects.get().action == "service.created"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Store front", "store-front-2"), ("New", "new-2"), ("仓库", "service"), ("Store-front", "store-front-2")],
)
def test_each_service_has_an_address_of_its_own(name, slug):
    make_service("Something", slug="store-front")
    admin = Actor.person(make_user(role=Role.ADMIN))
    assert catalogue.create_service(actor=admin, name=name, now=timezone.now()).slug == slug


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "STOREFRONT"}, {"name": "x" * 101}, {"team": "999"}])
def test_what_will_not_do_is_refused(wrong):
    make_service("Storefront")
    assert client_of(Role.ADMIN).post("/services/new/", {"name": "Payments"} | wrong).status_code == 422
    assert Service.objects.count() == 1


def test_a_retired_team_gets_no_new_service():
    admin = Actor.person(make_user(role=Role.ADMIN))
    with pytest.raises(InvalidInput):
        catalogue.create_service(actor=admin, name="Shop", team=make_team(is_active=False), now=timezone.now())


def test_a_renamed_service_keeps_its_address():
    service = make_service("Storefront", slug="storefront")
    client = client_of(Role.ADMIN)
    assert client.post("/services/storefront/edit/", {"name": "Shop", "description": "New"}).status_code == 302
    service.refresh_from_db()
    assert (service.name, service.slug) == ("Shop", "storefront")
    assert AuditEntry.objects.get(action="service.changed").changes["name"] == ["Storefront", "Shop"]


def test_a_service_is_retired_once_nothing_is_open_on_it():
    service = make_service("Storefront", slug="storefront")
    incident = incident_on(service)
    client = client_of(Role.ADMIN)
    assert "is open on this service" in client.post("/services/storefront/retire/", follow=True).content.decode()
    assert Service.objects.get().is_active
    Incident.objects.filter(pk=incident.pk).update(status=Status.CLOSED)
    client.post("/services/storefront/retire/")
    assert not Service.objects.get().is_active
    client.post("/services/storefront/bring-back/")
    assert Service.objects.get().is_active


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_change_services(role):
    make_service("Storefront", slug="storefront")
    client = client_of(role)
    for path in ("new/", "storefront/edit/", "storefront/retire/", "storefront/bring-back/"):
        assert client.post(f"/services/{path}", {"name": "Changed"}).status_code == 403
    with pytest.raises(Forbidden):
        catalogue.create_service(actor=Actor.person(make_user(role=role)), name="Shop", now=timezone.now())
    assert [(each.name, each.is_active) for each in Service.objects.all()] == [("Storefront", True)]
