"""What monitoring systems send, read into alerts."""

import datetime as dt
import json

import pytest

from incidents import alerting
from incidents.alerting import NotUnderstood
from incidents.alerting.alert import moment
from incidents.enums import AlertFormat, AlertState

GROUP = {
    "status": "firing",
    "groupKey": '{}:{alertname="Down"}',
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Down", "instance": "a:1", "service": "storefront"},
            "annotations": {"summary": "No answer from a:1"},
            "startsAt": "2026-01-06T01:30:00.123456789+02:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://monitoring.example/graph",
            "fingerprint": "f404ecabc8dd5cd7",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "Down", "instance": "b:1"},
            "startsAt": "2026-01-05T22:00:00Z",
            "endsAt": "2026-01-05T23:00:00Z",
        },
    ],
}


def read(body: object, kind: AlertFormat = AlertFormat.ALERTMANAGER) -> list[alerting.IncomingAlert]:
    return alerting.read(kind, body if isinstance(body, str) else json.dumps(body))


def test_alertmanager_tells_each_alert_of_a_group_with_its_labels_and_times():
    firing, resolved = read(GROUP)
    assert (firing.name, firing.state, firing.fingerprint) == ("Down", AlertState.FIRING, "f404ecabc8dd5cd7")
    assert (firing.text, firing.url) == ("No answer from a:1", "http://monitoring.example/graph")
    assert firing.started_at == dt.datetime(2026, 1, 5, 23, 30, 0, 123456, tzinfo=dt.UTC)
    assert firing.ended_at is None
    assert (resolved.state, resolved.ended_at) == (AlertState.RESOLVED, dt.datetime(2026, 1, 5, 23, tzinfo=dt.UTC))
    assert firing.group == resolved.group != ""


def test_without_a_fingerprint_the_labels_are_the_identity_and_an_empty_group_is_none():
    one, same, other = (
        read({"groupKey": "{}:{}", "alerts": [{"labels": {"alertname": "Down", "instance": name}}]})[0]
        for name in ("a", "a", "b")
    )
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.group == ""


@pytest.mark.parametrize(
    ("body", "name", "state"),
    [
        ({"title": "Blank page", "status": "firing", "labels": {"service": "shop"}}, "Blank page", "firing"),
        ({"monitor": {"name": "My site"}, "heartbeat": {"status": 1, "time": "2026-01-06"}}, "My site", "resolved"),
        ({"monitor": {"name": "My site"}, "heartbeat": {"status": 0}}, "My site", "firing"),
        ({"incident": {"policy_name": "5xx", "state": "closed", "incident_id": "7"}}, "5xx", "resolved"),
        ({"event": {"event_type": "incident.resolved", "data": {"title": "Bump"}}}, "Bump", "resolved"),
        (GROUP, "Down", "firing"),
    ],
    ids=["plain", "up again", "down", "closed", "nested", "a group"],
)
def test_other_systems_are_understood_by_the_names_they_use(body, name, state):
    alert = read(body, AlertFormat.GENERIC)[0]
    assert (alert.name, alert.state) == (name, state)


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '"x"', "{}", '{"alerts": []}', '{"alerts": [1]}', '{"alerts": 3}']
)
@pytest.mark.parametrize("kind", AlertFormat)
def test_what_is_no_alert_is_said_to_be_none(body, kind):
    with pytest.raises(NotUnderstood):
        read(body, kind)


@pytest.mark.parametrize(
    "odd",
    [
        {"labels": None, "annotations": "x", "startsAt": 5, "endsAt": {}, "fingerprint": ["a"]},
        {"labels": {"alertname": "a\x00\x1b\u202e", "x": {"y": [1]}}, "startsAt": "9999-99-99"},
        {"labels": {str(number): "v" * 5000 for number in range(500)}},
    ],
    ids=["wrong types", "control characters", "huge"],
)
def test_odd_values_become_short_text_or_nothing(odd):
    (alert,) = read({"alerts": [odd]})
    assert alert.name.isprintable()
    assert len(alert.labels) <= 64
    assert all(len(value) <= 1000 for value in alert.labels.values())


def test_moments_come_as_text_or_seconds_and_the_year_one_is_none():
    noon = dt.datetime(2026, 1, 6, 12, tzinfo=dt.UTC)
    stamp = int(noon.timestamp())
    assert [moment(value) for value in ("2026-01-06T12:00:00Z", stamp, stamp * 1000, str(stamp))] == [noon] * 4
    assert [moment(value) for value in ("0001-01-01T00:00:00Z", "soon", True, None, 1e300, -1, "")] == [None] * 7
