"""The checklist that ticks itself, and what holds back a publication."""

import pytest
from django.utils import timezone

from incidents.enums import DetectedBy, IncidentKind, Role, Status
from incidents.models import Impact
from postmortems.domain.checklist import blocking, checks
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_user
from tests.incident_pages import client_of, text_of
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db


def ticked(postmortem):
    return {check.key: check.done for check in checks(postmortem)}


def published(postmortem):
    review(client_of(), postmortem, "submit")
    return review(client_of(Role.EDITOR), postmortem, "approve-and-publish")


def test_it_ticks_itself_from_what_is_written():
    incident = make_incident(status=Status.RESOLVED, detected_by=DetectedBy.USERS)
    postmortem = make_postmortem(incident, lede="", happened_before=None)
    assert ticked(postmortem) == {
        "text": True,
        "owned": True,
        "before": False,
        "lede": False,
        "impact": False,
        "causes": False,
        "answered": True,
        "order": True,
        "detective": False,
    }
    Impact.objects.create(incident=incident, what="see any page")
    cause = make_cause(incident)
    assert not ticked(postmortem)["answered"]
    make_action_item(incident, cause=cause, type="detective")
    done = ticked(postmortem)
    assert (done["impact"], done["causes"], done["answered"], done["detective"], done["owned"]) == (
        True,
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize(("head", "blocks"), [({"happened_before": None}, True), ({"lede": ""}, False)])
def test_what_is_needed_holds_it_back_and_advice_does_not(head, blocks):
    postmortem = make_postmortem(**head)
    assert published(postmortem) == (422 if blocks else 302)
    assert bool(blocking(postmortem)) is blocks


def test_open_work_without_owner_or_date_holds_it_back():
    incident = make_incident(status=Status.RESOLVED)
    item = make_action_item(incident)
    postmortem = make_postmortem(incident)
    assert published(postmortem) == 422
    page = text_of(client_of(Role.EDITOR).get(address(postmortem, "review")))
    assert "Every open action item has an owner and a date." in page
    item.owner, item.due_on = make_user(), timezone.now().date()
    item.save()
    assert review(client_of(Role.EDITOR), postmortem, "approve-and-publish") == 302


@pytest.mark.parametrize("status", ["historical", "wont_do"])
def test_what_was_imported_or_is_not_done_needs_neither(status):
    incident = make_incident(status=Status.RESOLVED)
    make_action_item(incident, status=status, reason="x")
    assert published(make_postmortem(incident)) == 302


def test_without_a_word_nothing_is_published():
    postmortem = make_postmortem()
    postmortem.sections.update(text=" ")
    assert published(postmortem) == 422


def test_a_near_miss_is_not_asked_for_a_detective_item():
    incident = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, detected_by=DetectedBy.USERS)
    assert "detective" not in ticked(make_postmortem(incident))
