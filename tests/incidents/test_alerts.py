"""From alerts to incidents: by the rules, once, and never resolved by a machine."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from incidents.alerting.rules import parse
from incidents.domain import alert_rules, alerts, lifecycle
from incidents.domain.alert_rules import RuleContent
from incidents.domain.lifecycle import Verb
from incidents.enums import (
    AlertAction,
    AlertFormat,
    AlertState,
    DetectedBy,
    Precision,
    ReceiptState,
    Role,
    Severity,
    Source,
    Status,
    TimelineKind,
)
from incidents.errors import Forbidden, InvalidInput
from incidents.intake import Intake
from incidents.models import Alert, AlertReceipt, AlertRule, AuditEntry, Callout, Incident
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team, make_user

pytestmark = pytest.mark.django_db

ADMIN = Actor.machine("tests", Role.ADMIN)


def message(*names: str, status: str = "firing", group: str = "", **labels: str) -> str:
    body = {
        "groupKey": group,
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": name, "instance": name, **labels},
                "annotations": {"summary": f"{name} is wrong"},
                "startsAt": "2026-01-06T00:30:00Z",
                **({"endsAt": "2026-01-06T00:50:00Z"} if status == "resolved" else {}),
            }
            for name in names
        ],
    }
    return json.dumps(body)


def receive(body: str, now: dt.datetime | None = None) -> None:
    alerts.receive(actor=ADMIN, token=None, format=AlertFormat.ALERTMANAGER, body=body, now=now or timezone.now())


def send(*bodies: str) -> None:
    for body in bodies:
        receive(body)
    intake = Intake()
    while intake.deliver_next():
        pass


def rule(**content: object) -> AlertRule:
    content = {"name": "Rule", "matchers": "", **content}
    return alert_rules.create_rule(actor=ADMIN, content=RuleContent(**content), now=timezone.now())  # type: ignore[arg-type]


def test_without_a_rule_an_alert_is_reported_with_the_times_it_knows():
    make_service("Storefront", slug="storefront", team=make_team("Shop", team_lead=make_user("Ada")))
    send(message("Down", service="storefront"))
    incident = Incident.objects.get()
    assert (incident.title, incident.status, incident.severity) == ("Down: Down is wrong", Status.TRIAGE, "unknown")
    assert (incident.detected_by, incident.source) == (DetectedBy.MONITORING, Source.API)
    assert incident.impact_started_at == dt.datetime(2026, 1, 6, 0, 30, tzinfo=dt.UTC)
    assert incident.impact_started_precision == Precision.ABOUT
    assert incident.detected_at == AlertReceipt.objects.get().received_at
    assert [service.slug for service in incident.services.all()] == ["storefront"]
    assert incident.timeline.filter(kind=TimelineKind.DETECTION, text__contains="Down").count() == 1
    assert [callout.person.name for callout in Callout.objects.all()] == ["Ada"]
    assert AlertReceipt.objects.get().state == ReceiptState.DONE


def test_rules_by_label_decide_what_becomes_of_it():
    shop = make_service("Shop")
    rule(name="Test systems", matchers="env=test", action=AlertAction.IGNORE, position=1)
    pages = {"matchers": "severity=~critical|page\nteam!=lab", "severity": Severity.SEV2, "service": shop}
    rule(name="Pages", action=AlertAction.DECLARE, position=2, **pages)
    send(message("Quiet", env="test", severity="page"))
    assert not Incident.objects.exists()
    send(message("Loud", severity="page"))
    incident = Incident.objects.get()
    assert (incident.status, incident.severity) == (Status.INVESTIGATING, Severity.SEV2)
    assert list(incident.services.all()) == [shop]
    send(message("Lab", severity="page", team="lab"))
    assert Incident.objects.filter(status=Status.TRIAGE, title__startswith="Lab").count() == 1


def test_attaching_joins_what_is_open_on_the_service_and_otherwise_lets_it_pass():
    shop = make_service("Shop")
    rule(action=AlertAction.ATTACH, service=shop)
    send(message("Slow"))
    assert not Incident.objects.exists()
    incident = make_incident(services=[shop])
    send(message("Slower"))
    assert incident.timeline.filter(text__contains="Slower").count() == 1
    assert Incident.objects.count() == 1


def test_a_thousand_repeats_are_one_incident_and_one_entry():
    body = message("Down")
    AlertReceipt.objects.bulk_create(
        AlertReceipt(format=AlertFormat.ALERTMANAGER, body=body) for _number in range(1000)
    )
    send()
    assert Incident.objects.count() == 1
    assert Incident.objects.get().timeline.filter(kind=TimelineKind.DETECTION).count() == 1
    assert Alert.objects.get().times_received == 1000


def test_a_group_is_one_incident_and_one_entry_that_names_a_few():
    send(message(*(f"Host{number}" for number in range(8)), group="down"), message("Host9", group="down"))
    incident = Incident.objects.get()
    first, second = incident.timeline.filter(kind=TimelineKind.DETECTION).order_by("pk")
    assert first.text.startswith("8 alerts firing: Host0")
    assert first.text.endswith("and 3 more")
    assert "Host9" in second.text


def test_one_name_on_one_service_is_one_incident_and_on_another_service_another_one():
    make_service("Shop", slug="shop"), make_service("Search", slug="search")
    send(message("Down", service="shop", pod="1"), message("Down", service="shop", pod="2"))
    send(message("Down", service="search"))
    assert Incident.objects.count() == 2


def test_an_end_is_an_entry_and_the_incident_goes_on():
    send(message("Down"), message("Down", status="resolved"), message("Down", status="resolved"), message("Down"))
    incident, alert = Incident.objects.get(), Alert.objects.get()
    assert incident.is_open
    assert (alert.state, alert.ended_at) == (AlertState.RESOLVED, dt.datetime(2026, 1, 6, 0, 50, tzinfo=dt.UTC))
    (entry,) = incident.timeline.filter(kind=TimelineKind.RECOVERY)
    assert entry.text.startswith("Alert resolved: Down")
    assert entry.occurred_at == alert.ended_at


def test_an_end_without_a_beginning_tells_nobody():
    send(message("Down", status="resolved"))
    assert Alert.objects.get().state == AlertState.RESOLVED
    assert not Incident.objects.exists()


def test_firing_anew_after_the_incident_is_over_opens_another_one():
    send(message("Down"))
    incident = Incident.objects.get()
    lifecycle.advance(actor=ADMIN, incident=incident, verb=Verb.RESOLVE, now=timezone.now())
    send(message("Down").replace("00:30:00", "02:30:00"))
    assert Incident.objects.count() == 2


def test_a_storm_of_different_alerts_ends_in_twenty_incidents():
    send(*(message(f"Alert{number}") for number in range(alerts.STORM_INCIDENTS + 15)))
    assert Incident.objects.count() == alerts.STORM_INCIDENTS
    assert Alert.objects.exclude(incident=None).count() == alerts.STORM_INCIDENTS + 15


def test_what_is_not_understood_is_kept_and_can_be_tried_again_by_admins():
    send('{"alerts": []}')
    receipt = AlertReceipt.objects.get()
    assert (receipt.state, receipt.last_error) == (ReceiptState.FAILED, "There is no list “alerts” in it.")
    with pytest.raises(Forbidden):
        alerts.try_again(actor=Actor.person(make_user(role=Role.EDITOR)), receipt=receipt, now=timezone.now())
    alerts.try_again(actor=ADMIN, receipt=receipt, now=timezone.now())
    receipt.refresh_from_db()
    assert (receipt.state, receipt.attempts) == (ReceiptState.PENDING, 0)
    assert AuditEntry.objects.filter(action="alert_receipt.tried_again").count() == 1


def test_what_fails_for_a_moment_is_tried_again_later_and_not_for_ever(monkeypatch):
    clock = [timezone.now()]

    def fail(**_given: object) -> None:
        raise RuntimeError("no luck")

    receive(message("Down"), clock[0])
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "understand", fail)
        for _number in range(alerts.MOST_TRIES):
            clock[0] += dt.timedelta(hours=1)
            assert Intake(clock=lambda: clock[0]).deliver_next()
    assert AlertReceipt.objects.get().state == ReceiptState.FAILED
    assert "no luck" in AlertReceipt.objects.get().last_error
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_open_one_incident():
    for _number in range(20):
        receive(message("Down", "Up", group="one"))

    def work() -> None:
        try:
            while Intake().deliver_next():
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work), pool.submit(work)]:
            done.result()
    assert not AlertReceipt.objects.exclude(state=ReceiptState.DONE).exists()
    assert Incident.objects.count() == 1
    assert set(Alert.objects.values_list("times_received", flat=True)) == {20}


@pytest.mark.parametrize(
    "lines", ["severity", "=x", "a=~(", "a=~(x+)+y", "a=~" + "x" * 300, "\n".join(f"a{n}=1" for n in range(21))]
)
def test_a_line_that_cannot_be_understood_is_refused(lines):
    with pytest.raises(InvalidInput) as refused:
        rule(matchers=lines)
    assert refused.value.fields["matchers"]
    assert not AlertRule.objects.exists()


def test_lines_compare_by_sameness_difference_and_pattern():
    same, other, like = parse('a=b\nc != "d"\ne=~x.*')
    assert [same.holds({"a": "b"}), same.holds({"a": "bb"}), same.holds({})] == [True, False, False]
    assert [other.holds({"c": "d"}), other.holds({})] == [False, True]
    assert [like.holds({"e": "xyz"}), like.holds({"e": "axyz"})] == [True, False]
