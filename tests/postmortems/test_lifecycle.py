"""The states of a postmortem: who moves it where, the second approver, what closes an incident."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import privacy
from incidents.enums import Role, Severity, Status
from incidents.errors import Forbidden
from incidents.models import AuditEntry, Incident, TimelineEvent, User
from incidents.permissions import Actor
from postmortems.domain import lifecycle
from postmortems.enums import PostmortemStatus
from postmortems.models import Postmortem, Revision
from postmortems.publication import document
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, recorded, text_of, url
from tests.postmortems.pages import address, make_public, review

pytestmark = pytest.mark.django_db

STATES = ("draft", "in_review", "approved", "published", "retracted", "not_required")
# verb: (from, to, least role); written down a second time on purpose. Retract has a page of its own.
TABLE = {
    "submit": ({"draft"}, "in_review", "responder"),
    "withdraw": ({"in_review", "approved"}, "draft", "responder"),
    "approve": ({"in_review", "approved"}, "approved", "editor"),
    "ask-for-changes": ({"in_review", "approved"}, "draft", "editor"),
    "publish": ({"approved", "published"}, "published", "editor"),
    "redraft": ({"retracted", "not_required"}, "draft", "responder"),
    "approve-and-publish": ({"in_review", "approved", "published"}, "published", "editor"),
}


def in_state(status, **more):
    make = make_published if status in ("published", "retracted") else make_postmortem
    postmortem = make(**more)
    Postmortem.objects.filter(pk=postmortem.pk).update(
        status=status, not_required_reason="why" if status == "not_required" else ""
    )
    postmortem.refresh_from_db()
    approved = document.digest(document.build(postmortem))
    Postmortem.objects.filter(pk=postmortem.pk, status="approved").update(approved_digest=approved)
    postmortem.refresh_from_db()
    return postmortem


@pytest.mark.parametrize("role", ["responder", "editor"])
@pytest.mark.parametrize("verb", TABLE)
def test_the_table_of_states(verb, role):
    sources, target, least = TABLE[verb]
    may = role == "editor" or least == "responder"
    client = client_of(role)
    for status in STATES:
        postmortem = in_state(status)
        code = review(client, postmortem, verb, "a note")
        moved = may and status in sources
        assert code == (302 if moved else 403 if not may else 422), status
        assert postmortem.status == (target if moved else status)


def test_an_unknown_button_is_refused():
    postmortem = make_postmortem()
    assert review(client_of(Role.EDITOR), postmortem, "delete") == 422


def test_the_page_offers_what_the_table_allows():
    postmortem = in_state("in_review")
    assert client_of().get(address(postmortem, "review")).context["verbs"] == ["withdraw"]
    offered = client_of(Role.EDITOR).get(address(postmortem, "review"))
    assert offered.context["verbs"] == ["withdraw", "approve", "ask-for-changes"]
    assert "Approve and publish" in text_of(offered)


def test_one_press_approves_and_publishes_and_closes_the_incident():
    postmortem = in_state("in_review")
    editor = client_of(Role.EDITOR)
    with recorded() as audit:
        assert review(editor, postmortem, "approve-and-publish", "Well told") == 302
    assert [entry.action for entry in audit] == ["postmortem.approve", "postmortem.published", "incident.close"]
    given = postmortem.reviews.get()
    assert (given.reviewer, given.decision, given.note) == (editor.user, "approved", "Well told")
    incident = Incident.objects.get(pk=postmortem.incident_id)
    assert incident.status == Status.CLOSED
    assert incident.closed_at is not None
    assert postmortem.published_revision.number == 1
    assert postmortem.audience == "internal"


def test_publishing_leaves_an_open_incident_open():
    postmortem = in_state("in_review", incident=make_incident(status=Status.MONITORING))
    assert review(client_of(Role.EDITOR), postmortem, "approve-and-publish") == 302
    assert Incident.objects.get(pk=postmortem.incident_id).status == Status.MONITORING


def test_asking_for_changes_says_what_should_change():
    postmortem = in_state("in_review")
    editor = client_of(Role.EDITOR)
    assert review(editor, postmortem, "ask-for-changes") == 422
    assert postmortem.status == "in_review"
    assert review(editor, postmortem, "ask-for-changes", "Say why *two* people missed it") == 302
    assert "Say why *two* people missed it" in text_of(client_of().get(address(postmortem, "review")))


def test_taking_it_back_makes_the_approval_void():
    postmortem = in_state("in_review")
    review(client_of(Role.EDITOR), postmortem, "approve")
    review(client_of(), postmortem, "withdraw")
    assert postmortem.reviews.get().is_void


@pytest.mark.parametrize("verb", ["withdraw", "ask-for-changes"])
def test_who_may_not_take_it_back_leaves_its_approval_alone(verb):
    postmortem = in_state("in_review")
    review(client_of(Role.EDITOR), postmortem, "approve")
    least = Role.READER if verb == "withdraw" else Role.RESPONDER
    stranger, act = Actor.person(make_user(role=least)), getattr(lifecycle, verb.replace("-", "_"))
    more = {"note": "Change it"} if verb == "ask-for-changes" else {}
    with CaptureQueriesContext(connection) as asked, pytest.raises(Forbidden):
        act(actor=stranger, postmortem=postmortem, now=timezone.now(), **more)
    assert not [query for query in asked.captured_queries if query["sql"].startswith("UPDATE")]
    assert not postmortem.reviews.get().is_void
    assert review(client_of(Role.EDITOR), postmortem, verb, "Change it") == 302
    assert postmortem.reviews.order_by("pk").first().is_void


# What an approval is given for

FACTS = {
    "a cause": lambda incident: make_cause(incident, "Another cause"),
    "an action item": lambda incident: make_action_item(incident, "Another", status="historical"),
    "details of one": lambda incident: incident.action_items.update(details="Much more"),
    "a milestone": lambda incident: Incident.objects.filter(pk=incident.pk).update(detected_by="users"),
    "the severity": lambda incident: Incident.objects.filter(pk=incident.pk).update(severity="sev3"),
    "the timeline": lambda incident: TimelineEvent.objects.create(
        incident=incident, text="Unseen", time_text="later", sort_at=timezone.now()
    ),
}


@pytest.mark.parametrize("fact", FACTS)
def test_what_was_approved_is_not_published_with_other_facts(fact):
    postmortem = in_state("in_review")
    make_action_item(postmortem.incident, "Add an alert", status="historical")
    editor = client_of(Role.EDITOR)
    review(editor, postmortem, "approve")
    assert "publish" in editor.get(address(postmortem, "review")).context["verbs"]
    FACTS[fact](postmortem.incident)
    page = editor.get(address(postmortem, "review"))
    assert "has changed since it was approved" in text_of(page)
    assert page.context["verbs"] == ["withdraw", "approve", "ask-for-changes"]
    assert review(editor, postmortem, "publish") == 422
    assert postmortem.status == "approved"
    assert review(editor, postmortem, "approve-and-publish") == 302
    assert [given.is_void for given in postmortem.reviews.order_by("pk")] == [True, False]


def test_work_that_moves_on_needs_no_new_approval():
    postmortem = in_state("in_review")
    item = make_action_item(postmortem.incident, owner=make_user(), due_on=dt.date(2031, 1, 1))
    editor = client_of(Role.EDITOR)
    review(editor, postmortem, "approve")
    type(item).objects.update(status="done")
    assert review(editor, postmortem, "publish") == 302
    assert postmortem.published_revision.document["action_items"][0]["done"]


def test_the_only_author_does_not_approve_changed_facts_of_a_sev1_alone():
    author, other = client_of(Role.EDITOR), client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    review(other, postmortem, "approve")
    make_cause(postmortem.incident, "Another cause")
    for verb in ("publish", "approve-and-publish", "approve"):
        assert review(author, postmortem, verb) == 422
    assert review(other, postmortem, "approve-and-publish") == 302


# The second pair of eyes


def sev1(**more):
    return make_postmortem(make_incident(status=Status.RESOLVED, severity=Severity.SEV1), **more)


def test_the_only_author_of_a_sev1_does_not_approve_it():
    author, other = client_of(Role.EDITOR), client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    for verb in ("approve", "approve-and-publish"):
        assert review(author, postmortem, verb) == 422
    assert "second pair of eyes" in text_of(author.post(address(postmortem, "review"), {"verb": "approve", "note": ""}))
    assert review(other, postmortem, "approve") == 302
    # Once another editor has approved, the author may press the last button.
    assert review(author, postmortem, "publish") == 302


def test_the_only_author_of_a_sev3_does():
    author, _other = client_of(Role.EDITOR), make_user(role=Role.EDITOR)
    postmortem = make_postmortem(make_incident(status=Status.RESOLVED, severity=Severity.SEV3), author=author.user)
    review(author, postmortem, "submit")
    assert review(author, postmortem, "approve-and-publish") == 302


def test_errata_of_a_sev1_are_not_one_persons_decision_either():
    author, other = client_of(Role.EDITOR), client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    review(other, postmortem, "approve-and-publish")
    assert review(author, postmortem, "publish", "Put right") == 422
    assert review(other, postmortem, "publish", "Put right") == 302


def test_nor_is_it_one_persons_decision_to_retract_a_sev1():
    author, other = client_of(Role.EDITOR), client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    review(other, postmortem, "approve-and-publish")
    refused = author.post(address(postmortem, "retract"), {"reason": "I do not like it"})
    assert refused.status_code == 422
    assert "second pair of eyes" in text_of(refused)
    assert other.post(address(postmortem, "retract"), {"reason": "A name was in it"}).status_code == 302


def test_a_single_editor_retracts_alone_and_is_told_so():
    author = client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    review(author, postmortem, "approve-and-publish")
    assert "Only one person here may approve" in text_of(author.get(address(postmortem, "retract")))
    assert author.post(address(postmortem, "retract"), {"reason": "A name was in it"}).status_code == 302


def test_a_single_editor_is_told_so_and_decides_alone():
    author = client_of(Role.EDITOR)
    postmortem = sev1(author=author.user)
    review(author, postmortem, "submit")
    told = "Only one person here may approve"
    assert told in text_of(author.get(address(postmortem, "review")))
    assert review(author, postmortem, "approve-and-publish") == 302
    make_user(role=Role.EDITOR)
    assert told not in text_of(author.get(address(postmortem, "review")))


def test_an_editor_who_does_not_see_the_private_incident_is_no_second_one():
    author = client_of(Role.EDITOR)
    make_user(role=Role.EDITOR)
    incident = make_incident(status=Status.RESOLVED, severity=Severity.SEV1, is_private=True, declared_by=author.user)
    postmortem = make_postmortem(incident, author=author.user)
    review(author, postmortem, "submit")
    assert review(author, postmortem, "approve-and-publish") == 302


def test_a_machine_neither_reviews_nor_publishes_what_was_not_imported():
    postmortem = in_state("in_review")
    machine, now = Actor.machine("import", Role.EDITOR), timezone.now()
    with pytest.raises(lifecycle.NotPossible):
        lifecycle.approve(actor=machine, postmortem=postmortem, now=now)
    with pytest.raises(lifecycle.NotPossible):
        lifecycle.publish_imported(actor=machine, postmortem=postmortem, now=now)
    Postmortem.objects.filter(pk=postmortem.pk).update(is_imported=True)
    postmortem.refresh_from_db()
    assert lifecycle.publish_imported(actor=machine, postmortem=postmortem, now=now).number == 1


# Not required, and what closes an incident


@pytest.mark.parametrize("severity", list(Severity))
def test_what_needs_a_postmortem_is_not_closed_by_hand(severity):
    incident = make_incident(status=Status.RESOLVED, severity=severity)
    client = client_of()
    sentence = "It closes by itself when its postmortem is published, or an editor says that none is needed."
    response = client.post(url(incident, "incident-close"))
    if severity in (Severity.SEV1, Severity.SEV2):
        assert response.status_code == 422
        assert sentence in text_of(response)
        assert sentence in text_of(client.get(url(incident)))
    else:
        assert response.status_code == 302


@pytest.mark.parametrize("status", STATES)
def test_it_may_be_closed_by_hand_once_that_is_settled(status):
    postmortem = in_state(status)
    Incident.objects.filter(pk=postmortem.incident_id).update(status=Status.RESOLVED, closed_at=None)
    settled = status in ("published", "not_required")
    code = client_of().post(url(postmortem.incident, "incident-close")).status_code
    assert code == (302 if settled else 422)


def test_not_required_asks_for_a_reason_and_closes_a_resolved_incident():
    incident = make_incident(status=Status.RESOLVED)
    editor = client_of(Role.EDITOR)
    assert "None is needed" in text_of(editor.get(url(incident)))
    assert editor.post(address(incident, "not-required"), {"reason": "  "}).status_code == 422
    assert not Postmortem.objects.exists()
    assert editor.post(address(incident, "not-required"), {"reason": "A drill of *one* screw"}).status_code == 302
    incident.refresh_from_db()
    assert (incident.status, incident.postmortem.status) == (Status.CLOSED, "not_required")
    assert "No postmortem is needed: A drill of *one* screw" in text_of(client_of().get(url(incident)))
    assert client_of().post(address(incident, "review"), {"verb": "redraft"}).status_code == 302
    assert Postmortem.objects.get().not_required_reason == ""


def test_not_required_is_for_editors_and_not_for_what_is_under_way():
    incident = make_incident(status=Status.RESOLVED)
    assert client_of().post(address(incident, "not-required"), {"reason": "x"}).status_code == 403
    assert "None is needed" not in text_of(client_of().get(url(incident)))
    postmortem = in_state("in_review")
    assert client_of(Role.EDITOR).post(address(postmortem, "not-required"), {"reason": "x"}).status_code == 422


def test_a_draft_that_turns_out_needless_is_kept_and_can_be_taken_up_again():
    postmortem = make_postmortem(text="A closing tag was lost.")
    incident, editor = postmortem.incident, client_of(Role.EDITOR)
    assert address(incident, "not-required") in text_of(editor.get(url(incident)))
    assert editor.post(address(incident, "not-required"), {"reason": "A drill"}).status_code == 302
    shown = text_of(editor.get(url(incident)))
    assert "Write one after all" in shown
    assert address(incident, "not-required") not in shown
    assert client_of().post(address(incident, "start")).status_code == 302
    postmortem.refresh_from_db()
    assert (postmortem.status, postmortem.not_required_reason) == ("draft", "")
    assert postmortem.sections.filter(text="A closing tag was lost.").exists()


# Revisions


def test_each_publication_makes_a_revision_and_the_old_ones_stay():
    postmortem = make_published(title="First")
    editor = client_of(Role.EDITOR)
    first = Revision.objects.values().get()
    editor.post(
        address(postmortem, "edit"), {"version": postmortem.version, "title": "Second", "happened_before": "no"}
    )
    assert review(editor, postmortem, "publish", "The title was wrong") == 302
    assert Revision.objects.filter(number=1).values().get() == first
    latest = postmortem.published_revision
    assert (latest.number, latest.note, latest.document["title"]) == (2, "The title was wrong", "Second")
    page = text_of(editor.get(address(postmortem, "history")))
    assert "Revision 1" in page
    assert "The title was wrong" in page


# The public


def test_public_is_a_second_decision_after_the_preview():
    postmortem = make_published()
    editor = client_of(Role.EDITOR)
    assert make_public(editor, postmortem, looked="") == 422
    assert postmortem.audience == "internal"
    with recorded() as audit:
        assert make_public(editor, postmortem) == 302
    assert (postmortem.audience, postmortem.was_public) == ("public", True)
    assert [entry.action for entry in audit] == ["postmortem.audience"]
    assert editor.post(address(postmortem, "preview"), {"public": "0", "revision": "1"}).status_code == 302
    postmortem.refresh_from_db()
    assert postmortem.audience == "internal"


def test_what_the_preview_showed_must_be_the_latest_and_the_next_press_is_about_that():
    postmortem = make_published()
    editor = client_of(Role.EDITOR)
    review(editor, postmortem, "publish", "Put right")
    response = editor.post(address(postmortem, "preview"), {"public": "1", "looked": "on", "revision": "1"})
    assert response.status_code == 422
    assert "it has changed" in text_of(response)
    assert 'name="revision" value="2"' in text_of(response)
    assert make_public(editor, postmortem) == 302


def test_a_new_revision_is_internal_until_it_was_looked_at():
    postmortem = make_published(public=True)
    editor = client_of(Role.EDITOR)
    assert postmortem.audience == "public"
    review(editor, postmortem, "publish", "Put right")
    assert postmortem.audience == "internal"
    assert make_public(editor, postmortem) == 302


def test_only_editors_decide_about_the_public():
    postmortem = make_published()
    for role, code in ((Role.READER, 403), (Role.RESPONDER, 403), (Role.EDITOR, 200), (Role.ADMIN, 200)):
        client = client_of(role)
        assert client.get(address(postmortem, "preview")).status_code == code
        assert client.get(address(postmortem, "as-public")).status_code == code
        posted = client.post(address(postmortem, "preview"), {"public": "1", "looked": "on", "revision": "1"})
        assert posted.status_code == (302 if code == 200 else 403)


def test_what_is_not_published_has_no_preview():
    assert client_of(Role.EDITOR).get(address(make_postmortem(), "preview")).status_code == 404


def test_the_postmortem_of_a_private_incident_can_only_be_private():
    editor = client_of(Role.EDITOR)
    incident = make_incident(status=Status.RESOLVED, is_private=True, declared_by=editor.user)
    postmortem = make_published(incident)
    assert "for its members only" in text_of(editor.get(address(postmortem, "preview")))
    response = editor.post(address(postmortem, "preview"), {"public": "1", "looked": "on", "revision": "1"})
    assert response.status_code == 422
    postmortem.refresh_from_db()
    assert postmortem.audience == "internal"


def test_making_an_incident_private_withdraws_its_publication_in_the_same_transaction(monkeypatch):
    postmortem = make_published(public=True)
    editor = Actor.person(make_user(role=Role.EDITOR))
    incident = Incident.objects.get(pk=postmortem.incident_id)

    def broken(*_target, **_values):
        raise RuntimeError("in between")

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "compare_and_set", broken)
        with pytest.raises(RuntimeError, match="in between"):
            privacy.make_private(actor=editor, incident=incident, members=[], now=timezone.now())
    assert not Incident.objects.get(pk=incident.pk).is_private
    incident.refresh_from_db()
    privacy.make_private(actor=editor, incident=incident, members=[], now=timezone.now())
    postmortem.refresh_from_db()
    assert postmortem.audience == "internal"
    assert AuditEntry.objects.filter(action="postmortem.audience").latest("id").changes == {
        "audience": ["public", "internal"]
    }


def test_retracting_says_why_and_can_be_taken_up_again():
    postmortem = make_published(public=True)
    editor = client_of(Role.EDITOR)
    assert client_of().post(address(postmortem, "retract"), {"reason": "x"}).status_code == 403
    assert editor.post(address(postmortem, "retract"), {"reason": " "}).status_code == 422
    with recorded() as audit:
        assert editor.post(address(postmortem, "retract"), {"reason": "A name was in it"}).status_code == 302
    postmortem.refresh_from_db()
    assert (postmortem.status, postmortem.audience, postmortem.was_public) == ("retracted", "internal", True)
    assert audit[0].note == "A name was in it"
    for verb in ("redraft", "submit", "approve-and-publish"):
        assert review(editor, postmortem, verb) == 302
    assert postmortem.status == PostmortemStatus.PUBLISHED
    assert Revision.objects.count() == 2
    assert User.objects.filter(pk=editor.user.pk).exists()
