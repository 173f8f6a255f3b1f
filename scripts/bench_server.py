"""The web server of `make bench`, and what it takes to ask it over HTTP."""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

START_WITHIN = 30  # seconds
END_WITHIN = 60  # seconds
CSRF_TOKEN = "b" * 32  # the same in cookie and header is all that is asked of a form
REQUESTS_PER_SECOND = re.compile(r"Requests/sec:\s+([0-9.]+)")


@contextmanager
def server() -> Iterator[int]:
    """The product under gunicorn as `make run` serves it, on a port of its own; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["-m", "gunicorn", "-c", "python:config.gunicorn", "--log-level", "error", "config.wsgi"]
    with running(*command, PORT=str(port)):
        wait_for(port)
        yield port


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker beside it."""
    with running("manage.py", "run_worker") as process:
        yield process


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python of its own with the settings to measure, ended at the end; what it logs is left out."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (as PYTHONPATH wants it)
    environment = {**os.environ, "PYTHONPATH": here, **environment}
    process = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(END_WITHIN)


def wait_for(port: int) -> None:
    """Until the server answers; ends the program with a sentence when it never does."""
    give_up = time.monotonic() + START_WITHIN
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("The web server did not start.")


class Browser:
    """One connection that is kept, signed in where it is given the cookie of a session."""

    def __init__(self, port: int, session_cookie: str = "") -> None:
        self.port = port
        self.headers = {"X-CSRFToken": CSRF_TOKEN}
        if session_cookie:
            self.headers["Cookie"] = f"{session_cookie}; csrftoken={CSRF_TOKEN}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def tag(self, path: str) -> str:
        """By what a browser asks for this page again."""
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        response.read()
        return response.headers["ETag"] or ""

    def ask(self, path: str, form: Mapping[str, str] | None = None, tag: str = "") -> int:
        """Get a page, or send a form; the status of the answer."""
        headers = self.headers | ({"If-None-Match": tag} if tag else {})
        if form is None:
            self.connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.connection.request("POST", path, urlencode(form), headers)
        response = self.connection.getresponse()
        response.read()
        return response.status

    def requests_per_second(self, path: str, seconds: int, tag: str = "") -> float | None:
        """How many answers four connections get together; nothing where wrk is not installed."""
        wrk = shutil.which("wrk")
        if wrk is None:
            return None
        command = [wrk, "-t1", "-c4", f"-d{seconds}s"]
        for name, value in (self.headers | ({"If-None-Match": tag} if tag else {})).items():
            command += ["-H", f"{name}: {value}"]
        command.append(f"http://127.0.0.1:{self.port}{path}")
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        match = REQUESTS_PER_SECOND.search(said)
        return float(match[1]) if match else None
