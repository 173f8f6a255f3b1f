"""The page of one incident, and the forms that change it as a whole."""

import datetime as dt
from typing import Any, NamedTuple

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from .. import registry
from ..domain import details, durations, following, lifecycle, privacy, rollcall
from ..domain.lifecycle import Verb
from ..enums import CancelReason, IncidentKind, IncidentRole, Milestone, Precision, Severity, Status
from ..errors import InvalidInput, NotPossible
from ..forms.incident import CancelForm, DetailsForm, RelatedForm, ReopenForm, SeverityForm, TransitionForm
from ..forms.timeline import EntryForm
from ..models import AuditEntry, Incident, TimelineEvent
from ..notifications import calls
from ..paging import keyset_page
from ..permissions import Perm, offers, require
from ..requests import SignedInRequest
from . import live
from .access import PageZone, actor_of, clock_for, incident_page, opens_private, page_zone
from .answers import attempt, form_page, pages_beside, sent
from .incident_changes import changes_card

NEWEST_EVENTS = 100


@require_safe
@incident_page
def incident(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The live page, and the same page afterwards."""
    return render(request, "incidents/incident.html", incident_context(request, incident))


def incident_context(request: SignedInRequest, incident: Incident) -> dict[str, object]:
    """Everything that the page of an incident shows."""
    changes = changes_card(incident)
    return {
        **timeline_context(request, incident),
        **head_context(request, incident),
        **live.updates_card(request, incident, timezone.now()),
        **rollcall.panel(incident, user=request.user),
        **changes,
        "roles": [(role, incident.role_holder(role)) for role in IncidentRole],
        "milestones": [(m.label, incident.milestone(m), incident.milestone_precision(m)) for m in Milestone],
        "panels": registry.panels(actor_of(request), incident),
        # While it burns nobody judges, and the page has its queries counted.
        "marks": [] if incident.is_open else registry.marks(request.user, [incident.pk]).get(incident.pk, []),
        **({} if incident.is_open else _afterwards(incident, changes["triggered_at"])),
    }


def head_context(request: SignedInRequest, incident: Incident) -> dict[str, object]:
    """The head of the page: how it stands, what it does to people, and what comes next."""
    return {
        **rights(request, incident),
        **_links(request, incident),
        "duplicate_of": _visible_original(request, incident),
        "severities": Severity.choices,
        "impacts": list(incident.impacts.all()),
        "verbs": lifecycle.available_verbs(actor_of(request), incident),
        "likely": lifecycle.likely_next(incident),
        "callouts": calls.shown(incident),
    }


class Link(NamedTuple):
    """Something that an incident names: a service, a tag, a related incident."""

    address: str
    name: str


def _links(request: SignedInRequest, incident: Incident) -> dict[str, list[Link]]:
    """``services``, ``tags`` and ``related``, each sorted by name."""
    found: dict[str, list[Link]] = {"service": [], "tag": [], "related": []}
    for group, address, name in Incident.objects.links_of(incident, request.user):
        found[group].append(Link(address, name))
    services, tags, related = (sorted(links, key=lambda link: link.name.casefold()) for links in found.values())
    return {"services": services, "tags": tags, "related": related}


def timeline_context(request: SignedInRequest, incident: Incident) -> dict[str, object]:
    """The entry line, and the newest entries under it."""
    zone = page_zone(request, incident)
    events = list(incident.timeline.for_page().newest_first()[: NEWEST_EVENTS + 1])
    return {
        **rights(request, incident),
        "incident": incident,
        "zone": zone,
        "events": events[:NEWEST_EVENTS],
        "more_events": len(events) > NEWEST_EVENTS,
        "newest_id": _newest_id(incident, events),
        "entry_form": EntryForm(clock=clock_for(incident, zone.zone, timezone.now())),
    }


def _newest_id(incident: Any, events: list[TimelineEvent]) -> int:
    """The entry written last, wherever in time it stands; 0 where there is none."""
    if len(events) > NEWEST_EVENTS:
        return incident.newest_entry
    return max((event.pk for event in events), default=0)


def _afterwards(incident: Incident, triggered_at: dt.datetime | None) -> dict[str, object]:
    """What is only shown when it is over: while it burns nothing is judged."""
    measured = durations.durations(incident)
    return {
        "is_measured": incident.kind != IncidentKind.NEAR_MISS and incident.status != Status.CANCELLED,
        "durations": measured,
        "to_resolve": next((d for d in measured if d.name == durations.DurationName.TO_RESOLVE), None),
        "phases": durations.phases(incident, triggered_at),
        "impossible": durations.impossible_order(incident),
        "objections": registry.objections(incident, Verb.CLOSE) if incident.status == Status.RESOLVED else [],
    }


def _visible_original(request: SignedInRequest, incident: Incident) -> Incident | None:
    """What a duplicate repeats, unless that is hidden from the reader."""
    original = incident.duplicate_of
    if original is None or not original.is_private:
        return original
    return Incident.objects.visible_to(request.user).filter(pk=original.pk).first()


def rights(request: SignedInRequest, incident: Incident) -> dict[str, bool]:
    """What to offer on the pages of this incident."""
    actor = actor_of(request)
    return {
        "may_respond": offers(actor, Perm.RESPOND, incident),
        "may_manage": offers(actor, Perm.CANCEL, incident),
        "may_see_audit": offers(actor, Perm.VIEW_INCIDENT_AUDIT, incident),
        "may_lift_private": offers(actor, Perm.LIFT_PRIVATE, incident),
    }


@incident_page
def edit(request: SignedInRequest, incident: Incident) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Perm.RESPOND, incident)
    form = DetailsForm(sent(request), incident=incident)

    def save() -> Incident:
        version = form.cleaned_data["version"]
        return details.edit(actor=actor, incident=incident, details=form.details(), now=timezone.now(), version=version)

    if attempt(form, save):
        return redirect(incident)
    return form_page(request, "incidents/edit.html", form, incident=incident)


@require_POST
@incident_page
def severity(request: SignedInRequest, incident: Incident) -> HttpResponse:
    form = SeverityForm(request.POST)
    if not form.is_valid():
        raise NotPossible(_("Choose one of the severities."))
    details.set_severity(
        actor=actor_of(request),
        incident=incident,
        severity=Severity(form.cleaned_data["severity"]),
        now=timezone.now(),
    )
    return redirect(incident)


@incident_page
def transition(request: SignedInRequest, incident: Incident, verb: str) -> HttpResponse:
    """Ask when, and move the incident on."""
    chosen = Verb(verb)
    require(actor_of(request), lifecycle.TRANSITIONS[chosen].perm, incident)
    zone = page_zone(request, incident)
    form = _transition_form(request, incident, chosen, zone)
    if attempt(form, lambda: _carry_out(request, incident, chosen, form)):
        return redirect(incident)
    return form_page(request, "incidents/transition.html", form, incident=incident, verb=chosen, zone=zone)


def _transition_form(request: SignedInRequest, incident: Incident, verb: Verb, zone: PageZone) -> forms.Form:
    if verb == Verb.REOPEN:
        return ReopenForm(sent(request))
    if verb == Verb.CANCEL:
        return CancelForm(sent(request), user=request.user)
    clock = clock_for(incident, zone.zone, timezone.now())
    return TransitionForm(sent(request), clock=clock, verb=verb, incident=incident)


def _carry_out(request: SignedInRequest, incident: Incident, verb: Verb, form: forms.Form) -> Incident:
    actor, now, data = actor_of(request), timezone.now(), form.cleaned_data
    if verb == Verb.REOPEN:
        return lifecycle.reopen(actor=actor, incident=incident, reason=data["reason"], now=now)
    if verb == Verb.CANCEL:
        return lifecycle.cancel(
            actor=actor,
            incident=incident,
            reason=CancelReason(data["reason"]),
            note=data["note"],
            duplicate_of=data["duplicate_of"],
            now=now,
        )
    moment, mitigated = data["at"], data.get("mitigated")
    return lifecycle.advance(
        actor=actor,
        incident=incident,
        verb=verb,
        at=moment.at if moment else None,
        precision=moment.precision if moment else Precision.EXACT,
        mitigated_at=mitigated.at if mitigated else None,
        mitigated_precision=mitigated.precision if mitigated else Precision.EXACT,
        note=data["note"],
        now=now,
    )


@require_POST
@incident_page
def follow(request: SignedInRequest, incident: Incident) -> HttpResponse:
    following.set_following(
        actor=actor_of(request),
        incident=incident,
        following=request.POST.get("following") == "1",
        now=timezone.now(),
    )
    return redirect(incident)


@require_POST
@incident_page
def relate(request: SignedInRequest, incident: Incident) -> HttpResponse:
    form = RelatedForm(request.POST, user=request.user)
    if not form.is_valid():
        raise InvalidInput(str(form.errors["other"][0]))
    change = details.unrelate if request.POST.get("remove") else details.relate
    change(actor=actor_of(request), incident=incident, other=form.cleaned_data["other"], now=timezone.now())
    return redirect(incident)


@require_POST
@incident_page
@opens_private
def open_private(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """An admin says that they look at a private incident."""
    privacy.open_as_admin(actor=actor_of(request), incident=incident, now=timezone.now())
    return redirect(incident)


@require_safe
@incident_page
def incident_audit(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Who changed what on this incident."""
    require(actor_of(request), Perm.VIEW_INCIDENT_AUDIT, incident)
    page = keyset_page(AuditEntry.objects.for_incident(incident), order=["-id"], params=request.GET)
    context = {"incident": incident, "entries": page.rows, "zone": page_zone(request, incident)}
    return render(request, "incidents/audit.html", {**context, **pages_beside(request, page)})
