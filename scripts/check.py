"""Everything that can be said about the code without running its tests: `make check`.

All parts run, also after one has failed; the exit status is 1 when any did.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TEMPLATES = ["templates"]

Part = tuple[str, list[str]]

STATIC: list[Part] = [
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("lint", ["-m", "ruff", "check", "."]),
    ("types", ["-m", "mypy"]),
    ("templates", ["-m", "djlint", *TEMPLATES, "--lint", "--quiet"]),
    ("architecture", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
    ("dependencies", ["-m", "deptry", "."]),
]
DEPLOYED: list[Part] = [
    ("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
    ("static files", ["manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"]),
    ("deployment", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
]


def main() -> None:
    """Run all parts, say which failed."""
    failed = [name for name, command in STATIC if not passes(name, command, dict(os.environ))]
    with tempfile.TemporaryDirectory(prefix="nevertwice-check-") as folder:
        environment = as_in_production(Path(folder))
        failed += [name for name, command in DEPLOYED if not passes(name, command, environment)]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")
    print("All checks passed.")


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one part, with what it has to say; True when it is content."""
    print(f"== {name}", flush=True)
    return subprocess.run([PYTHON, *command], cwd=ROOT, env=environment, check=False).returncode == 0


def as_in_production(folder: Path) -> dict[str, str]:
    """An environment such as docs/operating.md describes, with nothing real in it."""
    return {
        **os.environ,
        "BASE_URL": "https://incidents.example.org",
        "DATABASE_URL": f"sqlite:///{folder / 'check.sqlite3'}",
        "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
        "MEDIA_ROOT": str(folder / "media"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TRUSTED_PROXIES": "127.0.0.1",
    }


if __name__ == "__main__":
    main()
