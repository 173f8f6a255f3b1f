"""The whole audit log, for admins."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..forms.audit import AuditFilterForm
from ..models import AuditEntry
from ..paging import keyset_page
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .answers import pages_beside
from .guards import requires


@requires(Perm.ADMINISTER)
@require_safe
def audit_log(request: SignedInRequest) -> HttpResponse:
    form, zone = AuditFilterForm(request.GET), reader_zone(request.user)
    entries = AuditEntry.objects.for_log(**form.filters(zone))
    page = keyset_page(entries, order=["-id"], params=request.GET)
    context = {"form": form, "page": page, "zone": zone, **pages_beside(request, page)}
    return render(request, "people/audit_log.html", context)
