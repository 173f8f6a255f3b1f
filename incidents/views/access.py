"""How a page gets at its incident, and how it shows times."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ..clock_text import ClockContext, Zone, parse_zone, zone_label
from ..domain import privacy, timeline
from ..models import Incident, User
from ..permissions import Actor
from ..requests import SignedInRequest
from ..zones import reader_zone

P = ParamSpec("P")
View = Callable[..., HttpResponse]
IncidentView = Callable[Concatenate[SignedInRequest, Incident, P], HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, as the domain wants to know it. Only for requests of people who are signed in."""
    return Actor.person(cast(User, request.user))


def incident_page(view: IncidentView[P]) -> View:
    """Give the view the incident that its address names, if the person may know of it.

    Hidden or absent is 404; another case of the letters is redirected. An admin who is no member of a private incident
    first says that they look, which is recorded.
    """

    @wraps(view)
    def wrapper(request: SignedInRequest, reference: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        incident = Incident.objects.visible_to(request.user).referenced(reference).for_detail(request.user).first()
        if incident is None:
            raise Http404
        if reference != incident.reference and request.method == "GET":
            return redirect(request.get_full_path().replace(reference, incident.reference, 1), permanent=True)
        response = _answer(request, incident, view, *args, **kwargs)
        if incident.is_private:
            response["Cache-Control"] = "no-store"
        return response

    return wrapper


def _answer(
    request: SignedInRequest, incident: Incident, view: IncidentView[P], *args: P.args, **kwargs: P.kwargs
) -> HttpResponse:
    gate = None if getattr(view, "opens_private", False) else private_gate(request, incident)
    return gate or view(request, incident, *args, **kwargs)


def private_gate(request: HttpRequest, incident: Incident) -> HttpResponse | None:
    """Where an admin who is no member of a private incident has to say first that they look."""
    if not privacy.must_say_so(cast(User, request.user), incident, timezone.now()):
        return None
    response = render(request, "incidents/private_gate.html", {"incident": incident}, status=403)
    response["Cache-Control"] = "no-store"
    return response


def opens_private(view: IncidentView[P]) -> IncidentView[P]:
    """Mark the one view by which an admin says that they look at a private incident."""
    view.opens_private = True  # type: ignore[attr-defined]
    return view


@dataclass(frozen=True, slots=True)
class PageZone:
    """The zone a page shows its times in; ``key`` is what the address says of it."""

    key: str
    zone: Zone
    label: str
    others: list[tuple[str, str]]


def page_zone(request: SignedInRequest, incident: Incident) -> PageZone:
    """The zone of the incident, or what ``?zone=`` asks for: ``mine`` for the reader's own, ``utc``."""
    zones = {"home": parse_zone(incident.home_zone), "mine": reader_zone(request.user), "utc": dt.UTC}
    key = request.POST.get("zone") or request.GET.get("zone") or "home"
    if key not in zones:
        key = "home"
    labels = {name: zone_label(zone, incident.sort_at) for name, zone in zones.items()}
    others: dict[str, str] = {}
    for name, label in labels.items():
        if label != labels[key]:
            others.setdefault(label, name)
    return PageZone(key, zones[key], labels[key], [(name, label) for label, name in others.items()])


def clock_for(incident: Incident, zone: Zone, now: dt.datetime) -> ClockContext:
    """What times typed on this incident's pages mean."""
    return ClockContext(
        zone=zone,
        now=now,
        live=incident.is_open,
        impact_started_at=incident.impact_started_at,
        previous_at=None if incident.is_open else timeline.previous_moment(incident),
        day_first=settings.DAY_FIRST,
    )
