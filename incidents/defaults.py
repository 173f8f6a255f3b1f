"""Rows without which nothing works: one for each severity, one counter for each series of numbers."""

from typing import NamedTuple

from django.apps.registry import Apps
from django.utils.translation import gettext as _

from .enums import Series, Severity


class SeverityDefaults(NamedTuple):
    """What a severity asks for until an admin changes it."""

    update_interval_minutes: int | None
    acknowledge_minutes: int | None
    action_item_days: int | None
    review_days: int | None
    postmortem_required: bool = False
    second_approver_required: bool = False
    verification_required: bool = False


SEVERITY_DEFAULTS = {
    Severity.SEV1: SeverityDefaults(
        15, 5, 14, 2, postmortem_required=True, second_approver_required=True, verification_required=True
    ),
    Severity.SEV2: SeverityDefaults(30, 10, 30, 3, postmortem_required=True, verification_required=True),
    Severity.UNKNOWN: SeverityDefaults(30, 10, 30, 5),
    Severity.SEV3: SeverityDefaults(120, 30, 60, 5),
    Severity.SEV4: SeverityDefaults(None, None, 90, 10),
}


def severity_help_texts() -> dict[Severity, str]:
    """When to choose each severity, in the language that is active."""
    return {
        Severity.SEV1: _("Critical: most people cannot use something they need, or data is being lost or exposed."),
        Severity.SEV2: _("Major: many people, or something important, are hit, and there is no good way around it."),
        Severity.UNKNOWN: _("Too early to tell. Choose another one as soon as you know more."),
        Severity.SEV3: _("Moderate: some people are hit, or there is a way around it."),
        Severity.SEV4: _("Minor: few people notice, and nothing they need is broken."),
    }


def ensure_defaults(*, using: str, apps: Apps) -> None:
    """Add the rows that are missing to the database ``using``; what is there stays as it is.

    ``apps`` has the models as they stand after the migrations that ran.
    """
    help_texts = severity_help_texts()
    level = apps.get_model("incidents", "SeverityLevel")
    level._default_manager.using(using).bulk_create(
        [level(code=code, help_text=help_texts[code], **row._asdict()) for code, row in SEVERITY_DEFAULTS.items()],
        ignore_conflicts=True,
    )
    counter = apps.get_model("incidents", "NumberCounter")
    counter._default_manager.using(using).bulk_create(
        [counter(series=series) for series in Series], ignore_conflicts=True
    )
