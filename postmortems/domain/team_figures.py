"""How a team does with its action items: for that team and the admins, and never of a person."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from statistics import median_low
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.models import Team
from incidents.permissions import Actor, require

from ..enums import UNFINISHED
from ..models import ActionItem
from ..permissions import LessonPerm

# Of fewer nothing is said, and nothing where one person has them all: that would be a figure of that person.
FEWEST = 5
FEWEST_OWNERS = 2
PERIOD = dt.timedelta(days=365)
# How long what is left has been open, in days, from the shortest.
BANDS: tuple[tuple[int, str | Promise], ...] = (
    (7, _("less than a week")),
    (28, _("1 to 4 weeks")),
    (91, _("1 to 3 months")),
    (10**6, _("longer")),
)


class Band(NamedTuple):
    """How many of those that are left have been open so long; ``share`` of the largest band, in hundredths."""

    label: str | Promise
    number: int
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """What can be said of a team's action items, over those that the reader sees.

    ``open`` is None where there are too few to show any figure. ``with_date`` are those done within the last year that
    had a date, ``in_time`` those of them done by that date, None where they are too few; so with the ``ages``.
    """

    team: Team
    open: int | None = None
    overdue: int = 0
    with_date: int = 0
    in_time: int | None = None
    ages: list[Band] | None = None
    median_age: int = 0
    oldest: int = 0


class _Row(NamedTuple):
    status: str
    due_on: dt.date | None
    created_at: dt.datetime
    done_at: dt.datetime | None
    owner: int | None


def figures_of(*, actor: Actor, team: Team, today: dt.date) -> TeamFigures:
    """The figures of a team for this reader, whose date is today. One query. Raises `Forbidden`."""
    require(actor, LessonPerm.VIEW_TEAM_FIGURES, team)
    rows = [_Row(*row) for row in _counted(actor, team)]
    if len(rows) < FEWEST or len({row.owner for row in rows if row.owner}) < FEWEST_OWNERS:
        return TeamFigures(team=team)
    left = [row for row in rows if row.status in UNFINISHED]
    finished = [row for row in rows if row.done_at and row.due_on]
    ages = sorted((today - _day(row.created_at)).days for row in left)
    is_told = len(ages) >= FEWEST
    return TeamFigures(
        team=team,
        open=len(left),
        overdue=sum(row.due_on is not None and row.due_on < today for row in left),
        with_date=len(finished),
        in_time=_in_time(finished) if len(finished) >= FEWEST else None,
        ages=_bands(ages) if is_told else None,
        median_age=median_low(ages) if is_told else 0,
        oldest=ages[-1] if is_told else 0,
    )


def _counted(actor: Actor, team: Team) -> QuerySet:
    """What is left, and what was done within the last year; neither drills nor the worked example."""
    seen = ActionItem.objects.visible_to(actor.user).of_teams([team]).counted()
    return seen.left_or_done_since(timezone.now() - PERIOD).values_list(*_Row._fields)


def _in_time(finished: list[_Row]) -> int:
    return sum(_day(row.done_at) <= row.due_on for row in finished if row.done_at and row.due_on)


def _bands(ages: list[int]) -> list[Band]:
    counts: Counter[int] = Counter(next(limit for limit, _label in BANDS if age < limit) for age in ages)
    largest = max(counts.values())
    return [Band(label, counts[limit], counts[limit] * 100 // largest) for limit, label in BANDS]


def _day(at: dt.datetime) -> dt.date:
    return timezone.localtime(at).date()
