"""Following an incident."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..errors import NotPossible
from ..models import Incident, Subscription
from ..permissions import Actor, Perm, require


@transaction.atomic
def set_following(*, actor: Actor, incident: Incident, following: bool, now: dt.datetime) -> None:
    """Begin or end to follow; doing it twice changes nothing."""
    require(actor, Perm.FOLLOW, incident)
    if actor.user is None:
        raise NotPossible(_("Only a person can follow an incident."))
    if following:
        _row, changed = Subscription.objects.get_or_create(user=actor.user, incident=incident)
    else:
        changed = bool(Subscription.objects.filter(user=actor.user, incident=incident).delete()[0])
    if changed:
        audit.record(
            actor=actor,
            action="incident.followed" if following else "incident.unfollowed",
            target=incident,
            at=now,
            changes={"following": (not following, following)},
        )
