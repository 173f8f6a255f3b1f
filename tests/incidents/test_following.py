"""Following an incident, and ceasing to."""

import pytest
from django.utils import timezone

from incidents.domain import following
from incidents.enums import Role
from incidents.errors import Forbidden, NotPossible
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role.values)
def test_everybody_who_sees_it_may_follow_and_unfollow(role):
    client, incident = client_of(role), make_incident()
    assert "0 follow" in text_of(client.get(url(incident)))
    with recorded() as audit:
        for _ in range(2):
            assert client.post(url(incident, "incident-follow"), {"following": "1"}).status_code == 302
        page = text_of(client.get(url(incident)))
        assert "1 follows" in page
        assert "Unfollow" in page
        for _ in range(2):
            assert client.post(url(incident, "incident-follow"), {"following": "0"}).status_code == 302
    assert [(entry.action, entry.actor, entry.changes) for entry in audit] == [
        ("incident.followed", client.user, {"following": [False, True]}),
        ("incident.unfollowed", client.user, {"following": [True, False]}),
    ]
    assert not incident.followers.exists()


def test_following_changes_nothing_on_the_incident_itself():
    client, incident = client_of(), make_incident()
    client.post(url(incident, "incident-follow"), {"following": "1"})
    incident.refresh_from_db()
    assert incident.version == 1
    assert not incident.timeline.exists()


@pytest.mark.parametrize("wrong", [{}, {"following": ""}, {"following": "x" * 100_000}])
def test_anything_else_is_not_following(wrong):
    client, incident = client_of(), make_incident()
    assert client.post(url(incident, "incident-follow"), wrong).status_code == 302
    assert not incident.followers.exists()
    assert client.get(url(incident, "incident-follow")).status_code == 405


def test_machines_and_people_who_may_not_see_it_do_not_follow():
    hidden, now = make_incident(is_private=True), timezone.now()
    with pytest.raises(Forbidden):
        following.set_following(actor=Actor.person(make_user()), incident=hidden, following=True, now=now)
    with pytest.raises(NotPossible):
        following.set_following(actor=Actor.machine("x", Role.ADMIN), incident=hidden, following=True, now=now)
    assert not hidden.followers.exists()
