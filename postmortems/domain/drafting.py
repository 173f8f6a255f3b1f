"""The draft that writes itself: sections of a template, filled with what the incident already knows.

Times and durations are live values (`publication.live_values`), so that they stay true when a milestone is put right.
"""

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import audit
from incidents.domain import durations
from incidents.enums import DetectedBy, Status, TimelineKind
from incidents.errors import NotPossible
from incidents.models import Incident
from incidents.permissions import Actor, require

from ..enums import PostmortemStatus, SectionKind
from ..models import Postmortem, Section, Template
from ..permissions import LessonPerm
from . import lifecycle


@transaction.atomic
def start(*, actor: Actor, incident: Incident, now: dt.datetime, template: Template | None = None) -> Postmortem:
    """Start the draft of an incident's postmortem; the one that is there where somebody was quicker.

    Where somebody said that none is needed, the draft is taken up again as it was.
    """
    require(actor, LessonPerm.WRITE, incident)
    if incident.status in (Status.TRIAGE, Status.CANCELLED):
        raise NotPossible(_("There is no story to tell of an incident in triage, or of a cancelled one."))
    postmortem, created = Postmortem.objects.get_or_create(
        incident=incident,
        defaults={"title": incident.title, "created_by": actor.user, "created_at": now, "updated_at": now},
    )
    if created or not postmortem.sections.exists():
        fill(postmortem=postmortem, template=template or template_for(incident), now=now)
    if created:
        changes = {"status": (None, PostmortemStatus.DRAFT)}
        audit.record(actor=actor, action="postmortem.drafted", target=postmortem, at=now, changes=changes)
    elif postmortem.status == PostmortemStatus.NOT_REQUIRED:
        lifecycle.redraft(actor=actor, postmortem=postmortem, now=now)
    return postmortem


def template_for(incident: Incident) -> Template | None:
    """The template whose severities hold this one, else the one for all others."""
    templates = list(Template.objects.filter(is_active=True))
    fitting = [template for template in templates if incident.severity in template.severities]
    return next(iter(fitting or [template for template in templates if not template.severities]), None)


def fill(*, postmortem: Postmortem, template: Template | None, now: dt.datetime) -> None:
    """Add the sections of a template, each with what is known already."""
    planned = template.sections if template else [{"kind": "summary", "heading": _("What happened"), "prompt": ""}]
    Section.objects.bulk_create(
        Section(
            postmortem=postmortem,
            kind=part["kind"],
            heading=part["heading"],
            prompt=part.get("prompt", ""),
            text=first_words(postmortem.incident, part["kind"]),
            position=position,
            updated_at=now,
        )
        for position, part in enumerate(planned)
    )


def first_words(incident: Incident, kind: str) -> str:
    """What a section of this kind can say without anybody writing, as Markdown; empty where nothing is known."""
    writer = _WRITERS.get(SectionKind(kind))
    return writer(incident) if writer else ""


def _summary(incident: Incident) -> str:
    if incident.summary:
        return incident.summary
    impact = incident.impacts.first()
    parts = []
    if incident.impact_started_at:
        parts.append(_("On {{date}} from {{started}} ({{zone}}):"))
    parts.append(f"{impact.what}." if impact else f"{incident.title}.")
    to_resolve = next(d for d in durations.durations(incident) if d.name == durations.DurationName.TO_RESOLVE)
    if to_resolve.state == durations.RECORDED:
        parts.append(_("It was over after {{duration}}."))
    return " ".join(parts)


def _impact(incident: Incident) -> str:
    rows = []
    for impact in incident.impacts.all():
        scope = f" ({impact.scope_text}, {impact.get_scope_basis_display()})" if impact.scope_text else ""
        rows.append(f"- {impact.get_audience_display()}: {impact.what}{scope}")
    return "\n".join(rows)


def _detection(incident: Incident) -> str:
    noticed = "" if incident.detected_by == DetectedBy.UNKNOWN else DetectedBy(incident.detected_by).label.lower()
    if not incident.detected_at:
        return _("Noticed by %(who)s.") % {"who": noticed} if noticed else ""
    if not noticed:
        return _("Detected at {{detected}}.")
    return _("Noticed by %(who)s at {{detected}}.") % {"who": noticed}


def _resolution(incident: Incident) -> str:
    helped = Q(kind__in=(TimelineKind.RECOVERY, TimelineKind.DECISION)) | Q(kind=TimelineKind.ACTION, is_starred=True)
    entries = incident.timeline.filter(helped, struck_at=None, is_internal=False).order_by("sort_at", "position", "id")
    return "\n".join(f"- {' '.join(entry.text.split())}" for entry in entries[:20])


_WRITERS: dict[SectionKind, Callable[[Incident], str]] = {
    SectionKind.SUMMARY: _summary,
    SectionKind.IMPACT: _impact,
    SectionKind.DETECTION: _detection,
    SectionKind.RESOLUTION: _resolution,
}
