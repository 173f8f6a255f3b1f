"""What people want to hear of, when they want to hear nothing, and the link in a mail that ends what it came for."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..clock_text import Zone
from ..enums import MuteFor, NoticeKind, Severity
from ..errors import NotPossible
from ..models import NoticePreference, User
from ..notifications import reasons
from ..notifications.unsubscribe import Stop
from ..permissions import Actor, Perm, require
from . import following

MORNING = dt.time(8)
MUTE_LASTS = {MuteFor.DAY: dt.timedelta(days=1), MuteFor.WEEK: dt.timedelta(weeks=1)}


@transaction.atomic
def choose(*, actor: Actor, wanted: Collection[NoticeKind], severities: Collection[Severity], now: dt.datetime) -> None:
    """Want exactly these kinds of notices, and follow exactly these severities."""
    require(actor, Perm.FOLLOW)
    person = _person(actor)
    chosen = reasons.chosen_by([person.pk])
    for kind in NoticeKind:
        _want(actor, person, kind, kind in wanted, now, before=reasons.wants(person, kind, chosen))
    for severity in Severity:
        following.set_following_severity(actor=actor, severity=severity, following=severity in severities, now=now)


@transaction.atomic
def mute(*, actor: Actor, choice: MuteFor, zone: Zone, now: dt.datetime) -> dt.datetime | None:
    """Send no notices but those addressed to this person alone for a while; until when (UTC), or nothing where unmuted.

    ``zone`` is where their morning is.
    """
    require(actor, Perm.EDIT_PROFILE)
    person = _person(actor)
    until = None if choice == MuteFor.NOT else _mute_ends(choice, zone, now)
    before = User.objects.filter(pk=person.pk).values_list("muted_until", flat=True).get()
    if before != until:
        User.objects.filter(pk=person.pk).update(muted_until=until)
        person.muted_until = until
        changes = {"muted_until": (before, until)}
        audit.record(actor=actor, action="person.muted", target=person, at=now, changes=changes)
    return until


@transaction.atomic
def stop(*, what: Stop, now: dt.datetime) -> User | None:
    """End what a mail came for, as its link asks; whose mail it was, or nothing where that account is gone.

    Doing it twice changes nothing. Needs no right: whoever holds the link got the mail.
    """
    person = User.objects.filter(pk=what.person).first()
    if person is None:
        return None
    actor = Actor.person(person)
    kind = reasons.kind_of(what.reason)
    if kind == NoticeKind.FOLLOWED:
        row = reasons.subscription(what.reason, person, what.incident)
        if row is not None:
            following.end(actor=actor, row=row, now=now)
    else:
        before = reasons.wants(person, kind, reasons.chosen_by([person.pk]))
        _want(actor, person, kind, False, now, before=before)
    return person


def _want(actor: Actor, person: User, kind: NoticeKind, wanted: bool, now: dt.datetime, *, before: bool) -> None:
    if wanted != before:
        NoticePreference.objects.update_or_create(person=person, kind=kind, defaults={"wanted": wanted})
        changes = {kind.value: (before, wanted)}
        audit.record(actor=actor, action="person.notices_chosen", target=person, at=now, changes=changes)


def _mute_ends(choice: MuteFor, zone: Zone, now: dt.datetime) -> dt.datetime:
    if choice in MUTE_LASTS:
        return now + MUTE_LASTS[choice]
    local = now.astimezone(zone)
    tomorrow = local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, MORNING, zone).astimezone(dt.UTC)


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise NotPossible(_("Only a person gets notices."))
    return actor.user
