"""Speed of the pages, as ratios to an empty page in the same run, with their numbers of queries: `make bench`.

Makes a database of its own in a temporary folder (or uses an empty one given by DATABASE_URL), fills it with made-up
incidents, and asks for each page many times: in one process through all middleware, then over HTTP from gunicorn.
"""

import argparse
import contextlib
import gc
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import bench_storm
from bench_server import Browser, server

if TYPE_CHECKING:
    from django.test import Client

    from incidents.models import Incident, User

ROOT = Path(__file__).resolve().parent.parent
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
WRK_SECONDS = 3


class Ask(NamedTuple):
    """One line of the table: what is asked for, and for a form what is sent each time.

    ``again`` asks as a browser does that has the page already, ``anybody`` without being signed in.
    """

    name: str
    path: str
    form: Callable[[], Mapping[str, str]] | None = None
    again: bool = False
    anybody: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds for each answer, sorted, and what one answer took besides."""

    times: list[float]
    queries: int = 0
    kilobytes: float = 0
    per_second: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return self.times[int(len(self.times) * 0.95)]


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description="Speed of the pages, as ratios to an empty page.")
    parser.add_argument("--incidents", type=int, default=20_000, help="made-up incidents (default 20,000)")
    parser.add_argument("--rounds", type=int, default=50, help="requests for each line (default 50)")
    parser.add_argument("--only", default="", help="measure the lines that hold this word, and the empty pages")
    parser.add_argument("--filled", action="store_true", help="measure DATABASE_URL as `seed_load` has left it")
    parser.add_argument("--no-http", action="store_true", help="leave out the web server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nevertwice-bench-") as folder:
        set_up(Path(folder))
        if not options.filled:
            fill(options.incidents)
        client, lines = asks()
        lines = [line for line in lines if options.only in line.name or "empty" in line.name]
        print_head()
        print_table(lines, [in_process(client, line, options.rounds) for line in lines])
        if not options.no_http:
            cookie = f"session={client.cookies['session'].value}"
            with server() as port:
                print_http_table(lines, [over_http(port, cookie, line, options.rounds) for line in lines])
                if options.only in "alert storm":
                    bench_storm.print_storm(bench_storm.measure(port, cookie, "/incidents/", token()))


def set_up(folder: Path) -> None:
    """Start Django on the database to measure, with the settings of production and one more address."""
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'bench.sqlite3'}")
    os.environ["MEDIA_ROOT"] = str(folder / "media")
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from config import start

    start.load_settings()
    import logging

    import django
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.WARNING)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def fill(incidents: int) -> None:
    """Write the made-up incidents; ends the program where the database holds any already."""
    from django.core.management import call_command
    from django.db import connection

    from incidents.models import Incident

    if Incident.objects.exists():
        sys.exit("DATABASE_URL names a database with incidents in it; measuring needs one that is empty.")
    began = time.perf_counter()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        call_command("seed_load", incidents=incidents, verbosity=0, stdout=nowhere)
    if connection.vendor == "postgresql":
        # What autovacuum does within a minute.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"Wrote {incidents} incidents in {time.perf_counter() - began:.1f} s.\n", flush=True)


def asks() -> tuple["Client", list[Ask]]:
    """What is measured, and somebody signed in to ask for it: an editor, for whom private incidents are looked at."""
    from django.test import Client

    from incidents.enums import Role
    from incidents.models import User

    user = User.objects.create_user(name="Bench", password=uuid.uuid4().hex, role=Role.EDITOR)
    client = Client()
    client.force_login(user)
    small, large = live_incident(user, 20), live_incident(user, 500)
    internal, public = published(user), published(user, public=True)
    return client, [
        Ask("empty page", "/empty/"),
        Ask("empty page, for anybody", "/empty/for-anybody/", anybody=True),
        Ask("today", "/"),
        Ask("incidents, first page", "/incidents/"),
        Ask("incidents, page at 90 %", late_page("newest")),
        Ask("incidents, gravest, page at 90 %", late_page("severity")),
        Ask("incidents, two filters", "/incidents/?severity=sev1&q=slow"),
        Ask("incidents, of one service", "/incidents/?service=checkout"),
        Ask("incidents, nothing matches", "/incidents/?q=nothing+like+it"),
        Ask("live incident, 20 entries", small.get_absolute_url()),
        Ask("live incident, 500 entries", large.get_absolute_url()),
        Ask("published postmortem", internal),
        Ask("published postmortem, unchanged", internal, again=True),
        Ask("public postmortem, for anybody", public, anybody=True),
        Ask("public postmortem, unchanged", public, again=True, anybody=True),
        Ask("insights, last 12 months", "/insights/"),
        Ask("insights, last 90 days", "/insights/?period=90d"),
        Ask("insights, all time", "/insights/?period=all"),
        Ask("declare, the form", "/incidents/new/"),
        Ask("add an entry", f"{small.get_absolute_url()}timeline/", entry),
        Ask("declare", "/incidents/new/", new_incident),
    ]


def late_page(sort: str) -> str:
    """The address of the page that begins after nine tenths of all incidents."""
    from incidents.forms.incident_filters import ORDERS
    from incidents.models import Incident
    from incidents.paging import token

    order = ORDERS[sort]
    row = Incident.objects.order_by(*order)[Incident.objects.count() * 9 // 10]
    return f"/incidents/?sort={sort}&after={token(row, order)}"


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


def published(user: "User", *, public: bool = False) -> str:
    """The address of a published postmortem that tells of forty entries, and of three action items for two causes."""
    from django.utils import timezone

    from incidents.domain import lifecycle as incidents
    from incidents.permissions import Actor
    from postmortems.domain import action_items, causes, drafting, lifecycle, sections
    from postmortems.enums import CauseCategory

    actor, now = Actor.person(user), timezone.now()
    incident = live_incident(user, 40)
    incidents.advance(actor=actor, incident=incident, verb=incidents.Verb.RESOLVE, now=now)
    for category in (CauseCategory.DEPLOYMENT, CauseCategory.MONITORING):
        cause = causes.CauseContent(title="A closing tag was lost", category=category)
        causes.add(actor=actor, incident=incident, content=cause, now=now)
    for text in ("Add an alert for blank pages", "Let a second person look", "Try changes in a sandbox"):
        item = action_items.ActionContent(text=text, owner=user, due_on=now.date())
        action_items.create(actor=actor, incident=incident, content=item, now=now)
    postmortem = drafting.start(actor=actor, incident=incident, now=now)
    for section in postmortem.sections.all():
        sections.save(actor=actor, section=section, text="A paragraph of what was seen and done.\n\n" * 12, now=now)
    postmortem.refresh_from_db()
    sections.save_head(
        actor=actor,
        postmortem=postmortem,
        title=incident.title,
        lede="What to remember.",
        happened_before=False,
        shows_names=False,
        now=now,
    )
    lifecycle.submit(actor=actor, postmortem=postmortem, now=now)
    lifecycle.approve_and_publish(actor=actor, postmortem=postmortem, now=now)
    if public:
        lifecycle.set_public(actor=actor, postmortem=postmortem, public=True, now=now, seen_revision=1)
    return postmortem.get_absolute_url()


def token() -> str:
    """The secret of a token by which monitoring may send."""
    from django.utils import timezone

    from incidents.domain import tokens
    from incidents.enums import TokenScope
    from incidents.models import User
    from incidents.permissions import Actor

    owner = User.objects.get(name="Bench")
    actor, now = Actor.person(owner), timezone.now()
    return tokens.create_token(actor=actor, owner=owner, name="Storm", scope=TokenScope.WRITE, now=now).secret


def entry() -> dict[str, str]:
    """One entry as the page sends it."""
    return {"text": "diagnosis: the cache answers with pages of yesterday", "client_id": str(uuid.uuid4())}


def new_incident() -> dict[str, str]:
    """A declaration as the page sends it."""
    return {"title": "Blank front page for some visitors", "severity": "sev3", "client_id": str(uuid.uuid4())}


def in_process(client: "Client", line: Ask, rounds: int) -> Measured:
    """Ask twice to warm up and to count, then as often as told."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if line.anybody:
        client = type(client)()
    headers = {"If-None-Match": client.get(line.path)["ETag"]} if line.again else {}

    def ask() -> tuple[int, int]:
        response = client.post(line.path, line.form()) if line.form else client.get(line.path, headers=headers)
        return response.status_code, len(response.content)

    ask()
    with CaptureQueriesContext(connection) as queries:
        status, size = ask()
    refuse_failure(line, status)
    own = [query for query in queries if not query["sql"].startswith(NOT_COUNTED)]
    with no_garbage_collected():
        times = sorted(timed(ask) for _ in range(rounds))
    return Measured(times, len(own), size / 1000)


