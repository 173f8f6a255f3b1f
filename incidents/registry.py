"""Where other applications hang what they add to incidents, so that this one need not know them.

An application registers in its ``AppConfig.ready()``.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise

from .enums import ReminderGroup
from .models import Change, Incident, OutboxMessage, User
from .permissions import Actor

# Says why a transition is not possible yet, one sentence for each reason; nothing where it is.
Guard = Callable[[Incident, str], list[str]]

# Carries out what follows from a change being named as the trigger of an incident (true), or no longer (false).
TriggerFollower = Callable[[Actor, Incident, Change, bool, dt.datetime], None]

# Says whether any text of it about this incident holds these words.
Mentioner = Callable[[Incident, str], bool]

# Keeps what is derived from the texts of this object, such as a search index, true in the same transaction. The names
# say which fields differ; none are given where it is new, or where that is not known.
WritingFollower = Callable[[models.Model, frozenset[str]], None]

# Does the same for incidents (keys) that were written in bulk, with all that hangs on them.
BulkFollower = Callable[[Sequence[int]], None]

# Carries out what follows from an incident becoming private, in the same transaction.
Follower = Callable[[Actor, Incident, dt.datetime], None]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the incident page that another application shows: its template, and what that shows."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A few words beside the name of an incident, and the path that they lead to."""

    words: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft:
    """What somebody has typed of an incident that they have not declared yet; ``services`` are keys."""

    texts: Sequence[str]
    services: Sequence[int] = ()
    is_drill: bool = False


