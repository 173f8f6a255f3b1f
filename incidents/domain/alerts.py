"""From what monitoring sends to incidents: received, understood, and what follows from it by the rules.

What is received is stored word for word and understood afterwards, by the worker, one message after another: so two
messages about one thing never open two incidents. An alert never resolves an incident: people do.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import alerting, audit
from ..alerting import IncomingAlert
from ..alerting.rules import deciding
from ..enums import (
    AlertAction,
    AlertFormat,
    AlertState,
    DetectedBy,
    Milestone,
    Precision,
    ReceiptState,
    Role,
    Severity,
    Source,
    TimelineKind,
)
from ..errors import NotPossible
from ..models import Alert, AlertReceipt, AlertRule, ApiToken, Incident, PeriodicJob, Service
from ..permissions import Actor, Perm, require
from . import declaration, milestones, timeline
from .declaration import NewIncident
from .milestones import MilestoneTime
from .timeline import EventContent, literal

MONITORING = Actor.machine("Monitoring", Role.RESPONDER)
LEASE = dt.timedelta(minutes=1)
MOST_TRIES = 10
# The row whose lock lets one message after another be understood, on both engines.
TURN = "alerts-turn"
# More incidents than this opened by alerts in so short a time are one storm: what comes then joins the newest of them.
STORM_INCIDENTS = 20
STORM_LASTS = dt.timedelta(minutes=10)
NAMES_IN_AN_ENTRY = 5


def receive(*, actor: Actor, token: ApiToken | None, format: AlertFormat, body: str, now: dt.datetime) -> AlertReceipt:  # noqa: A002
    """Store a message as it came; the worker makes something of it. Raises `Forbidden`."""
    require(actor, Perm.SEND_ALERTS)
    return AlertReceipt.objects.create(format=format, body=body, token=token, received_at=now, run_at=now)


def claim(*, at: dt.datetime) -> AlertReceipt | None:
    """Take the oldest message that waits, so that nobody else does for a while; nothing where none waits."""
    for pk, run_at in AlertReceipt.objects.due(at).values_list("pk", "run_at")[:10]:
        mine = AlertReceipt.objects.filter(pk=pk, run_at=run_at, state=ReceiptState.PENDING)
        if mine.update(run_at=at + LEASE):
            return AlertReceipt.objects.get(pk=pk)
    return None


def understand(*, receipt: AlertReceipt, now: dt.datetime) -> Sequence[Alert]:
    """Make alerts of a message and do what the rules say of each; all of it or nothing.

    Raises `alerting.NotUnderstood` for what is no alert.
    """
    incoming = alerting.read(receipt.format, receipt.body)
    with transaction.atomic():
        _take_turn(now)
        # A worker whose lease ran out meanwhile finds it done.
        if not AlertReceipt.objects.filter(pk=receipt.pk, state=ReceiptState.PENDING).exists():
            return []
        alerts = _follow(incoming, receipt.received_at, now)
        receipt.state, receipt.last_error = ReceiptState.DONE, ""
        receipt.save(update_fields=["state", "last_error"])
    return alerts


def put_off(*, receipt: AlertReceipt, error: str, now: dt.datetime, for_good: bool) -> None:
    """Note what went wrong; it is tried again unless that is no use, or was tried often enough."""
    attempts = receipt.attempts + 1
    state = ReceiptState.FAILED if for_good or attempts >= MOST_TRIES else ReceiptState.PENDING
    pause = dt.timedelta(seconds=min(2**attempts, 600))
    AlertReceipt.objects.filter(pk=receipt.pk, state=ReceiptState.PENDING).update(
        state=state, attempts=attempts, last_error=error[:500], run_at=now + pause
    )


@transaction.atomic
def try_again(*, actor: Actor, receipt: AlertReceipt, now: dt.datetime) -> None:
    """Let a message be read once more that was not understood, for example after an upgrade."""
    require(actor, Perm.ADMINISTER)
    failed = AlertReceipt.objects.filter(pk=receipt.pk, state=ReceiptState.FAILED)
    if not failed.update(state=ReceiptState.PENDING, attempts=0, run_at=now):
        raise NotPossible(_("Only what was not understood can be tried again."))
    audit.record(actor=actor, action="alert_receipt.tried_again", target=receipt, at=now)


def _take_turn(now: dt.datetime) -> None:
    if not PeriodicJob.objects.filter(name=TURN).update(done_at=now):
        PeriodicJob.objects.bulk_create([PeriodicJob(name=TURN, run_at=now)], ignore_conflicts=True)
        PeriodicJob.objects.filter(name=TURN).update(done_at=now)


def _follow(incoming: Sequence[IncomingAlert], received_at: dt.datetime, now: dt.datetime) -> list[Alert]:
    rules = list(AlertRule.objects.filter(is_active=True).select_related("service", "team"))
    news: dict[tuple[int, AlertState], list[Alert]] = {}
    alerts = []
    for said in incoming:
        alert, is_news = _store(said, received_at)
        alerts.append(alert)
        if is_news and alert.state == AlertState.FIRING:
            _place(alert, said, deciding(said, rules), now)
        if is_news and alert.incident_id is not None:
            news.setdefault((alert.incident_id, AlertState(alert.state)), []).append(alert)
    for told in news.values():
        _write_down(told, now)
    return alerts


def _store(said: IncomingAlert, received_at: dt.datetime) -> tuple[Alert, bool]:
    """The row of this alert, and whether what was said is new: it began, or it ended."""
    started_at = min(said.started_at or received_at, received_at)
    known = Alert.objects.filter(fingerprint=said.fingerprint).select_related("incident").order_by("-started_at", "-id")
    # Without a time of its own, what still fires is the same alert.
    same = known.filter(started_at=started_at) if said.started_at else known.filter(state=AlertState.FIRING)
    alert = same.first()
    if alert is None:
        alert = Alert(fingerprint=said.fingerprint, started_at=started_at, first_received_at=received_at)
        # An end without a beginning is noted, and nobody is told.
        is_news, alert.times_received = said.state == AlertState.FIRING, 0
    else:
        # What was over stays over: messages may overtake each other.
        is_news = alert.state == AlertState.FIRING and said.state == AlertState.RESOLVED
    if alert.state == AlertState.FIRING:
        alert.state = said.state
    if said.state == AlertState.RESOLVED and alert.ended_at is None:
        alert.ended_at = max(said.ended_at or received_at, alert.started_at)
    alert.name, alert.group, alert.labels, alert.annotations = said.name, said.group, said.labels, said.annotations
    alert.url = said.url if said.url.startswith(("http://", "https://")) else ""
    alert.times_received += 1
    alert.last_received_at = received_at
    alert.save()
    return alert, is_news


def _place(alert: Alert, said: IncomingAlert, rule: AlertRule | None, now: dt.datetime) -> None:
    """Find or open the incident that a firing alert belongs to."""
    action = AlertAction(rule.action) if rule else AlertAction.REPORT
    alert.rule = rule
    if action != AlertAction.IGNORE:
        service = (rule.service if rule else None) or _service_named(said.labels.get("service", ""))
        alert.incident = _open_incident(alert, service, now, attach=action == AlertAction.ATTACH)
        if alert.incident is None and action != AlertAction.ATTACH:
            alert.incident = _open(alert, said, rule, service, now)
    alert.save(update_fields=["rule", "incident"])


def _service_named(name: str) -> Service | None:
    if not name:
        return None
    active = Service.objects.active()
    return active.filter(slug=name.lower()[:110]).first() or active.filter(name__iexact=name[:100]).first()


def _open_incident(alert: Alert, service: Service | None, now: dt.datetime, *, attach: bool) -> Incident | None:
    """The open incident that this alert belongs to: of the same alert or group, or of the same name and service."""
    others = Alert.objects.with_open_incident().exclude(pk=alert.pk)
    found = others.filter(fingerprint=alert.fingerprint).first()
    if found is None and alert.group:
        found = others.filter(group=alert.group).first()
    if found is None:
        same_name = others.filter(name=alert.name)
        found = (same_name.filter(incident__services=service) if service else same_name).first()
    if found is not None:
        return found.incident
    if attach and service is not None:
        return service.incidents.present().open().order_by("-sort_at", "-id").first()
    return None if attach else _storm(now)


def _storm(now: dt.datetime) -> Incident | None:
    lately = Alert.objects.that_opened(now - STORM_LASTS)
    if lately.values("incident").distinct().order_by().count() < STORM_INCIDENTS:
        return None
    newest = lately.select_related("incident").first()
    return newest.incident if newest else None


def _open(
    alert: Alert, said: IncomingAlert, rule: AlertRule | None, service: Service | None, now: dt.datetime
) -> Incident:
    """Report or declare an incident, with the times that the alert knows."""
    severity = Severity(rule.severity) if rule else Severity.UNKNOWN
    title = f"{alert.name}: {said.text}" if said.text else alert.name
    new = NewIncident(
        title=" ".join(title.split())[: declaration.MAX_TITLE_LENGTH],
        home_zone=settings.TIME_ZONE,
        severity=severity,
        services=[service] if service else [],
        team=rule.team if rule else None,
        detected_by=DetectedBy.MONITORING,
        # It fires some time after it began.
        impact_started_at=alert.started_at,
        impact_started_precision=Precision.ABOUT,
        client_id=uuid.uuid5(uuid.NAMESPACE_URL, f"alert:{alert.pk}"),
        source=Source.API,
    )
    begin = declaration.declare if rule and rule.action == AlertAction.DECLARE else declaration.report
    incident = begin(actor=MONITORING, new=new, now=now)
    detected = {Milestone.DETECTED: MilestoneTime(alert.first_received_at)}
    return milestones.correct(actor=MONITORING, incident=incident, times=detected, now=now)


def _write_down(alerts: Sequence[Alert], now: dt.datetime) -> None:
    """One entry for all that a message says anew of one incident; what began and what ended apart."""
    first = alerts[0]
    if first.incident is None:
        return
    resolved = first.state == AlertState.RESOLVED
    moments = [alert.ended_at if resolved else alert.first_received_at for alert in alerts]
    content = EventContent(
        text=_sentence(alerts, resolved=resolved),
        kind=TimelineKind.RECOVERY if resolved else TimelineKind.DETECTION,
        occurred_at=min(max(at for at in moments if at), now),
        evidence=first.url[:1000],
    )
    timeline.add_entries(actor=MONITORING, incident=first.incident, entries=[content], now=now, source=Source.API)


def _sentence(alerts: Sequence[Alert], *, resolved: bool) -> str:
    number = len(alerts)
    if resolved:
        said = ngettext("Alert resolved:", "%(number)d alerts resolved:", number)
    else:
        said = ngettext("Alert firing:", "%(number)d alerts firing:", number)
    names = "; ".join(_named(alert) for alert in alerts[:NAMES_IN_AN_ENTRY])
    more = number - NAMES_IN_AN_ENTRY
    rest = "; " + ngettext("and %(number)d more", "and %(number)d more", more) % {"number": more} if more > 0 else ""
    return f"{said % {'number': number} if number > 1 else said} {names}{rest}"


def _named(alert: Alert) -> str:
    instance = alert.labels.get("instance", "")
    return literal(f"{alert.name} ({instance})" if instance else alert.name)
