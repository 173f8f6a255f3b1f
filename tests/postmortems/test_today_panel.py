"""What the page Today shows of lessons: action items that are mine and due, drafts that wait, what was published."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.enums import Role, Status
from postmortems.enums import ActionStatus, PostmortemStatus
from tests.factories import make_action_item, make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db


def today_of(client):
    return text_of(client.get("/"))


def test_my_action_items_that_are_due_stand_there_overdue_first():
    reader, today = client_of(Role.READER), timezone.now().date()
    incident = make_incident(status=Status.RESOLVED)
    for text, days in (("Due soon", 3), ("Overdue", -3), ("Far away", 30)):
        make_action_item(incident, text, owner=reader.user, due_on=today + dt.timedelta(days=days))
    make_action_item(incident, "Of another", owner=make_user(), due_on=today)
    make_action_item(incident, "Finished", owner=reader.user, due_on=today, status=ActionStatus.DONE)
    page = today_of(reader)
    assert page.index("Overdue") < page.index("Due soon")
    assert "overdue since" in page
    for text in ("Far away", "Of another", "Finished"):
        assert text not in page
    assert "Yours to do" not in today_of(client_of())


def test_drafts_wait_for_their_authors_and_reviews_for_editors():
    author = client_of()
    draft = make_postmortem(author=author.user, title="A draft of mine")
    assert "A draft of mine" in today_of(author)
    for other in (client_of(), client_of(Role.EDITOR)):
        assert "A draft of mine" not in today_of(other)
    draft.status = PostmortemStatus.IN_REVIEW
    draft.save(update_fields=["status"])
    assert "A draft of mine" in today_of(client_of(Role.EDITOR))
    for other in (client_of(), client_of(Role.READER)):
        assert "A draft of mine" not in today_of(other)


def test_what_was_published_lately_is_there_for_whoever_may_read_it():
    assert "stand here when they are published" in today_of(client_of(Role.READER))
    make_published(title="Why the page was blank")
    make_published(make_incident(status=Status.RESOLVED, is_private=True), title="CANARY")
    page = today_of(client_of(Role.READER))
    assert "Why the page was blank" in page
    assert "CANARY" not in page
