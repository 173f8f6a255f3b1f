"""Who and what takes part in the worked example."""

import datetime as dt
from dataclasses import dataclass

from incidents import audit
from incidents.domain import catalogue, teams
from incidents.enums import (
    Role,
)
from incidents.models import Service, Team, User
from incidents.permissions import Actor

MARK = "(example)"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what takes part."""

    lead: User
    engineer: User
    support: User
    reviewer: User
    team: Team
    shop: Service
    scanners: Service


def gather(actor: Actor, now: dt.datetime) -> Cast:
    """People without password and address, a team of them, and two services."""
    lead = _person(actor, "Ada Okoro", Role.RESPONDER, now)
    engineer = _person(actor, "Ben Lindqvist", Role.RESPONDER, now)
    support = _person(actor, "Chipo Moyo", Role.RESPONDER, now)
    reviewer = _person(actor, "Dana Haddad", Role.EDITOR, now)
    crew = (lead, engineer, support, reviewer)
    team = teams.create(
        actor=actor, name=f"Tickets team {MARK}", team_lead=lead, deputy=engineer, members=crew, now=now
    )
    shop, scanners = (
        catalogue.create_service(actor=actor, name=f"{name} {MARK}", description=text, team=team, now=now)
        for name, text in (
            ("Ticket shop", "Sells tickets for a concert hall, online and at the box offices of partners."),
            ("Door scanners", "Forty hand-held scanners at four gates, and the service that they ask."),
        )
    )
    for model, kept in ((Team, [team]), (Service, [shop, scanners])):
        model._default_manager.filter(pk__in=[one.pk for one in kept]).update(is_example=True)
    return Cast(lead, engineer, support, reviewer, team, shop, scanners)


def _person(actor: Actor, name: str, role: Role, now: dt.datetime) -> User:
    person = User.objects.create_user(name=f"{name} {MARK}", role=role, is_example=True)
    audit.record(actor=actor, action="person.created", target=person, at=now, changes={"role": ("", role)})
    return person
