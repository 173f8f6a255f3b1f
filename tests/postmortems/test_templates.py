"""Templates of postmortems, which admins edit."""

import pytest
from django.urls import reverse

from incidents.enums import Role
from postmortems.models import Template
from tests.incident_pages import client_of, recorded, text_of

pytestmark = pytest.mark.django_db

LIST = "/postmortems/templates/"
NEW = {"name": "Security", "sections": "summary | What happened | Two sentences\nother | Who | ", "is_active": "on"}


def edit(template):
    return reverse("template-edit", args=[template.pk])


@pytest.mark.parametrize(("role", "code"), [("reader", 403), ("responder", 403), ("editor", 403), ("admin", 200)])
def test_they_are_for_admins(role, code):
    client = client_of(role)
    first = Template.objects.first()
    assert [client.get(page).status_code for page in (LIST, f"{LIST}new/", edit(first))] == [code] * 3
    assert client.post(f"{LIST}new/", NEW).status_code == (302 if code == 200 else 403)


def test_every_installation_begins_with_a_full_and_a_short_one():
    page = text_of(client_of(Role.ADMIN).get(LIST))
    for words in ("Full", "Short", "SEV3, SEV4", "How we noticed"):
        assert words in page


def test_an_admin_adds_one_and_changes_it():
    admin = client_of(Role.ADMIN)
    with recorded() as audit:
        admin.post(f"{LIST}new/", {**NEW, "severities": ["sev1", "sev2"]})
    template = Template.objects.get(name="Security")
    assert template.severities == ["sev1", "sev2"]
    assert template.sections == [
        {"kind": "summary", "heading": "What happened", "prompt": "Two sentences"},
        {"kind": "other", "heading": "Who", "prompt": ""},
    ]
    assert [entry.action for entry in audit] == ["template.added"]
    assert admin.post(edit(template), {**NEW, "version": 1, "name": "Safety"}).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.severities, template.version) == ("Safety", [], 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "full"}, "name"),
        ({"name": " "}, "name"),
        ({"sections": "nothing"}, "sections"),
        ({"sections": "blame | Who did it | "}, "sections"),
        ({"sections": " \n "}, "sections"),
        ({"sections": "other | x |\n" * 21}, "sections"),
        ({"severities": ["sev9"]}, "severities"),
    ],
)
def test_what_cannot_be_a_template_is_said_beside_its_field(change, field):
    response = client_of(Role.ADMIN).post(f"{LIST}new/", {**NEW, **change})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Template.objects.count() == 2


def test_a_stale_form_shows_both_and_the_second_press_saves():
    template = Template.objects.create(name="Theirs", sections=[], version=2)
    admin = client_of(Role.ADMIN)
    response = admin.post(edit(template), {**NEW, "version": 1})
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert admin.post(edit(template), {**NEW, "version": 2}).status_code == 302
