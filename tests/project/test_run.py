"""`make run`: up, used, ended; and the sentences when it cannot be."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """One `make run` without the Makefile, on a database of its own."""

    def __init__(self, folder, **variables):
        self.port = free_port()
        self.output = folder / f"output-{self.port}.txt"
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(folder / "media"),
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/serve.py"],
                cwd=ROOT,
                env=environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def wait_for(self, text):
        """Return once the output holds this text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def get(self, path):
        """Status and body of a page."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def children(self):
        """The command lines of the processes that it started, by their ids."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                parent = re.search(r"^PPid:\t(\d+)$", status.read_text(), re.MULTILINE)
                if parent and int(parent[1]) == self.process.pid:
                    found[int(status.parent.name)] = (status.parent / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # ended meanwhile
        return found

    def end(self):
        """Ctrl-C, and the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def start(tmp_path):
    """Start runs, and end those that the test left."""
    runs = []

    def one(**variables):
        runs.append(Run(tmp_path, **variables))
        return runs[-1]

    yield one
    for run in runs:
        if run.process.poll() is None:
            run.end()


def test_up_and_used_and_ended_and_up_again(start):
    first = start()
    first.wait_for("Nevertwice is running")
    assert re.search(r"Sign in as +admin\n +with password \S{20} ", first.output.read_text())
    assert first.get("/livez") == (200, "ok\n")
    assert first.get("/readyz") == (200, "ok\n")
    _status, page = first.get("/")  # which leads to the page for signing in
    (stylesheet,) = re.findall(r'<link[^>]+href="(/static/css/[^"]+\.[0-9a-f]{12}\.css)"', page)
    assert first.get(stylesheet)[0] == 200
    children = first.children()
    assert len(children) == 2
    assert first.end() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)

    began = time.monotonic()
    second = start()
    second.wait_for("Nevertwice is running")
    assert time.monotonic() - began < PATIENCE / 2
    assert "password" not in second.output.read_text()
    assert second.end() == 0


@pytest.mark.parametrize("which", ["run_worker", "gunicorn"])
def test_one_that_dies_ends_the_other(start, which):
    run = start()
    run.wait_for("Nevertwice is running")
    children = run.children()
    (victim,) = [pid for pid, command in children.items() if which in command]
    os.kill(victim, signal.SIGKILL)
    assert run.process.wait(timeout=PATIENCE) == 1
    assert "ended by itself, so the rest ends too" in run.output.read_text()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def refusal(run):
    """What a run that does not start has to say; nothing of it may be a traceback."""
    assert run.process.wait(timeout=PATIENCE) == 1
    text = run.output.read_text()
    assert "Traceback" not in text
    return text


def test_a_port_that_is_taken(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = refusal(start(PORT=str(port)))
    assert text.startswith(f"Port {port} is taken;")
    assert f"make run PORT={port + 1}" in text


def test_a_port_that_is_none(start):
    assert refusal(start(PORT="web")) == "PORT is “web”, but has to be a number from 1 to 65535.\n"


def test_a_wrong_setting(start):
    assert refusal(start(TIME_ZONE="Berlin")).startswith("Nevertwice does not start. TIME_ZONE is “Berlin”")


def test_a_database_that_is_not_there(start):
    url = f"postgres://nobody@127.0.0.1:{free_port()}/none"
    assert refusal(start(DATABASE_URL=url)).startswith("The database cannot be used: ")


def find_python(**variables):
    """Ask for a Python as the Makefile does."""
    command = ["/bin/sh", "scripts/find_python.sh"]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def test_a_python_that_is_new_enough_is_found():
    answer = find_python(PYTHON=sys.executable)
    assert (answer.returncode, answer.stdout.strip()) == (0, sys.executable)


def test_a_python_that_is_too_old_is_named(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    answer = find_python(PATH=str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.startswith("Nevertwice needs Python 3.11 or newer, but found Python 3.9.2.")


def test_no_python_at_all_is_said(tmp_path):
    answer = find_python(PATH=str(tmp_path))
    assert answer.returncode == 1
    assert "but found no Python." in answer.stderr


def setup(*arguments):
    """Run setup.py, as `make setup` does."""
    command = [sys.executable, "scripts/setup.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_setting_up_what_is_set_up_does_nothing():
    stamp = ROOT / ".venv" / "installed.txt"
    before = stamp.stat().st_mtime_ns
    for kind in ("runtime", "dev"):
        answer = setup(kind)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert stamp.stat().st_mtime_ns == before


def test_a_kind_that_is_none_is_named():
    answer = setup("everything")
    assert answer.returncode == 1
    assert answer.stderr == "setup.py: “everything” is neither runtime nor dev.\n"
