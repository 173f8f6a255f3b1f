"""Values that a text takes from its incident: never another than the page prints beside it, never nothing."""

import datetime as dt

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from incidents.enums import Precision, Role, ScopeUnit, Status, TimelineKind
from incidents.models import Impact, TimelineEvent
from incidents.permissions import Actor
from postmortems.domain import checklist, sections
from postmortems.models import Postmortem
from postmortems.publication import document, live_values
from postmortems.publication.live_values import LiveValue
from tests.factories import make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of
from tests.postmortems.pages import read

START = dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)


def minutes(count):
    return START + dt.timedelta(minutes=count)


def story(**fields):
    times = {"impact_started_at": START, "detected_at": minutes(3), "resolved_at": minutes(30), "mitigated_at": None}
    return make_incident(
        **{"status": Status.RESOLVED, "home_zone": "UTC+02:00", "detected_by": "users", **times, **fields}
    )


def said(text, incident=None):
    """What a section with this text says in the document."""
    return document.build(make_postmortem(incident or story(), text=text))["sections"][0]["text"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("It took {{duration}}.", "It took 30 min."),
        ("{{ to_detect }} until anybody saw it", "3 min until anybody saw it"),
        ("{{date}}, {{started}} to {{resolved}} ({{zone}})", "6 January 2026, 01:30 to 02:00 (GMT+2)"),
        ("noticed by {{detected_by}}", "noticed by users"),
        ("Mitigated at {{mitigated}}, after {{to_mitigate}}.", "Mitigated at (not known), after (not known)."),
        ("{{nonsense}}, {{ .Values.image }} and {{duration}", "{{nonsense}}, {{ .Values.image }} and {{duration}"),
        ("`{{duration}}` is {{duration}}", "`{{duration}}` is 30 min"),
        ("```\n{{duration}}\n```\n{{duration}}", "```\n{{duration}}\n```\n30 min"),
        ("~~~~\n{{duration}}\n~~~\n{{duration}}", "~~~~\n{{duration}}\n~~~\n{{duration}}"),
    ],
)
def test_names_say_what_the_incident_knows(typed, printed):
    assert said(typed) == printed


@pytest.mark.django_db
def test_how_sure_a_time_is_and_another_day_are_said():
    incident = story(
        impact_started_precision=Precision.ABOUT, resolved_at=minutes(1500), resolved_precision=Precision.NOT_LATER
    )
    assert (
        said("{{started}} {{resolved}} {{duration}}", incident)
        == "about 01:30 not later than 7 Jan 2026, 02:30 ≤ about 25 h"
    )


@pytest.mark.django_db
def test_the_impact_is_text_and_no_markdown():
    incident = story()
    Impact.objects.create(incident=incident, what="saw *nothing*", scope=30, scope_unit=ScopeUnit.PERCENT)
    assert said("{{impact}}", incident) == r"30 % customers: saw \*nothing\*"


@pytest.mark.django_db
def test_a_moment_of_the_timeline_is_a_link_to_it_where_it_is_told():
    incident = story()
    told = add(incident, "Seen", 3)
    secret = add(incident, "Only ours", 5, is_internal=True)
    text = f"First at {{{{t{told.pk}}}}}, then at {{{{t{secret.pk}}}}}, and {{{{t1{told.pk}}}}}."
    postmortem = make_published(incident, text=text, public=True)
    ours, public = read(client_of(Role.READER), postmortem), read(Client(), postmortem)
    for page in (ours, public):
        assert f'First at <a href="#t{told.pk}">01:33</a>' in page
        assert f"{{{{t1{told.pk}}}}}" in page
    assert f'then at <a href="#t{secret.pk}">01:35</a>' in ours
    assert "then at 01:35" in public
    assert f"#t{secret.pk}" not in public


def add(incident, text, minute, **fields):
    at = minutes(minute)
    return TimelineEvent.objects.create(
        incident=incident, text=text, kind=TimelineKind.REPORT, occurred_at=at, sort_at=at, **fields
    )


@pytest.mark.django_db
def test_a_revision_keeps_what_was_true_and_the_draft_follows():
    postmortem = make_published(story(), text="It took {{duration}}.")
    incident = postmortem.incident
    incident.resolved_at = minutes(45)
    incident.save()
    assert "It took 30 min." in read(client_of(Role.READER), postmortem)
    assert "It took 30 min." in postmortem.published_revision.markdown
    assert postmortem.sections.first().text == "It took {{duration}}."
    draft = Postmortem.objects.get(pk=postmortem.pk)
    assert document.build(draft)["sections"][0]["text"] == "It took 45 min."


