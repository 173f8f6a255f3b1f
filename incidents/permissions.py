"""Who may do what: the one rule table, and the functions that ask it.

Pages ask ``offers()`` which buttons to show; every domain function calls ``require()`` before it writes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from .enums import Role, TokenScope
from .errors import Forbidden
from .models import ApiToken, Incident, TimelineEvent, User
from .models.people import ROLE_ORDER


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something: a person, a part of the system with a name and a role, or a machine with a token.

    A machine with a token acts for the token's owner, with the owner's role, in what its ``scope`` allows.
    """

    user: User | None
    label: str
    role: str
    scope: str = ""

    @classmethod
    def person(cls, user: User) -> "Actor":
        return cls(user=user, label=user.name, role=user.role if user.is_active else "")

    @classmethod
    def machine(cls, label: str, role: str) -> "Actor":
        """A named part of the system, such as a management command or the worker."""
        return cls(user=None, label=label, role=role)

    @classmethod
    def token(cls, token: ApiToken) -> "Actor":
        """A machine with this token, at most with what its owner may do."""
        owner = token.owner
        label = _("%(token)s, by a token of %(owner)s") % {"token": token.name, "owner": owner.name}
        return cls(user=owner, label=label[:150], role=owner.role if owner.is_active else "", scope=token.scope)

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
    RECORD_CHANGE = "write down what was changed"
    SEND_ALERTS = "send alerts"
    ROLL_CALL = "ask others what they have changed"
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
    OWN_TOKENS = "make tokens"


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
    """The least role that something asks for, what must hold for the object besides, and which tokens may do it.

    ``token`` is the least scope; without one it takes a person.
    """

    role: str
    condition: Callable[[Actor, Any], bool] | None = None
    token: TokenScope | None = None

    def lets_in(self, scope: str) -> bool:
        """Whether a token of this scope may do it; people, who have none, always may as far as this goes."""
        return not scope or (self.token is not None and scope in (self.token, TokenScope.WRITE))


RULES: dict[Permission, Rule] = {
    Perm.VIEW_INCIDENTS: Rule(Role.READER, token=TokenScope.READ),
    Perm.REPORT: Rule(Role.READER, token=TokenScope.WRITE),
    Perm.ADD_REPORT_LINE: Rule(Role.READER, token=TokenScope.WRITE),
    Perm.FOLLOW: Rule(Role.READER, token=TokenScope.WRITE),
    Perm.EXPORT: Rule(Role.READER, token=TokenScope.READ),
    Perm.EDIT_ENTRY: Rule(Role.READER, _own_report_or_responder, token=TokenScope.WRITE),
    Perm.DECLARE: Rule(Role.RESPONDER, token=TokenScope.WRITE),
    Perm.RESPOND: Rule(Role.RESPONDER, token=TokenScope.WRITE),
    Perm.RECORD_CHANGE: Rule(Role.RESPONDER, token=TokenScope.WRITE),
    Perm.SEND_ALERTS: Rule(Role.READER, token=TokenScope.WRITE),
    # By people only: a machine is not to question anybody.
    Perm.ROLL_CALL: Rule(Role.RESPONDER),
    Perm.CLOSE: Rule(Role.RESPONDER, token=TokenScope.WRITE),
    Perm.VIEW_INCIDENT_AUDIT: Rule(Role.RESPONDER),
    Perm.IMPORT: Rule(Role.RESPONDER),
    Perm.MANAGE_ENTRY: Rule(Role.READER, _own_or_leads_or_edits),
    Perm.CANCEL: Rule(Role.RESPONDER, _leads_or_edits),
    Perm.MARK_PRIVATE: Rule(Role.RESPONDER, _leads_or_edits),
    Perm.LIFT_PRIVATE: Rule(Role.ADMIN),
    Perm.ADMINISTER: Rule(Role.ADMIN),
    # Somebody without a role still has a name, a password and sessions of their own.
    Perm.EDIT_PROFILE: Rule(""),
    Perm.OWN_TOKENS: Rule(Role.READER),
}


def incident_of(target: object) -> Incident | None:
    """The incident that decides whether the target may be seen, if there is one."""
    return target if isinstance(target, Incident) else getattr(target, "incident", None)


def offers(actor: Actor, perm: Permission, target: Any = None) -> bool:
    """Whether to offer this on a page that came through ``visible_to()``: the rule alone, without a query."""
    rule = RULES[perm]
    if not actor.has_role(rule.role) or not rule.lets_in(actor.scope):
        return False
    return rule.condition is None or rule.condition(actor, target)


def can(actor: Actor, perm: Permission, target: Any = None) -> bool:
    """Whether the actor may do this, to this object where the rule depends on one, and may know of the object."""
    incident = incident_of(target)
    return offers(actor, perm, target) and (incident is None or actor.sees(incident))


def require(actor: Actor, perm: Permission, target: Any = None) -> None:
    """Raise `Forbidden` unless the actor may do this."""
    if not can(actor, perm, target):
        raise Forbidden(_("Your account may not %(action)s. Ask an admin for the role.") % {"action": perm.value})
