"""What Prometheus' Alertmanager sends, and Grafana in the same shape.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from typing import Any

from ..enums import AlertState
from .alert import LONGEST_NAME, IncomingAlert, NotUnderstood, clean, digest, moment, texts

# More than any group that a person can read; the rest is in the monitoring system.
MOST_ALERTS = 1000
# What says where an alert was looked at, and changes without the alert being another one.
NOT_OF_THE_ALERT = ("grafana_folder", "__alert_rule_uid__")


def read(data: dict[str, Any]) -> list[IncomingAlert]:
    """The alerts of one message. Raises `NotUnderstood`."""
    alerts = data.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise NotUnderstood("There is no list “alerts” in it.")
    if not all(isinstance(alert, dict) for alert in alerts):
        raise NotUnderstood("“alerts” holds what is no alert.")
    group = clean(data.get("groupKey") or "")
    # An empty group holds everything that is not grouped, which does not belong together.
    group = digest("group", group) if group and group not in {"{}:{}", "{}/{}:{}"} else ""
    return [_alert(alert, data, group) for alert in alerts[:MOST_ALERTS]]


def _alert(alert: dict[str, Any], message: dict[str, Any], group: str) -> IncomingAlert:
    labels, annotations = texts(alert.get("labels")), texts(alert.get("annotations"))
    name = labels.get("alertname") or annotations.get("title") or annotations.get("summary") or "Alert"
    state = _state(alert.get("status") or message.get("status"))
    identity = {key: value for key, value in labels.items() if key not in NOT_OF_THE_ALERT}
    return IncomingAlert(
        name=" ".join(name.split())[:LONGEST_NAME],
        state=state,
        fingerprint=clean(alert.get("fingerprint") or "")[:64] or digest("labels", identity),
        group=group,
        labels=labels,
        annotations=annotations,
        url=clean(alert.get("generatorURL") or alert.get("panelURL") or message.get("externalURL") or "")[:500],
        started_at=moment(alert.get("startsAt")),
        ended_at=moment(alert.get("endsAt")) if state == AlertState.RESOLVED else None,
    )


def _state(word: object) -> AlertState:
    return AlertState.RESOLVED if clean(word).lower() in {"resolved", "ok", "normal"} else AlertState.FIRING
