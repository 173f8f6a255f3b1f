"""Reviewing a draft: its text with comments, what changed since one last looked, who is asked, and the decision."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.errors import NotPossible
from incidents.models import Incident
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent

from ..domain import checklist, comparison, lifecycle, reviews, versions
from ..domain.lifecycle import PostmortemVerb
from ..forms.reviews import DecisionForm, LookForm, ReviewersForm
from ..models import Postmortem
from ..publication import document
from .comments import ThreadsByPart
from .draft import draft_of, shown


@incident_page
def review(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Where the postmortem stands, and what can be decided; a POST decides."""
    postmortem = draft_of(request, incident)
    form = DecisionForm(sent(request), postmortem=postmortem, by=request.user)
    if attempt(form, lambda: _decide(request, postmortem, form.cleaned_data)):
        return redirect("postmortem" if postmortem.is_published else "postmortem-review", incident.reference)
    return _page(request, postmortem, form)


@require_POST
@incident_page
def ask(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Ask more people for a review."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    form = ReviewersForm(request.POST, postmortem=postmortem, by=request.user)

    def send() -> bool:
        people = form.cleaned_data["reviewers"]
        reviews.ask(actor=actor, postmortem=postmortem, reviewers=people, now=timezone.now())
        return True

    if attempt(form, send):
        return redirect("postmortem-review", incident.reference)
    return _page(request, postmortem, DecisionForm(postmortem=postmortem, by=request.user), refused=form)


@require_POST
@incident_page
def take_back(request: SignedInRequest, incident: Incident, request_id: int) -> HttpResponse:
    """Ask somebody no longer."""
    postmortem = draft_of(request, incident)
    asked = get_object_or_404(postmortem.review_requests.select_related("reviewer"), pk=request_id)
    asked.postmortem = postmortem
    reviews.take_back(actor=actor_of(request), request=asked, now=timezone.now())
    return redirect("postmortem-review", incident.reference)


@require_POST
@incident_page
def read(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Say that one has read the draft as the page showed it."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    form = LookForm(request.POST)

    def remember() -> bool:
        reviews.look(actor=actor, postmortem=postmortem, seen_at=form.cleaned_data["seen_at"], now=timezone.now())
        return True

    if attempt(form, remember):
        messages.success(request, _("You will be shown what changes from now on."))
    return redirect("postmortem-review", incident.reference)


def _page(
    request: SignedInRequest, postmortem: Postmortem, form: DecisionForm, refused: ReviewersForm | None = None
) -> HttpResponse:
    now, common = timezone.now(), shown(request, postmortem)
    seen_at = reviews.last_look(postmortem, request.user)
    now_parts = versions.parts_now(postmortem)
    parts = comparison.compare(versions.parts_at(postmortem, seen_at) if seen_at else now_parts, now_parts)
    threads = ThreadsByPart(postmortem)
    shows_changes = seen_at is not None and request.GET.get("show") == "changes"
    texts = {} if shows_changes else document.previews(postmortem)
    context = {
        **common,
        "parts": [
            (part, texts.get(part.section.pk, "") if part.section else "", threads.of(part.section)) for part in parts
        ],
        "elsewhere": threads.left_over(),
        "open_threads": threads.open_count,
        "changed_parts": [part for part in parts if not part.is_same],
        "shows_changes": shows_changes,
        "seen_at": seen_at,
        "look_form": LookForm(initial={"seen_at": now.isoformat()}),
        "form": form,
        "reviewers_form": refused or ReviewersForm(postmortem=postmortem, by=request.user),
        "requests": postmortem.review_requests.open().select_related("reviewer", "asked_by"),
        "today": now.astimezone(common["zone"].zone).date(),
        "checks": checklist.checks(postmortem),
        "verbs": lifecycle.available_verbs(actor_of(request), postmortem),
        "reviews": postmortem.reviews.select_related("reviewer"),
        "only_editor": lifecycle.only_editor(postmortem),
        "changed": lifecycle.changed_since_approval(postmortem),
    }
    return form_page(request, "postmortems/review.html", refused or form, **context)


def _decide(request: SignedInRequest, postmortem: Postmortem, data: dict[str, Any]) -> Any:
    """Carry out what the pressed button says."""
    actor, now, note = actor_of(request), timezone.now(), data["note"]
    decisions: dict[str, Callable[[], Any]] = {
        PostmortemVerb.SUBMIT: lambda: lifecycle.submit(
            actor=actor, postmortem=postmortem, now=now, reviewers=data["reviewers"]
        ),
        PostmortemVerb.WITHDRAW: lambda: lifecycle.withdraw(actor=actor, postmortem=postmortem, now=now),
        PostmortemVerb.APPROVE: lambda: lifecycle.approve(actor=actor, postmortem=postmortem, now=now, note=note),
        PostmortemVerb.ASK_FOR_CHANGES: lambda: lifecycle.ask_for_changes(
            actor=actor, postmortem=postmortem, now=now, note=note
        ),
        PostmortemVerb.PUBLISH: lambda: lifecycle.publish(actor=actor, postmortem=postmortem, now=now, note=note),
        PostmortemVerb.REDRAFT: lambda: lifecycle.redraft(actor=actor, postmortem=postmortem, now=now),
        "approve-and-publish": lambda: lifecycle.approve_and_publish(
            actor=actor, postmortem=postmortem, now=now, note=note
        ),
    }
    decision = decisions.get(request.POST.get("verb", ""))
    if decision is None:
        raise NotPossible(_("Choose one of the buttons."))
    return decision()
