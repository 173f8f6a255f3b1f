"""The page behind “I have it” in the mail that calls somebody."""

from contextlib import suppress

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ..domain import callouts
from ..domain.lifecycle import Verb, available_verbs
from ..errors import NotPossible, Stale
from ..models import Incident
from ..permissions import Perm, require
from ..requests import SignedInRequest
from .access import actor_of, incident_page


@require_http_methods(["GET", "HEAD", "POST"])
@incident_page
def have_it(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Looking shows one button, or who has it already; pressing it acknowledges and makes the incident lead."""
    actor = actor_of(request)
    require(actor, Perm.RESPOND, incident)
    if request.method == "POST":
        with suppress(NotPossible, Stale):
            callouts.take(actor=actor, incident=incident, now=timezone.now())
            return redirect(incident)
        # The page says who was quicker.
        return redirect("have-it", incident.reference)
    others = incident.incident_lead is not None and incident.incident_lead != request.user
    can_take = Verb.ACKNOWLEDGE in available_verbs(actor, incident) and not others
    context = {"incident": incident, "can_take": can_take, "others": others}
    return render(request, "incidents/have_it.html", context)
