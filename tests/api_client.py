"""A machine that speaks to the API."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from incidents.domain.tokens import IssuedToken, create_token
from incidents.enums import Role, TokenScope
from incidents.models import User
from incidents.permissions import Actor
from tests.factories import make_user


def issue_token(owner: User | None = None, *, scope: TokenScope = TokenScope.WRITE, **more: Any) -> IssuedToken:
    """A token that lets a machine in, of a responder unless an owner is named."""
    owner = owner or make_user()
    machine = Actor.machine("tests", Role.ADMIN)
    return create_token(actor=machine, owner=owner, name="Tests", scope=scope, now=timezone.now(), **more)


class Machine:
    """Sends JSON with a token, in a process that has no cookies."""

    def __init__(self, issued: IssuedToken | None = None) -> None:
        self.issued = issued or issue_token()
        self.client = Client(raise_request_exception=False)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Post a body: text and bytes as they are, anything else as JSON; headers with ``_`` for ``-``."""
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """The same by any method; a blank header is left out."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        given = {"Authorization": f"Bearer {self.issued.secret}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value}
        content_type = sent.pop("Content-Type", "")
        return self.client.generic(method, f"/api/v1/{path}", data, content_type=content_type, headers=sent)  # type: ignore[return-value]
