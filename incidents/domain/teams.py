"""Teams: who leads them, who stands in, who belongs to them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import Role
from ..errors import InvalidInput, NotPossible
from ..models import Team, User
from ..permissions import Actor, Perm, require
from .records import store


@transaction.atomic
def create(
    *,
    actor: Actor,
    name: str,
    team_lead: User | None = None,
    deputy: User | None = None,
    members: Sequence[User] = (),
    is_default: bool = False,
    now: dt.datetime,
) -> Team:
    """Make a team. Team lead and deputy become members. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    _check_leads(team_lead, deputy)
    _make_room_for_default(is_default)
    team = Team(name=name.strip(), team_lead=team_lead, deputy=deputy, is_default=is_default)
    store(team)
    people = _set_members(team, members)
    changes: dict[str, tuple[Any, Any]] = {"name": (None, team.name), "members": (None, people)}
    changes |= {"team_lead": (None, team_lead)} if team_lead else {}
    changes |= {"deputy": (None, deputy)} if deputy else {}
    audit.record(actor=actor, action="team.created", target=team, at=now, changes=changes)
    return team


@transaction.atomic
def change(
    *,
    actor: Actor,
    team: Team,
    name: str,
    team_lead: User | None,
    deputy: User | None,
    members: Sequence[User],
    is_default: bool,
    now: dt.datetime,
) -> Team:
    """Change a team; what stays the same is not written. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    _check_leads(team_lead, deputy)
    _make_room_for_default(is_default, besides=team)
    before = Team.objects.get(pk=team.pk)
    new = {"name": name.strip(), "team_lead": team_lead, "deputy": deputy, "is_default": is_default}
    changes = audit.difference(before, new)
    for field, value in new.items():
        setattr(team, field, value)
    if changes:
        store(team, fields=list(changes))
    old_people = list(team.members.all())
    people = _set_members(team, members)
    if {user.pk for user in old_people} != {user.pk for user in people}:
        changes["members"] = (old_people, people)
    if changes:
        audit.record(actor=actor, action="team.changed", target=team, at=now, changes=changes)
    return team


@transaction.atomic
def hand_over(*, actor: Actor, team: Team, field: str, successor: User | None, now: dt.datetime) -> Team:
    """Name another team lead or deputy (``field``), or none. A deputy who becomes team lead leaves that place open."""
    people = {"team_lead": team.team_lead, "deputy": team.deputy, field: successor}
    if field == "team_lead" and successor is not None and successor == team.deputy:
        people["deputy"] = None
    return change(
        actor=actor,
        team=team,
        name=team.name,
        team_lead=people["team_lead"],
        deputy=people["deputy"],
        members=list(team.members.all()),
        is_default=team.is_default,
        now=now,
    )


@transaction.atomic
def retire(*, actor: Actor, team: Team, now: dt.datetime) -> Team:
    """Take a team out of use; its past stays. Raises `NotPossible` while it owns services or is the default team."""
    require(actor, Perm.ADMINISTER)
    if team.services.active().exists():
        raise NotPossible(_("This team owns services. Give them to another team first."), code="team_owns_services")
    if team.is_default:
        raise NotPossible(_("This is the default team. Make another team the default first."), code="team_is_default")
    return _set_active(actor, team, False, "team.retired", now)


@transaction.atomic
def bring_back(*, actor: Actor, team: Team, now: dt.datetime) -> Team:
    """Take a retired team into use again."""
    require(actor, Perm.ADMINISTER)
    return _set_active(actor, team, True, "team.brought_back", now)


def _set_active(actor: Actor, team: Team, is_active: bool, action: str, now: dt.datetime) -> Team:
    if Team.objects.filter(pk=team.pk, is_active=not is_active).update(is_active=is_active):
        audit.record(actor=actor, action=action, target=team, at=now, changes={"is_active": (not is_active, is_active)})
    team.is_active = is_active
    return team


def _check_lead(person: User | None, field: str) -> None:
    """Raise `InvalidInput` unless this person may lead a team: an active account with the role of a responder."""
    if person is not None and not person.has_role(Role.RESPONDER):
        message = _("%(name)s needs an active account with the role of a responder to lead a team.")
        message %= {"name": person.name}
        raise InvalidInput(message, code="team_lead", fields={field: message})


def _check_leads(team_lead: User | None, deputy: User | None) -> None:
    _check_lead(team_lead, "team_lead")
    _check_lead(deputy, "deputy")
    if team_lead is not None and team_lead == deputy:
        message = _("The deputy stands in for the team lead, so it has to be somebody else.")
        raise InvalidInput(message, code="deputy", fields={"deputy": message})


def _make_room_for_default(is_default: bool, besides: Team | None = None) -> None:
    """There is one default team: the one before gives way."""
    if is_default:
        others = Team.objects.filter(is_default=True)
        (others.exclude(pk=besides.pk) if besides else others).update(is_default=False)


def _set_members(team: Team, members: Sequence[User]) -> list[User]:
    people = {user.pk: user for user in [*members, team.team_lead, team.deputy] if user is not None}
    team.members.set(people)
    return sorted(people.values(), key=lambda user: user.name.casefold())
