"""Private incidents: who is let in, and that an admin who looks leaves a trace."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit, registry
from ..enums import Role
from ..errors import InvalidInput
from ..models import AuditEntry, Incident, IncidentMember, User
from ..permissions import Actor, Perm, require
from .versions import compare_and_set

# How long an admin who is no member may look after saying so once.
ACCESS_LASTS = dt.timedelta(hours=8)
ACCESS_ACTION = "incident.private_opened"


def name_beside(other: Incident, incident: Incident) -> str:
    """What the records of ``incident`` may call ``other``: its reference, unless more people read them than see it."""
    return _("a private incident") if other.is_private and not incident.is_private else other.reference


@transaction.atomic
def make_private(
    *, actor: Actor, incident: Incident, members: Sequence[User], now: dt.datetime, version: int | None = None
) -> Incident:
    """Hide the incident from everybody but its members; whoever does it becomes one."""
    require(actor, Perm.MARK_PRIVATE, incident)
    becomes_private = not incident.is_private
    if becomes_private:
        compare_and_set(incident, at=now, is_private=True)
        audit.record(
            actor=actor, action="incident.made_private", target=incident, at=now, changes={"is_private": (False, True)}
        )
    for user in dict.fromkeys([*([actor.user] if actor.user else []), *members]):
        _add(actor, incident, user, now)
    if becomes_private:
        # Once everybody who will see it does.
        registry.made_private(actor, incident, now)
    return incident


@transaction.atomic
def lift(*, actor: Actor, incident: Incident, now: dt.datetime) -> Incident:
    """Make a private incident visible to everybody who may sign in; for admins."""
    require(actor, Perm.LIFT_PRIVATE, incident)
    if incident.is_private:
        compare_and_set(incident, at=now, is_private=False)
        audit.record(
            actor=actor,
            action="incident.private_lifted",
            target=incident,
            at=now,
            changes={"is_private": (True, False)},
        )
    return incident


@transaction.atomic
def add_member(*, actor: Actor, incident: Incident, user: User, now: dt.datetime) -> None:
    """Let somebody see a private incident."""
    require(actor, Perm.MARK_PRIVATE, incident)
    _add(actor, incident, user, now)


@transaction.atomic
def remove_member(*, actor: Actor, incident: Incident, user: User, now: dt.datetime) -> None:
    """Take that back; roles and the declaration keep their right to see it."""
    require(actor, Perm.MARK_PRIVATE, incident)
    deleted, _rows = IncidentMember.objects.filter(incident=incident, user=user).delete()
    if deleted:
        audit.record(
            actor=actor,
            action="incident.member_removed",
            target=incident,
            at=now,
            changes={"members": (user.name, None)},
        )


def must_say_so(user: User, incident: Incident, now: dt.datetime) -> bool:
    """Whether this admin sees the incident only by being admin, and has not said lately that they look."""
    if not incident.is_private or Incident.objects.member(user).filter(pk=incident.pk).exists():
        return False
    recent = AuditEntry.objects.filter(incident=incident, actor=user, action=ACCESS_ACTION, at__gt=now - ACCESS_LASTS)
    return not recent.exists()


@transaction.atomic
def open_as_admin(*, actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """Record that an admin who is no member looks at a private incident."""
    require(actor, Perm.LIFT_PRIVATE, incident)
    audit.record(actor=actor, action=ACCESS_ACTION, target=incident, at=now)


def _add(actor: Actor, incident: Incident, user: User, now: dt.datetime) -> None:
    if not user.has_role(Role.READER):
        message = _("%(name)s has no active account that may see incidents.") % {"name": user.name}
        raise InvalidInput(message, code="member", fields={"user": message})
    _member, created = IncidentMember.objects.get_or_create(
        incident=incident, user=user, defaults={"added_by": actor.user, "added_at": now}
    )
    if created:
        audit.record(
            actor=actor, action="incident.member_added", target=incident, at=now, changes={"members": (None, user.name)}
        )
