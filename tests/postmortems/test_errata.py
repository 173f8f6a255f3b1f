"""What was put right after publication: dated, with what changed, wherever the postmortem is read."""

import datetime as dt
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from incidents.enums import Role
from postmortems.models import Revision
from tests.factories import make_published, make_user
from tests.incident_pages import client_of, text_of
from tests.postmortems.pages import address, make_public, read, review

pytestmark = pytest.mark.django_db

FIRST = dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def postmortem():
    made = make_published()
    revision = made.published_revision
    revision.document["revisions"][0]["at"] = FIRST.isoformat()
    Revision.objects.filter(pk=revision.pk).update(published_at=FIRST, document=revision.document)
    return made


@pytest.fixture
def editor():
    return client_of(Role.EDITOR)


def list_of(page):
    """The revisions that the foot of a page lists."""
    foot = page.partition("<footer>")[2]
    rows = re.findall(r"<li>(.*?)</li>", foot, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_a_new_revision_says_what_changed_or_is_not_published(postmortem, editor):
    assert review(editor, postmortem, "publish", "  ") == 422
    assert postmortem.published_revision.number == 1
    assert review(editor, postmortem, "publish", "Corrected the  start time") == 302
    assert postmortem.published_revision.number == 2


def test_the_foot_of_the_page_lists_each_revision_with_its_date(postmortem, editor):
    assert list_of(read(client_of(Role.READER), postmortem)) == []
    review(editor, postmortem, "publish", "Corrected the start time")
    second = postmortem.published_revision.published_at
    for reader in (client_of(Role.READER), editor):
        newest, oldest = list_of(read(reader, postmortem))
        assert newest.startswith("r2")
        assert f"{second.day} {second:%b %Y}" in newest
        assert newest.endswith(": Corrected the start time")
        assert re.fullmatch(r"r1\W+1 Feb 2026\W*: first published", oldest)


def test_an_older_revision_lists_none_that_came_after_it(postmortem, editor):
    review(editor, postmortem, "publish", "Second")
    review(editor, postmortem, "publish", "Third")
    page = text_of(client_of(Role.READER).get(address(postmortem, "revision", 2)))
    assert "Second" in page
    assert "Third" not in page
    assert len(list_of(read(client_of(Role.READER), postmortem))) == 3


def test_the_public_reads_them_too_after_the_preview(postmortem, editor):
    review(editor, postmortem, "publish", "Corrected the start time")
    assert Client().get(postmortem.get_absolute_url()).status_code == 404
    assert "Corrected the start time" in text_of(editor.get(address(postmortem, "as-public")))
    make_public(editor, postmortem)
    assert list_of(read(Client(), postmortem))[0].endswith(": Corrected the start time")


def test_names_in_a_note_become_roles_and_what_is_left_is_found_before_the_public_reads_it(editor):
    make_user("Grace Hopper")
    postmortem = make_published()
    review(editor, postmortem, "publish", "Grace Hopper found it; mail a@example.org")
    for text in (read(client_of(Role.READER), postmortem), json.dumps(postmortem.published_revision.document)):
        assert "Grace" not in text
        assert "a responder found it" in text.casefold()
    assert "a@example.org" in text_of(editor.get(address(postmortem, "preview")))


def test_exports_tell_of_them_and_the_feed_says_when_it_was_updated(postmortem, editor):
    review(editor, postmortem, "publish", "Corrected the start time")
    for end in ("md", "html", "json"):
        exported = text_of(editor.get(address(postmortem, "export", end)))
        assert "Corrected the start time" in exported
        assert "2026-02-01" in exported
    make_public(editor, postmortem)
    feed = text_of(Client().get(reverse("postmortem-feed")))
    updated = postmortem.published_revision.published_at
    assert f"<updated>{updated:%Y-%m-%dT%H:%M:%S}" in feed


def test_revisions_of_an_older_program_are_listed_once_another_follows(editor):
    postmortem = make_published()
    revision = postmortem.published_revision
    del revision.document["revisions"]
    revision.save()
    assert "Revision 1" in read(client_of(Role.READER), postmortem)
    assert editor.get(address(postmortem, "export", "md")).status_code == 200
    review(editor, postmortem, "publish", "Put right")
    assert len(list_of(read(client_of(Role.READER), postmortem))) == 2
