"""Health for machines, and the page while the database is away."""

import logging
import sqlite3

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse
from django.urls import path

from config import errors, health

AWAY = OperationalError("could not connect to server")


def fails(*args, **kwargs):
    raise AWAY


def broken(request):
    raise AWAY


def wrong(request):
    raise ValueError("a bug")


broken.login_required = wrong.login_required = False
urlpatterns = [path("broken/", broken), path("wrong/", wrong)]
handler500 = errors.server_error


@pytest.fixture
def browser(client, settings):
    """A client that sees error pages instead of exceptions, on the addresses above."""
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


def test_livez_asks_nothing_of_the_database(client):
    # Without the django_db mark any query would fail.
    response = client.get("/livez")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
@pytest.mark.django_db
def test_health_looks_up_no_session(client, settings, monkeypatch, address):
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    monkeypatch.setattr("incidents.sessions.SessionStore.load", fails)
    assert client.get(address).status_code == 200


@pytest.mark.django_db
def test_readyz_is_200_on_a_migrated_database(client, django_assert_max_num_queries):
    health._migrations()
    with django_assert_max_num_queries(2):
        response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert not response.cookies


@pytest.mark.django_db
def test_readyz_is_503_while_migrations_are_missing(client):
    MigrationRecorder(connection).record_unapplied("incidents", "0001_initial")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"migrate" in response.content


@pytest.mark.parametrize("error", [AWAY, InterfaceError("connection already closed")])
def test_readyz_is_503_while_the_database_is_away(client, monkeypatch, error):
    def fail(self):
        raise error

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"could not connect" not in response.content


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_only_read(client, address):
    assert client.post(address).status_code == 405


def test_an_outage_is_a_503_that_says_when_to_come_back(browser):
    response = browser.get("/broken/")
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert response["Cache-Control"] == "no-store"
    assert b"could not connect" not in response.content


def test_an_outage_that_the_session_meets_first_is_one_too(client, settings, monkeypatch):
    client.raise_request_exception = False
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    monkeypatch.setattr("incidents.sessions.SessionStore.load", fails)
    assert client.get("/").status_code == 503
    assert client.get("/").headers["Retry-After"] == "10"


def test_a_bug_is_a_500_that_shows_nothing_of_the_inside(browser):
    response = browser.get("/wrong/")
    assert response.status_code == 500
    assert "Retry-After" not in response
    assert b"a bug" not in response.content


def test_the_outage_page_needs_no_template(browser, settings):
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [], "APP_DIRS": False}]
    response = browser.get("/broken/")
    assert response.status_code == 503
    assert response.content == b"The database is not reachable. Try again shortly."


def sqlite_error(code):
    """What Django raises for this result code of SQLite."""
    cause = sqlite3.OperationalError("message")
    cause.sqlite_errorcode = code
    error = OperationalError("message")
    error.__cause__ = cause
    return error


def postgresql_error(code):
    """What Django raises for this SQLSTATE of PostgreSQL."""

    class DriverError(Exception):
        pgcode = code

    error = OperationalError("message")
    error.__cause__ = DriverError()
    return error


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        InterfaceError("connection already closed"),
        sqlite_error(sqlite3.SQLITE_BUSY),
        sqlite_error(sqlite3.SQLITE_CANTOPEN),
        sqlite_error(sqlite3.SQLITE_FULL),
        sqlite_error(sqlite3.SQLITE_IOERR_WRITE),
        postgresql_error(None),
        postgresql_error("57P01"),
        postgresql_error("53300"),
        postgresql_error("08006"),
    ],
)
def test_outages(error):
    assert errors.is_outage(error)


@pytest.mark.parametrize(
    "error",
    [None, ValueError("x"), sqlite_error(sqlite3.SQLITE_ERROR), postgresql_error("42P01"), postgresql_error("40P01")],
)
def test_what_trying_again_would_not_help(error):
    assert not errors.is_outage(error)


@pytest.mark.parametrize(("error", "is_short"), [(AWAY, True), (ValueError("a bug"), False)])
def test_the_log_tells_an_outage_in_one_line(error, is_short):
    record = logging.LogRecord(
        "django.request", 40, "", 1, "Internal Server Error: %s", ("/x",), (type(error), error, None)
    )
    assert errors.OutageInShort().filter(record)
    assert (record.exc_info is None) is is_short
    if is_short:
        assert record.getMessage() == "Internal Server Error: /x (database away: could not connect to server)"


def test_the_page_for_an_old_form(rf):
    response = errors.csrf_failure(rf.post("/"))
    assert isinstance(response, HttpResponse)
    assert response.status_code == 403
