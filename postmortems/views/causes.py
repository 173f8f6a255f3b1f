"""Causes and safety nets of an incident."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.models import Incident
from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, sent

from ..domain import causes as domain
from ..domain import defences as defences_domain
from ..forms.lessons import CauseForm, DefencesForm
from ..insights import absent_again
from ..models import RootCause
from ..permissions import LessonPerm
from .panel import back_to_lessons, lesson_form


@incident_page
def cause_new(request: SignedInRequest, incident: Incident) -> HttpResponse:
    actor = actor_of(request)
    require(actor, LessonPerm.WRITE, incident)
    form = CauseForm(sent(request), incident=incident, user=request.user)

    def save() -> RootCause:
        client_id = form.cleaned_data["client_id"]
        return domain.add(
            actor=actor, incident=incident, content=form.content(), now=timezone.now(), client_id=client_id
        )

    if attempt(form, save):
        return back_to_lessons(request, incident)
    return lesson_form(request, "postmortems/cause.html", form, incident=incident, cause=None)


@incident_page
def cause_edit(request: SignedInRequest, incident: Incident, cause_id: int) -> HttpResponse:
    cause, actor = _cause(incident, cause_id), actor_of(request)
    require(actor, LessonPerm.WRITE, cause)
    form = CauseForm(sent(request), incident=incident, user=request.user, cause=cause)

    def save() -> RootCause:
        version = form.cleaned_data["version"]
        return domain.edit(actor=actor, cause=cause, content=form.content(), now=timezone.now(), version=version)

    if attempt(form, save):
        return back_to_lessons(request, incident)
    return lesson_form(request, "postmortems/cause.html", form, incident=incident, cause=cause)


@require_POST
@incident_page
def cause_remove(request: SignedInRequest, incident: Incident, cause_id: int) -> HttpResponse:
    domain.remove(actor=actor_of(request), cause=_cause(incident, cause_id), now=timezone.now())
    undo = reverse("cause-restore", args=[incident.reference, cause_id])
    messages.success(request, _("Cause removed."), extra_tags=f"undo:{undo}")
    return back_to_lessons(request, incident)


@require_POST
@incident_page
def cause_restore(request: SignedInRequest, incident: Incident, cause_id: int) -> HttpResponse:
    domain.restore(actor=actor_of(request), cause=_cause(incident, cause_id), now=timezone.now())
    return back_to_lessons(request, incident)


@incident_page
def defences(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Which safety nets would have caught it: only those that matter are answered."""
    actor = actor_of(request)
    require(actor, LessonPerm.WRITE, incident)
    form = DefencesForm(sent(request), incident=incident)

    def save() -> bool:
        defences_domain.answer(actor=actor, incident=incident, answers=form.answers(), now=timezone.now())
        return True

    if attempt(form, save):
        return back_to_lessons(request, incident)
    again = absent_again(incident, request.user, now=timezone.now())
    return lesson_form(request, "postmortems/defences.html", form, incident=incident, absent_again=again)


def _cause(incident: Incident, cause_id: int) -> RootCause:
    cause = incident.root_causes.filter(pk=cause_id).first()
    if cause is None:
        raise Http404
    cause.incident = incident
    return cause
