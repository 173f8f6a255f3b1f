"""How long it took: durations between milestones, and the phases they are made of.

Everything is counted in whole minutes of the clock, as times are written: 01:30 to 01:33 is 3 minutes, whatever the
seconds were. That way phases add up to the durations beside them as printed, and two entries within the same minute
are never in the wrong order.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..duration_text import MINUTE, format_duration
from ..enums import IncidentKind, Milestone, Precision, Status
from ..models import Incident

AT_LEAST = ">="
AT_MOST = "<="
UNCLEAR = "~"
SIGNS = {AT_LEAST: "≥", AT_MOST: "≤", UNCLEAR: "~"}

RECORDED = "recorded"
PENDING = "pending"
NOT_APPLICABLE = "not_applicable"
INVALID = "invalid"


class DurationName(TextChoices):
    TO_DETECT = "to_detect", gettext_lazy("to detect")
    TO_ACKNOWLEDGE = "to_acknowledge", gettext_lazy("to acknowledge")
    TO_MITIGATE = "to_mitigate", gettext_lazy("to mitigate")
    TO_RESOLVE = "to_resolve", gettext_lazy("to resolve")


BETWEEN: dict[DurationName, tuple[Milestone, Milestone]] = {
    DurationName.TO_DETECT: (Milestone.IMPACT_STARTED, Milestone.DETECTED),
    DurationName.TO_ACKNOWLEDGE: (Milestone.DETECTED, Milestone.ACKNOWLEDGED),
    DurationName.TO_MITIGATE: (Milestone.IMPACT_STARTED, Milestone.MITIGATED),
    DurationName.TO_RESOLVE: (Milestone.IMPACT_STARTED, Milestone.RESOLVED),
}


class PhaseName(TextChoices):
    """The parts of an incident, in their order. The values are in the names of the colours of the phase bar."""

    LATENT = "latent", gettext_lazy("latent")
    UNDETECTED = "undetected", gettext_lazy("undetected")
    UNACKNOWLEDGED = "unacknowledged", gettext_lazy("unacknowledged")
    DIAGNOSING = "diagnosing", gettext_lazy("diagnosing")
    FIXING = "fixing", gettext_lazy("fixing")
    VERIFYING = "verifying", gettext_lazy("verifying")


# The milestones that divide the phases, each with the phase that it ends.
PHASE_ENDED_BY: dict[Milestone, PhaseName] = {
    Milestone.DETECTED: PhaseName.UNDETECTED,
    Milestone.ACKNOWLEDGED: PhaseName.UNACKNOWLEDGED,
    Milestone.IDENTIFIED: PhaseName.DIAGNOSING,
    Milestone.MITIGATED: PhaseName.FIXING,
    Milestone.RESOLVED: PhaseName.VERIFYING,
}
BOUNDARIES: tuple[Milestone, ...] = (Milestone.IMPACT_STARTED, *PHASE_ENDED_BY)

# What cannot be the other way round. Not in it: identified after mitigated, because a repair often comes before anybody
# knows why it helps; and declared after anything but closed, because reports are written afterwards too.
_BEGINNING = (Milestone.IMPACT_STARTED, Milestone.DETECTED, Milestone.ACKNOWLEDGED)
ORDERS: tuple[tuple[Milestone, ...], ...] = (
    (*_BEGINNING, Milestone.MITIGATED, Milestone.RESOLVED, Milestone.CLOSED),
    (*_BEGINNING, Milestone.IDENTIFIED, Milestone.CLOSED),
    (Milestone.DETECTED, Milestone.DECLARED, Milestone.CLOSED),
)


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in seconds, and how far it is to be trusted.

    ``bound`` is ``>=`` or ``<=`` where the true length is at least or at most this long, and ``~`` where it may be
    either, because both ends are only known as "not later than".
    """

    seconds: int
    bound: str
    about: bool

    @property
    def text(self) -> str:
        """``33 min``, ``about 33 min``, ``≥ 33 min``; the least that can be said of nothing is ``≥ 0 min``."""
        if self.bound in (AT_LEAST, UNCLEAR) and self.seconds < MINUTE:
            length = _("0 min")
        else:
            length = format_duration(self.seconds)
        if self.about:
            length = _("about %(length)s") % {"length": length}
        is_plain = not self.bound or (self.bound == AT_MOST and self.seconds < MINUTE)
        return length if is_plain else f"{SIGNS[self.bound]} {length}"


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something took, or why nothing can be said: *recorded*, *pending*, *not applicable*, *invalid*."""

    name: DurationName
    state: str
    length: Length | None = None

    @property
    def seconds(self) -> int | None:
        """The length in seconds, a multiple of 60; nothing unless recorded."""
        return self.length.seconds if self.length else None

    @property
    def bound(self) -> str:
        return self.length.bound if self.length else ""

    @property
    def about(self) -> bool:
        return self.length is not None and self.length.about

    @property
    def text(self) -> str:
        """As printed: ``33 min``, ``≥ 33 min``, ``about 2 h 05 min``, or the reason why there is no number."""
        if self.length is not None:
            return self.length.text
        return {
            PENDING: _("pending"),
            NOT_APPLICABLE: _("not applicable"),
            INVALID: _("times in the wrong order"),
        }[self.state]

    @property
    def counts_in_medians(self) -> bool:
        """A bound is not a measurement: it would make up a number."""
        return self.state == RECORDED and not self.bound


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of an incident; ``names`` has several where the milestone between them is not known."""

    names: tuple[str, ...]
    started_at: dt.datetime
    ended_at: dt.datetime
    length: Length

    @property
    def seconds(self) -> int:
        """The length in seconds, a multiple of 60, never negative."""
        return self.length.seconds

    @property
    def bound(self) -> str:
        return self.length.bound

    @property
    def text(self) -> str:
        return self.length.text

    @property
    def label(self) -> str:
        """Its name for people: ``diagnosing``, or ``diagnosing and fixing`` where the two cannot be told apart."""
        labels = [str(PhaseName(name).label) for name in self.names]
        *firsts, last = labels
        return _("%(phases)s and %(phase)s") % {"phases": ", ".join(firsts), "phase": last} if firsts else last

    @property
    def key(self) -> str:
        """What the stylesheet calls it: its name, or ``merged``."""
        return self.names[0] if len(self.names) == 1 else "merged"


