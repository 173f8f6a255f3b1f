"""A small installation with one of everything, and everybody who might look at it."""

import datetime as dt
import io
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone
from PIL import Image

from incidents import audit
from incidents.domain import attachments, invitations, passwords, rollcall, timeline, updates
from incidents.domain.timeline import EventContent
from incidents.enums import CancelReason, IncidentKind, MessageState, Role, Status, TimelineKind, UpdateAudience
from incidents.models import (
    AlertReceipt,
    AlertRule,
    ApiToken,
    Attachment,
    Change,
    Impact,
    Incident,
    IncidentMember,
    OutboxMessage,
    RollCall,
    RollCallAnswer,
    Service,
    StatusUpdate,
    Subscription,
    Tag,
    Team,
    TimelineEvent,
    User,
    Webhook,
)
from incidents.notifications import reasons, unsubscribe
from incidents.permissions import Actor
from postmortems.domain import action_items, causes, comments, drafting
from postmortems.domain.action_items import ActionContent
from postmortems.domain.causes import CauseContent
from postmortems.domain.lifecycle import publish_imported
from postmortems.enums import ReviewDecision
from postmortems.models import ActionItem, Comment, DraftVersion, Postmortem, Review, ReviewRequest, RootCause, Template
from tests.factories import (
    make_change,
    make_incident,
    make_service,
    make_team,
    make_token,
    make_user,
    make_webhook,
    sign_in,
)

# Everybody who might ask for a page. Besides the roles: a reader who was added to the private incident by name, the
# responder who leads the team that owns it, and the responder who is its incident lead.
ACTORS = (
    "anonymous",
    "no_role",
    "reader",
    "responder",
    "editor",
    "admin",
    "member",
    "team_lead",
    "incident_lead",
)
STATES = ("open", "resolved", "cancelled", "private")
# A private incident is hidden from these.
OUTSIDERS = ("anonymous", "no_role", "reader", "responder", "editor")


@dataclass
class World:
    """What there is; ``people`` by the name of the actor, ``incidents`` by the name of the state."""

    people: dict[str, User]
    incidents: dict[str, Incident]
    events: dict[str, TimelineEvent]
    impacts: dict[str, Impact]
    updates: dict[str, StatusUpdate]
    status_token: str
    team: Team
    service: Service
    near_miss: Incident
    published: Incident
    causes: dict[str, RootCause]
    items: dict[str, ActionItem]
    postmortems: dict[str, Postmortem]
    target: User
    message: OutboxMessage
    token: ApiToken
    changes: dict[str, Change]
    webhook: Webhook
    alert_rule: AlertRule
    receipt: AlertReceipt
    invitation_token: str
    invitation_id: int
    reset: tuple[str, str]
    _cookies: dict[str, str] = field(default_factory=dict)
    _arguments: dict[str, dict[str, Any]] = field(default_factory=dict)

    def client(self, actor: str, **options: Any) -> Client:
        """A browser in which this actor is signed in, and has just given the password."""
        client = Client(**options)
        if actor == "anonymous":
            return client
        if actor not in self._cookies:
            sign_in(client, self.people[actor])
            self._cookies[actor] = client.cookies.output(header="", sep=";")
        client.cookies = SimpleCookie(self._cookies[actor])
        return client

    def arguments(self, state: str = "open") -> dict[str, Any]:
        """A value for every name that addresses hold, for the incident in this state."""
        if state not in self._arguments:
            self._arguments[state] = self._look_up(state)
        return dict(self._arguments[state])

    def _look_up(self, state: str) -> dict[str, Any]:
        return {
            "reference": self.incidents[state].reference,
            "event_id": self.events[state].pk,
            "impact_id": self.impacts[state].pk,
            "update_id": self.updates[state].pk,
            "status_token": self.status_token,
            "person_id": self.target.pk,
            "team_id": self.team.pk,
            "invitation_id": self.invitation_id,
            "slug": self.service.slug,
            "code": "sev2",
            "pk": self.message.pk,
            "webhook_id": self.webhook.pk,
            "rule_id": self.alert_rule.pk,
            "receipt_id": self.receipt.pk,
            "roll_call_id": self._answer(state).roll_call_id,
            "roll_call_token": rollcall.link_to(self._answer(state).key).strip("/").rpartition("/")[2],
            "picture_name": self._picture(state).name,
            "picture_format": "png",
            "session_id": "0" * 24,
            "subscription_id": 0,
            "stop_token": unsubscribe.token(self.people["reader"].pk, reasons.TEAM, None),
            "token": self.invitation_token,
            "uid": self.reset[0],
            "reset_token": self.reset[1],
            "app_label": "incidents",
            "url": "nothing-here/",
            "cause_id": self.causes[state].pk,
            "earlier_id": self.causes[state].pk,
            "section_id": self._section_id(state),
            "comment_id": self._comment(state).pk,
            "thread_id": self._comment(state).thread_id,
            "version_id": self._draft(state).draft_versions.earliest("pk").pk,
            "request_id": self._draft(state).review_requests.earliest("pk").pk,
            "number": 1,
            "format": "md",
            "verb": "start",
            "section": "repeats",
            "change_id": self.changes[state].pk,
            "token_id": self.token.pk,
            "template_id": Template.objects.order_by("pk").values_list("pk", flat=True)[0],
        }

    def _picture(self, state: str) -> Attachment:
        return self.incidents[state].attachments.earliest("pk")

    def _answer(self, state: str) -> RollCallAnswer:
        return RollCallAnswer.objects.filter(roll_call__incident=self.incidents[state]).earliest("pk")

    def _draft(self, state: str) -> Postmortem:
        return self.postmortems.get(state, self.postmortems["open"])

    def _comment(self, state: str) -> Comment:
        return Comment.objects.filter(thread__postmortem=self._draft(state)).earliest("pk")

    def _section_id(self, state: str) -> int:
        section = self._draft(state).sections.order_by("pk").first()
        assert section is not None
        return section.pk


