"""Rows of impact: added once, edited, removed, and what cannot be true refused."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from incidents.domain import impacts
from incidents.domain.impacts import ImpactContent
from incidents.enums import Role, ScopeUnit
from incidents.errors import Forbidden, InvalidInput
from incidents.models import Impact
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import at_once, client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db

ROW = {"audience": "customers", "what": "could not pay", "scope_unit": "percent", "scope_basis": "estimated"}


@pytest.fixture
def client():
    return client_of()


@pytest.fixture
def incident():
    return make_incident()


def add(client, incident, **more):
    response = client.post(url(incident, "impact-new"), {**ROW, **more})
    assert response.status_code == 302
    return incident.impacts.order_by("pk").last()


def test_a_row_says_who_what_how_many_and_for_how_long(client, incident):
    with recorded() as audit:
        impact = add(client, incident, scope="30", from_at="2026-01-06 01:30", to_at="2026-01-06 02:00")
    assert (impact.what, impact.scope_text) == ("could not pay", "30 %")
    assert impact.to_at - impact.from_at == dt.timedelta(minutes=30)
    assert [(entry.action, entry.actor, entry.changes) for entry in audit] == [
        ("impact.added", client.user, {"what": [None, "could not pay"], "scope": [None, "30 %"]})
    ]
    page = text_of(client_of(Role.READER).get(url(incident)))
    assert "30 %" in page
    assert "Customers: could not pay" in page


def test_a_number_of_people_and_none_at_all(client, incident):
    assert add(client, incident, scope="1200", scope_unit="count", scope_basis="measured").scope_text == "1200"
    assert add(client, incident, scope="0.5").scope_text == "0.5 %"
    assert add(client, incident, scope="").scope_text == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": ""},
        {"what": "x" * 301},
        {"audience": "martians"},
        {"scope": "101"},
        {"scope": "-1"},
        {"scope": "NaN"},
        {"scope": "Infinity"},
        {"scope": "1e400"},
        {"scope": "9" * 1_000},
        {"scope": "0.001"},
        {"scope_unit": "x"},
        {"scope_basis": ""},
        {"from_at": "2026-01-06 02:00", "to_at": "2026-01-06 01:00"},
        {"from_at": "14:??"},
        {"from_at": "2031-01-01 00:00"},
        {"client_id": "x"},
    ],
    ids=lambda wrong: str(wrong)[:30],
)
def test_what_cannot_be_true_is_refused(client, incident, wrong):
    with recorded() as audit:
        assert client.post(url(incident, "impact-new"), {**ROW, **wrong}).status_code == 422
    assert (Impact.objects.count(), audit) == (0, [])


def test_an_edit_writes_what_changed_and_keeps_the_seconds_of_what_was_not_touched(client, incident):
    impact = add(client, incident, scope="30")
    exact = dt.datetime(2026, 1, 6, 1, 30, 17, 5, tzinfo=dt.UTC)
    Impact.objects.filter(pk=impact.pk).update(from_at=exact)
    form = client.get(url(incident, "impact-edit", impact.pk)).context["form"]
    sent = {field.name: field.value() for field in form if field.value() is not None}
    address = url(incident, "impact-edit", impact.pk)
    with recorded() as audit:
        assert client.post(address, sent).status_code == 302
        assert client.post(address, {**sent, "scope": "40"}).status_code == 302
    impact.refresh_from_db()
    assert (impact.from_at, impact.scope) == (exact, 40)
    assert [(entry.action, entry.changes) for entry in audit] == [("impact.edited", {"scope": ["30.00", "40"]})]
    assert client.post(address, {**sent, "from_at": ""}).status_code == 302
    impact.refresh_from_db()
    assert impact.from_at is None


def test_a_removed_row_stays_in_the_audit(client, incident):
    impact = add(client, incident, scope="30")
    with recorded() as audit:
        assert client.post(url(incident, "impact-remove", impact.pk)).status_code == 302
        assert client.post(url(incident, "impact-remove", impact.pk)).status_code == 404
    assert [entry.changes for entry in audit] == [{"what": ["could not pay", None], "scope": ["30 %", None]}]
    assert not Impact.objects.exists()


def test_rows_of_another_incident_are_not_found_and_readers_may_not(client, incident):
    impact, other = add(client, incident), make_incident()
    for pk in (impact.pk, 0, 2**63):
        assert client.get(url(other, "impact-edit", pk)).status_code == 404
        assert client.post(url(other, "impact-remove", pk)).status_code == 404
    reader = client_of(Role.READER)
    for name in ("impact-edit", "impact-remove"):
        assert reader.post(url(incident, name, impact.pk), ROW).status_code == 403
    assert reader.get(url(incident, "impact-new")).status_code == 403
    assert reader.post(url(incident, "impact-new"), ROW).status_code == 403
    assert client.get(url(incident, "impact-remove", impact.pk)).status_code == 405
    assert Impact.objects.get() == impact


def test_the_same_press_twice_adds_one_row(client, incident):
    sent = {"client_id": str(uuid.uuid4())}
    with recorded() as audit:
        assert add(client, incident, **sent) == add(client, incident, **sent)
    assert len(audit) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_press_arriving_eight_times_at_once_adds_one_row(client, incident):
    body = {**ROW, "client_id": str(uuid.uuid4())}
    answers = at_once([lambda: client.post(url(incident, "impact-new"), body).status_code for _ in range(8)])
    assert answers == [302] * 8
    assert Impact.objects.count() == 1


def test_the_domain_refuses_the_same_by_itself(incident):
    now = timezone.now()
    responder, reader = Actor.person(make_user()), Actor.person(make_user(role=Role.READER))
    with pytest.raises(Forbidden):
        impacts.add(actor=reader, incident=incident, content=ImpactContent(what="x"), now=now)
    for content in (
        ImpactContent(what=""),
        ImpactContent(what="x", scope=Decimal(-1)),
        ImpactContent(what="x", scope=Decimal(101)),
        ImpactContent(what="x", from_at=now, to_at=now - dt.timedelta(1)),
    ):
        with pytest.raises(InvalidInput):
            impacts.add(actor=responder, incident=incident, content=content, now=now)
    many = ImpactContent(what="x", scope=Decimal(101), scope_unit=ScopeUnit.COUNT)
    assert impacts.add(actor=responder, incident=incident, content=many, now=now).scope == 101
