"""`manage.py remove_example`: take the worked example away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...domain import examples
from ...enums import Role
from ...errors import DomainError
from ...permissions import Actor


class Command(BaseCommand):
    help = "Hide the incidents of the worked example, and take its people, team and services out of use."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = examples.remove(actor=Actor.machine("remove_example", Role.ADMIN), now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write("The example is gone." if removed else "There is no example here; nothing was changed.")
