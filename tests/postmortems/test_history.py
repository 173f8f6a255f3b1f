"""The history of a postmortem: who saved what when, any two side by side, and taking one up again."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role
from incidents.permissions import Actor
from postmortems.domain import comparison, history, lifecycle, sections, versions
from postmortems.domain.versions import Part
from postmortems.enums import SectionKind
from postmortems.models import DraftVersion
from tests.factories import make_postmortem, make_published, make_user
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 6, 10, tzinfo=dt.UTC)


@pytest.fixture
def ada():
    return Actor.person(make_user("Ada"))


@pytest.fixture
def bob():
    return Actor.person(make_user("Bob"))


@pytest.fixture
def section(ada):
    postmortem = make_postmortem(text="First words.", author=ada.user)
    DraftVersion.objects.all().delete()
    postmortem.created_at = START - dt.timedelta(days=1)
    section = postmortem.sections.first()
    section.postmortem, section.saved_at = postmortem, START - dt.timedelta(hours=1)
    section.save()
    return section


def save(actor, section, text, minutes):
    sections.save(actor=actor, section=section, text=text, now=START + dt.timedelta(minutes=minutes))


def told(section):
    rows = DraftVersion.objects.filter(section=section).order_by("saved_at", "id")
    return [(row.text, row.author and row.author.name) for row in rows]


def where(postmortem, name, *more):
    return reverse(name, args=[postmortem.incident.reference, *more])


def compare(client, postmortem, old, new):
    return client.get(where(postmortem, "history-compare"), {"old": old, "new": new})


def test_what_one_person_saves_in_a_row_is_one_version_and_the_text_before_is_kept(section, ada):
    for minutes, text in enumerate(("One", "One two", "One two three")):
        save(ada, section, text, minutes)
    assert told(section) == [("First words.", "Ada"), ("One two three", "Ada")]


def test_another_version_begins_with_another_person_a_pause_or_an_hour(section, ada, bob):
    save(ada, section, "Ada", 0)
    save(bob, section, "Ada Bob", 1)
    save(ada, section, "Ada Bob Ada", 2)
    save(ada, section, "After a pause", 13)
    for minutes in range(20, 90, 7):
        save(ada, section, f"Minute {minutes}", minutes)
    texts = [text for text, _who in told(section)]
    assert texts == ["First words.", "Ada", "Ada Bob", "Ada Bob Ada", "Minute 69", "Minute 83"]


@pytest.mark.parametrize("act", ["look", "submit"])
def test_another_version_begins_once_somebody_has_looked_or_moved_it_on(section, ada, bob, act):
    save(ada, section, "Before", 0)
    now = START + dt.timedelta(minutes=1)
    if act == "look":
        from postmortems.domain import reviews

        reviews.look(actor=bob, postmortem=section.postmortem, seen_at=now, now=now)
    else:
        lifecycle.submit(actor=ada, postmortem=section.postmortem, now=now)
    save(ada, section, "After", 2)
    assert [text for text, _who in told(section)] == ["First words.", "Before", "After"]


def test_what_the_draft_said_at_any_moment(section, ada, bob):
    postmortem = section.postmortem
    save(ada, section, "One", 0)
    save(bob, section, "Two", 5)
    added = sections.add(actor=ada, postmortem=postmortem, heading="More", now=START + dt.timedelta(minutes=6))
    sections.rename(
        actor=bob, section=section, heading="Told", kind=SectionKind.SUMMARY, now=START + dt.timedelta(minutes=30)
    )
    sections.remove(actor=bob, section=section, now=START + dt.timedelta(minutes=60))
    others = postmortem.sections.count() - 1

    def at(minutes):
        parts = versions.parts_at(postmortem, START + dt.timedelta(minutes=minutes))
        assert len(parts) - 1 - others in (0, 1, 2)
        return {part.key: (part.heading, part.text) for part in parts}

    key, heading = versions.key_of(section), "What happened"
    heading = at(1)[key][0]
    assert at(1)[key] == (heading, "One")
    assert at(5)[key] == (heading, "Two")
    assert versions.key_of(added) not in at(5)
    assert at(7)[versions.key_of(added)] == ("More", "")
    assert at(31)[key] == ("Told", "Two")
    assert key not in at(61)


def test_the_page_lists_who_saved_what_when(section, ada, bob):
    save(ada, section, "One", 0)
    save(bob, section, "Two", 5)
    page = text_of(client_of().get(address(section.postmortem, "history")))
    assert "Bob, Responder" in page
    assert "12:05" in page or "10:05" in page
    assert page.count(section.heading) >= 3


def test_any_two_side_by_side_with_the_words_that_differ(section, ada, bob):
    save(ada, section, "A tag was lost.\nNobody saw it.\nThe end.", 0)
    save(bob, section, "A tag was dropped.\nNobody saw it.\nThe end.", 5)
    one, two = DraftVersion.objects.filter(section=section).order_by("id")[1:]
    client = client_of()
    page = text_of(compare(client, section.postmortem, one.key, two.key))
    assert re.search(r"<del>\s*lost</del>", page)
    assert re.search(r"<ins>\s*dropped</ins>", page)
    # The order of choosing does not matter, and nothing else is on the page.
    turned = compare(client, section.postmortem, two.key, one.key)
    assert (turned.context["old"].version, turned.context["new"].version) == (one, two)
    assert page.count('<section class="card">') == 1
    assert "Nothing differs" in text_of(compare(client, section.postmortem, two.key, "now"))


def test_a_revision_beside_the_draft_and_beside_another(ada):
    postmortem = make_published(text="A tag was lost.", author=ada.user)
    section = postmortem.sections.first()
    assert section is not None
    section.postmortem = postmortem
    sections.save(actor=ada, section=section, text="A tag was dropped.", now=timezone.now())
    editor = client_of(Role.EDITOR)
    assert "dropped" in text_of(compare(editor, postmortem, "r1", "now"))
    assert review(editor, postmortem, "publish", note="The right word") == 302
    page = text_of(compare(editor, postmortem, "r1", "r2"))
    assert re.search(r"<ins>\s*dropped</ins>", page)
    assert page.count('<section class="card">') == 1


@pytest.mark.parametrize("key", ["", "r9", "v999999", "v0", "x1", "v" + "9" * 40, "now' --", "s1"])
def test_what_is_no_state_is_not_found(section, key):
    assert compare(client_of(), section.postmortem, key, "now").status_code == 404


def test_versions_of_another_postmortem_are_not_reached(section, ada):
    save(ada, section, "One", 0)
    version, foreign = DraftVersion.objects.first(), make_postmortem()
    client = client_of()
    assert compare(client, foreign, version.key, "now").status_code == 404
    for method in ("get", "post"):
        assert getattr(client, method)(where(foreign, "draft-version", version.pk)).status_code == 404


def test_restoring_is_a_save_and_what_it_replaced_stays_a_version(section, ada):
    save(ada, section, "One", 0)
    save(ada, section, "Two", 20)
    version = DraftVersion.objects.filter(section=section, text="One").get()
    client = client_of()
    page = text_of(client.get(where(section.postmortem, "draft-version", version.pk)))
    assert re.search(r"<del>Two</del>", page)
    with recorded() as audit:
        assert client.post(where(section.postmortem, "draft-version", version.pk)).status_code == 302
    assert [entry.action for entry in audit] == ["postmortem.section_saved"]
    section.refresh_from_db()
    assert (section.text, section.saved_by) == ("One", client.user)
    assert [text for text, _who in told(section)] == ["First words.", "One", "Two", "One"]
    assert "The draft says this now." in text_of(client.get(where(section.postmortem, "draft-version", version.pk)))


def test_restoring_puts_a_removed_section_back_under_the_name_it_had(section, ada):
    save(ada, section, "One", 0)
    heading = section.heading
    later = START + dt.timedelta(minutes=20)
    sections.rename(actor=ada, section=section, heading="Other", kind=SectionKind.OTHER, now=later)
    sections.remove(actor=ada, section=section, now=later)
    version = DraftVersion.objects.filter(section=section, text="One", heading=heading).get()
    removal = DraftVersion.objects.filter(section=section, is_removal=True).get()
    client = client_of()
    assert client.post(where(section.postmortem, "draft-version", removal.pk)).status_code == 422
    assert client.post(where(section.postmortem, "draft-version", version.pk)).status_code == 302
    section.refresh_from_db()
    assert (section.heading, section.text, section.removed_at) == (heading, "One", None)


def test_the_head_is_restored_too(section, ada):
    postmortem = section.postmortem
    title = postmortem.title
    for at, name in ((START, "Another title"), (START + dt.timedelta(hours=1), "A third")):
        sections.save_head(
            actor=ada, postmortem=postmortem, title=name, lede="", happened_before=True, shows_names=False, now=at
        )
    first = DraftVersion.objects.filter(section=None).order_by("id").first()
    assert first.heading == title
    assert client_of().post(where(postmortem, "draft-version", first.pk)).status_code == 302
    postmortem.refresh_from_db()
    assert (postmortem.title, postmortem.happened_before) == (title, True)


def test_restoring_what_was_approved_asks_for_another_approval(section, ada):
    save(ada, section, "One", 0)
    save(ada, section, "Two", 20)
    postmortem = section.postmortem
    review(client_of(), postmortem, "submit")
    review(client_of(Role.EDITOR), postmortem, "approve")
    version = DraftVersion.objects.filter(section=section, text="One").get()
    client_of().post(where(postmortem, "draft-version", version.pk))
    postmortem.refresh_from_db()
    assert postmortem.status == "in_review"


def test_older_versions_are_on_further_pages(section, ada, bob):
    for minutes in range(120):
        save((ada, bob)[minutes % 2], section, f"Text {minutes}", minutes)
    client, seen, query = client_of(), [], ""
    while True:
        page = text_of(client.get(address(section.postmortem, "history") + query))
        seen += re.findall(r'name="old" value="(v\d+)"', page)
        older = re.search(r'href="(\?before=\d+)"', page)
        if older is None:
            break
        query = older[1]
    assert len(seen) == len(set(seen)) == 121
    assert client.get(address(section.postmortem, "history") + "?before=nonsense").status_code == 200


def test_readers_see_no_history(section, ada):
    save(ada, section, "One", 0)
    version = DraftVersion.objects.first()
    reader = client_of(Role.READER)
    assert reader.get(address(section.postmortem, "history")).status_code == 403
    assert compare(reader, section.postmortem, version.key, "now").status_code == 403
    assert reader.post(where(section.postmortem, "draft-version", version.pk)).status_code == 403


def part(key, heading, text=""):
    return Part(key, heading, text)


def test_parts_are_matched_by_key_then_by_name_and_what_is_gone_stands_where_it_stood():
    old = [part("head", "T"), part("s1", "Summary", "a"), part("s2", "Impact", "b"), part("s3", "Lessons", "c")]
    new = [part("head", "T"), part("s1", "In short", "a"), part("s4", "Lessons", "c"), part("s5", "More")]
    found = comparison.compare(old, new)
    assert [each.heading for each in found] == ["T", "In short", "Impact", "Lessons", "More"]
    assert [each.is_same for each in found] == [True, False, False, True, False]
    assert found[1].renamed_from == "Summary"
    assert [found[2].is_removed, found[4].is_added] == [True, True]


def test_rows_hold_both_texts_whole_but_for_lines_alike():
    lines = [f"line {number}\n" for number in range(10)]
    old, new = "".join(lines), "".join([*lines[:5], "line five\n", *lines[6:]])
    difference = comparison.PartDifference(part("s1", "A", old), part("s1", "A", new))
    rows = difference.rows
    assert [row.skipped for row in rows if row.skipped] == [4, 3]
    assert "".join(piece.text for row in rows for piece in row.old) == "".join(lines[4:7])
    assert "".join(piece.text for row in rows for piece in row.new) == "line 4\nline five\nline 6\n"


def test_the_state_after_each_save_is_what_that_save_left(section, ada, bob):
    save(ada, section, "One", 0)
    save(bob, section, "Two", 5)
    for version in DraftVersion.objects.filter(section=section):
        found = history.state(section.postmortem, version.key)
        assert next(each.text for each in found.parts if each.section == section) == version.text
