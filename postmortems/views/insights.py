"""The insights: figures over many incidents, on a page and as spreadsheets."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.models import Incident, Team
from incidents.permissions import Perm, require
from incidents.requests import SignedInRequest
from incidents.spreadsheets import spreadsheet
from incidents.views.access import actor_of
from incidents.zones import reader_zone

from ..forms.insights import InsightFilters
from ..reports.report import Report
from ..reports.sections import PHASE_LABELS, SECTIONS
from ..reports.tables import CSV_HEADER, lines


@require_safe
def insights(request: SignedInRequest) -> HttpResponse:
    """What happened again, where the minutes went, which safety nets were missing, as far as this reader may know."""
    filters = _filters_in(request)
    report = Report(request.user, filters)
    sections = [make(report) for make in SECTIONS.values()] if len(report.figures) else []
    context = {"filters": filters, "sections": sections, "count": len(report.figures), "report": report}
    context["phases"] = PHASE_LABELS.items()
    return render(request, "insights/insights.html", context)


@require_safe
def insights_export(request: SignedInRequest, section: str) -> HttpResponseBase:
    """One section as a CSV file; an address with unknown filters leads back to the page."""
    require(actor_of(request), Perm.EXPORT)
    if section not in SECTIONS:
        raise Http404
    filters = _filters_in(request)
    if not filters.is_valid():
        return redirect(f"{reverse('insights')}?{request.GET.urlencode()}")
    rows = lines(SECTIONS[section](Report(request.user, filters)))
    return spreadsheet(f"insights-{section}-{filters.now.astimezone(filters.zone):%Y-%m-%d}.csv", CSV_HEADER, rows)


def _filters_in(request: SignedInRequest) -> InsightFilters:
    user = request.user
    teams = None if user.is_admin else {str(key) for key in Team.objects.of(user).values_list("pk", flat=True)}
    return InsightFilters(
        request.GET,
        user=user,
        teams=teams,
        options=Incident.objects.filter_options(),
        zone=reader_zone(user),
        now=timezone.now(),
    )
