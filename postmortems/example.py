"""The worked example: two incidents with one cause, and a near miss that shows the repair at work.

Told through the same domain functions that pages call, each at the moment when people would have pressed the button,
some weeks before it is loaded. What it says is content in English, as people would have written it. How it goes away
again: `incidents.domain.examples`.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import audit
from incidents.clock_text import parse_zone
from incidents.domain import catalogue, declaration, details, impacts, lifecycle, milestones, people, teams, timeline
from incidents.domain.declaration import NewIncident
from incidents.domain.impacts import ImpactContent
from incidents.domain.lifecycle import Verb
from incidents.domain.milestones import MilestoneTime
from incidents.domain.timeline import EventContent
from incidents.enums import (
    DetectedBy,
    ImpactAudience,
    IncidentKind,
    Milestone,
    Precision,
    Role,
    ScopeBasis,
    ScopeUnit,
    Severity,
    TimelineKind,
)
from incidents.errors import NotPossible
from incidents.models import Incident, Service, Team, User
from incidents.permissions import Actor, Perm, require

from .domain import action_items, causes, defences, drafting, sections
from .domain import lifecycle as publication
from .domain.action_items import ActionContent, ActionVerb
from .domain.causes import CauseContent
from .enums import ActionStatus, ActionType, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind
from .models import ActionItem, Postmortem, RootCause

ZONE = "Europe/Amsterdam"
MARK = "(example)"
FIRST_DAYS_AGO, SECOND_DAYS_AGO, THIRD_DAYS_AGO = 49, 16, 5

_K = TimelineKind


def is_empty() -> bool:
    """Whether nobody has begun to use this database: no incident, team or service."""
    return not (Incident.objects.exists() or Team.objects.exists() or Service.objects.exists())


@transaction.atomic
def load(*, actor: Actor, now: dt.datetime) -> list[Incident]:
    """Tell the example as if it had ended a few days before ``now`` (UTC); nothing where it was told before.

    Raises `NotPossible` where there are real incidents: it is there to look at before the first one.
    """
    require(actor, Perm.ADMINISTER)
    if Incident.objects.filter(is_example=True).exists():
        return []
    if Incident.objects.filter(is_synthetic=False).exists():
        raise NotPossible(_("There are real incidents here; the example is for an empty installation."))
    cast = _gather(actor, now)
    sale = _Story(cast, now, FIRST_DAYS_AGO)
    _sale(sale)
    doors = _Story(cast, now, SECOND_DAYS_AGO)
    _doors(doors, sale)
    sign_in = _Story(cast, now, THIRD_DAYS_AGO)
    _near_miss(sign_in, doors)
    # Whoever may approve counts as a second pair of eyes; nobody made up should.
    people.change_role(actor=actor, person=cast.reviewer, role=Role.RESPONDER, now=now)
    return [sale.incident, doors.incident, sign_in.incident]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who and what takes part."""

    lead: User
    engineer: User
    support: User
    reviewer: User
    team: Team
    shop: Service
    scanners: Service


class _Story:
    """One incident while it is told: its day, and short words for what people do on it."""

    incident: Incident

    def __init__(self, cast: _Cast, now: dt.datetime, days_ago: int) -> None:
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


def _gather(actor: Actor, now: dt.datetime) -> _Cast:
    """People without password and address, a team of them, and two services."""
    lead = _person(actor, "Ada Okoro", Role.RESPONDER, now)
    engineer = _person(actor, "Ben Lindqvist", Role.RESPONDER, now)
    support = _person(actor, "Chipo Moyo", Role.RESPONDER, now)
    reviewer = _person(actor, "Dana Haddad", Role.EDITOR, now)
    crew = (lead, engineer, support, reviewer)
    team = teams.create(
        actor=actor, name=f"Tickets team {MARK}", team_lead=lead, deputy=engineer, members=crew, now=now
    )
    shop, scanners = (
        catalogue.create_service(actor=actor, name=f"{name} {MARK}", description=text, team=team, now=now)
        for name, text in (
            ("Ticket shop", "Sells tickets for a concert hall, online and at the box offices of partners."),
            ("Door scanners", "Forty hand-held scanners at four gates, and the service that they ask."),
        )
    )
    for model, kept in ((Team, [team]), (Service, [shop, scanners])):
        model._default_manager.filter(pk__in=[one.pk for one in kept]).update(is_example=True)
    return _Cast(lead, engineer, support, reviewer, team, shop, scanners)


