"""Starting: what settings come out of an environment, and the one sentence when none may."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
PRODUCTION = {"BASE_URL": "https://incidents.example.org", "SECRET_KEY": KEY}
PRINT_SETTINGS = """
import json
from config import start
start.load_settings()
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()}, default=str))
"""


def run(*arguments, **variables):
    """Start Python with these variables and no others of ours."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=60, check=False
    )


def settings_for(**variables):
    """The settings that these variables make."""
    answer = run("-c", PRINT_SETTINGS, **variables)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "perhaps"}, "DEBUG is “perhaps”"),
        ({"BASE_URL": "incidents.example.org"}, "BASE_URL is “incidents.example.org”"),
        ({"BASE_URL": "http://incidents.example.org", "SECRET_KEY": KEY}, "passwords would travel readable"),
        ({"BASE_URL": "https://incidents.example.org"}, "SECRET_KEY is missing"),
        ({**PRODUCTION, "SECRET_KEY": "changeme"}, "SECRET_KEY is too easy to guess"),
        ({**PRODUCTION, "DEBUG": "1"}, "DEBUG is 1"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS holds “*”"),
        ({"TRUSTED_PROXIES": "nginx"}, "TRUSTED_PROXIES holds “nginx”"),
        ({"TIME_ZONE": "Berlin"}, "TIME_ZONE is “Berlin”"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL has to look like"),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL has to look like"),
        ({"CACHE_URL": "elephant://"}, "CACHE_URL has to look like"),
        ({"SECRET_KEY_FILE": "/does/not/exist"}, "SECRET_KEY_FILE cannot be read"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_sentence(variables, sentence):
    answer = run("manage.py", "version", **variables)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Nevertwice does not start. ")
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


@pytest.mark.parametrize("module", ["config.wsgi", "config.asgi"])
def test_a_server_stops_with_the_same_sentence(module):
    answer = run("-c", f"import {module}", TIME_ZONE="Berlin")
    assert answer.returncode == 1
    assert answer.stderr.startswith("Nevertwice does not start. TIME_ZONE is “Berlin”")
    assert "Traceback" not in answer.stderr


def test_on_loopback_nothing_has_to_be_set():
    found = settings_for()
    assert (ROOT / "var" / "secret-key").is_file()
    assert found["PRODUCTION"] is False
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", "127.0.0.1"]
    assert found["SESSION_COOKIE_NAME"] == "session"
    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"


def test_https_decides_cookies_redirect_and_hsts():
    found = settings_for(**PRODUCTION)
    assert found["PRODUCTION"] is True
    assert found["ALLOWED_HOSTS"] == ["incidents.example.org"]
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 31536000
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://incidents.example.org"]


def test_plain_http_can_be_accepted():
    found = settings_for(BASE_URL="http://incidents.internal", SECRET_KEY=KEY, INSECURE_HTTP="1")
    assert found["PRODUCTION"] is True
    assert found["SESSION_COOKIE_NAME"] == "session"
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_sqlite_waits_its_turn_and_loses_nothing():
    options = settings_for(DATABASE_URL="sqlite:////srv/x.sqlite3")["DATABASES"]["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON"):
        assert pragma in options["init_command"]


def test_postgresql_gives_up_a_silent_server_and_keeps_what_the_address_says():
    found = settings_for(DATABASE_URL="postgres://ada@db.example.org/x?sslmode=require")["DATABASES"]["default"]
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["tcp_user_timeout"] == 3000
    assert found["OPTIONS"]["connect_timeout"] == 5
    assert found["CONN_HEALTH_CHECKS"] is True
    assert found["CONN_MAX_AGE"] > 0


def test_a_server_does_not_start_on_settings_made_unsafe_elsewhere(tmp_path):
    (tmp_path / "unsafe.py").write_text("from config.settings import *\nALLOWED_HOSTS = ['*']\n")
    answer = run("-c", "import config.wsgi", DJANGO_SETTINGS_MODULE="unsafe", PYTHONPATH=str(tmp_path), **PRODUCTION)
    assert answer.returncode == 1
    assert "nevertwice.E002" in answer.stderr
    assert answer.stderr.endswith("Nevertwice does not start. Put right what the lines above say.\n")
