"""`manage.py import_postmortem FILE…`: Markdown postmortems become incidents, or are looked at with `--dry-run`."""

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from incidents.clock_text import Zone, parse_zone
from incidents.enums import Role
from incidents.errors import DomainError, InvalidInput
from incidents.permissions import Actor

from ...transfer.markdown_reader import Document, Options, read_document
from ...transfer.report import as_json
from ...transfer.texts import decode, digest


def a_zone(text: str) -> Zone:
    """A zone from the command line."""
    try:
        return parse_zone(text)
    except InvalidInput as error:
        raise argparse.ArgumentTypeError(error.message) from error


def a_date(text: str) -> dt.date:
    """A day from the command line."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no date. Write it as 2023-01-06.") from error


class Command(BaseCommand):
    help = "Import Markdown postmortems as incidents of earlier days. Each file is imported whole or not at all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be imported; needs no database")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line, one for each file")
        parser.add_argument("--timezone", type=a_zone, metavar="ZONE", help="zone of times that name none")
        parser.add_argument(
            "--date", type=a_date, metavar="YYYY-MM-DD", help="the day it began, where the text misses it"
        )
        parser.add_argument(
            "--publish", action="store_true", help="publish at once, without a review; the page says so"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        read = Options(date=options["date"], zone=options["timezone"])
        refused, imported = 0, []
        for name in options["files"]:
            document, incident = self._one(name, read, dry_run=options["dry_run"], publish=options["publish"])
            refused += not document.is_postmortem
            imported += [incident] if incident else []
            self._say(name, document, incident, as_lines=options["json"])
        self._compare(imported)
        if refused:
            total = len(options["files"])
            raise CommandError(f"{refused} of {total} files refused; the others were read.")

    def _one(self, name: str, read: Options, *, dry_run: bool, publish: bool) -> tuple[Document, str | None]:
        """What a file holds and the incident that it became; a refusal is the first of the document's warnings."""
        try:
            found = decode(Path(name).read_bytes())
        except OSError as error:
            return Document(warnings=[f"The file cannot be read: {error.strerror or error}."]), None
        except InvalidInput as error:
            return Document(warnings=[error.message]), None
        document = read_document(found.text, read)
        document.warnings += found.warnings
        if dry_run or not document.is_postmortem:
            return document, None
        return document, self._import(name, found.text, document, publish=publish)

    def _import(self, name: str, text: str, document: Document, *, publish: bool) -> str | None:
        # Imported late: a dry run has to work where there is no database at all.
        from ...domain import imports

        try:
            done = imports.import_document(
                actor=Actor.machine("import_postmortem", Role.ADMIN),
                document=document,
                digest=digest(text),
                file_name=Path(name).name,
                home_zone=settings.TIME_ZONE,
                now=timezone.now(),
                publish=publish,
            )
        except DomainError as error:
            document.is_postmortem = False
            document.warnings.insert(0, error.message)
            return None
        except DatabaseError as error:
            raise CommandError(f"The database refuses: {str(error).splitlines()[0]}") from error
        if not done.is_new:
            document.warnings.append(f"The same text was imported before, as {done.incident.reference}.")
        return done.incident.reference

    def _compare(self, imported: list[str]) -> None:
        """Which of their words are rare is known when all are there."""
        if len(imported) > 1:
            from ...search import similarity

            similarity.refresh_all_of(imported)

    def _say(self, name: str, document: Document, incident: str | None, *, as_lines: bool) -> None:
        if as_lines:
            self.stdout.write(json.dumps(as_json(document, file=name, incident=incident), ensure_ascii=False))
            return
        state = incident or ("would be imported" if document.is_postmortem else "refused")
        self.stdout.write(f"{name}: {state}: {document.title or 'without a title'}")
        for warning in document.warnings:
            self.stdout.write(f"  {warning}")
