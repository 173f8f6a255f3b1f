"""Reviews that are asked for: of whom, until when, how far each has read, and the reminder when it is due."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents import audit
from incidents.clock_text import parse_zone
from incidents.enums import Role
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Incident, SeverityLevel, User
from incidents.permissions import Actor, require

from .. import notifications
from ..enums import PostmortemStatus, RequestEnd
from ..models import LastLook, Postmortem, ReviewRequest
from ..permissions import LessonPerm
from . import business_days, versions

# While somebody may still be asked.
REVIEWED = (PostmortemStatus.IN_REVIEW, PostmortemStatus.APPROVED)


def may_be_asked(postmortem: Postmortem, *, by: User | None) -> QuerySet[User]:
    """Who can be asked for a review: editors who see the incident, but neither whoever asks nor those already asked."""
    asked = postmortem.review_requests.open().values("reviewer")
    editors = User.objects.who_see(postmortem.incident).with_role(Role.EDITOR)
    return editors.exclude(pk=by.pk if by else None).exclude(pk__in=asked).order_by("name")


def asked_last(postmortem: Postmortem) -> set[int]:
    """The accounts whose last request for this draft ended with an answer: those who are likely asked again."""
    ended = postmortem.review_requests.filter(end__in=(RequestEnd.ANSWERED, RequestEnd.BY_ANOTHER))
    return set(ended.values_list("reviewer", flat=True))


def due_on(incident: Incident, now: dt.datetime) -> dt.date | None:
    """Until when a review that is asked for now is due, a day in the incident's zone, by its severity."""
    level = SeverityLevel.objects.filter(code=incident.severity).first()
    if level is None or level.review_days is None:
        return None
    return business_days.after(_today(incident, now), level.review_days)


@transaction.atomic
def ask(*, actor: Actor, postmortem: Postmortem, reviewers: Collection[User], now: dt.datetime) -> list[ReviewRequest]:
    """Ask these people for a review. Whoever is asked already stays so, with the day that they were told.

    Raises `InvalidInput` for somebody who may not approve it, `NotPossible` where it is not in review.
    """
    require(actor, LessonPerm.WRITE, postmortem)
    if postmortem.status not in REVIEWED:
        raise NotPossible(_("It is not in review. Ask for a review first."))
    _check_can_review(postmortem, reviewers)
    asked = []
    for reviewer in reviewers:
        request, is_new = ReviewRequest.objects.get_or_create(
            postmortem=postmortem,
            reviewer=reviewer,
            ended_at=None,
            defaults={"asked_by": actor.user, "asked_at": now, "due_on": due_on(postmortem.incident, now)},
        )
        if is_new:
            asked.append(request)
            notifications.review_asked(request=request, now=now)
            changes = {"reviewer": (None, reviewer), "due_on": (None, request.due_on)}
            audit.record(actor=actor, action="postmortem.review_asked", target=postmortem, at=now, changes=changes)
    return asked


@transaction.atomic
def take_back(*, actor: Actor, request: ReviewRequest, now: dt.datetime) -> None:
    """Ask somebody no longer. Doing it twice changes nothing, and what has been answered stays."""
    postmortem = request.postmortem
    require(actor, LessonPerm.WRITE, postmortem)
    if _end(postmortem.review_requests.filter(pk=request.pk), RequestEnd.TAKEN_BACK, now):
        changes = {"reviewer": (request.reviewer, None)}
        audit.record(actor=actor, action="postmortem.review_taken_back", target=postmortem, at=now, changes=changes)


def answered(*, postmortem: Postmortem, by: User, now: dt.datetime) -> None:
    """Part of a decision: whoever was asked need not look any more, whoever of them decided."""
    requests = postmortem.review_requests.all()
    _end(requests.filter(reviewer=by), RequestEnd.ANSWERED, now)
    _end(requests, RequestEnd.BY_ANOTHER, now)


def withdrawn(*, postmortem: Postmortem, now: dt.datetime) -> None:
    """Part of taking the draft back: nobody is asked any more."""
    _end(postmortem.review_requests.all(), RequestEnd.TAKEN_BACK, now)


@transaction.atomic
def look(*, actor: Actor, postmortem: Postmortem, seen_at: dt.datetime, now: dt.datetime) -> None:
    """Remember until when somebody has read the draft: ``seen_at`` is when the page they looked at was made.

    What was read is everybody's own affair: it is no change of the draft, and stands in no audit.
    """
    require(actor, LessonPerm.WRITE, postmortem)
    if actor.user is None:
        raise NotPossible(_("Only a person reads."))
    seen_at = min(seen_at, now)
    mine, is_new = LastLook.objects.get_or_create(
        postmortem=postmortem, person=actor.user, defaults={"seen_at": seen_at}
    )
    if not is_new:
        # Never back: an old tab does not bring up again what was read since.
        LastLook.objects.filter(pk=mine.pk, seen_at__lt=seen_at).update(seen_at=seen_at)
    versions.seal(postmortem)


def last_look(postmortem: Postmortem, person: User) -> dt.datetime | None:
    """Until when this person has read the draft (UTC); nothing where they never said so."""
    return LastLook.objects.filter(postmortem=postmortem, person=person).values_list("seen_at", flat=True).first()


def nudge(now: dt.datetime) -> None:
    """Remind those whose review is due today, and once more those whose review is late; called every now and then."""
    # Days begin up to fourteen hours earlier elsewhere.
    ahead = (now + dt.timedelta(hours=14)).astimezone(dt.UTC).date()
    for request in ReviewRequest.objects.waiting().filter(due_on__lte=ahead):
        today = _today(request.postmortem.incident, now)
        if request.due_on is not None and request.due_on <= today:
            notifications.review_due(request=request, now=now, is_late=request.due_on < today)


def _today(incident: Incident, now: dt.datetime) -> dt.date:
    return now.astimezone(parse_zone(incident.home_zone)).date()


def _check_can_review(postmortem: Postmortem, reviewers: Collection[User]) -> None:
    keys = {reviewer.pk for reviewer in reviewers}
    editors = User.objects.who_see(postmortem.incident).with_role(Role.EDITOR)
    if editors.filter(pk__in=keys).count() != len(keys):
        message = _("Choose editors who see the incident: only they can approve it.")
        raise InvalidInput(message, code="reviewer", fields={"reviewers": message})


def _end(requests: QuerySet[ReviewRequest], end: RequestEnd, now: dt.datetime) -> int:
    return requests.filter(ended_at=None).update(ended_at=now, end=end)
