"""Who does what on an incident: taken, handed over, given back."""

import pytest
from django.utils import timezone

from incidents.domain import roles
from incidents.enums import IncidentRole, Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import User
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import client_of, recorded, stored, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return client_of(make_user("Ada_O"))


@pytest.fixture
def incident():
    return make_incident()


@pytest.mark.parametrize("role", IncidentRole.values)
def test_each_role_is_taken_and_handed_over_with_a_note(client, incident, role):
    ben = make_user("Ben")
    with recorded() as audit:
        for _ in range(2):
            assert client.post(url(incident, "role-take"), {"role": role}).status_code == 302
        body = {"role": role, "holder": ben.pk, "tried": "x", "next": "*y*\r\nand z"}
        assert client.post(url(incident, "roles"), body).status_code == 302
        assert client.post(url(incident, "roles"), {"role": role, "holder": ""}).status_code == 302
    label = IncidentRole(role).label
    assert [event.text for event in incident.timeline.order_by("pk")] == [
        rf"{label}: Ada\_O.",
        f"{label} handed over from Ada\\_O to Ben.\n\nTried: x\n\nNext: *y*\nand z",
        f"{label}: nobody now.",
    ]
    assert [(entry.action, entry.actor, entry.changes) for entry in audit] == [
        ("incident.role", client.user, {role: [None, "Ada_O"]}),
        ("incident.role", client.user, {role: ["Ada_O", "Ben"]}),
        ("incident.role", client.user, {role: ["Ben", None]}),
    ]
    assert stored(incident.reference).role_holder(role) is None


def test_the_page_shows_holders_with_their_phones_and_what_is_free(client, incident):
    lead = make_user("Cy", phone="+49 170 1234567")
    type(incident).objects.filter(pk=incident.pk).update(incident_lead=lead)
    page = text_of(client.get(url(incident)))
    assert 'href="tel:+491701234567"' in page
    assert page.count("take it") == 2
    assert "take it" not in text_of(client_of(Role.READER).get(url(incident)))
    assert "nobody yet" in text_of(client_of(Role.READER).get(url(incident)))


def test_taking_does_not_take_a_role_from_somebody(client, incident):
    ben = client_of(make_user("Ben"))
    ben.post(url(incident, "role-take"), {"role": "scribe"})
    response = client.post(url(incident, "role-take"), {"role": "scribe"})
    assert response.status_code == 422
    assert "Ben has this role already" in text_of(response)
    assert stored(incident.reference).scribe == ben.user
    assert client.post(url(incident, "roles"), {"role": "scribe", "holder": client.user.pk}).status_code == 302
    assert stored(incident.reference).scribe == client.user


def test_only_people_who_may_respond_hold_a_role(client, incident):
    reader, gone = make_user(role=Role.READER), make_user()
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for wrong in (reader.pk, gone.pk, 2**63, -1, "x", "9" * 400):
        body = {"role": "scribe", "holder": wrong}
        assert client.post(url(incident, "roles"), body).status_code == 422, wrong
    with pytest.raises(InvalidInput):
        roles.assign(
            actor=Actor.person(client.user),
            incident=incident,
            role=IncidentRole.SCRIBE,
            holder=reader,
            now=timezone.now(),
        )
    assert stored(incident.reference).version == 1


@pytest.mark.parametrize("wrong", [{}, {"role": "king"}, {"role": "x" * 100_000}, {"role": "status"}])
def test_a_role_that_does_not_exist_is_refused(client, incident, wrong):
    assert client.post(url(incident, "role-take"), wrong).status_code == 422
    assert client.post(url(incident, "roles"), {"holder": client.user.pk, **wrong}).status_code == 422
    assert client.post(url(incident, "roles"), {"role": "scribe", "tried": "x" * 1501}).status_code == 422
    assert stored(incident.reference).version == 1


def test_readers_may_not(incident):
    reader = client_of(Role.READER)
    assert reader.get(url(incident, "roles")).status_code == 403
    assert reader.post(url(incident, "roles"), {"role": "scribe", "holder": ""}).status_code == 403
    assert reader.post(url(incident, "role-take"), {"role": "scribe"}).status_code == 403
    assert client_of().get(url(incident, "roles")).status_code == 200
    with pytest.raises(NotPossible):
        roles.take(
            actor=Actor.machine("monitoring", Role.ADMIN),
            incident=incident,
            role=IncidentRole.SCRIBE,
            now=timezone.now(),
        )


def test_on_a_private_incident_only_who_may_let_people_in_hands_a_role_to_an_outsider():
    member, lead, outsider = client_of(), client_of(), client_of()
    incident = make_incident(is_private=True, scribe=member.user, incident_lead=lead.user)
    body = {"role": "communications_lead", "holder": outsider.user.pk}
    assert member.post(url(incident, "roles"), body).status_code == 403
    assert outsider.get(url(incident)).status_code == 404
    assert member.post(url(incident, "roles"), {**body, "holder": lead.user.pk}).status_code == 302
    assert lead.post(url(incident, "roles"), body).status_code == 302
    assert outsider.get(url(incident)).status_code == 200
    stranger, now = Actor.person(make_user()), timezone.now()
    with pytest.raises(Forbidden):
        roles.assign(actor=stranger, incident=incident, role=IncidentRole.SCRIBE, holder=None, now=now)
