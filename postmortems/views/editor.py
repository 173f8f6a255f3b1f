"""What the editor of a draft shows, as a page and in place."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from incidents.permissions import offers
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of
from incidents.zones import reader_zone

from ..domain import checklist, wording
from ..forms.writing import HeadForm, NewSectionForm, SectionForm
from ..insights import absent_again
from ..models import ActionItem, DefenceCheck, Postmortem, RootCause, Section
from ..panels import repeats_context
from ..permissions import LessonPerm
from ..publication import document
from .draft import shown


def page(
    request: SignedInRequest,
    postmortem: Postmortem,
    *,
    head: HeadForm | None = None,
    section: SectionForm | None = None,
    new_section: NewSectionForm | None = None,
) -> HttpResponse:
    """The editor; a form of it that was sent and refused says what is wrong."""
    shows = _shows(request, postmortem, section)
    shows |= {"new_section": new_section} if new_section else {}
    refused = any(form is not None and form.errors for form in (head, section, new_section))
    status = 409 if getattr(head, "is_stale", False) else 422 if refused else 200
    form = head or HeadForm(postmortem=postmortem)
    return render(request, "postmortems/edit.html", {"form": form, **shows}, status=status)


def _shows(request: SignedInRequest, postmortem: Postmortem, refused: SectionForm | None) -> dict[str, Any]:
    """What the editor shows besides the form of its head."""
    incident = postmortem.incident
    sections = list(Section.every.filter(postmortem=postmortem).select_related("saved_by", "removed_by"))
    looked = checklist.look_at(postmortem)
    forms_of_sections = [
        refused if refused and refused.section.pk == section.pk else SectionForm(section=section)
        for section in sections
        if section.removed_at is None
    ]
    for form in forms_of_sections:
        form.hints = wording.hints_at(f"s{form.section.pk}", looked.hints)
    return {
        **shown(request, postmortem),
        "section_forms": forms_of_sections,
        "removed": [section for section in sections if section.removed_at],
        "new_section": NewSectionForm(),
        "values": document.named_values(postmortem),
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
        **clock(request),
    }


def saved_in_place(
    request: SignedInRequest, postmortem: Postmortem, form: HeadForm | SectionForm, saved: Postmortem | Section | None
) -> HttpResponse:
    """What changes in the editor when it saved by itself: when that was, the next version, the checklist.

    The field is left alone, so that typing goes on; where the section says more now than was sent, because somebody
    else wrote in it too, a script takes that over. After a refusal the version stays as it was sent: the next press
    shows both texts, and nobody overwrites what they have not seen.
    """
    context = {
        "form": form,
        "refused": saved is None,
        "is_removed": any(error.code == "removed" for error in form.non_field_errors().as_data()),
        "version": saved.version if saved else request.POST.get("version", ""),
        "merged": saved.text if isinstance(saved, Section) and _says_more(saved, form) else None,
        # Leaving a field saves it once more: whoever leaves it for a hint does not see that hint come back.
        "is_news": saved is not None and f"{saved.version}" != request.POST.get("version"),
        **_beside(request, postmortem, form),
    }
    return render(request, "postmortems/_saved_answer.html", context, status=200 if saved else 422)


def _beside(request: SignedInRequest, postmortem: Postmortem, form: HeadForm | SectionForm) -> dict[str, Any]:
    """What changes around a text that saved itself: the checklist, the hints on its words, and when that was."""
    looked = checklist.look_at(postmortem)
    place = f"s{form.section.pk}" if isinstance(form, SectionForm) else wording.HEAD
    hints = wording.hints_at(place, looked.hints)
    around = {"checks": looked.checks, "hints": hints, "at": timezone.now(), "by": None}
    return {**around, **shown(request, postmortem), **clock(request)}


def card(request: SignedInRequest, section: Section) -> dict[str, Any]:
    """What the card of one section shows that was added or put back."""
    form = SectionForm(section=section)
    form.hints = wording.hints_at(f"s{section.pk}", checklist.look_at(section.postmortem).hints)
    return {**shown(request, section.postmortem), **clock(request), "form": form}


def clock(request: SignedInRequest) -> dict[str, Any]:
    """What the times of saving are shown in: the reader's zone, without the date where that is today."""
    zone = reader_zone(request.user)
    return {"reader_zone": zone, "today": timezone.now().astimezone(zone).date()}


def unknown_values(postmortem: Postmortem) -> list[str]:
    """What in the texts of the draft cannot be filled in."""
    return document.unknown_values(postmortem, [postmortem.lede, *(part.text for part in postmortem.sections.all())])


def _says_more(saved: Section, form: HeadForm | SectionForm) -> bool:
    return saved.text != str(form.cleaned_data["text"]).replace("\r\n", "\n")
