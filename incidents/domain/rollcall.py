"""Roll calls: asking colleagues at once what went live before an incident. How they answer is in `rollcall_answers`.

A help, not an interrogation: who answered nothing stands in no timeline, no audit and no figure, and is forgotten when
the incident closes.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import audit
from ..clock_text import Zone
from ..enums import RollCallAnswerKind, RollCallEnd, Status, TimelineKind
from ..errors import InvalidInput, NotPossible
from ..models import Incident, RollCall, RollCallAnswer, User
from ..notifications import rules
from ..permissions import Actor, Perm, require
from ..zones import reader_zone
from . import timeline

# How long before the impact people are asked about, unless somebody chooses otherwise.
WINDOW = dt.timedelta(hours=3)
# Whoever is asleep is not ticked beforehand: from 22:00 until 07:00, each in their own zone.
NIGHT_BEGINS, NIGHT_ENDS = dt.time(22), dt.time(7)
# While nobody knows the cause. A mitigation does not tell it either.
ASKING = (Status.TRIAGE, Status.INVESTIGATING, Status.MONITORING)
_ENDS = {
    Status.IDENTIFIED: RollCallEnd.FOUND,
    Status.RESOLVED: RollCallEnd.RESOLVED,
    Status.CANCELLED: RollCallEnd.CANCELLED,
}
# A dot is no letter of the key nor of the signature, and no mail program ends a link there.
_signer = signing.Signer(salt="incidents.roll-call", sep=".")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be asked, and what the clock on their wall says."""

    person: User
    local: dt.datetime
    is_concerned: bool
    is_asked_already: bool

    @property
    def clock(self) -> str:
        """What it says: ``03:12``; a template would tell the time of the page instead."""
        return f"{self.local:%H:%M}"

    @property
    def is_at_night(self) -> bool:
        return is_night(self.local.time())

    @property
    def is_suggested(self) -> bool:
        """Whether to tick them: of a team concerned, awake, reached by mail, and not asked yet."""
        awake = self.is_concerned and not self.is_at_night
        return awake and bool(self.person.email) and not self.is_asked_already


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking: those in ``left_out`` had the same question already."""

    roll_call: RollCall
    left_out: list[User] = field(default_factory=list)


def is_night(local: dt.time) -> bool:
    """Whether people whose clock says this are asleep, as a rule."""
    return local >= NIGHT_BEGINS or local < NIGHT_ENDS


def may_begin(incident: Incident) -> bool:
    """Whether there is still something to narrow down."""
    return incident.status in ASKING


def usual_window(incident: Incident, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From three hours before the impact until it began; until now where nobody knows yet when it did (UTC)."""
    began = incident.impact_started_at
    return (began or incident.sort_at) - WINDOW, began or now


def candidates(incident: Incident, *, actor: Actor, now: dt.datetime) -> list[Candidate]:
    """Everybody who may know of the incident, but whoever asks: members of the teams concerned first, by name."""
    people = User.objects.who_see(incident).exclude(pk=actor.user.pk if actor.user else None)
    concerned = set(User.objects.concerned_by(incident).values_list("pk", flat=True))
    open_calls = RollCallAnswer.objects.filter(roll_call__incident=incident, roll_call__ended_at=None)
    asked = set(open_calls.values_list("person", flat=True))
    found = [
        Candidate(person, now.astimezone(zone_of(person)), person.pk in concerned, person.pk in asked)
        for person in people.filter(is_example=incident.is_example)
    ]
    return sorted(found, key=lambda each: (not each.is_concerned, each.person.name.casefold()))


@dataclass(frozen=True, slots=True)
class Reach:
    """How many the suggestion is about: those of the teams concerned who are not asked yet."""

    awake: int
    at_night: int

    @property
    def all(self) -> int:
        return self.awake + self.at_night


