"""The states of a postmortem: draft, in review, approved, published, retracted, not required."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents import audit
from incidents.domain import lifecycle as incident_lifecycle
from incidents.domain.versions import check_version, compare_and_set
from incidents.enums import Role, Status
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Incident, SeverityLevel, User
from incidents.permissions import Actor, offers, require

from .. import notifications
from ..enums import Audience, PostmortemStatus, ReviewDecision
from ..models import Postmortem, Review, Revision
from ..permissions import LessonPerm
from ..publication import document
from . import checklist, reviews, versions


class PostmortemVerb(TextChoices):
    """What is done to a postmortem to move it on."""

    SUBMIT = "submit", gettext_lazy("Ask for a review")
    WITHDRAW = "withdraw", gettext_lazy("Take back to draft")
    APPROVE = "approve", gettext_lazy("Approve")
    ASK_FOR_CHANGES = "ask-for-changes", gettext_lazy("Ask for changes")
    PUBLISH = "publish", gettext_lazy("Publish")
    RETRACT = "retract", gettext_lazy("Retract")
    REDRAFT = "redraft", gettext_lazy("Take up the draft again")


@dataclass(frozen=True, slots=True)
class PostmortemTransition:
    """One row: from which states a verb leads where, and who may."""

    sources: frozenset[PostmortemStatus]
    target: PostmortemStatus
    perm: LessonPerm


def _row(sources: set[PostmortemStatus], target: PostmortemStatus, perm: LessonPerm) -> PostmortemTransition:
    return PostmortemTransition(frozenset(sources), target, perm)


_S = PostmortemStatus
TRANSITIONS: dict[PostmortemVerb, PostmortemTransition] = {
    PostmortemVerb.SUBMIT: _row({_S.DRAFT}, _S.IN_REVIEW, LessonPerm.WRITE),
    PostmortemVerb.WITHDRAW: _row({_S.IN_REVIEW, _S.APPROVED}, _S.DRAFT, LessonPerm.WRITE),
    # Once more where facts have changed since: what is approved is what is published.
    PostmortemVerb.APPROVE: _row({_S.IN_REVIEW, _S.APPROVED}, _S.APPROVED, LessonPerm.APPROVE),
    PostmortemVerb.ASK_FOR_CHANGES: _row({_S.IN_REVIEW, _S.APPROVED}, _S.DRAFT, LessonPerm.APPROVE),
    # A published one is published again after errata: a new revision, the old ones stay.
    PostmortemVerb.PUBLISH: _row({_S.APPROVED, _S.PUBLISHED}, _S.PUBLISHED, LessonPerm.APPROVE),
    PostmortemVerb.RETRACT: _row({_S.PUBLISHED}, _S.RETRACTED, LessonPerm.APPROVE),
    PostmortemVerb.REDRAFT: _row({_S.RETRACTED, _S.NOT_REQUIRED}, _S.DRAFT, LessonPerm.WRITE),
}


def available_verbs(actor: Actor, postmortem: Postmortem) -> list[PostmortemVerb]:
    """What this actor may do next, in the order of the table; an approved one is approved again or published."""
    possible = [
        verb
        for verb, row in TRANSITIONS.items()
        if postmortem.status in row.sources and offers(actor, row.perm, postmortem)
    ]
    if postmortem.status == PostmortemStatus.APPROVED and PostmortemVerb.APPROVE in possible:
        needless = PostmortemVerb.PUBLISH if changed_since_approval(postmortem) else PostmortemVerb.APPROVE
        possible.remove(needless)
    return possible


@transaction.atomic
def submit(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, reviewers: Collection[User] = ()) -> Postmortem:
    """Ask editors to review the draft: all of them, or these in particular, who are told."""
    _move(actor, postmortem, PostmortemVerb.SUBMIT, now)
    reviews.ask(actor=actor, postmortem=postmortem, reviewers=reviewers, now=now)
    return postmortem


@transaction.atomic
def withdraw(*, actor: Actor, postmortem: Postmortem, now: dt.datetime) -> Postmortem:
    """Take it back to draft; approvals become void, and nobody is asked any more."""
    _move(actor, postmortem, PostmortemVerb.WITHDRAW, now)
    postmortem.reviews.update(is_void=True)
    reviews.withdrawn(postmortem=postmortem, now=now)
    return postmortem


@transaction.atomic
def approve(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, note: str = "") -> Postmortem:
    """Say that it may be published as it is now; an approval of something else that it had is void."""
    require(actor, LessonPerm.APPROVE, postmortem)
    _check_second_person(actor, postmortem)
    reviewer = _require_person(actor)
    approved = document.digest(document.build(postmortem))
    _move(actor, postmortem, PostmortemVerb.APPROVE, now, approved_digest=approved)
    postmortem.reviews.update(is_void=True)
    _record(actor, postmortem, reviewer, ReviewDecision.APPROVED, note, now)
    return postmortem


@transaction.atomic
def ask_for_changes(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, note: str) -> Postmortem:
    """Send it back to its authors, saying what is missing."""
    require(actor, LessonPerm.APPROVE, postmortem)
    if not note.strip():
        message = _("Say what should change; one sentence is enough.")
        raise InvalidInput(message, code="note_missing", fields={"note": message})
    reviewer = _require_person(actor)
    _move(actor, postmortem, PostmortemVerb.ASK_FOR_CHANGES, now)
    postmortem.reviews.update(is_void=True)
    _record(actor, postmortem, reviewer, ReviewDecision.CHANGES_ASKED, note, now)
    return postmortem


@transaction.atomic
def approve_and_publish(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, note: str = "") -> Revision:
    """Both in one press, which is how most postmortems go out. What is missing is told before anything is approved."""
    require(actor, LessonPerm.APPROVE, postmortem)
    _check_complete(postmortem)
    if postmortem.status == PostmortemStatus.IN_REVIEW or changed_since_approval(postmortem):
        approve(actor=actor, postmortem=postmortem, now=now, note=note)
    # Of what is out already the note says to readers what changed; else it is for whoever wrote it.
    return publish(actor=actor, postmortem=postmortem, now=now, note=note if postmortem.is_published else "")


@transaction.atomic
def publish(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, note: str = "") -> Revision:
    """Make an immutable revision that readers see, and close the incident if it is resolved.

    ``note`` says what changed since the last revision, for readers; one that follows another cannot do without.
    Raises `NotPossible` naming what is still missing.
    """
    require(actor, LessonPerm.APPROVE, postmortem)
    _check_possible(postmortem, PostmortemVerb.PUBLISH)
    if postmortem.is_published:
        # What an approval was given for is out already; errata are nobody's own decision either.
        _check_second_person(actor, postmortem)
        _check_says_what_changed(note)
    if changed_since_approval(postmortem):
        message = _("What it tells has changed since it was approved. Look at it again and approve what it says now.")
        raise NotPossible(message, code="changed_since_approval")
    _check_complete(postmortem)
    return _publish(actor=actor, postmortem=postmortem, now=now, note=note)


@transaction.atomic
def publish_imported(*, actor: Actor, postmortem: Postmortem, now: dt.datetime) -> Revision:
    """Publish an import without a review; its page says so. Nothing but imports may."""
    require(actor, LessonPerm.APPROVE, postmortem)
    if not postmortem.is_imported:
        raise NotPossible(_("Only an imported postmortem is published without a review."))
    return _publish(actor=actor, postmortem=postmortem, now=now, note="")


@transaction.atomic
def retract(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, reason: str) -> Postmortem:
    """Take a published postmortem off the pages of readers. Its revisions stay."""
    require(actor, LessonPerm.APPROVE, postmortem)
    _check_possible(postmortem, PostmortemVerb.RETRACT)
    _check_second_person(actor, postmortem)
    if not reason.strip():
        message = _("Say why it is retracted; one sentence is enough.")
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})
    return _move(actor, postmortem, PostmortemVerb.RETRACT, now, note=reason, audience=Audience.INTERNAL)


@transaction.atomic
def redraft(*, actor: Actor, postmortem: Postmortem, now: dt.datetime) -> Postmortem:
    """Work on the text of one that was retracted, or not required, again."""
    return _move(actor, postmortem, PostmortemVerb.REDRAFT, now, not_required_reason="")


@transaction.atomic
def set_public(
    *, actor: Actor, postmortem: Postmortem, public: bool, now: dt.datetime, seen_revision: int | None = None
) -> Postmortem:
    """Show a published postmortem to everybody, or no longer. ``seen_revision`` is what the preview showed."""
    require(actor, LessonPerm.PUBLISH_PUBLIC, postmortem)
    if not postmortem.is_published or postmortem.published_revision is None:
        raise NotPossible(_("Publish it to your own people first."))
    if public and postmortem.incident.is_private:
        raise NotPossible(_("The postmortem of a private incident can only be private."))
    if public and seen_revision != postmortem.published_revision.number:
        raise NotPossible(_("Look at the preview of the latest revision first; it has changed."), code="preview")
    audience = Audience.PUBLIC if public else Audience.INTERNAL
    if postmortem.audience != audience:
        changes = {"audience": (postmortem.audience, audience)}
        compare_and_set(postmortem, at=now, audience=audience, was_public=postmortem.was_public or public)
        audit.record(actor=actor, action="postmortem.audience", target=postmortem, at=now, changes=changes)
    return postmortem


@transaction.atomic
def not_required(*, actor: Actor, incident: Incident, reason: str, now: dt.datetime) -> Postmortem:
    """Say that this incident needs no postmortem, and why; a resolved incident then closes."""
    require(actor, LessonPerm.APPROVE, incident)
    if not reason.strip():
        message = _("Say why none is needed; one sentence is enough.")
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})
    postmortem, _created = Postmortem.objects.get_or_create(
        incident=incident, defaults={"title": incident.title, "created_by": actor.user, "created_at": now}
    )
    if postmortem.status not in (PostmortemStatus.DRAFT, PostmortemStatus.NOT_REQUIRED):
        raise NotPossible(_("There is one already: %(status)s.") % {"status": postmortem.get_status_display().lower()})
    values = {"status": PostmortemStatus.NOT_REQUIRED, "not_required_reason": reason.strip()[:500]}
    changes = audit.difference(postmortem, values)
    compare_and_set(postmortem, at=now, **values)
    audit.record(actor=actor, action="postmortem.not_required", target=postmortem, at=now, changes=changes)
    _close_incident(actor, postmortem.incident, now)
    return postmortem


def withdraw_publication(*, actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """Part of making an incident private: what was public is not any more, in the same transaction."""
    postmortem = Postmortem.objects.filter(incident=incident, audience=Audience.PUBLIC).first()
    if postmortem is not None:
        compare_and_set(postmortem, at=now, audience=Audience.INTERNAL)
        changes = {"audience": (Audience.PUBLIC, Audience.INTERNAL)}
        audit.record(actor=actor, action="postmortem.audience", target=postmortem, at=now, changes=changes)


def needs_postmortem(incident: Incident) -> bool:
    """Whether the severity asks for one, and none is published or declared not required."""
    if not SeverityLevel.objects.filter(code=incident.severity, postmortem_required=True).exists():
        return False
    finished = (PostmortemStatus.PUBLISHED, PostmortemStatus.NOT_REQUIRED)
    return not Postmortem.objects.filter(incident=incident, status__in=finished).exists()


def changed_since_approval(postmortem: Postmortem) -> bool:
    """Whether the text or the facts (timeline, milestones, causes, …) are others than those that were approved."""
    if postmortem.status != PostmortemStatus.APPROVED:
        return False
    return postmortem.approved_digest != document.digest(document.build(postmortem))


def only_editor(postmortem: Postmortem) -> bool:
    """Whether nobody else could approve: a single-editor installation is told so and may go on."""
    return User.objects.who_see(postmortem.incident).with_role(Role.EDITOR).count() < 2


def published_key(title: str, lede: str) -> str:
    """What a search in the library compares with: SQLite ignores the case of ASCII letters only."""
    return f"{title} {lede}".casefold()


def _publish(*, actor: Actor, postmortem: Postmortem, now: dt.datetime, note: str) -> Revision:
    number = (postmortem.revisions.values_list("number", flat=True).first() or 0) + 1
    revision = document.make_revision(postmortem=postmortem, number=number, now=now, note=note, actor=actor)
    values = {
        "status": PostmortemStatus.PUBLISHED,
        "published_revision": revision,
        "published_at": now,
        "first_published_at": postmortem.first_published_at or now,
        "published_title": revision.document["title"][:200],
        "published_lede": revision.document["lede"][:500],
        "published_key": published_key(revision.document["title"], revision.document["lede"]),
        # A new revision of a public postmortem is for the public only after a new look at the preview.
        "audience": Audience.INTERNAL,
    }
    changes = {
        "status": (postmortem.status, PostmortemStatus.PUBLISHED),
        "revision": (number - 1 or None, number),
        "audience": (postmortem.audience, Audience.INTERNAL),
    }
    compare_and_set(postmortem, at=now, **values)
    versions.seal(postmortem)
    audit.record(actor=actor, action="postmortem.published", target=postmortem, at=now, changes=changes, note=note)
    _close_incident(actor, postmortem.incident, now)
    return revision


def _close_incident(actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """A resolved incident closes by itself once what was to be learned is written."""
    incident.refresh_from_db(fields=["status", "version", "resolved_at"])
    if incident.status == Status.RESOLVED:
        incident_lifecycle.advance(actor=actor, incident=incident, verb=incident_lifecycle.Verb.CLOSE, now=now)


def _move(
    actor: Actor, postmortem: Postmortem, verb: PostmortemVerb, now: dt.datetime, note: str = "", **more: object
) -> Postmortem:
    row = TRANSITIONS[verb]
    require(actor, row.perm, postmortem)
    _check_possible(postmortem, verb)
    check_version(postmortem, None)
    values = {"status": row.target, **more}
    changes = audit.difference(postmortem, values)
    compare_and_set(postmortem, at=now, **values)
    versions.seal(postmortem)
    audit.record(actor=actor, action=f"postmortem.{verb}", target=postmortem, at=now, changes=changes, note=note)
    return postmortem


def _check_possible(postmortem: Postmortem, verb: PostmortemVerb) -> None:
    if postmortem.status not in TRANSITIONS[verb].sources:
        status = postmortem.get_status_display().lower()
        raise NotPossible(_("The postmortem is %(status)s now, so this is not possible.") % {"status": status})


def _check_complete(postmortem: Postmortem) -> None:
    missing = checklist.blocking(postmortem)
    if missing:
        raise NotPossible(_("Not yet: %(missing)s") % {"missing": " ".join(missing)}, code="checklist")


def _check_says_what_changed(note: str) -> None:
    if not note.strip():
        message = _("Say what changed; readers see it with the date of this revision.")
        raise InvalidInput(message, code="note_missing", fields={"note": message})


def _check_second_person(actor: Actor, postmortem: Postmortem) -> None:
    """Where the severity asks for a second pair of eyes, the only author decides nothing alone."""
    level = SeverityLevel.objects.filter(code=postmortem.incident.severity).first()
    if level is None or not level.second_approver_required or actor.user is None or only_editor(postmortem):
        return
    authors = set(postmortem.authors.values_list("pk", flat=True))
    if authors == {actor.user.pk}:
        raise NotPossible(
            _("You are its only author, and %(severity)s asks for a second pair of eyes: let another editor decide.")
            % {"severity": postmortem.incident.get_severity_display()},
            code="second_approver",
        )


def _record(
    actor: Actor, postmortem: Postmortem, reviewer: User, decision: ReviewDecision, note: str, now: dt.datetime
) -> None:
    """Write the decision down and tell the authors. Whoever decided has read it, and nobody is asked any more."""
    review = Review.objects.create(
        postmortem=postmortem, reviewer=reviewer, decision=decision, note=note.strip(), decided_at=now
    )
    reviews.answered(postmortem=postmortem, by=reviewer, now=now)
    reviews.look(actor=actor, postmortem=postmortem, seen_at=now, now=now)
    notifications.review_decided(review=review, now=now)


def _require_person(actor: Actor) -> User:
    if actor.user is None:
        raise NotPossible(_("Only a person reviews."))
    return actor.user
