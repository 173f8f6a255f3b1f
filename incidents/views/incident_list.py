"""The list of incidents, on a page and as a spreadsheet."""

import datetime as dt
from typing import Any

from django.db.models import TextChoices
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from .. import registry
from ..domain.durations import NOT_APPLICABLE, PENDING, DurationName, duration
from ..duration_text import format_duration
from ..enums import IncidentKind, Severity, Status
from ..forms.incident_filters import IncidentFilters
from ..models import Incident
from ..paging import keyset_page
from ..permissions import Perm, require
from ..registry import Mark
from ..requests import SignedInRequest
from ..spreadsheets import INCIDENT_HEADER, incident_cells, spreadsheet
from ..templatetags.times import moment
from ..zones import reader_zone
from .access import actor_of

SEVERITY_CLASSES = {severity.value: severity.value for severity in Severity} | {Severity.UNKNOWN: "sev-unknown"}
KIND_BADGES: dict[str, tuple[str, str | Promise]] = {
    IncidentKind.NEAR_MISS: ("badge-accent", gettext_lazy("near miss")),
    IncidentKind.DRILL: ("badge-drill", gettext_lazy("drill")),
    IncidentKind.BACKFILL: ("", gettext_lazy("imported history")),
}


@require_safe
def incident_list(request: SignedInRequest) -> HttpResponse:
    """Every incident that the reader may know of, filtered and sorted as the address says."""
    filters = filters_in(request)
    found = Incident.objects.visible_to(request.user).filtered(filters.criteria).for_list()
    page = keyset_page(found, order=filters.order, params=request.GET)
    context = {
        "filters": filters,
        "rows": rows_of(page.rows, filters, registry.marks(request.user, [row.pk for row in page.rows])),
        "before_url": filters.url_with(before=page.before) if page.before else "",
        "after_url": filters.url_with(after=page.after) if page.after else "",
    }
    return render(request, "incidents/list.html", context)


@require_safe
def incident_export(request: SignedInRequest) -> HttpResponseBase:
    """The same incidents, all of them, as a CSV file; an address with unknown filters leads back to the page."""
    require(actor_of(request), Perm.EXPORT)
    filters = filters_in(request)
    if not filters.is_valid():
        return redirect(f"{reverse('incident-list')}?{request.GET.urlencode()}")
    found = Incident.objects.visible_to(request.user).filtered(filters.criteria).for_export().order_by(*filters.order)
    lines = map(incident_cells, found.iterator(chunk_size=500))
    return spreadsheet(f"incidents-{filters.now.astimezone(filters.zone):%Y-%m-%d}.csv", INCIDENT_HEADER, lines)


def filters_in(request: SignedInRequest) -> IncidentFilters:
    """The filters that the address asks for, with what this reader may choose from."""
    options = Incident.objects.filter_options()
    zone, now = reader_zone(request.user), timezone.now()
    return IncidentFilters(request.GET, user=request.user, options=options, zone=zone, now=now)


def rows_of(incidents: list[Any], filters: IncidentFilters, marks: dict[int, list[Mark]]) -> list[dict[str, Any]]:
    """What each line of the list shows, ready to print; ``incidents`` come from ``for_list()``, ``marks`` by key.

    A template that asked the incident for each word would take longer than all queries together: every
    ``get_…_display()`` translates all choices of its field anew.
    """
    severities, statuses = _words(Severity), _words(Status)
    return [
        {
            "url": incident.get_absolute_url(),
            "reference": incident.reference,
            "title": incident.title,
            "severity": SEVERITY_CLASSES[incident.severity],
            "severity_label": severities[incident.severity],
            "status": incident.status,
            "status_label": statuses[incident.status],
            "due": due_of(incident, filters.now),
            "services": ", ".join([service.name for service in incident.listed_services]),
            "started": moment(incident.sort_at, filters.zone),
            "length": length_of(incident, filters.now),
            "lead": incident.lead_name,
            "lead_is_gone": incident.lead_is_active is False,
            "is_private": incident.is_private,
            "badges": badges_of(incident) + [("badge-warn", mark.words) for mark in marks.get(incident.pk, [])],
        }
        for incident in incidents
    ]


def badges_of(incident: Incident) -> list[tuple[str, str | Promise]]:
    """What sets an incident apart, as class and word."""
    badges = [KIND_BADGES[incident.kind]] if incident.kind in KIND_BADGES else []
    if incident.is_example:
        badges.append(("badge-example", gettext_lazy("worked example")))
    return badges


def due_of(incident: Incident, now: dt.datetime) -> str:
    """When the next status update is due, or was; blank where none was promised."""
    if incident.next_update_due_at is None:
        return ""
    seconds = int((incident.next_update_due_at - now).total_seconds())
    said = _("next update in %(length)s") if seconds > 0 else _("update due %(length)s ago")
    return said % {"length": format_duration(abs(seconds))}


def length_of(incident: Incident, now: dt.datetime) -> str:
    """How long it has been open, or from impact to resolved; blank where that cannot be said."""
    if incident.is_open:
        return _("open for %(length)s") % {"length": format_duration(int((now - incident.sort_at).total_seconds()))}
    to_resolve = duration(incident, DurationName.TO_RESOLVE)
    return "" if to_resolve.state in (PENDING, NOT_APPLICABLE) else to_resolve.text


def _words(choices: type[TextChoices]) -> dict[str, str]:
    return {member.value: str(member.label) for member in choices}
