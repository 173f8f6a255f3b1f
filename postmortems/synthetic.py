"""Lessons of made-up incidents: causes, safety nets, action items, drafts, and the changes that started them.

Like the incidents they hang on, written in bulk past the rules of the domain, and possible all the same. Teams have
habits, so that figures have something to show: what one always forgets, another never does.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import count
from random import Random

from django.db.models import F

from incidents.enums import (
    OPEN_STATUSES,
    ChangeKind,
    ChangeVerdict,
    IncidentKind,
    Severity,
    Source,
    Status,
    YesNoUnknown,
)
from incidents.models import Change, Incident, IncidentChange, User

from .enums import (
    ActionStatus,
    ActionType,
    CauseCategory,
    CauseRole,
    Defence,
    DefenceResult,
    PostmortemStatus,
)
from .models import ActionItem, ActionNumber, DefenceCheck, Postmortem, RootCause
from .querysets import NO_DATE_LAST

CAUSES = {
    CauseCategory.CODE: ("A template that all pages share has no check", "An empty answer was never expected"),
    CauseCategory.CONFIGURATION: ("One file sets the limits of all hosts", "The switch was on in one region only"),
    CauseCategory.DEPLOYMENT: ("A release goes to all hosts at once", "Two releases were under way together"),
    CauseCategory.CAPACITY: ("Nobody watches how full the queue is", "The pool is as small as three years ago"),
    CauseCategory.DATA: ("A column was dropped that a report still read", "The import takes duplicates for new rows"),
    CauseCategory.DEPENDENCY: ("The supplier changed an address without notice", "One provider, and no second one"),
    CauseCategory.CERTIFICATE: ("Certificates are renewed by hand", "The alarm goes to a mailbox that nobody reads"),
    CauseCategory.MONITORING: ("The alert counts answers, and there were none", "No alert on half of the usual orders"),
    CauseCategory.PROCESS: ("Nobody but the author looks at small changes", "The hand-over left out the open change"),
}
WEIGHTS = (20, 14, 18, 9, 8, 9, 4, 10, 8)
WORK = (
    *("Try every change of a shared part in a sandbox first", "Roll out to one host, then to the rest"),
    *("Alert when orders stay under half of the usual", "Renew certificates by a job, and alert a month before"),
    *("Write down how to go back to the release before", "Let a second person look at settings, too"),
    *("Add a test that opens the ten most visited pages", "Give the import a limit and a dry run"),
)
CHANGES = ("Release of the week", "New limits for the pool", "Banner corrected", "Index added", "Library upgraded")
DAY = dt.timedelta(days=1)


def learn(rng: Random, incidents: Sequence[Incident], people: Sequence[User], until: dt.datetime) -> None:
    """Write what was learned from these incidents until this moment; what is still open teaches nothing yet."""
    over = [one for one in incidents if one.status not in (*OPEN_STATUSES, Status.CANCELLED)]
    real = [one for one in over if one.kind != IncidentKind.DRILL]
    RootCause.objects.bulk_create(_causes(rng, real))
    _repeat(rng, real)
    DefenceCheck.objects.bulk_create([check for one in real if rng.random() < 0.4 for check in _checks(rng, one)])
    items = [item for one in real if rng.random() < 0.5 for item in _items(rng, one, people, until)]
    _number(items)
    ActionItem.objects.bulk_create(items)
    _start_by_changes(rng, [one for one in real if rng.random() < 0.3])
    Postmortem.objects.bulk_create(
        _postmortem(rng, one) for one in real if one.severity in (Severity.SEV1, Severity.SEV2)
    )


def _causes(rng: Random, incidents: Sequence[Incident]) -> list[RootCause]:
    return [
        RootCause(
            incident=incident,
            title=rng.choice(CAUSES[category]),
            category=category,
            role=rng.choices((CauseRole.ROOT_CAUSE, CauseRole.CONTRIBUTING), (3, 1))[0],
            created_at=incident.sort_at,
        )
        for incident in incidents
        if rng.random() < 0.7
        for category in rng.choices(list(CAUSES), WEIGHTS, k=rng.choice((1, 1, 2)))
    ]


def _repeat(rng: Random, incidents: Sequence[Incident]) -> None:
    """Some causes are the same as the last one of these words, so that there are chains."""
    last: dict[str, RootCause] = {}
    repeating = []
    for cause in RootCause.objects.filter(incident__in=incidents).order_by("incident__sort_at", "pk"):
        before = last.get(cause.title)
        if before is not None and before.incident_id != cause.incident_id and rng.random() < 0.05:
            cause.same_as, cause.same_as_reason = before, "The same words, the same part."
            cause.family = before.family or before
            repeating.append(cause)
        last[cause.title] = cause
    RootCause.objects.bulk_update(repeating, ["same_as", "same_as_reason", "family"])


def _checks(rng: Random, incident: Incident) -> list[DefenceCheck]:
    """What some nets did; which are often absent is a habit of the team."""
    checks = []
    for defence in rng.sample(list(Defence), rng.randint(3, 6)):
        habit = Random(f"{incident.team_id} {defence}").random()  # noqa: S311 (a repeatable spread, no secret)
        results = (DefenceResult.ABSENT, DefenceResult.FAILED, DefenceResult.HELD)
        result = rng.choices(results, (habit * habit, 0.25, 1 - habit))[0]
        checks.append(DefenceCheck(incident=incident, defence=defence, result=result, answered_at=incident.sort_at))
    return checks


def _items(rng: Random, incident: Incident, people: Sequence[User], until: dt.datetime) -> list[ActionItem]:
    return [_item(rng, incident, text, rng.choice(people), until) for text in rng.sample(WORK, rng.randint(1, 3))]


def _item(rng: Random, incident: Incident, text: str, owner: User, until: dt.datetime) -> ActionItem:
    """Due some weeks after, done around then where that lies behind, and sometimes not."""
    due = incident.sort_at + rng.randint(7, 60) * DAY
    done = due + rng.randint(-20, 12) * DAY
    status, done_at = ActionStatus.OPEN, None
    if incident.kind == IncidentKind.BACKFILL:
        status = ActionStatus.HISTORICAL
    elif rng.random() < 0.08:
        status = ActionStatus.WONT_DO
    elif done < until and rng.random() < 0.85:
        status, done_at = ActionStatus.DONE, max(done, incident.sort_at)
    has_date = rng.random() < 0.95
    return ActionItem(
        incident=incident,
        text=text,
        text_key=text.casefold(),
        type=rng.choice(list(ActionType)),
        owner=owner,
        due_on=due.date() if has_date else None,
        due_sort=due.date() if has_date else NO_DATE_LAST,
        status=status,
        reason="Replaced by a larger piece of work." if status == ActionStatus.WONT_DO else "",
        evidence="Merged and running." if done_at else "",
        done_at=done_at,
        source=Source.SYNTHETIC,
        created_at=incident.sort_at,
        updated_at=incident.sort_at,
    )


def _number(items: Sequence[ActionItem]) -> None:
    """Give each the next number, and keep the counter in step."""
    ActionNumber.objects.get_or_create(pk=1)
    ActionNumber.objects.filter(pk=1).update(last=F("last") + len(items))
    first = ActionNumber.objects.get(pk=1).last - len(items) + 1
    for item, number in zip(items, count(first)):
        item.number = number


def _start_by_changes(rng: Random, incidents: Sequence[Incident]) -> None:
    """A change before each of these incidents, named as what started it."""
    answers = (YesNoUnknown.YES, YesNoUnknown.NO, YesNoUnknown.UNKNOWN)
    changes = [
        Change(
            text=rng.choice(CHANGES),
            kind=rng.choices(list(ChangeKind), (40, 20, 8, 8, 12, 6, 4, 2))[0],
            live_at=incident.sort_at - dt.timedelta(minutes=rng.choice((2, 20, 33, 90, 600, 3000))),
            was_approved=rng.choices(answers, (60, 25, 15))[0],
            tried_in_sandbox=rng.choices(answers, (35, 45, 20))[0],
            private_to=incident if incident.is_private else None,
            source=Source.SYNTHETIC,
        )
        for incident in incidents
    ]
    Change.objects.bulk_create(changes)
    IncidentChange.objects.bulk_create(
        IncidentChange(incident=incident, change=change, verdict=ChangeVerdict.TRIGGER, decided_at=incident.sort_at)
        for incident, change in zip(incidents, changes, strict=True)
    )


def _postmortem(rng: Random, incident: Incident) -> Postmortem:
    """A draft, or the reason why none is needed."""
    is_needed = rng.random() < 0.8
    return Postmortem(
        incident=incident,
        status=PostmortemStatus.DRAFT if is_needed else PostmortemStatus.NOT_REQUIRED,
        title=incident.title,
        not_required_reason="" if is_needed else "Told together with the one before.",
        created_at=incident.sort_at,
        updated_at=incident.sort_at,
    )
