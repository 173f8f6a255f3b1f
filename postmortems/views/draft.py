"""What all pages of a draft have in common: who may, and what they show."""

from typing import Any

from django.http import Http404

from incidents.models import Incident
from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, page_zone

from ..models import Postmortem
from ..permissions import LessonPerm


def draft_of(request: SignedInRequest, incident: Incident) -> Postmortem:
    """The postmortem of this incident, for those who may write."""
    require(actor_of(request), LessonPerm.WRITE, incident)
    postmortem = Postmortem.objects.filter(incident=incident).first()
    if postmortem is None:
        raise Http404
    postmortem.incident = incident
    return postmortem


def shown(request: SignedInRequest, postmortem: Postmortem) -> dict[str, Any]:
    """The postmortem, its incident, and the zone that times are shown in."""
    incident = postmortem.incident
    return {"postmortem": postmortem, "incident": incident, "zone": page_zone(request, incident)}
