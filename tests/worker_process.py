"""Real workers in processes of their own, on the database of the running test."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def start_worker(*options: str, **environment: str) -> subprocess.Popen[str]:
    """Start `manage.py run_worker` with the real settings; the caller ends it. Its log is on ``stderr``."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "run_worker", *options],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "BASE_URL": "http://127.0.0.1",
            "SECRET_KEY": "0123456789" * 4,
        }
        | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def database_url() -> str:
    """How another process reaches the database of this test."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    host = quote(parts["HOST"] or "/var/run/postgresql", safe="")
    login = ":".join(quote(part, safe="") for part in (parts["USER"], parts["PASSWORD"]) if part)
    return f"postgres://{login}@{host}:{parts['PORT'] or 5432}/{parts['NAME']}"


def resident_kilobytes(process: subprocess.Popen[str]) -> int:
    """The memory that a process holds now."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
