"""Made-up rows for tests: each function makes one, with plain defaults that a test overrides by name."""

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Any

from django.db.models import Max
from django.utils import timezone

from incidents.domain.declaration import draw_number, title_key
from incidents.enums import CancelReason, IncidentKind, Milestone, Role, Series, Severity, Status, TokenScope
from incidents.models import ApiToken, Change, Incident, Service, Team, User, Webhook
from incidents.models.incident import SEVERITY_RANK
from incidents.permissions import Actor
from postmortems.domain import drafting, sections
from postmortems.domain import lifecycle as postmortem_lifecycle
from postmortems.models import ActionItem, ActionNumber, Postmortem, RootCause
from postmortems.querysets import NO_DATE_LAST

_numbers = itertools.count(1)

PASSWORD = "correct horse battery"


def make_user(name: str = "", role: str = Role.RESPONDER, *, password: str = PASSWORD, **fields: Any) -> User:
    """An account that can sign in with `PASSWORD`; name and address are made up unless given."""
    number = next(_numbers)
    name = name or f"Person {number}"
    fields.setdefault("email", f"person{number}@example.org")
    return User.objects.create_user(name=name, role=role, password=password, **fields)


def make_team(name: str = "", *, members: tuple[User, ...] = (), **fields: Any) -> Team:
    """A team; its members are set besides."""
    team = Team.objects.create(name=name or f"Team {next(_numbers)}", **fields)
    team.members.set([*members, *(user for user in (team.team_lead, team.deputy) if user)])
    return team


def make_service(name: str = "", **fields: Any) -> Service:
    """A service in use, without a team unless one is given."""
    number = next(_numbers)
    return Service.objects.create(
        name=name or f"Service {number}", slug=fields.pop("slug", f"service-{number}"), **fields
    )


def make_webhook(name: str = "", *, services: Iterable[Service] = (), **fields: Any) -> Webhook:
    """A channel that is on, generic and signed, at a made-up address outside."""
    number = next(_numbers)
    fields.setdefault("url", f"https://receiver.example.org/hooks/{number}")
    webhook = Webhook.objects.create(name=name or f"Channel {number}", **({"secret": "nvt_secret"} | fields))
    webhook.services.set(services)
    return webhook


def sign_in(client: Any, user: User) -> User:
    """Sign this client in as the page does: with the facts of the session, and the password just given."""
    client.force_login(user)
    session = client.session
    now = timezone.now().isoformat()
    session.update({"address": "203.0.113.7", "browser": "Test browser", "since": now, "seen": now, "password_at": now})
    session.save()
    return user


def make_incident(
    *,
    title: str = "Blank front page",
    status: Status | str = Status.INVESTIGATING,
    severity: Severity = Severity.SEV2,
    kind: IncidentKind = IncidentKind.INCIDENT,
    declared_by: User | None = None,
    services: Iterable[Service] = (),
    is_private: bool = False,
    **fields: Any,
) -> Incident:
    """An incident as it would stand in this status: an hour old, with the milestones that lie behind it."""
    series = fields.pop("series", Series.DRILL if kind == IncidentKind.DRILL else Series.INC)
    values = {**_milestones(Status(status), kind, fields.pop("now", None) or timezone.now()), **fields}
    values.setdefault("sort_at", values.get("impact_started_at") or values.get("detected_at") or values["declared_at"])
    incident = Incident.objects.create(
        series=series,
        number=draw_number(series),
        title=title,
        title_key=title_key(title),
        status=status,
        severity=severity,
        severity_rank=SEVERITY_RANK[severity],
        kind=kind,
        declared_by=declared_by,
        is_private=is_private,
        cancel_reason=values.pop("cancel_reason", CancelReason.OTHER if status == Status.CANCELLED else ""),
        **values,
    )
    incident.services.set(services)
    return incident


def make_token(owner: User | None = None, **fields: Any) -> ApiToken:
    """A token as it is stored; its secret is nobody's. `tokens.create_token()` makes one that lets a machine in."""
    number = next(_numbers)
    owner = owner or make_user()
    fields = {"name": f"Machine {number}", "scope": TokenScope.WRITE, "hint": "nvt_abc", **fields}
    return ApiToken.objects.create(owner=owner, token_hash=f"{number:064x}", **fields)


