"""Root causes: written by responders on the incident, checked, kept apart from other incidents, brought back."""

import datetime as dt
import uuid

import pytest

from incidents.enums import Role, Status
from postmortems.domain.causes import MAX_WHYS
from postmortems.enums import CauseCategory, CauseRole
from postmortems.models import RootCause
from tests.factories import make_action_item, make_cause, make_incident
from tests.incident_pages import client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db

WHOLE = {
    "title": "  The template that all pages   share has no check ",
    "role": "root_cause",
    "category": "process",
    "whys": "The change was read as a text change.\n\nReview shows the file, not who inherits it.\n",
    "explanation": "A closing tag was **lost**.",
    "evidence": "The diff of 00:57",
}


@pytest.fixture
def incident():
    return make_incident(status=Status.RESOLVED)


def test_a_responder_writes_a_cause_with_its_chain_of_whys(incident):
    client = client_of()
    with recorded() as audit:
        response = client.post(url(incident, "cause-new"), WHOLE)
    assert (response.status_code, response.url) == (302, f"{incident.get_absolute_url()}#lessons")
    cause = incident.root_causes.get()
    assert cause.title == "The template that all pages share has no check"
    assert (cause.role, cause.category) == (CauseRole.ROOT_CAUSE, CauseCategory.PROCESS)
    assert cause.whys == ["The change was read as a text change.", "Review shows the file, not who inherits it."]
    assert (cause.explanation, cause.evidence, cause.created_by) == (
        "A closing tag was **lost**.",
        "The diff of 00:57",
        client.user,
    )
    assert [(entry.action, entry.actor, entry.incident) for entry in audit] == [("cause.added", client.user, incident)]
    page = text_of(client.get(url(incident)))
    assert cause.title in page
    assert "Root cause" in page
    assert "Process gap" in page


def test_in_the_panel_the_form_opens_and_closes_in_place(incident):
    client, htmx = client_of(), {"HX-Request": "true"}
    form = client.get(url(incident, "cause-new"), headers=htmx)
    assert "<html" not in text_of(form)
    assert f'hx-post="{url(incident, "cause-new")}"' in text_of(form)
    refused = client.post(url(incident, "cause-new"), {**WHOLE, "title": " "}, headers=htmx)
    assert refused.status_code == 422
    saved = client.post(url(incident, "cause-new"), WHOLE, headers=htmx)
    assert (saved.status_code, saved["HX-Retarget"]) == (200, "#lessons")
    assert "share has no check" in text_of(saved)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"whys": "\n".join(["because"] * (MAX_WHYS + 1))}, "whys"),
        ({"whys": "x" * 501}, "whys"),
        ({"role": "culprit"}, "role"),
        ({"category": "people"}, "category"),
    ],
)
def test_what_cannot_be_a_cause_is_said_beside_its_field_and_nothing_is_stored(incident, change, field):
    response = client_of().post(url(incident, "cause-new"), {**WHOLE, **change})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not RootCause.objects.exists()


def test_ten_whys_are_allowed(incident):
    assert client_of().post(url(incident, "cause-new"), {**WHOLE, "whys": "\n".join("abcdefghij")}).status_code == 302
    assert len(incident.root_causes.get().whys) == MAX_WHYS


def test_a_press_that_is_sent_twice_makes_one_cause(incident):
    client, client_id = client_of(), uuid.uuid4()
    for _time in range(2):
        assert client.post(url(incident, "cause-new"), {**WHOLE, "client_id": client_id}).status_code == 302
    assert incident.root_causes.count() == 1


def test_editing_says_what_changed_and_long_text_stays_out_of_the_audit(incident):
    cause = make_cause(incident)
    client = client_of()
    with recorded() as audit:
        client.post(url(incident, "cause-edit", cause.pk), {**WHOLE, "version": 1})
    cause.refresh_from_db()
    assert (cause.version, cause.category) == (2, "process")
    (entry,) = audit
    assert entry.changes["category"] == ["unknown", "process"]
    assert entry.changes["explanation"] == ["version 1", "version 2"]
    assert "lost" not in str(entry.changes)
    with recorded() as again:
        client.post(url(incident, "cause-edit", cause.pk), {**WHOLE, "version": 2})
    assert again == []