def reach(found: Sequence[Candidate]) -> Reach:
    """Whom asking the teams concerned would reach now."""
    nights = [each.is_at_night for each in found if each.is_concerned and not each.is_asked_already]
    return Reach(awake=nights.count(False), at_night=nights.count(True))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a roll call is. ``waiting`` and ``not_sure`` hold people for the incident lead alone, else nobody."""

    roll_call: RollCall
    asked: int
    answered: int
    changes: list[RollCallAnswer]
    waiting: list[User]
    not_sure: list[RollCallAnswer]
    own_link: str


def standing(incident: Incident, *, reader: User) -> list[Standing]:
    """The roll calls of an incident, newest first, as this reader may see them."""
    answers = RollCallAnswer.objects.select_related("person", "change").order_by("person__name")
    rows = incident.roll_calls.select_related("asked_by").prefetch_related(Prefetch("answers", answers))
    is_lead = incident.incident_lead_id == reader.pk
    return [_standing(roll_call, list(roll_call.answers.all()), reader, is_lead) for roll_call in rows]


def _standing(roll_call: RollCall, answers: Sequence[RollCallAnswer], reader: User, is_lead: bool) -> Standing:
    def saying(kind: str) -> list[RollCallAnswer]:
        return [answer for answer in answers if answer.answer == kind]

    own = next((answer for answer in answers if answer.person_id == reader.pk), None)
    shows_people = is_lead and roll_call.ended_at is None
    return Standing(
        roll_call,
        asked=len(answers),
        answered=len(answers) - len(saying("")),
        changes=saying(RollCallAnswerKind.CHANGE),
        waiting=[answer.person for answer in saying("")] if shows_people else [],
        not_sure=saying(RollCallAnswerKind.NOT_SURE) if shows_people else [],
        own_link=link_to(own.key) if own else "",
    )


def zone_of(person: User) -> Zone:
    """Where this person's clock is."""
    return reader_zone(person)


@transaction.atomic
def ask(
    *,
    actor: Actor,
    incident: Incident,
    people: Sequence[User],
    from_at: dt.datetime,
    to_at: dt.datetime,
    now: dt.datetime,
    note: str = "",
    client_id: uuid.UUID | None = None,
) -> Asked:
    """Ask these people what went live between two moments (UTC). The same ``client_id`` asks once.

    Whoever was asked already, and not yet told that it is over, about a time that overlaps is left out. Raises
    `Forbidden`, `NotPossible` where the cause is known or nobody is left to ask, `InvalidInput`.
    """
    require(actor, Perm.ROLL_CALL, incident)
    # One after another: who else asks, or finds the cause, at this moment waits here.
    status = Incident.objects.select_for_update().values_list("status", flat=True).get(pk=incident.pk)
    if sent := _sent_before(incident, client_id):
        return Asked(sent)
    if status not in ASKING:
        raise NotPossible(
            _("The cause of %(incident)s is known, or it is over. There is nothing left to ask.")
            % {"incident": incident.reference}
        )
    _check_window(from_at, to_at, now)
    _check_people(incident, people)
    left_out = _asked_already(incident, people, from_at, to_at)
    asked = [person for person in people if person not in left_out]
    if not asked:
        raise NotPossible(_("All of them are asked about this time already. Their answers come in on the page."))
    roll_call = RollCall.objects.create(
        incident=incident,
        from_at=from_at,
        to_at=to_at,
        note=note.strip()[:500],
        asked_by=actor.user,
        opened_at=now,
        client_id=client_id,
    )
    _notify(roll_call, asked, now)
    said = ngettext(
        "Roll call: %(count)d person was asked what went live before it.",
        "Roll call: %(count)d people were asked what went live before it.",
        len(asked),
    )
    timeline.write(
        actor=actor,
        incident=incident,
        kind=TimelineKind.COMMUNICATION,
        text=said % {"count": len(asked)},
        occurred_at=now,
        now=now,
    )
    # How many and not who: the audit is for ever, and whoever is named in it and told of no change said nothing.
    changes = {"from_at": (None, from_at), "to_at": (None, to_at), "people_asked": (None, len(asked))}
    audit.record(actor=actor, action="roll_call.opened", target=roll_call, at=now, changes=changes)
    return Asked(roll_call, left_out)


@transaction.atomic
def end(*, actor: Actor, roll_call: RollCall, now: dt.datetime) -> RollCall:
    """End a roll call by hand, before the cause is found; ending it twice changes nothing."""
    require(actor, Perm.ROLL_CALL, roll_call)
    _end(actor, roll_call, RollCallEnd.ENDED, now)
    return roll_call


