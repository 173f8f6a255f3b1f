"""The lock files: hashes for everything, the same versions in both, no word of where packages come from."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(name):
    """Package name → version."""
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_hash_and_none_an_address(name):
    text = (ROOT / name).read_text()
    assert len(pins(name)) > 10
    for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert not re.search(r"https?:|file:|index|find-links|@ ", text)


def test_development_has_all_of_runtime_in_the_same_versions():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("name", LOCKS)
def test_the_other_postgresql_driver_stays_out(name):
    assert "psycopg2-binary" in pins(name)
    assert "psycopg" not in pins(name)


def test_the_pip_that_travels_with_us_is_the_one_that_setup_expects():
    setup = (ROOT / "scripts" / "setup.py").read_text()
    (wheel,) = (ROOT / "scripts" / "vendor").glob("pip-*.whl")
    assert wheel.name in setup
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in setup
