"""Who hears of what: followers, teams, everybody of a SEV1; one mail in half an hour; asked again when it is sent."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from incidents.domain import callouts, declaration, details, following, lifecycle, privacy, timeline, updates
from incidents.domain.declaration import NewIncident
from incidents.domain.lifecycle import Verb
from incidents.domain.timeline import EventContent
from incidents.enums import (
    CancelReason,
    IncidentEvent,
    IncidentKind,
    MessageState,
    NextUpdate,
    NoticeKind,
    Role,
    Severity,
    TimelineKind,
    UpdateAudience,
)
from incidents.models import Incident, NoticePreference, OutboxMessage, Service, Subscription, User
from incidents.notifications import fan_out, news, rules
from incidents.notifications.delivery import claim
from incidents.notifications.fan_out import FanOut
from incidents.notifications.people import spread
from incidents.permissions import Actor
from tests.deliveries import deliver, receivers
from tests.factories import make_incident, make_service, make_team, make_user

NOW = dt.datetime(2026, 1, 6, 1, 33, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)

pytestmark = pytest.mark.django_db


def person(name: str, role: str = Role.READER, **fields: Any) -> User:
    return make_user(name, role, email=f"{name.lower()}@example.org", **fields)


@pytest.fixture
def ada() -> User:
    """The team lead: called, and so without a mail of the same thing."""
    return person("Ada", Role.RESPONDER)


@pytest.fixture
def eve() -> User:
    """Does things, and hears nothing of them."""
    return person("Eve", Role.EDITOR)


@pytest.fixture
def shop(ada) -> Service:
    return make_service("Shop", team=make_team("Shop team", team_lead=ada))


@pytest.fixture
def incident(shop, eve) -> Incident:
    """Declared long enough ago that all mails of that are out."""
    made = opened(shop, eve)
    deliver(NOW)
    return made


def opened(shop: Service, eve: User, **known: Any) -> Incident:
    new = NewIncident(
        title="Blank front page",
        home_zone="UTC+02:00",
        services=[shop],
        client_id=uuid.uuid4(),
        **{"severity": Severity.SEV2, **known},
    )
    return declaration.declare(actor=Actor.person(eve), new=new, now=NOW)


def follow(follower: User, *, on: Incident | Service | Severity) -> None:
    field = {Incident: "incident", Service: "service", Severity: "severity"}[type(on)]
    Subscription.objects.create(user=follower, **{field: on})


def advance(incident: Incident, verb: Verb, by: User, at: dt.datetime) -> None:
    lifecycle.advance(actor=Actor.person(by), incident=incident, verb=verb, now=at)


def tell(incident: Incident, by: User, text: str, at: dt.datetime, **more: Any) -> Any:
    return updates.write(
        actor=Actor.person(by), incident=incident, text=text, now=at, next_update=NextUpdate.NONE, **more
    )


# Who hears of it


def test_readers_who_follow_nothing_hear_nothing_but_of_a_sev1_opened_and_resolved(shop, eve):
    person("Rita")
    quiet = opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada"]
    grave = opened(shop, eve, severity=Severity.SEV1)
    assert receivers(deliver(NOW)) == ["ada", "rita"]
    for each, expected in ((quiet, ["ada"]), (grave, ["ada", "rita"])):
        tell(each, eve, "We look", NOW + MINUTE)
        assert "rita" not in receivers(deliver(NOW + 2 * MINUTE))
        advance(each, Verb.RESOLVE, eve, NOW + 3 * MINUTE)
        assert receivers(deliver(NOW + 4 * MINUTE)) == expected
        assert each.is_open is False


def test_raising_it_to_sev1_tells_as_opening_one_does_and_lowering_tells_nobody_who_does_not_follow(incident, eve):
    person("Rita")
    actor = Actor.person(eve)
    details.set_severity(actor=actor, incident=incident, severity=Severity.SEV1, now=NOW + MINUTE)
    (told,) = [each for each in deliver(NOW + MINUTE) if each.to == ["rita@example.org"]]
    assert told.subject.startswith("SEV1, INC-")
    details.set_severity(actor=actor, incident=incident, severity=Severity.SEV3, now=NOW + 2 * MINUTE)
    assert "rita" not in receivers(deliver(NOW + 60 * MINUTE))


def test_following_an_incident_tells_of_everything_that_happens_to_it(incident, eve, ada):
    rita = person("Rita")
    follow(rita, on=incident)
    actor = Actor.person(eve)
    told = []
    happens: list[Callable[[dt.datetime], object]] = [
        lambda at: callouts.take(actor=Actor.person(ada), incident=incident, now=at),
        lambda at: tell(incident, eve, "We look", at),
        lambda at: advance(incident, Verb.RESOLVE, eve, at),
        lambda at: lifecycle.reopen(actor=actor, incident=incident, reason="Again", now=at),
        lambda at: lifecycle.cancel(actor=actor, incident=incident, reason=CancelReason.FALSE_ALARM, now=at),
    ]
    for hour, act in enumerate(happens, 1):
        act(NOW + 60 * hour * MINUTE)
        sent = deliver(NOW + (60 * hour + 1) * MINUTE)
        told += [each.subject for each in sent if each.to == ["rita@example.org"]]
    assert [subject.split(":")[0].split()[1] for subject in told] == [
        "Investigating",
        "Investigating",
        "Resolved",
        "Investigating",
        "Cancelled",
    ]


def test_following_a_service_or_a_severity_tells_of_what_opens_and_goes_on_there(shop, eve):
    follow(person("Sid"), on=shop)
    follow(person("Tom"), on=Severity.SEV2)
    follow(person("Una"), on=Severity.SEV3)
    follow(person("Vic"), on=make_service("Other"))
    made = opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada", "sid", "tom"]
    advance(made, Verb.RESOLVE, eve, NOW + 60 * MINUTE)
    assert {"sid", "tom"} <= set(receivers(deliver(NOW + 61 * MINUTE)))


def test_a_severity_that_changes_tells_followers_of_both(incident, eve):
    follow(person("Tom"), on=Severity.SEV2)
    follow(person("Una"), on=Severity.SEV3)
    details.set_severity(actor=Actor.person(eve), incident=incident, severity=Severity.SEV3, now=NOW + 40 * MINUTE)
    assert {"tom", "una"} <= set(receivers(deliver(NOW + 41 * MINUTE)))


def test_members_of_a_team_hear_of_its_incidents_unless_they_only_read_or_do_not_want_it(shop, eve):
    mia, rob, nora = person("Mia", Role.RESPONDER), person("Rob"), person("Nora", Role.RESPONDER)
    shop.team.members.add(mia, rob, nora)
    NoticePreference.objects.create(person=nora, kind=NoticeKind.TEAM, wanted=False)
    opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada", "mia"]
    NoticePreference.objects.create(person=rob, kind=NoticeKind.TEAM, wanted=True)
    opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada", "mia", "rob"]


def test_whoever_did_it_and_whoever_is_called_in_the_same_moment_get_no_second_mail(shop, eve, ada):
    follow(eve, on=shop)
    follow(ada, on=shop)
    made = opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada"]
    advance(made, Verb.RESOLVE, ada, NOW + 60 * MINUTE)
    assert receivers(deliver(NOW + 61 * MINUTE)) == ["eve"]


def test_several_reasons_make_one_mail_that_names_what_one_chose_oneself(shop, eve):
    mia = person("Mia", Role.RESPONDER)
    shop.team.members.add(mia)
    follow(mia, on=shop)
    follow(mia, on=Severity.SEV1)
    opened(shop, eve, severity=Severity.SEV1)
    (told,) = [each for each in deliver(NOW) if each.to == ["mia@example.org"]]
    assert "because you follow" in told.body


@pytest.mark.parametrize("known", [{"kind": IncidentKind.DRILL}, {"is_example": True}])
def test_of_drills_and_examples_nobody_hears(shop, eve, known):
    follow(person("Sid"), on=shop)
    made = opened(shop, eve, **known)
    advance(made, Verb.RESOLVE, eve, NOW + MINUTE)
    assert not OutboxMessage.objects.exists()


def test_a_near_miss_tells_nobody_until_it_is_promoted(shop, eve):
    follow(person("Sid"), on=shop)
    new = NewIncident(title="Nearly", home_zone="UTC", services=[shop], kind=IncidentKind.NEAR_MISS)
    near_miss = declaration.record_near_miss(actor=Actor.person(eve), new=new, now=NOW)
    assert deliver(NOW) == []
    declaration.promote(actor=Actor.person(eve), incident=near_miss, now=NOW + MINUTE)
    assert receivers(deliver(NOW + MINUTE)) == ["ada", "sid"]


# Private


def test_of_a_private_incident_only_those_hear_who_see_it(shop, eve):
    member, stranger = person("Mem"), person("Str")
    for each in (member, stranger):
        follow(each, on=shop)
    opened(shop, eve, severity=Severity.SEV1, is_private=True, members=[member])
    assert receivers(deliver(NOW)) == ["ada", "mem"]


def test_whoever_lost_the_sight_of_it_between_writing_and_sending_gets_nothing_and_the_log_says_why(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    advance(incident, Verb.RESOLVE, eve, NOW + 60 * MINUTE)
    deliver(NOW + 60 * MINUTE)
    waiting = OutboxMessage.objects.get(person=rita)
    assert waiting.state == MessageState.PENDING
    privacy.make_private(actor=Actor.person(eve), incident=incident, members=[], now=NOW + 60 * MINUTE)
    assert "rita" not in receivers(deliver(NOW + 61 * MINUTE))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_error) == (MessageState.CANCELLED, "They may not see the incident.")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, "The account is disabled."),
        ({"email": None}, "The account has no e-mail address."),
        ({"role": ""}, "They may not see the incident."),
        ({"muted_until": NOW + 120 * MINUTE}, "Muted by the person."),
    ],
)
def test_what_changed_on_the_account_in_between_counts(incident, eve, change, reason):
    rita = person("Rita")
    follow(rita, on=incident)
    advance(incident, Verb.RESOLVE, eve, NOW + 60 * MINUTE)
    deliver(NOW + 60 * MINUTE)
    User.objects.filter(pk=rita.pk).update(**change)
    deliver(NOW + 61 * MINUTE)
    waiting = OutboxMessage.objects.get(person=rita)
    assert (waiting.state, waiting.last_error) == (MessageState.CANCELLED, reason)


def test_who_unfollows_or_switches_off_in_between_gets_nothing(incident, eve):
    rita, rolf = person("Rita"), person("Rolf")
    for each in (rita, rolf):
        follow(each, on=incident)
    advance(incident, Verb.RESOLVE, eve, NOW + 60 * MINUTE)
    deliver(NOW + 60 * MINUTE)
    following.set_following(actor=Actor.person(rita), incident=incident, following=False, now=NOW)
    NoticePreference.objects.create(person=rolf, kind=NoticeKind.FOLLOWED, wanted=False)
    assert not {"rita", "rolf"} & set(receivers(deliver(NOW + 61 * MINUTE)))
    reasons = set(OutboxMessage.objects.filter(person__in=[rita, rolf]).values_list("last_error", flat=True))
    assert reasons == {"No longer followed.", "Not wanted by the person."}


def test_a_mute_does_not_hold_back_what_is_addressed_to_one_person(shop, eve, ada):
    User.objects.filter(pk=ada.pk).update(muted_until=NOW + 600 * MINUTE)
    opened(shop, eve)
    assert receivers(deliver(NOW)) == ["ada"]


def test_a_sev1_that_is_over_before_its_mail_left_tells_nobody(shop, eve):
    rita = person("Rita")
    made = opened(shop, eve, severity=Severity.SEV1)
    fan_out = OutboxMessage.objects.get(channel="fan-out")
    (claimed,) = claim(at=NOW, owner="x", by=["fan-out"])
    assert claimed == fan_out
    FanOut().deliver(claimed)
    lifecycle.cancel(actor=Actor.person(eve), incident=made, reason=CancelReason.FALSE_ALARM, now=NOW + SECOND)
    deliver(NOW + SECOND)
    assert OutboxMessage.objects.get(person=rita).last_error == "The incident is over."


# One mail in half an hour


def test_what_happens_in_half_an_hour_comes_in_one_mail(incident, eve, ada):
    rita = person("Rita")
    follow(rita, on=incident)
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW + 40 * MINUTE)
    (first,) = [each for each in deliver(NOW + 41 * MINUTE) if each.to == ["rita@example.org"]]
    assert "Acknowledged: Ada has it." in first.body
    tell(incident, eve, "We roll back", NOW + 45 * MINUTE)
    advance(incident, Verb.MONITOR, eve, NOW + 50 * MINUTE)
    advance(incident, Verb.RESOLVE, eve, NOW + 55 * MINUTE)
    assert "rita" not in receivers(deliver(NOW + 56 * MINUTE))
    assert "rita" not in receivers(deliver(NOW + 70 * MINUTE))
    (second,) = [each for each in deliver(NOW + 72 * MINUTE) if each.to == ["rita@example.org"]]
    for said in ("We roll back", "Status: Investigating → Monitoring.", "Status: Monitoring → Resolved."):
        assert said in second.body
        assert said in second.alternatives[0][0]
    assert "Acknowledged" not in second.body
    assert deliver(NOW + 200 * MINUTE) == []
    states = list(OutboxMessage.objects.filter(person=rita).order_by("id").values_list("state", flat=True))
    assert states == ["done", "done", "cancelled"]


def test_what_settles_in_half_a_minute_is_told_as_it_ends(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    actor = Actor.person(eve)
    for seconds, severity in ((0, Severity.SEV3), (10, Severity.SEV4)):
        at = NOW + 60 * MINUTE + seconds * SECOND
        details.set_severity(actor=actor, incident=incident, severity=severity, now=at)
    assert "rita" not in receivers(deliver(NOW + 60 * MINUTE + 20 * SECOND))
    told = [each for each in deliver(NOW + 61 * MINUTE) if each.to == ["rita@example.org"]]
    assert len(told) == 1
    assert "SEV4" in told[0].body


def test_a_mail_that_failed_takes_its_news_along_when_it_leaves_later(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    for minutes, severity in ((60, Severity.SEV3), (61, Severity.SEV4)):
        details.set_severity(actor=Actor.person(eve), incident=incident, severity=severity, now=NOW + minutes * MINUTE)
    spread_to_rita(NOW + 61 * MINUTE)
    (carrier,) = claim(at=NOW + 62 * MINUTE, owner="dying", by=["mail"])
    news.gather(carrier, at=NOW + 62 * MINUTE)
    assert [message.state for message in OutboxMessage.objects.filter(person=rita).order_by("id")] == [
        "pending",
        "cancelled",
    ]
    (told,) = deliver(NOW + 66 * MINUTE)
    assert "Severity: SEV2 → SEV3." in told.body
    assert "Severity: SEV3 → SEV4." in told.body


def test_a_later_message_that_is_sent_first_tells_what_the_earlier_one_would_have(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    for minutes, severity in ((60, Severity.SEV3), (61, Severity.SEV4)):
        details.set_severity(actor=Actor.person(eve), incident=incident, severity=severity, now=NOW + minutes * MINUTE)
    spread_to_rita(NOW + 61 * MINUTE)
    # The earlier one failed once, and waits for its next try.
    earlier = OutboxMessage.objects.filter(person=rita).earliest("id")
    OutboxMessage.objects.filter(pk=earlier.pk).update(run_at=NOW + 90 * MINUTE)
    (told,) = deliver(NOW + 62 * MINUTE)
    assert "Severity: SEV2 → SEV3." in told.body
    assert "Severity: SEV3 → SEV4." in told.body
    assert deliver(NOW + 200 * MINUTE) == []


def test_two_workers_with_two_messages_to_one_person_send_one_after_the_other(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    for severity in (Severity.SEV3, Severity.SEV4):
        details.set_severity(actor=Actor.person(eve), incident=incident, severity=severity, now=NOW + 60 * MINUTE)
    spread_to_rita(NOW + 60 * MINUTE)
    first, second = (
        claim(at=NOW + 61 * MINUTE, owner="a", by=["mail"])[0],
        claim(at=NOW + 61 * MINUTE, owner="b", by=["mail"])[0],
    )
    assert first.pk < second.pk
    with pytest.raises(news.NotYet):
        news.gather(second, at=NOW + 61 * MINUTE)
    news.gather(first, at=NOW + 61 * MINUTE)


def spread_to_rita(at: dt.datetime) -> None:
    """Spread what is due, and leave Rita's mails where they are; those of others are out of the way."""
    for message in claim(at=at, owner="spread", by=["fan-out"], limit=10):
        FanOut().deliver(message)
    OutboxMessage.objects.filter(channel="mail").exclude(person__name="Rita").update(state=MessageState.DONE)


