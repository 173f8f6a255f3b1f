"""`manage.py send_test_mail ADDRESS`: find out whether mail goes out."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from ...notifications.trial import send_test_mail


class Command(BaseCommand):
    help = "Send a test mail at once, without the worker, and say how that went."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"“{address}” is no e-mail address.") from error
        problem = send_test_mail(address=address, at=timezone.now())
        if problem:
            raise CommandError(f"The mail did not go out. Look at EMAIL_URL and EMAIL_FROM. What came back: {problem}")
        if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
            self.stdout.write("EMAIL_URL names no mail server, so the mail was only written, not sent.")
            return
        self.stdout.write(f"{settings.EMAIL_HOST} took the mail for {address}.")
