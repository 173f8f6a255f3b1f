"""`manage.py run_worker`: deliver messages and run periodic jobs until told to stop."""

import argparse
import datetime as dt
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from ...intake import Intake
from ...notifications import MAIL
from ...notifications.channels import channels
from ...notifications.delivery import LEASE, Courier, helpers
from ...worker import Worker


class Command(BaseCommand):
    help = "Deliver messages and run periodic jobs until told to stop (SIGTERM, or Ctrl-C)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now, and end.")
        parser.add_argument(
            "--lease",
            type=_seconds,
            default=LEASE,
            metavar="SECONDS",
            help=f"How long a message is kept from other workers while it is tried (default {LEASE.seconds}).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        jobs, lease = import_string(settings.SCHEDULE), options["lease"]
        once = options["once"]
        mail = Courier(lease=lease, by_channel=channels() if once else channels(MAIL))
        intake = Intake()
        worker = Worker(jobs=jobs, courier=mail, helpers=() if once else [intake, *helpers(lease=lease)])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if once:
            while intake.deliver_next():
                pass
            worker.run_once()
        else:
            worker.run()


def _seconds(text: str) -> dt.timedelta:
    try:
        lease = dt.timedelta(seconds=float(text))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of seconds.") from error
    if lease <= dt.timedelta(0):
        raise argparse.ArgumentTypeError("The lease has to be longer than nothing.")
    return lease
