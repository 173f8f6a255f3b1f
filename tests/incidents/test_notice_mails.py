"""Every kind of mail in text and HTML: what it says, with the date and zone of each moment; and the weekly reminder."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from incidents.enums import IncidentEvent, IncidentKind, MessageState, NoticeKind, Role, RollCallEnd, Severity, Status
from incidents.models import Incident, NoticePreference, OutboxMessage, RollCall, RollCallAnswer, Subscription, User
from incidents.notifications import calls, content, reminders, rules
from incidents.permissions import Actor
from tests.deliveries import deliver, receivers
from tests.factories import make_action_item, make_incident, make_service, make_team, make_user

NOW = dt.datetime(2026, 1, 6, 10, 0, tzinfo=dt.UTC)  # a Tuesday
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
HOSTILE = '<script>alert(1)</script> & "quoted"'

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_ten(monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def ada() -> User:
    return make_user("Ada", Role.RESPONDER, email="ada@example.org", time_zone="Europe/Berlin")


def burning(**fields: Any) -> Incident:
    return make_incident(
        **{"home_zone": "UTC+02:00", "now": NOW, "title": "Blank page", "acknowledged_at": None, **fields}
    )


def the_mail() -> Any:
    (sent,) = deliver(timezone.now())
    return sent


def both(sent: Any) -> list[str]:
    """The text and the HTML of a mail; both are there, and neither shows what a template left out."""
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    for part in (sent.subject, sent.body, html):
        assert "{{" not in part
        assert "{%" not in part
        assert "None" not in part
    return [sent.body, html]


def asked(ada: User, incident: Incident, **fields: Any) -> RollCallAnswer:
    roll_call = RollCall.objects.create(
        incident=incident,
        from_at=NOW - 3 * HOUR,
        to_at=NOW - HOUR,
        asked_by=incident.declared_by or make_user("Bob", Role.RESPONDER),
        note="Only the banner fails",
        **fields,
    )
    return RollCallAnswer.objects.create(roll_call=roll_call, person=ada)


def test_a_roll_call_says_who_asks_for_which_window_and_has_its_link(ada):
    answer = asked(ada, burning())
    rules.roll_call_opened(answer=answer, url="https://n.example.org/roll-call/abc/", now=NOW)
    sent = the_mail()
    assert sent.subject == f"Did something of yours go live? {answer.incident.reference}: Blank page"
    for part in both(sent):
        assert "Bob asks" in part
        assert "between 6 Jan 2026, 09:00 (GMT+2) and 6 Jan 2026, 11:00 (GMT+2)" in part
        assert "https://n.example.org/roll-call/abc/" in part
        assert "Only the banner fails" in part
    assert "List-Unsubscribe" not in sent.extra_headers


def test_a_roll_call_on_a_private_incident_says_that_one_signs_in_and_others_that_one_need_not(ada):
    for incident, words in (
        (burning(), "no sign-in is needed"),
        (burning(declared_by=ada, is_private=True), "once you have signed in"),
    ):
        rules.roll_call_opened(answer=asked(ada, incident), url="https://n.example.org/x/", now=NOW)
        (sent,) = deliver(NOW)
        assert words in sent.body


def test_a_roll_call_is_asked_once_and_not_of_who_has_answered_or_when_it_has_ended(ada):
    bob = make_user("Bob")
    first, second = asked(ada, burning(declared_by=bob)), asked(ada, burning(declared_by=bob))
    for answer in (first, first, second):
        rules.roll_call_opened(answer=answer, url="https://n.example.org/x/", now=NOW)
    assert OutboxMessage.objects.count() == 2
    RollCallAnswer.objects.filter(pk=first.pk).update(answer="nothing", answered_at=NOW)
    RollCall.objects.filter(pk=second.roll_call_id).update(ended_at=NOW, end=RollCallEnd.FOUND)
    assert deliver(NOW) == []
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {MessageState.CANCELLED}


def test_a_roll_call_reaches_whoever_is_muted_but_nobody_without_an_address(ada):
    User.objects.filter(pk=ada.pk).update(muted_until=NOW + HOUR)
    for person in (ada, make_user(email=None)):
        answer = asked(person, burning(declared_by=ada))
        rules.roll_call_opened(answer=answer, url="https://n.example.org/x/", now=NOW)
    assert receivers(deliver(NOW)) == ["ada"]


def test_a_roll_call_of_a_drill_says_so(ada):
    incident = burning(kind=IncidentKind.DRILL)
    rules.roll_call_opened(answer=asked(ada, incident), url="https://n.example.org/x/", now=NOW)
    assert the_mail().subject.startswith("Drill: ")


def test_the_end_of_a_roll_call_says_that_nothing_is_left_to_do(ada):
    answer = asked(ada, burning(), ended_at=NOW, end=RollCallEnd.FOUND)
    rules.roll_call_ended(answer=answer, now=NOW)
    sent = the_mail()
    assert sent.subject == f"Nothing left to do: {answer.incident.reference}"
    for part in both(sent):
        assert "you need not look any more" in part
        assert "The cause is found." in part


def test_the_nudge_names_when_the_update_is_due_and_comes_once_for_each_time(ada):
    incident = burning(incident_lead=ada, acknowledged_at=NOW, next_update_due_at=NOW + 5 * MINUTE)
    for _twice in range(2):
        rules.update_nudge(incident=incident, now=NOW)
    sent = the_mail()
    assert sent.subject == f"An update of {incident.reference} is due: 6 Jan 2026, 12:05 (GMT+2)"
    assert all("expect an update at 6 Jan 2026, 12:05 (GMT+2)" in part for part in both(sent))


@pytest.mark.parametrize(
    "change",
    [{"incident_lead": None}, {"next_update_due_at": None}, {"status": Status.RESOLVED}],
)
def test_no_nudge_where_it_is_no_longer_theirs_no_longer_due_or_over(ada, change):
    incident = burning(incident_lead=ada, acknowledged_at=NOW, next_update_due_at=NOW + 5 * MINUTE)
    rules.update_nudge(incident=incident, now=NOW)
    Incident.objects.filter(pk=incident.pk).update(**change)
    assert deliver(NOW) == []


def test_nobody_is_nudged_on_an_incident_without_a_lead_or_in_a_drill(ada):
    for incident in (
        burning(next_update_due_at=NOW),
        burning(next_update_due_at=NOW, incident_lead=ada, kind=IncidentKind.DRILL),
    ):
        rules.update_nudge(incident=incident, now=NOW)
    assert not OutboxMessage.objects.exists()


def test_a_call_names_the_incident_the_reporter_and_their_phone():
    ada = make_user("Ada", email="ada@example.org")
    reporter = make_user("Rob", Role.READER, phone="+49 30 99")
    incident = burning(services=[make_service("Shop", team=make_team(team_lead=ada))], declared_by=reporter)
    incident.impacts.create(what="no pages", scope=30)
    calls.begin(incident, now=NOW)
    for part in both(the_mail()):
        for said in ("Shop", "30 % no pages", "6 Jan 2026, 11:05 (GMT+2)", "Rob", "+49 30 99", "nobody yet"):
            assert said in part


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV2])
def test_news_of_an_opened_incident_render(ada, severity):
    service = make_service("Shop")
    Subscription.objects.create(user=ada, service=service)
    incident = burning(services=[service], severity=severity)
    rules.incident_changed(incident=incident, kind=IncidentEvent.OPENED, now=NOW)
    sent = the_mail()
    assert incident.reference in sent.subject
    assert all("Blank page" in part for part in both(sent))


def test_text_of_people_is_text_in_html_and_one_line_in_the_subject(ada):
    service = make_service("Shop <b>", team=make_team(team_lead=ada))
    incident = burning(title=HOSTILE, services=[service])
    incident.impacts.create(what=HOSTILE)
    calls.begin(incident, now=NOW)
    sent = the_mail()
    text, html = both(sent)
    assert "<script>" not in html
    assert "Shop <b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
    assert HOSTILE in text
    assert HOSTILE in sent.subject


def test_every_kind_that_has_content_has_its_three_templates():
    from django.template.loader import get_template

    for kind in content.MORE:
        for suffix in ("subject.txt", "txt", "html"):
            assert get_template(f"email/{kind}.{suffix}") is not None
    assert len(content.MORE) >= 8


# The weekly reminder


def test_whoever_has_action_items_left_gets_one_mail_a_week_overdue_first(ada):
    incident = burning(status=Status.CLOSED)
    make_action_item(incident, "Build a sandbox", owner=ada, due_on=NOW.date() + dt.timedelta(days=29))
    make_action_item(incident, "Add an alert", owner=ada, due_on=NOW.date() - dt.timedelta(days=3))
    make_action_item(incident, "Somebody's", owner=make_user("Bob"))
    make_action_item(incident, "Finished", owner=ada, status="done", evidence="https://x.example.org")
    for minutes in (0, 15, 60, 60 * 24):
        reminders.remind(NOW + minutes * MINUTE)
    (sent,) = [each for each in deliver(NOW) if each.to == ["ada@example.org"]]
    assert sent.subject == "1 action item that waits for you is overdue"
    for part in both(sent):
        assert part.index("Add an alert") < part.index("Build a sandbox")
        assert "was due 3 Jan 2026" in part
        assert "due 4 Feb 2026" in part
        assert "/actions/A-1/" in part
        assert "Finished" not in part
        assert "Somebody" not in part
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    reminders.remind(NOW + 7 * 24 * HOUR)
    assert OutboxMessage.objects.filter(person=ada).count() == 2


@pytest.mark.parametrize(
    ("now", "comes"),
    [
        (dt.datetime(2026, 1, 6, 7, 59, tzinfo=dt.UTC), False),  # 08:59 in Berlin
        (dt.datetime(2026, 1, 6, 8, 0, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 1, 6, 15, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 1, 6, 16, 0, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 1, 10, 10, 0, tzinfo=dt.UTC), False),  # Saturday
        (dt.datetime(2026, 1, 11, 10, 0, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 1, 12, 10, 0, tzinfo=dt.UTC), True),
    ],
)
def test_it_comes_in_working_hours_of_the_own_zone(ada, now, comes):
    make_action_item(burning(status=Status.CLOSED), owner=ada)
    reminders.remind(now)
    assert OutboxMessage.objects.exists() is comes


def test_it_does_not_come_to_who_has_nothing_left_muted_it_or_does_not_want_it(ada):
    incident = burning(status=Status.CLOSED)
    items = [make_action_item(incident, owner=person) for person in (ada, make_user("Mia"), make_user("Nora"))]
    reminders.remind(NOW)
    items[0].status = "done"
    items[0].save()
    User.objects.filter(name="Mia").update(muted_until=NOW + HOUR)
    NoticePreference.objects.create(person=User.objects.get(name="Nora"), kind=NoticeKind.ACTION_ITEMS, wanted=False)
    assert deliver(NOW) == []
    reminders.remind(NOW + 7 * 24 * HOUR)
    assert list(OutboxMessage.objects.filter(state="pending").values_list("person__name", flat=True)) == ["Mia"]
    OutboxMessage.objects.filter(state="pending").delete()
    why = dict(OutboxMessage.objects.values_list("person__name", "last_error"))
    assert why == {
        "Ada": "Nothing is left to do.",
        "Mia": "Muted by the person.",
        "Nora": "Not wanted by the person.",
    }


def test_items_of_incidents_that_one_may_not_see_are_not_in_it(ada):
    make_action_item(burning(status=Status.CLOSED), "Open to all", owner=ada)
    make_action_item(burning(status=Status.CLOSED, is_private=True), "Secret canary", owner=ada)
    reminders.remind(NOW)
    sent = the_mail()
    assert all("Open to all" in part and "canary" not in part for part in both(sent))


def test_reminding_asks_no_more_for_twenty_people_than_for_two(django_assert_max_num_queries):
    incident = burning(status=Status.CLOSED)
    for _each in range(20):
        make_action_item(incident, owner=make_user())
    with django_assert_max_num_queries(7):
        reminders.remind(NOW)
    assert OutboxMessage.objects.count() == 20


def test_whoever_acts_is_told_nothing_by_their_own_rules(ada):
    Subscription.objects.create(user=ada, severity=Severity.SEV2)
    rules.incident_changed(incident=burning(), kind=IncidentEvent.RESOLVED, now=NOW, actor=Actor.person(ada))
    assert deliver(NOW + MINUTE) == []
