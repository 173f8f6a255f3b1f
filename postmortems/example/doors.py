"""The second time: the same cause at another place, and a postmortem that was finished."""

from incidents.domain import details
from incidents.domain.lifecycle import Verb
from incidents.enums import (
    DetectedBy,
    ImpactAudience,
    Precision,
    ScopeUnit,
    TimelineKind,
)
from incidents.models import Incident
from incidents.permissions import Actor

from ..domain import lifecycle as publication
from ..domain.action_items import ActionVerb
from ..enums import ActionType, CauseCategory, CauseRole, DefenceResult, SectionKind
from ..models import RootCause
from .story import Story, declare, tag

_K = TimelineKind


def tell_doors(story: Story, first: Story) -> None:
    """The second time: the same cause at another place, and a postmortem that was finished."""
    cast = story.cast
    declare(
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
    tag(story, first)
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


def _doors_timeline(story: Story, first: Incident) -> None:
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


def _doors_causes(story: Story, first: Incident) -> None:
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


def _doors_actions(story: Story, again: RootCause, blind: RootCause, misled: RootCause, saved: RootCause) -> None:
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
    do(lists, cast.lead, ActionVerb.VERIFY, 9, evidence="Yesterday the printed list lay at both doors.")
    plan(
        "Add the door service to the rota of the certificate list",
        ActionType.PREVENTIVE,
        cast.engineer,
        20,
        cause=again,
    )


def _doors_postmortem(story: Story, first: Incident) -> None:
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
