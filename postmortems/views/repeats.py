"""Saying whether an incident happened before: cause by cause, or as a whole."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.models import Incident
from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent

from ..domain import repeats as domain
from ..forms.repeats import RepeatMarkForm, SameCauseForm
from ..models import RepeatMark, RootCause
from ..permissions import LessonPerm


@incident_page
def same_cause(request: SignedInRequest, incident: Incident, cause_id: int) -> HttpResponse:
    """Confirm that a cause is the same as an earlier one, and why; ``?earlier=`` names the one that was proposed."""
    actor, cause = actor_of(request), _cause(incident, cause_id)
    require(actor, LessonPerm.WRITE, cause)
    form = SameCauseForm(sent(request), cause=cause, user=request.user, earlier=request.GET.get("earlier", ""))

    def save() -> RootCause:
        data = form.cleaned_data
        reason = data["same_as_reason"]
        return domain.confirm(actor=actor, cause=cause, earlier=data["earlier"], reason=reason, now=timezone.now())

    if attempt(form, save):
        _offer_undo(request, _("Confirmed: it happened before."), "cause-same-undo", incident.reference, cause.pk)
        return _back(request, incident)
    context = {"incident": incident, "cause": cause, "back": _came_from(request)}
    return form_page(request, "postmortems/same_cause.html", form, **context)


@require_POST
@incident_page
def same_cause_undo(request: SignedInRequest, incident: Incident, cause_id: int) -> HttpResponse:
    domain.take_back(actor=actor_of(request), cause=_cause(incident, cause_id), now=timezone.now())
    return _back(request, incident)


@require_POST
@incident_page
def not_same(request: SignedInRequest, incident: Incident, cause_id: int, earlier_id: int) -> HttpResponse:
    cause, earlier = _cause(incident, cause_id), _earlier(request, earlier_id)
    domain.reject(actor=actor_of(request), cause=cause, earlier=earlier, now=timezone.now())
    _offer_undo(request, _("It is not asked again."), "cause-not-same-undo", incident.reference, cause.pk, earlier.pk)
    return _back(request, incident)


@require_POST
@incident_page
def not_same_undo(request: SignedInRequest, incident: Incident, cause_id: int, earlier_id: int) -> HttpResponse:
    cause, earlier = _cause(incident, cause_id), _earlier(request, earlier_id)
    domain.ask_again(actor=actor_of(request), cause=cause, earlier=earlier, now=timezone.now())
    return _back(request, incident)


@incident_page
def repeat_mark(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Say that the incident as a whole is a repeat of another, and why; ``?earlier=INC-3`` names it beforehand."""
    actor = actor_of(request)
    require(actor, LessonPerm.WRITE, incident)
    earlier = request.GET.get("earlier", "")[:20]
    form = RepeatMarkForm(sent(request), user=request.user, initial={"earlier": earlier})

    def save() -> RepeatMark:
        data = form.cleaned_data
        return domain.mark(
            actor=actor, incident=incident, earlier=data["earlier"], reason=data["reason"], now=timezone.now()
        )

    if attempt(form, save):
        return _back(request, incident)
    return form_page(request, "postmortems/repeat_mark.html", form, incident=incident, back=_came_from(request))


@require_POST
@incident_page
def repeat_unmark(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Say that an incident is no repeat of an earlier one after all."""
    require(actor_of(request), LessonPerm.WRITE, incident)
    earlier = Incident.objects.visible_to(request.user).referenced(request.POST.get("earlier", "")[:20]).first()
    if earlier is None:
        raise Http404
    domain.unmark(actor=actor_of(request), incident=incident, earlier=earlier, now=timezone.now())
    return _back(request, incident)


def _cause(incident: Incident, cause_id: int) -> RootCause:
    cause = incident.root_causes.filter(pk=cause_id, removed_at=None).select_related("same_as__incident").first()
    if cause is None:
        raise Http404
    cause.incident = incident
    return cause


def _earlier(request: SignedInRequest, cause_id: int) -> RootCause:
    seen = RootCause.objects.visible_to(request.user).filter(pk=cause_id).select_related("incident").first()
    if seen is None:
        raise Http404
    return seen


def _offer_undo(request: SignedInRequest, words: str, name: str, *place: object) -> None:
    messages.success(request, words, extra_tags=f"undo:{reverse(name, args=place)}")


def _came_from(request: SignedInRequest) -> str:
    return "editor" if "editor" in (request.GET.get("back"), request.POST.get("back")) else "incident"


def _back(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """To the editor where that is where somebody came from, else to the page of the incident."""
    editor = reverse("postmortem-edit", args=[incident.reference])
    if _came_from(request) == "editor":
        return redirect(f"{editor}#repeats")
    return redirect(f"{incident.get_absolute_url()}#repeats")
