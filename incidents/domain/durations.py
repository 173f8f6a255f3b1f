"""How long it took: durations between milestones, and the phases they are made of.

Everything is counted in whole minutes of the clock, as times are written: 01:30 to 01:33 is 3 minutes, whatever the
seconds were. That way phases add up to the durations beside them as printed, and two entries within the same minute
are never in the wrong order.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

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


BETWEEN = {
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
PHASE_ENDED_BY = {
    Milestone.DETECTED: PhaseName.UNDETECTED,
    Milestone.ACKNOWLEDGED: PhaseName.UNACKNOWLEDGED,
    Milestone.IDENTIFIED: PhaseName.DIAGNOSING,
    Milestone.MITIGATED: PhaseName.FIXING,
    Milestone.RESOLVED: PhaseName.VERIFYING,
}
BOUNDARIES = (Milestone.IMPACT_STARTED, *PHASE_ENDED_BY)

# What cannot be the other way round. Not in it: identified after mitigated, because a fix is often rolled out before
# anybody knows why it helps; and declared after anything but closed, because reports are written afterwards too.
ORDERS = (
    (Milestone.IMPACT_STARTED, Milestone.DETECTED, Milestone.ACKNOWLEDGED, Milestone.MITIGATED, Milestone.RESOLVED),
    (Milestone.ACKNOWLEDGED, Milestone.IDENTIFIED),
    (Milestone.DETECTED, Milestone.DECLARED, Milestone.CLOSED),
    (Milestone.IDENTIFIED, Milestone.CLOSED),
    (Milestone.RESOLVED, Milestone.CLOSED),
)


def _bound_text(seconds: int, bound: str) -> str:
    if seconds < MINUTE and bound in (AT_LEAST, UNCLEAR):
        return f"{SIGNS[bound]} {_('0 min')}"
    if seconds < MINUTE or not bound:
        return format_duration(seconds)
    return f"{SIGNS[bound]} {format_duration(seconds)}"


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
        length = _bound_text(self.seconds, self.bound)
        return _("about %(length)s") % {"length": length} if self.about else length


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
    def is_latent(self) -> bool:
        return self.names == (PhaseName.LATENT,)


def durations(incident: Incident) -> list[Duration]:
    """The four durations of an incident, in the order of `DurationName`."""
    return [_duration(incident, name) for name in DurationName]


def phases(incident: Incident, triggering_change_at: dt.datetime | None = None) -> list[Phase]:
    """The phases of an incident in their order, such that they add up to the durations; none in an impossible order.

    A milestone that is not known merges the phases on either side of it. ``triggering_change_at`` (UTC), where it lies
    before the impact, adds a latent phase in front, which is no part of any duration. Phases of no length are among
    them. What is still open ends with its last known milestone.
    """
    if impossible_order(incident):
        return []
    known = [milestone for milestone in BOUNDARIES if _divides(incident, milestone)]
    found = [_phase(incident, start, end) for start, end in pairwise(known)]
    started_at = incident.impact_started_at
    if triggering_change_at is None or started_at is None or triggering_change_at >= started_at:
        return found
    length = _length(triggering_change_at, Precision.EXACT, started_at, incident.impact_started_precision)
    return [Phase((PhaseName.LATENT,), triggering_change_at, started_at, length), *found]


def impossible_order(incident: Incident) -> list[str]:
    """Which milestones contradict each other, one sentence for each pair; nothing where their order is possible."""
    pairs: dict[tuple[Milestone, Milestone], None] = {}
    for order in ORDERS:
        known = [milestone for milestone in order if incident.milestone(milestone) is not None]
        pairs.update((pair, None) for pair in pairwise(known) if _minutes_between(incident, *pair) < 0)
    return [
        _("“%(later)s” is before “%(earlier)s”.") % {"later": later.label, "earlier": earlier.label}
        for earlier, later in pairs
    ]


def _duration(incident: Incident, name: DurationName) -> Duration:
    start, end = BETWEEN[name]
    if incident.kind == IncidentKind.NEAR_MISS or incident.status == Status.CANCELLED:
        return Duration(name, NOT_APPLICABLE)
    if incident.milestone(start) is None or incident.milestone(end) is None:
        return Duration(name, PENDING if incident.is_open else NOT_APPLICABLE)
    length = _length_between(incident, start, end)
    return Duration(name, INVALID) if length.seconds < 0 else Duration(name, RECORDED, length)


def _divides(incident: Incident, milestone: Milestone) -> bool:
    """Whether this milestone is known and can stand between two phases: the cause may be found after the repair."""
    at = incident.milestone(milestone)
    if at is None or milestone != Milestone.IDENTIFIED:
        return at is not None
    repaired = [incident.milestone(later) for later in (Milestone.MITIGATED, Milestone.RESOLVED)]
    return all(moment is None or _minute(at) <= _minute(moment) for moment in repaired)


def _phase(incident: Incident, start: Milestone, end: Milestone) -> Phase:
    merged = BOUNDARIES[BOUNDARIES.index(start) + 1 : BOUNDARIES.index(end) + 1]
    started_at, ended_at = incident.milestone(start), incident.milestone(end)
    assert started_at is not None and ended_at is not None  # noqa: S101 - only known milestones get here
    return Phase(
        tuple(PHASE_ENDED_BY[milestone].value for milestone in merged),
        started_at,
        ended_at,
        _length_between(incident, start, end),
    )
