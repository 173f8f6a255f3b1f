"""The catalogue: services and the teams that own them, and what each severity asks for."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from .. import audit
from ..errors import InvalidInput, NotPossible
from ..models import Service, SeverityLevel, Team
from ..permissions import Actor, Perm, require
from .records import store

# Addresses below /services/ that are pages of their own.
RESERVED_SLUGS = {"new"}


@transaction.atomic
def create_service(
    *, actor: Actor, name: str, description: str = "", team: Team | None = None, now: dt.datetime
) -> Service:
    """Add a service. Its address is made of the name, once. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    _check_team(team)
    service = Service(name=name.strip(), slug=_free_slug(name), description=description.strip(), team=team)
    store(service)
    changes = {"name": (None, service.name), "team": (None, team)}
    audit.record(actor=actor, action="service.created", target=service, at=now, changes=changes)
    return service


@transaction.atomic
def change_service(
    *, actor: Actor, service: Service, name: str, description: str, team: Team | None, now: dt.datetime
) -> Service:
    """Change a service; its address stays, so that links hold. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    if team != service.team:
        _check_team(team)
    new = {"name": name.strip(), "description": description.strip(), "team": team}
    _change(actor, service, new, "service.changed", now)
    return service


@transaction.atomic
def retire_service(*, actor: Actor, service: Service, now: dt.datetime) -> Service:
    """Take a service out of use; its incidents stay. Raises `NotPossible` while an incident is open on it."""
    require(actor, Perm.ADMINISTER)
    if service.incidents.present().open().exists():
        raise NotPossible(_("An incident is open on this service. Resolve it first."), code="service_has_open_incident")
    _change(actor, service, {"is_active": False}, "service.retired", now)
    return service


@transaction.atomic
def bring_back_service(*, actor: Actor, service: Service, now: dt.datetime) -> Service:
    """Take a retired service into use again."""
    require(actor, Perm.ADMINISTER)
    _change(actor, service, {"is_active": True}, "service.brought_back", now)
    return service


@transaction.atomic
def change_severity(*, actor: Actor, level: SeverityLevel, now: dt.datetime, **new: Any) -> SeverityLevel:
    """Change what a severity says and asks for. ``new`` holds fields of the level besides its code."""
    require(actor, Perm.ADMINISTER)
    _change(actor, level, new, "severity.changed", now)
    return level


def _change(actor: Actor, record: Service | SeverityLevel, new: dict[str, Any], action: str, now: dt.datetime) -> None:
    before = type(record)._default_manager.get(pk=record.pk)
    changes = audit.difference(before, new)
    for field, value in new.items():
        setattr(record, field, value)
    if changes:
        store(record, fields=list(changes))
        audit.record(actor=actor, action=action, target=record, at=now, changes=changes)


def _check_team(team: Team | None) -> None:
    if team is not None and not team.is_active:
        message = _("This team is retired. Choose another one.")
        raise InvalidInput(message, code="team_retired", fields={"team": message})


def _free_slug(name: str) -> str:
    """An address that no service has; a name without Latin letters gives ``service``."""
    slug = slugify(name)[:100] or "service"
    taken = set(Service.objects.filter(slug__startswith=slug).values_list("slug", flat=True)) | RESERVED_SLUGS
    if slug not in taken:
        return slug
    return next(free for number in range(2, len(taken) + 3) if (free := f"{slug}-{number}") not in taken)
