"""The first page: what burns, and what there is to do."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from .. import registry
from ..models import Incident, Service
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of


@require_safe
def today(request: SignedInRequest) -> HttpResponse:
    zone = reader_zone(request.user)
    visible = Incident.objects.visible_to(request.user)
    context = {
        "open_incidents": visible.for_today(),
        "lately": visible.over_lately(),
        "services": Service.objects.active().with_open_incidents(visible),
        "panels": registry.today_panels(actor_of(request), timezone.now().astimezone(zone).date()),
        "zone": zone,
    }
    return render(request, "incidents/today.html", context)
