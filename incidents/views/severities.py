"""What each severity means here and asks for."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..domain import catalogue
from ..forms.catalogue import SeverityForm
from ..models import SeverityLevel
from ..permissions import Perm
from ..requests import SignedInRequest
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import requires

for_admins = requires(Perm.ADMINISTER)


@for_admins
@require_safe
def severities(request: SignedInRequest) -> HttpResponse:
    return render(request, "catalogue/severities.html", {"levels": SeverityLevel.objects.gravest_first()})


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def severity(request: SignedInRequest, code: str) -> HttpResponse:
    level = get_object_or_404(SeverityLevel, code=code)
    form = SeverityForm(sent(request), instance=level)
    if attempt(
        form,
        lambda: catalogue.change_severity(
            actor=actor_of(request), level=level, now=timezone.now(), **form.cleaned_data
        ),
    ):
        messages.success(request, _("Saved."))
        return redirect("severities")
    return form_page(request, "catalogue/severity_form.html", form, level=level)
