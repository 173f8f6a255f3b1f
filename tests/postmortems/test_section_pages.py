"""Sections on the page of the editor: added, renamed, moved, removed and previewed, in place and without a script."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role
from incidents.permissions import Actor
from postmortems.domain import sections
from postmortems.models import Section
from tests.factories import make_postmortem, make_user
from tests.incident_pages import client_of, text_of
from tests.postmortems.pages import address
from tests.project.markup_checks import faults, parse_part

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WAYS = pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "in place"])


@pytest.fixture
def postmortem():
    return make_postmortem(text="The pool was full.")


@pytest.fixture
def client():
    return client_of(Role.RESPONDER)


def ask(client, section, name, headers=None, method="post", **data):
    where = reverse(f"section-{name}", args=[section.postmortem.incident.reference, section.pk])
    return getattr(client, method)(where, data, headers=headers)


def headings(postmortem):
    return [section.heading for section in postmortem.sections.all()]


def well_formed(response):
    assert faults(parse_part(text_of(response)), whole=False) == []
    return text_of(response)


@WAYS
def test_a_section_is_added(client, postmortem, headers):
    where = reverse("section-add", args=[postmortem.incident.reference])
    once = "7f1d9d0e-0d52-4f0b-9a63-3d9f6a1f0a11"
    data = {"heading": "What helped", "kind": "lessons", "client_id": once}
    for _double_click in range(2):
        response = client.post(where, data, headers=headers)
    assert headings(postmortem)[-1] == "What helped"
    assert headings(postmortem).count("What helped") == 1
    added = postmortem.sections.last()
    if headers:
        page = well_formed(response)
        assert f'id="s{added.pk}"' in page
        assert once not in page
    else:
        assert response.url == f"{address(postmortem, 'edit')}#s{added.pk}"
    refused = client.post(where, {**data, "heading": " "}, headers=headers)
    assert refused.status_code == 422
    assert "This field is required" in text_of(refused)


@WAYS
def test_a_section_is_renamed(client, postmortem, headers):
    section = postmortem.sections.first()
    form = ask(client, section, "rename", headers, method="get")
    assert f'value="{section.heading}"' in text_of(form)
    seen = section.heading
    response = ask(client, section, "rename", headers, heading="In short", kind="summary", seen=seen)
    assert headings(postmortem)[0] == "In short"
    assert response.status_code == (200 if headers else 302)
    assert not headers or "In short" in well_formed(response)
    stale = ask(client, section, "rename", headers, heading="Mine", kind="summary", seen=seen)
    assert stale.status_code == 422
    assert "renamed it “In short” meanwhile" in text_of(stale)
    assert 'name="seen" value="In short"' in text_of(stale)
    assert ask(client, section, "head", headers, method="get").status_code == (200 if headers else 302)


@WAYS
def test_a_section_is_moved(client, postmortem, headers):
    before = headings(postmortem)
    response = ask(client, postmortem.sections.first(), "move", headers, way="down")
    assert headings(postmortem)[:2] == [before[1], before[0]]
    if headers:
        order = json.loads(response["HX-Trigger"])["section-order"]["order"]
        assert order == [f"s{section.pk}" for section in postmortem.sections.all()]
        assert (response.status_code, response.content) == (204, b"")
    ask(client, postmortem.sections.all()[1], "move", headers, way="up")
    assert headings(postmortem) == before


@WAYS
def test_a_section_is_removed_and_the_undo_brings_it_back(client, postmortem, headers):
    before, section = headings(postmortem), postmortem.sections.first()
    response = ask(client, section, "remove", headers)
    assert headings(postmortem) == before[1:]
    if headers:
        assert reverse("section-restore", args=[postmortem.incident.reference, section.pk]) in well_formed(response)
    else:
        assert "Undo" in text_of(client.get(response.url))
    editor = text_of(client.get(address(postmortem, "edit")))
    assert "1 removed section" in editor
    assert "The pool was full." not in editor
    response = ask(client, section, "restore", headers)
    assert headings(postmortem) == before
    assert not headers or "The pool was full." in well_formed(response)


def test_whoever_writes_in_a_section_that_was_removed_keeps_the_text_and_can_put_it_back(client, postmortem):
    section = postmortem.sections.first()
    sections.remove(actor=Actor.person(make_user(role=Role.RESPONDER)), section=section, now=timezone.now())
    typed = {"text": "The pool was full. At last.", "base": "The pool was full.", "version": 2}
    told = ask(client, section, "save", HTMX, **typed)
    assert told.status_code == 422
    assert "removed this section" in well_formed(told)
    page = ask(client, section, "save", **typed)
    assert page.status_code == 422
    assert "\nThe pool was full. At last.</textarea>" in text_of(page)
    where = re.search(r'action="([^"]+/restore/)"', text_of(page))[1]
    assert client.post(where, typed).status_code == 302
    assert postmortem.sections.first().text == "The pool was full. At last."


def test_what_others_wrote_meanwhile_comes_into_the_field(client, postmortem):
    section = postmortem.sections.first()
    other = Actor.person(make_user(role=Role.RESPONDER))
    sections.save(actor=other, section=section, text="The pool ran full.", now=timezone.now())
    base = "The pool was full."
    answer = ask(client, section, "save", HTMX, text=f"{base} At last.", base=base, version=2)
    assert answer.status_code == 200
    page = well_formed(answer)
    assert "data-merged>The pool ran full. At last.</template>" in page
    again = ask(client, section, "save", HTMX, text="The pool ran full. At last.", base=base, version=2)
    assert "data-merged" not in text_of(again)


def test_the_same_words_twice_are_shown_side_by_side_with_a_proposal_of_both(client, postmortem):
    section, ben = postmortem.sections.first(), make_user("Ben Alder", Role.RESPONDER)
    sections.save(actor=Actor.person(ben), section=section, text="The pool ran full.", now=timezone.now())
    typed = {"text": "The pool went full.", "base": "The pool was full.", "version": 2}
    told = ask(client, section, "save", HTMX, **typed)
    assert told.status_code == 422
    assert "See both" in well_formed(told)
    page = text_of(ask(client, section, "save", **typed))
    assert "What Ben Alder saved" in page
    assert "The pool<del> was</del><ins> ran</ins> full." in page
    assert "The pool<del> was</del><ins> went</ins> full." in page
    assert "\nThe pool ran went full.</textarea>" in page
    assert "In 1 place" in page
    merged = {"text": "The pool ran, no, went full.", "base": "The pool ran full.", "version": 3}
    assert ask(client, section, "save", **merged).status_code == 302
    assert postmortem.sections.first().text == "The pool ran, no, went full."


def test_ones_own_other_tab_is_called_so(client, postmortem):
    section = postmortem.sections.first()
    ask(client, section, "save", text="The pool ran full.", base="The pool was full.", version=2)
    page = text_of(ask(client, section, "save", text="The pool went full.", base="The pool was full.", version=2))
    assert "What you saved in another tab" in page


@WAYS
def test_a_preview_shows_what_is_typed_and_what_is_not_known_and_saves_nothing(client, postmortem, headers):
    section = postmortem.sections.first()
    response = ask(client, section, "preview", headers, text="It took **{{duration}}**, {{nonsense}}.", version=1)
    page = text_of(response)
    assert "<strong>" in page
    assert "{{nonsense}} is no name of a value." in page
    assert not headers or well_formed(response)
    assert "An empty section is not shown" in text_of(ask(client, section, "preview", headers, text=" ", version=1))
    refused = ask(client, section, "preview", headers, text="[" * 2000, version=1)
    assert (refused.status_code, "too complex" in text_of(refused)) == (422, True)
    section.refresh_from_db()
    assert section.text == "The pool was full."


def test_the_whole_draft_is_shown_as_it_would_be_published(client, postmortem):
    page = text_of(client.get(address(postmortem, "draft")))
    assert "The pool was full." in page
    assert postmortem.title in page
    assert postmortem.lede in page


def test_the_editor_lists_the_values_and_says_what_they_say(client, postmortem):
    page = text_of(client.get(address(postmortem, "edit")))
    assert 'data-insert="{{duration}}"' in page
    assert "not known yet" in page


def test_a_section_is_reached_only_through_its_own_draft(client, postmortem):
    foreign = make_postmortem().sections.first()
    before = Section.every.values_list("pk", "heading", "text", "position", "removed_at").order_by("pk")
    stored = list(before)
    for name in ("save", "rename", "move", "remove", "restore", "preview"):
        where = reverse(f"section-{name}", args=[postmortem.incident.reference, foreign.pk])
        data = {"text": "x", "version": 1, "heading": "x", "kind": "other", "way": "down"}
        assert client.post(where, data).status_code == 404
    assert list(before.all()) == stored
