"""Writing a postmortem, reviewing it, publishing it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.errors import InvalidInput
from incidents.models import Incident
from incidents.permissions import offers, require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent
from incidents.zones import reader_zone

from ..domain import checklist, drafting, lifecycle, sections, wording
from ..forms.writing import HeadForm, HintForm, ReasonForm, SectionForm
from ..insights import absent_again
from ..models import ActionItem, DefenceCheck, Postmortem, RootCause, Section
from ..panels import repeats_context
from ..permissions import LessonPerm
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
        return _saved_in_place(request, postmortem, form, saved)
    if saved:
        messages.success(request, _("Saved."))
        return redirect("postmortem-edit", incident.reference)
    return form_page(request, "postmortems/edit.html", form, **_editor(request, postmortem))


@require_POST
@incident_page
def section_save(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Save one section: by itself while somebody types, else back to the editor."""
    postmortem = draft_of(request, incident)
    section = _section(postmortem, section_id)
    form = SectionForm(request.POST, section=section)
    saved = attempt(form, lambda: _save_section(request, section, form))
    if request.htmx:
        return _saved_in_place(request, postmortem, form, saved)
    return _back_to_section(request, section, form, saved)


@require_POST
@incident_page
def section_waive(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Decide that a section has nothing to say; ``waived=`` without a value takes that back."""
    section = _section(draft_of(request, incident), section_id)
    form = SectionForm(request.POST, section=section)
    form.fields["version"].required = False
    waived = bool(request.POST.get("waived"))

    def save() -> Section:
        unsaved = form.cleaned_data["text"]
        return sections.waive(
            actor=actor_of(request), section=section, waived=waived, now=timezone.now(), unsaved=unsaved
        )

    return _back_to_section(request, section, form, attempt(form, save))


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


def _section(postmortem: Postmortem, section_id: int) -> Section:
    section = postmortem.sections.filter(pk=section_id).first()
    if section is None:
        raise Http404
    section.postmortem = postmortem
    return section


def _back_to_section(
    request: SignedInRequest, section: Section, form: SectionForm, saved: Section | None
) -> HttpResponse:
    """The editor at this section, which says what is wrong where it was refused."""
    postmortem = section.postmortem
    if saved:
        return redirect(f"{reverse('postmortem-edit', args=[postmortem.incident.reference])}#s{section.pk}")
    page = {"form": HeadForm(postmortem=postmortem), **_editor(request, postmortem, refused=form)}
    return render(request, "postmortems/edit.html", page, status=409 if getattr(form, "is_stale", False) else 422)


def _editor(request: SignedInRequest, postmortem: Postmortem, refused: SectionForm | None = None) -> dict[str, Any]:
    """What the editor shows besides the form of its head."""
    incident = postmortem.incident
    looked = checklist.look_at(postmortem)
    forms_of_sections = [
        refused if refused and refused.section.pk == section.pk else SectionForm(section=section)
        for section in postmortem.sections.select_related("saved_by")
    ]
    for form in forms_of_sections:
        form.hints = wording.hints_at(f"s{form.section.pk}", looked.hints)
    return {
        **shown(request, postmortem),
        "section_forms": forms_of_sections,
        "checks": looked.checks,
        "head_hints": wording.hints_at(wording.HEAD, looked.hints),
        "lesson_hints": wording.hints_at(wording.LESSONS, looked.hints),
        "set_aside": sum(placed.is_set_aside for placed in looked.hints),
        "causes": RootCause.objects.filter(incident=incident, removed_at=None),
        "items": ActionItem.objects.filter(incident=incident).select_related("owner"),
        "starred": incident.timeline.filter(is_starred=True, struck_at=None),
        "may_approve": offers(actor_of(request), LessonPerm.APPROVE, postmortem),
        "defences": DefenceCheck.objects.filter(incident=incident),
        "absent_again": absent_again(incident, request.user, now=timezone.now()),
        "repeats": repeats_context(actor_of(request), incident),
        **_reader_clock(request),
    }


def _saved_in_place(
    request: SignedInRequest, postmortem: Postmortem, form: HeadForm | SectionForm, saved: Postmortem | Section | None
) -> HttpResponse:
    """What changes in the editor when it saved by itself: when that was, the next version, the checklist.

    The field is left alone, so that typing goes on. After a refusal the version stays as it was sent: the next press
    shows both texts, and nobody overwrites what they have not seen.
    """
    looked = checklist.look_at(postmortem)
    place = f"s{form.section.pk}" if isinstance(form, SectionForm) else wording.HEAD
    context = {
        "incident": postmortem.incident,
        "form": form,
        "refused": saved is None,
        "version": saved.version if saved else request.POST.get("version", ""),
        "at": timezone.now(),
        "by": None,
        "checks": looked.checks,
        "hints": wording.hints_at(place, looked.hints),
        # Leaving a field saves it once more: whoever leaves it for a hint does not see that hint come back.
        "is_news": saved is not None and f"{saved.version}" != request.POST.get("version"),
        **_reader_clock(request),
    }
    return render(request, "postmortems/_saved_answer.html", context, status=200 if saved else 422)


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


def _reader_clock(request: SignedInRequest) -> dict[str, Any]:
    """What the times of saving are shown in: the reader's zone, without the date where that is today."""
    zone = reader_zone(request.user)
    return {"reader_zone": zone, "today": timezone.now().astimezone(zone).date()}


def _save_section(request: SignedInRequest, section: Section, form: SectionForm) -> Section:
    data = form.cleaned_data
    return sections.save(
        actor=actor_of(request), section=section, text=data["text"], now=timezone.now(), version=data["version"]
    )
