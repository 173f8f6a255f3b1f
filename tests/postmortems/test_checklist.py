"""The checklist that ticks itself, and what holds back a publication."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import DetectedBy, IncidentKind, Role, Status
from incidents.models import Impact
from postmortems.domain.checklist import blocking, checks
from postmortems.models import Postmortem
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_user
from tests.incident_pages import client_of, recorded, text_of, url
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db


ADMIN_PAGE = "/postmortems/checklist/"


def ticked(postmortem):
    # Looked at anew: what was asked for once is kept with the object.
    postmortem = Postmortem.objects.get(pk=postmortem.pk)
    return {check.code.value: check.done for check in checks(postmortem)}


def line(postmortem, code):
    return next(check for check in checks(postmortem) if check.code == code)


def published(postmortem):
    review(client_of(), postmortem, "submit")
    return review(client_of(Role.EDITOR), postmortem, "approve-and-publish")


def choose(client, **forces):
    """Send the page of the checklist with these lines changed; what it answered."""
    form = client.get(ADMIN_PAGE).context["form"]
    data = {field.name: field.value() for field in form} | forces
    return client.post(ADMIN_PAGE, data).status_code


def test_it_ticks_itself_from_what_is_written():
    incident = make_incident(status=Status.RESOLVED, detected_by=DetectedBy.USERS)
    postmortem = make_postmortem(incident, lede="", happened_before=None)
    assert ticked(postmortem) == {
        "text": True,
        "sections": False,
        "lede": False,
        "impact": False,
        "order": True,
        "causes": False,
        "answered": True,
        "owned": True,
        "detective": False,
        "before": False,
        "values": True,
        "wording": True,
    }
    Impact.objects.create(incident=incident, what="see any page")
    cause = make_cause(incident)
    assert not ticked(postmortem)["answered"]
    make_action_item(incident, cause=cause, type="detective")
    done = ticked(postmortem)
    assert (done["impact"], done["causes"], done["answered"], done["detective"], done["owned"]) == (
        True,
        True,
        True,
        True,
        False,
    )


def test_each_line_says_what_to_do_and_leads_to_where_it_is_done():
    incident = make_incident(status=Status.RESOLVED, detected_by=DetectedBy.USERS, detected_at=None)
    cause = make_cause(incident, "Nothing looks at the page")
    item = make_action_item(incident)
    postmortem = make_postmortem(incident, lede="", happened_before=None)
    empty = postmortem.sections.filter(text="").first()
    editor = address(postmortem, "edit")
    told = {check.code.value: (check.sentence, check.url) for check in checks(postmortem) if not check.done}
    assert told == {
        "sections": (
            "Write these sections, or say that there is nothing to say: Impact, How it was fixed, What we learned.",
            f"{editor}#s{empty.pk}",
        ),
        "lede": ("Say it in one sentence.", f"{editor}#id_head_lede"),
        "impact": ("Write down who could not do what.", url(incident, "impact-new")),
        "order": ("Enter the times: detected.", url(incident, "milestones")),
        "answered": (
            "Answer this root cause by an action item, or say in it why none will: Nothing looks at the page.",
            f"{editor}#cause-{cause.pk}",
        ),
        "owned": (f"Give {item.reference} an owner and a date.", f"{item.get_absolute_url()}edit/"),
        "detective": (
            "Users saw it first: add a detective action item that says how we will.",
            url(incident, "action-new"),
        ),
        "before": ("Answer “Has it happened before?”.", f"{editor}#id_head_happened_before"),
    }
    client = client_of()
    for page in (client.get(editor), client.get(address(postmortem, "review"))):
        for _sentence, where in told.values():
            assert f'href="{where}"' in page.text
    places = {where.partition("#")[2] for _sentence, where in told.values() if where.startswith(editor)}
    written = client.get(editor).text
    assert len(places) == 4
    assert all(f'id="{place}"' in written for place in places)
    assert all(client.get(where).status_code == 200 for _sentence, where in told.values())


def test_an_impossible_order_is_named():
    incident = make_incident(status=Status.RESOLVED)
    incident.detected_at = incident.impact_started_at - dt.timedelta(minutes=9)
    incident.save()
    assert line(make_postmortem(incident), "order").missing == "“Detected” is before “Impact started”."


def test_a_reason_why_not_answers_a_root_cause():
    cause = make_cause(make_incident(status=Status.RESOLVED))
    postmortem, writer = make_postmortem(cause.incident), client_of()
    assert not ticked(postmortem)["answered"]
    body = {"title": cause.title, "role": "root_cause", "category": "code", "version": 1}
    reason = "The risk is small, and the supplier ends it in May"
    answer = writer.post(url(cause.incident, "cause-edit", cause.pk), {**body, "no_action_reason": reason})
    assert (answer.status_code, ticked(postmortem)["answered"]) == (302, True)
    assert reason in text_of(writer.get(url(cause.incident, "cause-edit", cause.pk)))


def waive(client, section, waived="1", text=""):
    where = address(section.postmortem, "edit") + f"{section.pk}/waive/"
    return client.post(where, {"waived": waived, "text": text, "version": section.version})


def test_an_empty_section_is_a_decision_of_one_press_and_can_be_taken_back():
    postmortem, writer = make_postmortem(), client_of()
    for section in postmortem.sections.filter(text=""):
        assert not ticked(postmortem)["sections"]
        answer = waive(writer, section)
        assert (answer.status_code, answer.url) == (302, f"{address(postmortem, 'edit')}#s{section.pk}")
    assert ticked(postmortem)["sections"]
    assert "There is nothing to say here." in text_of(writer.get(address(postmortem, "edit")))
    with recorded() as audit:
        waive(writer, section, waived="")
        waive(writer, section, waived="")
    assert [(entry.action, entry.changes) for entry in audit] == [
        ("postmortem.section_waived", {section.heading: [True, False]})
    ]
    assert not ticked(postmortem)["sections"]


@pytest.mark.parametrize("saved", ["It says this.", ""])
def test_what_says_something_is_not_waived_and_nothing_typed_is_lost(saved):
    section = make_postmortem().sections.last()
    type(section).objects.filter(pk=section.pk).update(text=saved)
    answer = waive(client_of(), section, text="Typed, not saved.")
    assert answer.status_code == 422
    assert "It says something. Save it, or empty it first." in text_of(answer)
    assert "Typed, not saved." in text_of(answer)
    section.refresh_from_db()
    assert (section.is_waived, section.text) == (False, saved)


def test_who_writes_after_all_takes_the_waiver_back():
    section, writer = make_postmortem().sections.last(), client_of()
    waive(writer, section)
    section.refresh_from_db()
    where = address(section.postmortem, "edit") + f"{section.pk}/"
    assert writer.post(where, {"text": "After all.", "version": section.version}).status_code == 302
    section.refresh_from_db()
    assert (section.is_waived, section.text) == (False, "After all.")


@pytest.mark.parametrize(
    ("forces", "answer"),
    [
        ({}, 302),
        ({"lede": "blocks"}, 422),
        ({"lede": "off"}, 302),
        ({"before": "advice"}, 302),
        ({"sections": "blocks"}, 422),
    ],
)
def test_publishing_is_held_back_by_exactly_what_admins_chose(forces, answer):
    assert choose(client_of(Role.ADMIN), **forces) == 302
    postmortem = make_postmortem(lede="", happened_before=None if "before" in forces else False)
    assert published(postmortem) == answer
    if answer == 422:
        page = text_of(client_of(Role.EDITOR).post(address(postmortem, "review"), {"verb": "approve-and-publish"}))
        assert f"Not yet: {line(postmortem, next(iter(forces))).missing}" in page
    if "off" in forces.values():
        assert "lede" not in ticked(postmortem)


def test_what_admins_choose_is_recorded_and_nobody_overwrites_anothers_choice_unseen():
    first, second = client_of(Role.ADMIN), client_of(Role.ADMIN)
    form = second.get(ADMIN_PAGE).context["form"]
    with recorded() as audit:
        assert choose(first, causes="blocks", before="advice") == 302
        assert choose(first) == 302
    assert [(entry.action, entry.changes) for entry in audit] == [
        ("checklist.edited", {"check_causes": ["advice", "blocks"], "check_before": ["blocks", "advice"]})
    ]
    stale = second.post(ADMIN_PAGE, {field.name: field.value() for field in form} | {"lede": "off"})
    assert stale.status_code == 409
    assert "Advice" in text_of(stale)
    page = text_of(first.get(reverse("audit-log")))
    assert "chose what the checklist asks for" in page
    assert "Blocks publishing" in page


@pytest.mark.parametrize("value", ["", "perhaps"])
def test_a_choice_that_there_is_not_is_refused(value):
    assert choose(client_of(Role.ADMIN), lede=value) == 422


@pytest.mark.parametrize(("head", "blocks"), [({"happened_before": None}, True), ({"lede": ""}, False)])
def test_what_is_needed_holds_it_back_and_advice_does_not(head, blocks):
    postmortem = make_postmortem(**head)
    assert published(postmortem) == (422 if blocks else 302)
    assert bool(blocking(postmortem)) is blocks


def test_open_work_without_owner_or_date_holds_it_back():
    incident = make_incident(status=Status.RESOLVED)
    item = make_action_item(incident)
    postmortem = make_postmortem(incident)
    assert published(postmortem) == 422
    page = text_of(client_of(Role.EDITOR).get(address(postmortem, "review")))
    assert f"Give {item.reference} an owner and a date." in page
    item.owner, item.due_on = make_user(), timezone.now().date()
    item.save()
    assert review(client_of(Role.EDITOR), postmortem, "approve-and-publish") == 302


@pytest.mark.parametrize("status", ["historical", "wont_do"])
def test_what_was_imported_or_is_not_done_needs_neither(status):
    incident = make_incident(status=Status.RESOLVED)
    make_action_item(incident, status=status, reason="x")
    assert published(make_postmortem(incident)) == 302


def test_without_a_word_nothing_is_published():
    postmortem = make_postmortem()
    postmortem.sections.update(text=" ")
    assert published(postmortem) == 422


def test_a_near_miss_is_asked_for_no_clock_no_impact_and_no_detective_item():
    incident = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, detected_by=DetectedBy.USERS)
    assert not {"detective", "impact", "order"} & ticked(make_postmortem(incident)).keys()
