"""The text of a draft, section by section."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from incidents import audit, markup
from incidents.domain.versions import check_version, compare_and_set
from incidents.errors import InvalidInput, NotPossible, Stale
from incidents.permissions import Actor, require

from ..enums import PostmortemStatus, SectionKind
from ..merging import holds, merge
from ..models import Postmortem, Section
from ..permissions import LessonPerm
from . import versions

WRITABLE = (PostmortemStatus.DRAFT, PostmortemStatus.IN_REVIEW, PostmortemStatus.APPROVED, PostmortemStatus.PUBLISHED)
MAX_SECTIONS = 100
# What is read anew before a section is changed: what it says, and all that a version of it keeps.
_KEPT = ("heading", "text", "version", "saved_by", "saved_at", "removed_at")


@transaction.atomic
def save(
    *,
    actor: Actor,
    section: Section,
    text: str,
    now: dt.datetime,
    version: int | None = None,
    base: str | None = None,
) -> Section:
    """Replace the text of one section. Whoever does is an author; approvals that it had are void.

    ``base`` is the text that the writer began with. What was saved since then is put together with ``text``, so that
    the section may say more afterwards than was sent. Raises `Stale` where both changed the same words, or where nobody
    knows the base and words that ``version`` did not have would be lost; `NotPossible` where the section was removed.
    """
    postmortem = section.postmortem
    require(actor, LessonPerm.WRITE, postmortem)
    _check_writable(postmortem)
    # One after another: what is compared is what is replaced.
    fields = ["heading", "text", "is_waived", "version", "saved_by", "saved_at", "removed_at"]
    section.refresh_from_db(fields=fields, from_queryset=Section.every.select_for_update())
    _check_standing(section)
    # Browsers send line ends in their own way; that alone is no change.
    text = _with_what_came_since(section, _one_line_end(text), version, base)
    if section.text == text:
        return section
    # Refused now rather than on the day of publishing.
    markup.render(text, links_references=True)
    is_waived = section.is_waived and not text.strip()
    before = versions.of_section(section)
    compare_and_set(section, at=now, text=text, is_waived=is_waived, saved_by=actor.user, saved_at=now)
    versions.keep(actor=actor, section=section, before=before, now=now)
    _note_author(actor, postmortem, now)
    changes = {section.heading[:40]: (f"version {section.version - 1}", f"version {section.version}")}
    audit.record(actor=actor, action="postmortem.section_saved", target=postmortem, at=now, changes=changes)
    return section


@transaction.atomic
def add(
    *,
    actor: Actor,
    postmortem: Postmortem,
    heading: str,
    now: dt.datetime,
    kind: SectionKind = SectionKind.OTHER,
    client_id: uuid.UUID | None = None,
) -> Section:
    """Add an empty section at the end; the same ``client_id`` adds it once."""
    require(actor, LessonPerm.WRITE, postmortem)
    _check_writable(postmortem)
    standing = _locked(postmortem)
    if client_id and (sent_before := Section.every.filter(postmortem=postmortem, client_id=client_id).first()):
        return sent_before
    heading = _heading(heading)
    if len(standing) >= MAX_SECTIONS:
        raise NotPossible(_("It has %(most)d sections already.") % {"most": MAX_SECTIONS})
    section = Section.objects.create(
        postmortem=postmortem,
        kind=kind,
        heading=heading,
        position=standing[-1].position + 1 if standing else 0,
        client_id=client_id,
        saved_by=actor.user,
        saved_at=now,
        updated_at=now,
    )
    versions.keep(actor=actor, section=section, before=None, now=now)
    _record(actor, section, "section_added", now, {"section": (None, heading[:40])})
    return section


@transaction.atomic
def rename(
    *, actor: Actor, section: Section, heading: str, kind: SectionKind, now: dt.datetime, seen: str | None = None
) -> Section:
    """Give a section another heading or kind. The text is not touched, so that whoever is writing it may go on.

    ``seen`` is the heading that the actor saw: raises `Stale` where somebody else has renamed it since.
    """
    require(actor, LessonPerm.WRITE, section.postmortem)
    _check_writable(section.postmortem)
    _locked(section.postmortem)
    section.refresh_from_db(fields=[*_KEPT, "kind"], from_queryset=Section.every.all())
    _check_standing(section)
    values = {"heading": _heading(heading), "kind": kind}
    if seen is not None and section.heading not in (seen, values["heading"]):
        message = _("Somebody else has renamed it “%(heading)s” meanwhile. Save again to put yours in its place.")
        raise Stale(message % {"heading": section.heading}, current=section)
    changes = audit.difference(section, values)
    if changes:
        before = versions.of_section(section)
        compare_and_set(section, at=now, **values)
        versions.keep(actor=actor, section=section, before=before, now=now)
        _record(actor, section, "section_renamed", now, changes)
    return section


@transaction.atomic
def move(*, actor: Actor, section: Section, by: int, now: dt.datetime) -> Section:
    """Move a section down by so many places, or up where that is negative; at either end it stays."""
    require(actor, LessonPerm.WRITE, section.postmortem)
    _check_writable(section.postmortem)
    standing = _locked(section.postmortem)
    before = next((place for place, other in enumerate(standing) if other.pk == section.pk), None)
    if before is None:
        raise _removed()
    after = min(max(before + by, 0), len(standing) - 1)
    if before == after:
        return section
    standing.insert(after, standing.pop(before))
    _number(standing)
    section.position = after
    _record(actor, section, "section_moved", now, {section.heading[:40]: (before + 1, after + 1)})
    return section


@transaction.atomic
def remove(*, actor: Actor, section: Section, now: dt.datetime) -> Section:
    """Take a section out of the draft. Its text is kept and can be put back, also what others write in it meanwhile."""
    require(actor, LessonPerm.WRITE, section.postmortem)
    _check_writable(section.postmortem)
    _locked(section.postmortem)
    section.refresh_from_db(fields=_KEPT, from_queryset=Section.every.all())
    if section.removed_at is None:
        compare_and_set(section, at=now, removed_at=now, removed_by=actor.user)
        versions.keep(actor=actor, section=section, before=versions.of_section(section), now=now)
        _record(actor, section, "section_removed", now, {"section": (section.heading[:40], None)})
    return section


@transaction.atomic
def restore(
    *, actor: Actor, section: Section, now: dt.datetime, text: str | None = None, base: str | None = None
) -> Section:
    """Put a removed section back where it was; with ``text`` as `save()` takes it, where somebody was writing in it."""
    require(actor, LessonPerm.WRITE, section.postmortem)
    _check_writable(section.postmortem)
    standing = _locked(section.postmortem)
    section.refresh_from_db(fields=[*_KEPT, "position"], from_queryset=Section.every.all())
    if section.removed_at is not None:
        if len(standing) >= MAX_SECTIONS:
            raise NotPossible(_("It has %(most)d sections already.") % {"most": MAX_SECTIONS})
        compare_and_set(section, at=now, removed_at=None, removed_by=None)
        versions.keep(actor=actor, section=section, before=None, now=now)
        standing.insert(sum(other.position < section.position for other in standing), section)
        _number(standing)
        _record(actor, section, "section_restored", now, {"section": (None, section.heading[:40])})
    if text is not None:
        save(actor=actor, section=section, text=text, base=section.text if base is None else base, now=now)
    return section


@transaction.atomic
def waive(*, actor: Actor, section: Section, waived: bool, now: dt.datetime, unsaved: str = "") -> Section:
    """Decide that there is nothing to say in an empty section, or take that back.

    ``unsaved`` is what its field holds; raises `InvalidInput` where that, or the section, says something.
    """
    postmortem = section.postmortem
    require(actor, LessonPerm.WRITE, postmortem)
    _check_writable(postmortem)
    fields = ["text", "is_waived", "version", "removed_at"]
    section.refresh_from_db(fields=fields, from_queryset=Section.every.select_for_update())
    _check_standing(section)
    if waived and (section.text.strip() or unsaved.strip()):
        message = _("It says something. Save it, or empty it first.")
        raise InvalidInput(message, code="not_empty", fields={"text": message})
    if section.is_waived != waived:
        compare_and_set(section, at=now, is_waived=waived)
        changes = {section.heading[:40]: (not waived, waived)}
        audit.record(actor=actor, action="postmortem.section_waived", target=postmortem, at=now, changes=changes)
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
        before = versions.of_head(postmortem)
        compare_and_set(postmortem, at=now, **values)
        if changes.keys() & {"title", "lede"}:
            versions.keep_head(actor=actor, postmortem=postmortem, before=before, now=now)
        _note_author(actor, postmortem, now)
        audit.record(actor=actor, action="postmortem.edited", target=postmortem, at=now, changes=changes)
    return postmortem


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")


def _with_what_came_since(section: Section, text: str, version: int | None, base: str | None) -> str:
    """The text to store: with the words that others saved since ``base``, or `Stale` where that takes a person."""
    if base is None:
        if not holds(text, section.text):
            check_version(section, version)
        return text
    merged = merge(_one_line_end(base), section.text, text)
    if merged.conflicts and not holds(text, section.text):
        message = _("Somebody else changed the same words while you were writing. Nothing of yours is lost: compare.")
        raise Stale(message, current=section)
    return text if merged.conflicts else merged.text


def _locked(postmortem: Postmortem) -> list[Section]:
    """The sections that stand, in their order, while nobody else changes the order."""
    Postmortem.objects.select_for_update().get(pk=postmortem.pk)
    return list(postmortem.sections.all())


def _number(standing: list[Section]) -> None:
    """Store the order of this list. It is no change of a text, so versions stay."""
    for position, section in enumerate(standing):
        if section.position != position:
            Section.objects.filter(pk=section.pk).update(position=position)


def _heading(text: str) -> str:
    heading = " ".join(text.split())[:200]
    if not heading:
        message = _("Give the section a heading.")
        raise InvalidInput(message, code="heading_missing", fields={"heading": message})
    return heading


def _check_standing(section: Section) -> None:
    if section.removed_at is not None:
        raise _removed()


def _removed() -> NotPossible:
    return NotPossible(_("This section was removed meanwhile. Put it back to write on."), code="removed")


def _record(actor: Actor, section: Section, what: str, now: dt.datetime, changes: Mapping[str, Any]) -> None:
    postmortem = section.postmortem
    _note_author(actor, postmortem, now)
    audit.record(actor=actor, action=f"postmortem.{what}", target=postmortem, at=now, changes=changes)


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
