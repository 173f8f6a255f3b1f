"""Reporting, declaring, recording a near miss."""

import re
from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from .. import registry
from ..clock_text import ClockContext, zone_label, zone_name
from ..domain import declaration
from ..enums import Role
from ..forms.declaration import DeclareForm, NearMissForm, NewIncidentForm, ReportForm
from ..models import Incident, SeverityLevel
from ..notifications import calls
from ..permissions import Perm, require
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of, incident_page
from .answers import attempt, form_page, say_time, sent

# What is read of a form that is still being filled in.
LONGEST_SAID, MOST_SERVICES = 2_000, 50
SERVICE_KEY = re.compile(r"[0-9]{1,18}", re.ASCII)

# What can begin, by the word in ``?kind=``: its form and the domain function that carries it out.
BEGINNINGS: dict[str, tuple[type[NewIncidentForm], Callable[..., Incident]]] = {
    "report": (ReportForm, declaration.report),
    "declare": (DeclareForm, declaration.declare),
    "near-miss": (NearMissForm, declaration.record_near_miss),
}


def incident_new(request: SignedInRequest) -> HttpResponse:
    """The one screen by which an incident begins: readers report, responders declare."""
    actor, kind = actor_of(request), _kind(request)
    require(actor, Perm.REPORT)
    form_class, begin = BEGINNINGS[kind]
    form = _form(request, form_class)
    if incident := attempt(form, lambda: begin(actor=actor, new=form.new_incident(), now=timezone.now())):
        return redirect(incident)
    context = {"kind": kind, **_known_already(request, kind), "severity_levels": SeverityLevel.objects.gravest_first()}
    expected = None if kind == "near-miss" else calls.expected(actor)
    return form_page(request, "incidents/new.html", form, calls=expected, **context, **_zone(request))


@require_safe
def open_now(request: SignedInRequest) -> HttpResponse:
    """The incidents that are open now, nearest to the title being typed first, and what is known of earlier ones like
    it; a part of the page.
    """
    return render(request, "incidents/_open_now.html", _known_already(request, request.GET.get("kind", "")))


@require_safe
def time_echo(request: SignedInRequest) -> HttpResponse:
    """What a typed time was understood as, for forms that belong to no incident yet."""
    return say_time(request.GET.get("text", ""), _clock(request))


@require_POST
@incident_page
def promote(request: SignedInRequest, incident: Incident) -> HttpResponse:
    declaration.promote(actor=actor_of(request), incident=incident, now=timezone.now())
    return redirect(incident)


def _kind(request: SignedInRequest) -> str:
    usual = "declare" if request.user.has_role(Role.RESPONDER) else "report"
    kind = request.GET.get("kind", usual)
    if kind not in BEGINNINGS or (kind == "declare" and usual == "report"):
        return usual
    return kind


def _form(request: SignedInRequest, form_class: type[NewIncidentForm]) -> NewIncidentForm:
    clock = _clock(request)
    return form_class(sent(request), clock=clock, home_zone=zone_name(clock.zone))


def _clock(request: SignedInRequest) -> ClockContext:
    return ClockContext(zone=reader_zone(request.user), now=timezone.now(), live=True, day_first=settings.DAY_FIRST)


def _zone(request: SignedInRequest) -> dict[str, object]:
    zone = reader_zone(request.user)
    return {"zone": zone, "zone_label": zone_label(zone, timezone.now())}


def _known_already(request: SignedInRequest, kind: str) -> dict[str, object]:
    """What is open now, unless it only nearly happened, and what others add to what was typed so far."""
    said = request.POST or request.GET
    texts = [said.get(name, "")[:LONGEST_SAID] for name in ("title", "impact", "summary")]
    draft = registry.IncidentDraft(
        texts=[text.replace("\x00", "") for text in texts],
        services=[int(key) for key in said.getlist("services")[:MOST_SERVICES] if SERVICE_KEY.fullmatch(key)],
        is_drill=bool(said.get("is_drill")),
    )
    return {
        "open_now": [] if kind == "near-miss" else _open_now(request, texts[0]),
        "panels": registry.draft_panels(actor_of(request), draft),
    }


def _open_now(request: SignedInRequest, title: str) -> QuerySet[Incident]:
    return Incident.objects.visible_to(request.user).open_like(title[:200])