def _person(actor: Actor, name: str, role: Role, now: dt.datetime) -> User:
    person = User.objects.create_user(name=f"{name} {MARK}", role=role, is_example=True)
    audit.record(actor=actor, action="person.created", target=person, at=now, changes={"role": ("", role)})
    return person


def _declare(story: _Story, who: User, clock: str, title: str, service: Service, **more: Any) -> None:
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


def _tag(story: _Story, other: _Story | None = None) -> None:
    actor, now = Actor.person(story.cast.lead), story.at("09:20", 1)
    details.add_tag(actor=actor, incident=story.incident, tag="certificate", now=now)
    if other is not None:
        details.relate(actor=actor, incident=story.incident, other=other.incident, now=now)


def _sale(story: _Story) -> None:
    """The first time: understood, mended, and its postmortem left a draft."""
    cast = story.cast
    _declare(
        story,
        cast.support,
        "10:06",
        "Every card is refused on the first morning of the sale",
        cast.shop,
        detected_by=DetectedBy.USERS,
        impact_started_at=story.at("10:00"),
    )
    _sale_timeline(story)
    story.hit("10:00", "10:52", ImpactAudience.CUSTOMERS, 100, ScopeUnit.PERCENT, "could not pay for their tickets")
    story.hit("10:00", "10:52", ImpactAudience.PARTNERS, 14, ScopeUnit.COUNT, "box offices could sell for cash only")
    story.put_right(detected=("10:04", Precision.EXACT), identified=("10:30", Precision.ABOUT))
    _tag(story)
    _sale_lessons(story)
    story.nets(alert=DefenceResult.ABSENT, automated_test=DefenceResult.ABSENT, on_call=DefenceResult.HELD)
    story.write(
        cast.engineer,
        4,
        "",
        None,
        {
            SectionKind.SUMMARY: (
                "When the sale opened at ten, the shop could not talk to the payment gateway: the certificate between "
                "the two had ended at nine. Baskets filled, and no card was accepted.\n\n*To be written: why the "
                "reminder went to a calendar that nobody reads any more.*"
            )
        },
    )


def _sale_timeline(story: _Story) -> None:
    cast, tell = story.cast, story.tell
    reminder = "A calendar reminds its readers that a certificate ends soon. The project it belonged to is over."
    tell(cast.engineer, "09:00", _K.LEAD_UP, reminder, days=-1, precision=Precision.ABOUT)
    ended = "The certificate between shop and payment gateway ends. Nobody is buying yet, so nothing shows."
    tell(cast.engineer, "09:00", _K.LEAD_UP, ended)
    tell(cast.support, "10:00", _K.NOTE, "The sale opens. 1,900 people are waiting on the front page.")
    tell(cast.support, "10:04", _K.REPORT, "First mails to support: “my card is refused”.", is_starred=True)
    story.move(cast.engineer, Verb.ACKNOWLEDGE, "10:09")
    gateway = "The log of the shop says “connection closed”, and nothing else. The gateway says that all is well."
    tell(cast.engineer, "10:14", _K.DIAGNOSIS, gateway, evidence="Log of the shop, 10:14:07")
    stop = "Stop selling: the shop shows a waiting page, and keeps the baskets."
    tell(cast.lead, "10:18", _K.DECISION, stop, is_starred=True)
    call = "The gateway's hotline asks for a ticket number; the contract for faster help ended last year."
    tell(cast.support, "10:2?", _K.COMMUNICATION, call, is_internal=True)
    found = "`openssl s_client` against the gateway says it in one line: the certificate ended at 09:00."
    tell(cast.engineer, "10:31", _K.DIAGNOSIS, found, is_starred=True)
    story.move(cast.engineer, Verb.IDENTIFY, "10:31")
    tell(cast.engineer, "10:38", _K.ACTION, "A new certificate is asked for; who may sign it has to be looked up.")
    paid = "The new certificate is in place, and a ticket can be bought again."
    tell(cast.engineer, "10:52", _K.RECOVERY, paid, is_starred=True)
    story.move(cast.engineer, Verb.MONITOR, "10:52")
    tell(cast.support, "11:05", _K.RECOVERY, "The waiting page is gone. Of 1,900 baskets 1,640 are paid by noon.")
    story.move(cast.lead, Verb.RESOLVE, "11:05")


