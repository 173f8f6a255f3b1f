"""`POST /api/v1/changes`: what machines say of a change, once."""

import datetime as dt
import uuid

import pytest

from incidents.enums import ChangeKind, Source, YesNoUnknown
from incidents.models import AuditEntry, Change
from tests.api_client import Machine, issue_token
from tests.factories import make_service, make_user

pytestmark = pytest.mark.django_db

LIVE = "2026-01-06T00:57:00+02:00"


def test_a_change_is_written_down_with_everything_that_is_said():
    make_service("Storefront", slug="storefront")
    author = make_user("Ada")
    machine = Machine()
    sent = {
        "text": "Banner in the base model",
        "kind": "configuration",
        "live_at": LIVE,
        "made_by": "ada",
        "intended_effect": "A banner",
        "services": ["storefront"],
        "environment": "production",
        "approved_by": "Grace",
        "was_approved": True,
        "tried_in_sandbox": "no",
        "url": "https://ci.example.org/1",
        "reference": "deploy/1",
    }
    answer = machine.post("changes", sent)
    change = Change.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        **sent,
        "id": change.pk,
        "live_at": "2026-01-05T22:57:00Z",
        "made_by": "Ada",
        "was_approved": "yes",
    }
    assert change.live_at == dt.datetime(2026, 1, 5, 22, 57, tzinfo=dt.UTC)
    assert (change.kind, change.made_by, change.was_approved) == (ChangeKind.CONFIGURATION, author, YesNoUnknown.YES)
    assert (change.source, change.token, change.recorded_by) == (
        Source.API,
        machine.issued.token,
        machine.issued.token.owner,
    )
    assert AuditEntry.objects.filter(action="change.recorded").count() == 1


def test_a_name_out_of_another_system_stays_a_name():
    Machine().post("changes", {"text": "x", "made_by": " deploy-bot "})
    change = Change.objects.get()
    assert (change.made_by, change.made_by_label, change.author) == (None, "deploy-bot", "deploy-bot")


def test_the_same_reference_is_the_same_change():
    machine, other = Machine(), Machine(issue_token())
    first = machine.post("changes", {"text": "Banner", "reference": "deploy/1", "environment": "production"})
    again = machine.post("changes", {"text": "Banner", "reference": "deploy/1"})
    later = other.post("changes", {"reference": "deploy/1", "approved_by": "Grace"})
    assert (first.status_code, again.status_code, later.status_code) == (201, 200, 200)
    assert again.json() == first.json()
    assert later.json() == {**first.json(), "approved_by": "Grace"}
    assert Change.objects.count() == 1


def test_the_same_key_is_the_same_change_and_the_same_answer():
    machine, key = Machine(), str(uuid.uuid4())
    first = machine.post("changes", {"text": "Banner"}, Idempotency_Key=key)
    again = machine.post("changes", {"text": "Banner"}, Idempotency_Key=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201
    assert Change.objects.count() == 1
    assert Machine(issue_token()).post("changes", {"text": "Banner"}, Idempotency_Key=key).json() != first.json()
    assert machine.post("changes", {"text": "Banner"}).status_code == 201
    assert Change.objects.count() == 3


def test_a_key_belongs_to_one_change():
    machine = Machine()
    machine.post("changes", {"text": "Banner"}, Idempotency_Key="1")
    answer = machine.post("changes", {"text": "Other"}, Idempotency_Key="1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_used")
    assert machine.post("changes", {"text": "x"}, Idempotency_Key="k" * 201).status_code == 422
    assert Change.objects.count() == 1


def test_with_a_reference_a_key_gives_the_same_answer_too():
    machine = Machine()
    sent = {"text": "Banner", "reference": "deploy/1"}
    first = machine.post("changes", sent, Idempotency_Key="1")
    assert machine.post("changes", sent, Idempotency_Key="1").status_code == first.status_code == 201
    assert machine.post("changes", sent, Idempotency_Key="2").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": ["x"]}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"text": "a\ud800b"}, "text"),
        ({"text": "\u001b[31mred"}, "text"),
        ({"kind": "magic"}, "kind"),
        ({"kind": {}}, "kind"),
        ({"live_at": "yesterday"}, "live_at"),
        ({"live_at": "2026-01-06T00:57:00"}, "live_at"),
        ({"live_at": 1767653820}, "live_at"),
        ({"live_at": "0001-01-01T00:00:00+14:00"}, "live_at"),
        ({"live_at": "9999-12-31T23:59:59-14:00"}, "live_at"),
        ({"live_at": "2999-01-01T00:00:00Z"}, "live_at"),
        ({"live_at": ""}, "live_at"),
        ({"services": "nothing"}, "services"),
        ({"services": [1]}, "services"),
        ({"services": {"a": 1}}, "services"),
        ({"services": ["x"] * 101}, "services"),
        ({"was_approved": "perhaps"}, "was_approved"),
        ({"was_approved": 1}, "was_approved"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "x" * 501}, "url"),
        ({"reference": "x" * 201}, "reference"),
        ({"environment": "x" * 61}, "environment"),
        ({"made_by": "x" * 151}, "made_by"),
        ({"intended_effect": "x" * 4001}, "intended_effect"),
        # What only the program sets.
        ({"id": 1}, "id"),
        ({"source": "page"}, "source"),
        ({"private_to": 1}, "private_to"),
        ({"recorded_by": 1}, "recorded_by"),
        ({"version": 9}, "version"),
        ({"\ud800": 1}, ""),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_cannot_be_right_is_told_field_by_field(wrong, field):
    answer = Machine().post("changes", {"text": "x", **wrong})
    assert answer.status_code == 422, answer.content
    assert set(answer.json()["fields"]) == {field}
    assert not Change.objects.exists()


def test_all_that_is_wrong_is_told_at_once():
    answer = Machine().post("changes", {"text": 1, "kind": "magic", "colour": "red"})
    assert set(answer.json()["fields"]) == {"text", "kind", "colour"}


def test_a_service_that_is_retired_is_not_known():
    make_service("Storefront", slug="storefront", is_active=False)
    make_service("Checkout", slug="checkout")
    assert Machine().post("changes", {"text": "x", "services": ["Storefront"]}).status_code == 422
    assert Machine(issue_token()).post("changes", {"text": "x", "services": "CHECKOUT"}).json()["services"] == [
        "checkout"
    ]
