"""How the API answers: JSON, and one shape for everything that is refused."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import JsonResponse

from ..errors import DomainError


class Unauthorized(DomainError):
    """There is no token, or none that still counts; which of these is not told."""

    default_code: ClassVar[str] = "unauthorized"
    http_status: ClassVar[int] = 401


class Refused(DomainError):
    """A request that is no use before it is known what it asks for; ``status`` says in which way."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.headers = dict(headers or {})


def answer(data: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """JSON that no cache keeps."""
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store", **(headers or {})})


def refusal(error: DomainError) -> JsonResponse:
    """``{"code", "message", "fields"}``: a stable word for machines, a sentence for people, what is wrong with each."""
    status = error.status if isinstance(error, Refused) else error.http_status
    headers = error.headers if isinstance(error, Refused) else {}
    if status == 401:
        headers = {"WWW-Authenticate": 'Bearer realm="nevertwice"'}
    body = {"code": error.code, "message": error.message, "fields": error.fields}
    return answer(body, status=status, headers=headers)


def moment(at: dt.datetime | None) -> str | None:
    """A moment as the API writes it: ISO 8601 in UTC, ``2026-01-06T00:57:00Z``."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if at else None
