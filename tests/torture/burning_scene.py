"""What test_all_else_burns.py runs in a network that holds nothing but this machine: server, worker and one person."""

import contextlib
import fcntl
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from urllib.parse import urlencode

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
TOKEN = "w" * 32
PATIENCE = 60  # seconds


def loopback_up() -> None:
    """In a new network even the way to oneself is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def outside() -> dict[str, str]:
    """That the rest of the world is away indeed."""
    seen = {"outside": "reachable", "name": "resolved"}
    try:
        socket.create_connection(("192.0.2.1", 443), timeout=2).close()
    except OSError:
        seen["outside"] = "unreachable"
    try:
        socket.getaddrinfo("mail.example.org", 25)
    except OSError:
        seen["name"] = "unresolved"
    return seen


class Person:
    """Somebody with a browser; the cookies are kept."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {"csrftoken": TOKEN}
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def ask(self, what: str, path: str, status: int, **form: object) -> str:
        """Ask, take the time where it is wanted, and say where the answer leads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        began = time.perf_counter()
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(
                "POST", path, urlencode({**form, "csrfmiddlewaretoken": self.cookies["csrftoken"]}), headers
            )
        else:
            connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        self.seconds[what].append(time.perf_counter() - began)
        if answer.status != status:
            sys.exit(f"{what}: {answer.status} in place of {status}.")
        for cookie in answer.msg.get_all("Set-Cookie") or ():
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.headers.get("Location", "")


def main() -> None:
    """Work for some rounds, let the worker try, and print what was seen."""
    told = json.loads(sys.argv[1])
    loopback_up()
    seen = outside()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "BASE_URL": f"http://127.0.0.1:{port}"}
    commands = (["-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"], ["manage.py", "run_worker"])
    processes = [
        subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.DEVNULL) for command in commands
    ]
    try:
        wait_for(port)
        person = work(port, told)
        # Long enough for the worker to have tried what it cannot do.
        time.sleep(5)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)
    sys.stdout.write(json.dumps({**seen, "seconds": person.seconds}) + "\n")


def work(port: int, told: dict[str, str]) -> Person:
    """Sign in, declare, add an entry, read a postmortem, so many times."""
    person = Person(port)
    for _round in range(int(told["rounds"])):
        person.cookies.pop("session", None)
        person.ask("sign in", told["sign_in"], 302, name=told["name"], password=told["password"])
        form = {"title": "Blank front page", "severity": "sev2", "services": told["service"]}
        path = person.ask("declare", "/incidents/new/", 302, **form, client_id=uuid.uuid4())
        incident = re.sub(r"^https?://[^/]+", "", path)
        person.ask("add an entry", f"{incident}timeline/", 302, text="we look", client_id=uuid.uuid4())
        person.ask("read a postmortem", told["postmortem"], 200)
    return person


def wait_for(port: int) -> None:
    """Until the server answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    sys.exit("The server did not start.")


if __name__ == "__main__":
    main()
