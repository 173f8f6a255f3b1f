"""Templates of postmortems, for admins."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of
from incidents.views.answers import attempt, form_page, sent

from ..domain import templates as domain
from ..forms.writing import TemplateForm
from ..models import Template
from ..permissions import LessonPerm


@require_safe
def template_list(request: SignedInRequest) -> HttpResponse:
    require(actor_of(request), LessonPerm.EDIT_TEMPLATES)
    return render(request, "postmortems/templates.html", {"templates": Template.objects.all()})


def template_new(request: SignedInRequest) -> HttpResponse:
    return _template_form(request, None)


def template_edit(request: SignedInRequest, template_id: int) -> HttpResponse:
    require(actor_of(request), LessonPerm.EDIT_TEMPLATES)
    return _template_form(request, get_object_or_404(Template, pk=template_id))


def _template_form(request: SignedInRequest, template: Template | None) -> HttpResponse:
    actor = actor_of(request)
    require(actor, LessonPerm.EDIT_TEMPLATES)
    form = TemplateForm(sent(request), template=template)

    def save() -> Template:
        return domain.save(actor=actor, template=template, now=timezone.now(), **form.cleaned_data)

    if attempt(form, save):
        return redirect("template-list")
    return form_page(request, "postmortems/template.html", form, template=template)
