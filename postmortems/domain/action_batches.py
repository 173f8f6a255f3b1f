"""The same done to many action items at once, each by the rules of one."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.errors import DomainError, InvalidInput
from incidents.models import User
from incidents.permissions import Actor, require

from ..enums import ActionStatus
from ..models import ActionItem
from ..permissions import LessonPerm
from . import action_items
from .action_items import ActionVerb

ASSIGN = "assign"
MOVE_DATE = "move-date"
# Like Django's admin, which bears no more in one request either.
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is done to each: `ASSIGN`, `MOVE_DATE` or a verb, and what that asks for."""

    deed: str
    owner: User | None = None
    due_on: dt.date | None = None
    evidence: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """To which it was done, and which were refused with why, each in the order given."""

    done: list[ActionItem]
    refused: list[tuple[ActionItem, str]]


def carry_out(*, actor: Actor, items: Iterable[ActionItem], deed: Deed, now: dt.datetime) -> Outcome:
    """Do it to each in a transaction of its own; one that is refused keeps no other from being done.

    What is adopted without a date gets the one that its severity proposes.

    Many at once are for admins; who may adopt one imported item may adopt many. Raises `Forbidden`, and `InvalidInput`
    for what is missing for all of them.
    """
    chosen = list(items)
    if any(item.status != ActionStatus.HISTORICAL for item in chosen):
        require(actor, LessonPerm.EDIT_MANY_ACTIONS)
    require(actor, LessonPerm.CREATE_ACTION)
    _check(chosen, deed)
    outcome = Outcome([], [])
    for item in chosen:
        try:
            outcome.done.append(_do(actor, item, deed, now))
        except DomainError as error:
            outcome.refused.append((item, " ".join(error.fields.values()) or error.message))
    return outcome


def _check(items: list[ActionItem], deed: Deed) -> None:
    if not items:
        raise InvalidInput(_("Tick at least one action item."), code="none_chosen")
    if len(items) > MOST:
        raise InvalidInput(_("At most %(most)s at once.") % {"most": MOST}, code="too_many")
    missing = {
        "owner": deed.deed == ASSIGN and deed.owner is None and _("Choose whose they are to be."),
        "due_on": deed.deed == MOVE_DATE and deed.due_on is None and _("Choose the day."),
        "evidence": deed.deed == ActionVerb.FINISH
        and not deed.evidence.strip()
        and _("Say how one can see that it is done: a link, a test, a sentence."),
        "reason": deed.deed in (ActionVerb.DROP, ActionVerb.REOPEN)
        and not deed.reason.strip()
        and _("Say why in a sentence."),
    }
    if fields := {name: message for name, message in missing.items() if message}:
        raise InvalidInput(next(iter(fields.values())), fields=fields)


def _do(actor: Actor, item: ActionItem, deed: Deed, now: dt.datetime) -> ActionItem:
    content = action_items.content_of(item)
    if deed.deed == ASSIGN:
        return action_items.edit(actor=actor, item=item, content=replace(content, owner=deed.owner), now=now)
    if deed.deed == MOVE_DATE:
        content = replace(content, due_on=deed.due_on, move_reason=deed.reason)
        return action_items.edit(actor=actor, item=item, content=content, now=now)
    verb, due_on = ActionVerb(deed.deed), deed.due_on
    if verb == ActionVerb.ADOPT and due_on is None:
        due_on = action_items.suggested_due(item.incident, timezone.localtime(now).date())
    return action_items.advance(
        actor=actor,
        item=item,
        verb=verb,
        now=now,
        evidence=deed.evidence,
        reason=deed.reason,
        owner=deed.owner,
        due_on=due_on,
    )