@pytest.mark.django_db
def test_what_changes_in_the_text_by_itself_asks_for_a_new_approval():
    postmortem = make_postmortem(story(), text="It took {{duration}}.", lede="Over after {{duration}}.")
    before = document.build(postmortem)
    assert before["lede"] == "Over after 30 min."
    postmortem.incident.resolved_at = minutes(45)
    assert document.digest(document.build(postmortem)) != document.digest(before)


@pytest.mark.django_db
def test_what_cannot_be_filled_in_is_said_in_words():
    postmortem = make_postmortem(story())
    texts = ["{{nonsense}} {{mitigated}} {{duration}}", "{{mitigated}} `{{other}}`"]
    missing = document.unknown_values(postmortem, texts)
    assert missing == [
        "{{nonsense}} is no name of a value.",
        "{{mitigated}} is not known: when the impact was over.",
    ]
    assert document.unknown_values(postmortem, ["{{duration}}"]) == []


@pytest.mark.django_db
def test_the_checklist_says_what_is_not_known_and_leads_to_the_values():
    line = {check.code: check for check in checklist.checks(make_postmortem(story(), text="{{mitigated}}"))}["values"]
    assert (line.done, line.blocks) == (False, False)
    assert "{{mitigated}} is not known" in line.sentence
    assert line.url.endswith("/edit/#values-head")
    assert {check.code: check for check in checklist.checks(make_postmortem(story()))}["values"].done


@pytest.mark.django_db
def test_the_list_of_names_says_what_each_means_and_says_now():
    values = {value.typed: value for value in document.named_values(make_postmortem(story()))}
    assert len(values) == len(live_values.Name)
    assert values["{{duration}}"].text == "30 min"
    assert values["{{mitigated}}"].text == ""
    assert all(value.label for value in values.values())


@pytest.mark.django_db
def test_a_preview_is_what_will_be_published():
    incident, author = story(), make_user("Ada Lovelace", Role.RESPONDER)
    told = add(incident, "Seen", 3, author=author)
    for number in (1, 2):
        Impact.objects.create(incident=incident, what=f"could not pay {number}", scope=30, scope_unit=ScopeUnit.PERCENT)
    postmortem = make_postmortem(incident)
    text = f"# Part\n\nAda Lovelace saw INC-7 at {{{{t{told.pk}}}}}, {{{{to_detect}}}} in.\n\n- one\n- `A-7`"
    shown = {}
    for section in postmortem.sections.all():
        section.postmortem = postmortem
        shown[section.pk] = document.preview(section, text)
        assert section.text != text
    actor = Actor.person(make_user(role=Role.RESPONDER))
    for section in postmortem.sections.all():
        section.postmortem = postmortem
        sections.save(actor=actor, section=section, text=text, now=START)
    revision = document.make_revision(postmortem=postmortem, number=1, now=START, note="", actor=actor)
    assert len(shown) >= 3
    # A section that was empty stands before those that follow it now, so their anchors count on.
    first, *_others = shown.values()
    assert first in revision.html_internal
    for section in postmortem.sections.all():
        section.postmortem = postmortem
        assert document.preview(section, text) in revision.html_internal
    assert "A responder saw" in first
    assert "Ada" not in first
    assert "3 min in" in first
    assert document.preview(section, " \n") == ""


VALUES = {
    "duration": LiveValue("duration", "how long", "30 min"),
    "resolved": LiveValue("resolved", "when", ""),
    "t1": LiveValue("t1", "", "[01:30](#t1)"),
}
PIECES = st.sampled_from(
    ["{{duration}}", "{{ resolved }}", "{{t1}}", "{{x}}", "`", "``", "```", "\n", "> ", "a ", "{", "}", " "]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_the_text_nothing_else_is_touched(text):
    filled = live_values.filled_in(text, VALUES)
    assert live_values.filled_in(filled, VALUES) == filled
    assert filled.count("\n") == text.count("\n")
    if "{{" not in text:
        assert filled == text


def test_long_and_hostile_texts_are_filled_in_at_once():
    for text in ("`" * 200_000, "{{" * 100_000, "` `` " * 40_000, "{{ " * 60_000, "\n```" * 50_000):
        assert live_values.filled_in(text, VALUES) == text
    many = live_values.filled_in("{{duration}} " * 10_000, VALUES)
    assert many.count("30 min") == live_values.MAX_FILLED
