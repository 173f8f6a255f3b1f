"""Versions of a draft: who wrote what when, what it said at any moment, and how to get that back.

A version is written when somebody else saves, after a pause, and once somebody has looked or decided; what one person
saves again and again in between is one. So autosave fills no history, and nobody's words are replaced but one's own.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from incidents.models import User
from incidents.permissions import Actor

from ..models import DraftVersion, Postmortem, Section

HEAD = "head"

# After this long without a save the next one is another version, and none goes on for longer than an hour.
PAUSE = dt.timedelta(minutes=10)
LONGEST = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a draft at some moment: a section, or the head with its title and the sentence under it.

    ``key`` is the same for a part at every moment, and stands for it in addresses.
    """

    key: str
    heading: str
    text: str
    section: Section | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a part said before it was saved anew, by whom and since when (UTC)."""

    heading: str
    text: str
    author: User | None
    at: dt.datetime


def of_section(section: Section) -> Written:
    """What the section says, as it is stored."""
    at = section.saved_at or section.postmortem.created_at
    return Written(section.heading, section.text, section.saved_by, at)


def of_head(postmortem: Postmortem) -> Written:
    """What the head says, as it is stored."""
    return Written(postmortem.title, postmortem.lede, postmortem.created_by, postmortem.created_at)


def keep(*, actor: Actor, section: Section, before: Written | None, now: dt.datetime) -> None:
    """Keep what a section says now, in the transaction that saves it, or that it was removed.

    ``before`` is what it said, for one that has no version yet; nothing where it is new.
    """
    versions = section.postmortem.draft_versions.filter(section=section)
    _keep(versions, actor, section.postmortem, section, before, now)


def keep_head(*, actor: Actor, postmortem: Postmortem, before: Written, now: dt.datetime) -> None:
    """Keep what the head says now, in the transaction that saves it."""
    _keep(postmortem.draft_versions.filter(section=None), actor, postmortem, None, before, now)


def _keep(
    versions: QuerySet[DraftVersion],
    actor: Actor,
    postmortem: Postmortem,
    section: Section | None,
    before: Written | None,
    now: dt.datetime,
) -> None:
    latest = versions.first()
    if latest is None and before is not None:
        _write(postmortem, section, before, began_at=before.at, is_sealed=True)
    written = of_section(section) if section else of_head(postmortem)
    is_removal = section is not None and section.removed_at is not None
    if latest is not None and not is_removal and _goes_on(latest, actor, now):
        values = {"heading": written.heading, "text": written.text, "saved_at": now}
        # Where it is sealed in this very moment, it stays, and this is the next one.
        if versions.filter(pk=latest.pk, is_sealed=False).update(**values):
            return
    anew = Written(written.heading, written.text, actor.user, now)
    _write(postmortem, section, anew, began_at=now, is_removal=is_removal)


def seal(postmortem: Postmortem) -> None:
    """Let what is saved from now on be other versions: somebody has looked at these, or decided on them."""
    DraftVersion.objects.filter(postmortem=postmortem, is_sealed=False).update(is_sealed=True)


def parts_now(postmortem: Postmortem) -> list[Part]:
    """What the draft says now, in its order, the head first."""
    head = Part(HEAD, postmortem.title, postmortem.lede)
    return [head, *(_of(section, section.heading, section.text) for section in postmortem.sections.all())]


def parts_at(postmortem: Postmortem, moment: dt.datetime) -> list[Part]:
    """What the draft said at this moment (UTC). Three queries, however many versions there are."""
    until = DraftVersion.objects.filter(postmortem=postmortem, saved_at__lte=moment)
    of_this = DraftVersion.objects.filter(section=OuterRef("pk"))
    sections = Section.every.filter(postmortem=postmortem).annotate(
        last=Subquery(until.filter(section=OuterRef("pk")).values("pk")[:1]), has_versions=Exists(of_this)
    )
    found = list(sections)
    versions = DraftVersion.objects.in_bulk([section.last for section in found if section.last])
    head = until.filter(section=None).first()
    parts = [Part(HEAD, head.heading, head.text) if head else Part(HEAD, postmortem.title, postmortem.lede)]
    for section in found:
        if section.last:
            version = versions[section.last]
            parts += [] if version.is_removal else [_of(section, version.heading, version.text)]
        elif not section.has_versions and section.removed_at is None:
            # Nobody has touched it since the draft began.
            parts.append(_of(section, section.heading, section.text))
    return parts


def key_of(section: Section | None) -> str:
    """What stands for a section in addresses; without one for the head."""
    return f"s{section.pk}" if section else HEAD


def _of(section: Section, heading: str, text: str) -> Part:
    return Part(key_of(section), heading, text, section)


def _goes_on(latest: DraftVersion, actor: Actor, now: dt.datetime) -> bool:
    same = latest.author_id == (actor.user.pk if actor.user else None)
    fresh = latest.saved_at > now - PAUSE and latest.began_at > now - LONGEST
    return same and fresh and not latest.is_sealed and not latest.is_removal


def _write(
    postmortem: Postmortem,
    section: Section | None,
    written: Written,
    *,
    began_at: dt.datetime,
    is_sealed: bool = False,
    is_removal: bool = False,
) -> None:
    DraftVersion.objects.create(
        postmortem=postmortem,
        section=section,
        heading=written.heading,
        text=written.text,
        author=written.author,
        began_at=began_at,
        saved_at=written.at,
        is_sealed=is_sealed,
        is_removal=is_removal,
    )
