"""Action items together: the table, the board, the CSV, many at once, and what was imported."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from incidents.models import Team
from incidents.paging import keyset_page
from incidents.permissions import Actor, Perm, offers, require
from incidents.requests import SignedInRequest
from incidents.spreadsheets import spreadsheet
from incidents.views.access import actor_of
from incidents.views.answers import attempt, filters_of, form_page, sent
from incidents.views.guards import next_url
from incidents.zones import today_of

from ..domain import action_batches, action_items, team_figures
from ..domain.action_batches import Outcome
from ..domain.action_items import ActionVerb
from ..enums import ActionStatus
from ..forms.action_lists import FOR_ADMINS, TO_ADOPT, ActionFilters, ManyActionsForm
from ..models import ActionItem
from ..permissions import LessonPerm
from ..querysets import ActionItemQuerySet

CSV_HEAD = ("action item", "text", "state", "owner", "due", "type", "incident", "incident title", "evidence", "reason")
# More in one column is read in the table, to which it leads.
COLUMN = 30
COLUMNS = (
    ActionStatus.OPEN,
    ActionStatus.IN_PROGRESS,
    ActionStatus.DONE,
    ActionStatus.VERIFIED,
    ActionStatus.WONT_DO,
)
# Folded until somebody asks for them: nothing is left to do there.
ENDS = (ActionStatus.VERIFIED, ActionStatus.WONT_DO)
# Imported ones on one page.
TO_ADOPT_AT_ONCE = 100
MOST_TEAMS = 3
MOST_REFUSALS = 10
VIEWS = (("", gettext_lazy("Everybody's")), ("mine", gettext_lazy("Mine")), ("team", gettext_lazy("My teams'")))


@dataclass(frozen=True, slots=True)
class Column:
    """One state on the board: its cards, each with the steps that the reader may take, and whether there are more."""

    status: ActionStatus
    cards: list[tuple[ActionItem, list[ActionVerb]]]
    has_more: bool
    is_end: bool


@require_safe
def action_list(request: SignedInRequest) -> HttpResponse:
    """What there is to do: a table, overdue first, or a board by state. The filters are the same."""
    actor = actor_of(request)
    require(actor, Perm.VIEW_INCIDENTS)
    filters = _filters(request)
    criteria = filters.criteria()
    context = _frame(request, actor, criteria) | {"filters": filters}
    if request.GET.get("view") == "board":
        return render(request, "postmortems/board.html", context | _board(request, actor, criteria))
    found = _found(request, criteria)
    page = keyset_page(found, order=[str(name) for name in found.query.order_by], params=request.GET)
    return render(request, "postmortems/actions.html", context | {"items": page.rows, "page": page})


@require_safe
def action_export(request: SignedInRequest) -> HttpResponseBase:
    """The same table for a spreadsheet."""
    require(actor_of(request), Perm.EXPORT)
    found = _found(request, _filters(request).criteria())
    rows = map(_cells, found.iterator(chunk_size=500))
    return spreadsheet(f"action-items-{today_of(request.user)}.csv", CSV_HEAD, rows)


def action_many(request: SignedInRequest) -> HttpResponse:
    """The same done to several action items that were ticked in the table."""
    actor = actor_of(request)
    require(actor, LessonPerm.EDIT_MANY_ACTIONS)
    items = _ticked(request)
    form = ManyActionsForm(sent(request), deeds=FOR_ADMINS)
    back_url = next_url(request, reverse("action-list"))
    if outcome := attempt(form, lambda: _carry_out(actor, items, form)):
        _say(request, outcome)
        return redirect(back_url)
    return form_page(request, "postmortems/actions_many.html", form, items=items, back_url=back_url)


def action_adopt(request: SignedInRequest) -> HttpResponse:
    """What was imported and whose state nobody knows: adopted, or said to be over, one by one or many at once."""
    actor = actor_of(request)
    require(actor, LessonPerm.CREATE_ACTION)
    form = ManyActionsForm(sent(request), deeds=TO_ADOPT)
    ticked = _ticked(request).historical("") if request.method == "POST" else ActionItem.objects.none()
    if outcome := attempt(form, lambda: _carry_out(actor, ticked, form)):
        _say(request, outcome)
        return redirect(request.get_full_path())
    return form_page(request, "postmortems/actions_adopt.html", form, ticked=set(ticked), **_to_adopt(request))


def _to_adopt(request: SignedInRequest) -> dict[str, Any]:
    """What waits to be adopted, of all incidents or of the one in the address."""
    wanted = request.GET.get("incident", "")
    seen = ActionItem.objects.visible_to(request.user).for_table()
    rows = list(seen.historical(wanted)[: TO_ADOPT_AT_ONCE + 1])
    return {"items": rows[:TO_ADOPT_AT_ONCE], "has_more": len(rows) > TO_ADOPT_AT_ONCE, "incident": wanted}


def _frame(request: SignedInRequest, actor: Actor, criteria: dict[str, str]) -> dict[str, Any]:
    """What stands around table and board alike."""
    return {
        "whose": criteria["whose"],
        "today": today_of(request.user),
        "query": filters_of(request).urlencode(),
        "is_filtered": any(criteria.values()),
        "may_adopt": offers(actor, LessonPerm.CREATE_ACTION),
        "may_edit_many": offers(actor, LessonPerm.EDIT_MANY_ACTIONS),
        "figures": _figures(request, actor, criteria),
        **_ways(request),
    }


def _filters(request: SignedInRequest) -> ActionFilters:
    return ActionFilters(request.GET, options=ActionItem.objects.filter_options())


def _found(request: SignedInRequest, criteria: dict[str, str]) -> ActionItemQuerySet:
    seen = ActionItem.objects.visible_to(request.user).for_table()
    return seen.filtered(request.user, today_of(request.user), **criteria)


def _board(request: SignedInRequest, actor: Actor, criteria: dict[str, str]) -> dict[str, Any]:
    seen = ActionItem.objects.visible_to(request.user).for_table()
    found = seen.on_board(request.user, today_of(request.user), **criteria)
    columns = [_column(actor, found, status) for status in COLUMNS]
    # Whoever looks for something is to find it there too.
    shows_ends = bool(criteria["q"] or criteria["state"])
    return {"columns": columns, "is_empty": not any(column.cards for column in columns), "shows_ends": shows_ends}


def _column(actor: Actor, found: ActionItemQuerySet, status: ActionStatus) -> Column:
    rows = list(found.in_column(status)[: COLUMN + 1])
    cards = [(item, action_items.available_verbs(actor, item)) for item in islice(rows, COLUMN)]
    return Column(status, cards, has_more=len(rows) > COLUMN, is_end=status in ENDS)


def _ways(request: SignedInRequest) -> dict[str, Any]:
    """The addresses of the same list as a table, as a board, and of everybody's, one's own, one's teams'."""

    def address(**values: str) -> str:
        query = filters_of(request)
        for name, value in values.items():
            query[name] = value
        kept = [(name, value) for name, value in query.items() if value]
        return f"?{urlencode(kept)}" if kept else reverse("action-list")

    return {
        "table_url": address(view=""),
        "board_url": address(view="board"),
        "whose_urls": [(whose, label, address(whose=whose)) for whose, label in VIEWS],
        "here": request.get_full_path(),
    }


def _figures(request: SignedInRequest, actor: Actor, criteria: dict[str, str]) -> list[team_figures.TeamFigures]:
    """Those of the team that is looked at, or of the reader's own teams, for who may see them."""
    if criteria["team"]:
        teams = Team.objects.active().filter(pk=int(criteria["team"]))
    elif criteria["whose"] == "team":
        teams = Team.objects.of(request.user).order_by("name")[:MOST_TEAMS]
    else:
        return []
    may = [team for team in teams if offers(actor, LessonPerm.VIEW_TEAM_FIGURES, team)]
    return [team_figures.figures_of(actor=actor, team=team, today=today_of(request.user)) for team in may]


def _ticked(request: SignedInRequest) -> ActionItemQuerySet:
    sent_ones = (request.POST if request.method == "POST" else request.GET).getlist("item")
    numbers = [
        int(number) for number in sent_ones[: action_batches.MOST + 1] if number.isdecimal() and len(number) < 10
    ]
    return ActionItem.objects.visible_to(request.user).for_table().filter(number__in=numbers)


def _carry_out(actor: Actor, items: Iterable[ActionItem], form: ManyActionsForm) -> Outcome:
    return action_batches.carry_out(actor=actor, items=items, deed=form.asked(), now=timezone.now())


def _say(request: SignedInRequest, outcome: Outcome) -> None:
    number = len(outcome.done)
    if number:
        said = ngettext("%(number)s action item changed.", "%(number)s action items changed.", number)
        messages.success(request, said % {"number": number})
    for item, why in outcome.refused[:MOST_REFUSALS]:
        messages.error(request, _("%(item)s stays as it is: %(why)s") % {"item": item.reference, "why": why})
    if len(outcome.refused) > MOST_REFUSALS:
        others = len(outcome.refused) - MOST_REFUSALS
        messages.error(request, _("%(number)s others stay as they are too.") % {"number": others})


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
