"""The panel of lessons on the page of an incident, updated in place where the page asked so."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from incidents.models import Incident
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of
from incidents.views.answers import form_page

from ..domain import checklist, wording
from ..insights import absent_again
from ..panels import lessons_panel


def back_to_lessons(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """After a change: the panel anew in place, on the page of the incident or in the editor; else that page."""
    panel = lessons_panel(actor_of(request), incident)
    if not request.htmx or panel is None:
        return redirect(f"{incident.get_absolute_url()}#lessons")
    postmortem = panel.context["postmortem"]
    if postmortem is not None and "/postmortems/" in (request.htmx.current_url or ""):
        looked = checklist.look_at(postmortem)
        hints = wording.hints_at(wording.LESSONS, looked.hints)
        again = absent_again(incident, request.user, now=timezone.now())
        context = {**panel.context, "checks": looked.checks, "lesson_hints": hints, "absent_again": again}
        response = render(request, "postmortems/_editor_answer.html", context)
    else:
        response = render(request, panel.template, {"panel": panel.context})
    response["HX-Retarget"], response["HX-Reswap"] = "#lessons", "outerHTML"
    return response


def lesson_form(request: SignedInRequest, page: str, form: forms.BaseForm, **context: Any) -> HttpResponse:
    """A form of the panel: the part of its page that opens inside the panel, or the whole page."""
    if request.htmx:
        page = page.replace("postmortems/", "postmortems/_")
    return form_page(request, page, form, **context)
