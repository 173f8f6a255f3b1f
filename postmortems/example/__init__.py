"""The worked example: two incidents with one cause, and a near miss that shows the repair at work.

Told through the same domain functions that pages call, each at the moment when people would have pressed the button,
some weeks before it is loaded. What it says is content in English, as people would have written it. How it goes away
again: `incidents.domain.examples`.
"""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from incidents.domain import people
from incidents.enums import Role
from incidents.errors import NotPossible
from incidents.models import Incident, Service, Team
from incidents.permissions import Actor, Perm, require

from .cast import gather
from .doors import tell_doors
from .near_miss import tell_near_miss
from .sale import tell_sale
from .story import Story

FIRST_DAYS_AGO, SECOND_DAYS_AGO, THIRD_DAYS_AGO = 49, 16, 5


def is_empty() -> bool:
    """Whether nobody has begun to use this database: no incident, team or service."""
    return not (Incident.objects.exists() or Team.objects.exists() or Service.objects.exists())


@transaction.atomic
def load(*, actor: Actor, now: dt.datetime) -> list[Incident]:
    """Tell the example as if it had ended a few days before ``now`` (UTC); nothing where it was told before.

    Raises `NotPossible` where there are real incidents: it is there to look at before the first one.
    """
    require(actor, Perm.ADMINISTER)
    if Incident.objects.filter(is_example=True).exists():
        return []
    if Incident.objects.filter(is_synthetic=False).exists():
        raise NotPossible(_("There are real incidents here; the example is for an empty installation."))
    cast = gather(actor, now)
    sale = Story(cast, now, FIRST_DAYS_AGO)
    tell_sale(sale)
    doors = Story(cast, now, SECOND_DAYS_AGO)
    tell_doors(doors, sale)
    sign_in = Story(cast, now, THIRD_DAYS_AGO)
    tell_near_miss(sign_in, doors)
    # Whoever may approve counts as a second pair of eyes; nobody made up should.
    people.change_role(actor=actor, person=cast.reviewer, role=Role.RESPONDER, now=now)
    return [sale.incident, doors.incident, sign_in.incident]
