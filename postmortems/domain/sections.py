"""The text of a draft, section by section."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from incidents import audit, markup
from incidents.domain.versions import check_version, compare_and_set
from incidents.errors import InvalidInput, NotPossible
from incidents.permissions import Actor, require

from ..enums import PostmortemStatus
from ..models import Postmortem, Section
from ..permissions import LessonPerm

WRITABLE = (PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW, PostmortemStatus.APPROVED, PostmortemStatus.PUBLISHED)


@transaction.atomic
def save(*, actor: Actor, section: Section, text: str, now: dt.datetime, version: int | None = None) -> Section:
    """Replace the text of one section. Whoever does is an author; approvals that it had are void.

    Raises `Stale` where somebody else has saved this very section meanwhile.
    """
    postmortem = section.postmortem
    require(actor, LessonPerm.WRITE, postmortem)
    _check_writable(postmortem)
    # Browsers send line ends in their own way; that alone is no change.
    text = text.replace("\r\n", "\n")
    if section.text == text:
        return section
    check_version(section, version)
    # Refused now rather than on the day of publishing.
    markup.render(text)
    compare_and_set(section, at=now, text=text, saved_by=actor.user, saved_at=now)
    _note_author(actor, postmortem, now)
    changes = {section.heading[:40]: (f"version {section.version - 1}", f"version {section.version}")}
    audit.record(actor=actor, action="postmortem.section_saved", target=postmortem, at=now, changes=changes)
    return section


@transaction.atomic
def save_head(
    *,
    actor: Actor,
    postmortem: Postmortem,
    title: str,
    lede: str,
    happened_before: bool | None,
    shows_names: bool,
    now: dt.datetime,
    version: int | None = None,
) -> Postmortem:
    """Replace the title, the sentence under it, and what holds for the whole page."""
    require(actor, LessonPerm.WRITE, postmortem)
    _check_writable(postmortem)
    check_version(postmortem, version)
    title = " ".join(title.split())
    if not title:
        message = _("Give it a title.")
        raise InvalidInput(message, code="title_missing", fields={"title": message})
    values = {
        "title": title[:200],
        "lede": " ".join(lede.split())[:500],
        "happened_before": happened_before,
        "shows_names": shows_names,
    }
    changes = audit.difference(postmortem, values)
    if changes:
        compare_and_set(postmortem, at=now, **values)
        _note_author(actor, postmortem, now)
        audit.record(actor=actor, action="postmortem.edited", target=postmortem, at=now, changes=changes)
    return postmortem


def _check_writable(postmortem: Postmortem) -> None:
    if postmortem.status not in WRITABLE:
        status = postmortem.get_status_display().lower()
        raise NotPossible(_("The postmortem is %(status)s. Take up the draft again first.") % {"status": status})


def _note_author(actor: Actor, postmortem: Postmortem, now: dt.datetime) -> None:
    if actor.user is not None:
        postmortem.authors.add(actor.user)
    approved = Postmortem.objects.filter(pk=postmortem.pk, status=PostmortemStatus.APPROVED)
    values = {"status": PostmortemStatus.IN_REVIEW, "version": F("version") + 1, "updated_at": now}
    if approved.update(**values):
        postmortem.reviews.update(is_void=True)
        postmortem.refresh_from_db(fields=["status", "version", "updated_at"])
        changes = {"status": (PostmortemStatus.APPROVED, PostmortemStatus.IN_REVIEW)}
        audit.record(actor=actor, action="postmortem.approval_void", target=postmortem, at=now, changes=changes)
