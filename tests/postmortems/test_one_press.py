"""Approving and publishing in one press, where something is still missing."""

import pytest

from incidents.enums import Role
from postmortems.enums import PostmortemStatus
from tests.factories import make_action_item, make_postmortem
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db


def test_a_refused_press_leaves_the_review_as_it_was_and_the_page_says_so():
    postmortem, editor = make_postmortem(), client_of(Role.EDITOR)
    item = make_action_item(postmortem.incident)
    address = f"/postmortems/{postmortem.incident.reference}/review/"
    assert editor.post(address, {"verb": "submit"}).status_code == 302
    refused = editor.post(address, {"verb": "approve-and-publish"})
    assert refused.status_code == 422
    page = text_of(refused)
    for words in ("Not yet:", "owner and a date", "In review", "Approve and publish"):
        assert words in page
    postmortem.refresh_from_db()
    assert postmortem.status == PostmortemStatus.IN_REVIEW
    assert not postmortem.reviews.exists()
    item.delete()
    assert editor.post(address, {"verb": "approve-and-publish"}).status_code == 302
    postmortem.refresh_from_db()
    assert postmortem.status == PostmortemStatus.PUBLISHED
