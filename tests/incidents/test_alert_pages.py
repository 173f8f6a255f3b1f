"""The doors for monitoring, and the pages by which admins say what becomes of alerts."""

import hashlib
import hmac
import json

import pytest

from incidents.api import hooks
from incidents.domain import tokens
from incidents.enums import ReceiptState, Role, TokenScope
from incidents.models import AlertReceipt, AlertRule, AuditEntry
from tests.api_client import Machine, issue_token
from tests.factories import make_service
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

BODY = {"alerts": [{"labels": {"alertname": "Down"}, "status": "firing"}]}
HOOKS = ["hooks/alertmanager", "hooks/alert"]
RULE = {"name": "Pages", "matchers": "severity=page", "action": "declare", "severity": "sev2", "position": 3,
        "is_active": "on", "version": 1}  # fmt: skip


@pytest.mark.parametrize("path", HOOKS)
def test_a_message_is_stored_word_for_word_and_answered_before_it_is_understood(path):
    machine = Machine()
    text = json.dumps(BODY, indent=3)
    assert machine.post(path, text).status_code == 202
    receipt = AlertReceipt.objects.get()
    assert (receipt.body, receipt.state, receipt.token) == (text, ReceiptState.PENDING, machine.issued.token)


@pytest.mark.parametrize("path", HOOKS)
def test_who_may_only_read_sends_none(path):
    assert Machine(issue_token(scope=TokenScope.READ)).post(path, BODY).status_code == 403
    assert not AlertReceipt.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 415),
        ("{", 422),
        ("[]", 422),
        ("\x00", 422),
        (b"\xff\xfe", 422),
        ("[" * 100_000, 422),
        ("x" * 1_100_000, 413),
    ],
    ids=["empty", "open", "list", "NUL", "no UTF-8", "deep", "large"],
)
def test_what_is_no_message_is_turned_away(body, status):
    assert Machine().post("hooks/alert", body).status_code == status
    assert not AlertReceipt.objects.exists()


def signed(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("path", HOOKS)
def test_a_signature_of_the_body_is_as_good_as_the_token(path):
    issued = issue_token()
    key, text = tokens.signing_key(issued.token), json.dumps(BODY)
    address = f"{path}?key={issued.token.hint}"
    answer = Machine(issued).post(address, text, Authorization="", X_Hub_Signature_256=f"sha256={signed(key, text)}")
    assert answer.status_code == 202
    assert AlertReceipt.objects.get().token == issued.token


@pytest.mark.parametrize("path", HOOKS)
def test_twenty_malformed_signatures_are_turned_away(path):
    issued = issue_token()
    key, text = tokens.signing_key(issued.token), json.dumps(BODY)
    good = signed(key, text)
    bad = [
        *("", "sha256=", good[:-1], good + "0", good[::-1], "0" * 64, "sha1=" + good, good.replace(good[0], "g")),
        *("sha256=sha256=" + good, "é" * 64, "x" * 10_000, f" {good[:32]} {good[32:]}", "sha256:" + good, "null"),
        *(signed("", text), signed(key, text + " "), signed(key[:-1], text), signed(issued.secret, text)),
        *(signed(issued.token.token_hash, text), signed(key, "")),
    ]
    assert len(bad) == 20
    for signature in bad:
        headers = {"Authorization": "", "X_Hub_Signature_256": signature}
        assert Machine(issued).post(f"{path}?key={issued.token.hint}", text, **headers).status_code == 401, signature
    assert not AlertReceipt.objects.exists()


def test_each_door_counts_for_itself():
    # The rate is counted by the name of the view.
    assert (hooks.alertmanager.__name__, hooks.alert.__name__) == ("alertmanager", "alert")


def test_an_admin_makes_and_changes_a_rule_and_editors_do_not():
    make_service("Shop")
    assert client_of(Role.EDITOR).post("/alert-rules/new/", RULE).status_code == 403
    admin = client_of(Role.ADMIN)
    assert admin.post("/alert-rules/new/", RULE).status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.name, rule.matchers, rule.action, rule.severity, rule.position) == (
        "Pages", "severity=page", "declare", "sev2", 3,
    )  # fmt: skip
    assert "Pages" in text_of(admin.get("/alert-rules/"))
    changed = RULE | {"name": "Pagers", "version": rule.version}
    assert admin.post(f"/alert-rules/{rule.pk}/", changed).status_code == 302
    stale = admin.post(f"/alert-rules/{rule.pk}/", changed | {"name": "Late"})
    assert stale.status_code == 409
    assert AlertRule.objects.get().name == "Pagers"
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"alert_rule.created", "alert_rule.changed"}


def test_a_bad_line_is_said_beside_the_field():
    answer = client_of(Role.ADMIN).post("/alert-rules/new/", RULE | {"matchers": "severity"})
    assert answer.status_code == 422
    assert "not of the form label=value" in text_of(answer)


def test_a_message_can_be_tried_without_consequences():
    AlertRule.objects.create(name="Pages", matchers="alertname=Down", action="declare")
    admin = client_of(Role.ADMIN)
    page = text_of(admin.post("/alert-rules/try/", {"format": "alertmanager", "body": json.dumps(BODY)}))
    assert "Rule “Pages”: declare" in page
    other = text_of(admin.post("/alert-rules/try/", {"format": "generic", "body": '{"title": "Else"}'}))
    assert "No rule holds" in other
    refused = admin.post("/alert-rules/try/", {"format": "generic", "body": "{}"})
    assert (refused.status_code, AlertReceipt.objects.count()) == (422, 0)


def test_what_was_received_is_listed_shown_and_read_again():
    admin = client_of(Role.ADMIN)
    assert "Nothing here" in text_of(admin.get("/alerts/"))
    receipt = AlertReceipt.objects.create(format="generic", body='{"a": "<b>"}', state="failed", last_error="No title")
    assert "No title" in text_of(admin.get("/alerts/?state=failed"))
    assert "No title" not in text_of(admin.get("/alerts/?state=done"))
    assert b"{&quot;a&quot;: &quot;&lt;b&gt;&quot;}" in admin.get(f"/alerts/{receipt.pk}/").content
    assert admin.post(f"/alerts/{receipt.pk}/try-again/").status_code == 302
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.PENDING
