"""Severity levels: one row for each code; admins edit texts and numbers and add none."""

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import catalogue
from incidents.enums import Role, Severity
from incidents.errors import Forbidden, InvalidInput
from incidents.models import AuditEntry, SeverityLevel
from incidents.permissions import Actor
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client():
    client = Client()
    sign_in(client, make_user(role=Role.ADMIN))
    return client


def test_all_of_them_are_listed_gravest_first(admin_client):
    assert [level.code for level in SeverityLevel.objects.gravest_first()] == list(Severity.values)
    page = admin_client.get("/severities/").content.decode()
    places = [page.index(f"/severities/{code}/") for code in Severity.values]
    assert places == sorted(places)


def test_an_admin_edits_texts_and_numbers(admin_client):
    data = {
        "help_text": "Nobody can buy.",
        "update_interval_minutes": "20",
        "action_item_days": "",
        "postmortem_required": "on",
    }
    assert admin_client.get("/severities/sev1/").status_code == 200
    assert admin_client.post("/severities/sev1/", data | {"code": "sev9"}).status_code == 302
    level = SeverityLevel.objects.get(code="sev1")
    assert (level.help_text, level.update_interval_minutes, level.action_item_days) == ("Nobody can buy.", 20, None)
    assert (level.postmortem_required, level.second_approver_required) == (True, False)
    assert SeverityLevel.objects.count() == len(Severity)
    changes = AuditEntry.objects.get(action="severity.changed").changes
    assert changes["update_interval_minutes"] == [15, 20]
    assert "postmortem_required" not in changes


@pytest.mark.parametrize(
    "wrong",
    [
        {"help_text": ""},
        {"update_interval_minutes": "-1"},
        {"update_interval_minutes": "x"},
        {"action_item_days": "9" * 20},
    ],
)
def test_what_will_not_do_is_refused(admin_client, wrong):
    assert admin_client.post("/severities/sev1/", {"help_text": "Bad"} | wrong).status_code == 422
    assert not AuditEntry.objects.exists()


def test_none_can_be_added(admin_client):
    assert admin_client.post("/severities/sev9/", {"help_text": "New"}).status_code == 404


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR])
def test_only_admins_edit(role):
    client = Client()
    user = make_user(role=role)
    sign_in(client, user)
    assert client.post("/severities/sev1/", {"help_text": "Changed"}).status_code == 403
    level = SeverityLevel.objects.get(code="sev1")
    with pytest.raises(Forbidden):
        catalogue.change_severity(actor=Actor.person(user), level=level, now=timezone.now(), help_text="Changed")
    assert SeverityLevel.objects.get(code="sev1").help_text != "Changed"


def test_the_domain_checks_too():
    level = SeverityLevel.objects.get(code="sev1")
    admin = Actor.person(make_user(role=Role.ADMIN))
    with pytest.raises(InvalidInput):
        catalogue.change_severity(actor=admin, level=level, now=timezone.now(), help_text="")