# Updates


def test_an_update_leaves_after_half_a_minute_and_not_before(incident, eve):
    follow(person("Rita"), on=incident)
    tell(incident, eve, "We roll back", NOW + 60 * MINUTE)
    assert deliver(NOW + 60 * MINUTE + 29 * SECOND) == []
    assert receivers(deliver(NOW + 60 * MINUTE + 30 * SECOND)) == ["rita"]


def test_an_update_that_is_cancelled_in_time_is_never_told(incident, eve):
    follow(person("Rita"), on=incident)
    update = tell(incident, eve, "We roll bakc", NOW + 60 * MINUTE)
    updates.cancel(actor=Actor.person(eve), update=update, now=NOW + 60 * MINUTE + 10 * SECOND)
    assert deliver(NOW + 90 * MINUTE) == []
    event = OutboxMessage.objects.get(payload__update=update.pk)
    assert event.state == MessageState.CANCELLED


def test_a_cancelled_update_stands_in_no_later_mail(incident, eve):
    rita = person("Rita")
    follow(rita, on=incident)
    at = NOW + 60 * MINUTE
    details.set_severity(actor=Actor.person(eve), incident=incident, severity=Severity.SEV3, now=at)
    update = tell(incident, eve, "Wrong words", at)
    updates.cancel(actor=Actor.person(eve), update=update, now=at + 10 * SECOND)
    (told,) = [each for each in deliver(at + MINUTE) if each.to == ["rita@example.org"]]
    assert "Severity: SEV2" in told.body
    assert "Wrong words" not in told.body


