"""The first page: what burns, and what there is to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..models import Incident, Service
from ..zones import reader_zone


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    visible = Incident.objects.visible_to(request.user)
    context = {
        "open_incidents": visible.for_today(),
        "lately": visible.over_lately(),
        "services": Service.objects.active().with_open_incidents(visible),
        "zone": reader_zone(request.user),
    }
    return render(request, "incidents/today.html", context)
