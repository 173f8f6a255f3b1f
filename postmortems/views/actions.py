"""Action items: the table, one item, and its form."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.domain import privacy
from incidents.errors import Forbidden
from incidents.models import Incident
from incidents.permissions import Perm, offers, require
from incidents.spreadsheets import spreadsheet
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent
from incidents.zones import reader_zone

from ..domain import action_items as domain
from ..domain.action_items import ActionVerb
from ..forms.lessons import ActionFilterForm, ActionForm, ActionStateForm
from ..models import ActionItem
from ..permissions import LessonPerm
from ..querysets import ActionItemQuerySet
from .panel import back_to_lessons, lesson_form

CSV_HEAD = ("action item", "text", "state", "owner", "due", "type", "incident", "incident title", "evidence", "reason")


@incident_page
def action_new(request: HttpRequest, incident: Incident) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    require(actor, LessonPerm.CREATE_ACTION, incident)
    today = now.astimezone(reader_zone(request.user)).date()
    form = ActionForm(sent(request), incident=incident, due=domain.suggested_due(incident, today))

    def save() -> ActionItem:
        client_id = form.cleaned_data["client_id"]
        return domain.create(actor=actor, incident=incident, content=form.content(), now=now, client_id=client_id)

    if form.is_bound and attempt(form, save):
        return back_to_lessons(request, incident)
    return lesson_form(request, "postmortems/action_form.html", form, incident=incident, item=None)


@require_safe
def action_list(request: HttpRequest) -> HttpResponse:
    """What there is to do, overdue first."""
    require(actor_of(request), Perm.VIEW_INCIDENTS)
    form = ActionFilterForm(request.GET)
    today = timezone.now().astimezone(reader_zone(request.user)).date()
    items, after = _filtered(request, form).stretch(request.GET.get("after", ""))
    query = request.GET.copy()
    query.pop("after", None)
    context = {"form": form, "items": items, "today": today, "after": after, "query": query.urlencode()}
    return render(request, "postmortems/actions.html", context)


@require_safe
def action_export(request: HttpRequest) -> HttpResponse:
    """The same table for a spreadsheet."""
    require(actor_of(request), Perm.EXPORT)
    rows = (
        (
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
        for item in _filtered(request, ActionFilterForm(request.GET)).iterator(chunk_size=500)
    )
    return spreadsheet("action-items", CSV_HEAD, rows)


def action(request: HttpRequest, reference: str) -> HttpResponse:
    """One action item; a POST moves it on."""
    item, actor = _item(request, reference), actor_of(request)
    form = ActionStateForm(sent(request))

    def move() -> ActionItem:
        data = form.cleaned_data
        verb = ActionVerb(data["verb"])
        return domain.advance(
            actor=actor, item=item, verb=verb, now=timezone.now(), evidence=data["evidence"], reason=data["reason"]
        )

    if form.is_bound and attempt(form, move):
        return redirect(item)
    zone = reader_zone(request.user)
    today = timezone.now().astimezone(zone).date()
    context = {
        "item": item,
        "verbs": domain.available_verbs(actor, item),
        "may_edit": offers(actor, LessonPerm.CREATE_ACTION, item),
        "late": item.is_overdue(today),
        "zone": zone,
    }
    return form_page(request, "postmortems/action.html", form, **context)


def action_edit(request: HttpRequest, reference: str) -> HttpResponse:
    item, actor = _item(request, reference), actor_of(request)
    require(actor, LessonPerm.CREATE_ACTION, item)
    form = ActionForm(sent(request), incident=item.incident, item=item)

    def save() -> ActionItem:
        version = form.cleaned_data["version"]
        return domain.edit(actor=actor, item=item, content=form.content(), now=timezone.now(), version=version)

    if form.is_bound and attempt(form, save):
        return redirect(item)
    return lesson_form(request, "postmortems/action_form.html", form, incident=item.incident, item=item)


def _filtered(request: HttpRequest, form: ActionFilterForm) -> ActionItemQuerySet:
    form.is_valid()
    today = timezone.now().astimezone(reader_zone(request.user)).date()
    data = {name: form.cleaned_data.get(name, "") for name in form.fields}
    return ActionItem.objects.visible_to(request.user).for_table().filtered(request.user, today, **data)


def _item(request: HttpRequest, reference: str) -> ActionItem:
    item = ActionItem.objects.visible_to(request.user).for_table().referenced(reference).first()
    if item is None:
        raise Http404
    if privacy.must_say_so(request.user, item.incident, timezone.now()):  # type: ignore[arg-type]
        raise Forbidden(_("Its incident is private. Open the page of the incident first; that is recorded."))
    return item
