"""Sections of a draft come, go, and change their place and name; what was written in them never goes."""

import uuid

import pytest
from django.utils import timezone

from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput, NotPossible, Stale
from incidents.permissions import Actor
from postmortems.domain import lifecycle, sections
from postmortems.enums import PostmortemStatus, SectionKind
from postmortems.models import Section
from postmortems.publication import document
from tests.factories import make_postmortem, make_published, make_user
from tests.incident_pages import recorded

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def postmortem():
    return make_postmortem()


@pytest.fixture
def actor():
    return Actor.person(make_user(role=Role.RESPONDER))


def headings(postmortem):
    return [section.heading for section in postmortem.sections.all()]


def test_a_section_is_added_once_at_the_end(postmortem, actor):
    before, once = headings(postmortem), uuid.uuid4()
    added = {"actor": actor, "postmortem": postmortem, "now": NOW, "client_id": once}
    with recorded() as audit:
        section = sections.add(heading="  What  helped ", kind=SectionKind.LESSONS, **added)
        assert sections.add(heading="What helped", **added) == section
    assert headings(postmortem) == [*before, "What helped"]
    assert (section.kind, section.text) == (SectionKind.LESSONS, "")
    assert [entry.action for entry in audit] == ["postmortem.section_added"]
    assert actor.user in postmortem.authors.all()


def test_a_section_needs_a_heading_and_there_is_a_most(postmortem, actor, monkeypatch):
    with pytest.raises(InvalidInput):
        sections.add(actor=actor, postmortem=postmortem, heading=" ", now=NOW)
    monkeypatch.setattr(sections, "MAX_SECTIONS", postmortem.sections.count())
    with pytest.raises(NotPossible):
        sections.add(actor=actor, postmortem=postmortem, heading="One more", now=NOW)


def test_a_new_name_leaves_the_text_and_whoever_writes_it_alone(postmortem, actor):
    section = postmortem.sections.first()
    base = section.text
    with recorded() as audit:
        sections.rename(actor=actor, section=section, heading="In short", kind=SectionKind.SUMMARY, now=NOW)
    assert audit[0].changes["heading"][1] == "In short"
    sections.save(actor=actor, section=section, text=f"{base} More.", base=base, version=1, now=NOW)
    section.refresh_from_db()
    assert (section.heading, section.text) == ("In short", f"{base} More.")


def test_two_new_names_at_once_are_not_put_over_each_other_unseen(postmortem, actor):
    section = postmortem.sections.first()
    seen = section.heading
    change = {"actor": actor, "section": section, "kind": section.kind, "now": NOW}
    sections.rename(heading="Theirs", seen=seen, **change)
    with pytest.raises(Stale):
        sections.rename(heading="Mine", seen=seen, **change)
    sections.rename(heading="Theirs", seen=seen, **change)
    sections.rename(heading="Mine", seen="Theirs", **change)
    assert headings(postmortem)[0] == "Mine"


@pytest.mark.parametrize(("by", "order"), [(-2, "cab"), (-1, "acb"), (0, "abc"), (1, "abc"), (-99, "cab")])
def test_a_section_is_moved_up_and_down_and_stays_at_the_ends(actor, by, order):
    postmortem = make_postmortem()
    for section in postmortem.sections.all():
        sections.remove(actor=actor, section=section, now=NOW)
    made = [sections.add(actor=actor, postmortem=postmortem, heading=name, now=NOW) for name in "abc"]
    with recorded() as audit:
        sections.move(actor=actor, section=made[2], by=by, now=NOW)
    assert "".join(headings(postmortem)) == order
    assert len(audit) == (order != "abc")


def test_what_is_removed_is_shown_nowhere_and_comes_back_as_it_was(postmortem, actor):
    before = headings(postmortem)
    first = postmortem.sections.first()
    with recorded() as audit:
        sections.remove(actor=actor, section=first, now=NOW)
        sections.remove(actor=actor, section=first, now=NOW)
    assert [entry.action for entry in audit] == ["postmortem.section_removed"]
    assert headings(postmortem) == before[1:]
    assert "A closing tag was lost." not in str(document.build(postmortem))
    kept = Section.every.get(pk=first.pk)
    assert (kept.text, kept.removed_by) == ("A closing tag was lost.", actor.user)
    sections.restore(actor=actor, section=kept, now=NOW)
    sections.restore(actor=actor, section=kept, now=NOW)
    assert headings(postmortem) == before
    assert postmortem.sections.first().text == "A closing tag was lost."


def test_nobody_writes_into_what_was_removed_without_being_told(postmortem, actor):
    section = postmortem.sections.first()
    sections.remove(actor=actor, section=Section.objects.get(pk=section.pk), now=NOW)
    with pytest.raises(NotPossible) as refused:
        sections.save(actor=actor, section=section, text="Mine", base=section.text, now=NOW)
    assert refused.value.code == "removed"
    for change in (
        lambda: sections.rename(actor=actor, section=section, heading="x", kind=section.kind, now=NOW),
        lambda: sections.move(actor=actor, section=section, by=1, now=NOW),
    ):
        with pytest.raises(NotPossible):
            change()
    sections.restore(actor=actor, section=section, text="Mine", now=NOW)
    assert postmortem.sections.first().text == "Mine"
    assert (
        sections.restore(actor=actor, section=section, text="Mine, later", base="Mine", now=NOW).text == "Mine, later"
    )


@pytest.mark.parametrize("deed", ["add", "rename", "move", "remove"])
def test_each_makes_an_approval_void(actor, deed):
    postmortem = make_postmortem()
    lifecycle.submit(actor=actor, postmortem=postmortem, now=NOW)
    lifecycle.approve(actor=Actor.person(make_user(role=Role.EDITOR)), postmortem=postmortem, now=NOW)
    postmortem.refresh_from_db()
    assert postmortem.status == PostmortemStatus.APPROVED
    do(deed, actor, postmortem)
    postmortem.refresh_from_db()
    assert postmortem.status == PostmortemStatus.IN_REVIEW


@pytest.mark.parametrize("deed", ["add", "rename", "move", "remove", "restore"])
def test_readers_change_nothing_and_what_is_put_away_stays(actor, deed):
    postmortem = make_published()
    before = headings(postmortem)
    with pytest.raises(Forbidden):
        do(deed, Actor.person(make_user(role=Role.READER)), postmortem)
    postmortem.status = PostmortemStatus.RETRACTED
    with pytest.raises(NotPossible):
        do(deed, actor, postmortem)
    assert headings(postmortem) == before


def do(deed, actor, postmortem):
    section = postmortem.sections.last()
    section.postmortem = postmortem
    told = {"actor": actor, "now": NOW}
    match deed:
        case "add":
            sections.add(postmortem=postmortem, heading="New", **told)
        case "rename":
            sections.rename(section=section, heading="New", kind=section.kind, **told)
        case "move":
            sections.move(section=section, by=-1, **told)
        case "remove":
            sections.remove(section=section, **told)
        case "restore":
            sections.restore(section=section, **told)
