"""Who is reminded of which action item when: a week before, on the day, weekly for 90 days, then whoever leads."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.domain import people
from incidents.enums import Role, Status
from incidents.models import Incident, IncidentMember, OutboxMessage, User
from incidents.notifications import reminders
from incidents.notifications.reminders import latest_step
from incidents.permissions import Actor
from postmortems.domain import action_items
from postmortems.domain.action_items import ActionVerb
from postmortems.models import ActionItem
from tests.deliveries import deliver, receivers
from tests.factories import make_action_item, make_incident, make_service, make_team, make_user

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def owner() -> User:
    return make_user("Olu", email="olu@example.org")


@pytest.fixture
def lead() -> User:
    return make_user("Lea", email="lea@example.org")


@pytest.fixture
def incident(lead: User) -> Incident:
    team = make_team("Storefront", team_lead=lead, deputy=make_user("Dan", email="dan@example.org"))
    return make_incident(title="Blank page", status=Status.RESOLVED, team=team)


def item_due(incident: Incident, owner: User | None, days: int, text: str = "Add a probe", **fields: Any) -> ActionItem:
    due = (MONDAY + days * DAY).date()
    return make_action_item(incident, text, owner=owner, due_on=due, **fields)


def mails(monkeypatch: pytest.MonkeyPatch, at: dt.datetime) -> list[Any]:
    """What leaves when a worker looks at this moment."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    reminders.remind(at)
    return deliver(at)


def told_on(monkeypatch: pytest.MonkeyPatch, whose: str, days: range) -> list[int]:
    """On which of these days, counted from Monday, this person gets a mail."""
    return [day for day in days if whose in receivers(mails(monkeypatch, MONDAY + day * DAY))]


def test_the_days_on_which_somebody_is_reminded():
    due = dt.date(2026, 3, 20)
    assert [latest_step(due, due + day * DAY) for day in (-8, -7, -1, 0, 6, 7, 13, 14)] == [
        None,
        *(due - 7 * DAY, due - 7 * DAY, due, due, due + 7 * DAY, due + 7 * DAY, due + 14 * DAY),
    ]


def test_a_week_before_on_the_day_and_each_week_after_besides_the_mail_of_the_week(monkeypatch, incident, owner):
    # Due on a Thursday: the mail of the week comes on Mondays, until then and after.
    item_due(incident, owner, 17)
    assert told_on(monkeypatch, "olu", range(33)) == [0, 7, 10, 14, 17, 21, 24, 28, 31]


def test_what_falls_on_a_weekend_is_told_on_monday_and_only_once_a_day(monkeypatch, incident, owner):
    for text, days in (("Saturday", 12), ("Sunday", 13), ("Monday", 14)):
        item_due(incident, owner, days, text)
    assert told_on(monkeypatch, "olu", range(4, 8)) == [4, 7]
    again = MONDAY + 7 * DAY
    assert mails(monkeypatch, again + HOUR) == []
    assert mails(monkeypatch, again + 6 * HOUR) == []


def test_a_worker_that_was_away_for_days_catches_up_once(monkeypatch, incident, owner):
    item_due(incident, owner, 1)
    assert len(mails(monkeypatch, MONDAY)) == 1
    # Tuesday, when it was due, nobody looked.
    (sent,) = mails(monkeypatch, MONDAY + 3 * DAY)
    assert "was due 3 Mar 2026" in sent.body
    assert mails(monkeypatch, MONDAY + 4 * DAY) == []


