"""Comments on a draft: threads on a section or on the whole, replies, and what is settled."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from incidents import audit, markup
from incidents.domain.versions import check_version, compare_and_set
from incidents.errors import InvalidInput, NotPossible
from incidents.models import User
from incidents.permissions import Actor, require

from .. import notifications
from ..models import Comment, Postmortem, Section, Thread
from ..permissions import LessonPerm

MAX_TEXT_LENGTH = 5000


def begin(
    *,
    actor: Actor,
    postmortem: Postmortem,
    section: Section | None,
    text: str,
    now: dt.datetime,
    client_id: uuid.UUID | None = None,
) -> Thread:
    """Begin a thread on a section, or without one on the whole postmortem. The same ``client_id`` begins it once."""
    require(actor, LessonPerm.COMMENT, postmortem)
    author, text = _person(actor), _checked(text)
    try:
        with transaction.atomic():
            thread = Thread.objects.create(postmortem=postmortem, section=section, client_id=client_id)
            _say(actor, thread, author, text, now, "postmortem.comment_begun")
    except IntegrityError:
        # The same press arrived twice; the other one has begun it.
        return Thread.objects.get(postmortem=postmortem, client_id=client_id)
    return thread


def reply(*, actor: Actor, thread: Thread, text: str, now: dt.datetime, client_id: uuid.UUID | None = None) -> Comment:
    """Answer in a thread that is open. The same ``client_id`` is one reply."""
    require(actor, LessonPerm.COMMENT, thread)
    author, text = _person(actor), _checked(text)
    try:
        with transaction.atomic():
            _check_open(thread)
            return _say(actor, thread, author, text, now, "postmortem.comment_replied", client_id)
    except IntegrityError:
        return Comment.objects.get(thread=thread, client_id=client_id)


@transaction.atomic
def edit(*, actor: Actor, comment: Comment, text: str, now: dt.datetime, version: int | None = None) -> Comment:
    """Put one's own comment right. The words before are not kept: comments are talk, and may hold a slip."""
    require(actor, LessonPerm.EDIT_COMMENT, comment)
    check_version(comment, version)
    text = _checked(text)
    if text != comment.text:
        compare_and_set(comment, at=now, text=text, edited_at=now)
        changes = {"version": (comment.version - 1, comment.version)}
        audit.record(actor=actor, action="postmortem.comment_edited", target=comment, at=now, changes=changes)
    return comment


@transaction.atomic
def resolve(*, actor: Actor, thread: Thread, now: dt.datetime) -> Thread:
    """Say that a thread is settled. Doing it twice changes nothing."""
    return _settle(actor, thread, now, is_resolved=True)


@transaction.atomic
def reopen(*, actor: Actor, thread: Thread, now: dt.datetime) -> Thread:
    """Take up a settled thread again. Doing it twice changes nothing."""
    return _settle(actor, thread, now, is_resolved=False)


def _settle(actor: Actor, thread: Thread, now: dt.datetime, *, is_resolved: bool) -> Thread:
    require(actor, LessonPerm.COMMENT, thread)
    values = (
        {"resolved_at": now, "resolved_by": actor.user} if is_resolved else {"resolved_at": None, "resolved_by": None}
    )
    if Thread.objects.filter(pk=thread.pk, resolved_at__isnull=is_resolved).update(**values):
        action = "postmortem.thread_resolved" if is_resolved else "postmortem.thread_reopened"
        changes = {"resolved": (not is_resolved, is_resolved)}
        audit.record(actor=actor, action=action, target=thread, at=now, changes=changes)
    thread.refresh_from_db(fields=["resolved_at", "resolved_by"])
    return thread


def _say(
    actor: Actor,
    thread: Thread,
    author: User,
    text: str,
    now: dt.datetime,
    action: str,
    client_id: uuid.UUID | None = None,
) -> Comment:
    comment = Comment.objects.create(
        thread=thread, author=author, text=text, created_at=now, updated_at=now, client_id=client_id
    )
    audit.record(actor=actor, action=action, target=comment, at=now)
    notifications.commented(comment=comment, now=now)
    return comment


def _check_open(thread: Thread) -> None:
    if not Thread.objects.filter(pk=thread.pk, resolved_at=None).exists():
        raise NotPossible(_("Somebody has resolved this thread. Reopen it, then send your answer."), code="resolved")


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise NotPossible(_("Only a person comments."))
    return actor.user


def _checked(text: str) -> str:
    """The text as it is kept. Raises `InvalidInput` where there is none, or none that could be shown."""
    text = text.replace("\r\n", "\n").strip()
    if not text or markup.is_blank(text):
        message = _("Write something.")
        raise InvalidInput(message, code="text_missing", fields={"text": message})
    if len(text) > MAX_TEXT_LENGTH:
        message = _("A comment has at most %(number)s characters.") % {"number": MAX_TEXT_LENGTH}
        raise InvalidInput(message, code="text_too_long", fields={"text": message})
    markup.render(text)
    return text
