"""What a document holds, as records. Each remembers the line of the source that it came from, counted from 1."""

import datetime as dt
from dataclasses import dataclass, field

from incidents.enums import DetectedBy, Precision, Severity, TimelineKind

from ...enums import ActionType, CauseCategory, CauseRole, SectionKind


@dataclass(slots=True)
class EventRecord:
    """One event. ``at`` is known only where date, year and zone are; ``time`` is `HH:MM` as written."""

    text: str
    line: int
    at: dt.datetime | None = None
    time: str | None = None
    time_text: str = ""
    precision: Precision = Precision.EXACT
    kind: TimelineKind = TimelineKind.NOTE
    starred: bool = False
    internal: bool = False
    ended_at: dt.datetime | None = None
    evidence: str = ""


@dataclass(slots=True)
class CauseRecord:
    """One factor of the incident."""

    title: str
    line: int
    explanation: str = ""
    role: CauseRole = CauseRole.ROOT_CAUSE
    category: CauseCategory = CauseCategory.UNKNOWN
    whys: list[str] = field(default_factory=list)
    evidence: str = ""
    no_action_reason: str = ""


@dataclass(slots=True)
class ActionRecord:
    """One piece of work; what became of it is not known."""

    title: str
    line: int
    details: str = ""
    type: ActionType = ActionType.CORRECTIVE
    cause: int | None = None


@dataclass(slots=True)
class ImpactRecord:
    """Who could not do what. ``percent`` is the share of people that the text names."""

    what: str
    line: int
    percent: str | None = None
    count: str | None = None
    audience: str = "customers"
    basis: str = "estimated"
    from_at: dt.datetime | None = None
    to_at: dt.datetime | None = None


@dataclass(slots=True)
class SectionRecord:
    """One part of the text, as Markdown; a heading that names two kinds gives the first, and ``also`` the others."""

    kind: SectionKind
    heading: str
    text: str
    line: int
    also: tuple[SectionKind, ...] = ()


@dataclass(slots=True)
class MilestoneRecord:
    """A milestone other than the beginning and the end of the impact."""

    at: dt.datetime
    precision: Precision = Precision.EXACT


@dataclass(slots=True)
class Document:
    """All that was read of one document. ``naive`` holds what the text says of a time that is not wholly known."""

    is_postmortem: bool = False
    title: str | None = None
    title_line: int = 1
    lede: str = ""
    started_at: dt.datetime | None = None
    resolved_at: dt.datetime | None = None
    started_precision: Precision = Precision.EXACT
    resolved_precision: Precision = Precision.EXACT
    period_line: int = 1
    naive: dict[str, str | None] | None = None
    needs_year: bool = False
    needs_date: bool = False
    needs_zone: bool = False
    severity: Severity = Severity.UNKNOWN
    detected_by: DetectedBy = DetectedBy.UNKNOWN
    timezone: str | None = None
    happened_before: bool | None = None
    near_miss_saved_by: str = ""
    near_miss_earlier_stop: str = ""
    services: list[str] = field(default_factory=list)
    milestones: dict[str, MilestoneRecord] = field(default_factory=dict)
    milestone_lines: dict[str, int] = field(default_factory=dict)
    timeline: list[EventRecord] = field(default_factory=list)
    lead_up: list[EventRecord] = field(default_factory=list)
    root_causes: list[CauseRecord] = field(default_factory=list)
    action_items: list[ActionRecord] = field(default_factory=list)
    impacts: list[ImpactRecord] = field(default_factory=list)
    defences: list[tuple[str, str, str]] = field(default_factory=list)
    sections: list[SectionRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
