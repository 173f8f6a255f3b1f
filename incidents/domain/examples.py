"""Taking the worked example away again.

Incidents are never deleted and the audit cannot be changed, so "away" means: hidden from everybody, and its people,
teams and services out of use.
"""

import datetime as dt

from django.db import transaction

from .. import audit
from ..models import Incident, Service, Team, User
from ..permissions import Actor, Perm, require
from . import catalogue, people, teams
from .versions import compare_and_set


def is_loaded() -> bool:
    """Whether the example is there to be looked at."""
    return Incident.objects.present().filter(is_example=True).exists()


@transaction.atomic
def remove(*, actor: Actor, now: dt.datetime) -> int:
    """Hide the incidents of the example and retire what came with it; how many incidents there were, 0 the second time.

    Raises `NotPossible` where one of its services or teams is meanwhile used for real: hand that over first.
    """
    require(actor, Perm.ADMINISTER)
    shown = list(Incident.objects.present().filter(is_example=True))
    for incident in shown:
        compare_and_set(incident, at=now, removed_at=now)
        changes = {"removed": (False, True)}
        audit.record(actor=actor, action="incident.example_removed", target=incident, at=now, changes=changes)
    for service in Service.objects.active().filter(is_example=True):
        catalogue.retire_service(actor=actor, service=service, now=now)
    for team in Team.objects.active().filter(is_example=True):
        teams.retire(actor=actor, team=team, now=now)
    for person in User.objects.active().filter(is_example=True):
        nobody: dict[str, User | None] = {holding.key: None for holding in people.holdings(person)}
        people.disable(actor=actor, person=person, successors=nobody, now=now)
    return len(shown)
