"""What is still missing before a postmortem can be published, and what would make it better."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.domain import durations
from incidents.enums import DetectedBy, IncidentKind

from ..enums import ActionStatus, ActionType, CauseRole
from ..models import ActionItem, Postmortem, RootCause


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. What ``blocks`` must be done before publishing, the rest is advice."""

    key: str
    done: bool
    blocks: bool
    sentence: str


def checks(postmortem: Postmortem) -> list[Check]:
    """The checklist as it ticks itself from what is written. Four queries."""
    incident = postmortem.incident
    sections = list(postmortem.sections.all())
    causes = list(RootCause.objects.filter(incident=incident, removed_at=None))
    items = list(ActionItem.objects.filter(incident=incident).exclude(status=ActionStatus.WONT_DO))
    living = [item for item in items if item.status != ActionStatus.HISTORICAL]
    answered = {item.cause_id for item in items}
    unanswered = [cause for cause in causes if cause.role == CauseRole.ROOT_CAUSE and cause.pk not in answered]
    return [
        Check("text", any(section.text.strip() for section in sections), True, _("At least one section is written.")),
        Check(
            "owned",
            all(item.owner_id and item.due_on for item in living if item.is_unfinished),
            True,
            _("Every open action item has an owner and a date."),
        ),
        Check("before", postmortem.happened_before is not None, True, _("“Has it happened before?” is answered.")),
        Check("lede", bool(postmortem.lede.strip()), False, _("It is said in one sentence.")),
        Check("impact", incident.impacts.exists(), False, _("The impact is written down.")),
        Check("causes", bool(causes), False, _("At least one cause is named.")),
        Check("answered", not unanswered, False, _("Each root cause is answered by an action item.")),
        Check(
            "order",
            bool(incident.impact_started_at and incident.resolved_at) and not durations.impossible_order(incident),
            False,
            _("Start and end are known, in a possible order."),
        ),
        *_detective(postmortem, items),
    ]


def blocking(postmortem: Postmortem) -> list[str]:
    """What must still be done, as sentences. A near miss asks only for a text."""
    return [check.sentence for check in checks(postmortem) if check.blocks and not check.done]


def _detective(postmortem: Postmortem, items: list[ActionItem]) -> list[Check]:
    incident = postmortem.incident
    if incident.detected_by != DetectedBy.USERS or incident.kind == IncidentKind.NEAR_MISS:
        return []
    found = any(item.type == ActionType.DETECTIVE for item in items)
    return [Check("detective", found, False, _("Users saw it first: a detective action item says how we will."))]
