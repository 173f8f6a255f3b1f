"""What was changed: the list of everything, and one change."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..clock_text import ClockContext, describe, zone_label
from ..domain import changes as domain
from ..errors import InvalidInput
from ..forms.changes import LONGEST_TEXT, ChangeFilters, ChangeForm, ChangeLineForm, read_line
from ..models import Change, Service
from ..paging import keyset_page
from ..permissions import Perm, offers, require
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import PLAIN, attempt, form_page, pages_beside, sent
from .guards import requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_readers = requires(Perm.VIEW_INCIDENTS)
NEWEST_FIRST = ("-live_at", "-id")


@for_readers
@form_methods
def change_list(request: SignedInRequest) -> HttpResponse:
    """Everything that went live, newest first; a POST adds one on one line."""
    actor = actor_of(request)
    if request.method == "POST":
        require(actor, Perm.RECORD_CHANGE)
    form = ChangeLineForm(sent(request), clock=_clock(request))
    change = attempt(form, lambda: domain.record_change(actor=actor, new=form.new_change(), now=timezone.now()))
    if change:
        return _written(request, change)
    return form_page(request, "changes/list.html", form, **_list(request))


def _list(request: SignedInRequest) -> dict[str, object]:
    filters = ChangeFilters(request.GET, services=Service.objects.to_choose_from(), now=timezone.now())
    found = Change.objects.visible_to(request.user).filtered(**filters.criteria).for_list()
    page = keyset_page(found, order=NEWEST_FIRST, params=request.GET)
    return {
        "filters": filters,
        "changes": page.rows,
        **pages_beside(request, page),
        **_shown(request),
        "api_url": f"{settings.BASE_URL}{reverse('api-changes')}",
    }


@requires(Perm.RECORD_CHANGE)
@form_methods
def change_new(request: SignedInRequest) -> HttpResponse:
    """The full form."""
    form = ChangeForm(sent(request), clock=_clock(request))
    actor = actor_of(request)
    change = attempt(form, lambda: domain.record_change(actor=actor, new=form.new_change(), now=timezone.now()))
    if change:
        return _written(request, change)
    return form_page(request, "changes/form.html", form, **_shown(request))


@for_readers
@form_methods
def change(request: SignedInRequest, change_id: int) -> HttpResponse:
    """One change: to be read, and by responders to be put right."""
    actor, found = actor_of(request), _found(request, change_id)
    if not offers(actor, Perm.RECORD_CHANGE):
        return _read_only(request, found)
    form = ChangeForm(sent(request), clock=_clock(request), change=found)

    def save() -> Change:
        version, now = form.cleaned_data["version"], timezone.now()
        return domain.edit_change(actor=actor, change=found, new=form.new_change(), now=now, version=version)

    if attempt(form, save):
        messages.success(request, _("Saved."))
        return redirect("change", found.pk)
    return form_page(request, "changes/form.html", form, change=found, **_shown(request))


def _read_only(request: SignedInRequest, found: Change) -> HttpResponse:
    if request.method == "POST":
        require(actor_of(request), Perm.RECORD_CHANGE)
    return render(request, "changes/change.html", {"change": found, **_shown(request)})


@for_readers
@require_safe
def change_echo(request: SignedInRequest) -> HttpResponse:
    """What the line was understood as, before anything is saved."""
    line = request.GET.get("text", "")[:LONGEST_TEXT]
    if not line.strip():
        return HttpResponse(content_type=PLAIN)
    clock = _clock(request)
    try:
        _text, at = read_line(line, clock)
    except InvalidInput as error:
        return HttpResponse(error.message, content_type=PLAIN, status=422)
    said = describe(at or clock.now, clock.zone)
    return HttpResponse(f"= {said}" if at else _("= now, %(time)s") % {"time": said}, content_type=PLAIN)


def _found(request: SignedInRequest, change_id: int) -> Change:
    return get_object_or_404(Change.objects.visible_to(request.user).for_list(), pk=change_id)


def _written(request: SignedInRequest, change: Change) -> HttpResponse:
    said = describe(change.live_at, reader_zone(request.user))
    messages.success(request, _("Written down: %(text)s, %(time)s.") % {"text": change.text, "time": said})
    return redirect("change-list")


def _clock(request: SignedInRequest) -> ClockContext:
    return ClockContext(zone=reader_zone(request.user), now=timezone.now(), live=True, day_first=settings.DAY_FIRST)


def _shown(request: SignedInRequest) -> dict[str, object]:
    zone = reader_zone(request.user)
    return {
        "zone": zone,
        "zone_label": zone_label(zone, timezone.now()),
        "may_record": offers(actor_of(request), Perm.RECORD_CHANGE),
    }
