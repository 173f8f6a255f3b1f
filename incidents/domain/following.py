"""Following an incident, a service, or every incident of a severity."""

import datetime as dt
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import Severity
from ..errors import NotPossible
from ..models import Incident, Service, SeverityLevel, Subscription
from ..permissions import Actor, Perm, require


def set_following(*, actor: Actor, incident: Incident, following: bool, now: dt.datetime) -> None:
    """Begin or end to follow an incident; doing it twice changes nothing."""
    require(actor, Perm.FOLLOW, incident)
    _set(actor=actor, target=incident, following=following, now=now, incident=incident)


def set_following_service(*, actor: Actor, service: Service, following: bool, now: dt.datetime) -> None:
    """Begin or end to follow whatever hits a service."""
    require(actor, Perm.FOLLOW)
    _set(actor=actor, target=service, following=following, now=now, service=service)


def set_following_severity(*, actor: Actor, severity: Severity, following: bool, now: dt.datetime) -> None:
    """Begin or end to follow every incident of a severity."""
    require(actor, Perm.FOLLOW)
    level = SeverityLevel(code=severity)
    _set(actor=actor, target=level, following=following, now=now, severity=severity.value)


@transaction.atomic
def end(*, actor: Actor, row: Subscription, now: dt.datetime) -> None:
    """End to follow whatever this row of one's own is about. What one may no longer see can be left as well."""
    if actor.user is None or row.user_id != actor.user.pk:
        raise NotPossible(_("Only what you follow yourself can be ended."))
    target = row.incident or row.service or SeverityLevel(code=row.severity)
    if Subscription.objects.filter(pk=row.pk).delete()[0]:
        _record(actor, target, False, now)


@transaction.atomic
def _set(*, actor: Actor, target: models.Model, following: bool, now: dt.datetime, **what: Any) -> None:
    if actor.user is None:
        raise NotPossible(_("Only a person can follow an incident."))
    if following:
        _row, changed = Subscription.objects.get_or_create(user=actor.user, **what)
    else:
        changed = bool(Subscription.objects.filter(user=actor.user, **what).delete()[0])
    if changed:
        _record(actor, target, following, now)


def _record(actor: Actor, target: models.Model, following: bool, now: dt.datetime) -> None:
    what = {Incident: "incident", Service: "service", SeverityLevel: "severity"}[type(target)]
    audit.record(
        actor=actor,
        action=f"{what}.followed" if following else f"{what}.unfollowed",
        target=target,
        at=now,
        changes={"following": (not following, following)},
    )
