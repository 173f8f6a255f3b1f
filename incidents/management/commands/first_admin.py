"""Make the first account, so that somebody can sign in and invite the others."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from ... import audit
from ...enums import Role
from ...models import User
from ...permissions import Actor

# Without what is easily mistaken for another: 0 O, 1 l I.
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Command(BaseCommand):
    help = "On a database without accounts, create an admin with a random password and print it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a name other than admin."""
        parser.add_argument("--name", default="admin", help="name to sign in with (default: admin)")

    def handle(self, *args: Any, name: str, verbosity: int, **options: Any) -> None:
        """Create and print; on a database with accounts say so and change nothing."""
        password = "".join(secrets.choice(LETTERS) for _ in range(20))
        try:
            with transaction.atomic():
                if User.objects.exists():
                    if verbosity:
                        self.stdout.write("There are accounts already; nothing was changed.")
                    return
                person = User.objects.create_user(name=name, email=None, password=password, role=Role.ADMIN)
                actor = Actor.machine("first_admin", Role.ADMIN)
                changes = {"role": ("", Role.ADMIN)}
                audit.record(actor=actor, action="person.created", target=person, at=timezone.now(), changes=changes)
        except ValidationError as error:
            raise CommandError(f"“{name}” cannot be the name: {' '.join(error.messages)}") from error
        self.stdout.write(f"  Sign in as    {name}\n  with password {password}   (shown only now)\n")