def make_change(text: str = "Deploy of the storefront", *, services: Iterable[Service] = (), **fields: Any) -> Change:
    """A change that went live an hour and a half ago, unless something else is said."""
    fields.setdefault("live_at", timezone.now() - dt.timedelta(minutes=90))
    change = Change.objects.create(text=text, **fields)
    change.services.set(services)
    return change


# Minutes from the start of the impact, and the status from which on each milestone is known.
_REACHED = {
    Milestone.IMPACT_STARTED: (0, Status.TRIAGE),
    Milestone.DETECTED: (3, Status.TRIAGE),
    Milestone.DECLARED: (5, Status.TRIAGE),
    Milestone.ACKNOWLEDGED: (7, Status.INVESTIGATING),
    Milestone.IDENTIFIED: (20, Status.IDENTIFIED),
    Milestone.MITIGATED: (30, Status.MONITORING),
    Milestone.RESOLVED: (35, Status.RESOLVED),
    Milestone.CLOSED: (45, Status.CLOSED),
}


def _milestones(status: Status, kind: IncidentKind, now: dt.datetime) -> dict[str, dt.datetime]:
    start = now - dt.timedelta(hours=1)
    if kind == IncidentKind.NEAR_MISS:
        return {"declared_at": start, "resolved_at": start}
    behind = list(Status)[: list(Status).index(Status.TRIAGE if status == Status.CANCELLED else status) + 1]
    return {
        f"{milestone}_at": start + dt.timedelta(minutes=minutes)
        for milestone, (minutes, since) in _REACHED.items()
        if since in behind
    }


def make_cause(
    incident: Incident, title: str = "A template that all pages share has no check", **fields: Any
) -> RootCause:
    """A root cause of the incident."""
    return RootCause.objects.create(incident=incident, title=title, **fields)


def make_action_item(incident: Incident, text: str = "Add a check of the template", **fields: Any) -> ActionItem:
    """An open action item of the incident, without owner and date unless they are given."""
    fields.setdefault("due_sort", fields.get("due_on") or NO_DATE_LAST)
    fields.setdefault("text_key", text.casefold())
    number = (ActionItem.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    ActionNumber.objects.update_or_create(pk=1, defaults={"last": number})
    return ActionItem.objects.create(incident=incident, text=text, number=number, **fields)


def make_postmortem(
    incident: Incident | None = None,
    *,
    title: str = "",
    lede: str = "A fix for one banner changed the page that all others inherit.",
    text: str = "A closing tag was lost.",
    author: User | None = None,
    **head: Any,
) -> Postmortem:
    """A draft that is complete enough to be published; nobody is its author unless one is given.

    Whether it has happened before is answered as the causes say.
    """
    incident = incident or make_incident(status=Status.RESOLVED)
    actor = Actor.person(author) if author else Actor.machine("test", Role.ADMIN)
    now = timezone.now()
    postmortem = drafting.start(actor=actor, incident=incident, now=now)
    section = postmortem.sections.first()
    assert section is not None
    section.postmortem = postmortem
    sections.save(actor=actor, section=section, text=text, now=now)
    again = incident.root_causes.filter(removed_at=None).exclude(same_as=None).exists()
    values = {"title": title or incident.title, "lede": lede, "happened_before": again, "shows_names": False, **head}
    return sections.save_head(actor=actor, postmortem=postmortem, now=now, **values)


def make_published(incident: Incident | None = None, *, public: bool = False, **draft: Any) -> Postmortem:
    """A published postmortem, approved by an editor of its own; ``public`` says whether everybody reads it."""
    postmortem = make_postmortem(incident, **draft)
    now, editor = timezone.now(), Actor.person(make_user(role=Role.EDITOR))
    if postmortem.incident.is_private:
        editor = Actor.person(make_user(role=Role.ADMIN))
    postmortem_lifecycle.submit(actor=editor, postmortem=postmortem, now=now)
    revision = postmortem_lifecycle.approve_and_publish(actor=editor, postmortem=postmortem, now=now)
    if public:
        postmortem_lifecycle.set_public(
            actor=editor, postmortem=postmortem, public=True, seen_revision=revision.number, now=now
        )
    postmortem.incident.refresh_from_db()
    return postmortem
