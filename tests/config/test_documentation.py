"""What can be set and what can be called is documented, and nothing else is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READER = re.compile(
    r"environment\.(?:text|flag|base_url|hosts|networks|receivers|zone|path|database|email|cache|secret_key)\(\s*\"([A-Z_]+)\""
)
AROUND = re.compile(r"""(?:environ\.get\(|environ\[|\$\{|\$\()["']?([A-Z][A-Z_]+)""")
# Set by ourselves, for the programs that we start, or passed through by the Makefile.
OURS = {"ARGS", "BASE_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "MEDIA_ROOT"}


def documented(heading):
    """The variables in the table under this heading of the configuration page."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))


def read_by(pattern, *globs):
    """The variables that these files read."""
    files = [file for glob in globs for file in ROOT.glob(glob)]
    assert files
    return {name for file in files for name in pattern.findall(file.read_text())}


def test_every_variable_of_the_settings_is_documented_and_no_other():
    read = read_by(READER, "config/settings.py")
    assert len(read) >= 14
    assert documented("Settings") == read


def test_every_variable_of_the_programs_around_is_documented_and_no_other():
    read = read_by(AROUND, "config/gunicorn.py", "scripts/*.py", "scripts/*.sh", "Makefile", "tests/e2e/*.py")
    assert documented("Variables of the programs around it") == read - OURS


def test_a_variable_that_nobody_reads_would_be_found():
    assert "CACHE_URL" in read_by(READER, "config/settings.py")
    assert "PORT" in read_by(AROUND, "Makefile")
    assert "NO_SUCH_THING" not in documented("Settings")


def our_commands():
    """Management commands of our own applications."""
    files = [file for app in ("incidents", "postmortems") for file in ROOT.glob(f"{app}/management/commands/*.py")]
    return {file.stem for file in files if not file.stem.startswith("_")}


def test_every_command_is_documented_and_no_other():
    commands = our_commands()
    assert {"first_admin", "run_worker"} <= commands
    text = (ROOT / "docs" / "operating.md").read_text()
    section = text.split("\n## Commands\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)", section, re.MULTILINE)) == commands


@pytest.mark.parametrize("target", ["setup", "run", "test", "sweep", "e2e", "check", "torture", "bench"])
def test_make_help_lists_every_target(target):
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text(), re.MULTILINE)
