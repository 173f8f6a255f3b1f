"""System checks: each finds what it is for, and nothing when all is well."""

import sqlite3
from types import SimpleNamespace

import pytest
from django.core.checks import run_checks

from config import checks


@pytest.fixture
def found(settings, tmp_path):
    """The ids that our checks find, on settings that are as in production but for what the test changes."""
    settings.PRODUCTION = settings.HTTPS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.MEDIA_ROOT = tmp_path / "media"
    return lambda: {message.id for message in run_checks(tags=[checks.TAG], include_deployment_checks=True)}


def test_nothing_is_found_where_all_is_well(found):
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "id_"),
    [
        ("DEBUG", True, "nevertwice.E001"),
        ("ALLOWED_HOSTS", ["*"], "nevertwice.E002"),
        ("SESSION_COOKIE_SECURE", False, "nevertwice.E003"),
        ("CSRF_COOKIE_SECURE", False, "nevertwice.E003"),
        (
            "CONTENT_SECURITY_POLICY",
            {"DIRECTIVES": {"default-src": ["'self'"], "style-src": ["'unsafe-inline'"]}},
            "nevertwice.E004",
        ),
        ("CONTENT_SECURITY_POLICY", {"DIRECTIVES": {"script-src": ["'self'"]}}, "nevertwice.E005"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "nevertwice.W002"),
        ("TRUSTED_PROXIES", [], "nevertwice.W003"),
    ],
)
def test_a_setting(found, settings, name, value, id_):
    setattr(settings, name, value)
    assert found() == {id_}


def test_static_files_that_are_not_collected(found, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    assert found() == {"nevertwice.E006"}
    (tmp_path / "staticfiles.json").write_text("{}")
    assert found() == set()


def test_media_that_cannot_be_written(found, settings, tmp_path):
    (tmp_path / "media").write_text("a file in its place")
    assert found() == {"nevertwice.E007"}


def test_an_old_sqlite(found, monkeypatch):
    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="sqlite"))
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert found() == {"nevertwice.E008"}


def test_the_driver_that_django_would_prefer(found, monkeypatch):
    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="postgresql"))
    assert found() == set()
    monkeypatch.setattr(checks, "find_spec", lambda _name: object())
    assert found() == {"nevertwice.W001"}