def test_an_update_that_may_still_be_cancelled_is_in_no_mail_that_leaves_before_it(incident, eve, monkeypatch):
    rita = person("Rita")
    follow(rita, on=incident)
    at = NOW + 60 * MINUTE
    details.set_severity(actor=Actor.person(eve), incident=incident, severity=Severity.SEV3, now=at - 25 * SECOND)
    tell(incident, eve, "Perhaps wrong words", at)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at + 10 * SECOND)
    (told,) = [each for each in deliver(at + 10 * SECOND) if each.to == ["rita@example.org"]]
    assert "Severity: SEV2" in told.body
    assert "Perhaps wrong words" not in told.body
    monkeypatch.setattr("django.utils.timezone.now", lambda: at + 31 * MINUTE)
    (later,) = [each for each in deliver(at + 31 * MINUTE) if each.to == ["rita@example.org"]]
    assert "Perhaps wrong words" in later.body


def test_an_update_for_responders_reaches_no_reader(incident, eve):
    for name, role in (("Rita", Role.READER), ("Mia", Role.RESPONDER)):
        follow(person(name, role), on=incident)
    tell(incident, eve, "Between us", NOW + 60 * MINUTE, audience=UpdateAudience.RESPONDERS)
    assert receivers(deliver(NOW + 61 * MINUTE)) == ["mia"]
    advance(incident, Verb.RESOLVE, eve, NOW + 120 * MINUTE)
    for each in deliver(NOW + 121 * MINUTE):
        assert "Between us" not in each.body


