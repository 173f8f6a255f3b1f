"""The templates that every installation starts with."""

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from incidents.enums import Severity

from .enums import SectionKind


def ensure_templates(sender: Any, using: str = DEFAULT_DB_ALIAS, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Add the two templates where there are none at all; what admins changed or removed stays so."""
    if sender.name != "postmortems":
        return
    try:
        template = apps.get_model("postmortems", "Template")
    except LookupError:
        return
    if template.objects.using(using).exists():
        return
    template.objects.using(using).create(
        name=_("Full"), description=_("For SEV1, SEV2 and not yet known."), sections=_full()
    )
    template.objects.using(using).create(
        name=_("Short"),
        description=_("For SEV3 and SEV4: one screen."),
        severities=[Severity.SEV3.value, Severity.SEV4.value],
        sections=_short(),
    )


def _part(kind: SectionKind, heading: str, prompt: str) -> dict[str, str]:
    return {"kind": kind.value, "heading": heading, "prompt": prompt}


def _full() -> list[dict[str, str]]:
    return [
        _part(
            SectionKind.SUMMARY,
            _("What happened"),
            _("Two or three paragraphs a colleague from another team understands."),
        ),
        _part(SectionKind.IMPACT, _("Impact"), _("Who could not do what, how many of them, for how long?")),
        _part(
            SectionKind.DETECTION, _("How we noticed"), _("Who or what saw it first? What would have seen it earlier?")
        ),
        _part(SectionKind.RESOLUTION, _("How it was fixed"), _("What was tried, what helped, and how do we know?")),
        _part(SectionKind.LESSONS, _("What we learned"), _("What went well, what went badly, where were we lucky?")),
    ]


def _short() -> list[dict[str, str]]:
    return [
        _part(SectionKind.SUMMARY, _("What happened"), _("A few sentences.")),
        _part(
            SectionKind.LESSONS,
            _("What we learned"),
            _("What made it possible, and what would have stopped it earlier?"),
        ),
    ]
