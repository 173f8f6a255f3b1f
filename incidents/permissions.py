"""Who may do what: the one rule table, and the functions that ask it.

Pages ask ``offers()`` which buttons to show; every domain function calls ``require()`` before it writes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from .enums import Role
from .errors import Forbidden
from .models import Incident, TimelineEvent, User
from .models.people import ROLE_ORDER


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something: a person, or a machine that has a name and a role of its own."""

    user: User | None
    label: str
    role: str

    @classmethod
    def person(cls, user: User) -> "Actor":
        return cls(user=user, label=user.name, role=user.role if user.is_active else "")

    @classmethod
    def machine(cls, label: str, role: str) -> "Actor":
        """A named part of the system, such as a management command or the worker."""
        return cls(user=None, label=label, role=role)

    def has_role(self, role: str) -> bool:
        return ROLE_ORDER.index(self.role) >= ROLE_ORDER.index(role)

    def sees(self, incident: Incident) -> bool:
        """Whether ``visible_to()`` holds this incident for the actor."""
        if self.user is None or not incident.is_private:
            return self.has_role(Role.READER)
        return Incident.objects.visible_to(self.user).filter(pk=incident.pk).exists()


class Permission(Enum):
    """What somebody may or may not do; the value completes “Your account may not …”. Each application has its own."""


class Perm(Permission):
    """Everything that somebody may or may not do with incidents and the people around them."""

    VIEW_INCIDENTS = "see incidents"
    REPORT = "report an incident or a near miss"
    ADD_REPORT_LINE = "add a report to an incident"
    FOLLOW = "follow an incident"
    DECLARE = "declare an incident"
    RESPOND = "edit an incident, its timeline, milestones, status and roles"
    EDIT_ENTRY = "edit a timeline entry"
    MANAGE_ENTRY = "strike out or move a timeline entry"
    CANCEL = "cancel an incident"
    MARK_PRIVATE = "make an incident private and add members"
    LIFT_PRIVATE = "make a private incident visible to all"
    VIEW_INCIDENT_AUDIT = "see who changed what on an incident"
    EXPORT = "export what one sees"
    IMPORT = "import postmortems"
    CLOSE = "close a resolved incident"
    ADMINISTER = "manage people, teams, services, severities, and see the whole audit and delivery log"
    EDIT_PROFILE = "change the own profile"


def _is_incident_lead(actor: Actor, incident: Incident) -> bool:
    return actor.user is not None and incident.incident_lead_id == actor.user.pk


def _leads_or_edits(actor: Actor, incident: Incident) -> bool:
    return actor.has_role(Role.EDITOR) or _is_incident_lead(actor, incident)


def _is_author(actor: Actor, event: TimelineEvent) -> bool:
    return actor.user is not None and event.author_id == actor.user.pk


def _own_report_or_responder(actor: Actor, event: TimelineEvent) -> bool:
    return actor.has_role(Role.RESPONDER) or _is_author(actor, event)


def _own_or_leads_or_edits(actor: Actor, event: TimelineEvent) -> bool:
    return _is_author(actor, event) or _leads_or_edits(actor, event.incident)


@dataclass(frozen=True, slots=True)
class Rule:
    """The least role that something asks for, and what must hold for the object besides."""

    role: str
    condition: Callable[[Actor, Any], bool] | None = None


RULES: dict[Permission, Rule] = {
    Perm.VIEW_INCIDENTS: Rule(Role.READER),
    Perm.REPORT: Rule(Role.READER),
    Perm.ADD_REPORT_LINE: Rule(Role.READER),
    Perm.FOLLOW: Rule(Role.READER),
    Perm.EXPORT: Rule(Role.READER),
    Perm.EDIT_ENTRY: Rule(Role.READER, _own_report_or_responder),
    Perm.DECLARE: Rule(Role.RESPONDER),
    Perm.RESPOND: Rule(Role.RESPONDER),
    Perm.CLOSE: Rule(Role.RESPONDER),
    Perm.VIEW_INCIDENT_AUDIT: Rule(Role.RESPONDER),
    Perm.IMPORT: Rule(Role.RESPONDER),
    Perm.MANAGE_ENTRY: Rule(Role.READER, _own_or_leads_or_edits),
    Perm.CANCEL: Rule(Role.RESPONDER, _leads_or_edits),
    Perm.MARK_PRIVATE: Rule(Role.RESPONDER, _leads_or_edits),
    Perm.LIFT_PRIVATE: Rule(Role.ADMIN),
    Perm.ADMINISTER: Rule(Role.ADMIN),
    # Somebody without a role still has a name, a password and sessions of their own.
    Perm.EDIT_PROFILE: Rule(""),
}


def incident_of(target: object) -> Incident | None:
    """The incident that decides whether the target may be seen, if there is one."""
    return target if isinstance(target, Incident) else getattr(target, "incident", None)


def offers(actor: Actor, perm: Permission, target: Any = None) -> bool:
    """Whether to offer this on a page that came through ``visible_to()``: the rule alone, without a query."""
    rule = RULES[perm]
    return actor.has_role(rule.role) and (rule.condition is None or rule.condition(actor, target))


def can(actor: Actor, perm: Permission, target: Any = None) -> bool:
    """Whether the actor may do this, to this object where the rule depends on one, and may know of the object."""
    incident = incident_of(target)
    return offers(actor, perm, target) and (incident is None or actor.sees(incident))


def require(actor: Actor, perm: Permission, target: Any = None) -> None:
    """Raise `Forbidden` unless the actor may do this."""
    if not can(actor, perm, target):
        raise Forbidden(_("Your account may not %(action)s. Ask an admin for the role.") % {"action": perm.value})
