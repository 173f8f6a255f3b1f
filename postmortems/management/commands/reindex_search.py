"""`manage.py reindex_search`: make the search index anew."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from incidents.models import Incident

from ...search import index

# Seconds between two lines that say how far it is.
PATIENCE = 5


class Command(BaseCommand):
    help = "Make the search index anew, a few hundred incidents at a time; people can go on working meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        started = told = time.monotonic()
        total = Incident.objects.count()

        def progress(done: int) -> None:
            nonlocal told
            if time.monotonic() - told >= PATIENCE:
                told = time.monotonic()
                self.stdout.write(f"{done} of {total} incidents …")

        done = index.reindex(progress=progress)
        while index.learn(timezone.now()):
            pass
        self.stdout.write(f"Indexed {done} incidents in {time.monotonic() - started:.1f} s.")
