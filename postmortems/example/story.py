"""One incident of the worked example while it is told, and short words for what people do on it."""

import datetime as dt
from decimal import Decimal
from typing import Any

from incidents.clock_text import parse_zone
from incidents.domain import declaration, details, impacts, lifecycle, milestones, timeline
from incidents.domain.declaration import NewIncident
from incidents.domain.impacts import ImpactContent
from incidents.domain.lifecycle import Verb
from incidents.domain.milestones import MilestoneTime
from incidents.domain.timeline import EventContent
from incidents.enums import (
    ImpactAudience,
    Milestone,
    Precision,
    ScopeBasis,
    ScopeUnit,
    Severity,
    TimelineKind,
)
from incidents.models import Incident, Service, User
from incidents.permissions import Actor

from ..domain import action_items, causes, defences, drafting, sections
from ..domain.action_items import ActionContent, ActionVerb
from ..domain.causes import CauseContent
from ..enums import ActionStatus, ActionType, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind
from ..models import ActionItem, Postmortem, RootCause
from .cast import Cast

ZONE = "Europe/Amsterdam"


class Story:
    """One incident while it is told: its day, and short words for what people do on it."""

    incident: Incident

    def __init__(self, cast: Cast, now: dt.datetime, days_ago: int) -> None:
        self.cast = cast
        self.zone = parse_zone(ZONE)
        self.today = now.astimezone(self.zone).date()
        self.day = self.today - dt.timedelta(days=days_ago)

    def at(self, clock: str, days: int = 0) -> dt.datetime:
        """That time of the story's day, or of one some days later, in UTC."""
        local = dt.datetime.combine(self.day + dt.timedelta(days=days), dt.time.fromisoformat(clock), self.zone)
        return local.astimezone(dt.UTC)

    def tell(self, who: User, clock: str, kind: TimelineKind, text: str, **more: Any) -> None:
        """One timeline entry, written down a minute after it happened; a clock with a ? is not known."""
        days = more.pop("days", 0)
        known = None if "?" in clock else self.at(clock, days)
        offset = self.at("12:00").astimezone(self.zone).utcoffset() or dt.timedelta(0)
        content = EventContent(
            text=text,
            kind=kind,
            occurred_at=known,
            time_text="" if known else clock,
            utc_offset_minutes=int(offset.total_seconds() // 60),
            **more,
        )
        now = max(known or self.at("12:00"), self.incident.created_at) + dt.timedelta(minutes=1)
        timeline.add_entries(actor=Actor.person(who), incident=self.incident, entries=[content], now=now)

    def move(self, who: User, verb: Verb, clock: str, **more: Any) -> None:
        lifecycle.advance(actor=Actor.person(who), incident=self.incident, verb=verb, now=self.at(clock), **more)

    def hit(self, clock: str, until: str, audience: ImpactAudience, scope: int, unit: ScopeUnit, what: str) -> None:
        content = ImpactContent(
            what=what,
            audience=audience,
            scope=Decimal(scope),
            scope_unit=unit,
            scope_basis=ScopeBasis.MEASURED if unit == ScopeUnit.COUNT else ScopeBasis.ESTIMATED,
            from_at=self.at(clock),
            to_at=self.at(until),
        )
        actor = Actor.person(self.cast.support)
        impacts.add(actor=actor, incident=self.incident, content=content, now=self.at("09:00", 1))

    def put_right(self, **times: tuple[str, Precision]) -> None:
        known = {Milestone(name): MilestoneTime(self.at(clock), sure) for name, (clock, sure) in times.items()}
        actor = Actor.person(self.cast.lead)
        milestones.correct(actor=actor, incident=self.incident, times=known, now=self.at("09:10", 1))

    def cause(self, role: CauseRole, category: CauseCategory, title: str, *whys: str, **more: Any) -> RootCause:
        content = CauseContent(title=title, role=role, category=category, whys=whys, **more)
        actor = Actor.person(self.cast.engineer)
        return causes.add(actor=actor, incident=self.incident, content=content, now=self.at("10:00", 1))

    def plan(self, text: str, type: ActionType, owner: User | None, due: int | None, **more: Any) -> ActionItem:  # noqa: A002
        """An action item, due so many days after today (before it where negative)."""
        status = more.pop("status", ActionStatus.OPEN)
        due_on = None if due is None else self.today + dt.timedelta(days=due)
        content = ActionContent(text=text, type=type, owner=owner, due_on=due_on, **more)
        actor = Actor.person(self.cast.lead)
        return action_items.create(
            actor=actor, incident=self.incident, content=content, now=self.at("10:30", 1), status=status
        )

    def do(self, item: ActionItem, who: User, verb: ActionVerb, days: int, **said: Any) -> None:
        action_items.advance(actor=Actor.person(who), item=item, verb=verb, now=self.at("15:00", days), **said)

    def nets(self, **results: DefenceResult) -> None:
        answers: dict[Defence, DefenceResult | None] = {Defence(name): result for name, result in results.items()}
        actor = Actor.person(self.cast.lead)
        defences.answer(actor=actor, incident=self.incident, answers=answers, now=self.at("11:00", 1))

    def write(self, who: User, days: int, lede: str, before: bool | None, texts: dict[SectionKind, str]) -> Postmortem:
        """The draft, with the first words of its sections replaced where there are better ones."""
        actor, now = Actor.person(who), self.at("13:00", days)
        postmortem = drafting.start(actor=actor, incident=self.incident, now=now)
        for section in postmortem.sections.select_related("postmortem__incident"):
            if text := texts.get(SectionKind(section.kind)):
                sections.save(actor=actor, section=section, text=text, now=now)
        postmortem.refresh_from_db()
        sections.save_head(
            actor=actor,
            postmortem=postmortem,
            title=postmortem.title,
            lede=lede,
            happened_before=before,
            shows_names=False,
            now=now,
        )
        return postmortem


def declare(story: Story, who: User, clock: str, title: str, service: Service, **more: Any) -> None:
    new = NewIncident(
        title=title,
        home_zone=ZONE,
        severity=Severity.SEV2,
        services=[service],
        team=story.cast.team,
        is_example=True,
        **more,
    )
    story.incident = declaration.declare(actor=Actor.person(who), new=new, now=story.at(clock))


def tag(story: Story, other: Story | None = None) -> None:
    actor, now = Actor.person(story.cast.lead), story.at("09:20", 1)
    details.add_tag(actor=actor, incident=story.incident, tag="certificate", now=now)
    if other is not None:
        details.relate(actor=actor, incident=story.incident, other=other.incident, now=now)
