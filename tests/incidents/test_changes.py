"""Writing down what was changed: once, with what is said anew, by whom that may."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from incidents.domain.changes import NewChange, edit_change, record_change
from incidents.enums import ChangeKind, Role, TokenScope, YesNoUnknown
from incidents.errors import Forbidden, InvalidInput, Stale
from incidents.models import AuditEntry, Change
from incidents.permissions import Actor
from tests.factories import make_change, make_incident, make_service, make_token, make_user

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 6, 0, 57, tzinfo=dt.UTC)


def actor(role=Role.RESPONDER):
    return Actor.person(make_user(role=role))


def record(new, *, by=None, now=NOW, **more):
    return record_change(actor=by or actor(), new=new, now=now, **more)


def deeds():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_change_needs_no_more_than_a_few_words():
    person = actor()
    change = record(NewChange(text="  A banner in the\nbase   model "), by=person)
    assert (change.text, change.live_at, change.kind) == ("A banner in the base model", NOW, ChangeKind.DEPLOY)
    assert (change.recorded_by, change.was_approved) == (person.user, YesNoUnknown.UNKNOWN)
    assert deeds() == ["change.recorded"]


def test_a_change_says_everything_that_is_known_of_it():
    shop, author = make_service("Storefront"), make_user()
    said: dict[str, Any] = {
        "text": "Banner",
        "live_at": NOW - dt.timedelta(hours=1),
        "kind": ChangeKind.CONFIGURATION,
        "made_by": author,
        "intended_effect": "A banner",
        "environment": "production",
        "approved_by": "Ada",
        "was_approved": YesNoUnknown.YES,
        "tried_in_sandbox": YesNoUnknown.NO,
        "url": "https://example.org/deploys/1",
    }
    change = record(NewChange(**said, services=[shop], reference=" deploy/1 "))
    change.refresh_from_db()
    assert {name: getattr(change, name) for name in said} == said
    assert (list(change.services.all()), change.reference, change.author) == ([shop], "deploy/1", author.name)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"text": " "}, "text"),
        ({}, "text"),
        ({"text": "x" * 301}, "text"),
        ({"text": "x", "live_at": NOW + dt.timedelta(minutes=2)}, "live_at"),
        ({"text": "x", "live_at": dt.datetime(1969, 1, 1, tzinfo=dt.UTC)}, "live_at"),
        ({"text": "x", "url": "javascript:alert(1)"}, "url"),
        ({"text": "x", "url": "https://"}, "url"),
        ({"text": "x", "url": "https://[/"}, "url"),
        ({"text": "x", "environment": "e" * 61}, "environment"),
        ({"text": "x", "reference": "r" * 201}, "reference"),
        ({"text": "x", "kind": "magic"}, "kind"),
    ],
)
def test_what_cannot_be_right_is_refused_beside_its_field(said, field):
    with pytest.raises(InvalidInput) as refused:
        record(NewChange(**said))
    assert set(refused.value.fields) == {field}
    assert not Change.objects.exists()


def test_a_minute_of_grace_is_for_clocks_that_differ():
    assert record(NewChange(text="x", live_at=NOW + dt.timedelta(seconds=50))).pk


def test_the_same_reference_is_the_same_change_and_what_is_said_anew_replaces_the_old():
    shop = make_service()
    person = actor()
    first = record(NewChange(text="Banner", reference="deploy/1", environment="production"), by=person)
    again = record(NewChange(text="Banner", reference="deploy/1"), by=person, now=NOW + dt.timedelta(hours=1))
    assert (again.pk, again.version, again.live_at, again.environment) == (first.pk, 1, NOW, "production")
    assert deeds() == ["change.recorded"]
    anew = NewChange(reference="deploy/1", approved_by="Ada", services=[shop])
    later = record(anew, by=person, now=NOW + dt.timedelta(hours=2))
    later.refresh_from_db()
    assert (later.pk, later.version, later.text, later.approved_by) == (first.pk, 2, "Banner", "Ada")
    assert list(later.services.all()) == [shop]
    assert deeds() == ["change.recorded", "change.edited"]
    assert AuditEntry.objects.latest("id").changes == {"approved_by": ["", "Ada"], "services": ["", shop.name]}


def test_a_change_without_a_reference_is_another_one_each_time():
    assert record(NewChange(text="Banner")).pk != record(NewChange(text="Banner")).pk


def test_the_same_press_twice_is_one_change_and_other_words_are_another():
    person, client_id = actor(), uuid.uuid4()
    first = record(NewChange(text="Banner", client_id=client_id), by=person)
    assert record(NewChange(text=" Banner ", client_id=client_id), by=person) == first
    other = record(NewChange(text="Other", client_id=client_id), by=person)
    assert other.pk != first.pk
    assert record(NewChange(text="Banner", client_id=client_id)).pk not in (first.pk, other.pk), "somebody else's"


@pytest.mark.parametrize(("role", "allowed"), [("", False), (Role.READER, False), (Role.RESPONDER, True)])
def test_responders_write_changes_down(role, allowed):
    if allowed:
        return_value = record(NewChange(text="x"), by=actor(role))
        assert return_value.pk
    else:
        with pytest.raises(Forbidden):
            record(NewChange(text="x"), by=actor(role))
    assert Change.objects.count() == allowed


@pytest.mark.parametrize(("scope", "allowed"), [(TokenScope.READ, False), (TokenScope.WRITE, True)])
def test_a_token_needs_the_scope_to_write(scope, allowed):
    token = make_token(scope=scope)
    if not allowed:
        with pytest.raises(Forbidden):
            record(NewChange(text="x"), by=Actor.token(token))
        return
    change = record(NewChange(text="x", token=token), by=Actor.token(token))
    assert (change.recorded_by, change.token) == (token.owner, token)
    assert AuditEntry.objects.get().actor_label == f"{token.name}, by a token of {token.owner.name}"


def test_who_only_reads_may_answer_when_asked():
    assert record(NewChange(text="x"), by=actor(Role.READER), is_asked=True).pk
    with pytest.raises(Forbidden):
        record(NewChange(text="x"), by=actor(""), is_asked=True)


def test_a_change_of_a_private_incident_is_for_who_sees_that():
    incident = make_incident(is_private=True)
    change = make_change(private_to=incident)
    with pytest.raises(Forbidden):
        edit_change(actor=actor(Role.EDITOR), change=change, new=NewChange(text="y"), now=NOW)
    with pytest.raises(Forbidden):
        record(NewChange(text="x", private_to=incident))
    admin = actor(Role.ADMIN)
    assert edit_change(actor=admin, change=change, new=NewChange(text="y"), now=timezone.now()).text == "y"
    assert AuditEntry.objects.get().incident == incident
    assert AuditEntry.objects.get().object_label == f"change {change.pk}", "its words stay with the incident"


def test_an_edit_meets_what_somebody_else_saved():
    change = make_change("Banner")
    person, now = actor(), timezone.now()
    edit_change(actor=person, change=change, new=NewChange(text="Banner in the base model"), now=now, version=1)
    stale = Change.objects.get()
    with pytest.raises(Stale):
        edit_change(actor=person, change=stale, new=NewChange(text="Other"), now=now, version=1)
    assert Change.objects.get().text == "Banner in the base model"
    with pytest.raises(InvalidInput):
        edit_change(actor=person, change=stale, new=NewChange(text=" "), now=now, version=2)
    assert stale.text == "Banner in the base model", "a refused word does not stay on the object"
