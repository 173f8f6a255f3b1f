"""Prometheus' own Alertmanager, the program of the distribution, in front of a server of ours."""

import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 60  # seconds
# Debian's name, and that of everybody else.
PROGRAMS = ("prometheus-alertmanager", "alertmanager")
# The shortest times that a group is waited for and told of again.
CONFIGURATION = """
route:
  receiver: nevertwice
  group_by: [alertname, service]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: nevertwice
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization:
            credentials: {token}
"""


class Alertmanager:
    """Started with one receiver: the hook at ``url``, with a token."""

    def __init__(self, folder: Path, *, url: str, token: str) -> None:
        program = os.environ.get("ALERTMANAGER") or next(filter(None, map(shutil.which, PROGRAMS)), None)
        assert program, "Needed: Alertmanager (Debian's prometheus-alertmanager), or its path in ALERTMANAGER."
        configuration = folder / "alertmanager.yml"
        configuration.write_text(CONFIGURATION.format(url=url, token=token))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [
                program,
                f"--config.file={configuration}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                # On its own: it looks for no others.
                "--cluster.listen-address=",
                "--log.level=error",
            ]
        )
        self._wait_until_ready()

    def say(self, *labels: dict[str, str], began: dt.datetime, ended: dt.datetime | None = None) -> None:
        """Tell it of alerts, as Prometheus does; one that has ended is over."""
        alerts: Sequence[dict[str, object]] = [
            {
                "labels": own,
                "annotations": {"summary": f"{own['alertname']} on {own['instance']}"},
                "startsAt": began.isoformat(),
                **({"endsAt": ended.isoformat()} if ended else {}),
            }
            for own in labels
        ]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Alertmanager did not start.")
