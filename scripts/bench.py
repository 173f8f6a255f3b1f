"""Speed of the pages, as ratios to an empty page in the same run, with their numbers of queries: `make bench`.

Makes a database of its own in a temporary folder (or uses an empty one given by DATABASE_URL), fills it with made-up
incidents, and asks for each page many times in one process, through all middleware.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from incidents.models import Incident, User

ROOT = Path(__file__).resolve().parent.parent


class Measured(NamedTuple):
    """One line of the table; times in milliseconds."""

    name: str
    median: float
    p95: float
    queries: int
    kilobytes: float


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description="Speed of the pages, as ratios to an empty page.")
    parser.add_argument("--incidents", type=int, default=20_000, help="made-up incidents (default 20,000)")
    parser.add_argument("--rounds", type=int, default=50, help="requests for each line (default 50)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nevertwice-bench-") as folder:
        set_up(Path(folder))
        fill(options.incidents)
        results = [measure(name, ask, options.rounds) for name, ask in asks()]
    print_table(results, options.incidents)


def set_up(folder: Path) -> None:
    """Start Django on the database to measure, with the settings of production and one more address."""
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'bench.sqlite3'}")
    os.environ["MEDIA_ROOT"] = str(folder / "media")
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from config import start

    start.load_settings()
    import logging

    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.WARNING)
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.ROOT_URLCONF = urls_with_an_empty_page()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def urls_with_an_empty_page() -> str:
    """The name of a module with all our addresses, and one whose page is empty, to compare with."""
    from types import ModuleType

    from django.contrib.auth.decorators import login_required
    from django.http import HttpResponse
    from django.urls import include, path

    def empty(request: "HttpRequest") -> "HttpResponse":
        return HttpResponse(b"<!doctype html><title>Empty</title>" + b" " * 10_000)

    module = ModuleType("urls_of_bench")
    module.urlpatterns = [path("empty/", login_required(empty)), path("", include("config.urls"))]  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    return module.__name__


def fill(incidents: int) -> None:
    """Write the made-up incidents."""
    from django.core.management import call_command

    began = time.perf_counter()
    call_command("seed_load", incidents=incidents, verbosity=0, stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    print(f"Wrote {incidents} incidents in {time.perf_counter() - began:.1f} s.\n", flush=True)


def asks() -> Iterator[tuple[str, Callable[[], "HttpResponseBase"]]]:
    """What is measured: a name, and a function that asks for it once."""
    from django.test import Client

    from incidents.enums import Role
    from incidents.models import User

    user = User.objects.create_user(name="Bench", password=uuid.uuid4().hex, role=Role.EDITOR)
    client = Client()
    client.force_login(user)
    yield "empty page", lambda: client.get("/empty/")
    yield "today", lambda: client.get("/")
    yield "incidents, first page", lambda: client.get("/incidents/")
    late = late_page()
    yield "incidents, a page near the end", lambda: client.get(late)
    yield "incidents, two filters", lambda: client.get("/incidents/?severity=sev1&q=slow")
    small, large = live_incident(user, 20), live_incident(user, 500)
    yield "live incident, 20 entries", lambda: client.get(small.get_absolute_url())
    yield "live incident, 500 entries", lambda: client.get(large.get_absolute_url())
    yield "declare, the form", lambda: client.get("/incidents/new/")
    yield "add an entry", lambda: client.post(f"{small.get_absolute_url()}timeline/", entry())
    yield "declare", lambda: client.post("/incidents/new/", new_incident())


def late_page() -> str:
    """The address of the page that begins after nine tenths of all incidents, newest first."""
    from incidents.models import Incident
    from incidents.paging import EPOCH, MICROSECOND

    total = Incident.objects.count()
    row = Incident.objects.order_by("-sort_at", "-id")[total * 9 // 10]
    return f"/incidents/?after={(row.sort_at - EPOCH) // MICROSECOND}.{row.pk}"


def live_incident(user: "User", events: int) -> "Incident":
    """An incident that is going on, with so many entries on its timeline."""
    from django.utils import timezone

    from incidents import synthetic
    from incidents.domain.declaration import NewIncident, declare
    from incidents.models import TimelineEvent
    from incidents.permissions import Actor

    new = NewIncident(title=f"Blank front page, {events} entries", home_zone="UTC")
    incident = declare(actor=Actor.person(user), new=new, now=timezone.now())
    TimelineEvent.objects.bulk_create(synthetic.events_of(Random(events), incident, [user], events))  # noqa: S311
    return incident


def entry() -> dict[str, str]:
    """One entry as the page sends it."""
    return {"text": "diagnosis: the cache answers with pages of yesterday", "client_id": str(uuid.uuid4())}


def new_incident() -> dict[str, str]:
    """A declaration as the page sends it."""
    return {"title": "Blank front page for some visitors", "severity": "sev3", "client_id": str(uuid.uuid4())}


def measure(name: str, ask: Callable[[], "HttpResponseBase"], rounds: int) -> Measured:
    """Ask once to warm up, once to count, then as often as told."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask()
    with CaptureQueriesContext(connection) as queries:
        response = ask()
    own = [query for query in queries if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]
    if response.status_code not in (200, 302):
        sys.exit(f"{name}: answered {response.status_code}.")
    with rest_between():
        times = sorted(timed(ask) for _ in range(rounds))
    size = len(getattr(response, "content", b"")) / 1000
    return Measured(name, statistics.median(times), times[int(rounds * 0.95)], len(own), size)


@contextmanager
def rest_between() -> Iterator[None]:
    """Collect garbage before, not while, measuring."""
    import gc

    gc.collect()
    gc.disable()
    yield
    gc.enable()


def timed(ask: Callable[[], "HttpResponseBase"]) -> float:
    """Milliseconds for one answer."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def print_table(results: list[Measured], incidents: int) -> None:
    """The table, each line beside the empty page."""
    from django.db import connection

    empty = results[0].median
    print(f"{connection.display_name}, {incidents} incidents; milliseconds in one process, through all middleware\n")
    print(f"{'':34}{'median':>8}{'p95':>8}{'× empty':>9}{'queries':>9}{'kB':>7}")
    for line in results:
        ratio = f"{line.median / empty:.1f}"
        print(f"{line.name:34}{line.median:8.1f}{line.p95:8.1f}{ratio:>9}{line.queries:9}{line.kilobytes:7.0f}")


if __name__ == "__main__":
    main()
