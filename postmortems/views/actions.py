"""One action item: its page, its form, and the steps that move it on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.permissions import Perm, offers, require
from incidents.requests import SignedInRequest
from incidents.views.access import View, actor_of, incident_page, private_gate
from incidents.views.answers import attempt, form_page, sent
from incidents.views.guards import next_url
from incidents.zones import reader_zone, today_of

from ..domain import action_items as domain
from ..domain.action_items import ActionVerb
from ..domain.date_moves import moves_of
from ..domain.families import families_of
from ..forms.lessons import ActionForm, StepForm
from ..models import ActionItem
from ..permissions import LessonPerm
from .panel import back_to_lessons, lesson_form

ItemView = Callable[..., HttpResponse]


def _item_page(view: ItemView) -> View:
    """Give the view the action item that its address names, on the terms of its incident's own page."""

    @wraps(view)
    def wrapper(request: SignedInRequest, reference: str, *args: Any, **kwargs: Any) -> HttpResponse:
        item = ActionItem.objects.visible_to(request.user).for_table().referenced(reference).first()
        if item is None:
            raise Http404
        if reference != item.reference and request.method == "GET":
            return redirect(request.get_full_path().replace(reference, item.reference, 1), permanent=True)
        response = private_gate(request, item.incident) or view(request, item, *args, **kwargs)
        if item.incident.is_private:
            response["Cache-Control"] = "no-store"
        return response

    return wrapper


@incident_page
def action_new(request: SignedInRequest, incident: Incident) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    require(actor, LessonPerm.CREATE_ACTION, incident)
    due = domain.suggested_due(incident, today_of(request.user))
    form = ActionForm(sent(request), incident=incident, due=due, cause=request.GET.get("cause", ""))

    def save() -> ActionItem:
        client_id = form.cleaned_data["client_id"]
        return domain.create(actor=actor, incident=incident, content=form.content(), now=now, client_id=client_id)

    if attempt(form, save):
        return back_to_lessons(request, incident)
    return lesson_form(request, "postmortems/action_form.html", form, incident=incident, item=None)


@_item_page
def action(request: SignedInRequest, item: ActionItem) -> HttpResponse:
    """One action item; a POST moves it on."""
    form = _step_form(request, item, request.POST.get("verb", ""))
    if attempt(form, lambda: _take_step(request, item, form)):
        return redirect(item)
    return form_page(request, "postmortems/action.html", form, **_shown(request, item, form))


@_item_page
def action_step(request: SignedInRequest, item: ActionItem, verb: str) -> HttpResponse:
    """One step on a page of its own, from the board and the table and back there."""
    if verb not in ActionVerb.values:
        raise Http404
    step = ActionVerb(verb)
    require(actor_of(request), domain.TRANSITIONS[step].perm, item)
    form = _step_form(request, item, verb)
    if attempt(form, lambda: _take_step(request, item, form)):
        state = item.get_status_display().lower()
        messages.success(request, _("%(item)s is %(state)s now.") % {"item": item.reference, "state": state})
        return redirect(next_url(request, item.get_absolute_url()))
    back_url = next_url(request, item.get_absolute_url())
    context = {"item": item, "verb": step, "back_url": back_url, "today": today_of(request.user)}
    return form_page(request, "postmortems/action_step.html", form, **context)


@_item_page
def action_edit(request: SignedInRequest, item: ActionItem) -> HttpResponse:
    actor = actor_of(request)
    require(actor, LessonPerm.CREATE_ACTION, item)
    form = ActionForm(sent(request), incident=item.incident, item=item)

    def save() -> ActionItem:
        version = form.cleaned_data["version"]
        return domain.edit(actor=actor, item=item, content=form.content(), now=timezone.now(), version=version)

    if attempt(form, save):
        return redirect(item)
    return lesson_form(request, "postmortems/action_form.html", form, incident=item.incident, item=item)


def _shown(request: SignedInRequest, item: ActionItem, form: StepForm) -> dict[str, Any]:
    """What the page of an action item shows, with a form for each step that the reader may take."""
    actor = actor_of(request)
    verbs = domain.available_verbs(actor, item)
    asked = form["verb"].value() if form.is_bound else ""
    return {
        "item": item,
        "verbs": verbs,
        "steps": [(verb, form if verb == asked else _step_form(request, item, verb, unsent=True)) for verb in verbs],
        # What was asked for is not possible any more, so its form is not on the page and cannot say so.
        "refused": form if form.is_bound and asked not in verbs else None,
        "may_edit": offers(actor, LessonPerm.CREATE_ACTION, item),
        "may_see_audit": offers(actor, Perm.VIEW_INCIDENT_AUDIT, item),
        "moves": moves_of(item),
        "family": families_of([item.incident_id], request.user).get(item.incident_id),
        "today": today_of(request.user),
        "zone": reader_zone(request.user),
    }


def _step_form(request: SignedInRequest, item: ActionItem, verb: str, *, unsent: bool = False) -> StepForm:
    may_assign = offers(actor_of(request), LessonPerm.CREATE_ACTION, item)
    fills_in = may_assign and verb in domain.FILLS_IN and item.due_on is None
    due = domain.suggested_due(item.incident, today_of(request.user)) if fills_in else None
    data = sent(request)
    if data is not None and "verb" not in data:
        # The address says which step it is.
        data = data.copy()
        data["verb"] = verb
    return StepForm(None if unsent else data, item=item, verb=verb, may_assign=may_assign, due=due)


def _take_step(request: SignedInRequest, item: ActionItem, form: StepForm) -> ActionItem:
    given = {**form.cleaned_data, "verb": ActionVerb(form.cleaned_data["verb"])}
    return domain.advance(actor=actor_of(request), item=item, now=timezone.now(), **given)