def over_http(port: int, cookie: str, line: Ask, rounds: int) -> Measured:
    """The same from the web server, one connection after the other, and many at once for pages."""
    browser = Browser(port, "" if line.anybody else cookie)

    tag = browser.tag(line.path) if line.again else ""

    def ask() -> int:
        return browser.ask(line.path, line.form() if line.form else None, tag)

    for _ in range(4):
        refuse_failure(line, ask())
    times = sorted(timed(ask) for _ in range(rounds))
    per_second = None if line.form else browser.requests_per_second(line.path, WRK_SECONDS, tag)
    return Measured(times, per_second=per_second)


def refuse_failure(line: Ask, status: int) -> None:
    """A page that fails is quick, but not what was to be measured."""
    if status != 304 if line.again else status not in (200, 302):
        sys.exit(f"{line.name}: answered {status}.")


@contextlib.contextmanager
def no_garbage_collected() -> Iterator[None]:
    """Collect garbage before, not while, measuring."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def timed(ask: Callable[[], object]) -> float:
    """Milliseconds for one answer."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def print_head() -> None:
    """What was measured on."""
    from django.db import connection

    from incidents.models import Incident

    print(f"{connection.display_name}, {Incident.objects.count()} incidents.")
    print("In one process, through all middleware; milliseconds:\n")


