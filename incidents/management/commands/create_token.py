"""`manage.py create_token USER --scope read|write`: a token for a machine, printed once."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...domain.tokens import create_token
from ...enums import Role, TokenScope
from ...errors import DomainError
from ...models import User
from ...permissions import Actor


class Command(BaseCommand):
    help = "Make a token by which a machine acts for an account, and print it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose it is, what it may do, what it is called and how long it lasts."""
        parser.add_argument("user", metavar="USER", help="name or e-mail address of the account")
        parser.add_argument("--scope", choices=TokenScope.values, required=True)
        parser.add_argument("--name", default="", help="what uses it (default: made on the command line, and when)")
        parser.add_argument("--days", type=int, default=0, help="how long it lasts (default: until it is revoked)")

    def handle(self, *args: Any, user: str, scope: str, name: str, days: int, **options: Any) -> None:
        """Make it and print the secret alone, so that scripts can take it."""
        now = timezone.now()
        if not 0 <= days <= 3650:
            raise CommandError("--days has to be between 1 and 3650.")
        owner = User.objects.active().named(user).first()
        if owner is None:
            raise CommandError(f"There is no active account “{user}”.")
        try:
            issued = create_token(
                actor=Actor.machine("create_token", Role.ADMIN),
                owner=owner,
                name=name or f"Command line, {now:%Y-%m-%d %H:%M:%S}",
                scope=TokenScope(scope),
                now=now,
                expires_at=now + dt.timedelta(days=days) if days else None,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(issued.secret)
