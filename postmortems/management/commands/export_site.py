"""`manage.py export_site DIR`: what is public as plain pages that need no server."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from incidents.enums import Role
from incidents.errors import DomainError
from incidents.permissions import Actor

from ...transfer.site import export_site
from ._progress import Progress


class Command(BaseCommand):
    help = (
        "Write the public postmortems as plain pages, with lists, search and feed, into a folder that is new, empty, "
        "or of an earlier export, which it replaces."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--base-url", default="", metavar="URL", help="where it will be served; for the feed alone")

    def handle(self, *args: Any, folder: Path, base_url: str, **options: Any) -> None:
        actor, progress = Actor.machine("export_site", Role.ADMIN), Progress(self.stderr)
        try:
            count = export_site(actor=actor, path=folder, base_url=base_url, now=timezone.now(), progress=progress)
        except DomainError as error:
            raise CommandError(error.message) from error
        finally:
            progress.end()
        postmortems = "postmortem" if count == 1 else "postmortems"
        self.stdout.write(f"Wrote {count} public {postmortems} to {folder}. Open {folder / 'index.html'}")
