"""The door of the API: who is let in, how often, with what kind of body, and how refusals look."""

import datetime as dt
import hashlib
import hmac
import json

import pytest
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from incidents.api import access, bodies
from incidents.domain import tokens
from incidents.enums import Role, TokenScope
from incidents.models import ApiToken, Change, User
from incidents.permissions import Actor
from tests.api_client import Machine, issue_token
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.django_db

CHANGE = {"text": "Banner in the base model"}


def says(answer, status, code):
    """The one shape of a refusal."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    said = answer.json()
    assert set(said) == {"code", "message", "fields"}
    assert said["code"] == code
    assert said["message"]
    return said


def test_a_token_lets_a_machine_in():
    answer = Machine().post("changes", CHANGE)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"


SECRET = "nvt_" + "A" * 43


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nvt_",
        f"Bearer {SECRET}",
        f"Bearer {SECRET}{'x' * 5000}",
        f"Token {SECRET}",
        "Basic YWRhOnNlY3JldA==",
        "bearer",
        "Bearer null",
        "Bearer ' OR 1=1 --",
        "Bearer \xe4\xf6\xfc",
        "Bearer ../../etc/passwd",
        "Bearer {}",
        "Bearer %00",
        "Bearer  \t",
        "Digest x",
        "nvt_ nvt_",
        "Bearer,Bearer",
        "Bearer " + "0" * 64,
    ],
)
@pytest.mark.parametrize("path", ["changes"])
def test_twenty_malformed_tokens_are_turned_away(authorization, path):
    issued = issue_token()
    sent = authorization.replace("SECRET", issued.secret)
    answer = Machine(issued).post(path, CHANGE, Authorization=sent)
    says(answer, 401, "unauthorized")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Change.objects.exists()


def test_the_hash_of_a_token_is_no_token():
    issued = issue_token()
    for wrong in (issued.token.token_hash, issued.signing_key, issued.secret[:-1], issued.secret.lower()):
        says(Machine(issued).post("changes", CHANGE, Authorization=f"Bearer {wrong}"), 401, "unauthorized")


def test_a_token_that_ended_lets_nobody_in():
    machine = Machine()
    assert machine.post("changes", CHANGE).status_code == 201
    owner = machine.issued.token.owner
    User.objects.filter(pk=owner.pk).update(is_active=False)
    says(machine.post("changes", CHANGE), 401, "unauthorized")
    User.objects.filter(pk=owner.pk).update(is_active=True)
    ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    says(machine.post("changes", CHANGE), 401, "unauthorized")
    ApiToken.objects.update(expires_at=None)
    tokens.revoke_token(actor=Actor.person(owner), token=machine.issued.token, now=timezone.now())
    says(machine.post("changes", CHANGE), 401, "unauthorized")


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.READER, TokenScope.WRITE, 403),
        (Role.RESPONDER, TokenScope.READ, 403),
        (Role.RESPONDER, TokenScope.WRITE, 201),
        (Role.ADMIN, TokenScope.READ, 403),
    ],
)
def test_a_token_may_no_more_than_its_scope_and_its_owner(role, scope, status):
    answer = Machine(issue_token(make_user(role=role), scope=scope)).post("changes", CHANGE)
    assert answer.status_code == status
    if status == 403:
        says(answer, 403, "forbidden")


def test_a_role_taken_away_is_taken_from_the_token_too():
    machine = Machine()
    User.objects.update(role="")
    says(machine.post("changes", CHANGE), 403, "forbidden")


def test_a_browser_that_is_signed_in_is_not_let_in_by_its_cookie(client):
    sign_in(client, make_user(role=Role.ADMIN))
    says(client.post("/api/v1/changes", json.dumps(CHANGE), content_type="application/json"), 401, "unauthorized")
    assert not Change.objects.exists()


def test_no_form_of_another_site_gets_in_and_no_token_of_a_form_is_asked_for():
    strict = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {issue_token().secret}", "Origin": "https://elsewhere.example"}
    answer = strict.post("/api/v1/changes", json.dumps(CHANGE), content_type="application/json", headers=headers)
    assert answer.status_code == 201
    says(strict.post("/api/v1/changes", {"text": "x"}, headers=headers), 415, "not_json")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_other_methods_are_refused(method):
    machine = Machine()
    headers = {"Authorization": f"Bearer {machine.issued.secret}"}
    answer = getattr(machine.client, method)("/api/v1/changes", headers=headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize("path", ["", "nothing", "changes/", "changes/1", "../x"])
def test_an_address_without_anything_says_so_in_json(path):
    says(Machine().post(path, CHANGE), 404, "not_found")


def test_an_unknown_host_is_told_in_json():
    answer = Client().get("/api/v1/changes", headers={"Host": "elsewhere.example"})
    says(answer, 400, "bad_request")


def test_a_failure_inside_shows_none_of_it(monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("the inside")

    monkeypatch.setattr("incidents.api.changes.record_change", fail)
    answer = Machine().post("changes", CHANGE)
    assert "inside" not in str(says(answer, 500, "error"))


# Bodies


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (" ", 422, "bad_json"),
        ("{", 422, "bad_json"),
        ("nothing", 422, "bad_json"),
        ('{"text": NaN}', 422, "bad_json"),
        ('{"text": ' + "1" * 5000 + "}", 422, "bad_json"),
        ("[" * 100_000, 422, "too_deep"),
        ('{"a":' * 100_000, 422, "too_deep"),
        ("[" * 60 + "]" * 60, 422, "too_deep"),
        ("[]", 422, "not_an_object"),
        ("null", 422, "not_an_object"),
        ('"text"', 422, "not_an_object"),
        (b'{"text": "\xff"}', 422, "not_utf8"),
        ('{"text": "x"}'.encode("utf-16"), 422, "not_utf8"),
        (b'{"text": "\x00"}', 422, "nul_byte"),
        (b"\x00", 422, "nul_byte"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_json_object_is_told_what_is_wrong(body, status, code):
    says(Machine().post("changes", body), status, code)
    assert not Change.objects.exists()


def test_a_body_may_begin_with_a_mark_of_its_encoding():
    assert Machine().post("changes", b"\xef\xbb\xbf" + json.dumps(CHANGE).encode()).status_code == 201


def test_a_body_has_at_most_one_megabyte():
    text = json.dumps({"text": "x"})
    fits = text + " " * (bodies.MAX_BODY - len(text))
    assert Machine().post("changes", fits).status_code == 201
    says(Machine(issue_token()).post("changes", fits + " "), 413, "too_large")


def test_a_body_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(HttpRequest, "body", property(lambda _request: pytest.fail("was read")))
    request = HttpRequest()
    request.META = {"CONTENT_LENGTH": str(bodies.MAX_BODY + 1)}
    with pytest.raises(bodies.Refused) as refused:
        bodies.body_of(request)
    assert refused.value.status == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", ""])
def test_other_kinds_of_bodies_are_refused(content_type):
    says(Machine().post("changes", json.dumps(CHANGE), Content_Type=content_type), 415, "not_json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.api+json"])
def test_json_by_its_longer_names_is_taken(content_type):
    assert Machine().post("changes", CHANGE, Content_Type=content_type).status_code == 201


def test_a_compressed_body_is_refused():
    says(Machine().post("changes", CHANGE, Content_Encoding="gzip"), 415, "unsupported_encoding")


def test_a_body_of_unknown_length_is_refused():
    request = HttpRequest()
    request.META = {"HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(bodies.Refused) as refused:
        bodies.body_of(request)
    assert refused.value.status == 411


# How often


def test_too_many_in_one_minute_are_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr(access.time, "time", lambda: 1_000_000_015.0)
    machine, other = Machine(), Machine(issue_token())
    cache.set(f"api:changes:{machine.issued.token.pk}:{1_000_000_015 // 60}", 600)
    answer = machine.post("changes", CHANGE)
    says(answer, 429, "too_many_requests")
    assert answer["Retry-After"] == "5"
    assert other.post("changes", CHANGE).status_code == 201
    monkeypatch.setattr(access.time, "time", lambda: 1_000_000_020.0)
    assert machine.post("changes", CHANGE).status_code == 201


def test_the_use_of_a_token_is_seen():
    machine = Machine()
    machine.post("changes", CHANGE)
    assert timezone.now() - ApiToken.objects.get().last_used_at < dt.timedelta(minutes=1)


def test_signatures_are_no_way_in_where_they_are_not_asked_for():
    issued = issue_token()
    body = json.dumps(CHANGE).encode()
    signature = hmac.new(issued.signing_key.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    answer = Client().post(
        f"/api/v1/changes?key={issued.token.hint}", body, content_type="application/json", headers=headers
    )
    says(answer, 401, "unauthorized")
