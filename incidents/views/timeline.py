"""Writing and correcting the timeline."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from .. import markup
from ..clock_text import Entry, describe
from ..domain import timeline, updates
from ..errors import InvalidInput
from ..forms.timeline import EntryForm, EventForm, MoveForm, read_entries
from ..models import Incident, TimelineEvent
from ..permissions import Perm, offers, require
from ..requests import SignedInRequest
from .access import actor_of, clock_for, incident_page, page_zone
from .answers import PLAIN, attempt, form_page, say_time, sent
from .incident import incident_context, rights, timeline_context

# The beginning of what is typed is enough to say how it is understood.
LONGEST_ECHO = 1000


@incident_page
def timeline_page(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The whole timeline, oldest first; a POST adds what was typed or pasted."""
    if request.method == "POST":
        return _add(request, incident)
    if "newest" in request.GET:
        return render(request, "incidents/_newest.html", timeline_context(request, incident))
    starred = request.GET.get("starred") == "1"
    events, later = incident.timeline.for_page().oldest_first(starred=starred, after=request.GET.get("after", ""))
    shown = {"events": events, "later": later, "starred": starred, "zone": page_zone(request, incident)}
    return render(request, "incidents/timeline.html", {**rights(request, incident), "incident": incident, **shown})


def _add(request: SignedInRequest, incident: Incident) -> HttpResponse:
    now = timezone.now()
    form = EntryForm(request.POST, clock=clock_for(incident, page_zone(request, incident).zone, now))

    if "preview" in request.POST:
        if shown := attempt(form, lambda: _rendered(form)):
            return _preview(request, incident, form, shown)
    elif attempt(form, lambda: _write(request, incident, form, now)):
        return _back_to_incident(request, incident)
    if request.htmx:
        context = timeline_context(request, incident) | {"entry_form": form}
        return render(request, "incidents/_timeline.html", context, status=422)
    context = incident_context(request, incident) | {"entry_form": form}
    return render(request, "incidents/incident.html", context, status=422)


def _write(request: SignedInRequest, incident: Incident, form: EntryForm, now: dt.datetime) -> object:
    """Add the entries; where that was ticked, send the one there is as an update too."""
    actor, entries, client_id = actor_of(request), form.contents(), form.cleaned_data["client_id"]
    if form.cleaned_data["as_update"]:
        return updates.send_entry(
            actor=actor,
            incident=incident,
            entries=entries,
            now=now,
            next_update=form.next_update_choice(),
            client_id=client_id,
        )
    return timeline.add_entries(actor=actor, incident=incident, entries=entries, now=now, client_id=client_id)


def _back_to_incident(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The timeline in place for a page that asked so, else the page anew."""
    if request.htmx:
        return render(request, "incidents/_timeline.html", timeline_context(request, incident))
    zone = page_zone(request, incident).key
    return redirect(f"{incident.get_absolute_url()}{'' if zone == 'home' else f'?zone={zone}'}#timeline")


def _rendered(form: EntryForm) -> list[tuple[Entry, SafeString]]:
    return [(entry, markup.render(entry.text, breaks=True)) for entry in form.entries]


def _preview(
    request: SignedInRequest, incident: Incident, form: EntryForm, shown: list[tuple[Entry, SafeString]]
) -> HttpResponse:
    context = {
        "incident": incident,
        "form": form,
        "entries": shown,
        "zone": page_zone(request, incident),
        "now": timezone.now(),
    }
    return render(request, "incidents/timeline_preview.html", context)


@require_safe
@incident_page
def entry_echo(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """What the entry line was understood as, before anything is saved."""
    text = request.GET.get("text", "")[:LONGEST_ECHO]
    if not text.strip():
        return HttpResponse(content_type=PLAIN)
    zone, now = page_zone(request, incident).zone, timezone.now()
    try:
        first = read_entries(text, clock_for(incident, zone, now))[0]
    except InvalidInput as error:
        return HttpResponse(error.message, content_type=PLAIN, status=422)
    return HttpResponse(f"= {_understood(first, zone, now)}", content_type=PLAIN)


def _understood(entry: Entry, zone: dt.tzinfo, now: dt.datetime) -> str:
    """The time of an entry as it will be stored, with the date, and its kind where one was named."""
    if entry.moment is None:
        said = _("now, %(time)s") % {"time": describe(now, zone)}
    else:
        said = describe(entry.moment.at, zone) if entry.moment.at else entry.moment.time_text
    return f"{said} · {entry.kind.label}" if entry.kind else said


@require_safe
@incident_page
def moment_echo(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """What a time was understood as, on the forms of this incident."""
    clock = clock_for(incident, page_zone(request, incident).zone, timezone.now())
    return say_time(request.GET.get("text", ""), clock)


@incident_page
def entry_edit(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    event, actor, zone = _event(incident, event_id), actor_of(request), page_zone(request, incident)
    require(actor, Perm.EDIT_ENTRY, event)
    clock = clock_for(incident, zone.zone, timezone.now())
    form = EventForm(sent(request), event=event, clock=clock, only_report=not request.user.is_responder)

    def save() -> TimelineEvent:
        version = form.cleaned_data["version"]
        return timeline.edit(actor=actor, event=event, content=form.content(), now=timezone.now(), version=version)

    if attempt(form, save):
        return redirect(f"{incident.get_absolute_url()}#e{event.pk}")
    earlier = event.earlier_versions.select_related("replaced_by")
    may_strike = offers(actor, Perm.MANAGE_ENTRY, event)
    context = {"incident": incident, "event": event, "zone": zone, "earlier": earlier, "may_strike": may_strike}
    return form_page(request, "incidents/entry_edit.html", form, **context)


@require_POST
@incident_page
def entry_star(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    starred = request.POST.get("starred") == "1"
    timeline.set_star(actor=actor_of(request), event=_event(incident, event_id), starred=starred, now=timezone.now())
    return _back_to_incident(request, incident)


@require_POST
@incident_page
def entry_strike(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    timeline.strike(actor=actor_of(request), event=_event(incident, event_id), now=timezone.now())
    undo = reverse("entry-restore", args=[incident.reference, event_id])
    messages.success(request, _("Entry struck out."), extra_tags=f"undo:{undo}")
    return _back_to_incident(request, incident)


@require_POST
@incident_page
def entry_restore(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    timeline.restore(actor=actor_of(request), event=_event(incident, event_id), now=timezone.now())
    return _back_to_incident(request, incident)


@incident_page
def entry_move(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    """Put an entry on the incident that it belongs to."""
    event, actor = _event(incident, event_id), actor_of(request)
    require(actor, Perm.MANAGE_ENTRY, event)
    form = MoveForm(sent(request), user=request.user)

    def move() -> TimelineEvent:
        return timeline.move(actor=actor, event=event, other=form.cleaned_data["other"], now=timezone.now())

    if moved := attempt(form, move):
        messages.success(request, _("Moved to %(incident)s.") % {"incident": moved.incident.reference})
        return redirect(incident)
    return form_page(request, "incidents/entry_move.html", form, incident=incident, event=event)


@require_safe
@incident_page
def entry(request: SignedInRequest, incident: Incident, event_id: int) -> HttpResponse:
    """One entry by its address leads to where it stands."""
    return redirect(f"{reverse('timeline', args=[incident.reference])}#e{_event(incident, event_id).pk}")


def _event(incident: Incident, event_id: int) -> TimelineEvent:
    event = incident.timeline.for_page().filter(pk=event_id).first()
    if event is None:
        raise Http404
    event.incident = incident
    return event