def _sale_lessons(story: _Story) -> None:
    cast = story.cast
    by_hand = story.cause(
        CauseRole.ROOT_CAUSE,
        CauseCategory.CERTIFICATE,
        "Certificates are renewed by hand, and only a calendar knows when they end",
        "The reminder went to a calendar of a project that is over.",
        "There is no list of certificates that somebody looks after.",
        evidence="Calendar of the relaunch project",
    )
    unseen = story.cause(
        CauseRole.DELAYED_DETECTION,
        CauseCategory.MONITORING,
        "Nothing tries to buy a ticket before people do",
        "The shop counts as healthy when its front page answers.",
    )
    listing = story.plan(
        "List every certificate with the day on which it ends",
        ActionType.PREVENTIVE,
        cast.engineer,
        -25,
        cause=by_hand,
        details="Shop, gateway, doors, sign-in, mail. One page, one owner each.",
    )
    story.do(listing, cast.engineer, ActionVerb.START, 6)
    later = ActionContent(
        text=listing.text,
        owner=cast.engineer,
        due_on=story.today - dt.timedelta(days=9),
        type=ActionType.PREVENTIVE,
        cause=by_hand,
        details=listing.details,
        move_reason="The shop and the gateway are on it; for the rest we are still asking around.",
    )
    actor = Actor.person(cast.lead)
    action_items.edit(actor=actor, item=listing, content=later, now=story.at("16:00", 23))
    probe = story.plan(
        "Buy a test ticket every minute, and alert when that fails",
        ActionType.DETECTIVE,
        cast.support,
        -30,
        cause=unseen,
        verifier=cast.lead,
    )
    story.do(probe, cast.support, ActionVerb.START, 3)
    story.do(
        probe, cast.support, ActionVerb.FINISH, 12, evidence="It found the test outage on the staging shop in 58 s."
    )
    story.do(probe, cast.lead, ActionVerb.VERIFY, 14)
    calendar = story.plan("Move the reminders to the calendar of the team", ActionType.PROCESS, cast.lead, None)
    why_not = "A calendar is what failed. The list with owners replaces it."
    story.do(calendar, cast.lead, ActionVerb.DROP, 5, reason=why_not)
    story.plan(
        "Ask the payment gateway for a warning before its certificates change",
        ActionType.PROCESS,
        None,
        None,
        status=ActionStatus.HISTORICAL,
        details="Taken over from the notes of the relaunch project.",
    )


def _doors(story: _Story, first: _Story) -> None:
    """The second time: the same cause at another place, and a postmortem that was finished."""
    cast = story.cast
    _declare(
        story,
        cast.lead,
        "18:38",
        "Doors open late because no scanner accepts a ticket",
        cast.scanners,
        detected_by=DetectedBy.STAFF,
        impact_started_at=story.at("18:30"),
    )
    _doors_timeline(story, first.incident)
    waited = "waited in the rain, the last of them for 48 minutes"
    story.hit("18:30", "19:18", ImpactAudience.CUSTOMERS, 2300, ScopeUnit.COUNT, waited)
    story.hit("18:30", "19:11", ImpactAudience.STAFF, 22, ScopeUnit.COUNT, "stewards had no scanner that worked")
    story.put_right(detected=("18:34", Precision.NOT_LATER), identified=("18:59", Precision.EXACT))
    _tag(story, first)
    _doors_causes(story, first.incident)
    story.nets(
        alert=DefenceResult.ABSENT,
        dashboard=DefenceResult.FAILED,
        runbook=DefenceResult.ABSENT,
        automated_test=DefenceResult.ABSENT,
        on_call=DefenceResult.HELD,
        backup=DefenceResult.HELD,
    )
    _doors_postmortem(story, first.incident)


