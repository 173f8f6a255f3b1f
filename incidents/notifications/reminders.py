"""Mails with what somebody has left to do; which application knows of it is registered in `registry`.

At most one mail a day and person: once a week in any case, and besides when something of theirs is due in a week, due
today, or overdue by another week. Each mail holds all that is left.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from .. import registry
from ..enums import NoticeKind
from ..models import OutboxMessage, User
from ..registry import Deadline, Reminding
from ..zones import reader_zone
from . import draft, notify_all, reasons
from .working_hours import is_at_work

REMINDER = "action-items"
WEEK = dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class _Due:
    """Whom to write to, their date, and which deadlines of which application the mail is written for."""

    person: User
    today: dt.date
    deadlines: list[tuple[Reminding, Deadline]]


def latest_step(due_on: dt.date, today: dt.date) -> dt.date | None:
    """The last day up to today on which somebody is reminded: a week before it is due, on the day, each week after."""
    if today < due_on - WEEK:
        return None
    return due_on + (today - due_on).days // WEEK.days * WEEK


def asks_for_mail(deadline: Deadline, today: dt.date) -> bool:
    """Whether nobody was reminded since the last such day. What was told today is told to whoever else has it too."""
    step = latest_step(deadline.due_on, today)
    told = deadline.reminded_on
    return step is not None and (told is None or told < step or told == today)


def remind(now: dt.datetime) -> None:
    """Write today's mail to everybody for whom there is a reason and for whom it is a working hour.

    Called every now and then; the first time of the day that fits counts, in the person's own zone. Two workers at
    once, or one that starts anew, write the same mail under the same key: it leaves once. All is looked up before the
    transaction: on SQLite nobody else writes while one is open.
    """
    left = {reminding: reminding.deadlines(now) for reminding in registry.remindings()}
    people = _who_wants_mail({key for found in left.values() for key in found}, now)
    told = _days_told(people, now)
    mails = []
    for person in people:
        today = now.astimezone(reader_zone(person)).date()
        found = [(reminding, one) for reminding, by_key in left.items() for one in by_key.get(person.pk, ())]
        asking = [(reminding, one) for reminding, one in found if asks_for_mail(one, today)]
        if today not in told[person.pk] and (asking or not _same_week(told[person.pk], today)):
            mails.append(_Due(person, today, asking))
    with transaction.atomic():
        notify_all([_mail(mail, now) for mail in mails])
        _note(mails)


def _who_wants_mail(keys: Collection[int], now: dt.datetime) -> list[User]:
    """Those of them that are at work and want it; whoever is muted gets it when they are back."""
    people = [person for person in User.objects.active().exclude(email=None).filter(pk__in=keys) if _is_in(person, now)]
    chosen = reasons.chosen_by(person.pk for person in people)
    return [person for person in people if reasons.wants(person, NoticeKind.ACTION_ITEMS, chosen)]


def _is_in(person: User, now: dt.datetime) -> bool:
    is_muted = person.muted_until is not None and person.muted_until > now
    return is_at_work(person, now) and not is_muted


def _days_told(people: Iterable[User], now: dt.datetime) -> dict[int, set[dt.date]]:
    """By person, on which of the last days, where they are, they got such a mail."""
    by_key = {person.pk: person for person in people}
    lately = OutboxMessage.objects.filter(kind=REMINDER, person__in=by_key, created_at__gt=now - WEEK - dt.timedelta(1))
    days: dict[int, set[dt.date]] = defaultdict(set)
    for key, at in lately.order_by().values_list("person", "created_at"):
        days[key].add(at.astimezone(reader_zone(by_key[key])).date())
    return days


def _same_week(days: Iterable[dt.date], today: dt.date) -> bool:
    return any(day.isocalendar()[:2] == today.isocalendar()[:2] for day in days)


def _mail(due: _Due, now: dt.datetime) -> OutboxMessage:
    return draft(
        kind=REMINDER,
        recipient=due.person.email or "",
        person=due.person,
        payload={"reason": reasons.ACTION_ITEMS},
        dedupe_key=f"{REMINDER}:{due.person.pk}:{due.today.isoformat()}",
        at=now,
    )


def _note(mails: Iterable[_Due]) -> None:
    """Let each application know what was in a mail of which day."""
    told: dict[tuple[Reminding, dt.date], list[int]] = defaultdict(list)
    for due in mails:
        for reminding, deadline in due.deadlines:
            told[reminding, due.today].append(deadline.key)
    for (reminding, today), keys in told.items():
        reminding.reminded(keys, today)
