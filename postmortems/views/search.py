"""Looking through everything: one field, and what was found."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from incidents.permissions import Perm, require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of
from incidents.zones import reader_zone

from ..search import search

MAX_PAGE = 10
LIST = "postmortems/_search_results.html"


@vary_on_headers("HX-Request")
@require_safe
def search_page(request: SignedInRequest) -> HttpResponse:
    """What was found for ``q``; while somebody types only the list, whose last word is then the beginning of one."""
    require(actor_of(request), Perm.VIEW_INCIDENTS)
    asked_page = request.GET.get("page", "")
    results = search(
        request.GET.get("q", ""),
        user=request.user,
        zone=reader_zone(request.user),
        now=timezone.now(),
        page=int(asked_page) if asked_page in _PAGES else 1,
        is_typing=bool(request.htmx),
    )
    context = {"results": results, "zone": reader_zone(request.user), "examples": _examples()}
    return render(request, LIST if request.htmx else "postmortems/search.html", context)


_PAGES = frozenset(map(str, range(1, MAX_PAGE + 1)))


def _examples() -> list[tuple[str, str]]:
    """What can be written into the field, each with what it does."""
    return [
        ("connection refused", _("both words, somewhere in one incident")),
        ('"connection refused"', _("one right behind the other")),
        ("deploy -staging", _("without a word")),
        ("certif*", _("how a word begins")),
        ("INC-1", _("an incident by its number, or an action item: A-7")),
        ("sev:1,2 checkout", _("by severity")),
        ("service:checkout is:open", _("by service and state; also is:over, is:repeat, is:private, is:published")),
        ("status:resolved kind:near-miss", _("by status and kind")),
        ("cause:certificate", _("by the kind of cause")),
        ("tag:database after:2026-01 before:2026-07", _("by tag and time; also on:2026-03-14")),
        ("in:timeline rollback", _("only in one place: incident, timeline, causes, actions, changes, postmortem")),
        ("owner:me", _("your own action items")),
    ]
