"""Writing: section by section, two people at once, never a lost word."""

import re

import pytest
from django.urls import reverse

from incidents.enums import Role, Severity, Status
from postmortems.enums import PostmortemStatus
from postmortems.models import Postmortem, Review
from tests.factories import make_incident, make_postmortem, make_published
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def postmortem():
    return make_postmortem()


def save(client, section, text, version=None, base=None, **options):
    where = reverse("section-save", args=[section.postmortem.incident.reference, section.pk])
    data = {"text": text, "version": version or section.version} | ({} if base is None else {"base": base})
    return client.post(where, data, **options)


def head(client, postmortem, headers=None, **changes):
    data = {"version": postmortem.version, "title": postmortem.title, "lede": postmortem.lede, "happened_before": "no"}
    return client.post(address(postmortem, "edit"), {**data, **changes}, headers=headers)


@pytest.mark.parametrize("options", [{}, {"headers": HTMX}], ids=["plain", "in place"])
def test_a_section_is_saved_and_says_when_and_by_whom(postmortem, options):
    section = postmortem.sections.first()
    client = client_of()
    with recorded() as audit:
        response = save(client, section, "New words", **options)
    section.refresh_from_db()
    assert (section.text, section.version, section.saved_by) == ("New words", 3, client.user)
    assert [entry.action for entry in audit] == ["postmortem.section_saved"]
    assert "New words" not in str(audit[0].changes)
    assert client.user in postmortem.authors.all()
    if options:
        assert response.status_code == 200
        assert "<html" not in text_of(response)
        assert re.search(r"saved \d\d:\d\d:\d\d", text_of(response))
        assert 'name="version" value="3"' in text_of(response)
    else:
        assert response.url == f"{address(postmortem, 'edit')}#s{section.pk}"


def test_line_ends_of_browsers_are_no_change_and_make_nobody_an_author(postmortem):
    section = postmortem.sections.first()
    client = client_of()
    save(client, section, "one\r\ntwo")
    section.refresh_from_db()
    assert section.text == "one\ntwo"
    other = client_of()
    with recorded() as audit:
        assert save(other, section, "one\r\ntwo").status_code == 302
    assert audit == []
    assert other.user not in postmortem.authors.all()


def test_a_stale_section_shows_both_texts_and_the_second_press_saves(postmortem):
    section = postmortem.sections.first()
    save(client_of(), section, "Their words")
    client = client_of()
    response = save(client, section, "My words")
    assert response.status_code == 409
    page = text_of(response)
    assert "<ins>Their</ins> words" in page
    assert "<ins>My</ins> words" in page
    assert "\nTheir My words</textarea>" in page
    assert 'name="version" value="3"' in page
    assert 'name="base" value="Their words"' in page
    section.refresh_from_db()
    assert section.text == "Their words"
    assert save(client, section, "My words", version=3, base="Their words").status_code == 302
    section.refresh_from_db()
    assert section.text == "My words"


def test_saving_by_itself_never_replaces_what_nobody_has_seen(postmortem):
    """The field keeps what was typed and the version of before, so that the next press shows both texts."""
    section = postmortem.sections.first()
    save(client_of(), section, "Their words")
    client = client_of()
    for _time in range(2):
        response = save(client, section, "My words", headers=HTMX)
        assert response.status_code == 422
        assert "somebody else has changed this" in text_of(response)
        assert 'name="version" value="2"' in text_of(response)
        assert "My words" not in text_of(response)
    section.refresh_from_db()
    assert section.text == "Their words"
    assert save(client, section, "My words", version=2).status_code == 409


def test_the_head_saves_by_itself_too(postmortem):
    response = head(client_of(), postmortem, title="In place", headers=HTMX)
    assert response.status_code == 200
    assert f'name="version" value="{postmortem.version + 1}"' in text_of(response)
    assert head(client_of(), postmortem, title="Stale", headers=HTMX).status_code == 422
    postmortem.refresh_from_db()
    assert postmortem.title == "In place"


def test_another_section_never_conflicts(postmortem):
    first, second = postmortem.sections.all()[:2]
    assert save(client_of(), first, "One").status_code == 302
    assert save(client_of(), second, "Two").status_code == 302
    assert head(client_of(), postmortem, title="Three").status_code == 302
    assert list(postmortem.sections.values_list("text", flat=True)[:2]) == ["One", "Two"]


