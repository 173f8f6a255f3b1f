"""What is still missing before a postmortem can be published, and what would make it better.

A line is a member of `CheckCode`, a function that says what is missing, and a row in ``_LINES``. Admins choose which
lines block, which are advice and which are not asked for.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import audit
from incidents.domain import durations
from incidents.domain.versions import check_version, compare_and_set
from incidents.enums import DetectedBy, IncidentKind, Milestone
from incidents.errors import InvalidInput
from incidents.models import Incident
from incidents.permissions import Actor, require

from ..enums import ActionStatus, ActionType, CauseRole, CheckCode, CheckForce
from ..models import ActionItem, ChecklistRules, Postmortem, RepeatMark, RootCause, Section
from ..permissions import LessonPerm
from ..publication import document
from . import wording

# What is not named here is advice until an admin decides otherwise.
BLOCKING_BY_DEFAULT = frozenset({CheckCode.TEXT, CheckCode.OWNED, CheckCode.BEFORE})
# Judging words is for people.
NEVER_BLOCKING = frozenset({CheckCode.WORDING})
# A sentence that names more of them is not read.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist: what is missing (nothing when it is ticked), and where that is done."""

    code: CheckCode
    force: CheckForce
    missing: str
    url: str

    @property
    def done(self) -> bool:
        return not self.missing

    @property
    def blocks(self) -> bool:
        return self.force == CheckForce.BLOCKS

    @property
    def sentence(self) -> str:
        """What is true when it is ticked, and until then what to do."""
        return self.missing or str(self.code.label)


@dataclass(frozen=True, slots=True)
class Checklist:
    """The lines, and the hints on wording that one of them counts; no hints where that line is not asked for."""

    checks: list[Check]
    hints: list[wording.PlacedHint]


def look_at(postmortem: Postmortem) -> Checklist:
    """The checklist as it ticks itself from what is written, without what is not asked for. Seven queries."""
    draft, forces = _Draft(postmortem), forces_in(ChecklistRules.current())
    found = []
    for code, look in _LINES.items():
        if forces[code] != CheckForce.OFF and (finding := look(draft)) is not None:
            found.append(Check(code, forces[code], finding.missing, finding.url))
    return Checklist(found, draft.hints if forces[CheckCode.WORDING] != CheckForce.OFF else [])


def checks(postmortem: Postmortem) -> list[Check]:
    """The lines of the checklist alone."""
    return look_at(postmortem).checks


def blocking(postmortem: Postmortem) -> list[str]:
    """What must still be done before publishing, as sentences."""
    return [check.sentence for check in checks(postmortem) if check.blocks and not check.done]


def choices_of(code: CheckCode) -> list[CheckForce]:
    """What admins may choose for a line."""
    return [force for force in CheckForce if force != CheckForce.BLOCKS or code not in NEVER_BLOCKING]


def forces_in(rules: ChecklistRules) -> dict[CheckCode, CheckForce]:
    """What each line does, in the order of the checklist."""
    return {code: CheckForce(rules.forces.get(code.value, default_force(code))) for code in CheckCode}


def default_force(code: CheckCode) -> CheckForce:
    """What a line does where no admin chose."""
    return CheckForce.BLOCKS if code in BLOCKING_BY_DEFAULT else CheckForce.ADVICE


@transaction.atomic
def choose(
    *, actor: Actor, forces: Mapping[CheckCode, CheckForce], now: dt.datetime, version: int | None = None
) -> ChecklistRules:
    """Decide what blocks publishing, what is advice and what is not asked for. Holds from the next look on."""
    require(actor, LessonPerm.EDIT_CHECKLIST)
    rules, _created = ChecklistRules.objects.get_or_create(pk=ChecklistRules.ONLY)
    check_version(rules, version)
    if unknown := [code for code, force in forces.items() if force not in choices_of(code)]:
        message = _("This is advice only.")
        raise InvalidInput(message, code="never_blocks", fields={code.value: message for code in unknown})
    before = forces_in(rules)
    changes = {
        f"check_{code}": (before[code].value, force.value) for code, force in forces.items() if before[code] != force
    }
    if changes:
        after = {code.value: force.value for code, force in (before | dict(forces)).items()}
        compare_and_set(rules, at=now, forces=after)
        audit.record(actor=actor, action="checklist.edited", target=rules, at=now, changes=changes)
    return rules


class _Draft:
    """What the lines look at, asked for once."""

    def __init__(self, postmortem: Postmortem) -> None:
        self.postmortem = postmortem
        self.incident: Incident = postmortem.incident

    @property
    def is_near_miss(self) -> bool:
        return self.incident.kind == IncidentKind.NEAR_MISS

    @cached_property
    def sections(self) -> list[Section]:
        return list(self.postmortem.sections.all())

    @cached_property
    def causes(self) -> list[RootCause]:
        return list(RootCause.objects.filter(incident=self.incident, removed_at=None))

    @property
    def is_repeat(self) -> bool:
        """Whether people confirmed that it happened before."""
        if any(cause.same_as_id for cause in self.causes):
            return True
        return RepeatMark.objects.filter(incident=self.incident).exists()

    @cached_property
    def items(self) -> list[ActionItem]:
        return list(ActionItem.objects.filter(incident=self.incident).exclude(status=ActionStatus.WONT_DO))

    @cached_property
    def hints(self) -> list[wording.PlacedHint]:
        return wording.hints_of(self.postmortem, sections=self.sections, causes=self.causes, items=self.items)

    @cached_property
    def unknown_values(self) -> list[str]:
        texts = [self.postmortem.lede, *(section.text for section in self.sections)]
        return document.unknown_values(self.postmortem, texts)

    def editor(self, place: str) -> str:
        """The address of a place in the editor."""
        return f"{reverse('postmortem-edit', args=[self.incident.reference])}#{place}"

    def page(self, name: str, *more: object) -> str:
        """The address of a page of the incident."""
        return reverse(name, args=[self.incident.reference, *more])


