"""Pages for what went wrong, none of which needs a database, and the short log line for an outage of it."""

import logging
import sqlite3
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

RETRY_AFTER = 10  # seconds

# SQLite's primary result codes for a database that is not usable now, as against a wrong statement.
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
# PostgreSQL's classes: connection, lack of resources, ended by an administrator.
POSTGRESQL_AWAY = ("08", "53", "57P", "58")


def is_outage(error: BaseException | None) -> bool:
    """True when the database is away, full or locked for too long, so that trying again later may work."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code: int | None = getattr(cause, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in SQLITE_AWAY
    code_of_server: str | None = getattr(cause, "pgcode", None)
    # Without a code no server answered: the connection failed or broke.
    return code_of_server is None or code_of_server.startswith(POSTGRESQL_AWAY)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an exception that nothing caught: 503 with Retry-After while the database is away, else 500."""
    if is_outage(sys.exc_info()[1]):
        response = HttpResponse(_page("503.html", "The database is not reachable. Try again shortly."), status=503)
        response["Retry-After"] = str(RETRY_AFTER)
    else:
        response = HttpResponse(_page("500.html", "Something went wrong."), status=500)
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token is missing or old."""
    return HttpResponse(_page("403_csrf.html", "This form is too old. Load the page again."), status=403)


def _page(template: str, otherwise: str) -> str:
    # Without the request: no context processor, so no session and no database.
    try:
        return render_to_string(template)
    except TemplateDoesNotExist:
        return otherwise


class OutageInShort(logging.Filter):
    """While the database is away each request fails the same way: one line for each, without its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record where it tells of an outage; keep every record."""
        error = record.exc_info[1] if record.exc_info else None
        if is_outage(error):
            reason = " ".join(str(error).split())
            record.msg, record.args = f"{record.getMessage()} (database away: {reason})", ()
            record.exc_info = record.exc_text = None
        return True