def test_a_stale_form_shows_both_texts_and_the_second_press_saves(incident):
    cause = make_cause(incident, "Theirs", version=2)
    client = client_of()
    response = client.post(url(incident, "cause-edit", cause.pk), {**WHOLE, "version": 1})
    assert response.status_code == 409
    page = text_of(response)
    assert "Theirs" in page
    assert "share has no check" in page
    assert response.context["form"]["version"].value() == "2"
    assert client.post(url(incident, "cause-edit", cause.pk), {**WHOLE, "version": 2}).status_code == 302
    cause.refresh_from_db()
    assert cause.title == "The template that all pages share has no check"


def test_a_cause_is_removed_and_brought_back_and_its_action_items_stay(incident):
    cause = make_cause(incident)
    item = make_action_item(incident, cause=cause)
    client = client_of()
    response = client.post(url(incident, "cause-remove", cause.pk), follow=True)
    assert f'action="{url(incident, "cause-restore", cause.pk)}"' in text_of(response)
    assert "No cause is written down" in text_of(client.get(url(incident)))
    item.refresh_from_db()
    assert item.cause == cause
    with recorded() as audit:
        client.post(url(incident, "cause-restore", cause.pk))
        client.post(url(incident, "cause-restore", cause.pk))
    assert [entry.action for entry in audit] == ["cause.restored"]
    assert cause.title in text_of(client.get(url(incident)))


def test_a_cause_is_reached_only_through_its_own_incident(incident):
    cause = make_cause(make_incident(status=Status.RESOLVED))
    client = client_of()
    for name in ("cause-edit", "cause-remove", "cause-restore"):
        assert client.post(url(incident, name, cause.pk), {**WHOLE, "version": 1}).status_code == 404
        assert client.post(url(cause.incident, name, cause.pk), {**WHOLE, "version": 1}).status_code == 302
    assert client.get(url(incident, "cause-edit", 10**18)).status_code == 404


def test_the_same_cause_as_of_an_earlier_incident_makes_a_repeat(incident):
    earlier = make_incident(title="Earlier", status=Status.CLOSED, sort_at=incident.sort_at - dt.timedelta(days=3))
    later = make_incident(title="Later", status=Status.CLOSED, sort_at=incident.sort_at + dt.timedelta(days=3))
    before, after = make_cause(earlier, "Before"), make_cause(later, "After")
    client = client_of()
    page = text_of(client.get(url(incident, "cause-new")))
    assert f"{earlier.reference}: Before" in page
    assert "After" not in page
    refused = client.post(url(incident, "cause-new"), {**WHOLE, "same_as": after.pk})
    assert refused.status_code == 422
    done = client.post(url(incident, "cause-new"), {**WHOLE, "same_as": before.pk, "same_as_reason": "Same template"})
    assert done.status_code == 302
    cause = incident.root_causes.get()
    assert (cause.same_as, cause.same_as_reason) == (before, "Same template")
    assert "seen before" in text_of(client.get(url(incident)))


def test_causes_of_hidden_incidents_are_not_offered(incident):
    hidden = make_incident(status=Status.CLOSED, is_private=True, sort_at=incident.sort_at - dt.timedelta(days=3))
    cause = make_cause(hidden, "Canary")
    client = client_of()
    assert "Canary" not in text_of(client.get(url(incident, "cause-new")))
    assert client.post(url(incident, "cause-new"), {**WHOLE, "same_as": cause.pk}).status_code == 422
    admin = client_of(Role.ADMIN)
    assert "Canary" in text_of(admin.get(url(incident, "cause-new")))


def test_while_it_burns_nothing_is_judged_on_the_page():
    assert "What we learn from it" not in text_of(client_of().get(url(make_incident())))
    assert "What we learn from it" in text_of(client_of().get(url(make_incident(status=Status.RESOLVED))))
