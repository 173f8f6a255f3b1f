"""The first time: every card is refused, and the postmortem is left a draft."""

import datetime as dt

from incidents.domain.lifecycle import Verb
from incidents.enums import (
    DetectedBy,
    ImpactAudience,
    Precision,
    ScopeUnit,
    TimelineKind,
)
from incidents.permissions import Actor

from ..domain import action_items
from ..domain.action_items import ActionContent, ActionVerb
from ..enums import ActionStatus, ActionType, CauseCategory, CauseRole, DefenceResult, SectionKind
from .story import Story, declare, tag

_K = TimelineKind


def tell_sale(story: Story) -> None:
    """The first time: understood, mended, and its postmortem left a draft."""
    cast = story.cast
    declare(
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
    tag(story)
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


def _sale_timeline(story: Story) -> None:
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


def _sale_lessons(story: Story) -> None:
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
    story.do(probe, cast.lead, ActionVerb.VERIFY, 14, evidence="I took the staging shop down; it rang within a minute.")
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
