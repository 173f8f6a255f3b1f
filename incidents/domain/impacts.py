"""Who could not do what because of an incident, how many of them, and for how long."""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import ImpactAudience, ScopeBasis, ScopeUnit
from ..errors import InvalidInput
from ..models import Impact, Incident
from ..permissions import Actor, Perm, require


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactContent:
    """One row; times are UTC."""

    what: str
    audience: ImpactAudience = ImpactAudience.CUSTOMERS
    scope: Decimal | None = None
    scope_unit: ScopeUnit = ScopeUnit.PERCENT
    scope_basis: ScopeBasis = ScopeBasis.ESTIMATED
    from_at: dt.datetime | None = None
    to_at: dt.datetime | None = None


@transaction.atomic
def add(
    *, actor: Actor, incident: Incident, content: ImpactContent, now: dt.datetime, client_id: uuid.UUID | None = None
) -> Impact:
    """Add a row of impact; the same ``client_id`` adds it once."""
    require(actor, Perm.RESPOND, incident)
    if sent_before := _sent_before(incident, client_id):
        return sent_before
    impact = Impact(incident=incident, client_id=client_id)
    _fill(impact, content)
    try:
        with transaction.atomic():
            impact.save()
    except IntegrityError:
        # The same press arrived twice at the same moment.
        if sent_before := _sent_before(incident, client_id):
            return sent_before
        raise
    audit.record(
        actor=actor,
        action="impact.added",
        target=impact,
        at=now,
        changes={"what": (None, impact.what), "scope": (None, impact.scope_text)},
    )
    return impact


@transaction.atomic
def edit(*, actor: Actor, impact: Impact, content: ImpactContent, now: dt.datetime) -> Impact:
    """Replace a row of impact."""
    require(actor, Perm.RESPOND, impact)
    before = Impact.objects.get(pk=impact.pk)
    _fill(impact, content)
    names = ("audience", "what", "scope", "scope_unit", "scope_basis", "from_at", "to_at")
    changes = audit.difference(before, {name: getattr(impact, name) for name in names})
    if changes:
        impact.save()
        audit.record(actor=actor, action="impact.edited", target=impact, at=now, changes=changes)
    return impact


@transaction.atomic
def remove(*, actor: Actor, impact: Impact, now: dt.datetime) -> None:
    """Take a row of impact away; that it stood there remains in the audit."""
    require(actor, Perm.RESPOND, impact)
    Impact.objects.filter(pk=impact.pk).delete()
    audit.record(
        actor=actor,
        action="impact.removed",
        target=impact,
        at=now,
        changes={"what": (impact.what, None), "scope": (impact.scope_text, None)},
    )


def _sent_before(incident: Incident, client_id: uuid.UUID | None) -> Impact | None:
    return Impact.objects.filter(incident=incident, client_id=client_id).first() if client_id else None


def _fill(impact: Impact, content: ImpactContent) -> None:
    impact.what = content.what.strip()
    impact.audience = content.audience
    impact.scope = content.scope
    impact.scope_unit = content.scope_unit
    impact.scope_basis = content.scope_basis
    impact.from_at = content.from_at
    impact.to_at = content.to_at
    _check(content)
    try:
        impact.full_clean(exclude=["incident"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise InvalidInput(" ".join(fields.values()), fields=fields) from error


def _check(content: ImpactContent) -> None:
    if content.scope is not None and content.scope < 0:
        raise InvalidInput(_("A number of people is not negative."), fields={"scope": _("Enter 0 or more.")})
    if content.scope is not None and content.scope_unit == ScopeUnit.PERCENT and content.scope > 100:
        raise InvalidInput(_("At most 100 %."), fields={"scope": _("Enter at most 100, or choose “in number”.")})
    if content.from_at and content.to_at and content.to_at < content.from_at:
        raise InvalidInput(_("It ends before it begins."), fields={"to_at": _("This is before the beginning.")})
