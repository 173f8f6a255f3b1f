"""Calls: the team lead, then the deputy, then the admins, until somebody has it; never twice, and not for nothing."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.domain import callouts, declaration, details, lifecycle, privacy, roles
from incidents.domain.declaration import NewIncident
from incidents.domain.lifecycle import Verb
from incidents.enums import CallStep, CancelReason, IncidentKind, IncidentRole, MessageState, Role, Severity, Status
from incidents.errors import NotPossible
from incidents.models import Callout, Incident, OutboxMessage, Service, User
from incidents.notifications import calls, notify
from incidents.permissions import Actor
from tests.deliveries import deliver
from tests.factories import make_incident, make_service, make_team, make_token, make_user, sign_in

NOW = dt.datetime(2026, 1, 6, 1, 33, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def calls_in(sent: list[Any]) -> list[Any]:
    """Those of the mails that call somebody."""
    return [message for message in sent if message.subject.endswith("Do you have it?")]


def opened(service: Service | None = None, *, by: User | None = None, at: dt.datetime = NOW, **known: Any) -> Incident:
    """Declared as the page does it, by a responder who is in no team unless somebody else is named."""
    by = by or make_user(role=Role.RESPONDER)
    new = NewIncident(
        title="Blank front page",
        home_zone="UTC+02:00",
        services=[service] if service else [],
        **{"severity": Severity.SEV2, **known},
    )
    return declaration.declare(actor=Actor.person(by), new=new, now=at)


def called(incident: Incident) -> list[tuple[str, str]]:
    return [(callout.person.name, callout.step) for callout in incident.callouts.select_related("person")]


@pytest.fixture
def ada() -> User:
    return make_user("Ada", Role.RESPONDER, email="ada@example.org", phone="+49 30 1234")


@pytest.fixture
def bob() -> User:
    return make_user("Bob", Role.RESPONDER, email="bob@example.org")


@pytest.fixture
def root() -> User:
    return make_user("Root", Role.ADMIN, email="root@example.org")


@pytest.fixture
def shop(ada, bob, root) -> Service:
    return make_service("Shop", team=make_team("Shop team", team_lead=ada, deputy=bob))


# Who is called first


def test_declaring_calls_the_team_lead_of_the_service_in_the_same_transaction(shop):
    incident = opened(shop)
    assert called(incident) == [("Ada", CallStep.TEAM_LEAD)]
    message = incident.callouts.get().message
    assert (message.kind, message.recipient, message.person.name) == ("call", "ada@example.org", "Ada")


def test_a_call_passes_by_the_mails_that_wait(shop):
    for number in range(3):
        notify(kind="test", recipient="x@example.org", payload={}, dedupe_key=f"x:{number}", at=NOW - 5 * MINUTE)
    opened(shop)
    first, *_others = deliver(NOW)
    assert first.to == ["ada@example.org"]


def test_a_declaration_that_fails_calls_nobody(shop):
    def fail() -> None:
        with transaction.atomic():
            opened(shop)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not OutboxMessage.objects.exists()
    assert not Callout.objects.exists()


def test_a_report_calls_as_a_declaration_does(shop):
    reader = make_user(role=Role.READER)
    new = NewIncident(title="Blank", home_zone="UTC", services=[shop])
    incident = declaration.report(actor=Actor.person(reader), new=new, now=NOW)
    assert called(incident) == [("Ada", CallStep.TEAM_LEAD)]


def test_a_promoted_near_miss_calls_and_the_near_miss_did_not(shop):
    responder = Actor.person(make_user())
    new = NewIncident(title="Nearly", home_zone="UTC", services=[shop], kind=IncidentKind.NEAR_MISS)
    near_miss = declaration.record_near_miss(actor=responder, new=new, now=NOW)
    assert called(near_miss) == []
    declaration.promote(actor=responder, incident=near_miss, now=NOW + MINUTE)
    assert called(near_miss) == [("Ada", CallStep.TEAM_LEAD)]


def test_without_a_service_the_default_team_is_called(shop):
    make_team("Everybody", team_lead=make_user("Dee"), is_default=True)
    assert called(opened()) == [("Dee", CallStep.TEAM_LEAD)]
    assert called(opened(shop)) == [("Ada", CallStep.TEAM_LEAD)]


def test_a_service_without_a_team_and_a_team_without_a_lead_fall_back_to_the_default_team(root):
    make_team("Everybody", team_lead=make_user("Dee"), is_default=True)
    assert called(opened(make_service())) == [("Dee", CallStep.TEAM_LEAD)]
    assert called(opened(make_service(team=make_team()))) == [("Dee", CallStep.TEAM_LEAD)]


def test_where_no_team_can_be_reached_the_admins_are_called(root):
    second = make_user("Second", Role.ADMIN)
    assert called(opened()) == [("Root", CallStep.ADMIN), ("Second", CallStep.ADMIN)]
    assert second.name == "Second"


def test_the_team_that_the_incident_has_comes_before_those_of_its_services(shop):
    team = make_team("Night", team_lead=make_user("Nina"))
    assert called(opened(shop, team=team)) == [("Nina", CallStep.TEAM_LEAD)]


def test_two_services_of_two_teams_call_both_leads_and_one_person_once(shop, ada):
    other = make_service(team=make_team(team_lead=make_user("Cleo")))
    third = make_service(team=make_team(team_lead=ada))
    new = NewIncident(title="Blank", home_zone="UTC", services=[shop, other, third])
    incident = declaration.declare(actor=Actor.person(make_user()), new=new, now=NOW)
    assert sorted(name for name, _step in called(incident)) == ["Ada", "Cleo"]


def test_of_two_teams_the_one_without_a_lead_sends_its_deputy_at_once(shop, bob):
    other = make_service(team=make_team(deputy=make_user("Cleo")))
    new = NewIncident(title="Blank", home_zone="UTC", severity=Severity.SEV2, services=[shop, other])
    incident = declaration.declare(actor=Actor.person(make_user()), new=new, now=NOW)
    assert sorted(called(incident)) == [("Ada", CallStep.TEAM_LEAD), ("Cleo", CallStep.DEPUTY)]
    calls.escalate(NOW + 10 * MINUTE)
    assert called(incident)[2:] == [("Bob", CallStep.DEPUTY)]


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": None}, {"role": Role.READER}])
def test_whoever_cannot_come_is_passed_over_for_the_next(shop, ada, change):
    User.objects.filter(pk=ada.pk).update(**change)
    assert called(opened(shop)) == [("Bob", CallStep.DEPUTY)]


@pytest.mark.parametrize(
    "known",
    [{"kind": IncidentKind.DRILL}, {"is_example": True}],
)
def test_drills_and_examples_wake_nobody(shop, known):
    incident = opened(shop, **known)
    assert called(incident) == []
    assert not OutboxMessage.objects.exists()


def test_backfill_and_rows_of_a_benchmark_wake_nobody(shop):
    for incident in (make_incident(kind=IncidentKind.BACKFILL), make_incident(is_synthetic=True)):
        details.set_severity(
            actor=Actor.person(make_user()), incident=incident, severity=Severity.SEV1, now=timezone.now()
        )
    assert not OutboxMessage.objects.exists()


def test_a_private_incident_calls_only_those_who_may_see_it(shop, ada):
    make_team("Everybody", team_lead=make_user("Dee"), is_default=True)
    assert called(opened(shop, is_private=True)) == [("Ada", CallStep.TEAM_LEAD)]
    assert called(opened(is_private=True)) == [("Root", CallStep.ADMIN)]


def test_whoever_declares_gets_no_mail_but_stands_among_the_called(shop, ada):
    incident = opened(shop, by=ada)
    assert called(incident) == [("Ada", CallStep.TEAM_LEAD)]
    assert incident.callouts.get().message is None
    assert calls_in(deliver(NOW)) == []
    calls.escalate(NOW + 10 * MINUTE)
    assert called(incident)[1:] == [("Bob", CallStep.DEPUTY)]


def test_what_a_machine_declares_by_a_token_calls_the_owner_of_the_token_too(shop, ada):
    new = NewIncident(title="Blank", home_zone="UTC", services=[shop])
    declaration.declare(actor=Actor.token(make_token(ada)), new=new, now=NOW)
    assert [message.to[0] for message in calls_in(deliver(NOW))] == ["ada@example.org"]


def test_a_double_click_calls_once(shop):
    client = Client()
    sign_in(client, make_user())
    body = {
        "title": "Blank",
        "services": [shop.pk],
        "severity": "sev2",
        "client_id": "8a7f6a0e-6f0a-4b64-9a11-000000000001",
    }
    address = reverse("incident-new")
    assert client.post(address, body).url == client.post(address, body).url
    assert Callout.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="call").count() == 1


# The mail and its button


def test_the_mail_says_what_burns_and_has_one_button(shop):
    incident = opened(
        shop, severity=Severity.SEV1, impact="30 % of visitors see nothing", impact_started_at=NOW - 3 * MINUTE
    )
    (message,) = [message for message in deliver(NOW) if message.to == ["ada@example.org"]]
    assert message.subject == f"SEV1, {incident.reference}: Blank front page. Do you have it?"
    for part in (message.body, message.alternatives[0][0]):
        assert f"/incidents/{incident.reference}/have-it/" in part
        assert "You are called as team lead." in part
        assert "6 Jan 2026, 03:30 (GMT+2)" in part
        assert "30 % of visitors see nothing" in part
    assert "List-Unsubscribe" not in message.extra_headers
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_opening_the_link_changes_nothing_and_pressing_the_button_takes_it(client, shop, ada):
    incident = opened(shop)
    sign_in(client, ada)
    address = reverse("have-it", args=[incident.reference])
    page = client.get(address)
    assert "I have it" in page.text
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
    assert client.post(address).status_code == 302
    incident.refresh_from_db()
    assert (incident.incident_lead, incident.status) == (ada, Status.INVESTIGATING)
    assert incident.acknowledged_at is not None
    assert client.post(address).status_code == 302
    assert "You have it." in client.get(address).text


def test_whoever_comes_second_reads_who_has_it(client, shop, ada, bob):
    incident = opened(shop)
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW + MINUTE)
    sign_in(client, bob)
    page = client.get(reverse("have-it", args=[incident.reference]))
    assert "Ada has it" in page.text
    assert "tel:+49301234" in page.text
    assert 'method="post"' not in page.text.split("<main")[1].split("</main")[0]
    answer = client.post(reverse("have-it", args=[incident.reference]), follow=True)
    assert "Ada has it" in answer.text
    incident.refresh_from_db()
    assert incident.incident_lead == ada


def test_an_incident_lead_who_did_not_acknowledge_is_not_pushed_aside(shop, ada, bob):
    incident = opened(shop)
    roles.take(actor=Actor.person(ada), incident=incident, role=IncidentRole.INCIDENT_LEAD, now=NOW)
    with pytest.raises(NotPossible, match="Ada has it already"):
        callouts.take(actor=Actor.person(bob), incident=incident, now=NOW)
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW)
    assert incident.acknowledged_at == NOW


def test_readers_cannot_take_it(client, shop):
    incident = opened(shop)
    sign_in(client, make_user(role=Role.READER))
    assert client.get(reverse("have-it", args=[incident.reference])).status_code == 403
    assert client.post(reverse("have-it", args=[incident.reference])).status_code == 403


# Going on while nobody answers


def test_after_the_minutes_of_the_severity_the_deputy_is_called_then_the_admins_then_nobody(shop):
    incident = opened(shop)
    calls.escalate(NOW + 9 * MINUTE)
    assert len(called(incident)) == 1
    calls.escalate(NOW + 10 * MINUTE)
    assert called(incident)[1:] == [("Bob", CallStep.DEPUTY)]
    calls.escalate(NOW + 19 * MINUTE)
    assert len(called(incident)) == 2
    calls.escalate(NOW + 20 * MINUTE)
    assert called(incident)[2:] == [("Root", CallStep.ADMIN)]
    for minutes in (30, 40, 2000):
        calls.escalate(NOW + minutes * MINUTE)
    assert len(called(incident)) == 3


def test_the_deputy_reads_who_was_called_before(shop):
    incident = opened(shop)
    deliver(NOW)
    calls.escalate(NOW + 10 * MINUTE)
    (message,) = calls_in(deliver(NOW + 10 * MINUTE))
    assert message.to == ["bob@example.org"]
    assert "You are called as deputy." in message.body
    assert "- Ada, +49 30 1234, 6 Jan 2026, 03:33 (GMT+2)" in message.body
    assert incident.reference in message.subject


def test_running_twice_at_the_same_moment_calls_once(shop):
    incident = opened(shop)
    calls.escalate(NOW + 10 * MINUTE)
    calls.escalate(NOW + 10 * MINUTE)
    assert len(called(incident)) == 2


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_call_each_person_once(shop):
    incidents = [opened(shop) for _each in range(5)]

    def work(_number: int) -> None:
        try:
            calls.escalate(NOW + 10 * MINUTE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert [called(incident)[1:] for incident in incidents] == [[("Bob", CallStep.DEPUTY)]] * 5
    assert OutboxMessage.objects.filter(kind="call", recipient="bob@example.org").count() == 5


def test_an_incident_that_cannot_be_called_for_does_not_keep_others_from_it(shop, monkeypatch):
    broken, fine = opened(shop), opened(shop)
    ladder = calls.ladder

    def fails(incident: Incident) -> Any:
        if incident.pk == broken.pk:
            raise ValueError
        return ladder(incident)

    monkeypatch.setattr(calls, "ladder", fails)
    calls.escalate(NOW + 10 * MINUTE)
    assert (len(called(broken)), len(called(fine))) == (1, 2)


def test_sev4_calls_the_team_lead_and_nobody_after(shop):
    incident = opened(shop, severity=Severity.SEV4)
    calls.escalate(NOW + 600 * MINUTE)
    assert called(incident) == [("Ada", CallStep.TEAM_LEAD)]


def _take(incident: Incident, actor: Actor) -> None:
    callouts.take(actor=actor, incident=incident, now=NOW + MINUTE)


def _resolve(incident: Incident, actor: Actor) -> None:
    lifecycle.advance(actor=actor, incident=incident, verb=Verb.RESOLVE, now=NOW + MINUTE)


def _identify(incident: Incident, actor: Actor) -> None:
    lifecycle.advance(actor=actor, incident=incident, verb=Verb.IDENTIFY, now=NOW + MINUTE)


def _cancel(incident: Incident, actor: Actor) -> None:
    lifecycle.cancel(actor=actor, incident=incident, reason=CancelReason.FALSE_ALARM, now=NOW + MINUTE)


def _lead(incident: Incident, actor: Actor) -> None:
    roles.take(actor=actor, incident=incident, role=IncidentRole.INCIDENT_LEAD, now=NOW + MINUTE)


@pytest.mark.parametrize("answer", [_take, _resolve, _identify, _cancel, _lead])
def test_whatever_shows_that_somebody_is_at_it_ends_the_calls_and_those_on_their_way(shop, answer):
    incident = opened(shop)
    answer(incident, Actor.person(make_user("Eve", Role.EDITOR)))
    calls.escalate(NOW + 20 * MINUTE)
    assert len(called(incident)) == 1
    assert calls_in(deliver(NOW + 20 * MINUTE)) == []
    message = incident.callouts.get().message
    assert message.state == MessageState.CANCELLED
    assert message.last_error


def test_confirming_a_report_does_not_end_the_calls(shop):
    new = NewIncident(title="Blank", home_zone="UTC", services=[shop])
    incident = declaration.report(actor=Actor.person(make_user(role=Role.READER)), new=new, now=NOW)
    lifecycle.advance(actor=Actor.person(make_user()), incident=incident, verb=Verb.CONFIRM, now=NOW + MINUTE)
    calls.escalate(NOW + 10 * MINUTE)
    assert len(called(incident)) == 2


def test_a_call_to_somebody_who_left_is_dropped_and_says_why(shop, ada):
    incident = opened(shop)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    deliver(NOW)
    message = incident.callouts.get().message
    assert (message.state, message.last_error) == (MessageState.CANCELLED, "The account is disabled.")


def test_a_call_to_somebody_who_may_not_see_the_incident_any_more_is_dropped(shop, ada, bob):
    make_team("Everybody", team_lead=make_user("Dee", email="dee@example.org"), is_default=True)
    incident = opened()
    actor = Actor.person(make_user(role=Role.EDITOR))
    privacy.make_private(actor=actor, incident=incident, members=[], now=NOW)
    assert deliver(NOW) == []
    assert incident.callouts.get().message.last_error == "They may not see the incident."


# Graver, and again


def test_a_graver_severity_calls_those_again_who_did_not_answer(shop):
    incident = opened(shop, severity=Severity.SEV3)
    deliver(NOW)
    calls.escalate(NOW + 30 * MINUTE)
    actor = Actor.person(make_user())
    details.set_severity(actor=actor, incident=incident, severity=Severity.SEV1, now=NOW + 31 * MINUTE)
    assert called(incident) == [("Ada", "team_lead"), ("Bob", "deputy"), ("Ada", "team_lead"), ("Bob", "deputy")]
    sent = deliver(NOW + 31 * MINUTE)
    assert sorted(message.to[0] for message in calls_in(sent)) == ["ada@example.org", "bob@example.org"]
    assert [message.subject[:8] for message in sent if message.to == ["ada@example.org"]] == ["Now SEV1"]
    calls.escalate(NOW + 36 * MINUTE)
    assert called(incident)[4:] == [("Root", "admin")]


def test_a_graver_severity_calls_nobody_once_somebody_has_it_nor_does_a_lesser_one(shop, ada):
    incident = opened(shop)
    actor = Actor.person(make_user())
    details.set_severity(actor=actor, incident=incident, severity=Severity.SEV3, now=NOW + MINUTE)
    assert len(called(incident)) == 1
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW + 2 * MINUTE)
    details.set_severity(actor=actor, incident=incident, severity=Severity.SEV1, now=NOW + 3 * MINUTE)
    assert len(called(incident)) == 1


def test_reopening_tells_the_incident_lead_at_once_unless_it_is_their_own_doing(shop, ada):
    incident = opened(shop)
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW + MINUTE)
    lifecycle.advance(actor=Actor.person(ada), incident=incident, verb=Verb.RESOLVE, now=NOW + 2 * MINUTE)
    lifecycle.reopen(actor=Actor.person(make_user()), incident=incident, reason="Down again", now=NOW + 60 * MINUTE)
    (message,) = [each for each in deliver(NOW + 60 * MINUTE) if each.to == ["ada@example.org"]]
    assert "is reopened, and you lead it" in message.subject
    assert "Down again" in message.body
    lifecycle.advance(actor=Actor.person(ada), incident=incident, verb=Verb.RESOLVE, now=NOW + 70 * MINUTE)
    lifecycle.reopen(actor=Actor.person(ada), incident=incident, reason="Again", now=NOW + 80 * MINUTE)
    assert OutboxMessage.objects.filter(kind="incident-reopened").count() == 1


def test_reopening_what_nobody_had_calls_from_the_start(shop):
    incident = opened(shop)
    actor = Actor.person(make_user())
    lifecycle.advance(actor=actor, incident=incident, verb=Verb.RESOLVE, now=NOW + MINUTE)
    lifecycle.reopen(actor=actor, incident=incident, reason="Down again", now=NOW + 60 * MINUTE)
    assert called(incident) == [("Ada", "team_lead"), ("Ada", "team_lead")]
    calls.escalate(NOW + 70 * MINUTE)
    assert called(incident)[2:] == [("Bob", "deputy")]


# The form


@pytest.mark.parametrize("kind", ["declare", "report"])
def test_the_form_says_whom_it_calls_for_each_service_and_without_one(client, shop, kind):
    make_service("Payments")
    sign_in(client, make_user())
    text = client.get(reverse("incident-new"), {"kind": kind}).text
    listed = dict(re.findall(r"<dt>([^<]*)</dt><dd data-service[^>]*>([^<]*)</dd>", text))
    assert listed == {"Shop": "Ada", "Payments": "Root", "no service": "Root"}
    assert "and call the team lead" in text


def test_where_it_is_always_the_same_person_the_button_names_them(client, ada):
    make_team(team_lead=ada, is_default=True)
    make_service("Payments")
    sign_in(client, make_user())
    text = client.get(reverse("incident-new")).text
    assert "Declare and call Ada" in text
    assert "This calls Ada at once." in text
    sign_in(client, ada)
    assert "Declare incident</button>" in client.get(reverse("incident-new")).text


def test_a_near_miss_calls_nobody_and_says_nothing_of_it(client, shop):
    sign_in(client, make_user())
    text = client.get(reverse("incident-new"), {"kind": "near-miss"}).text
    assert "and call" not in text
    assert "Record near miss" in text


# The page


def test_the_page_says_who_was_called_when_it_was_delivered_and_how_to_ring(client, shop):
    incident = opened(shop)
    sign_in(client, make_user(role=Role.READER))
    page = client.get(incident.get_absolute_url()).text
    assert "Nobody has it yet" in page
    assert "on its way" in page
    deliver(NOW)
    page = client.get(incident.get_absolute_url()).text
    assert "delivered" in page
    assert "03:33" in page
    assert "not acknowledged" in page
    assert 'href="tel:+49301234"' in page


def test_the_page_says_that_a_mail_did_not_get_through_and_that_nobody_could_be_called(client, shop):
    incident = opened(shop)
    incident.callouts.get()
    OutboxMessage.objects.filter(kind="call").update(state=MessageState.DEAD)
    sign_in(client, make_user())
    assert "the mail did not get through" in client.get(incident.get_absolute_url()).text
    User.objects.filter(role=Role.ADMIN).update(email=None)
    assert "Nobody could be called" in client.get(opened().get_absolute_url()).text


def test_once_somebody_has_it_the_page_names_nobody_who_was_called(client, shop, ada):
    incident = opened(shop)
    callouts.take(actor=Actor.person(ada), incident=incident, now=NOW)
    sign_in(client, make_user())
    assert "Nobody has it yet" not in client.get(incident.get_absolute_url()).text


def test_who_was_called_is_one_query_however_many(shop, django_assert_num_queries):
    incident = opened(shop)
    for number in range(20):
        Callout.objects.create(incident=incident, person=make_user(), step=CallStep.ADMIN, round=number + 2)
    with django_assert_num_queries(1):
        shown = calls.shown(incident)
        assert shown is not None
        assert len([(row.person.name, row.message and row.message.state) for row in shown]) == 21


def test_calling_adds_few_statements_to_declaring(shop, django_assert_max_num_queries):
    incident = make_incident(services=[shop], status=Status.TRIAGE)
    with django_assert_max_num_queries(3):
        calls.begin(incident, now=NOW)
    assert len(called(incident)) == 1
