"""People: their roles, what they hold, and their own profile."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..clock_text import parse_zone, zone_name
from ..enums import IncidentRole, Role
from ..errors import InvalidInput, NotPossible
from ..models import Incident, Invitation, Session, Team, User
from ..permissions import Actor, Perm, require
from . import invitations, roles, teams, tokens
from .records import store

TEAM_FIELDS = ("team_lead", "deputy")


@dataclass(frozen=True, slots=True)
class Holding:
    """One place that somebody holds: team lead or deputy of a team, a role on an open incident."""

    record: Team | Incident
    field: str

    @property
    def key(self) -> str:
        return f"{self.record._meta.model_name}-{self.record.pk}-{self.field}"

    @property
    def label(self) -> str:
        return _("%(role)s of %(thing)s") % {
            "role": str(self.record._meta.get_field(self.field).verbose_name).capitalize(),  # type: ignore[union-attr]
            "thing": self.record,
        }


def holdings(person: User) -> list[Holding]:
    """What would be left without a holder if this person went: teams in use, and incidents that are open."""
    held: list[Holding] = []
    for field in TEAM_FIELDS:
        held += [Holding(team, field) for team in Team.objects.active().filter(**{field: person})]
    for role in IncidentRole.values:
        held += [Holding(incident, role) for incident in Incident.objects.present().open().filter(**{role: person})]
    return held


@transaction.atomic
def change_role(*, actor: Actor, person: User, role: str, now: dt.datetime) -> User:
    """Give an account another role, or none. Raises `NotPossible` for the last admin and for who leads a team."""
    require(actor, Perm.ADMINISTER)
    if role not in ("", *Role.values):
        raise InvalidInput(_("There is no such role."), code="role", fields={"role": _("Choose a role.")})
    admins = _lock_admins()
    before = _lock(person).role
    if before == role:
        return person
    if role != Role.ADMIN:
        _keep_an_admin(admins, besides=person)
    after = Actor(user=person, label=person.name, role=role)
    if not after.has_role(Role.RESPONDER):
        _check_holds_nothing(person)
    person.role = role
    User.objects.filter(pk=person.pk).update(role=role)
    audit.record(actor=actor, action="person.role_changed", target=person, at=now, changes={"role": (before, role)})
    return person


@transaction.atomic
def disable(
    *, actor: Actor, person: User, successors: Mapping[str, User | None] | None = None, now: dt.datetime
) -> User:
    """Take an account out of use: sessions, tokens and open links end, and what it holds goes to the successors.

    ``successors`` names for each `Holding.key` who holds it from now on; ``None`` leaves it open. Raises `InvalidInput`
    where one is missing, `NotPossible` for the last admin.
    """
    require(actor, Perm.ADMINISTER)
    admins = _lock_admins()
    if not _lock(person).is_active:
        return person
    _keep_an_admin(admins, besides=person)
    for holding in holdings(person):
        _hand_over(actor, holding, successors or {}, person, now)
    person.is_active = False
    User.objects.filter(pk=person.pk).update(is_active=False)
    Session.objects.filter(user=person).delete()
    tokens.revoke_all(actor=actor, owner=person, now=now)
    # Neither their own open invitation nor those they sent may be a way back in.
    for invitation in Invitation.objects.open(now).of_or_by(person):
        invitations.revoke(actor=actor, invitation=invitation, now=now)
    audit.record(actor=actor, action="person.disabled", target=person, at=now, changes={"is_active": (True, False)})
    return person


@transaction.atomic
def enable(*, actor: Actor, person: User, now: dt.datetime) -> User:
    """Let somebody in again, with the role and the password they had."""
    require(actor, Perm.ADMINISTER)
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        audit.record(actor=actor, action="person.enabled", target=person, at=now, changes={"is_active": (False, True)})
    person.is_active = True
    return person


@transaction.atomic
def change(*, actor: Actor, person: User, now: dt.datetime, **new: Any) -> User:
    """Change name, e-mail, phone or time zone of somebody. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    return _change(actor, person, new, "person.changed", now)


