"""Comments on a draft: threads on sections and on the whole, answers, what is settled, who is told."""

import datetime as dt
import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role
from incidents.permissions import Actor
from postmortems.domain import comments, sections
from postmortems.models import Comment, Thread
from tests.deliveries import deliver, receivers
from tests.factories import make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address, read, review

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SOON = dt.timedelta(minutes=1)


@pytest.fixture
def author():
    return make_user("Ada Author", email="ada@example.org")


@pytest.fixture
def postmortem(author):
    return make_postmortem(author=author)


def where(postmortem, name, *more):
    return reverse(name, args=[postmortem.incident.reference, *more])


def begin(client, postmortem, text="Why so late?", section=None, **data):
    address_of = ("comment-on-section", section.pk) if section else ("comment-new",)
    return client.post(where(postmortem, *address_of), {"text": text, **data}, headers=data.pop("headers", None))


def page_of(client, postmortem):
    return text_of(client.get(address(postmortem, "review")))


@pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "in place"])
def test_a_thread_on_a_section_is_answered_resolved_and_reopened(postmortem, headers):
    section, client = postmortem.sections.first(), client_of()
    with recorded() as audit:
        response = client.post(
            where(postmortem, "comment-on-section", section.pk), {"text": "Why **so** late?"}, headers=headers
        )
    assert response.status_code == (200 if headers else 302)
    if headers:
        assert "<html" not in text_of(response)
        assert "<strong>so</strong>" in text_of(response)
    assert [entry.action for entry in audit] == ["postmortem.comment_begun"]
    assert "late" not in str(audit[0].changes)
    thread = Thread.objects.get()
    assert (thread.section, thread.comments.get().author) == (section, client.user)
    assert "1 open thread" in page_of(client, postmortem)
    client.post(where(postmortem, "thread-reply", thread.pk), {"text": "Nobody looked."}, headers=headers)
    assert [comment.text for comment in thread.comments.all()] == ["Why **so** late?", "Nobody looked."]
    with recorded() as audit:
        for _press in range(2):
            client.post(where(postmortem, "thread-settle", thread.pk), {"resolved": "1"}, headers=headers)
    assert [entry.action for entry in audit] == ["postmortem.thread_resolved"]
    page = page_of(client, postmortem)
    assert "1 resolved thread" in page
    assert "Nobody looked." in page
    client.post(where(postmortem, "thread-settle", thread.pk), {"resolved": "0"}, headers=headers)
    thread.refresh_from_db()
    assert not thread.is_resolved
    assert thread.resolved_by is None


def test_a_thread_on_the_whole_postmortem(postmortem):
    begin(client_of(), postmortem, "Well told.")
    assert Thread.objects.get().section is None
    assert "Well told." in page_of(client_of(), postmortem)


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b", "x" * 5001, "[" * 2000], ids=["none", "blank", "unseen", "long", "bomb"]
)
@pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "in place"])
def test_what_cannot_be_kept_is_refused_and_stays_in_the_field(postmortem, text, headers):
    response = client_of().post(where(postmortem, "comment-new"), {"text": text}, headers=headers)
    assert response.status_code == 422
    assert text.strip() in text_of(response)
    assert "invalid-feedback" in text_of(response) or "alert-danger" in text_of(response)
    assert not Thread.objects.exists()


def test_a_second_press_says_it_once(postmortem):
    client, key = client_of(), str(uuid.uuid4())
    for _press in range(2):
        assert begin(client, postmortem, client_id=key).status_code == 302
    thread = Thread.objects.get()
    key = str(uuid.uuid4())
    for _press in range(2):
        client.post(where(postmortem, "thread-reply", thread.pk), {"text": "So.", "client_id": key})
    assert Comment.objects.count() == 2


def test_an_answer_to_what_was_resolved_meanwhile_is_not_lost(postmortem):
    client = client_of()
    begin(client, postmortem)
    thread = Thread.objects.get()
    client_of().post(where(postmortem, "thread-settle", thread.pk), {"resolved": "1"})
    response = client.post(where(postmortem, "thread-reply", thread.pk), {"text": "My answer"}, headers=HTMX)
    assert response.status_code == 422
    assert "Reopen it" in text_of(response)
    assert "\nMy answer</textarea>" in text_of(response)