# Written once, with what caused it


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.RESOLVE])
def test_each_change_has_its_row_in_the_same_transaction_and_none_without_it(incident, eve, verb):
    before = OutboxMessage.objects.count()

    def fail() -> None:
        with transaction.atomic():
            advance(incident, verb, eve, NOW + MINUTE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    incident.refresh_from_db()
    assert OutboxMessage.objects.count() == before
    advance(incident, verb, eve, NOW + MINUTE)
    assert OutboxMessage.objects.filter(channel="fan-out").count() == 2
    advance(incident, verb, eve, NOW + MINUTE)
    assert OutboxMessage.objects.filter(channel="fan-out").count() == 2


def test_spreading_an_event_twice_writes_each_mail_once(shop, eve):
    follow(person("Sid"), on=shop)
    opened(shop, eve)
    event = OutboxMessage.objects.get(channel="fan-out")
    FanOut().deliver(event)
    FanOut().deliver(event)
    assert OutboxMessage.objects.filter(person__name="Sid").count() == 1


def test_however_many_follow_an_event_is_one_row_and_one_statement(shop, eve, django_assert_num_queries):
    for number in range(20):
        follow(person(f"F{number}"), on=shop)
    made = make_incident(services=[shop])
    with django_assert_num_queries(1):
        rules.incident_changed(incident=made, kind=IncidentEvent.RESOLVED, now=NOW, actor=Actor.person(eve))


def test_spreading_asks_no_more_for_twenty_followers_than_for_two(shop, eve, django_assert_max_num_queries):
    made = make_incident(services=[shop], severity=Severity.SEV1)
    for number in range(20):
        follow(person(f"F{number}"), on=shop)
    rules.incident_changed(incident=made, kind=IncidentEvent.RESOLVED, now=NOW, actor=Actor.person(eve))
    event = OutboxMessage.objects.select_related("incident").get()
    with django_assert_max_num_queries(6):
        assert len(spread(event)) >= 20


def test_who_hears_is_found_without_passing_other_incidents_of_the_service(shop, eve):
    follow(person("Rita"), on=shop)
    made = make_incident(services=[shop], severity=Severity.SEV1, is_private=True)
    rules.incident_changed(incident=made, kind=IncidentEvent.RESOLVED, now=NOW, actor=Actor.person(eve))
    event = OutboxMessage.objects.select_related("incident").get()
    with CaptureQueriesContext(connection) as queries:
        spread(event)
    assert len(queries) >= 4
    assert [query["sql"] for query in queries if 'JOIN "incidents_incident"' in query["sql"]] == []


@pytest.mark.django_db(transaction=True)
def test_who_hears_is_looked_up_before_the_database_is_held_for_writing(shop, eve, monkeypatch):
    held = []
    make_incident(services=[shop])
    follow(person("Rita"), on=shop)
    opened(shop, eve)

    def watched(event: OutboxMessage) -> list[OutboxMessage]:
        held.append(connection.in_atomic_block)
        return spread(event)

    monkeypatch.setattr(fan_out, "SPREADERS", (watched,))
    assert "rita" in receivers(deliver(NOW))
    assert held == [False]


def test_an_entry_of_the_timeline_tells_nobody(incident, eve):
    follow(person("Rita"), on=incident)
    content = EventContent(text="Looking at logs", kind=TimelineKind.DIAGNOSIS, occurred_at=NOW)
    timeline.add_entries(actor=Actor.person(eve), incident=incident, entries=[content], now=NOW + 60 * MINUTE)
    assert deliver(NOW + 90 * MINUTE) == []
