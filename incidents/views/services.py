"""Services: what is open on each, for everybody; changing them, for admins."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import catalogue
from ..errors import DomainError
from ..forms.catalogue import ServiceForm
from ..models import Incident, Service
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_admins = requires(Perm.ADMINISTER)
for_readers = requires(Perm.VIEW_INCIDENTS)


@for_readers
@require_safe
def service_list(request: SignedInRequest) -> HttpResponse:
    return render(request, "catalogue/services.html", {"services": Service.objects.for_list(request.user)})


@for_readers
@require_safe
def service(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Service.objects.for_page(), slug=slug)
    incidents = Incident.objects.visible_to(request.user).on_service(found)
    context = {
        "service": found,
        "open_incidents": incidents.open(),
        "earlier": incidents.over()[:EARLIER],
        "is_followed": found.followers.filter(user=request.user).exists(),
        "zone": reader_zone(request.user),
    }
    return render(request, "catalogue/service.html", context)


EARLIER = 20  # how many incidents that are over a service shows


@for_admins
@form_methods
def service_new(request: SignedInRequest) -> HttpResponse:
    form = ServiceForm(sent(request))
    made = attempt(
        form, lambda: catalogue.create_service(actor=actor_of(request), now=timezone.now(), **form.cleaned_data)
    )
    return redirect("service", made.slug) if made else form_page(request, "catalogue/service_form.html", form)


@for_admins
@form_methods
def service_edit(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Service, slug=slug)
    form = ServiceForm(sent(request), instance=found)
    if attempt(form, lambda: _change(request, found, form)):
        messages.success(request, _("Saved."))
        return redirect("service", slug)
    return form_page(request, "catalogue/service_form.html", form, service=found)


def _change(request: SignedInRequest, found: Service, form: ServiceForm) -> Service:
    now = timezone.now()
    return catalogue.change_service(actor=actor_of(request), service=found, now=now, **form.cleaned_data)


@for_admins
@require_POST
def service_retire(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Service, slug=slug)
    try:
        catalogue.retire_service(actor=actor_of(request), service=found, now=timezone.now())
        messages.success(request, _("%(service)s is retired.") % {"service": found.name})
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("service", slug)


@for_admins
@require_POST
def service_bring_back(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Service, slug=slug)
    catalogue.bring_back_service(actor=actor_of(request), service=found, now=timezone.now())
    return redirect("service", slug)
