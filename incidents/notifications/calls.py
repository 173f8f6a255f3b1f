"""Who is called to an incident until somebody has it: the team lead, then the deputy, then the admins.

Callouts and their mails are written in the transaction that caused them; whether a call is still needed is asked once
more when its mail is sent.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max

from ..enums import CALLING_STATUSES, CallStep, IncidentKind, Role
from ..models import Callout, Incident, OutboxMessage, Service, SeverityLevel, Team, User
from ..permissions import Actor
from . import draft

logger = logging.getLogger(__name__)

KIND = "call"
# A call is due as if it had been written so long ago, so that it passes by hundreds of mails that only tell something.
AHEAD = dt.timedelta(minutes=30)
# After this long nobody else is called: whoever looks at the page sees that nobody came.
CALLS_END_AFTER = dt.timedelta(days=1)


# Those who are called at once, and as what.
Rung = dict[User, CallStep]


def ladder(incident: Incident) -> Iterator[Rung]:
    """Who can be called, one rung after another, each looked up when it is asked for.

    Of the incident's own team, else of each of the teams of its services, else of the default team: the team lead, or
    the deputy where no team lead can come; then the other deputies; then the admins. Whoever has no address, may not
    see the incident or could not take it is passed over.
    """
    yield from rungs(_teams_by_nearness(incident), incident, admins=admins())


def rungs(teams_by_nearness: Iterable[Sequence[Team]], incident: Incident, *, admins: Iterable[User]) -> Iterator[Rung]:
    """The same where people are known: of the incident's own team, those of its services, the default team."""
    for teams in teams_by_nearness:
        pairs = [(_reachable([team.team_lead], incident), _reachable([team.deputy], incident)) for team in teams]
        first: Rung = {}
        for leads, deputies in pairs:
            first |= dict.fromkeys(leads, CallStep.TEAM_LEAD) or dict.fromkeys(deputies, CallStep.DEPUTY)
        if first:
            yield first
            second = {person: CallStep.DEPUTY for _leads, deputies in pairs for person in deputies}
            yield {person: step for person, step in second.items() if person not in first}
            break
    yield dict.fromkeys(_reachable(admins, incident), CallStep.ADMIN)


def admins() -> Iterable[User]:
    """Whoever is called last, looked up when they are."""
    return User.objects.with_role(Role.ADMIN).order_by("name")


def wakes(incident: Incident) -> bool:
    """Whether anybody is told of it: drills, near misses, imports, examples and rows of a benchmark wake nobody."""
    return incident.kind == IncidentKind.INCIDENT and not (incident.is_example or incident.is_synthetic)


def is_waiting(incident: Incident) -> bool:
    """Whether nobody has it yet; `IncidentQuerySet.unanswered` says the same of rows that are called for."""
    unanswered = incident.acknowledged_at is None and incident.incident_lead_id is None
    return unanswered and incident.status in CALLING_STATUSES


def begin(incident: Incident, *, now: dt.datetime, knows: User | None = None, number: int = 1) -> None:
    """Call the first who can be reached, in the round of this number.

    ``knows`` gets no mail, because it was their doing.
    """
    rung = next((rung for rung in ladder(incident) if rung), None)
    if rung:
        _call(incident, rung, number=number, now=now, knows=knows)


def again(incident: Incident, *, now: dt.datetime, knows: User | None = None) -> None:
    """Call those of the latest round once more, because it is graver than they were told."""
    called = list(incident.callouts.select_related("person"))
    number = max((callout.round for callout in called), default=0)
    steps = {callout.person: callout.step for callout in called if callout.round == number}
    if not steps:
        begin(incident, now=now, knows=knows, number=number + 1)
        return
    still = _reachable(steps, incident)
    _call(incident, {person: steps[person] for person in still}, number=number + 1, now=now, knows=knows)


def from_the_start(incident: Incident, *, now: dt.datetime, knows: User | None = None) -> None:
    """Begin another round at the first rung, because it burns again and nobody has it."""
    begin(incident, now=now, knows=knows, number=_latest_round(incident) + 1)


def escalate(now: dt.datetime) -> None:
    """Call the next rung of each incident whose last call was not answered within the minutes of its severity.

    Any number of workers may do so at once: each incident is looked at again under a lock.
    """
    patience = dict(SeverityLevel.objects.values_list("code", "acknowledge_minutes"))
    for incident in Incident.objects.unanswered().last_called(since=now - CALLS_END_AFTER):
        if _is_due(incident, patience, now):
            try:
                _call_next(incident, patience, now)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                # What is wrong with one incident must not keep the others from being called for.
                logger.exception("Nobody could be called to %s.", incident)