# Makes the marks of those of these incidents (keys) that have any, as this person may know of them.
MarkMaker = Callable[[Any, Sequence[int]], dict[int, list[Mark]]]
# Makes the panel that is shown while somebody declares, or nothing.
DraftPanelMaker = Callable[[Actor, IncidentDraft], Panel | None]
# Makes the panel for this incident and reader, or nothing. Each brings its own queries.
PanelMaker = Callable[[Actor, Incident], Panel | None]
# Makes the panel of the page Today for this reader, whose day it is, or nothing.
TodayPanelMaker = Callable[[Actor, dt.date], Panel | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One thing that a person has left to do: its address is a path, ``due_on`` may be open.

    ``group`` says why it is theirs. ``said`` is what stands before the date where it is not the person's own work.
    """

    reference: str
    text: str
    path: str
    of: str
    due_on: dt.date | None
    is_late: bool
    group: ReminderGroup = ReminderGroup.OWN
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that a person is reminded of by when it is due, and the day on which somebody last was."""

    key: int
    due_on: dt.date
    reminded_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """How an application lets people be reminded of what they have left to do.

    ``deadlines`` names everybody (by key) who has something left, with what of it has a date; the moment is now.
    ``reminders`` says what a person has left and may know of, most urgent first; the date is today where they are.
    ``reminded`` notes, in the transaction that writes the mails, which deadlines were in them on which day.
    """

    deadlines: Callable[[dt.datetime], Mapping[int, list[Deadline]]]
    reminders: Callable[[User, dt.date], list[Reminder]]
    reminded: Callable[[Iterable[int], dt.date], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItemNews:
    """What channels are told of an action item: as it is now, without names of people; ``path`` is its address."""

    reference: str
    text: str
    state: str
    state_label: str
    type: str
    due_on: dt.date | None
    has_owner: bool
    path: str
    version: int


# Reads an action item by the key that `rules.action_item_changed` was given; nothing where it is gone.
ActionItemReader = Callable[[int], ActionItemNews | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKind:
    """A kind of mail about an incident that another application sends: its templates are named like it.

    ``facts`` are what those see, ``objection`` says why it is not to be sent any more, both asked when it leaves. What
    ``gathers`` comes once in half an hour, with all that happened since ``since_at`` of its payload. What is
    ``addressed`` to one person, as calls are, no choice and no quiet time holds back.
    """

    name: str
    facts: Callable[[OutboxMessage], dict[str, Any]]
    objection: Callable[[OutboxMessage, dt.datetime], str]
    gathers: bool = False
    addressed: bool = False


@dataclass(frozen=True, slots=True)
class Derivation:
    """Columns that are only made of other columns of the same row, such as HTML of a text, and how."""

    columns: frozenset[str]
    make: Callable[[Any], dict[str, Any]]


# Writes what hangs on made-up incidents, with these people, until this moment (UTC).
SyntheticMaker = Callable[[Random, Sequence[Incident], Sequence[User], dt.datetime], None]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the list of incidents can be narrowed down to besides: a name in its address, and what that may say.

    ``condition`` turns one of the ``choices`` into what an incident has to meet, as far as this person may know.
    """

    name: str
    label: str | Promise
    choices: Sequence[tuple[str, str | Promise]]
    condition: Callable[[str, Any], Q]


_guards: list[Guard] = []
_message_kinds: dict[str, MessageKind] = {}
_list_filters: list[ListFilter] = []
_synthetic_makers: list[SyntheticMaker] = []
_reminding: list[Reminding] = []
_action_item_readers: list[ActionItemReader] = []
_panel_makers: list[PanelMaker] = []
_today_panel_makers: list[TodayPanelMaker] = []
_draft_panel_makers: list[DraftPanelMaker] = []
_mark_makers: list[MarkMaker] = []
_made_private: list[Follower] = []
_written: list[WritingFollower] = []
_written_in_bulk: list[BulkFollower] = []
_mentioners: list[Mentioner] = []
_trigger_named: list[TriggerFollower] = []
_derivations: dict[type[models.Model], Derivation] = {}
_indexes: list[type[models.Model]] = []


def add_guard(guard: Guard) -> None:
    """Let ``guard`` object to transitions: it is called with the incident and the verb, and returns its reasons."""
    _guards.append(guard)


def objections(incident: Incident, verb: str) -> list[str]:
    """Why this transition is not possible yet, as sentences for people."""
    return [reason for guard in _guards for reason in guard(incident, verb)]


def on_written(follower: WritingFollower) -> None:
    """Let ``follower`` act in the transaction of every change that somebody makes to anything.

    Cheap work only: it is part of what people wait for.
    """
    _written.append(follower)


def written(target: models.Model, fields: Iterable[str] = ()) -> None:
    """Let all that registered follow what was written. The audit calls it with each entry.

    Who writes a row without an entry of its own, such as a line that tells of something else, calls it besides.
    """
    names = frozenset(fields)
    for follower in _written:
        follower(target, names)


def on_written_in_bulk(follower: BulkFollower) -> None:
    """Let ``follower`` act on incidents that were written without the domain, as made-up ones are."""
    _written_in_bulk.append(follower)


def written_in_bulk(incidents: Sequence[int]) -> None:
    """Let all that registered follow the making of these incidents (keys), in the same transaction."""
    for follower in _written_in_bulk:
        follower(incidents)


def on_made_private(follower: Follower) -> None:
    """Let ``follower`` act in the transaction that makes an incident private."""
    _made_private.append(follower)


def made_private(actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """Let all that registered act on it."""
    for follower in _made_private:
        follower(actor, incident, now)


def on_trigger_named(follower: TriggerFollower) -> None:
    """Let ``follower`` act in the transaction that names a change as the trigger of an incident, or takes that back."""
    _trigger_named.append(follower)


def trigger_named(actor: Actor, incident: Incident, change: Change, is_trigger: bool, now: dt.datetime) -> None:
    """Let all that registered act on it."""
    for follower in _trigger_named:
        follower(actor, incident, change, is_trigger, now)


def add_derivation(model: type[models.Model], columns: set[str], make: Callable[[Any], dict[str, Any]]) -> None:
    """Say which columns of this model are made of others: ``make`` is given a row and returns what they should say."""
    _derivations[model] = Derivation(frozenset(columns), make)


def derivation_of(model: type[models.Model]) -> Derivation:
    """What of this model is made of its other columns; often nothing."""
    return _derivations.get(model, Derivation(frozenset(), lambda _row: {}))


def add_index(model: type[models.Model]) -> None:
    """Say that this table holds only copies of texts about incidents, kept anew by who follows what is written."""
    _indexes.append(model)


def indexes() -> list[type[models.Model]]:
    """The tables that are only made of others."""
    return _indexes


def add_list_filter(narrowing: ListFilter) -> None:
    """Let the address of the list of incidents name it."""
    _list_filters.append(narrowing)


def list_filters() -> list[ListFilter]:
    """All of them, in the order in which they were added."""
    return list(_list_filters)


def add_synthetic(maker: SyntheticMaker) -> None:
    """Let ``maker`` write what it knows of into databases that are filled to measure speed with."""
    _synthetic_makers.append(maker)


def made_up(rng: Random, incidents: Sequence[Incident], people: Sequence[User], until: dt.datetime) -> None:
    """Let all that registered add to these made-up incidents."""
    for maker in _synthetic_makers:
        maker(rng, incidents, people, until)


def add_mentioner(mentioner: Mentioner) -> None:
    """Let ``mentioner`` say whether its own texts about an incident hold some words, such as the name of a picture."""
    _mentioners.append(mentioner)


def is_mentioned(incident: Incident, words: str) -> bool:
    """Whether a text that another application keeps about this incident holds these words."""
    return any(mentioner(incident, words) for mentioner in _mentioners)


def add_panel(maker: PanelMaker) -> None:
    """Show a panel on the page of every incident that ``maker`` makes one for."""
    _panel_makers.append(maker)


def panels(actor: Actor, incident: Incident) -> list[Panel]:
    """The panels of this incident's page."""
    made = (maker(actor, incident) for maker in _panel_makers)
    return [panel for panel in made if panel is not None]


def add_message_kind(kind: MessageKind) -> None:
    """Let messages of this kind be sent to people."""
    _message_kinds[kind.name] = kind


def message_kind(name: str) -> MessageKind | None:
    """The kind of this name that another application registered."""
    return _message_kinds.get(name)


def add_draft_panel(maker: DraftPanelMaker) -> None:
    """Show a panel below the title while somebody declares, reports or records a near miss."""
    _draft_panel_makers.append(maker)


def draft_panels(actor: Actor, draft: IncidentDraft) -> list[Panel]:
    """The panels for what was typed so far."""
    made = (maker(actor, draft) for maker in _draft_panel_makers)
    return [panel for panel in made if panel is not None]


def add_marks(maker: MarkMaker) -> None:
    """Set incidents apart wherever they are listed."""
    _mark_makers.append(maker)


def marks(user: Any, incidents: Sequence[int]) -> dict[int, list[Mark]]:
    """What is said beside the names of these incidents (keys). A query for each that registered."""
    found: dict[int, list[Mark]] = {}
    for maker in _mark_makers:
        for key, made in maker(user, incidents).items():
            found.setdefault(key, []).extend(made)
    return found


def add_reminding(reminding: Reminding) -> None:
    """Let people be reminded by mail of what they have left to do."""
    _reminding.append(reminding)


def remindings() -> list[Reminding]:
    """All that let people be reminded."""
    return list(_reminding)


def reminders(person: User, today: dt.date) -> list[Reminder]:
    """What this person has left to do."""
    return [reminder for reminding in _reminding for reminder in reminding.reminders(person, today)]


def read_action_items_with(reader: ActionItemReader) -> None:
    """Let channels be told of action items as ``reader`` reads them."""
    _action_item_readers.append(reader)


def action_item_news(key: int) -> ActionItemNews | None:
    """The action item of this key as channels are told of it."""
    return next((news for reader in _action_item_readers if (news := reader(key))), None)


def add_today_panel(maker: TodayPanelMaker) -> None:
    """Show a panel on the page Today of everybody that ``maker`` makes one for."""
    _today_panel_makers.append(maker)


def today_panels(actor: Actor, today: dt.date) -> list[Panel]:
    """The panels of the page Today; ``today`` is the reader's date."""
    made = (maker(actor, today) for maker in _today_panel_makers)
    return [panel for panel in made if panel is not None]