def print_table(lines: list[Ask], results: list[Measured]) -> None:
    """Each line beside the empty page, for whoever is not signed in beside one of theirs."""
    empty = {line.anybody: found.median for line, found in zip(lines, results, strict=True) if "empty" in line.name}
    print(f"{'':34}{'median':>8}{'p95':>8}{'× empty':>9}{'queries':>9}{'kB':>7}")
    for line, found in zip(lines, results, strict=True):
        ratio = f"{found.median / empty[line.anybody]:.1f}"
        print(f"{line.name:34}{found.median:8.1f}{found.p95:8.1f}{ratio:>9}{found.queries:9}{found.kilobytes:7.0f}")


def print_http_table(lines: list[Ask], results: list[Measured]) -> None:
    """The same over HTTP, where a wide column says how many answers a second four connections get."""
    empties = {line.anybody: found for line, found in zip(lines, results, strict=True) if "empty" in line.name}
    print("\nOver HTTP from gunicorn; milliseconds on one connection, requests a second on four:\n")
    print(f"{'':34}{'median':>8}{'p95':>8}{'× empty':>9}{'per s':>9}{'of empty':>10}")
    for line, found in zip(lines, results, strict=True):
        empty = empties[line.anybody]
        ratio = f"{found.median / empty.median:.1f}"
        per_second = f"{found.per_second:.0f}" if found.per_second else "–"
        share = f"{found.per_second / empty.per_second:.0%}" if found.per_second and empty.per_second else "–"
        print(f"{line.name:34}{found.median:8.1f}{found.p95:8.1f}{ratio:>9}{per_second:>9}{share:>10}")


if __name__ == "__main__":
    main()
