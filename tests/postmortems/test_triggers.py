"""The change that started an incident, in what is published about it."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.domain import verdicts
from incidents.enums import ChangeVerdict, Role, Status
from incidents.permissions import Actor
from postmortems.models import Revision
from postmortems.publication import html
from tests.factories import make_change, make_incident, make_published, make_user
from tests.incident_pages import client_of
from tests.postmortems.pages import read

pytestmark = pytest.mark.django_db


def told(*, triggered):
    incident = make_incident(status=Status.RESOLVED)
    change = make_change("A banner", live_at=incident.impact_started_at - dt.timedelta(minutes=33))
    if triggered:
        actor, trigger = Actor.person(make_user()), ChangeVerdict.TRIGGER
        verdicts.judge(actor=actor, incident=incident, change=change, verdict=trigger, now=timezone.now())
    return make_published(incident)


def test_the_published_page_tells_the_trigger_as_lead_up_cause_and_latent_phase():
    page = read(client_of(Role.READER), told(triggered=True))
    first = html.context(Revision.objects.get().document, public=True)["phases"][0]
    assert (first.key, first.seconds) == ("latent", 33 * 60)
    assert page.count("A banner") >= 2, "in the timeline and among the causes"
    assert "latent" in page


def test_without_one_there_is_no_latent_phase():
    page = read(client_of(Role.READER), told(triggered=False))
    assert "latent" not in page
    assert "A banner" not in page


def test_what_was_published_before_there_were_triggers_is_still_shown():
    told(triggered=False)
    revision = Revision.objects.get()
    del revision.document["incident"]["triggered_at"]
    assert "latent" not in html.render(revision.document, public=True)
