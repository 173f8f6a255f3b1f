"""A real web server in processes of its own, on the database of the running test: it can be stopped and started."""

import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings

from tests.worker_process import ROOT, database_url

PATIENCE = 60  # seconds


class WebServer:
    """One address; whether something answers there is up to `start` and `stop`."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "BASE_URL": self.url,
            "SECRET_KEY": settings.SECRET_KEY,
            "PORT": str(self.port),
            # Static files come from where they lie.
            "DEBUG": "1",
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
        # A session of its own: the processes that serve can be killed together with the one that started them.
        self._process = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, start_new_session=True)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The server did not start.")

    def stop(self) -> None:
        """Stop it, and wait until it is gone; nothing happens where it is gone already."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def kill(self) -> None:
        """Kill it with -9, and all that serve for it, whatever they are at."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=PATIENCE)
        self._process = None
