"""What a postmortem said before: every save that matters and every revision, compared, and taken up again."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.forms.fields import LONGEST_KEY
from incidents.models import Incident
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent

from ..domain import comparison
from ..domain import history as states
from ..forms.reviews import RestoreForm
from ..models import DraftVersion, Postmortem
from .draft import draft_of, shown

PAGE = 50
# What a list of revisions does without.
LONG = ("document", "markdown", "html_internal", "html_public")


@require_safe
@incident_page
def history(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """All revisions, and the saved versions of the draft, latest first."""
    postmortem = draft_of(request, incident)
    place = _place(request, postmortem)
    rows = list(postmortem.draft_versions.for_list(place)[: PAGE + 1])
    context = {
        **shown(request, postmortem),
        "revisions": postmortem.revisions.select_related("published_by").defer(*LONG),
        "versions": rows[:PAGE],
        # What the last save changed is what most people look for.
        "from_key": rows[min(1, len(rows) - 1)].key if rows else "",
        "older": rows[PAGE - 1] if len(rows) > PAGE else None,
        "is_first_page": place is None,
    }
    return render(request, "postmortems/history.html", context)


@require_safe
@incident_page
def compare(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Any two states side by side, the older one on the left."""
    postmortem = draft_of(request, incident)
    chosen = [_state(postmortem, request.GET.get(name, "")) for name in ("old", "new")]
    # Whichever way they were chosen, the later one is what it came to.
    chosen.sort(key=lambda state: (state.at is None, state.at or timezone.now()))
    old, new = chosen
    parts = [part for part in comparison.compare(old.parts, new.parts) if not part.is_same]
    context = {**shown(request, postmortem), "old": old, "new": new, "parts": parts}
    return render(request, "postmortems/compare.html", context)


@incident_page
def version(request: SignedInRequest, incident: Incident, version_id: int) -> HttpResponse:
    """What one part said in a version; a POST lets it say that again."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    versions = postmortem.draft_versions.select_related("author", "section")
    chosen = get_object_or_404(versions, pk=version_id)
    form = RestoreForm(sent(request))

    def restore() -> bool:
        states.restore(actor=actor, postmortem=postmortem, version=chosen, now=timezone.now())
        return True

    if attempt(form, restore):
        messages.success(request, _("It says again what it said then. What it said until now is a version too."))
        return redirect("postmortem-history", incident.reference)
    about = {"difference": states.from_now(postmortem, chosen), "before": states.before(postmortem, chosen)}
    context = {**shown(request, postmortem), "version": chosen, **about}
    return form_page(request, "postmortems/version.html", form, **context)


def _place(request: SignedInRequest, postmortem: Postmortem) -> DraftVersion | None:
    """The version before which the page begins; nothing for the first page."""
    before = request.GET.get("before", "")
    if not before.isdecimal() or len(before) > LONGEST_KEY:
        return None
    place: DraftVersion = get_object_or_404(postmortem.draft_versions, pk=int(before))
    return place


def _state(postmortem: Postmortem, key: str) -> states.State:
    found = states.state(postmortem, key)
    if found is None:
        raise Http404
    return found
