"""`manage.py seed_load --incidents N`: fill a database with made-up incidents, to measure speed with."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ... import synthetic
from ...errors import DomainError

MAX_INCIDENTS = 1_000_000
MAX_EVENTS = 1_000  # of one incident


class Command(BaseCommand):
    help = (
        "Write made-up incidents, flagged as synthetic, into a database that holds no real ones; all or none of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--incidents", type=int, required=True, metavar="N", help="how many incidents")
        parser.add_argument("--events-per-incident", type=int, default=6, metavar="M", help="timeline events (6)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same rows (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        incidents, events = options["incidents"], options["events_per_incident"]
        if not 1 <= incidents <= MAX_INCIDENTS:
            raise CommandError(f"--incidents is {incidents}, but has to be from 1 to {MAX_INCIDENTS}.")
        if not 0 <= events <= MAX_EVENTS:
            raise CommandError(f"--events-per-incident is {events}, but has to be from 0 to {MAX_EVENTS}.")
        started = time.perf_counter()
        until = timezone.now().replace(minute=0, second=0, microsecond=0)
        try:
            synthetic.load(incidents=incidents, events_per_incident=events, seed=options["seed"], until=until)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Wrote {incidents} incidents in {time.perf_counter() - started:.1f} s.")
