"""The history of a postmortem: what was saved and what was published, any two of which can be compared or taken up."""

import datetime as dt
import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from incidents.errors import NotPossible
from incidents.permissions import Actor, require

from ..enums import SectionKind
from ..models import DraftVersion, Postmortem, Revision
from ..permissions import LessonPerm
from . import sections, versions
from .comparison import PartDifference
from .versions import HEAD, Part

NOW = "now"
_KEY = re.compile(r"(?P<kind>[rv])(?P<number>[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class State:
    """What the postmortem said at some moment; ``key`` stands for it in addresses, ``at`` is None for now."""

    key: str
    at: dt.datetime | None
    parts: list[Part]
    version: DraftVersion | None = None
    revision: Revision | None = None


def state(postmortem: Postmortem, key: str) -> State | None:
    """The state that an address names: ``now``, ``v12`` for the draft right after that save, ``r2`` for what was
    published as that revision. Nothing where there is none.
    """
    if key == NOW:
        return State(NOW, None, versions.parts_now(postmortem))
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    number = int(found["number"])
    if found["kind"] == "r":
        revision = postmortem.revisions.filter(number=number).select_related("published_by").first()
        return _published(revision) if revision else None
    version = postmortem.draft_versions.filter(pk=number).select_related("author", "section").first()
    if version is None:
        return None
    return State(key, version.saved_at, versions.parts_at(postmortem, version.saved_at), version=version)


def before(postmortem: Postmortem, version: DraftVersion) -> str:
    """The key of the version that this one took the place of; its own where it is the first of its part."""
    earlier = postmortem.draft_versions.filter(section=version.section_id, saved_at__lte=version.saved_at)
    found = earlier.exclude(pk=version.pk).first()
    return f"v{(found or version).pk}"


@transaction.atomic
def restore(*, actor: Actor, postmortem: Postmortem, version: DraftVersion, now: dt.datetime) -> None:
    """Let a part of the draft say again what it said in this version: a save as any other, after which what it said
    until now is a version too. A section that was removed is put back. Raises what a save raises.
    """
    require(actor, LessonPerm.WRITE, postmortem)
    if version.is_removal:
        raise NotPossible(_("It was removed with this version; choose one from before."))
    section = version.section
    if section is None:
        sections.save_head(
            actor=actor,
            postmortem=postmortem,
            title=version.heading,
            lede=version.text,
            happened_before=postmortem.happened_before,
            shows_names=postmortem.shows_names,
            now=now,
        )
        return
    section.postmortem = postmortem
    versions.seal(postmortem)
    sections.restore(actor=actor, section=section, now=now)
    sections.rename(actor=actor, section=section, heading=version.heading, kind=SectionKind(section.kind), now=now)
    sections.save(actor=actor, section=section, text=version.text, now=now, base=section.text)


def from_now(postmortem: Postmortem, version: DraftVersion) -> PartDifference:
    """How the part would change if this version was restored."""
    key = versions.key_of(version.section)
    current = next((part for part in versions.parts_now(postmortem) if part.key == key), None)
    return PartDifference(current, Part(key, version.heading, version.text, version.section))


def _published(revision: Revision) -> State:
    told = revision.document
    parts = [Part(HEAD, told["title"], told["lede"])]
    parts += [
        Part(f"r{revision.number}-{place}", section["heading"], section["text"])
        for place, section in enumerate(told["sections"])
    ]
    return State(f"r{revision.number}", revision.published_at, parts, revision=revision)
