"""Action items: the table, one item, and its form."""

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.models import Incident
from incidents.paging import keyset_page
from incidents.permissions import Perm, offers, require
from incidents.requests import SignedInRequest
from incidents.spreadsheets import spreadsheet
from incidents.views.access import View, actor_of, incident_page, private_gate
from incidents.views.answers import attempt, filters_of, form_page, sent
from incidents.zones import reader_zone

from ..domain import action_items as domain
from ..domain.action_items import ActionVerb
from ..forms.lessons import ActionFilterForm, ActionForm, ActionStateForm
from ..models import ActionItem
from ..permissions import LessonPerm
from ..querysets import ActionItemQuerySet
from .panel import back_to_lessons, lesson_form

CSV_HEAD = ("action item", "text", "state", "owner", "due", "type", "incident", "incident title", "evidence", "reason")
ItemView = Callable[[SignedInRequest, ActionItem], HttpResponse]


def _item_page(view: ItemView) -> View:
    """Give the view the action item that its address names, on the terms of its incident's own page."""

    @wraps(view)
    def wrapper(request: SignedInRequest, reference: str) -> HttpResponse:
        item = ActionItem.objects.visible_to(request.user).for_table().referenced(reference).first()
        if item is None:
            raise Http404
        if reference != item.reference and request.method == "GET":
            return redirect(request.get_full_path().replace(reference, item.reference, 1), permanent=True)
        response = private_gate(request, item.incident) or view(request, item)
        if item.incident.is_private:
            response["Cache-Control"] = "no-store"
        return response

    return wrapper


@incident_page
def action_new(request: SignedInRequest, incident: Incident) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    require(actor, LessonPerm.CREATE_ACTION, incident)
    due = domain.suggested_due(incident, _today(request))
    form = ActionForm(sent(request), incident=incident, due=due, cause=request.GET.get("cause", ""))

    def save() -> ActionItem:
        client_id = form.cleaned_data["client_id"]
        return domain.create(actor=actor, incident=incident, content=form.content(), now=now, client_id=client_id)

    if attempt(form, save):
        return back_to_lessons(request, incident)
    return lesson_form(request, "postmortems/action_form.html", form, incident=incident, item=None)


@require_safe
def action_list(request: SignedInRequest) -> HttpResponse:
    """What there is to do, overdue first."""
    require(actor_of(request), Perm.VIEW_INCIDENTS)
    form = ActionFilterForm(request.GET)
    found = _filtered(request, form)
    page = keyset_page(found, order=[str(name) for name in found.query.order_by], params=request.GET)
    query = filters_of(request).urlencode()
    context = {"form": form, "items": page.rows, "today": _today(request), "page": page, "query": query}
    return render(request, "postmortems/actions.html", context)


@require_safe
def action_export(request: SignedInRequest) -> HttpResponseBase:
    """The same table for a spreadsheet."""
    require(actor_of(request), Perm.EXPORT)
    found = _filtered(request, ActionFilterForm(request.GET))
    rows = map(_cells, found.iterator(chunk_size=500))
    return spreadsheet(f"action-items-{_today(request)}.csv", CSV_HEAD, rows)


def _cells(item: ActionItem) -> tuple[str, ...]:
    """One action item as a line under `CSV_HEAD`."""
    return (
        item.reference,
        item.text,
        item.get_status_display(),
        item.owner.name if item.owner else "",
        item.due_on.isoformat() if item.due_on else "",
        item.get_type_display(),
        item.incident.reference,
        item.incident.title,
        item.evidence,
        item.reason,
    )


@_item_page
def action(request: SignedInRequest, item: ActionItem) -> HttpResponse:
    """One action item; a POST moves it on."""
    actor = actor_of(request)
    form = ActionStateForm(sent(request))

    def move() -> ActionItem:
        given = {**form.cleaned_data, "verb": ActionVerb(form.cleaned_data["verb"])}
        return domain.advance(actor=actor, item=item, now=timezone.now(), **given)

    if attempt(form, move):
        return redirect(item)
    context = {
        "item": item,
        "verbs": domain.available_verbs(actor, item),
        "may_edit": offers(actor, LessonPerm.CREATE_ACTION, item),
        "late": item.is_overdue(_today(request)),
        "zone": reader_zone(request.user),
    }
    return form_page(request, "postmortems/action.html", form, **context)


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


def _today(request: SignedInRequest) -> dt.date:
    """The reader's day, which decides what is overdue."""
    return timezone.now().astimezone(reader_zone(request.user)).date()


def _filtered(request: SignedInRequest, form: ActionFilterForm) -> ActionItemQuerySet:
    form.is_valid()
    data = {name: form.cleaned_data.get(name, "") for name in form.fields}
    return ActionItem.objects.visible_to(request.user).for_table().filtered(request.user, _today(request), **data)
