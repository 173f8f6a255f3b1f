"""Reviews that are asked for: of whom, until when, who is told, and what changed since one last looked."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import Role, Severity, Status
from incidents.models import IncidentMember, OutboxMessage, SeverityLevel
from incidents.permissions import Actor
from postmortems.domain import business_days, lifecycle, reviews
from postmortems.models import LastLook, ReviewRequest
from tests.deliveries import deliver, receivers
from tests.factories import make_incident, make_postmortem, make_user
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address, review

pytestmark = pytest.mark.django_db

# A Tuesday, 10:00 in UTC.
TUESDAY = dt.datetime(2026, 1, 6, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def author():
    return make_user("Ada Author", email="ada@example.org")


@pytest.fixture
def editor():
    return make_user("Ed Editor", Role.EDITOR, email="ed@example.org")


@pytest.fixture
def postmortem(author):
    return make_postmortem(
        make_incident(status=Status.RESOLVED, severity=Severity.SEV2, home_zone="UTC"), author=author
    )


def ask(postmortem, author, *reviewers, now=TUESDAY):
    actor = Actor.person(author)
    if postmortem.status == "draft":
        lifecycle.submit(actor=actor, postmortem=postmortem, now=now, reviewers=reviewers)
        return list(postmortem.review_requests.all())
    return reviews.ask(actor=actor, postmortem=postmortem, reviewers=reviewers, now=now)


def page_of(client, postmortem, query=""):
    return text_of(client.get(address(postmortem, "review") + query))


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2026-01-06", 1, "2026-01-07"),
        ("2026-01-09", 1, "2026-01-12"),
        ("2026-01-10", 1, "2026-01-12"),
        ("2026-01-11", 5, "2026-01-16"),
        ("2026-01-06", 10, "2026-01-20"),
        ("2026-01-10", 0, "2026-01-10"),
    ],
)
def test_business_days_pass_by_weekends(day, count, due):
    assert business_days.after(dt.date.fromisoformat(day), count) == dt.date.fromisoformat(due)


def test_due_by_severity_where_the_incident_is():
    incident = make_incident(severity=Severity.SEV1, home_zone="Pacific/Auckland")
    # There it is Saturday already.
    assert reviews.due_on(incident, dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC)) == dt.date(2026, 1, 13)
    SeverityLevel.objects.filter(code=Severity.SEV1).update(review_days=None)
    assert reviews.due_on(incident, TUESDAY) is None


def test_whoever_is_asked_on_the_page_is_told_and_sees_it(postmortem, author, editor):
    client = client_of(author)
    assert "Ed Editor" in page_of(client, postmortem)
    with recorded() as audit:
        body = {"verb": "submit", "reviewers": [editor.pk]}
        assert client.post(address(postmortem, "review"), body).status_code == 302
    assert [entry.action for entry in audit] == ["postmortem.submit", "postmortem.review_asked"]
    (told,) = deliver(timezone.now())
    assert told.to == ["ed@example.org"]
    assert "Ada Author asks you to review" in told.body
    assert f"http://testserver{address(postmortem, 'review')}" in told.body
    due = ReviewRequest.objects.get().due_on
    assert f"Until {due.day} {due:%b %Y}" in told.body
    today = text_of(client_of(editor).get(reverse("today")))
    assert re.search(rf"{re.escape(postmortem.title)}.*due {due.day} {due:%b}", today, re.DOTALL)
    assert "due " + f"{due.day} {due:%b}" in page_of(client, postmortem)


def test_asking_twice_asks_once_and_another_can_be_asked_later(postmortem, author, editor):
    client = client_of(author)
    review(client, postmortem, "submit")
    where = reverse("review-ask", args=[postmortem.incident.reference])
    for _press in range(2):
        client.post(where, {"reviewers": [editor.pk]})
    assert ReviewRequest.objects.count() == 1
    other = make_user("Eve Editor", Role.EDITOR)
    assert client.post(where, {"reviewers": [other.pk]}).status_code == 302
    assert set(ReviewRequest.objects.values_list("reviewer", flat=True)) == {editor.pk, other.pk}
    assert OutboxMessage.objects.filter(kind="review-asked").count() == 2


@pytest.mark.parametrize("role", [Role.READER, Role.RESPONDER])
def test_only_editors_are_asked(postmortem, author, role):
    client = client_of(author)
    review(client, postmortem, "submit")
    response = client.post(
        reverse("review-ask", args=[postmortem.incident.reference]), {"reviewers": [make_user(role=role).pk]}
    )
    assert response.status_code == 422
    assert not ReviewRequest.objects.exists()


def test_of_a_private_incident_only_who_sees_it_is_asked(author, editor):
    incident = make_incident(status=Status.RESOLVED, is_private=True)
    member = make_user("May Member", Role.EDITOR)
    for person in (author, member):
        IncidentMember.objects.create(incident=incident, user=person)
    postmortem = make_postmortem(incident, author=author)
    client = client_of(author)
    page = page_of(client, postmortem)
    assert "May Member" in page
    assert "Ed Editor" not in page
    body = {"verb": "submit", "reviewers": [editor.pk]}
    assert client.post(address(postmortem, "review"), body).status_code == 422
    postmortem.refresh_from_db()
    assert postmortem.status == "draft"
    assert client.post(address(postmortem, "review"), {**body, "reviewers": [member.pk]}).status_code == 302


def test_who_was_asked_and_may_not_see_or_approve_any_more_gets_nothing(postmortem, author):
    people = [make_user(role=Role.EDITOR, email=f"{name}@example.org") for name in ("gone", "lower", "still")]
    ask(postmortem, author, *people)
    type(people[0]).objects.filter(pk=people[0].pk).update(is_active=False)
    type(people[0]).objects.filter(pk=people[1].pk).update(role=Role.RESPONDER)
    assert receivers(deliver(TUESDAY)) == ["still"]


def test_whoever_wants_no_mail_of_reviews_gets_none(postmortem, author, editor):
    editor.notice_preferences.create(kind="reviews", wanted=False)
    ask(postmortem, author, editor)
    assert deliver(TUESDAY) == []


def test_taken_back_nobody_is_asked_told_or_reminded(postmortem, author, editor):
    (request,) = ask(postmortem, author, editor)
    client = client_of(author)
    where = reverse("review-take-back", args=[postmortem.incident.reference, request.pk])
    with recorded() as audit:
        for _press in range(2):
            assert client.post(where).status_code == 302
    assert [entry.action for entry in audit] == ["postmortem.review_taken_back"]
    assert deliver(TUESDAY) == []
    reviews.nudge(TUESDAY + 10 * DAY)
    assert not OutboxMessage.objects.filter(kind="review-due").exists()
    foreign = make_postmortem()
    assert client.post(reverse("review-take-back", args=[foreign.incident.reference, request.pk])).status_code == 404


def test_one_reminder_when_due_and_one_when_late_in_working_hours(postmortem, author, editor):
    (request,) = ask(postmortem, author, editor)
    assert request.due_on == dt.date(2026, 1, 9)
    deliver(TUESDAY)
    sent = []
    for hour in range(24 * 14):
        at = TUESDAY + dt.timedelta(hours=hour)
        reviews.nudge(at)
        sent += [(at, mail.subject) for mail in deliver(at)]
    reference = postmortem.incident.reference
    assert sent == [
        (dt.datetime(2026, 1, 9, 9, tzinfo=dt.UTC), f"The review of {reference} is due today: {postmortem.title}"),
        (dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC), f"The review of {reference} is late: {postmortem.title}"),
    ]


def test_a_reminder_that_the_worker_comes_to_at_night_waits_for_the_morning(postmortem, author, editor):
    ask(postmortem, author, editor)
    deliver(TUESDAY)
    reviews.nudge(dt.datetime(2026, 1, 9, 16, 55, tzinfo=dt.UTC))
    assert deliver(dt.datetime(2026, 1, 9, 23, tzinfo=dt.UTC)) == []
    assert len(deliver(dt.datetime(2026, 1, 12, 9, 1, tzinfo=dt.UTC))) == 1


@pytest.mark.parametrize("verb", ["approve", "ask-for-changes"])
def test_an_answer_by_any_editor_ends_what_was_asked_and_tells_the_authors(postmortem, author, editor, verb):
    other = make_user("Eve Editor", Role.EDITOR)
    ask(postmortem, author, editor, other)
    deliver(TUESDAY)
    review(client_of(other), postmortem, verb, note="Say *why*.")
    ends = dict(ReviewRequest.objects.values_list("reviewer", "end"))
    assert ends == {editor.pk: "by_another", other.pk: "answered"}
    (told,) = deliver(timezone.now())
    assert told.to == ["ada@example.org"]
    assert "Eve Editor" in told.subject
    assert "Say why." in told.body
    reviews.nudge(TUESDAY + 10 * DAY)
    assert deliver(TUESDAY + 10 * DAY) == []


def test_after_changes_were_asked_for_the_same_reviewer_is_ticked(postmortem, author, editor):
    ask(postmortem, author, editor)
    review(client_of(editor), postmortem, "ask-for-changes", note="Say why.")
    page = page_of(client_of(author), postmortem)
    assert re.search(rf'name="reviewers"[^>]*value="{editor.pk}"[^>]*checked', page)


def test_taking_the_draft_back_asks_nobody_any_more(postmortem, author, editor):
    ask(postmortem, author, editor)
    review(client_of(author), postmortem, "withdraw")
    assert ReviewRequest.objects.get().end == "taken_back"


# What changed since one last looked


def save(client, section, text):
    section.refresh_from_db()
    where = reverse("section-save", args=[section.postmortem.incident.reference, section.pk])
    assert client.post(where, {"text": text, "version": section.version}).status_code == 302


def press_read(client, postmortem):
    seen_at = client.get(address(postmortem, "review")).context["look_form"]["seen_at"].value()
    where = reverse("review-read", args=[postmortem.incident.reference])
    assert client.post(where, {"seen_at": seen_at}).status_code == 302


def test_looking_alone_remembers_nothing(postmortem, editor):
    client = client_of(editor)
    client.get(address(postmortem, "review"))
    client.get(address(postmortem, "review"))
    assert not LastLook.objects.exists()


def test_what_changed_since_i_read_it_word_by_word(postmortem, author, editor):
    client, writer, section = client_of(editor), client_of(author), postmortem.sections.first()
    save(writer, section, "A closing tag was lost in the banner.")
    press_read(client, postmortem)
    assert "Nothing has changed since you last read it" in page_of(client, postmortem)
    save(writer, section, "A closing tag was lost in the template.")
    assert "1 part has changed" in page_of(client, postmortem)
    changes = page_of(client, postmortem, "?show=changes")
    assert re.search(r"<del>\s*banner</del><ins>\s*template</ins>", changes)
    # Each reader has a place of their own.
    assert "has changed since" not in page_of(client_of(Role.EDITOR), postmortem)
    press_read(client, postmortem)
    assert "Nothing has changed since you last read it" in page_of(client, postmortem)


def test_what_was_saved_between_the_page_and_the_press_is_shown_next_time(postmortem, author, editor):
    client, section = client_of(editor), postmortem.sections.first()
    seen_at = client.get(address(postmortem, "review")).context["look_form"]["seen_at"].value()
    save(client_of(author), section, "Meanwhile.")
    client.post(reverse("review-read", args=[postmortem.incident.reference]), {"seen_at": seen_at})
    assert "1 part has changed" in page_of(client, postmortem)


def test_an_old_tab_does_not_take_back_what_was_read_since(postmortem, editor):
    client = client_of(editor)
    press_read(client, postmortem)
    latest = LastLook.objects.get().seen_at
    where = reverse("review-read", args=[postmortem.incident.reference])
    for seen_at in ((latest - DAY).isoformat(), "nonsense"):
        assert client.post(where, {"seen_at": seen_at}).status_code == 302
    assert LastLook.objects.get().seen_at == latest
    client.post(where, {"seen_at": (timezone.now() + DAY).isoformat()})
    assert LastLook.objects.get().seen_at <= timezone.now()


def test_a_decision_is_a_look(postmortem, author, editor):
    client, section = client_of(editor), postmortem.sections.first()
    ask(postmortem, author, editor)
    review(client, postmortem, "ask-for-changes", note="Say why.")
    assert LastLook.objects.get().person == editor
    save(client_of(author), section, "Because.")
    assert "1 part has changed" in page_of(client, postmortem)


def test_added_renamed_and_removed_sections_show(postmortem, author, editor):
    from postmortems.domain import sections
    from postmortems.enums import SectionKind

    client, actor = client_of(editor), Actor.person(author)
    first, second = postmortem.sections.all()[:2]
    for section in (first, second):
        section.postmortem = postmortem
    press_read(client, postmortem)
    now = timezone.now()
    sections.add(actor=actor, postmortem=postmortem, heading="Afterwards", now=now)
    sections.rename(actor=actor, section=first, heading="In short", kind=SectionKind.SUMMARY, now=now)
    sections.remove(actor=actor, section=second, now=now)
    page = page_of(client, postmortem, "?show=changes")
    assert "3 parts have changed" in page
    for said in ("Afterwards", "In short", second.heading, '<span class="badge">removed', ">added<"):
        assert said in page
