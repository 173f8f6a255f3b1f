"""Action items and the one table of their states."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import audit
from incidents.domain.versions import check_version, compare_and_set
from incidents.enums import ActionItemEvent, Role, Source
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Incident, SeverityLevel, User
from incidents.notifications import rules
from incidents.permissions import Actor, can, offers, require

from ..enums import ActionStatus, ActionType
from ..models import ActionItem, ActionNumber, RootCause
from ..permissions import LessonPerm
from ..querysets import NO_DATE_LAST


class ActionVerb(TextChoices):
    """What is done to an action item to move it on."""

    ADOPT = "adopt", gettext_lazy("Adopt")
    START = "start", gettext_lazy("Start")
    FINISH = "finish", gettext_lazy("Done")
    VERIFY = "verify", gettext_lazy("Verify")
    SEND_BACK = "send-back", gettext_lazy("Send back")
    DROP = "drop", gettext_lazy("Won't do")
    REOPEN = "reopen", gettext_lazy("Open again")

    @property
    def target(self) -> ActionStatus:
        """The state that it leads to."""
        return TRANSITIONS[self].target


@dataclass(frozen=True, slots=True)
class ActionTransition:
    """One row: from which states a verb leads where, and who may."""

    sources: frozenset[ActionStatus]
    target: ActionStatus
    perm: LessonPerm


_OPEN = (ActionStatus.OPEN, ActionStatus.IN_PROGRESS)
# Steps that may bring the owner and the date along that are still missing.
FILLS_IN = (ActionVerb.ADOPT, ActionVerb.START, ActionVerb.FINISH)
# What the audit need not tell: it follows from something that it does tell.
_DERIVED = ("due_sort", "text_key", "reminded_on")
# What nobody can take the owner or the date off again.
_OWNED = (ActionStatus.IN_PROGRESS, ActionStatus.DONE, ActionStatus.VERIFIED)

TRANSITIONS: dict[ActionVerb, ActionTransition] = {
    ActionVerb.ADOPT: ActionTransition(
        frozenset({ActionStatus.HISTORICAL}), ActionStatus.OPEN, LessonPerm.CREATE_ACTION
    ),
    ActionVerb.START: ActionTransition(
        frozenset({ActionStatus.OPEN}), ActionStatus.IN_PROGRESS, LessonPerm.PROGRESS_ACTION
    ),
    ActionVerb.FINISH: ActionTransition(
        frozenset({*_OPEN, ActionStatus.HISTORICAL}), ActionStatus.DONE, LessonPerm.PROGRESS_ACTION
    ),
    ActionVerb.VERIFY: ActionTransition(
        frozenset({ActionStatus.DONE}), ActionStatus.VERIFIED, LessonPerm.VERIFY_ACTION
    ),
    ActionVerb.SEND_BACK: ActionTransition(
        frozenset({ActionStatus.DONE}), ActionStatus.IN_PROGRESS, LessonPerm.VERIFY_ACTION
    ),
    ActionVerb.DROP: ActionTransition(
        frozenset({*_OPEN, ActionStatus.HISTORICAL}), ActionStatus.WONT_DO, LessonPerm.CREATE_ACTION
    ),
    ActionVerb.REOPEN: ActionTransition(
        frozenset({ActionStatus.DONE, ActionStatus.VERIFIED, ActionStatus.WONT_DO}),
        ActionStatus.OPEN,
        LessonPerm.PROGRESS_ACTION,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContent:
    """What a person enters of an action item. Owner and date may be empty until it is started or published.

    ``needs_verification`` is decided by severity and type where it is left open.
    """

    text: str
    owner: User | None = None
    due_on: dt.date | None = None
    type: ActionType = ActionType.CORRECTIVE
    cause: RootCause | None = None
    details: str = ""
    verifier: User | None = None
    needs_verification: bool | None = None
    move_reason: str = ""


def content_of(item: ActionItem) -> ActionContent:
    """What an action item says now, to change a part of it."""
    return ActionContent(
        text=item.text,
        owner=item.owner,
        due_on=item.due_on,
        type=ActionType(item.type),
        cause=item.cause,
        details=item.details,
        verifier=item.verifier,
        needs_verification=item.needs_verification,
    )


@transaction.atomic
def create(
    *,
    actor: Actor,
    incident: Incident,
    content: ActionContent,
    now: dt.datetime,
    client_id: uuid.UUID | None = None,
    source: Source = Source.PAGE,
    status: ActionStatus = ActionStatus.OPEN,
) -> ActionItem:
    """Add an action item; the same ``client_id`` adds it once. Imported ones are historical, their state unknown."""
    require(actor, LessonPerm.CREATE_ACTION, incident)
    if client_id and (sent_before := ActionItem.objects.filter(incident=incident, client_id=client_id).first()):
        return sent_before
    if status not in (ActionStatus.OPEN, ActionStatus.HISTORICAL):
        raise NotPossible(_("A new action item is open."))
    values = _values(incident, content)
    values["needs_verification"] = _verification(actor, incident, content, before=None)
    item = ActionItem.objects.create(
        number=_draw_number(),
        incident=incident,
        status=status,
        source=source,
        client_id=client_id,
        created_by=actor.user,
        created_at=now,
        updated_at=now,
        **values,
    )
    changes = {"owner": (None, item.owner), "due_on": (None, item.due_on), "status": (None, item.status)}
    audit.record(actor=actor, action="action.created", target=item, at=now, changes=changes)
    if status != ActionStatus.HISTORICAL:
        _tell(item, ActionItemEvent.CREATED, now)
    return item


@transaction.atomic
def edit(
    *, actor: Actor, item: ActionItem, content: ActionContent, now: dt.datetime, version: int | None = None
) -> ActionItem:
    """Replace what an action item says. Moving a date that was set asks for a reason and is counted."""
    require(actor, LessonPerm.CREATE_ACTION, item)
    check_version(item, version)
    values = _values(item.incident, content)
    values["needs_verification"] = _verification(actor, item.incident, content, before=item.needs_verification)
    changes = _told(item, values)
    if not changes:
        return item
    note = ""
    if "due_on" in changes and item.due_on is not None:
        note = _required(content.move_reason, "move_reason", _("Say why the date moves."))
        values["times_moved"] = item.times_moved + 1
    if item.status in _OWNED and item.owner_id and item.due_on:
        _require_owner_and_date(content.owner, content.due_on)
    if changes.keys() & {"owner", "due_on", "verifier"}:
        # Whoever has it from now on hears of it from the beginning.
        values["reminded_on"] = None
    compare_and_set(item, at=now, **values)
    if "details" in changes:
        changes["details"] = (f"version {item.version - 1}", f"version {item.version}")
    audit.record(actor=actor, action="action.edited", target=item, at=now, changes=changes, note=note)
    if item.status != ActionStatus.HISTORICAL:
        _tell(item, ActionItemEvent.CHANGED, now)
    return item


@transaction.atomic
def advance(
    *,
    actor: Actor,
    item: ActionItem,
    verb: ActionVerb,
    now: dt.datetime,
    evidence: str = "",
    reason: str = "",
    owner: User | None = None,
    due_on: dt.date | None = None,
    version: int | None = None,
) -> ActionItem:
    """Move an action item on. Done asks for evidence, verifying for what was seen, every step back for a reason.

    ``owner`` and ``due_on`` fill in what is missing where work is adopted, begun or done; what is there stays.
    """
    row = TRANSITIONS[verb]
    require(actor, row.perm, item)
    if item.status == row.target and item.status not in row.sources:
        return item
    check_version(item, version)
    if item.status not in row.sources:
        status = item.get_status_display().lower()
        raise NotPossible(_("It is %(status)s now, so this is not possible any more.") % {"status": status})
    filled = _filled(actor, item, owner, due_on) if verb in FILLS_IN else {}
    owned, dated = bool(item.owner_id or filled.get("owner")), bool(item.due_on or filled.get("due_on"))
    _check_step(item, verb, owned=owned, dated=dated)
    values = {"status": row.target, "reminded_on": None, **filled, **_moved(verb, evidence, reason, now)}
    changes = _told(item, values)
    compare_and_set(item, at=now, **values)
    audit.record(actor=actor, action=f"action.{verb}", target=item, at=now, changes=changes, note=reason.strip())
    _tell(item, ActionItemEvent.CREATED if verb == ActionVerb.ADOPT else ActionItemEvent.MOVED_ON, now)
    return item


@transaction.atomic
def leave_to_who_sees(*, actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """Part of making an incident private: whoever no longer sees it has none of its work any more.

    Unfinished items are then open, without an owner; of finished ones nothing changes.
    """
    for item in ActionItem.objects.filter(incident=incident).unfinished().select_related("owner", "verifier"):
        values: dict[str, object] = {}
        if item.owner and not Actor.person(item.owner).sees(incident):
            values |= {"owner": None, "status": ActionStatus.OPEN}
        if item.verifier and not Actor.person(item.verifier).sees(incident):
            values["verifier"] = None
        changes = audit.difference(item, values)
        if changes:
            compare_and_set(item, at=now, **values)
            audit.record(actor=actor, action="action.hidden_from_owner", target=item, at=now, changes=changes)


def available_verbs(actor: Actor, item: ActionItem) -> list[ActionVerb]:
    """What this actor may do next, in the order of the table."""
    return [verb for verb, row in TRANSITIONS.items() if item.status in row.sources and offers(actor, row.perm, item)]


def days_allowed(incident: Incident) -> int | None:
    """Within how many days work on this incident should be done, by its severity; nothing where that is left open."""
    return SeverityLevel.objects.filter(code=incident.severity).values_list("action_item_days", flat=True).first()


def suggested_due(incident: Incident, today: dt.date) -> dt.date | None:
    """When work on this incident should be done, by its severity."""
    days = days_allowed(incident)
    return today + dt.timedelta(days=days) if days else None


def asks_for_verification(incident: Incident, type: str) -> bool:  # noqa: A002
    """Whether somebody else has to see that such work is done: by its severity, and what prevents always."""
    if type == ActionType.PREVENTIVE:
        return True
    return SeverityLevel.objects.filter(code=incident.severity, verification_required=True).exists()


def _verification(actor: Actor, incident: Incident, content: ActionContent, *, before: bool | None) -> bool:
    """Whether it is to be verified. Who approves postmortems may say that it need not be."""
    if content.needs_verification:
        return True
    asked = asks_for_verification(incident, content.type)
    if content.needs_verification is None:
        return asked
    if (asked if before is None else before) and not can(actor, LessonPerm.WAIVE_VERIFICATION, incident):
        message = _("Only editors decide that it need not be verified.")
        raise InvalidInput(message, code="verification_asked_for", fields={"needs_verification": message})
    return False


def _filled(actor: Actor, item: ActionItem, owner: User | None, due_on: dt.date | None) -> dict[str, object]:
    """The owner and the date that it has not yet, as far as they are given."""
    values: dict[str, object] = {}
    if owner is not None and item.owner_id is None:
        _check_person(item.incident, "owner", owner)
        _check_verifier(item.verifier, owner)
        values["owner"] = owner
    if due_on is not None and item.due_on is None:
        values |= {"due_on": due_on, "due_sort": due_on}
    if values:
        require(actor, LessonPerm.CREATE_ACTION, item)
    return values


def _check_step(item: ActionItem, verb: ActionVerb, *, owned: bool, dated: bool) -> None:
    begins = verb in (ActionVerb.START, ActionVerb.SEND_BACK)
    if begins or (verb == ActionVerb.FINISH and item.status == ActionStatus.OPEN):
        _require_owner_and_date(owned, dated)


def _moved(verb: ActionVerb, evidence: str, reason: str, now: dt.datetime) -> dict[str, object]:
    if verb == ActionVerb.FINISH:
        message = _("Say how one can see that it is done: a link, a test, a sentence.")
        return {"evidence": _required(evidence, "evidence", message)[:1000], "done_at": now}
    if verb == ActionVerb.VERIFY:
        message = _("Say what you saw: a link, a test, a sentence.")
        return {"verification": _required(evidence, "evidence", message)[:1000], "verified_at": now}
    if verb == ActionVerb.SEND_BACK:
        _required(reason, "reason", _("Say what is still missing."))
        return {"done_at": None}
    if verb == ActionVerb.DROP:
        return {"reason": _required(reason, "reason", _("Say in a sentence why it will not be done."))[:500]}
    if verb == ActionVerb.REOPEN:
        _required(reason, "reason", _("Say why it is open again."))
        return {"done_at": None, "verified_at": None, "verification": "", "reason": ""}
    return {}


def _told(item: ActionItem, values: dict[str, object]) -> dict[str, tuple[object, object]]:
    """What these values change, as the audit tells it."""
    differing = audit.difference(item, values)
    return {name: change for name, change in differing.items() if name not in _DERIVED}


def _tell(item: ActionItem, event: ActionItemEvent, now: dt.datetime) -> None:
    rules.action_item_changed(incident=item.incident, event=event, key=item.pk, version=item.version, now=now)


def _require_owner_and_date(owned: object, dated: object) -> None:
    fields = {}
    if not owned:
        fields["owner"] = _("From here on it needs an owner.")
    if not dated:
        fields["due_on"] = _("From here on it needs a date.")
    if fields:
        raise InvalidInput(
            _("Work that is begun or done has one owner and a date."),
            code="owner_and_date",
            fields=fields,
        )


def _required(text: str, field: str, message: str) -> str:
    if not text.strip():
        raise InvalidInput(message, code=f"{field}_missing", fields={field: message})
    return text.strip()


def text_key(text: str) -> str:
    """What a search in action items compares with: SQLite ignores the case of ASCII letters only."""
    return text.casefold()[:1000]


def _values(incident: Incident, content: ActionContent) -> dict[str, object]:
    text = " ".join(content.text.split())
    if not text:
        message = _("Say what will be done, beginning with a verb: “Add a probe that looks for a headline”.")
        raise InvalidInput(message, code="text_missing", fields={"text": message})
    if content.cause is not None and content.cause.incident_id != incident.pk:
        raise InvalidInput(_("Choose a cause of this incident."), fields={"cause": _("Choose one of this incident.")})
    for field, person in (("owner", content.owner), ("verifier", content.verifier)):
        _check_person(incident, field, person)
    if content.verifier is not None and not content.verifier.is_responder:
        message = _("%(name)s is no responder, so they cannot verify it.") % {"name": content.verifier.name}
        raise InvalidInput(message, code="verifier_role", fields={"verifier": message})
    _check_verifier(content.verifier, content.owner)
    return {
        "text": text[:500],
        "text_key": text_key(text[:500]),
        "details": content.details.strip(),
        "type": content.type,
        "owner": content.owner,
        "due_on": content.due_on,
        "due_sort": content.due_on or NO_DATE_LAST,
        "cause": content.cause,
        "verifier": content.verifier,
    }


def _check_verifier(verifier: User | None, owner: User | None) -> None:
    if verifier is not None and verifier == owner:
        message = _("Somebody other than the owner verifies it.")
        raise InvalidInput(message, code="verifier_is_owner", fields={"verifier": message})


def _check_person(incident: Incident, field: str, person: User | None) -> None:
    if person is None:
        return
    if not person.has_role(Role.READER) or not Actor.person(person).sees(incident):
        message = _("%(name)s cannot see this incident, so they cannot have its work.") % {"name": person.name}
        raise InvalidInput(message, code="person_cannot_see", fields={field: message})


def _draw_number() -> int:
    """The next number of all action items; the row stays locked until the transaction ends, so there are no gaps."""
    if not ActionNumber.objects.filter(pk=1).update(last=F("last") + 1):
        ActionNumber.objects.create(pk=1, last=1)
    return ActionNumber.objects.values_list("last", flat=True).get(pk=1)