def build_world() -> World:
    """Make all of it, with rows as the product itself would have written them."""
    people = _people()
    team = make_team("Storefront team", team_lead=people["team_lead"], deputy=people["editor"])
    service = make_service("Storefront", slug="storefront", team=team)
    incidents = {
        "open": make_incident(
            title="Blank front page", declared_by=people["reader"], services=[service], acknowledged_at=None
        ),
        "resolved": make_incident(title="Slow checkout", status=Status.RESOLVED, services=[service], team=team),
        "cancelled": make_incident(title="No mails", status=Status.CANCELLED, cancel_reason=CancelReason.OTHER),
    }
    near_miss = make_incident(title="Almost lost a disk", kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED)
    incidents["private"] = make_private(people, service)
    for incident in incidents.values():
        Incident.objects.filter(pk=incident.pk).update(incident_lead=people["incident_lead"])
        incident.refresh_from_db()
    now = timezone.now()
    events = {state: furnish(incident, people, now) for state, incident in incidents.items()}
    admin = Actor.person(people["admin"])
    issued = invitations.invite(actor=admin, email="new@example.org", name="New", role=Role.READER, teams=[], now=now)
    target = make_user("Target Person", Role.RESPONDER)
    message = OutboxMessage.objects.create(
        dedupe_key="given up", kind="test", recipient="a@example.org", state=MessageState.DEAD, last_error="refused"
    )
    link = passwords.make_link(actor=admin, person=target, now=now)
    uid, token = link.rstrip("/").split("/")[-2:]
    published = make_incident(title="Told already", status=Status.RESOLVED)
    lessons = {state: learn(incident, people, now) for state, incident in incidents.items()}
    chart = attachments.add(actor=admin, incident=published, upload=picture_file(), now=now)
    shown = EventContent(text=attachments.markdown_of(chart), occurred_at=now)
    timeline.add_entries(actor=admin, incident=published, entries=[shown], now=now)
    told = draft(published, people, now)
    Postmortem.objects.filter(pk=told.pk).update(is_imported=True)
    told.refresh_from_db()
    publish_imported(actor=admin, postmortem=told, now=now)
    Review.objects.create(postmortem=told, reviewer=people["editor"], decision=ReviewDecision.APPROVED)
    return World(
        published=published,
        causes={state: cause for state, (cause, _item) in lessons.items()},
        items={state: item for state, (_cause, item) in lessons.items()},
        postmortems={
            state: draft(incident, people, now) for state, incident in incidents.items() if state != "cancelled"
        },
        people=people,
        incidents=incidents,
        events=events,
        updates={state: wait_to_leave(incident, people, now) for state, incident in incidents.items()},
        status_token=link_to_status(incidents["open"], admin, now),
        impacts={state: incident.impacts.get() for state, incident in incidents.items()},
        team=team,
        service=service,
        near_miss=near_miss,
        target=target,
        message=message,
        token=make_token(target),
        changes={
            state: make_change(private_to=incident if incident.is_private else None)
            for state, incident in incidents.items()
        },
        webhook=make_webhook("Chat of all", services=[service]),
        alert_rule=AlertRule.objects.create(name="Pages", matchers="severity=page", service=service),
        receipt=AlertReceipt.objects.create(format="generic", body='{"title": ""}', state="failed", last_error="Why"),
        invitation_token=issued.link.rstrip("/").rsplit("/", 1)[-1],
        invitation_id=issued.invitation.pk,
        reset=(uid, token),
    )


