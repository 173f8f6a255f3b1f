"""Health for machines: no session, nobody signed in, no word about the inside."""

from collections.abc import Callable
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

Handler = Callable[[HttpRequest], HttpResponseBase]


def nobody_asks(get_response: Handler) -> Handler:
    """Middleware: health is asked by nobody, even in a browser that is signed in, so that no session is looked up."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path in ("/livez", "/readyz"):
            request.COOKIES = {}
        return get_response(request)

    return middleware


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; asks nothing of the database."""
    return _answer("ok")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database is reachable and has all migrations, else 503."""
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    except (DatabaseError, InterfaceError):
        return _answer("the database is not reachable", status=503)
    if not _migrations() <= applied:
        return _answer("the database lacks migrations: run manage.py migrate", status=503)
    return _answer("ok")


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Every migration that this release brings; they do not change while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _answer(text: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8", status=status)
    response["Cache-Control"] = "no-store"
    return response
