"""What changed before an incident, and what each change turned out to be."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ..domain import verdicts
from ..domain.changes import record_change
from ..enums import ChangeVerdict
from ..forms.changes import ChangeLineForm, VerdictForm
from ..models import Change, Incident, IncidentChange
from ..permissions import Perm, offers, require
from ..requests import SignedInRequest
from .access import actor_of, clock_for, incident_page, page_zone
from .answers import attempt, form_page, sent

# How long before the impact to look, by what the address says.
WINDOWS = {"3h": dt.timedelta(hours=3), "24h": dt.timedelta(hours=24), "7d": dt.timedelta(days=7)}
WINDOW_LABELS = [("3h", gettext_lazy("3 hours")), ("24h", gettext_lazy("24 hours")), ("7d", gettext_lazy("7 days"))]
USUAL_WINDOW = "24h"
MOST_SHOWN = 200
ON_THE_CARD = 5


def changes_card(incident: Incident) -> dict[str, Any]:
    """What the page of the incident shows of its changes; one query.

    While it is open the candidates nearest to its beginning are among them, afterwards only what was said something of.
    """
    began = _began(incident)
    if incident.is_open:
        found = Change.objects.around(incident, since=began - WINDOWS[USUAL_WINDOW], until=began)
    else:
        found = Change.objects.judged_on(incident)
    rows: list[Any] = list(found[: ON_THE_CARD + 1])
    trigger = next((row for row in rows if row.verdict == ChangeVerdict.TRIGGER), None)
    return {
        "near_changes": rows[:ON_THE_CARD],
        "has_more_changes": len(rows) > ON_THE_CARD,
        "changes_began": began,
        "triggered_at": trigger.live_at if trigger else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@incident_page
def incident_changes(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The candidates, nearest first; a POST adds a change on one line."""
    actor = actor_of(request)
    if request.method == "POST":
        require(actor, Perm.RESPOND, incident)
    clock = clock_for(incident, page_zone(request, incident).zone, timezone.now())
    form = ChangeLineForm(sent(request), clock=clock)
    change = attempt(form, lambda: record_change(actor=actor, new=form.new_change(incident), now=timezone.now()))
    if change:
        messages.success(request, _("Written down: %(text)s.") % {"text": change.text})
        return redirect(_address(request, incident))
    context = {"line_form": form, "refused_id": None, **_context(request, incident)}
    return form_page(request, "changes/of_incident.html", form, **context)


@require_POST
@incident_page
def change_judge(request: SignedInRequest, incident: Incident, change_id: int) -> HttpResponse:
    """Say what a change was to this incident."""
    actor = actor_of(request)
    require(actor, Perm.RESPOND, incident)
    change = get_object_or_404(Change.objects.of(incident), pk=change_id)
    form = VerdictForm(request.POST)
    if attempt(form, lambda: _judge(request, incident, change, form)):
        return redirect(f"{_address(request, incident)}#c{change.pk}")
    clock = clock_for(incident, page_zone(request, incident).zone, timezone.now())
    context = {"line_form": ChangeLineForm(clock=clock), "refused_id": change.pk, **_context(request, incident)}
    return form_page(request, "changes/of_incident.html", form, **context)


def _judge(request: SignedInRequest, incident: Incident, change: Change, form: VerdictForm) -> IncidentChange:
    given = form.cleaned_data
    return verdicts.judge(
        actor=actor_of(request),
        incident=incident,
        change=change,
        verdict=ChangeVerdict(given["verdict"]),
        reason=given["reason"],
        version=given["version"],
        now=timezone.now(),
    )


def _context(request: SignedInRequest, incident: Incident) -> dict[str, Any]:
    began, window = _began(incident), _window(request)
    until = max(incident.resolved_at or timezone.now(), began)
    found = Change.objects.around(incident, since=began - WINDOWS[window], until=until).with_verdicts_on(incident)
    rows: list[Any] = list(found.for_list()[: MOST_SHOWN + 1])
    still_open = [row for row in rows[:MOST_SHOWN] if row.verdict in (None, ChangeVerdict.CANDIDATE)]
    return {
        "incident": incident,
        "zone": page_zone(request, incident),
        "began": began,
        "window": window,
        "windows": WINDOW_LABELS,
        "judged": [row for row in rows[:MOST_SHOWN] if row not in still_open],
        "before": [row for row in still_open if row.live_at <= began],
        "since": [row for row in still_open if row.live_at > began],
        "has_more": len(rows) > MOST_SHOWN,
        "may_respond": offers(actor_of(request), Perm.RESPOND, incident),
        "sees_authors": request.user.is_responder,
    }


def _began(incident: Incident) -> dt.datetime:
    """When the impact began; where nobody knows that, when it was first noticed or declared."""
    return incident.impact_started_at or incident.sort_at


def _window(request: SignedInRequest) -> str:
    window = request.POST.get("window") or request.GET.get("window") or ""
    return window if window in WINDOWS else USUAL_WINDOW


def _address(request: SignedInRequest, incident: Incident) -> str:
    """The page, with the same window and zone."""
    zone = page_zone(request, incident).key
    return f"{reverse('incident-changes', args=[incident.reference])}?window={_window(request)}&zone={zone}"
