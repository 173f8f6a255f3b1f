"""The hints of one postmortem: on its text, its causes and its action items, and which of them were set aside."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from incidents import audit
from incidents.enums import IncidentRole
from incidents.models import Incident, User
from incidents.permissions import Actor, require

from ...models import ActionItem, HintSetAside, Postmortem, RootCause, Section
from ...permissions import LessonPerm
from .hints import Hint, hints_in

# Where a hint is shown in the editor, besides below each section (`Section.pk` after an s).
HEAD = "head"
LESSONS = "lessons"
SHORTEST_FIRST_NAME = 3


@dataclass(frozen=True, slots=True)
class PlacedHint:
    """A hint, the place in the editor where it is shown, and whether somebody set it aside."""

    place: str
    hint: Hint
    is_set_aside: bool


@dataclass(frozen=True, slots=True)
class HintsAt:
    """The open hints of one place in the editor."""

    place: str
    open: list[Hint]


def hints_at(place: str, hints: Sequence[PlacedHint]) -> HintsAt:
    """Those of ``hints`` that are open and shown at this place."""
    return HintsAt(place, [placed.hint for placed in hints if placed.place == place and not placed.is_set_aside])


def hints_of(
    postmortem: Postmortem, *, sections: Sequence[Section], causes: Sequence[RootCause], items: Sequence[ActionItem]
) -> list[PlacedHint]:
    """All hints of a draft, those that were set aside included. Two queries."""
    names = _names(postmortem.incident)
    aside = set(postmortem.hints_set_aside.values_list("digest", flat=True))
    texts = list(_texts(postmortem, sections, causes, items))
    return [
        PlacedHint(place, hint, hint.digest in aside) for place, text in texts for hint in hints_in(text, names=names)
    ]


@transaction.atomic
def set_aside(*, actor: Actor, postmortem: Postmortem, digest: str, now: dt.datetime) -> None:
    """Show this hint no more in this postmortem, to nobody. The same words in another sentence are another hint."""
    require(actor, LessonPerm.WRITE, postmortem)
    aside, is_new = HintSetAside.objects.get_or_create(
        postmortem=postmortem, digest=digest[:32], defaults={"set_aside_by": actor.user, "set_aside_at": now}
    )
    if is_new:
        changes = {"hint": (None, aside.digest)}
        audit.record(actor=actor, action="postmortem.hint_set_aside", target=postmortem, at=now, changes=changes)


@transaction.atomic
def show_again(*, actor: Actor, postmortem: Postmortem, now: dt.datetime) -> None:
    """Show all hints again that were set aside in this postmortem."""
    require(actor, LessonPerm.WRITE, postmortem)
    count, _each = postmortem.hints_set_aside.all().delete()
    if count:
        changes = {"hints": (count, 0)}
        audit.record(actor=actor, action="postmortem.hints_shown_again", target=postmortem, at=now, changes=changes)


def _texts(
    postmortem: Postmortem, sections: Sequence[Section], causes: Sequence[RootCause], items: Sequence[ActionItem]
) -> Iterator[tuple[str, str]]:
    """What people wrote, with the place where a hint on it is shown."""
    yield from ((HEAD, text) for text in (postmortem.title, postmortem.lede))
    yield from ((f"s{section.pk}", section.text) for section in sections)
    for cause in causes:
        yield from ((LESSONS, text) for text in (cause.title, *cause.whys, cause.explanation, cause.no_action_reason))
    for item in items:
        yield from ((LESSONS, text) for text in (item.text, item.details))


def _names(incident: Incident) -> set[str]:
    """Names, and first names, of the people of this incident: who had a role, wrote in the timeline or owns work."""
    roles = [getattr(incident, f"{role}_id") for role in IncidentRole]
    owners = ActionItem.objects.filter(incident=incident).values("owner")
    people = User.objects.filter(
        Q(pk__in=[pk for pk in roles if pk]) | Q(pk__in=incident.timeline.values("author")) | Q(pk__in=owners)
    )
    full = set(people.values_list("name", flat=True))
    return full | {first for name in full if len(first := name.split()[0]) >= SHORTEST_FIRST_NAME}
