"""What the list of incidents can be narrowed down to by their lessons: what stands behind the figures of the insights.

Each number there leads to the list with one of these in its address, and the list holds exactly what was counted.
"""

from itertools import product
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from incidents.enums import ChangeKind, ChangeVerdict, YesNoUnknown
from incidents.models import IncidentChange, SeverityLevel
from incidents.registry import ListFilter
from incidents.zones import reader_zone

from .enums import CauseCategory, Defence, DefenceResult, PublicationState, WorkState
from .models import ActionItem, DefenceCheck, RepeatMark, RootCause
from .querysets import publication_in, work_in

ANSWERED = "answered"
UNAPPROVED, UNTRIED = "not-approved", "not-tried"
TRIGGERS: dict[str, dict[str, str]] = {
    "any": {},
    UNAPPROVED: {"change__was_approved": YesNoUnknown.NO},
    UNTRIED: {"change__tried_in_sandbox": YesNoUnknown.NO},
    **{kind.value: {"change__kind": kind} for kind in ChangeKind},
}


def _repeats(_value: str, user: Any) -> Q:
    here = OuterRef("pk")
    same = RootCause.objects.same_as_earlier(user).filter(incident=here)
    return Q(Exists(same)) | Q(Exists(RepeatMark.objects.links().of(here, user)))


def _has_cause(value: str, _user: Any) -> Q:
    return Q(Exists(RootCause.objects.filter(incident=OuterRef("pk"), category=value, removed_at=None)))


def _was_triggered(value: str, _user: Any) -> Q:
    triggers = IncidentChange.objects.filter(incident=OuterRef("pk"), verdict=ChangeVerdict.TRIGGER)
    return Q(Exists(triggers.filter(**TRIGGERS[value])))


def _had_defence(value: str, _user: Any) -> Q:
    defence, _colon, result = value.partition(":")
    checks = DefenceCheck.objects.filter(incident=OuterRef("pk"), defence=defence)
    return Q(Exists(checks if result == ANSWERED else checks.filter(result=result)))


def _has_work(value: str, user: Any) -> Q:
    zone = reader_zone(user)
    items = ActionItem.objects.filter(incident=OuterRef("pk"))
    return Q(Exists(items.filter(work_in(value, today=timezone.now().astimezone(zone).date(), zone=zone))))


def _has_publication(value: str, _user: Any) -> Q:
    asking = SeverityLevel.objects.filter(postmortem_required=True).values("code")
    wanting = Q(severity__in=asking, resolved_at__isnull=False)
    return wanting & publication_in(value, now=timezone.now())


_results = [*DefenceResult.choices, (ANSWERED, _("known"))]

FILTERS = (
    ListFilter("repeat", _("Seen before"), [("yes", _("same cause as an earlier one"))], _repeats),
    ListFilter("cause", _("Cause"), CauseCategory.choices, _has_cause),
    ListFilter(
        "trigger",
        _("Started by"),
        [
            ("any", _("a change")),
            (UNAPPROVED, _("a change without approval")),
            (UNTRIED, _("a change not tried in a sandbox")),
            *ChangeKind.choices,
        ],
        _was_triggered,
    ),
    ListFilter(
        "defence",
        _("Safety net"),
        [
            (f"{defence}:{result}", format_lazy("{}: {}", defence.label, label))
            for defence, (result, label) in product(Defence, _results)
        ],
        _had_defence,
    ),
    ListFilter("work", _("Action items"), WorkState.choices, _has_work),
    ListFilter("postmortem", _("Postmortem"), PublicationState.choices, _has_publication),
)