def test_only_its_author_edits_a_comment_and_the_words_before_are_gone(postmortem):
    client = client_of()
    begin(client, postmortem, "the password is hunter2")
    comment = Comment.objects.get()
    edit = where(postmortem, "comment-edit", comment.pk)
    for role in (Role.RESPONDER, Role.ADMIN):
        assert client_of(role).post(edit, {"text": "x", "version": 1}).status_code == 403
    with recorded() as audit:
        assert client.post(edit, {"text": "Redacted.", "version": 1}).status_code == 302
    assert "hunter2" not in str(audit[0].changes)
    assert client.post(edit, {"text": "Twice", "version": 1}).status_code == 409
    comment.refresh_from_db()
    assert comment.text == "Redacted."
    page = page_of(client_of(), postmortem)
    assert ("hunter2" in page, "edited" in page) == (False, True)


def test_readers_and_readers_pages_know_nothing_of_comments(author):
    postmortem = make_published(author=author, public=True)
    begin(client_of(author), postmortem, "canary comment")
    assert "canary comment" in page_of(client_of(), postmortem)
    reader = client_of(Role.READER)
    for name, more in (("comment-new", []), ("thread-reply", [Thread.objects.get().pk])):
        assert reader.post(where(postmortem, name, *more), {"text": "x"}).status_code == 403
    assert "canary comment" not in read(reader, postmortem)
    editor = client_of(Role.EDITOR)
    assert review(editor, postmortem, "publish", note="Once more") == 302
    assert "canary comment" not in json.dumps(postmortem.published_revision.document)
    for end in ("md", "html", "json"):
        assert "canary comment" not in text_of(editor.get(address(postmortem, "export", end)))


def test_a_thread_is_reached_only_through_its_own_incident(postmortem):
    begin(client_of(), postmortem)
    thread, comment, foreign = Thread.objects.get(), Comment.objects.get(), make_postmortem()
    client = client_of(comment.author)
    for name, key in (("thread-reply", thread.pk), ("thread-settle", thread.pk), ("comment-edit", comment.pk)):
        assert client.post(where(foreign, name, key), {"text": "x", "version": 1}).status_code == 404
    section = postmortem.sections.first()
    assert client.post(where(foreign, "comment-on-section", section.pk), {"text": "x"}).status_code == 404


def test_open_threads_are_said_where_it_is_approved_and_hold_up_nothing(postmortem):
    begin(client_of(), postmortem)
    review(client_of(), postmortem, "submit")
    editor = client_of(Role.EDITOR)
    assert "1 thread is not resolved" in page_of(editor, postmortem)
    assert review(editor, postmortem, "approve-and-publish") == 302
    assert postmortem.is_published


def test_threads_of_a_section_that_is_gone_stay_readable(postmortem, author):
    section = postmortem.sections.first()
    section.postmortem = postmortem
    begin(client_of(), postmortem, "Keep me", section=section)
    sections.remove(actor=Actor.person(author), section=section, now=timezone.now())
    page = page_of(client_of(), postmortem)
    assert "On sections that are gone" in page
    assert "Keep me" in page


def test_authors_and_whoever_takes_part_are_told_once_in_half_an_hour(postmortem, author):
    first, second = (make_user(email=f"{name}@example.org") for name in ("first", "second"))
    make_user(email="stranger@example.org")
    now = timezone.now()
    thread = comments.begin(
        actor=Actor.person(first),
        postmortem=postmortem,
        section=postmortem.sections.first(),
        text="Why *late*?",
        now=now,
    )
    (told,) = deliver(now + SOON)
    assert told.to == ["ada@example.org"]
    assert "Why late?" in told.body
    for text in ("One.", "Two."):
        comments.reply(actor=Actor.person(second), thread=thread, text=text, now=now + 2 * SOON)
    sent = deliver(now + 4 * SOON)
    assert receivers(sent) == ["first"]
    assert all(text in sent[0].body for text in ("One.", "Two."))
    later = deliver(now + 40 * SOON)
    assert receivers(later) == ["ada"]
    assert "2 comments on" in later[0].subject


def test_who_may_not_see_drafts_any_more_is_not_told(postmortem, author):
    now = timezone.now()
    comments.begin(actor=Actor.person(make_user()), postmortem=postmortem, section=None, text="Why?", now=now)
    type(author).objects.filter(pk=author.pk).update(role=Role.READER)
    assert deliver(now + SOON) == []


def test_of_a_private_incident_nobody_outside_is_told(author):
    postmortem = make_postmortem(make_incident(status="resolved"), author=author)
    now = timezone.now()
    comments.begin(actor=Actor.person(make_user()), postmortem=postmortem, section=None, text="Why?", now=now)
    type(postmortem.incident).objects.filter(pk=postmortem.incident_id).update(is_private=True)
    assert deliver(now + SOON) == []
