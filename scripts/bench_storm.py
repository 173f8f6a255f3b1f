"""What an alert storm does to pages: 1,000 alerts in ten seconds, while somebody reads. Part of `make bench`."""

import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench_server import Browser, worker

ALERTS = 1_000
LASTS = 10  # seconds
SENDERS = 4
QUIET = 10  # seconds
# Of ten alerts nine say again what is known, as in a real storm.
DIFFERENT = 100
UNDERSTOOD_WITHIN = 300  # seconds


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it; times of pages in milliseconds, the others in seconds."""

    before: list[float]
    meanwhile: list[float]
    taken_in: int
    sending: float
    understanding: float
    incidents: int


def measure(port: int, cookie: str, path: str, secret: str) -> Storm:
    """Read a page for a while in quiet, then during the storm; then wait until all of it is understood."""
    from incidents.enums import ReceiptState
    from incidents.models import Alert, AlertReceipt

    browser = Browser(port, cookie)
    before = reading(browser, path, lambda began: time.perf_counter() - began < QUIET)
    with worker() as process:
        began = time.perf_counter()
        answers: list[int] = []
        senders = [
            threading.Thread(target=send, args=(port, secret, number, began, answers)) for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        meanwhile = reading(browser, path, lambda _began: any(sender.is_alive() for sender in senders))
        sending = time.perf_counter() - began
        while AlertReceipt.objects.filter(state=ReceiptState.PENDING).exists():
            if process.poll() is not None or time.perf_counter() - began > UNDERSTOOD_WITHIN:
                sys.exit("The storm was not understood: the worker is gone, or too slow.")
            time.sleep(0.2)
        understanding = time.perf_counter() - began
    opened = Alert.objects.exclude(incident=None).values("incident").distinct().count()
    return Storm(before, meanwhile, answers.count(202), sending, understanding, opened)


def reading(browser: Browser, path: str, goes_on: Callable[[float], bool]) -> list[float]:
    """Ask for the page again and again, as one hurried person; milliseconds for each answer, sorted."""
    began, times = time.perf_counter(), []
    while goes_on(began):
        asked = time.perf_counter()
        status = browser.ask(path)
        times.append((time.perf_counter() - asked) * 1000)
        if status != 200:
            sys.exit(f"{path}: answered {status} in a storm.")
        time.sleep(0.05)
    return sorted(times)


def send(port: int, secret: str, number: int, began: float, answers: list[int]) -> None:
    """One sender's share of the storm, evenly over its time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    chance = Random(number)  # noqa: S311
    for index in range(number, ALERTS, SENDERS):
        time.sleep(max(0.0, began + index * LASTS / ALERTS - time.perf_counter()))
        connection.request("POST", "/api/v1/hooks/alertmanager", message(chance.randrange(DIFFERENT)), headers)
        answer = connection.getresponse()
        answer.read()
        answers.append(answer.status)


def message(instance: int) -> str:
    """One alert of so many different ones, as Alertmanager tells it."""
    name = f"Storm{instance % 5}"
    alert = {
        "status": "firing",
        "labels": {"alertname": name, "instance": f"web{instance}", "service": "checkout"},
        "annotations": {"summary": "A machine answers late"},
        "startsAt": "2026-01-06T00:30:00Z",
    }
    return json.dumps({"version": "4", "groupKey": f'{{}}:{{alertname="{name}"}}', "alerts": [alert]})


def print_storm(storm: Storm) -> None:
    """The storm in words and numbers."""
    print(f"\nAn alert storm: {storm.taken_in} of {ALERTS} alerts taken in within {storm.sending:.1f} s,")
    print(
        f"all understood after {storm.understanding:.1f} s, {storm.incidents} incidents. The first page of incidents:\n"
    )
    print(f"{'':34}{'median':>8}{'p95':>8}{'asked':>8}")
    for name, times in (("in quiet", storm.before), ("meanwhile", storm.meanwhile)):
        p95 = times[int(len(times) * 0.95)]
        print(f"{name:34}{statistics.median(times):8.1f}{p95:8.1f}{len(times):8}")