def _people() -> dict[str, User]:
    roles = {
        "no_role": "",
        "reader": Role.READER,
        "responder": Role.RESPONDER,
        "editor": Role.EDITOR,
        "admin": Role.ADMIN,
        "member": Role.READER,
        "team_lead": Role.RESPONDER,
        "incident_lead": Role.RESPONDER,
    }
    people = {
        actor: make_user(actor.replace("_", " ").title(), role, phone="+49 170 1234567")
        for actor, role in roles.items()
    }
    # A second admin, so that nothing is refused for being done to the last one.
    make_user("Other Admin", Role.ADMIN)
    return people


def make_private(people: dict[str, User], service: Service, **fields: Any) -> Incident:
    """An incident that only its member, the lead of the owning team, its incident lead and admins may know of."""
    values = {
        "title": "Wages sent to everybody",
        "is_private": True,
        "services": [service],
        "acknowledged_at": None,
        **fields,
    }
    incident = make_incident(**values)
    Incident.objects.filter(pk=incident.pk).update(incident_lead=people["incident_lead"])
    incident.refresh_from_db()
    return incident


def furnish(incident: Incident, people: dict[str, User], now: dt.datetime, word: str = "") -> TimelineEvent:
    """Give the incident entries, impact, tags, followers and an audit; what people write holds the word."""
    author = Actor.person(people["incident_lead"])
    contents = [
        EventContent(
            text=f"We look at **the change** {word}".strip(),
            kind=TimelineKind.DIAGNOSIS,
            occurred_at=now - dt.timedelta(minutes=30),
            evidence=f"log line 7 {word}".strip(),
            is_starred=True,
        ),
        EventContent(text=f"Rolled back {word}".strip(), kind=TimelineKind.ACTION, time_text="14:??"),
    ]
    events = timeline.add_entries(actor=author, incident=incident, entries=contents, now=now)
    timeline.strike(actor=author, event=events[1], now=now)
    Impact.objects.create(
        incident=incident, what=f"visitors see an empty page {word}".strip(), scope=30, from_at=incident.sort_at
    )
    incident.tags.add(Tag.objects.get_or_create(name=f"release{word}")[0])
    Subscription.objects.create(incident=incident, user=people["member"])
    ask_around(incident, people, now, word)
    attachments.add(actor=author, incident=incident, upload=picture_file(f"{word or 'chart'}.png"), now=now)
    # On a public incident that changes nothing.
    IncidentMember.objects.create(incident=incident, user=people["member"], added_by=author.user)
    audit.record(actor=author, action="incident.edited", target=incident, at=now, changes={"title": ("a", f"b {word}")})
    return events[0]


