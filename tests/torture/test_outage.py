"""PostgreSQL goes away under a running server and comes back: pages say so, and work again by themselves."""

import os
import shutil
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
PATIENCE = 60  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A throw-away PostgreSQL, which can be stopped and started."""

    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        self._owner: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
        folder.mkdir()
        if self._owner:
            shutil.chown(folder, "nobody", "nogroup")
        self._run("initdb", "-D", str(folder / "data"), "-U", "nevertwice", "--auth=trust", "--encoding=UTF8")

    def _run(self, program, *arguments):
        command = [str(PROGRAMS / program), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **self._owner)

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.folder}"
        data = str(self.folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self):
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")


@pytest.fixture
def cluster(tmp_path_factory):
    # The owner of the cluster has to be able to reach it, so no folder above may be closed to others.
    folder = Path("/tmp") / f"nevertwice-torture-{os.getpid()}"
    made = Cluster(folder)
    made.start()
    yield made
    if (folder / "data" / "postmaster.pid").exists():
        made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def server(cluster, tmp_path):
    """The port of a running Nevertwice on that cluster."""
    port = free_port()
    output = tmp_path / "output.txt"
    environment = os.environ | {
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"postgres://nevertwice@127.0.0.1:{cluster.port}/postgres",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MEDIA_ROOT": str(tmp_path / "media"),
    }
    with output.open("w") as file:
        command = [sys.executable, "scripts/serve.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
    deadline = time.monotonic() + PATIENCE
    while "is running: open" not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.2)
    yield port
    process.terminate()
    process.wait(timeout=PATIENCE)


def ask(port, path):
    """Status, headers, body and seconds of an answer. The session cookie makes every page ask the database."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.monotonic()
    connection.request("GET", path, headers={"Cookie": "session=0123456789abcdefghijklmnopqrstuv"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body, time.monotonic() - began


def test_pages_say_so_in_time_and_work_again_by_themselves(cluster, server):
    assert ask(server, "/incidents/")[0] == 302
    assert ask(server, "/readyz")[0] == 200
    for _ in range(2):
        cluster.stop()
        for path in ("/", "/incidents/", "/account/sign-in/"):
            status, headers, body, seconds = ask(server, path)
            assert status == 503
            assert headers["Retry-After"] == "10"
            assert "Traceback" not in body
            assert "psycopg" not in body
            assert seconds < 6
        assert ask(server, "/readyz")[0] == 503
        assert ask(server, "/livez")[0] == 200
        cluster.start()
        began = time.monotonic()
        while ask(server, "/incidents/")[0] != 302:
            assert time.monotonic() - began < 5
            time.sleep(0.2)
        assert ask(server, "/readyz")[0] == 200
