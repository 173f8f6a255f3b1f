"""Milestones and impact: what is put right when it is over."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..domain import durations, impacts
from ..domain import milestones as domain
from ..forms.incident import ImpactForm, MilestonesForm
from ..models import Impact, Incident
from ..permissions import Perm, require
from ..requests import SignedInRequest
from .access import actor_of, clock_for, incident_page, page_zone
from .answers import attempt, form_page, sent


@incident_page
def milestones(request: SignedInRequest, incident: Incident) -> HttpResponse:
    actor, zone, now = actor_of(request), page_zone(request, incident), timezone.now()
    require(actor, Perm.RESPOND, incident)
    form = MilestonesForm(sent(request), incident=incident, clock=clock_for(incident, zone.zone, now))

    def save() -> Incident:
        version = form.cleaned_data["version"]
        return domain.correct(actor=actor, incident=incident, times=form.times(), now=now, version=version)

    if attempt(form, save):
        return redirect(incident)
    context = {"incident": incident, "zone": zone, "impossible": durations.impossible_order(incident)}
    return form_page(request, "incidents/milestones.html", form, **context)


@incident_page
def impact_new(request: SignedInRequest, incident: Incident) -> HttpResponse:
    return _impact_form(request, incident, None)


@incident_page
def impact_edit(request: SignedInRequest, incident: Incident, impact_id: int) -> HttpResponse:
    return _impact_form(request, incident, _impact(incident, impact_id))


@require_POST
@incident_page
def impact_remove(request: SignedInRequest, incident: Incident, impact_id: int) -> HttpResponse:
    impacts.remove(actor=actor_of(request), impact=_impact(incident, impact_id), now=timezone.now())
    messages.success(request, _("Impact removed."))
    return redirect(incident)


def _impact_form(request: SignedInRequest, incident: Incident, impact: Impact | None) -> HttpResponse:
    actor, zone, now = actor_of(request), page_zone(request, incident), timezone.now()
    require(actor, Perm.RESPOND, incident)
    form = ImpactForm(sent(request), clock=clock_for(incident, zone.zone, now), impact=impact)

    def save() -> Impact:
        if impact is not None:
            return impacts.edit(actor=actor, impact=impact, content=form.content(), now=now)
        client_id = form.cleaned_data["client_id"]
        return impacts.add(actor=actor, incident=incident, content=form.content(), now=now, client_id=client_id)

    if attempt(form, save):
        return redirect(incident)
    return form_page(request, "incidents/impact.html", form, incident=incident, impact=impact, zone=zone)


def _impact(incident: Incident, impact_id: int) -> Impact:
    impact = incident.impacts.filter(pk=impact_id).first()
    if impact is None:
        raise Http404
    impact.incident = incident
    return impact