def _doors_timeline(story: _Story, first: Incident) -> None:
    cast, tell = story.cast, story.tell
    ended = "The certificate of the door service ends. Scanners that are on keep their connection; none is on."
    tell(cast.engineer, "16:00", _K.LEAD_UP, ended)
    charged = "The scanners are taken off their chargers and handed out."
    tell(cast.lead, "18:??", _K.LEAD_UP, charged)
    red = "Doors open. At gate B the first scanner shows red for every ticket."
    tell(cast.lead, "18:30", _K.REPORT, red, is_starred=True)
    tell(cast.lead, "18:34", _K.REPORT, "Three gates radio the same. The queue reaches the tram stop.")
    story.move(cast.engineer, Verb.ACKNOWLEDGE, "18:40")
    guess = "The scanners say “no connection”, so the wireless network is restarted. That changes nothing."
    tell(cast.engineer, "18:43", _K.DIAGNOSIS, guess, ended_at=story.at("18:51"))
    lists = "Let people in at gates A and C with the printed name list and an identity card."
    tell(cast.lead, "18:48", _K.DECISION, lists, is_starred=True)
    tell(cast.support, "18:50", _K.COMMUNICATION, "Announcement in front of the doors; the band starts at 19:30.")
    green = "The board in the office is green: it asks whether the door service runs, not whether it can be reached."
    tell(cast.engineer, "18:55", _K.DIAGNOSIS, green)
    again = f"Somebody remembers {first.reference}. The certificate of the door service ended at 16:00."
    tell(cast.engineer, "18:59", _K.DIAGNOSIS, again, is_starred=True)
    story.move(cast.engineer, Verb.IDENTIFY, "18:59")
    signed = (
        f"New certificate signed. Who may do that was written down after {first.reference}: six minutes, not fourteen."
    )
    tell(cast.engineer, "19:05", _K.ACTION, signed)
    tell(cast.lead, "19:11", _K.RECOVERY, "All scanners are green.", is_starred=True)
    story.move(cast.engineer, Verb.MONITOR, "19:11")
    tell(cast.lead, "19:18", _K.RECOVERY, "Everybody is inside.")
    story.move(cast.lead, Verb.RESOLVE, "19:18")
    money = "Finance asks what the caterer is owed for the lost half hour."
    tell(cast.support, "19:40", _K.COMMUNICATION, money, is_internal=True)


def _doors_causes(story: _Story, first: Incident) -> None:
    cast = story.cast
    earlier = RootCause.objects.filter(incident=first, role=CauseRole.ROOT_CAUSE).get()
    again = story.cause(
        CauseRole.ROOT_CAUSE,
        CauseCategory.CERTIFICATE,
        "The certificate of the door service was renewed by hand, and stood on no list",
        "The list that was begun after the sale covered the shop and the gateway only.",
        "It waited behind other work, and its date had moved.",
        same_as=earlier,
        same_as_reason="Another service, the same gap: an end date that no machine watches.",
    )
    blind = story.cause(
        CauseRole.DELAYED_DETECTION,
        CauseCategory.MONITORING,
        "The board asks whether the door service runs, not whether a scanner can reach it",
    )
    misled = story.cause(
        CauseRole.DELAYED_RECOVERY,
        CauseCategory.DESIGN,
        "A scanner says “no connection” whatever the reason is",
        "A quarter of an hour went into a wireless network that was in order.",
    )
    saved = story.cause(
        CauseRole.LUCKY_SAVE,
        CauseCategory.PROCESS,
        "Name lists were printed for this evening only, because of a sponsor",
    )
    _doors_actions(story, again, blind, misled, saved)
    actor = Actor.person(cast.lead)
    timeline_now = story.at("11:30", 1)
    details.set_team(actor=actor, incident=story.incident, team=cast.team, now=timeline_now)


def _doors_actions(story: _Story, again: RootCause, blind: RootCause, misled: RootCause, saved: RootCause) -> None:
    cast, plan, do = story.cast, story.plan, story.do
    renew = "Renew every certificate by machine, thirty days before it ends"
    renewal = plan(renew, ActionType.CORRECTIVE, cast.engineer, 12, cause=again, verifier=cast.lead)
    do(renewal, cast.engineer, ActionVerb.START, 3)
    warning = plan(
        "Alert fourteen days before any certificate ends", ActionType.DETECTIVE, cast.support, -4, cause=blind
    )
    do(warning, cast.support, ActionVerb.START, 2)
    do(warning, cast.support, ActionVerb.FINISH, 8, evidence="Rang for a certificate on staging that ends in 13 days.")
    say = "Let the scanner say what is wrong: “certificate ended”, not “no connection”"
    plan(say, ActionType.CORRECTIVE, cast.lead, -3, cause=misled)
    lists = plan(
        "Print name lists for every evening, and say so in the runbook",
        ActionType.PROCESS,
        cast.support,
        -6,
        cause=saved,
        verifier=cast.lead,
    )
    do(
        lists,
        cast.support,
        ActionVerb.FINISH,
        6,
        evidence="Runbook of the doors, page 2; done on the last three evenings.",
    )
    do(lists, cast.lead, ActionVerb.VERIFY, 9)
    plan(
        "Add the door service to the rota of the certificate list",
        ActionType.PREVENTIVE,
        cast.engineer,
        20,
        cause=again,
    )