class _Finding(NamedTuple):
    """What is missing, as a sentence that says what to do; empty where nothing is. And where that is done."""

    missing: str
    url: str


def _text(draft: _Draft) -> _Finding:
    is_written = any(section.text.strip() for section in draft.sections)
    first = f"s{draft.sections[0].pk}" if draft.sections else "main"
    return _Finding("" if is_written else _("Write at least one section."), draft.editor(first))


def _sections(draft: _Draft) -> _Finding:
    empty = [section for section in draft.sections if not section.text.strip() and not section.is_waived]
    missing = ngettext(
        "Write this section, or say that there is nothing to say: %(names)s.",
        "Write these sections, or say that there is nothing to say: %(names)s.",
        len(empty),
    ) % {"names": _named([section.heading for section in empty])}
    return _Finding(missing if empty else "", draft.editor(f"s{empty[0].pk}" if empty else "main"))


def _lede(draft: _Draft) -> _Finding:
    is_said = draft.postmortem.lede.strip()
    return _Finding("" if is_said else _("Say it in one sentence."), draft.editor("id_head_lede"))


def _impact(draft: _Draft) -> _Finding | None:
    if draft.is_near_miss:
        return None
    missing = "" if draft.incident.impacts.exists() else _("Write down who could not do what.")
    return _Finding(missing, draft.page("impact-new"))


def _order(draft: _Draft) -> _Finding | None:
    """A near miss has no clock."""
    if draft.is_near_miss:
        return None
    asked = (Milestone.IMPACT_STARTED, Milestone.DETECTED, Milestone.RESOLVED)
    unknown = [milestone.label for milestone in asked if not draft.incident.milestone(milestone)]
    missing = " ".join(durations.impossible_order(draft.incident))
    if unknown:
        missing = _("Enter the times: %(names)s.") % {"names": _named([str(name).lower() for name in unknown])}
    return _Finding(missing, draft.page("milestones"))


def _causes(draft: _Draft) -> _Finding:
    return _Finding("" if draft.causes else _("Name at least one cause."), draft.editor("lessons"))


def _answered(draft: _Draft) -> _Finding:
    answered = {item.cause_id for item in draft.items}
    left = [
        cause
        for cause in draft.causes
        if cause.role == CauseRole.ROOT_CAUSE and cause.pk not in answered and not cause.no_action_reason
    ]
    missing = ngettext(
        "Answer this root cause by an action item, or say in it why none will: %(names)s.",
        "Answer these root causes by action items, or say in each why none will: %(names)s.",
        len(left),
    ) % {"names": _named([cause.title for cause in left])}
    return _Finding(missing if left else "", draft.editor(f"cause-{left[0].pk}" if left else "lessons"))


def _owned(draft: _Draft) -> _Finding:
    left = [item for item in draft.items if item.is_unfinished and not (item.owner_id and item.due_on)]
    missing = _("Give %(names)s an owner and a date.") % {"names": _named([item.reference for item in left])}
    url = reverse("action-edit", args=[left[0].reference]) if left else draft.editor("lessons")
    return _Finding(missing if left else "", url)


def _detective(draft: _Draft) -> _Finding | None:
    if draft.incident.detected_by != DetectedBy.USERS or draft.is_near_miss:
        return None
    is_there = any(item.type == ActionType.DETECTIVE for item in draft.items)
    missing = _("Users saw it first: add a detective action item that says how we will.")
    return _Finding("" if is_there else missing, draft.page("action-new"))


def _before(draft: _Draft) -> _Finding:
    is_answered = draft.postmortem.happened_before is not None
    missing = "" if is_answered else _("Answer “Has it happened before?”.")
    if draft.postmortem.happened_before is False and draft.is_repeat:
        missing = _("“Has it happened before?” says no, and a repeat is confirmed: put one of the two right.")
    return _Finding(missing, draft.editor("id_head_happened_before"))


def _values(draft: _Draft) -> _Finding:
    unknown = draft.unknown_values
    return _Finding(" ".join(unknown[:MOST_NAMED]), draft.editor("values-head"))


def _wording(draft: _Draft) -> _Finding:
    left = [placed for placed in draft.hints if not placed.is_set_aside]
    missing = ngettext(
        "Look at %(count)d hint on wording, and follow it or set it aside.",
        "Look at %(count)d hints on wording, and follow them or set them aside.",
        len(left),
    ) % {"count": len(left)}
    return _Finding(missing if left else "", draft.editor(f"hints-{left[0].place}" if left else "main"))


def _named(names: Sequence[str]) -> str:
    """A few of them in one line."""
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown}, …" if len(names) > MOST_NAMED else shown


_LINES: dict[CheckCode, Callable[[_Draft], _Finding | None]] = {
    CheckCode.TEXT: _text,
    CheckCode.SECTIONS: _sections,
    CheckCode.LEDE: _lede,
    CheckCode.IMPACT: _impact,
    CheckCode.ORDER: _order,
    CheckCode.CAUSES: _causes,
    CheckCode.ANSWERED: _answered,
    CheckCode.OWNED: _owned,
    CheckCode.DETECTIVE: _detective,
    CheckCode.BEFORE: _before,
    CheckCode.VALUES: _values,
    CheckCode.WORDING: _wording,
}
