"""What an incident is about: its title, severity, services, team, tags and relatives."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import DetectedBy, IncidentEvent, Severity, TimelineKind
from ..errors import InvalidInput
from ..models import Incident, Service, Tag, Team
from ..models.incident import SEVERITY_RANK
from ..notifications import rules
from ..permissions import Actor, Perm, require
from . import privacy, timeline
from .declaration import clean_prose, clean_title, title_key
from .versions import check_version, compare_and_set

MAX_TAGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything the edit form of an incident holds."""

    title: str
    summary: str
    severity: Severity
    detected_by: DetectedBy
    services: Sequence[Service]
    team: Team | None
    home_zone: str
    tags: Sequence[str]
    near_miss_saved_by: str = ""
    near_miss_earlier_stop: str = ""


@transaction.atomic
def edit(
    *, actor: Actor, incident: Incident, details: Details, now: dt.datetime, version: int | None = None
) -> Incident:
    """Replace the details of an incident. A change of severity enters the timeline. Raises `Forbidden`, `Stale`."""
    require(actor, Perm.RESPOND, incident)
    check_version(incident, version)
    title = clean_title(details.title)
    values = {
        "title": title,
        "title_key": title_key(title),
        "summary": clean_prose(details.summary),
        "severity": details.severity,
        "severity_rank": SEVERITY_RANK[details.severity],
        "detected_by": details.detected_by,
        "team": details.team,
        "home_zone": details.home_zone,
        "near_miss_saved_by": clean_prose(details.near_miss_saved_by),
        "near_miss_earlier_stop": clean_prose(details.near_miss_earlier_stop),
    }
    changes = audit.difference(incident, values)
    changes.pop("title_key", None)
    changes.pop("severity_rank", None)
    changes |= _set_services(incident, details.services) | _set_tags(incident, details.tags)
    if not changes:
        return incident
    compare_and_set(incident, at=now, **values)
    if "severity" in changes:
        _write_severity_change(actor, incident, changes["severity"][0], now)
    audit.record(actor=actor, action="incident.edited", target=incident, at=now, changes=changes)
    if "severity" in changes:
        _tell_of_severity(actor, incident, changes["severity"][0], now)
    return incident


@transaction.atomic
def set_severity(*, actor: Actor, incident: Incident, severity: Severity, now: dt.datetime) -> Incident:
    """Change the severity alone, as the chip on the page does."""
    require(actor, Perm.RESPOND, incident)
    if incident.severity == severity:
        return incident
    before = incident.severity
    compare_and_set(incident, at=now, severity=severity, severity_rank=SEVERITY_RANK[severity])
    _write_severity_change(actor, incident, before, now)
    audit.record(
        actor=actor, action="incident.severity", target=incident, at=now, changes={"severity": (before, severity)}
    )
    _tell_of_severity(actor, incident, before, now)
    return incident


@transaction.atomic
def set_team(*, actor: Actor, incident: Incident, team: Team | None, now: dt.datetime) -> Incident:
    """Give the incident to a team, or to none."""
    require(actor, Perm.RESPOND, incident)
    if incident.team != team:
        changes = {"team": (incident.team, team)}
        compare_and_set(incident, at=now, team=team)
        audit.record(actor=actor, action="incident.team", target=incident, at=now, changes=changes)
    return incident


@transaction.atomic
def add_tag(*, actor: Actor, incident: Incident, tag: str, now: dt.datetime) -> Incident:
    """Add one tag; the others stay."""
    require(actor, Perm.RESPOND, incident)
    names = incident.tags.values_list("name", flat=True)
    changes = _set_tags(incident, [*names, tag])
    if changes:
        compare_and_set(incident, at=now)
        audit.record(actor=actor, action="incident.edited", target=incident, at=now, changes=changes)
    return incident


@transaction.atomic
def relate(*, actor: Actor, incident: Incident, other: Incident, now: dt.datetime) -> None:
    """Say that two incidents have to do with each other."""
    require(actor, Perm.RESPOND, incident)
    require(actor, Perm.RESPOND, other)
    if incident.pk == other.pk:
        raise InvalidInput(_("Name another incident than this one."), fields={"other": _("This is the same incident.")})
    if incident.related.filter(pk=other.pk).exists():
        return
    incident.related.add(other)
    for one, two in ((incident, other), (other, incident)):
        changes = {"related": ("", privacy.name_beside(two, one))}
        audit.record(actor=actor, action="incident.related", target=one, at=now, changes=changes)


@transaction.atomic
def unrelate(*, actor: Actor, incident: Incident, other: Incident, now: dt.datetime) -> None:
    """Take that back."""
    require(actor, Perm.RESPOND, incident)
    require(actor, Perm.VIEW_INCIDENTS, other)
    if not incident.related.filter(pk=other.pk).exists():
        return
    incident.related.remove(other)
    for one, two in ((incident, other), (other, incident)):
        changes = {"related": (privacy.name_beside(two, one), "")}
        audit.record(actor=actor, action="incident.unrelated", target=one, at=now, changes=changes)


def _write_severity_change(actor: Actor, incident: Incident, before: str, now: dt.datetime) -> None:
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.STATUS_CHANGE,
        text=_("Severity: %(before)s → %(after)s.")
        % {"before": Severity(before).label, "after": Severity(incident.severity).label},
        occurred_at=now,
        now=now,
    )


def _tell_of_severity(actor: Actor, incident: Incident, before: str, now: dt.datetime) -> None:
    rules.incident_changed(incident=incident, kind=IncidentEvent.SEVERITY, before=before, now=now, actor=actor)


def _set_services(incident: Incident, services: Sequence[Service]) -> dict[str, tuple[str, str]]:
    before, after = sorted(s.name for s in incident.services.all()), sorted(s.name for s in services)
    if before == after:
        return {}
    incident.services.set(services)
    return {"services": (", ".join(before), ", ".join(after))}


def _set_tags(incident: Incident, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    before, after = sorted(tag.name for tag in incident.tags.all()), clean_tags(names)
    if sorted(name.casefold() for name in before) == after:
        return {}
    # Each by a query of its own, because the same new tag may come from two people at once.
    incident.tags.set(Tag.objects.get_or_create(name__iexact=name, defaults={"name": name})[0] for name in after)
    return {"tags": (", ".join(before), ", ".join(after))}


def clean_tags(names: Sequence[str]) -> list[str]:
    """Tags in lower case, each once, in order; raises `InvalidInput` for too many or too long ones."""
    tags = sorted({" ".join(name.split()).casefold() for name in names} - {""})
    if len(tags) > MAX_TAGS or any(len(tag) > 50 for tag in tags):
        message = _("At most 20 tags, each of at most 50 characters.")
        raise InvalidInput(message, code="tags", fields={"tags": message})
    return tags
