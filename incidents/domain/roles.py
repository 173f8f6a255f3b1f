"""Who does what on an incident: incident lead, communications, scribe."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import IncidentRole, Role, TimelineKind
from ..errors import InvalidInput, NotPossible
from ..models import Incident, User
from ..permissions import Actor, Perm, require
from . import timeline
from .versions import compare_and_set


def take(*, actor: Actor, incident: Incident, role: IncidentRole, now: dt.datetime) -> Incident:
    """Take a role that nobody holds; from somebody else it is handed over, which says so."""
    if actor.user is None:
        raise NotPossible(_("Only a person can take a role."))
    holder = incident.role_holder(role)
    if holder not in (None, actor.user):
        message = _("%(name)s has this role already. To take over, hand it over on the page of roles.")
        raise NotPossible(message % {"name": holder})
    return assign(actor=actor, incident=incident, role=role, holder=actor.user, now=now)


@transaction.atomic
def assign(
    *,
    actor: Actor,
    incident: Incident,
    role: IncidentRole,
    holder: User | None,
    now: dt.datetime,
    note: str = "",
) -> Incident:
    """Hand a role to somebody, or to nobody. On a private incident that makes them a member, which asks for the right.

    ``note`` says what was tried and what is next; it enters the timeline with the hand-over.
    """
    require(actor, Perm.RESPOND, incident)
    before = incident.role_holder(role)
    if before == holder:
        return incident
    if holder is not None:
        _check_holder(actor, incident, holder)
    compare_and_set(incident, at=now, **{role.value: holder})
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.NOTE,
        text=_sentence(role, before, holder, note),
        occurred_at=now,
        now=now,
    )
    audit.record(actor=actor, action="incident.role", target=incident, at=now, changes={role.value: (before, holder)})
    return incident


def _check_holder(actor: Actor, incident: Incident, holder: User) -> None:
    if not holder.has_role(Role.RESPONDER):
        message = _("%(name)s cannot take a role: that needs an active account with the role of a responder.")
        raise InvalidInput(
            message % {"name": holder.name}, code="holder", fields={"holder": message % {"name": holder}}
        )
    if not Actor.person(holder).sees(incident):
        require(actor, Perm.MARK_PRIVATE, incident)


def _sentence(role: IncidentRole, before: User | None, holder: User | None, note: str) -> str:
    if holder is None:
        said = _("%(role)s: nobody now.") % {"role": role.label}
    elif before is None:
        said = _("%(role)s: %(name)s.") % {"role": role.label, "name": timeline.literal(holder.name)}
    else:
        said = _("%(role)s handed over from %(before)s to %(after)s.") % {
            "role": role.label,
            "before": timeline.literal(before.name),
            "after": timeline.literal(holder.name),
        }
    return f"{said}\n\n{note.strip()}".strip()
