"""The editor saves by itself: the answer changes the time, the version and the checklist, never the field."""

from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from incidents.enums import Role, Status
from incidents.permissions import Actor
from postmortems.domain import drafting, sections
from postmortems.models import Postmortem, Section
from tests.factories import make_incident, make_user, sign_in
from tests.project.markup_checks import faults, parse_part

pytestmark = pytest.mark.django_db
TOKYO = ZoneInfo("Asia/Tokyo")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def writer(client):
    return sign_in(client, make_user("Ada", Role.RESPONDER, time_zone="Asia/Tokyo"))


@pytest.fixture
def section(writer):
    incident = make_incident(status=Status.RESOLVED)
    postmortem = drafting.start(actor=Actor.person(writer), incident=incident, now=timezone.now())
    return postmortem.sections.last()


def save(client, section, **data):
    reference = section.postmortem.incident.reference
    url = f"/postmortems/{reference}/edit/{section.pk}/"
    return client.post(url, {"version": section.version, "text": "Learned.", **data}, headers=HTMX)


def test_a_section_is_saved_and_its_field_left_alone(client, section):
    answer = save(client, section)
    section.refresh_from_db()
    assert (answer.status_code, section.text) == (200, "Learned.")
    assert "<textarea" not in answer.text
    assert f'name="version" value="{section.version}"' in answer.text
    assert f"saved {section.saved_at.astimezone(TOKYO):%H:%M}" in answer.text
    assert 'id="checklist" hx-swap-oob="true"' in answer.text
    assert faults(parse_part(answer.text), whole=False) == []


def test_somebody_elses_words_are_not_replaced_unseen(client, section):
    other = Actor.person(make_user())
    theirs = Section.objects.get(pk=section.pk)
    sections.save(actor=other, section=theirs, text="Theirs.", now=timezone.now())
    for _attempt in range(2):
        answer = save(client, section)
        assert answer.status_code == 422
        assert "somebody else has changed this" in answer.text
        assert f'name="version" value="{section.version}"' in answer.text
    section.refresh_from_db()
    assert section.text == "Theirs."


def test_the_own_words_sent_twice_are_no_conflict(client, section):
    assert save(client, section).status_code == 200
    assert save(client, section).status_code == 200


def test_what_cannot_be_saved_says_why(client, section):
    answer = save(client, section, text="x" * 200_001)
    assert answer.status_code == 422
    assert "200000" in answer.text
    section.refresh_from_db()
    assert section.text != "x" * 200_001


def test_the_head_is_saved_too_and_ticks_the_checklist(client, section):
    postmortem = section.postmortem
    data = {"version": postmortem.version, "title": "Blank page", "lede": "In short.", "happened_before": "no"}
    url = f"/postmortems/{postmortem.incident.reference}/edit/"
    before = client.get(url).text.count("is-done")
    answer = client.post(url, data, headers=HTMX)
    saved = Postmortem.objects.get(pk=postmortem.pk)
    assert (answer.status_code, saved.lede, saved.happened_before) == (200, "In short.", False)
    assert answer.text.count("is-done") == before + 2
    assert client.post(url, {**data, "title": ""}, headers=HTMX).status_code == 422


def test_the_page_of_the_editor_has_no_two_fields_of_one_id(client, section):
    url = f"/postmortems/{section.postmortem.incident.reference}"
    page = client.get(f"{url}/edit/").text
    form = client.get(f"/incidents/{section.postmortem.incident.reference}/causes/new/", headers=HTMX).text
    ids = {part.partition('"')[0] for part in page.split(' id="')[1:]}
    opened = {part.partition('"')[0] for part in form.split(' id="')[1:]}
    assert opened
    assert not ids & opened
