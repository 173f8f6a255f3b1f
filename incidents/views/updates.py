"""Status updates: writing and reading them, the page that keeps up, and the view for people without an account."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from .. import markup
from ..clock_text import describe, parse_zone
from ..domain import rollcall
from ..domain import updates as domain
from ..domain.lifecycle import available_verbs
from ..domain.role_names import Roles, everybody_else, people_of
from ..duration_text import format_duration
from ..forms.updates import UpdateForm
from ..models import Incident, Installation, StatusUpdate
from ..permissions import Perm, require
from ..requests import SignedInRequest
from . import live
from .access import actor_of, incident_page, page_zone
from .answers import attempt, form_page, sent
from .guards import requires
from .incident import head_context, rights
from .incident_changes import changes_card

# An incident of days has dozens; more than this nobody reads on one page.
MAX_UPDATES = 200


@incident_page
def updates(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """All updates, newest first, and for responders the form of a new one."""
    now, may = timezone.now(), rights(request, incident)
    if request.method == "POST":
        require(actor_of(request), Perm.RESPOND, incident)
    verbs = available_verbs(actor_of(request), incident)
    form = UpdateForm(sent(request), incident=incident, verbs=verbs, now=now)
    if attempt(form, lambda: domain.write(actor=actor_of(request), incident=incident, now=now, **form.answers())):
        return redirect(incident if incident.is_open else reverse("updates", args=[incident.reference]))
    context = {**may, **_listed(request, incident, now), "incident": incident, "zone": page_zone(request, incident)}
    return form_page(request, "incidents/updates.html", form, **context)


def _listed(request: SignedInRequest, incident: Incident, now: dt.datetime) -> dict[str, Any]:
    """The updates that this person may read: those that have left, and for responders those about to."""
    rows = list(incident.updates.standing().for_reader(request.user)[:MAX_UPDATES])
    return {
        "updates": [update for update in rows if update.leaves_at <= now],
        "leaving": [update for update in rows if update.leaves_at > now] if request.user.is_responder else [],
        "now": now,
    }


@require_POST
@incident_page
def update_cancel(request: SignedInRequest, incident: Incident, update_id: int) -> HttpResponse:
    """Take an update back before it leaves."""
    update = incident.updates.select_related("event", "author").filter(pk=update_id).first()
    if update is None:
        raise Http404
    update.incident = update.event.incident = incident
    domain.cancel(actor=actor_of(request), update=update, now=timezone.now())
    messages.success(request, _("The update was taken back; nobody was told."))
    return redirect(incident if incident.is_open else reverse("updates", args=[incident.reference]))


@require_safe
@incident_page
def news(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """What has changed since the page was made, for a page that asks every few seconds; 204 where nothing has."""
    now = timezone.now()
    if request.GET.get("mark") == live.mark_of(incident, now):
        return HttpResponse(status=204)
    context = {
        **head_context(request, incident),
        **live.updates_card(request, incident, now),
        **rollcall.panel(incident, user=request.user),
        **changes_card(incident),
        "incident": incident,
        "zone": page_zone(request, incident),
        "number": incident.timeline.written_after(request.GET.get("newer", "")).count(),
    }
    return render(request, "incidents/news.html", context)


@require_safe
@incident_page
def status(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The updates alone, to be read on a phone in five seconds."""
    now, zone = timezone.now(), page_zone(request, incident)
    context = {**rights(request, incident), **_listed(request, incident, now), "incident": incident, "zone": zone}
    context["live_mark"] = live.mark_of(incident, now)
    context["chat_text"] = chat_text(incident, context["updates"], zone.zone, now)
    if request.user.is_responder and not incident.is_private:
        context["allows_links"] = Installation.current().allows_status_links
        context["link_url"], context["link"] = _link(incident, now) if context["allows_links"] else ("", None)
    return render(request, "incidents/status.html", context)


def _link(incident: Incident, now: dt.datetime) -> tuple[str, Any]:
    """The whole address of the link that there is, and the link; blank and nothing where there is none."""
    link = incident.status_links.usable(now).first()
    path = reverse("status-link", args=[domain.link_token(link)]) if link else ""
    return (settings.BASE_URL + path, link) if link else ("", None)


def chat_text(incident: Incident, sent: list[StatusUpdate], zone: dt.tzinfo, now: dt.datetime) -> str:
    """How it stands, as lines to paste into a chat."""
    severity = "" if incident.severity == "unknown" else f" · {incident.get_severity_display()}"
    lines = [f"{incident.reference}{severity} · {incident.get_status_display()} · {incident.title}"]
    if incident.is_open and incident.impact_started_at:
        lines.append(_("%(length)s since impact") % {"length": _length(now - incident.impact_started_at)})
    if sent:
        lines.append(f"{describe(_minute(sent[0].created_at), zone)}: {sent[0].text}")
    if incident.is_open and incident.next_update_due_at:
        due = describe(_minute(incident.next_update_due_at), zone)
        lines.append(_("Next update due %(time)s") % {"time": due})
    lines.append(settings.BASE_URL + reverse("incident-status", args=[incident.reference]))
    return "\n".join(lines)


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)


def _length(length: dt.timedelta) -> str:
    return format_duration(max(0, int(length.total_seconds())))


@require_POST
@incident_page
def status_link_make(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Make a link for people without an account, or take it back."""
    actor, now = actor_of(request), timezone.now()
    if request.POST.get("end") == "1":
        domain.revoke_links(actor=actor, incident=incident, now=now)
    else:
        domain.make_link(actor=actor, incident=incident, now=now)
    return redirect("incident-status", incident.reference)


@login_not_required
@require_safe
def status_by_link(request: HttpRequest, status_token: str) -> HttpResponse:
    """The updates of one incident for whoever holds the link, with roles in place of names."""
    now = timezone.now()
    link = domain.link_of(status_token, now=now)
    if link is None:
        response = render(request, "incidents/status_link_ended.html", status=404)
    else:
        response = render(request, "incidents/status_by_link.html", _without_names(link.incident, now))
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _without_names(incident: Incident, now: dt.datetime) -> dict[str, Any]:
    """What people without an account see: what was meant for all staff and has left, without a name of anybody."""
    people = people_of(incident)
    roles = Roles(people, everybody_else(people))
    sent = incident.updates.for_staff().sent(now).select_related("author")[:MAX_UPDATES]
    told = [
        {
            "at": update.created_at,
            "status": update.get_status_display(),
            "by": people.get(update.author.name, "") if update.author else "",
            "html": markup.render(roles.in_place_of_names(update.text), breaks=True),
        }
        for update in sent
    ]
    return {
        "incident": incident,
        "title": roles.in_place_of_names(incident.title),
        "updates": told,
        "zone": parse_zone(incident.home_zone),
        "now": now,
    }


@require_POST
@requires(Perm.ADMINISTER)
def status_links_allow(request: SignedInRequest) -> HttpResponse:
    """Switch links for people without an account on or off."""
    domain.allow_links(actor=actor_of(request), allowed=request.POST.get("allowed") == "1", now=timezone.now())
    return redirect("setup")
