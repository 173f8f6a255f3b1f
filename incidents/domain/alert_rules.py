"""What admins decide about alerts with certain labels, and what that would make of a message."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from .. import alerting, audit
from ..alerting import IncomingAlert
from ..alerting.rules import deciding, parse
from ..enums import AlertAction, Severity
from ..errors import InvalidInput
from ..models import AlertRule, Service, Team
from ..permissions import Actor, Perm, require
from .records import store
from .versions import check_version, compare_and_set

MOST_TRIED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContent:
    """What admins decide about alerts with certain labels."""

    name: str
    matchers: str = ""
    action: AlertAction = AlertAction.REPORT
    service: Service | None = None
    team: Team | None = None
    severity: Severity = Severity.UNKNOWN
    position: int = 0
    is_active: bool = True


@transaction.atomic
def create_rule(*, actor: Actor, content: RuleContent, now: dt.datetime) -> AlertRule:
    """Add a rule. Raises `InvalidInput` where a line of it cannot be understood."""
    require(actor, Perm.ADMINISTER)
    rule = AlertRule(updated_at=now, **_fields(content))
    store(rule)
    audit.record(actor=actor, action="alert_rule.created", target=rule, at=now, changes={"name": (None, rule.name)})
    return rule


@transaction.atomic
def change_rule(
    *, actor: Actor, rule: AlertRule, content: RuleContent, version: int | None, now: dt.datetime
) -> AlertRule:
    """Change a rule; alerts that it has decided about stay where they are. Raises `InvalidInput`, `Stale`."""
    require(actor, Perm.ADMINISTER)
    check_version(rule, version)
    values = _fields(content)
    changes = audit.difference(rule, values)
    if changes:
        compare_and_set(rule, at=now, **values)
        audit.record(actor=actor, action="alert_rule.changed", target=rule, at=now, changes=changes)
    return rule


def _fields(content: RuleContent) -> dict[str, object]:
    parse(content.matchers)
    name = " ".join(content.name.split())
    if not name:
        message = _("Give the rule a name.")
        raise InvalidInput(message, code="name_missing", fields={"name": message})
    return {
        "name": name,
        "matchers": content.matchers.replace("\r\n", "\n").strip(),
        "action": content.action,
        "service": content.service,
        "team": content.team,
        "severity": content.severity,
        "position": content.position,
        "is_active": content.is_active,
    }


def trial(*, actor: Actor, format: str, body: str) -> list[tuple[IncomingAlert, AlertRule | None]]:  # noqa: A002
    """The alerts of a message, each with the rule that would decide about it; nothing is stored.

    Raises `InvalidInput` for what is no message of this kind.
    """
    require(actor, Perm.ADMINISTER)
    try:
        incoming = alerting.read(format, body)
    except alerting.NotUnderstood as error:
        raise InvalidInput(str(error), code="not_understood", fields={"body": str(error)}) from error
    rules = list(AlertRule.objects.filter(is_active=True).select_related("service"))
    return [(alert, deciding(alert, rules)) for alert in incoming[:MOST_TRIED]]