def follow(*, actor: Actor, incident: Incident, status: Status, now: dt.datetime) -> None:
    """What a new status of the incident means for its roll calls; part of the transition, which asked for the right.

    Nobody is left with a question that is answered. Once the incident is over for good, who said nothing, and who said
    not a word, is forgotten.
    """
    if status in _ENDS:
        for roll_call in incident.roll_calls.open():
            _end(actor, roll_call, _ENDS[status], now)
    if status in (Status.CLOSED, Status.CANCELLED):
        silent = ("", RollCallAnswerKind.NOTHING)
        RollCallAnswer.objects.filter(roll_call__incident=incident, answer__in=silent).delete()


def link(answer: RollCallAnswer) -> str:
    """The whole address by which this person answers: signed, and of use for nobody else's answer."""
    return f"{settings.BASE_URL}{link_to(answer.key)}"


def link_to(key: uuid.UUID) -> str:
    """The address within this site."""
    return reverse("roll-call-answer", args=[_signer.sign(key.hex)])


def panel(incident: Incident, *, user: User) -> dict[str, object]:
    """What the page of the incident shows of it: how far each open roll call is, and the link of who was asked.

    One query while the incident is open, none afterwards.
    """
    if not incident.is_open:
        return {}
    standing: list[Any] = list(incident.roll_calls.for_panel(user))
    own = [link_to(roll_call.own_answer) for roll_call in standing if roll_call.own_answer]
    return {"roll_calls": standing, "own_questions": own, "may_begin_roll_call": may_begin(incident)}


def key_of(token: str) -> uuid.UUID | None:
    """The key that the token of a link stands for; nothing where we never signed it."""
    try:
        return uuid.UUID(_signer.unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def _check_window(from_at: dt.datetime, to_at: dt.datetime, now: dt.datetime) -> None:
    if to_at > now + dt.timedelta(minutes=1):
        message = _("This time has not come yet. Ask about what went live until now.")
        raise InvalidInput(message, code="in_the_future", fields={"to_at": message})
    if from_at >= to_at:
        message = _("It ends before it begins.")
        raise InvalidInput(message, code="wrong_order", fields={"to_at": message})


def _check_people(incident: Incident, people: Sequence[User]) -> None:
    if not people:
        message = _("Choose at least one person to ask.")
        raise InvalidInput(message, code="nobody", fields={"people": message})
    may_know = set(User.objects.who_see(incident).values_list("pk", flat=True))
    hidden = [person.name for person in people if person.pk not in may_know]
    if hidden:
        message = _("%(names)s may not see this incident, and so cannot be asked.") % {"names": ", ".join(hidden)}
        raise InvalidInput(message, code="may_not_see", fields={"people": message})


def _asked_already(incident: Incident, people: Sequence[User], from_at: dt.datetime, to_at: dt.datetime) -> list[User]:
    """Those who have an open question about a time that overlaps."""
    overlapping = incident.roll_calls.open().filter(Q(from_at__lt=to_at) & Q(to_at__gt=from_at))
    asked = set(RollCallAnswer.objects.filter(roll_call__in=overlapping).values_list("person", flat=True))
    return [person for person in people if person.pk in asked]


def _sent_before(incident: Incident, client_id: uuid.UUID | None) -> RollCall | None:
    return incident.roll_calls.filter(client_id=client_id).first() if client_id else None


def _notify(roll_call: RollCall, people: Sequence[User], now: dt.datetime) -> None:
    for person in dict.fromkeys(people):
        answer = RollCallAnswer.objects.create(roll_call=roll_call, person=person, asked_at=now)
        rules.roll_call_opened(answer=answer, url=link(answer), now=now)


def _end(actor: Actor, roll_call: RollCall, how: RollCallEnd, now: dt.datetime) -> None:
    if RollCall.objects.filter(pk=roll_call.pk, ended_at=None).update(ended_at=now, end=how) != 1:
        return
    roll_call.ended_at, roll_call.end = now, how
    # All of them: the delivery log must not tell who had not answered.
    for answer in roll_call.answers.select_related("person", "roll_call__incident"):
        rules.roll_call_ended(answer=answer, now=now)
    audit.record(actor=actor, action="roll_call.ended", target=roll_call, at=now, changes={"end": ("", how)})