class _Moment(NamedTuple):
    """One end of a length of time."""

    name: Milestone | PhaseName
    at: dt.datetime
    precision: str

    @property
    def minute(self) -> int:
        """The minute of the clock that it lies in, counted since 1970."""
        return int(self.at.timestamp() // MINUTE)


def durations(incident: Incident) -> list[Duration]:
    """The four durations of an incident, in the order of `DurationName`."""
    return [duration(incident, name) for name in DurationName]


def duration(incident: Incident, name: DurationName) -> Duration:
    """One of the four durations; needs no more of the incident than kind, status and the two milestones."""
    if _has_no_durations(incident):
        return Duration(name, NOT_APPLICABLE)
    ends = _known(incident, BETWEEN[name])
    if len(ends) < 2:
        return Duration(name, PENDING if incident.is_open else NOT_APPLICABLE)
    length = _length(*ends)
    return Duration(name, INVALID) if length.seconds < 0 else Duration(name, RECORDED, length)


def phases(incident: Incident, triggering_change_at: dt.datetime | None = None) -> list[Phase]:
    """The phases of an incident in their order, such that they add up to the durations; none in an impossible order.

    A milestone that is not known merges the phases on either side of it. ``triggering_change_at`` (UTC), where it lies
    before the impact, adds a latent phase in front, which is no part of any duration. Phases of no length are among
    them. What is still open ends with its last known milestone.
    """
    if _has_no_durations(incident) or impossible_order(incident):
        return []
    moments = [moment for moment in _known(incident, BOUNDARIES) if not _found_afterwards(incident, moment)]
    found = [_phase(start, end) for start, end in pairwise(moments)]
    if triggering_change_at is None or not moments or moments[0].name != Milestone.IMPACT_STARTED:
        return found
    change = _Moment(PhaseName.LATENT, triggering_change_at, Precision.EXACT)
    if change.at >= moments[0].at:
        return found
    return [Phase((PhaseName.LATENT.value,), change.at, moments[0].at, _length(change, moments[0])), *found]


def impossible_order(incident: Incident) -> list[str]:
    """Which milestones contradict each other, one sentence for each pair; nothing where their order is possible."""
    pairs = {
        (earlier.name, later.name): None
        for order in ORDERS
        for earlier, later in pairwise(_known(incident, order))
        if later.minute < earlier.minute
    }
    return [
        _("“%(later)s” is before “%(earlier)s”.") % {"later": later.label, "earlier": earlier.label}
        for earlier, later in pairs
    ]


def _has_no_durations(incident: Incident) -> bool:
    return incident.kind == IncidentKind.NEAR_MISS or incident.status == Status.CANCELLED


def _known(incident: Incident, milestones: Iterable[Milestone]) -> list[_Moment]:
    reached = [(milestone, incident.milestone(milestone)) for milestone in milestones]
    return [
        _Moment(milestone, at, incident.milestone_precision(milestone)) for milestone, at in reached if at is not None
    ]


def _found_afterwards(incident: Incident, moment: _Moment) -> bool:
    """Whether this is the cause, found only after the repair: then it does not divide diagnosing from fixing."""
    repaired = _known(incident, (Milestone.MITIGATED, Milestone.RESOLVED))
    return moment.name == Milestone.IDENTIFIED and any(later.minute < moment.minute for later in repaired)


def _phase(start: _Moment, end: _Moment) -> Phase:
    ended_by = BOUNDARIES[BOUNDARIES.index(start.name) + 1 : BOUNDARIES.index(end.name) + 1]
    names = tuple(PHASE_ENDED_BY[milestone].value for milestone in ended_by)
    return Phase(names, start.at, end.at, _length(start, end))


def _length(start: _Moment, end: _Moment) -> Length:
    return Length(
        seconds=(end.minute - start.minute) * MINUTE,
        bound=_bound(start.precision, end.precision),
        about=Precision.ABOUT in (start.precision, end.precision),
    )


def _bound(start_precision: str, end_precision: str) -> str:
    """What is true of end − start: an earlier start makes it longer, an earlier end shorter."""
    if start_precision == end_precision == Precision.NOT_LATER:
        return UNCLEAR
    if start_precision == Precision.NOT_LATER:
        return AT_LEAST
    return AT_MOST if end_precision == Precision.NOT_LATER else ""
