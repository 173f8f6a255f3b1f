"""What pages show of earlier incidents, and how people say that it happened before."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role, Status
from incidents.models import TimelineEvent
from postmortems.domain.checklist import blocking
from postmortems.models import NotTheSame, RepeatMark, RootCause
from postmortems.search import similarity
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def incident_of(title, days, **fields):
    fields.setdefault("status", Status.RESOLVED)
    incident = make_incident(title=title, sort_at=NOW - dt.timedelta(days=days), **fields)
    similarity.refresh([incident.pk])
    return incident


@pytest.fixture
def first():
    for title in ("Search answers slowly", "The mail gateway is down", "Parcel tracking counts twice"):
        incident_of(title, 50)
    lead = make_user("Ada Lead", phone="+27 82 555 0100")
    first = incident_of("Blank front page after a banner change", 43, incident_lead=lead)
    TimelineEvent.objects.create(
        incident=first, kind="recovery", text="Rolled the banner back", occurred_at=NOW, sort_at=NOW
    )
    return first


@pytest.fixture
def again(first):
    return incident_of("Front page blank again, a banner change", 1)


def url(incident, name="incident", *more):
    return reverse(name, args=[incident.reference, *more])


def test_while_typing_it_says_what_helped_the_last_time(first):
    typed = {"title": "blank front page", "impact": "", "services": ["7", "x", "9" * 30], "is_drill": ""}
    page = text_of(client_of(Role.READER).get(reverse("open-now"), typed))
    assert "Seen before?" in page
    for words in (first.title, "Rolled the banner back", "Ada Lead", "+27 82 555 0100"):
        assert words in page
    assert "Seen before?" not in text_of(client_of().get(reverse("open-now"), {"title": "Elevators\x00 stopped"}))
    near_miss = text_of(client_of().get(reverse("open-now"), {"summary": "blank front page", "kind": "near-miss"}))
    assert first.title in near_miss


def test_a_refused_form_shows_it_too_without_a_script(first):
    sent = {"title": "Blank front page", "severity": "nonsense"}
    page = client_of().post(f"{reverse('incident-new')}?kind=declare", sent)
    assert page.status_code == 422
    assert first.title in page.content.decode()


def test_the_live_page_says_what_helped_and_judges_nothing(first):
    make_cause(first, "The template has no check")
    make_action_item(first, "Add a check")
    live = incident_of("Front page blank again, a banner change", 0, status=Status.INVESTIGATING)
    page = text_of(client_of().get(url(live)))
    for words in ("Seen before?", "Rolled the banner back", "Ada Lead", "same words"):
        assert words in page
    for words in ("The template has no check", "still open", "Has it happened before?"):
        assert words not in page


def test_afterwards_it_says_why_and_what_is_still_open(first, again):
    make_cause(first, "The template has no check")
    make_action_item(first, "Add a check")
    page = text_of(client_of().get(url(again)))
    for words in ("Has it happened before?", "The template has no check", "1 action item still open"):
        assert words in page
    reader = text_of(client_of(Role.READER).get(url(again)))
    assert first.title in reader
    assert "It is a repeat of this" not in reader


def test_a_repeat_from_the_proposal_to_the_relinked_action_item_and_back(first, again):
    earlier, cause = make_cause(first, "The template has no check"), make_cause(again, "No check of the template")
    item = make_action_item(first, "Add a check", cause=earlier, created_at=NOW - dt.timedelta(days=43))
    client = client_of()
    same = url(again, "cause-same", cause.pk)
    assert f"{same}?earlier={earlier.pk}" in client.get(url(again)).content.decode()
    form = client.get(f"{same}?earlier={earlier.pk}")
    assert "The template has no check" in text_of(form)
    refused = client.post(same, {"earlier": earlier.pk})
    assert (refused.status_code, "why it is the same" in text_of(refused)) == (422, True)
    answer = client.post(same, {"earlier": earlier.pk, "same_as_reason": "Same template."}, follow=True)
    page = text_of(answer)
    assert f"repeat of {first.reference}" in page
    assert "open for 43 days" in page
    assert f"{item.reference} from {first.reference}" in page
    assert f"happened again in {again.reference}" in text_of(client.get(url(first)))
    listed = text_of(client.get(reverse("incident-list")))
    assert f"repeat of {first.reference}" in listed
    assert again.reference in text_of(client.get(reverse("action", args=[item.reference])))
    client.post(url(again, "cause-same-undo", cause.pk))
    page = text_of(client.get(url(again)))
    assert "repeat of" not in page.replace("repeat of this", "")
    assert "open for 43 days" not in page


def test_not_the_same_is_remembered_and_can_be_taken_back(first, again):
    earlier, cause = make_cause(first, "The template has no check"), make_cause(again, "No check of the template")
    client, same = client_of(), url(again, "cause-same", cause.pk)
    place = (cause.pk, earlier.pk)
    assert client.post(url(again, "cause-not-same", *place)).status_code == 302
    assert NotTheSame.objects.count() == 1
    assert same not in client.get(url(again)).content.decode()
    client.post(url(again, "cause-not-same-undo", *place))
    assert same in client.get(url(again)).content.decode()


def test_an_incident_is_marked_as_a_whole_from_its_page_and_from_the_editor(first, again):
    client, mark = client_of(), url(again, "repeat-mark")
    assert first.reference in client.get(f"{mark}?earlier={first.reference}").content.decode()
    for wrong in ({"earlier": "INC-9999", "reason": "x"}, {"earlier": first.reference}, {}):
        assert client.post(mark, wrong).status_code == 422
    done = client.post(mark, {"earlier": first.reference.lower(), "reason": "The banner.", "back": "editor"})
    assert done.url == f"{url(again, 'postmortem-edit')}#repeats"
    assert RepeatMark.objects.get().earlier == first
    assert f"repeat of {first.reference}" in text_of(client.get(url(again)))
    client.post(url(again, "repeat-unmark"), {"earlier": first.reference})
    assert not RepeatMark.objects.exists()


def test_nobody_reaches_a_cause_that_they_do_not_see(first, again):
    hidden = make_cause(incident_of("Blank front page, banner change", 9, is_private=True), "Canary")
    cause = make_cause(again, "No check")
    client, place = client_of(), (cause.pk, hidden.pk)
    assert client.post(url(again, "cause-not-same", *place)).status_code == 404
    form = {"earlier": hidden.pk, "same_as_reason": "x"}
    assert client.post(url(again, "cause-same", cause.pk), form).status_code == 422
    for page in (url(again), f"{url(again, 'cause-same', cause.pk)}?earlier={hidden.pk}"):
        assert "Canary" not in text_of(client.get(page))
    admin = client_of(Role.ADMIN)
    assert admin.post(url(again, "cause-same", cause.pk), form).status_code == 302
    reader = text_of(client_of(Role.READER).get(url(again)))
    assert "repeat of" not in reader
    assert "seen before" not in reader
    assert hidden.incident.reference not in reader


def test_the_editor_asks_and_publishing_is_held_back_by_a_contradiction(first, again):
    earlier, cause = make_cause(first, "The template has no check"), make_cause(again, "No check of the template")
    postmortem = make_postmortem(again, happened_before=False)
    client, editor = client_of(), url(again, "postmortem-edit")
    assert "Has it happened before?" in text_of(client.get(editor))
    assert url(again, "cause-same", cause.pk) in client.get(editor).content.decode()
    assert not any("says no" in sentence for sentence in blocking(postmortem))
    RootCause.objects.filter(pk=cause.pk).update(same_as=earlier)
    assert any("says no" in sentence for sentence in blocking(postmortem))
    assert "The draft says no, and people confirmed" in text_of(client.get(editor))
    postmortem.happened_before = True
    postmortem.save()
    assert not any("happened before" in sentence for sentence in blocking(postmortem))


def test_the_published_page_names_both_directions_and_the_library_marks_them(first, again):
    RepeatMark.objects.create(incident=again, earlier=first, reason="The same banner.")
    for incident in (first, again):
        make_published(incident, happened_before=incident == again)
    reader = client_of(Role.READER)
    here = text_of(reader.get(again.postmortem.get_absolute_url()))
    assert "It has happened before" in here
    assert "The same banner." in here
    assert "It has happened again" in text_of(reader.get(first.postmortem.get_absolute_url()))
    library = text_of(reader.get(reverse("postmortem-list")))
    assert f"repeat of {first.reference}" in library
    assert f"happened again in {again.reference}" in library


def sent_back(cause, title, **fields):
    """What the form of a cause sends when only its title was changed."""
    told = {"title": title, "role": cause.role, "category": cause.category, "version": cause.version}
    return told | {"whys": "", "explanation": "", "evidence": "", "no_action_reason": ""} | fields


def test_a_repeat_of_what_one_may_not_see_outlives_an_edit_and_stays_untold(first, again):
    hidden = incident_of("Salaries are shown", 9, is_private=True)
    cause = make_cause(again, "No check")
    RootCause.objects.filter(pk=cause.pk).update(same_as=make_cause(hidden, "Canary"), same_as_reason="As with canary")
    client, address = client_of(), url(again, "cause-edit", cause.pk)
    assert "anary" not in client.get(address).content.decode()
    assert client.post(address, sent_back(cause, "No check of it", same_as="", same_as_reason="")).status_code == 302
    cause.refresh_from_db()
    assert (cause.title, cause.same_as.title, cause.same_as_reason) == ("No check of it", "Canary", "As with canary")


def test_a_repeat_of_what_one_sees_is_taken_back_by_an_edit(first, again):
    cause = make_cause(again, "No check")
    RootCause.objects.filter(pk=cause.pk).update(same_as=make_cause(first, "Template"), same_as_reason="The same")
    client_of().post(url(again, "cause-edit", cause.pk), sent_back(cause, "No check", same_as="", same_as_reason=""))
    cause.refresh_from_db()
    assert cause.same_as is None


def test_the_form_offers_the_latest_earlier_causes_and_the_one_that_was_chosen(first, again, monkeypatch):
    monkeypatch.setattr("postmortems.forms.lessons.MOST_EARLIER_CAUSES", 1)
    oldest, cause = make_cause(first, "Long ago"), make_cause(again, "No check")
    older, latest = (make_cause(incident_of(f"Hall {days}", days), f"Cause {days}") for days in (20, 10))
    RootCause.objects.filter(pk=cause.pk).update(same_as=oldest, same_as_reason="The same")
    page = client_of().get(url(again, "cause-edit", cause.pk)).content.decode()
    assert latest.title in page
    assert oldest.title in page
    assert older.title not in page