def test_a_worker_that_dies_before_it_has_noted_anything_writes_the_same_mail(monkeypatch, incident, owner):
    item = item_due(incident, owner, 0)

    def dies(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(reminders, "_note", dies)
        with pytest.raises(KeyboardInterrupt):
            reminders.remind(MONDAY)
    assert OutboxMessage.objects.count() == 0
    reminders.remind(MONDAY)
    ActionItem.objects.filter(pk=item.pk).update(reminded_on=None)
    reminders.remind(MONDAY)
    assert OutboxMessage.objects.count() == 1


def test_a_moved_date_and_a_new_owner_begin_anew(monkeypatch, incident, owner):
    new = make_user("Nia", email="nia@example.org")
    item = item_due(incident, owner, 1)
    mails(monkeypatch, MONDAY)
    content = action_items.ActionContent(text=item.text, owner=new, due_on=item.due_on)
    item.refresh_from_db()
    action_items.edit(actor=Actor.person(owner), item=item, content=content, now=MONDAY)
    assert receivers(mails(monkeypatch, MONDAY + HOUR)) == ["nia"]


def test_the_owner_is_asked_for_90_days_and_then_the_team_lead(monkeypatch, incident, owner, lead):
    item_due(incident, owner, -90)
    # The mail of the week, in which the owner still finds it.
    (sent,) = mails(monkeypatch, MONDAY)
    assert sent.to == ["olu@example.org"]
    (sent,) = mails(monkeypatch, MONDAY + DAY)
    assert sent.to == ["lea@example.org"]
    assert "Of your team, and nobody is at it" in sent.body
    assert "with Olu" in sent.body
    assert told_on(monkeypatch, "olu", range(2, 14)) == [7]
    assert told_on(monkeypatch, "lea", range(14, 27)) == [14, 15, 21, 22]


@pytest.mark.parametrize("gone", ["disabled", "no role", "sees it no more", "nobody"])
def test_where_the_owner_cannot_do_it_the_team_lead_hears_at_once(monkeypatch, incident, owner, gone):
    item = item_due(incident, None if gone == "nobody" else owner, -8)
    if gone == "disabled":
        people.disable(actor=Actor.person(make_user(role=Role.ADMIN)), person=owner, now=MONDAY)
    elif gone == "no role":
        User.objects.filter(pk=owner.pk).update(role="")
    elif gone == "sees it no more":
        Incident.objects.filter(pk=incident.pk).update(is_private=True)
    assert receivers(mails(monkeypatch, MONDAY)) == ["lea"]
    item.refresh_from_db()
    assert item.reminded_on == MONDAY.date()


def test_without_a_team_lead_it_is_the_deputy_and_without_one_the_admins(monkeypatch, incident, owner, lead):
    admin = make_user("Adi", role=Role.ADMIN, email="adi@example.org")
    item_due(incident, owner, -100)
    User.objects.filter(pk=lead.pk).update(is_active=False)
    assert "dan" in receivers(mails(monkeypatch, MONDAY))
    User.objects.filter(name="Dan").update(role=Role.READER)
    sent = mails(monkeypatch, MONDAY + 7 * DAY)
    assert receivers(sent) == ["adi", "olu"]
    assert admin.is_admin


def test_the_lead_of_the_owning_team_of_a_service_where_the_incident_has_no_team(monkeypatch, owner, lead):
    service = make_service(team=make_team(team_lead=lead))
    item_due(make_incident(status=Status.RESOLVED, services=[service]), None, 0)
    assert receivers(mails(monkeypatch, MONDAY)) == ["lea"]


def test_a_lead_who_lets_it_lie_is_not_asked_about_themselves(monkeypatch, incident, lead):
    item_due(incident, lead, -100)
    assert receivers(mails(monkeypatch, MONDAY)) == ["dan", "lea"]


def test_whoever_verifies_hears_at_once_and_when_a_week_is_over(monkeypatch, incident, owner, lead):
    verifier = make_user("Vic", email="vic@example.org")
    item = item_due(incident, owner, 5, verifier=verifier, needs_verification=True)
    mails(monkeypatch, MONDAY)
    done: Any = {"verb": ActionVerb.FINISH, "evidence": "See the probe"}
    action_items.advance(actor=Actor.person(owner), item=item, now=MONDAY + 2 * DAY, **done)
    (sent,) = mails(monkeypatch, MONDAY + 2 * DAY)
    assert sent.to == ["vic@example.org"]
    assert "Yours to verify" in sent.body
    assert told_on(monkeypatch, "vic", range(3, 17)) == [7, 9, 14, 16]
    assert "lea" in receivers(mails(monkeypatch, MONDAY + (2 + 7 + 91) * DAY))
    seen: Any = {"verb": ActionVerb.VERIFY, "evidence": "It rings"}
    item.refresh_from_db()
    action_items.advance(actor=Actor.person(verifier), item=item, now=MONDAY, **seen)
    assert mails(monkeypatch, MONDAY + 120 * DAY) == []


def test_where_nobody_verifies_the_lead_is_to_name_somebody(monkeypatch, incident, owner):
    item_due(incident, owner, 0, status="done", needs_verification=True, done_at=MONDAY - HOUR, evidence="x")
    (sent,) = mails(monkeypatch, MONDAY)
    assert sent.to == ["lea@example.org"]
    assert "with nobody" in sent.body


def test_whoever_is_muted_hears_when_they_are_back(monkeypatch, incident, owner):
    item_due(incident, owner, 1)
    User.objects.filter(pk=owner.pk).update(muted_until=MONDAY + DAY)
    assert told_on(monkeypatch, "olu", range(4)) == [1]


def test_at_the_moment_of_sending_it_is_asked_again_who_may_see_what(monkeypatch, incident, owner):
    item_due(incident, owner, 0, "Canary work")
    open_one = make_incident(status=Status.RESOLVED)
    item_due(open_one, owner, 0, "Open work")
    reminders.remind(MONDAY)
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    monkeypatch.setattr("django.utils.timezone.now", lambda: MONDAY)
    (sent,) = deliver(MONDAY)
    assert "Open work" in sent.body
    assert "Canary" not in sent.body
    IncidentMember.objects.create(incident=incident, user=owner)
    (sent,) = [each for each in mails(monkeypatch, MONDAY + DAY * 7) if each.to == ["olu@example.org"]]
    assert "Canary work" in sent.body


@pytest.mark.parametrize("fields", [{"is_example": True, "series": "DRILL"}, {"is_synthetic": True}])
def test_nobody_is_reminded_of_the_example_or_of_synthetic_rows(monkeypatch, owner, fields):
    item_due(make_incident(status=Status.RESOLVED, **fields), owner, 0)
    assert mails(monkeypatch, MONDAY) == []
    item_due(make_incident(status=Status.RESOLVED), owner, 0)
    assert receivers(mails(monkeypatch, MONDAY)) == ["olu"]


def test_it_takes_as_many_queries_for_twenty_people_as_for_two(incident):
    counts = []
    make_user(role=Role.ADMIN)
    for number in (2, 18):
        for _each in range(number):
            item_due(incident, make_user(), 0)
            item_due(incident, make_user(), -95)
            item_due(make_incident(status=Status.RESOLVED), None, 0)
        OutboxMessage.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            reminders.remind(MONDAY)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[1] <= 12
    assert OutboxMessage.objects.count() == 42


def test_nothing_is_looked_up_while_others_cannot_write(incident, owner):
    item_due(incident, owner, 0)
    with CaptureQueriesContext(connection) as asked:
        reminders.remind(MONDAY)
    begun = [query["sql"].startswith("SAVEPOINT") for query in asked].index(True)
    assert any("actionitem" in query["sql"] for query in asked.captured_queries[:begun])
    assert not [query["sql"] for query in asked.captured_queries[begun:] if query["sql"].startswith("SELECT")]
    assert OutboxMessage.objects.count() == 1
