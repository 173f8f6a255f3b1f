"""`manage.py export_postmortem INC-n --format md`: one postmortem as Markdown, HTML or JSON."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.enums import Role
from incidents.errors import DomainError
from incidents.models import Incident
from incidents.permissions import Actor

from ...models import Postmortem
from ...transfer.export import ExportFormat, export


class Command(BaseCommand):
    help = "Write a postmortem as Markdown, HTML or JSON: its published revision, else its draft."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", metavar="INC-n")
        parser.add_argument("--format", choices=ExportFormat.values, required=True)
        parser.add_argument("--output", type=Path, metavar="PATH", help="write here rather than to the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        reference = options["reference"]
        incident = Incident.objects.referenced(reference).first()
        postmortem = Postmortem.objects.filter(incident=incident).first() if incident else None
        if postmortem is None:
            raise CommandError(f"{reference} has no postmortem." if incident else f"There is no incident {reference}.")
        actor = Actor.machine("export_postmortem", Role.ADMIN)
        try:
            made = export(actor=actor, postmortem=postmortem, format=ExportFormat(options["format"]))
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["output"] is None:
            self.stdout.write(made.text, ending="")
            return
        try:
            options["output"].write_text(made.text, encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror or error}.") from error