@transaction.atomic
def _call_next(seen: Incident, patience: Mapping[str, int | None], now: dt.datetime) -> None:
    # The lock keeps others from calling too, and from answering in between; on SQLite the transaction is one.
    if not Incident.objects.unanswered().select_for_update().filter(pk=seen.pk).exists():
        return
    incident = Incident.objects.last_called(since=now - CALLS_END_AFTER).filter(pk=seen.pk).first()
    if incident is None or not _is_due(incident, patience, now):
        return
    number = _latest_round(incident)
    called = set(incident.callouts.filter(round=number).values_list("person", flat=True))
    for rung in ladder(incident):
        new = {person: step for person, step in rung.items() if person.pk not in called}
        if new:
            _call(incident, new, number=number, now=now)
            return


def _is_due(incident: Incident, patience: Mapping[str, int | None], now: dt.datetime) -> bool:
    minutes = patience.get(incident.severity)
    last_called_at: dt.datetime = incident.last_called_at  # type: ignore[attr-defined]
    return minutes is not None and last_called_at + dt.timedelta(minutes=minutes) <= now


def _call(
    incident: Incident,
    steps: Mapping[User, str],
    *,
    number: int,
    now: dt.datetime,
    knows: User | None = None,
) -> None:
    messages = {
        person: draft(
            kind=KIND,
            recipient=person.email or "",
            person=person,
            incident=incident,
            payload={"step": step, "round": number},
            dedupe_key=f"{KIND}:{incident.pk}:{number}:{person.pk}",
            at=now,
            delay=-AHEAD,
        )
        for person, step in steps.items()
        if person != knows
    }
    OutboxMessage.objects.bulk_create(messages.values())
    Callout.objects.bulk_create(
        Callout(incident=incident, person=person, step=step, round=number, message=messages.get(person), called_at=now)
        for person, step in steps.items()
    )


def _latest_round(incident: Incident) -> int:
    return incident.callouts.aggregate(latest=Max("round"))["latest"] or 0


def _teams_by_nearness(incident: Incident) -> list[list[Team]]:
    teams = list(Team.objects.to_call_for(incident))
    return [
        [team for team in teams if team.pk == incident.team_id],
        [team for team in teams if team.owns_service],  # type: ignore[attr-defined]
        [team for team in teams if team.is_default],
    ]


def _reachable(people: Iterable[User | None], incident: Incident) -> list[User]:
    """Those of them, each once, who can be called to this incident."""
    return [person for person in _who_can_come(people) if Actor.person(person).sees(incident)]


def _who_can_come(people: Iterable[User | None]) -> list[User]:
    known = dict.fromkeys(person for person in people if person is not None)
    return [person for person in known if person.email and person.has_role(Role.RESPONDER)]


def shown(incident: Incident) -> list[Callout] | None:
    """Who was called, each once with the latest call, for the page; nothing where nobody is waited for.

    One query, and none for an incident that somebody has.
    """
    if not (wakes(incident) and is_waiting(incident)):
        return None
    latest = {callout.person_id: callout for callout in incident.callouts.select_related("person", "message")}
    return list(latest.values())


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """Whom an incident on one service would call; ``is_own`` where its own team has somebody who can come."""

    key: int
    service: str
    names: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom an incident would call that is about to begin: by service, and without one that has a team to come."""

    by_service: list[ServiceCall]
    otherwise: str

    @property
    def always(self) -> str:
        """Who is called whatever is chosen; empty where that depends on the service."""
        return self.otherwise if all(row.names == self.otherwise for row in self.by_service) else ""

    @property
    def nobody(self) -> bool:
        """Whether nobody else can be called, whatever is chosen."""
        return not (self.otherwise or any(row.names for row in self.by_service))


def expected(actor: Actor) -> Expected:
    """Whom this actor's next incident would call, as names in a row; without their own, because they know."""
    default = Team.objects.active().filter(is_default=True).select_related("team_lead", "deputy").first()
    admins = User.objects.with_role(Role.ADMIN).order_by("name")
    otherwise = _first_of(default) or _who_can_come(admins)
    rows = []
    for service in Service.objects.active().for_page():
        own = _first_of(service.team)
        names = _named(own or otherwise, actor)
        rows.append(ServiceCall(key=service.pk, service=service.name, names=names, is_own=bool(own)))
    return Expected(by_service=rows, otherwise=_named(otherwise, actor))


def _first_of(team: Team | None) -> list[User]:
    if team is None or not team.is_active:
        return []
    return _who_can_come([team.team_lead]) or _who_can_come([team.deputy])


def _named(people: Iterable[User], actor: Actor) -> str:
    return ", ".join(person.name for person in people if person != actor.user)
