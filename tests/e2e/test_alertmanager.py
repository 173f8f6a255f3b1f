"""The real Alertmanager sends, the real server takes in, a real worker makes incidents of it."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from incidents.domain import alert_rules, tokens
from incidents.domain.alert_rules import RuleContent
from incidents.enums import AlertAction, AlertState, DetectedBy, Role, Severity, Status, TimelineKind, TokenScope
from incidents.models import Alert, AlertReceipt, Incident
from incidents.permissions import Actor
from tests.alertmanager import Alertmanager
from tests.factories import make_service, make_team, make_user
from tests.web_process import WebServer
from tests.worker_process import start_worker

PATIENCE = 60  # seconds
ADMIN = Actor.machine("tests", Role.ADMIN)
FIRST = {"alertname": "BlankFrontPage", "service": "storefront", "instance": "web1"}
SECOND = FIRST | {"instance": "web2"}


def wait_for(so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < until, f"In vain: {what}."
        time.sleep(0.1)


@pytest.fixture
def alertmanager(transactional_db: None, tmp_path: Path) -> Iterator[Alertmanager]:
    owner = make_user("Monitoring", Role.RESPONDER)
    issued = tokens.create_token(
        actor=Actor.person(owner), owner=owner, name="Alertmanager", scope=TokenScope.WRITE, now=timezone.now()
    )
    server, worker = WebServer(), start_worker(EMAIL_URL="dummymail://")
    server.start()
    sender = Alertmanager(tmp_path, url=f"{server.url}/api/v1/hooks/alertmanager", token=issued.secret)
    yield sender
    sender.stop()
    server.stop()
    worker.terminate()
    worker.communicate(timeout=PATIENCE)


def test_firing_grouped_repeated_and_resolved_are_one_incident_that_people_resolve(alertmanager: Alertmanager) -> None:
    shop = make_service("Storefront", slug="storefront", team=make_team("Shop", team_lead=make_user("Ada")))
    content = RuleContent(
        name="Shop", matchers="service=storefront", action=AlertAction.DECLARE, service=shop, severity=Severity.SEV2
    )
    alert_rules.create_rule(actor=ADMIN, content=content, now=timezone.now())
    began = timezone.now().replace(microsecond=0) - dt.timedelta(minutes=3)

    # Firing.
    alertmanager.say(FIRST, began=began)
    wait_for(Incident.objects.exists, "an incident")
    incident = Incident.objects.get()
    assert (incident.status, incident.severity) == (Status.INVESTIGATING, Severity.SEV2)
    assert (incident.detected_by, incident.impact_started_at) == (DetectedBy.MONITORING, began)
    assert incident.title == "BlankFrontPage: BlankFrontPage on web1"
    wait_for(incident.callouts.filter(person__name="Ada").exists, "a call")

    # Grouped: the second of one group joins the first.
    alertmanager.say(FIRST, SECOND, began=began)
    wait_for(lambda: Alert.objects.count() == 2, "the second alert")
    wait_for(incident.timeline.filter(text__contains="web2").exists, "the second alert on the timeline")

    # Repeated: it goes on telling the same, and nothing comes of it.
    heard = AlertReceipt.objects.count()
    wait_for(lambda: AlertReceipt.objects.count() >= heard + 3, "repeats")
    wait_for(lambda: Alert.objects.get(labels__instance="web1").times_received > 3, "repeats that were understood")
    assert incident.timeline.filter(kind=TimelineKind.DETECTION).count() == 2

    # Resolved.
    alertmanager.say(FIRST, SECOND, began=began, ended=timezone.now())
    wait_for(lambda: not Alert.objects.filter(state=AlertState.FIRING).exists(), "the end of both")
    wait_for(incident.timeline.filter(kind=TimelineKind.RECOVERY).exists, "an entry that says so")
    incident.refresh_from_db()
    assert incident.status == Status.INVESTIGATING
    assert Incident.objects.count() == 1
