"""Writing a postmortem, reviewing it, publishing it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.errors import InvalidInput
from incidents.models import Incident
from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent

from ..domain import checklist, drafting, lifecycle, sections, wording
from ..forms.writing import HeadForm, HintForm, ReasonForm
from ..models import Postmortem
from ..permissions import LessonPerm
from ..publication import document, html
from . import editor
from .draft import draft_of, shown


@require_POST
@incident_page
def start(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The draft writes its first words itself."""
    drafting.start(actor=actor_of(request), incident=incident, now=timezone.now())
    return redirect("postmortem-edit", incident.reference)


@incident_page
def edit(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The editor; a POST saves the head of the page."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    form = HeadForm(sent(request), postmortem=postmortem)

    def save() -> Postmortem:
        data = {**form.cleaned_data}
        return sections.save_head(actor=actor, postmortem=postmortem, now=timezone.now(), **data)

    saved = attempt(form, save)
    if request.htmx and request.method == "POST":
        return editor.saved_in_place(request, postmortem, form, saved)
    if saved:
        messages.success(request, _("Saved."))
        return redirect("postmortem-edit", incident.reference)
    return editor.page(request, postmortem, head=form)


@require_POST
@incident_page
def wording_hint(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Set a hint on wording aside; without one, show all again that were."""
    postmortem, actor, now = draft_of(request, incident), actor_of(request), timezone.now()
    form = HintForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("This hint is not there any more. Load the page again."))
    digest, place = form.cleaned_data["hint"], form.cleaned_data["place"]
    if digest:
        wording.set_aside(actor=actor, postmortem=postmortem, digest=digest, now=now)
    else:
        wording.show_again(actor=actor, postmortem=postmortem, now=now)
    if request.htmx and digest:
        return _hints_in_place(request, postmortem, place)
    return redirect(f"{reverse('postmortem-edit', args=[incident.reference])}#hints-{place or wording.HEAD}")


@require_safe
@incident_page
def draft_preview(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The whole page as readers would see it if it was published now."""
    postmortem = draft_of(request, incident)
    built = document.build(postmortem)
    context = {"article": html.render(built, public=False), "unknown": editor.unknown_values(postmortem)}
    return render(request, "postmortems/draft.html", {**shown(request, postmortem), **context})


@incident_page
def not_required(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Say that no postmortem is needed, and why."""
    actor = actor_of(request)
    require(actor, LessonPerm.APPROVE, incident)
    form = ReasonForm(sent(request))

    def save() -> Postmortem:
        reason = form.cleaned_data["reason"]
        return lifecycle.not_required(actor=actor, incident=incident, reason=reason, now=timezone.now())

    if attempt(form, save):
        return redirect(incident)
    context = {"incident": incident, "verb": "not-required", "only_editor": False}
    return form_page(request, "postmortems/reason.html", form, **context)


@incident_page
def retract(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Take a published postmortem back, and say why."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    require(actor, LessonPerm.APPROVE, postmortem)
    form = ReasonForm(sent(request))

    def save() -> Postmortem:
        reason = form.cleaned_data["reason"]
        return lifecycle.retract(actor=actor, postmortem=postmortem, reason=reason, now=timezone.now())

    if attempt(form, save):
        return redirect("postmortem-review", incident.reference)
    context = {"incident": incident, "verb": "retract", "only_editor": lifecycle.only_editor(postmortem)}
    return form_page(request, "postmortems/reason.html", form, **context)


def _hints_in_place(request: SignedInRequest, postmortem: Postmortem, place: str) -> HttpResponse:
    """What changes in the editor when a hint was set aside: those around it, how many are, the checklist."""
    looked = checklist.look_at(postmortem)
    context = {
        "incident": postmortem.incident,
        "hints": wording.hints_at(place, looked.hints),
        "checks": looked.checks,
        "set_aside": sum(placed.is_set_aside for placed in looked.hints),
    }
    return render(request, "postmortems/_hints_answer.html", context)
