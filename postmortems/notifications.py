"""Mails about reviews and comments. What they say, and whether anybody still wants it, is asked when they leave."""

import datetime as dt
from typing import Any, cast

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import markup
from incidents.enums import Role
from incidents.models import OutboxMessage, User
from incidents.notifications import draft, notify_all, reasons
from incidents.notifications.news import SETTLES, NotYet
from incidents.notifications.working_hours import is_at_work, next_moment_at_work
from incidents.registry import MessageKind

from .models import Comment, Postmortem, Review, ReviewRequest

REVIEW_ASKED = "review-asked"
REVIEW_DUE = "review-due"
REVIEW_DECIDED = "review-decided"
COMMENT_NEWS = "comment-news"

MOST_COMMENTS = 12
LONGEST_QUOTE = 500


def review_asked(*, request: ReviewRequest, now: dt.datetime) -> None:
    """Somebody is asked for a review."""
    _tell(
        [request.reviewer],
        REVIEW_ASKED,
        request.postmortem,
        key=str(request.pk),
        payload={"request": request.pk, "reason": reasons.REVIEWS},
        now=now,
    )


def review_due(*, request: ReviewRequest, now: dt.datetime, is_late: bool) -> None:
    """Remind somebody of a review in their working hours: once on the day it is due, once when it is late."""
    if is_at_work(request.reviewer, now):
        _tell(
            [request.reviewer],
            REVIEW_DUE,
            request.postmortem,
            key=f"{request.pk}:{'late' if is_late else 'due'}",
            payload={"request": request.pk, "late": is_late, "reason": reasons.REVIEWS},
            now=now,
        )


def review_decided(*, review: Review, now: dt.datetime) -> None:
    """Tell the authors what a reviewer decided."""
    _tell(
        review.postmortem.authors.exclude(pk=review.reviewer_id),
        REVIEW_DECIDED,
        review.postmortem,
        key=str(review.pk),
        payload={"review": review.pk, "reason": reasons.REVIEWS},
        now=now,
    )


def commented(*, comment: Comment, now: dt.datetime) -> None:
    """Tell the authors, and whoever takes part in the thread. What is said soon after comes in the same mail."""
    thread = comment.thread
    taking_part = Q(pk__in=thread.comments.values("author")) | Q(postmortems_written=thread.postmortem)
    people = User.objects.active().filter(taking_part).exclude(pk=comment.author_id).distinct()
    payload = {"since_at": now.isoformat(), "reason": reasons.COMMENTS}
    _tell(people, COMMENT_NEWS, thread.postmortem, key=str(comment.pk), payload=payload, now=now, delay=SETTLES)


def _tell(
    people: QuerySet[User] | list[User],
    kind: str,
    postmortem: Postmortem,
    *,
    key: str,
    payload: dict[str, Any],
    now: dt.datetime,
    delay: dt.timedelta = dt.timedelta(0),
) -> None:
    notify_all(
        draft(
            kind=kind,
            recipient=person.email,
            person=person,
            incident=postmortem.incident,
            payload=payload,
            dedupe_key=f"{kind}:{key}:{person.pk}",
            at=now,
            delay=delay,
        )
        for person in people
        if person.email
    )


def _of_request(message: OutboxMessage) -> dict[str, Any]:
    request = ReviewRequest.objects.select_related("postmortem__incident", "asked_by").get(
        pk=message.payload["request"]
    )
    return {
        **_address(request.postmortem),
        "asked_by": request.asked_by.name if request.asked_by else "",
        "due_on": request.due_on,
        "is_late": message.payload.get("late", False),
    }


def _of_decision(message: OutboxMessage) -> dict[str, Any]:
    review = Review.objects.select_related("postmortem__incident", "reviewer").get(pk=message.payload["review"])
    return {
        **_address(review.postmortem),
        "reviewer": review.reviewer.name,
        "decision": review.get_decision_display(),
        "note": _quoted(review.note),
    }


def _of_comments(message: OutboxMessage) -> dict[str, Any]:
    told = list(_comments(message)[:MOST_COMMENTS])
    postmortem = Postmortem.objects.select_related("incident").get(incident=message.incident_id)
    said = [
        (comment.author.name, str(comment.thread.section or _("the whole postmortem")), _quoted(comment.text))
        for comment in told
    ]
    return {**_address(postmortem), "comments": said}


def _comments(message: OutboxMessage) -> QuerySet[Comment]:
    """What others have said since, where this person wrote the text or takes part."""
    person = cast(User, message.person)
    since = dt.datetime.fromisoformat(message.payload["since_at"])
    concerned = Q(thread__postmortem__authors=person) | Q(
        thread__in=Comment.objects.filter(author=person).values("thread")
    )
    said = Comment.objects.filter(concerned, thread__postmortem__incident=message.incident_id, created_at__gte=since)
    return said.exclude(author=person).select_related("author", "thread__section").distinct()


def _address(postmortem: Postmortem) -> dict[str, Any]:
    path = reverse("postmortem-review", args=[postmortem.incident.reference])
    return {"title": postmortem.title, "review_url": settings.BASE_URL + path}


def _quoted(text: str) -> str:
    words = markup.plain(text)
    return words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE]}…"


def _to_reviewer(message: OutboxMessage, at: dt.datetime) -> str:
    if not ReviewRequest.objects.open().filter(pk=message.payload["request"]).exists():
        return _("The review is not asked of them any more.")
    return "" if cast(User, message.person).has_role(Role.EDITOR) else _("They may not approve any more.")


def _to_late_reviewer(message: OutboxMessage, at: dt.datetime) -> str:
    objection = _to_reviewer(message, at)
    morning = next_moment_at_work(cast(User, message.person), at)
    if not objection and morning > at:
        # The worker was away in between: nobody is reminded at night.
        raise NotYet(morning)
    return objection


def _to_writer(message: OutboxMessage, at: dt.datetime) -> str:
    return "" if cast(User, message.person).has_role(Role.RESPONDER) else _("They may not see drafts any more.")


def _to_commenter(message: OutboxMessage, at: dt.datetime) -> str:
    return _to_writer(message, at) or ("" if _comments(message).exists() else _("Nothing is left to tell."))


KINDS = (
    MessageKind(name=REVIEW_ASKED, facts=_of_request, objection=_to_reviewer),
    MessageKind(name=REVIEW_DUE, facts=_of_request, objection=_to_late_reviewer),
    MessageKind(name=REVIEW_DECIDED, facts=_of_decision, objection=_to_writer),
    MessageKind(name=COMMENT_NEWS, facts=_of_comments, objection=_to_commenter, gathers=True),
)