def picture_file(name: str = "chart.png") -> SimpleUploadedFile:
    """A small picture, as a form would send it."""
    written = io.BytesIO()
    Image.new("RGB", (12, 8), "teal").save(written, "PNG")
    return SimpleUploadedFile(name, written.getvalue(), content_type="image/png")


def ask_around(incident: Incident, people: dict[str, User], now: dt.datetime, word: str = "") -> None:
    """A roll call of the incident; its incident lead has answered, its member has not."""
    hour = dt.timedelta(hours=1)
    asked = {"note": f"blank pages {word}".strip(), "asked_by": people["incident_lead"], "opened_at": now}
    roll_call = RollCall.objects.create(incident=incident, from_at=now - 4 * hour, to_at=now - hour, **asked)
    RollCallAnswer.objects.create(roll_call=roll_call, person=people["member"], asked_at=now)
    said = {"answer": "not_sure", "note": f"perhaps the nightly job {word}".strip(), "answered_at": now}
    RollCallAnswer.objects.create(roll_call=roll_call, person=people["incident_lead"], asked_at=now, **said)


def wait_to_leave(incident: Incident, people: dict[str, User], now: dt.datetime, word: str = "") -> StatusUpdate:
    """An update that has left, one for responders only, and one that can still be taken back for an hour."""
    actor = Actor.person(people["incident_lead"])
    told = [
        updates.write(actor=actor, incident=incident, text=f"{text} {word}".strip(), audience=audience, now=at)
        for text, audience, at in (
            ("Some pages are empty", UpdateAudience.STAFF, now - dt.timedelta(minutes=20)),
            ("The cache looks wrong", UpdateAudience.RESPONDERS, now - dt.timedelta(minutes=10)),
            ("We roll it back", UpdateAudience.STAFF, now),
        )
    ]
    StatusUpdate.objects.filter(pk=told[-1].pk).update(leaves_at=now + dt.timedelta(hours=1))
    return told[-1]


def link_to_status(incident: Incident, admin: Actor, now: dt.datetime) -> str:
    """A link to the status for people without an account, which an admin has allowed."""
    updates.allow_links(actor=admin, allowed=True, now=now)
    return updates.link_token(updates.make_link(actor=admin, incident=incident, now=now))


def learn(
    incident: Incident, people: dict[str, User], now: dt.datetime, word: str = ""
) -> tuple[RootCause, ActionItem]:
    """A cause of the incident, and an action item that answers it and that its incident lead owns."""
    actor = Actor.person(people["incident_lead"])
    cause = causes.add(
        actor=actor,
        incident=incident,
        content=CauseContent(
            title=f"No sandbox {word}".strip(), explanation=f"It was torn down {word}", whys=[f"Too dear {word}"]
        ),
        now=now,
    )
    content = ActionContent(
        text=f"Build a sandbox {word}".strip(),
        owner=people["incident_lead"],
        due_on=now.date() + dt.timedelta(days=9),
        cause=cause,
        details=f"In a week {word}",
    )
    return cause, action_items.create(actor=actor, incident=incident, content=content, now=now)


def draft(incident: Incident, people: dict[str, User], now: dt.datetime) -> Postmortem:
    """The draft of its postmortem, as it writes itself, with a comment of the admin, who is asked for a review."""
    actor = Actor.person(people["incident_lead"])
    postmortem = drafting.start(actor=actor, incident=incident, now=now)
    section = postmortem.sections.first()
    comments.begin(
        actor=Actor.person(people["admin"]), postmortem=postmortem, section=section, text="Why so late?", now=now
    )
    ReviewRequest.objects.create(postmortem=postmortem, reviewer=people["admin"])
    DraftVersion.objects.create(
        postmortem=postmortem, section=section, heading="Summary", text="Before.", began_at=now, saved_at=now
    )
    return postmortem


def text_of(response: HttpResponseBase) -> str:
    """What an answer says, streamed ones and its headers included."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return f"{headers}\n{body.decode(errors='replace')}"
