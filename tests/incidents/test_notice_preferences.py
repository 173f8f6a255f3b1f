"""What one chooses to hear of, when one wants quiet, what one follows, and the link in a mail that ends it."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.domain import following, lifecycle, notices
from incidents.domain.lifecycle import Verb
from incidents.enums import MuteFor, NoticeKind, Role, Severity
from incidents.errors import NotPossible
from incidents.models import AuditEntry, Incident, NoticePreference, Service, Subscription, User
from incidents.notifications import reasons, unsubscribe
from incidents.permissions import Actor
from tests.deliveries import deliver
from tests.factories import make_incident, make_service, make_user, sign_in

NOW = dt.datetime(2026, 1, 6, 1, 33, tzinfo=dt.UTC)
ALL_KINDS = [kind.value for kind in NoticeKind]

# Reviews and comments, of which a reader hears nothing.
TALK = {"reviews": False, "comments": False}
pytestmark = pytest.mark.django_db


@pytest.fixture
def rita() -> User:
    return make_user("Rita", Role.READER, email="rita@example.org", time_zone="Europe/Berlin")


@pytest.fixture
def page(client, rita) -> Client:
    sign_in(client, rita)
    return client


def chosen(person: User) -> dict[str, bool]:
    found = reasons.chosen_by([person.pk])
    return {kind.value: reasons.wants(person, kind, found) for kind in NoticeKind}


# Kinds and severities


def test_a_reader_wants_all_but_news_of_teams_until_they_choose(page, rita):
    assert chosen(rita) == {"followed": True, "sev1": True, "team": False, "action_items": True} | TALK
    assert chosen(make_user(role=Role.RESPONDER))["team"] is True
    text = page.get(reverse("notices")).text
    assert len(re.findall(r'name="kinds"[^>]*checked', text)) == 3


def test_what_is_ticked_is_kept_and_shown_and_audited(page, rita):
    body = {"kinds": ["team", "action_items"], "severities": ["sev1", "sev2"]}
    assert page.post(reverse("notices"), body).status_code == 302
    assert chosen(rita) == {"followed": False, "sev1": False, "team": True, "action_items": True} | TALK
    assert set(rita.subscriptions.values_list("severity", flat=True)) == {"sev1", "sev2"}
    text = page.get(reverse("notices")).text
    assert len(re.findall(r'name="(?:kinds|severities)"[^>]*checked', text)) == 4
    actions = list(AuditEntry.objects.filter(actor=rita).values_list("action", flat=True))
    assert actions.count("person.notices_chosen") == 3
    assert actions.count("severity.followed") == 2


def test_choosing_the_same_twice_changes_nothing_the_second_time(page, rita):
    body = {"kinds": ["team"], "severities": ["sev1"]}
    page.post(reverse("notices"), body)
    entries = AuditEntry.objects.count()
    page.post(reverse("notices"), body)
    assert AuditEntry.objects.count() == entries
    assert (NoticePreference.objects.count(), Subscription.objects.count()) == (4, 1)


def test_nothing_ticked_is_a_choice_and_what_is_unknown_is_refused(page, rita):
    assert page.post(reverse("notices"), {"kinds": ["spam"]}).status_code == 422
    assert chosen(rita)["followed"] is True
    assert page.post(reverse("notices"), {}).status_code == 302
    assert not any(chosen(rita).values())


def test_somebody_without_a_role_and_somebody_who_is_not_signed_in_have_no_such_page(client):
    assert client.get(reverse("notices")).status_code == 302
    sign_in(client, make_user(role=""))
    assert client.get(reverse("notices")).status_code == 403


def test_a_machine_gets_no_notices():
    machine = Actor.machine("CI", Role.ADMIN)
    with pytest.raises(NotPossible):
        notices.choose(actor=machine, wanted=[], severities=[], now=NOW)


# Quiet


@pytest.mark.parametrize(
    ("choice", "until"),
    [
        (MuteFor.MORNING, dt.datetime(2026, 1, 7, 7, 0, tzinfo=dt.UTC)),
        (MuteFor.DAY, NOW + dt.timedelta(days=1)),
        (MuteFor.WEEK, NOW + dt.timedelta(days=7)),
    ],
)
def test_quiet_lasts_until_the_own_morning_a_day_or_a_week(page, rita, choice, until, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    assert page.post(reverse("notices-mute"), {"mute": choice.value}).status_code == 302
    rita.refresh_from_db()
    assert rita.muted_until == until
    assert "No notices until" in page.get(reverse("notices")).text
    page.post(reverse("notices-mute"), {"mute": "not"})
    rita.refresh_from_db()
    assert rita.muted_until is None
    assert "No notices until" not in page.get(reverse("notices")).text
    assert AuditEntry.objects.filter(action="person.muted").count() == 2


def test_tomorrow_morning_is_that_of_the_own_zone():
    late = dt.datetime(2026, 1, 6, 23, 30, tzinfo=dt.UTC)  # 00:30 on the 7th in Berlin
    rita = make_user(time_zone="Europe/Berlin")
    from incidents.zones import reader_zone

    until = notices.mute(actor=Actor.person(rita), choice=MuteFor.MORNING, zone=reader_zone(rita), now=late)
    assert until == dt.datetime(2026, 1, 8, 7, 0, tzinfo=dt.UTC)


def test_an_unknown_length_changes_nothing(page, rita):
    page.post(reverse("notices-mute"), {"mute": "forever"})
    rita.refresh_from_db()
    assert rita.muted_until is None


# Following


def test_the_page_of_a_service_has_a_button_that_follows_and_one_that_ends_it(page, rita):
    service = make_service("Shop", slug="shop")
    assert "Follow" in page.get("/services/shop/").text
    for _twice in range(2):
        page.post(reverse("service-follow", args=["shop"]), {"following": "1"})
    assert Subscription.objects.filter(user=rita, service=service).count() == 1
    assert "Unfollow" in page.get("/services/shop/").text
    assert "Shop" in page.get(reverse("notices")).text
    page.post(reverse("service-follow", args=["shop"]), {"following": "0"})
    assert not Subscription.objects.exists()
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["service.followed", "service.unfollowed"]


def test_what_is_followed_is_listed_with_a_button_for_each(page, rita):
    for target in (make_incident(title="Blank"), make_service("Shop")):
        _follow(rita, target)
    text = page.get(reverse("notices")).text
    assert "Blank" in text
    assert "Shop" in text
    for row in rita.subscriptions.all():
        assert page.post(reverse("notices-unfollow", args=[row.pk])).status_code == 302
    assert not rita.subscriptions.exists()


def test_nobody_ends_what_another_follows(page, rita):
    other = make_user(role=Role.ADMIN)
    _follow(other, make_service("Shop"))
    row = other.subscriptions.get()
    assert page.post(reverse("notices-unfollow", args=[row.pk])).status_code == 404
    with pytest.raises(NotPossible):
        following.end(actor=Actor.person(rita), row=row, now=NOW)
    assert other.subscriptions.exists()


def test_what_became_private_is_named_by_its_number_alone_and_can_still_be_left(page, rita):
    incident = make_incident(title="Secret canary")
    _follow(rita, incident)
    Incident.objects.update(is_private=True)
    text = page.get(reverse("notices")).text
    assert incident.reference in text
    assert "Secret canary" not in text
    assert page.post(reverse("notices-unfollow", args=[rita.subscriptions.get().pk])).status_code == 302
    assert not rita.subscriptions.exists()


@pytest.mark.parametrize("number", [2, 20])
def test_the_page_asks_the_same_however_much_is_followed(page, rita, number, django_assert_max_num_queries):
    for _each in range(number):
        _follow(rita, make_service())
        _follow(rita, make_incident())
    page.get(reverse("notices"))
    with django_assert_max_num_queries(6):
        assert page.get(reverse("notices")).text.count("notices/unfollow/") == 2 * number


def _follow(person: User, target: Any) -> None:
    field = {Incident: "incident", Service: "service"}[type(target)]
    Subscription.objects.create(user=person, **{field: target})


# The link in a mail


def mail_to(rita: User, incident: Incident) -> Any:
    """What Rita gets when the incident is resolved."""
    now = timezone.now()
    lifecycle.advance(actor=Actor.person(make_user(role=Role.EDITOR)), incident=incident, verb=Verb.RESOLVE, now=now)
    (told,) = [each for each in deliver(now + dt.timedelta(minutes=1)) if each.to == [rita.email]]
    return told


def link_in(told: Any) -> str:
    """The path of its List-Unsubscribe."""
    address = told.extra_headers["List-Unsubscribe"]
    found = re.fullmatch(r"<http://testserver(/account/notices/stop/[^>]+)>", address)
    assert found is not None, address
    assert f"http://testserver{found[1]}" in told.body
    return found[1]


def test_each_mail_nobody_asked_for_in_person_can_be_ended_in_one_click(rita):
    incident = make_incident()
    _follow(rita, incident)
    told = mail_to(rita, incident)
    assert told.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert told.extra_headers["Auto-Submitted"] == "auto-generated"
    # As a mail program does it: no cookie, no token of a form, no referrer.
    program = Client(enforce_csrf_checks=True)
    answer = program.post(link_in(told), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not rita.subscriptions.exists()
    assert program.post(link_in(told)).status_code == 200
    assert AuditEntry.objects.filter(actor=rita, action="incident.unfollowed").count() == 1


def test_looking_at_the_link_changes_nothing_and_its_page_has_a_button(client, rita):
    incident = make_incident()
    _follow(rita, incident)
    link = link_in(mail_to(rita, incident))
    text = client.get(link).text
    assert "End these mails?" in text
    assert rita.subscriptions.exists()
    assert "Rita" not in text
    assert incident.title not in text


def test_only_what_the_mail_came_for_is_ended(client, rita):
    service, other = make_service("Shop"), make_service("Other")
    incident = make_incident(services=[service])
    _follow(rita, service)
    _follow(rita, other)
    told = mail_to(rita, incident)
    assert "because you follow Shop" in told.body
    client.post(link_in(told))
    assert [row.service for row in rita.subscriptions.all()] == [other]
    assert chosen(rita)["followed"] is True


def test_of_a_sev1_the_link_ends_those_and_nothing_else(client, rita):
    told = mail_to(rita, make_incident(severity=Severity.SEV1))
    assert "because it is a SEV1" in told.body
    client.post(link_in(told))
    assert chosen(rita) == {"followed": True, "sev1": False, "team": False, "action_items": True} | TALK


def test_a_link_that_was_changed_does_nothing(client, rita):
    good = unsubscribe.token(rita.pk, reasons.SEV1, None)
    for bad in (good[:-1], good[1:], "x", "a:b:c", good.replace(":", ";")):
        assert client.post(reverse("notices-stop", args=[bad])).status_code == 404
    assert chosen(rita)["sev1"] is True
    assert client.post(reverse("notices-stop", args=[good])).status_code == 200
    assert chosen(rita)["sev1"] is False


def test_a_disabled_account_can_still_be_taken_off(client, rita):
    User.objects.filter(pk=rita.pk).update(is_active=False)
    client.post(reverse("notices-stop", args=[unsubscribe.token(rita.pk, reasons.TEAM, None)]))
    client.post(reverse("notices-stop", args=[unsubscribe.token(rita.pk, reasons.SEV1, None)]))
    assert NoticePreference.objects.get(person=rita, kind="sev1").wanted is False
