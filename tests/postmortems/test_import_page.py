"""Importing on the page: taken in, looked at beside the source, corrected, confirmed."""

import io
import zipfile

import html5lib
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from incidents.enums import Role, Status, TimelineKind
from incidents.models import Incident
from postmortems.enums import PostmortemStatus
from postmortems.models import ActionItem, Postmortem, RootCause
from tests.factories import make_user, sign_in
from tests.postmortems.postmortem_texts import DATED, README, STORY, TEMPLATE

pytestmark = pytest.mark.django_db
ADDRESS = "/postmortems/import/"


@pytest.fixture
def page(client):
    """The page as a responder has it."""
    sign_in(client, make_user(role=Role.RESPONDER))
    return client


def preview_of(client, text):
    answer = client.post(ADDRESS, {"text": text})
    assert answer.status_code == 200
    return answer


def sent(answer, **changes):
    """What a browser sends of a preview, with some fields filled otherwise."""
    preview = answer.context["preview"]
    data = {"carried": answer.context["carried"]}
    data |= {name: form_value(preview.head[name].value()) for name in preview.head.fields}
    for rows in (preview.events, preview.causes, preview.actions):
        data |= {field.html_name: form_value(field.value()) for field in rows.management_form}
        for row in rows.forms:
            data |= {field.html_name: form_value(field.value()) for field in row}
    return {name: value for name, value in (data | changes).items() if value is not None}


def form_value(value):
    if value is False or value is None:
        return None
    return str(value)