def _doors_postmortem(story: _Story, first: Incident) -> None:
    cast = story.cast
    lede = (
        "A certificate that nobody renewed kept 2,300 people outside their concert for up to 48 minutes: the second "
        "time in five weeks that one ended unseen."
    )
    postmortem = story.write(cast.lead, 3, lede, True, _doors_texts(first))
    author, reviewer = Actor.person(cast.lead), Actor.person(cast.reviewer)
    publication.submit(actor=author, postmortem=postmortem, now=story.at("14:00", 3))
    publication.approve_and_publish(
        actor=reviewer,
        postmortem=postmortem,
        now=story.at("16:20", 4),
        note="Clear, and fair to everybody who stood in the rain. Publish it.",
    )


def _doors_texts(first: Incident) -> dict[SectionKind, str]:
    return {
        SectionKind.SUMMARY: (
            "At 16:00 the certificate of the service that scanners ask at the doors came to its end. Scanners that "
            "were switched on would not have minded; but all forty lay on their chargers. When they were handed out "
            "and the doors opened at 18:30, each of them refused each ticket.\n\n"
            "For a quarter of an hour we looked at the wireless network, because the scanners said “no connection”. "
            f"What ended the search was a memory, not a tool: five weeks earlier, in {first.reference}, the shop had "
            "gone silent in the same way. From then on it took twelve minutes."
        ),
        SectionKind.IMPACT: (
            "2,300 people waited outside, most of them in the rain, the last for **48 minutes**. 22 stewards had to "
            "explain something that they could not know. The concert began half an hour late. Nobody was turned away, "
            "and no ticket was scanned twice."
        ),
        SectionKind.DETECTION: (
            "The first steward noticed, at the first ticket. Our own board stayed green the whole evening: it asks "
            "whether the door service runs, which it did."
        ),
        SectionKind.RESOLUTION: (
            "- People were let in at two gates with printed name lists, which brought the queue down from 18:48 on.\n"
            "- A new certificate was signed at 19:05; all scanners were green at 19:11.\n"
            "- We know that it holds because every scanner was tried before it left the gate that night."
        ),
        SectionKind.LESSONS: (
            f"**What went well.** Who may sign a certificate was written down after {first.reference}; that saved "
            "eight minutes. The decision for the name lists was made by those at the doors, without asking.\n\n"
            "**What went badly.** The list of all certificates was an action item of the first incident. It was still "
            "in progress, its date had moved once, and the doors were not on it yet.\n\n"
            "**Where we were lucky.** The name lists were printed for a sponsor. There are none on other evenings.\n\n"
            "A list that people keep is not enough: the end of a certificate is something that machines know, so a "
            "machine should say it, and in time."
        ),
    }


def _near_miss(story: _Story, before: _Story) -> None:
    """What the repair is worth: the third certificate is caught before it ends."""
    cast = story.cast
    new = NewIncident(
        title="The certificate of the sign-in would have ended on Sunday",
        home_zone=ZONE,
        kind=IncidentKind.NEAR_MISS,
        summary="An alert names a certificate that stands on no list: that of the sign-in page for partners.",
        services=[cast.shop],
        team=cast.team,
        near_miss_saved_by=f"The alert that is an action item of {before.incident.reference}, in its first week.",
        near_miss_earlier_stop="Renewal by machine, which is on its way.",
        is_example=True,
    )
    story.incident = declaration.record_near_miss(actor=Actor.person(cast.support), new=new, now=story.at("09:40"))
    renewed = "Renewed by hand, four days ahead; added to the list."
    story.tell(cast.engineer, "11:15", _K.ACTION, renewed, is_starred=True)
    _tag(story, before)
    story.nets(alert=DefenceResult.HELD)
