"""`manage.py export_all DIR`: every incident as Markdown and JSON, with its pictures."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from incidents.enums import Role
from incidents.errors import DomainError
from incidents.permissions import Actor

from ...transfer.archive import export_all
from ._progress import Progress


class Command(BaseCommand):
    help = (
        "Write every incident, private ones and names included, as Markdown and JSON with its pictures into a folder "
        "that is new, empty, or of an earlier export, which it replaces."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        actor, progress = Actor.machine("export_all", Role.ADMIN), Progress(self.stderr)
        try:
            count = export_all(actor=actor, path=folder, now=timezone.now(), progress=progress)
        except DomainError as error:
            raise CommandError(error.message) from error
        finally:
            progress.end()
        self.stdout.write(f"Wrote {count} {'incident' if count == 1 else 'incidents'} to {folder}.")
