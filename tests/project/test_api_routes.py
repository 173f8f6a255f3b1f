"""Every operation of the API × method × whoever might call it, as the table of the product says, and never with 5xx."""

import itertools
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from incidents.enums import Role, TokenScope
from incidents.models import User
from tests.api_client import Machine, issue_token
from tests.factories import make_user, sign_in
from tests.project.routes import api_routes

pytestmark = pytest.mark.django_db

# Of each operation: the least role of the owner, the least scope, the method, a body that is good, and what it gets.
OPERATIONS: dict[str, tuple[Role, TokenScope, str, Any, int]] = {
    "api-changes": (Role.RESPONDER, TokenScope.WRITE, "POST", {"text": "Banner"}, 201),
    "api-hook-alertmanager": (Role.READER, TokenScope.WRITE, "POST", {"alerts": [{"labels": {}}]}, 202),
    "api-hook-alert": (Role.READER, TokenScope.WRITE, "POST", {"title": "Blank page"}, 202),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROLES = ("", *Role.values)


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert sorted(route.name for route in api_routes()) == sorted(OPERATIONS)


def test_every_operation_goes_through_the_one_door() -> None:
    for route in api_routes():
        view = resolve(reverse(route.name)).func
        assert getattr(view, "is_operation", False), route.name


@pytest.mark.parametrize("name", OPERATIONS)
def test_whoever_has_no_token_is_turned_away(name: str) -> None:
    _role, _scope, _method, body, _status = OPERATIONS[name]
    signed_in = Client()
    sign_in(signed_in, make_user(role=Role.ADMIN))
    for client, method in itertools.product((Client(), signed_in), METHODS):
        answer = client.generic(method, reverse(name), str(body), content_type="application/json")
        assert answer.status_code == 401, method


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_token_may_what_its_scope_and_its_owner_may(name: str) -> None:
    least_role, least_scope, wanted_method, body, status = OPERATIONS[name]
    path = reverse(name).removeprefix("/api/v1/")
    wrong = []
    for role, scope, method in itertools.product(ROLES, TokenScope, METHODS):
        owner = make_user(role=Role.ADMIN)
        machine = Machine(issue_token(owner, scope=scope))
        User.objects.filter(pk=owner.pk).update(role=role)
        may = ROLES.index(role) >= ROLES.index(least_role) and scope in (least_scope, TokenScope.WRITE)
        expected = (status if may else 403) if method == wanted_method else 405
        with transaction.atomic():
            answer = machine.send(method, path, body)
            transaction.set_rollback(True)
        if answer.status_code != expected:
            wrong.append(f"{method} by {role or 'nobody'} with {scope}: {answer.status_code}, not {expected}")
    assert not wrong, "\n".join(wrong)