def test_the_head_has_a_conflict_of_its_own(postmortem):
    client = client_of()
    assert head(client_of(), postmortem, title="Theirs").status_code == 302
    response = head(client, postmortem, title="Mine")
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert 'value="Mine"' in text_of(response)
    postmortem.refresh_from_db()
    assert head(client, postmortem, title="Mine").status_code == 302


def test_the_head_needs_a_title_and_keeps_what_is_asked(postmortem):
    client = client_of()
    assert head(client, postmortem, title="  ").status_code == 422
    assert head(client, postmortem, happened_before="yes", shows_names="on", lede="One  line").status_code == 302
    postmortem.refresh_from_db()
    assert (postmortem.happened_before, postmortem.shows_names, postmortem.lede) == (True, True, "One line")
    assert head(client, postmortem, happened_before="").status_code == 302
    postmortem.refresh_from_db()
    assert postmortem.happened_before is None


def test_text_that_could_not_be_published_is_refused_when_it_is_saved(postmortem):
    section = postmortem.sections.first()
    response = save(client_of(), section, "[" * 2000)
    assert response.status_code == 422
    section.refresh_from_db()
    assert "[" not in section.text
    assert save(client_of(), section, "x" * 200_001).status_code == 422


def test_a_leading_blank_line_survives_the_form(postmortem):
    section = postmortem.sections.first()
    client = client_of()
    save(client, section, "\n    code")
    assert "\n\n    code</textarea>" in text_of(client.get(address(postmortem, "edit")))


def test_edits_after_the_approval_make_it_void():
    postmortem = make_postmortem(make_incident(status=Status.RESOLVED, severity=Severity.SEV3))
    editor = client_of(Role.EDITOR)
    review(client_of(), postmortem, "submit")
    assert review(editor, postmortem, "approve") == 302
    assert postmortem.status == PostmortemStatus.APPROVED
    with recorded() as audit:
        save(client_of(), postmortem.sections.first(), "Changed")
    postmortem.refresh_from_db()
    assert postmortem.status == PostmortemStatus.IN_REVIEW
    assert Review.objects.get().is_void
    assert [entry.action for entry in audit] == ["postmortem.approval_void", "postmortem.section_saved"]
    assert review(editor, postmortem, "publish") == 422
    assert review(editor, postmortem, "approve-and-publish") == 302
    assert postmortem.is_published


def test_a_title_changed_after_the_approval_makes_it_void_too():
    postmortem = make_postmortem()
    review(client_of(), postmortem, "submit")
    review(client_of(Role.EDITOR), postmortem, "approve")
    assert head(client_of(), postmortem, title="Other").status_code == 302
    postmortem.refresh_from_db()
    assert (postmortem.status, postmortem.title) == ("in_review", "Other")


@pytest.mark.parametrize("status", ["retracted", "not_required"])
def test_what_is_put_away_is_not_written_on(status):
    postmortem = make_published()
    Postmortem.objects.filter(pk=postmortem.pk).update(status=status, not_required_reason="x")
    section = postmortem.sections.first()
    assert save(client_of(), section, "More").status_code == 422
    postmortem.refresh_from_db()
    assert head(client_of(), postmortem, title="Other").status_code == 422


def test_a_section_is_reached_only_through_its_own_incident(postmortem):
    foreign = make_postmortem().sections.first()
    where = reverse("section-save", args=[postmortem.incident.reference, foreign.pk])
    assert client_of().post(where, {"text": "x", "version": 1}).status_code == 404


def test_readers_write_nothing_and_see_no_draft(postmortem):
    reader = client_of(Role.READER)
    for name in ("edit", "review", "history"):
        assert reader.get(address(postmortem, name)).status_code == 403
    assert save(reader, postmortem.sections.first(), "x").status_code == 403
    assert reader.post(address(postmortem, "start")).status_code == 403
    assert reader.get(postmortem.get_absolute_url()).status_code == 404
    assert client_of().get(postmortem.get_absolute_url()).status_code == 404
