"""System checks: what would start, but would not be safe or not work well. Errors keep the web server from starting."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection

TAG = "nevertwice"
OLDEST_SQLITE = (3, 35)  # RETURNING


@register(TAG, deploy=True)
def safe_settings(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Settings that are safe here and may have been undone by a settings module of one's own."""
    return [Error(text, id=f"nevertwice.E00{number}") for number, text in _unsafe()]


def _unsafe() -> Iterator[tuple[int, str]]:
    if settings.PRODUCTION and settings.DEBUG:
        yield 1, "DEBUG is on, which shows settings and code to visitors."
    if "*" in settings.ALLOWED_HOSTS:
        yield 2, "ALLOWED_HOSTS allows every host name; name yours."
    if settings.HTTPS and not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        yield 3, "Cookies would travel over plain HTTP too; leave SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE on."
    if any("unsafe" in str(source) for sources in _policy().values() for source in sources or ()):
        yield 4, "The content security policy allows unsafe sources."
    if "default-src" not in _policy():
        yield 5, "The content security policy has no default-src."


def _policy() -> dict[str, Any]:
    policy: dict[str, Any] = getattr(settings, "CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    return policy


@register(TAG, deploy=True)
def works_here(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What this machine lacks."""
    found: list[CheckMessage] = []
    needs_manifest = "Manifest" in settings.STORAGES["staticfiles"]["BACKEND"]
    if needs_manifest and not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        hint = "manage.py collectstatic --noinput"
        found.append(Error("The static files are not collected.", hint=hint, id="nevertwice.E006"))
    if not _is_writable(Path(settings.MEDIA_ROOT)):
        found.append(Error(f"MEDIA_ROOT {settings.MEDIA_ROOT} cannot be written to.", id="nevertwice.E007"))
    return found


def _is_writable(folder: Path) -> bool:
    """True when the folder can be written to, or made."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


@register(TAG)
def databases(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """The engine is new enough, and the driver is the one that was tested."""
    found: list[CheckMessage] = []
    is_sqlite = connection.vendor == "sqlite"
    if is_sqlite and sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        found.append(Error(f"SQLite {sqlite3.sqlite_version} is too old; {wanted} is needed.", id="nevertwice.E008"))
    if not is_sqlite and find_spec("psycopg"):
        found.append(
            Warning(
                "psycopg 3 is installed, and Django prefers it silently to the psycopg2 that this was tested with.",
                hint="pip uninstall psycopg",
                id="nevertwice.W001",
            )
        )
    return found


@register(TAG, deploy=True)
def others_reach_it(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What people would miss once others use it."""
    found: list[CheckMessage] = []
    if settings.PRODUCTION and settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        found.append(
            Warning("No mail goes out: it is written to the log.", hint="Set EMAIL_URL.", id="nevertwice.W002")
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        found.append(
            Warning(
                "BASE_URL is https, but no proxy is trusted to say so: every page would redirect to itself.",
                hint="Set TRUSTED_PROXIES to the address of the proxy that ends TLS, often 127.0.0.1.",
                id="nevertwice.W003",
            )
        )
    return found