@transaction.atomic
def change_profile(*, actor: Actor, now: dt.datetime, **new: Any) -> User:
    """Change one's own name, phone, time zone, colour scheme, keys or e-mail. Raises `InvalidInput`."""
    require(actor, Perm.EDIT_PROFILE)
    if actor.user is None:
        raise NotPossible("Only a person has a profile.")
    return _change(actor, actor.user, new, "person.profile_changed", now)


@transaction.atomic
def end_sessions(*, actor: Actor, session_keys: list[str], now: dt.datetime) -> int:
    """End some of one's own sessions; how many there were."""
    require(actor, Perm.EDIT_PROFILE)
    ended, _rows = Session.objects.filter(user=actor.user, session_key__in=session_keys).delete()
    if ended and actor.user is not None:
        audit.record(actor=actor, action="person.sessions_ended", target=actor.user, at=now)
    return ended


CHANGEABLE = {"name", "email", "phone", "time_zone", "colour_scheme", "keys_enabled"}


def _change(actor: Actor, person: User, new: dict[str, Any], action: str, now: dt.datetime) -> User:
    if unknown := set(new) - CHANGEABLE:
        raise TypeError(f"not part of a profile: {', '.join(sorted(unknown))}")
    new = {field: value.strip() if isinstance(value, str) else value for field, value in new.items()}
    if "name" in new:
        new["name"] = User.normalize_username(new["name"])
    if "email" in new:
        new["email"] = new["email"] or None
    if new.get("time_zone"):
        new["time_zone"] = known_zone(new["time_zone"])
    before = _lock(person)
    changes = audit.difference(before, new)
    for field, value in new.items():
        setattr(person, field, value)
    if changes:
        store(person, fields=list(changes))
        audit.record(actor=actor, action=action, target=person, at=now, changes=changes)
    return person


def known_zone(text: str) -> str:
    """The stored name of a zone as people type it. Raises `InvalidInput` beside the field."""
    try:
        return zone_name(parse_zone(text))
    except InvalidInput as error:
        raise InvalidInput(error.message, code=error.code, fields={"time_zone": error.message}) from error


def _lock(person: User) -> User:
    """The account as it is now, held until the transaction ends (SQLite holds the whole database)."""
    return User.objects.select_for_update().get(pk=person.pk)


def _lock_admins() -> set[int]:
    """Who can administer, held until the transaction ends, so that two admins cannot demote each other at once.

    Always taken first and in one order, so that no two transactions wait for each other.
    """
    admins = User.objects.select_for_update().with_role(Role.ADMIN).order_by("pk")
    return {user.pk for user in admins}


def _keep_an_admin(admins: set[int], *, besides: User) -> None:
    if admins == {besides.pk}:
        raise NotPossible(_("This is the last admin. Make somebody else an admin first."), code="last_admin")


def _check_holds_nothing(person: User) -> None:
    held = holdings(person)
    if held:
        message = _("This person is %(places)s. That needs the role of a responder: name somebody else there first.")
        raise NotPossible(message % {"places": ", ".join(each.label for each in held)}, code="holds_places")


def _hand_over(
    actor: Actor, holding: Holding, successors: Mapping[str, User | None], person: User, now: dt.datetime
) -> None:
    if holding.key not in successors:
        message = _("Say who takes this over, or that nobody does for now.")
        raise InvalidInput(message, code="successor_missing", fields={holding.key: message})
    successor = successors[holding.key]
    if successor == person:
        message = _("This is the account that is being disabled.")
        raise InvalidInput(message, code="successor", fields={holding.key: message})
    try:
        if isinstance(holding.record, Team):
            teams.hand_over(actor=actor, team=holding.record, field=holding.field, successor=successor, now=now)
        else:
            role = IncidentRole(holding.field)
            roles.assign(actor=actor, incident=holding.record, role=role, holder=successor, now=now)
    except InvalidInput as error:
        raise InvalidInput(error.message, code=error.code, fields={holding.key: error.message}) from error
