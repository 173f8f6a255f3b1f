"""What the page of an incident shows of its lessons, and to whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.enums import Role, Status
from incidents.permissions import Actor
from postmortems.models import DefenceCheck
from postmortems.panels import lessons_panel
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, text_of, url
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident():
    return make_incident(status=Status.RESOLVED)


def panel(client, incident):
    page = text_of(client.get(url(incident)))
    start = page.index('<section class="card" id="lessons"')
    return page[start : page.index("</section>", start)]


@pytest.mark.parametrize("status", [status for status in Status if status not in ("resolved", "closed", "cancelled")])
def test_while_it_burns_nothing_is_judged(status):
    actor = Actor.person(make_user(role=Role.ADMIN))
    assert lessons_panel(actor, make_incident(status=status)) is None


def test_a_responder_is_offered_the_next_step(incident):
    client = client_of()
    offered = panel(client, incident)
    for name in ("cause-new", "action-new", "defences", "postmortem-start"):
        assert url(incident, name) in offered, name
    make_postmortem(incident)
    drafted = panel(client, incident)
    assert address(incident, "start") not in drafted
    assert address(incident, "edit") in drafted
    assert "postmortem: draft" in drafted


def test_while_the_draft_is_in_review_the_next_step_is_to_review_it(incident):
    client = client_of()
    review(client, make_postmortem(incident), "submit")
    offered = panel(client, incident)
    assert address(incident, "review") in offered
    assert address(incident, "edit") not in offered


def test_a_reader_is_offered_nothing_and_sees_no_draft(incident):
    make_cause(incident, "The cause")
    make_action_item(incident, "The work")
    make_postmortem(incident)
    shown = panel(client_of(Role.READER), incident)
    assert "The cause" in shown
    assert "The work" in shown
    for words in ("/new/", "/edit/", "/start/", "defences/", "not-required", "postmortem: "):
        assert words not in shown, words


def test_once_it_is_published_everybody_reads_it(incident):
    postmortem = make_published(incident)
    for role in (Role.READER, Role.RESPONDER):
        shown = panel(client_of(role), incident)
        assert "Read the postmortem" in shown
        assert postmortem.get_absolute_url() in shown


def test_removed_causes_are_gone_and_a_repeat_is_marked(incident):
    make_cause(incident, "Removed", removed_at=incident.created_at)
    make_cause(incident, "Kept", same_as=make_cause(make_incident(status=Status.CLOSED)))
    shown = panel(client_of(), incident)
    assert "Removed" not in shown
    assert "seen before" in shown


def test_a_cancelled_one_has_no_story():
    incident = make_incident(status=Status.CANCELLED)
    assert address(incident, "start") not in panel(client_of(), incident)


def test_it_costs_four_queries_whatever_there_is(incident):
    client, counts = client_of(), []
    make_postmortem(incident)
    for number in (2, 18):
        for _row in range(number):
            make_cause(incident, same_as=make_cause(make_incident(status=Status.CLOSED)))
            make_action_item(incident, owner=make_user())
        with CaptureQueriesContext(connection) as captured:
            panel(client, incident)
        counts.append(len(captured))
    DefenceCheck.objects.create(incident=incident, defence="alert", result="held")
    assert counts[0] == counts[1]
    made = lessons_panel(Actor.person(client.user), incident)
    with CaptureQueriesContext(connection) as captured:
        made = lessons_panel(Actor.person(client.user), incident)
        for name in ("causes", "items", "defences"):
            list(made.context[name])
    assert len(captured) == 4
