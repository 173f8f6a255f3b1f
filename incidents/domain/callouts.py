"""Answering a call: “I have it”."""

import datetime as dt

from django.utils.translation import gettext as _

from ..errors import NotPossible
from ..models import Incident
from ..permissions import Actor
from .lifecycle import Verb, advance


def take(*, actor: Actor, incident: Incident, now: dt.datetime) -> Incident:
    """Acknowledge the incident and become its incident lead; doing it twice changes nothing.

    Raises `NotPossible` where somebody else has it, and says who; `Stale` where they were quicker by a moment.
    """
    lead = incident.incident_lead
    if lead is not None and lead != actor.user:
        message = _("%(name)s has it already. To take over, hand the role over on the page of roles.")
        raise NotPossible(message % {"name": lead})
    return advance(actor=actor, incident=incident, verb=Verb.ACKNOWLEDGE, now=now)