def archive(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/") + ".md", text)
    return SimpleUploadedFile("all.zip", packed.getvalue())


def test_the_preview_shows_each_record_beside_its_line_and_saves_nothing(page):
    answer = preview_of(page, DATED)
    text = answer.content.decode()
    assert "14:16 — Support told the team on duty." in text
    line, source = answer.context["rows"]["actions"][0][1:]
    assert DATED.splitlines()[line - 1].strip() == source == "- Fill a new cache before it is switched to"
    assert not Incident.objects.exists()
    html5lib.HTMLParser(strict=True).parse(text)


def test_confirming_imports_what_was_shown(page):
    answer = page.post(ADDRESS, sent(preview_of(page, DATED)))
    incident = Incident.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{incident.reference}/")
    assert incident.impact_started_at.isoformat() == "2024-03-04T12:10:00+00:00"
    assert incident.resolved_at.isoformat() == "2024-03-04T13:05:00+00:00"
    assert incident.detected_at == incident.impact_started_at
    assert incident.status == Status.CLOSED
    assert incident.timeline.count() == 5
    assert Postmortem.objects.get().authors.count() == 1


def test_every_record_can_be_corrected_or_left_out(page):
    changes = {
        "title": "Blank checkout",
        "severity": "sev2",
        "started": "14:05",
        "resolved": "2024-03-05 00:30",
        "e-1-text": "Customers wrote to support.",
        "e-1-time": "14:06",
        "e-1-kind": "report",
        "e-2-DELETE": "on",
        "c-0-title": "An empty cache",
        "a-1-DELETE": "on",
        "a-0-type": "preventive",
    }
    page.post(ADDRESS, sent(preview_of(page, DATED), **changes))
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("Blank checkout", "sev2")
    assert incident.impact_started_at.isoformat() == "2024-03-04T12:05:00+00:00"
    assert incident.resolved_at.isoformat() == "2024-03-04T22:30:00+00:00"
    report = incident.timeline.get(kind=TimelineKind.REPORT)
    assert (report.text, report.occurred_at.isoformat()) == ("Customers wrote to support.", "2024-03-04T12:06:00+00:00")
    assert incident.timeline.count() == 4
    assert RootCause.objects.get().title == "An empty cache"
    assert ActionItem.objects.order_by("number").first().type == "preventive"
    assert ActionItem.objects.count() == 2


def long_document(events, items):
    lines = "\n".join(f"- {10 + n // 60:02d}:{n % 60:02d}: Event {n}" for n in range(events))
    work = "\n".join(f"- Add check {n}" for n in range(items))
    head = "# Outage of the shop\n\n## Summary\n2026-01-06, all times in UTC: the shop was down.\n\n## Timeline"
    return f"{head}\n{lines}\n\n## Root cause\nA typo was the cause.\n\n## Action items\n{work}\n"


@pytest.mark.parametrize("rest", [True, False])
def test_more_records_than_are_shown_are_told_of_and_imported_too_where_wanted(page, rest):
    answer = preview_of(page, long_document(203, 2))
    assert "Import 3 more records that are not shown, as they were read" in answer.content.decode()
    html5lib.HTMLParser(strict=True).parse(answer.content.decode())
    assert len(answer.context["rows"]["events"]) == 200
    given = sent(answer, rest="on" if rest else None, undated=None, date="2026-01-06", zone="UTC")
    assert page.post(ADDRESS, given).status_code == 302
    told = Incident.objects.get().timeline.filter(source="import")
    assert told.filter(text__startswith="Event ").count() == (203 if rest else 200)
    assert ActionItem.objects.count() == 2
    if rest:
        assert f"{told.get(text='Event 202').occurred_at:%Y-%m-%d %H:%M}" == "2026-01-06 13:22"


def test_what_is_no_story_of_one_incident_is_refused_or_cut_to_what_is_shown(page):
    answer = preview_of(page, long_document(503, 2))
    given = sent(answer, rest="on", undated=None, date="2026-01-06", zone="UTC")
    refused = page.post(ADDRESS, given)
    assert refused.status_code == 422
    assert "It has more than 500 events." in refused.content.decode()
    assert not Incident.objects.exists()
    del given["rest"]
    assert page.post(ADDRESS, given).status_code == 302
    assert Incident.objects.get().timeline.filter(text__startswith="Event ").count() == 200


def test_nothing_is_asked_where_everything_is_shown(page):
    assert "rest" not in preview_of(page, DATED).context["preview"].head.fields


def test_the_year_is_asked_for(page):
    answer = preview_of(page, STORY)
    assert "The text says 4 March, without a year." in answer.content.decode()
    refused = page.post(ADDRESS, sent(answer))
    assert refused.status_code == 422
    assert "Give the day with its year" in refused.content.decode()
    assert not Incident.objects.exists()
    page.post(ADDRESS, sent(refused, date="2024-03-04"))
    assert Incident.objects.get().impact_started_at.isoformat() == "2024-03-04T12:10:00+00:00"


def test_an_unknown_day_can_be_said(page):
    page.post(ADDRESS, sent(preview_of(page, STORY), undated="on"))
    incident = Incident.objects.get()
    assert incident.impact_started_at is None
    assert set(incident.timeline.values_list("occurred_at", flat=True)) == {None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resolved": "14:00"}, "before the beginning"),
        ({"started": "25:00"}, "There is no 25:00"),
        ({"started": "soon"}, "no time"),
        ({"zone": "Nowhere/Land"}, "no time zone"),
        ({"title": ""}, "required"),
        ({"e-0-text": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(page, changes, words):
    answer = page.post(ADDRESS, sent(preview_of(page, DATED), **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Incident.objects.exists()


def test_several_documents_are_shown_one_after_the_other(page):
    other = DATED.replace("Checkout shows a blank page", "Mail was late")
    files = [SimpleUploadedFile("a.md", DATED.encode()), archive(b=other, c__template=TEMPLATE)]
    first = page.post(ADDRESS, {"documents": files})
    assert first.context["preview"].head["title"].value() == "Checkout shows a blank page"
    assert first.context["waiting"] == 2
    second = page.post(ADDRESS, sent(first))
    assert second.context["preview"].head["title"].value() == "Mail was late"
    last = page.post(ADDRESS, {**sent(second), "skip": "1"}, follow=True)
    assert "c/template.md: This looks like a template" in last.content.decode()
    assert Incident.objects.count() == 1


def test_the_same_text_again_is_said(page):
    page.post(ADDRESS, sent(preview_of(page, DATED)))
    again = page.post(ADDRESS, {"text": DATED}, follow=True)
    assert "imported before, as INC-1" in again.content.decode()
    Incident.objects.update(is_private=True)
    hidden = page.post(ADDRESS, {"text": DATED}, follow=True)
    assert "imported before" in hidden.content.decode()
    assert Incident.objects.count() == 1


def test_a_text_of_an_incident_that_one_may_not_see_tells_no_number(client):
    sign_in(client, make_user(role=Role.RESPONDER))
    client.post(ADDRESS, sent(preview_of(client, DATED)))
    Incident.objects.update(is_private=True)
    sign_in(client, make_user(role=Role.RESPONDER))
    assert "INC-1" not in client.post(ADDRESS, {"text": DATED}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        ({}, "Paste a document"),
        ({"text": "   "}, "Paste a document"),
        ({"documents": SimpleUploadedFile("x.zip", b"PK\x03\x04broken")}, "cannot be read"),
        ({"documents": SimpleUploadedFile("x.md", b"# a\n" * 1_500_000)}, "too much"),
    ],
)
def test_what_cannot_be_taken_in_is_refused(page, upload, words):
    answer = page.post(ADDRESS, upload)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_an_archive_that_grows_too_large_or_holds_too_much_is_refused(page):
    bomb = archive(**{f"d{n}": "a" * 2_000_000 for n in range(4)})
    assert bomb.size < 100_000
    assert "too much at once: at most 5 MB" in page.post(ADDRESS, {"documents": bomb}).content.decode()
    many = archive(**{f"d{n}": DATED for n in range(51)})
    assert "at most 50 documents" in page.post(ADDRESS, {"documents": many}).content.decode()
    fitting = archive(**{f"d{n}": DATED for n in range(3)})
    assert page.post(ADDRESS, {"documents": fitting}).status_code == 200


def test_a_refused_document_says_why(page):
    assert "does not look like a postmortem" in page.post(ADDRESS, {"text": README}, follow=True).content.decode()


def test_a_page_that_was_tampered_with_is_not_trusted(page):
    data = sent(preview_of(page, DATED))
    data["carried"] = data["carried"][:-4] + "AAAA"
    assert "Upload the documents again" in page.post(ADDRESS, data, follow=True).content.decode()
    assert not Incident.objects.exists()


def test_only_editors_publish_without_a_review(client):
    sign_in(client, make_user(role=Role.RESPONDER))
    client.post(ADDRESS, sent(preview_of(client, DATED), publish="on"))
    assert Postmortem.objects.get().status == PostmortemStatus.DRAFT
    sign_in(client, make_user(role=Role.EDITOR))
    client.post(ADDRESS, sent(preview_of(client, DATED.replace("40%", "41%")), publish="on"))
    assert Postmortem.objects.filter(status=PostmortemStatus.PUBLISHED).count() == 1


def test_readers_may_not_import(client):
    sign_in(client, make_user(role=Role.READER))
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"text": DATED}).status_code == 403
    sign_in(client, make_user(role=Role.RESPONDER))
    assert client.get(reverse("postmortem-import")).status_code == 200
