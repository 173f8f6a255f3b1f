"""`manage.py similar_incidents INC-n…`: which other incidents are like these, and why."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from incidents.models import Incident

from ...domain import seen_before
from ...domain.seen_before import Similar

MOST = 100


def _a_number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST:
        raise ValueError
    return number


_a_number.__name__ = f"number from 1 to {MOST}"


class Command(BaseCommand):
    help = "Say which other incidents are like these, best first. Operators see all of them, private ones too."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("references", nargs="+", metavar="INC-n")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line, one for each incident")
        parser.add_argument("--limit", type=_a_number, default=5, metavar="N", help="how many each (default 5)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # All of them are looked up first, so that a wrong name leaves no half of an answer.
            for incident in [self._incident(reference) for reference in options["references"]]:
                self._say(incident, seen_before.among_all(incident, limit=options["limit"]), options["json"])
        except DatabaseError as error:
            raise CommandError(f"The database refuses: {str(error).splitlines()[0]}") from error

    def _incident(self, reference: str) -> Incident:
        incident = Incident.objects.present().referenced(reference).first()
        if incident is None:
            raise CommandError(f"There is no incident {reference}.")
        return incident

    def _say(self, incident: Incident, similar: list[Similar], as_line: bool) -> None:
        if as_line:
            found = [_as_json(one) for one in similar]
            self.stdout.write(json.dumps({"incident": incident.reference, "similar": found}, ensure_ascii=False))
            return
        self.stdout.write(str(incident))
        for one in similar:
            likely = ", likely a repeat" if one.likely_repeat else ""
            self.stdout.write(f"  {one.score:.2f}  {one.incident}{likely}")
            self.stdout.write(f"        {'; '.join(one.reasons)}")
        if not similar:
            self.stdout.write("  nothing like it")


def _as_json(one: Similar) -> dict[str, Any]:
    return {
        "incident": one.incident.reference,
        "title": one.incident.title,
        "score": round(one.score, 4),
        "likely_repeat": one.likely_repeat,
        "reasons": list(one.reasons),
        "open_action_items": one.incident.open_action_items,
    }
