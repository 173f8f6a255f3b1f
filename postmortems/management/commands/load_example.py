"""`manage.py load_example`: tell the worked example, so that every page has something to show."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from incidents.enums import Role
from incidents.errors import DomainError
from incidents.permissions import Actor

from ... import example


class Command(BaseCommand):
    help = "Load the worked example (DRILL-n) into a database without real incidents; remove_example takes it away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where somebody has begun to work")

    def handle(self, *args: Any, if_empty: bool, verbosity: int, **options: Any) -> None:
        if if_empty and not example.is_empty():
            return
        try:
            incidents = example.load(actor=Actor.machine("load_example", Role.ADMIN), now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if incidents and verbosity:
            self.stdout.write(f"Loaded {', '.join(incident.reference for incident in incidents)}.")
        elif verbosity:
            self.stdout.write("The example was loaded before; nothing was changed.")
