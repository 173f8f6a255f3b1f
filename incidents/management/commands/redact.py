"""`manage.py redact --reason WHY`: take a text out of everything that is kept; it comes from a file or is typed."""

import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ...domain import redaction
from ...domain.redaction import Findings, Words
from ...domain.redaction.words import REPLACEMENT
from ...enums import Role
from ...errors import DomainError
from ...models import Incident, User
from ...permissions import Actor


class Command(BaseCommand):
    help = (
        "Replace a pasted secret, or a name, in everything that is kept, and record that it was done. The text is read "
        "from a file, from standard input, or asked for without being shown; never from the command line, which others "
        "can read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where the text is, what stands in its place, how exactly it is met, where, why, and for whom."""
        parser.add_argument("--from", type=Path, dest="source", metavar="PATH", help="file that holds the text")
        parser.add_argument("--replacement", default=REPLACEMENT, help=f"default: {REPLACEMENT}")
        parser.add_argument("--ignore-case", action="store_true", help="however it is capitalised")
        parser.add_argument("--whole-words", action="store_true", help="“Ada” and not “Adam”")
        parser.add_argument(
            "--incident", metavar="INC-n", help="only what hangs on this incident (default: everything)"
        )
        parser.add_argument("--reason", default="", help="stays in the audit; needed unless it is a dry run")
        parser.add_argument("--by", metavar="USER", help="the admin whose name the audit keeps (default: the command)")
        parser.add_argument("--dry-run", action="store_true", help="say where it is and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, incident = _actor(options["by"]), _incident(options["incident"])
        words = Words(
            text=_text(options["source"]),
            replacement=options["replacement"],
            ignores_case=options["ignore_case"],
            whole_words=options["whole_words"],
        )
        try:
            if options["dry_run"]:
                self._tell(redaction.find(actor=actor, words=words, incident=incident), "found")
                return
            gone = redaction.redact(
                actor=actor, words=words, reason=options["reason"], incident=incident, now=timezone.now()
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self._tell(gone, "replaced")

    def _tell(self, found: Findings, done: str) -> None:
        for place in found.places:
            where = f" ({', '.join(place.references)})" if place.references else ""
            self.stdout.write(f"{place.kind}, {place.column}: {place.count}{where}")
        for place in found.needed:
            self.stdout.write(f"{place.kind}, {place.column}: {place.count} left, because it is needed to send")
        self.stdout.write(f"{found.count} {done}.")


def _text(source: Path | None) -> str:
    try:
        if source is not None:
            return source.read_text(encoding="utf-8")
        if sys.stdin.isatty():
            return getpass.getpass("Text to take out (it is not shown): ")
        return sys.stdin.buffer.read().decode()
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CommandError("The text has to be UTF-8.") from error


def _actor(name: str | None) -> Actor:
    if not name:
        return Actor.machine("redact", Role.ADMIN)
    user = User.objects.active().named(name).first()
    if user is None or not user.is_admin:
        raise CommandError(f"There is no active admin “{name}”.")
    return Actor.person(user)


def _incident(reference: str | None) -> Incident | None:
    if not reference:
        return None
    incident = Incident.objects.referenced(reference).first()
    if incident is None:
        raise CommandError(f"There is no incident {reference}.")
    return incident
