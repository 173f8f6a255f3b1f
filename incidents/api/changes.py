"""Changes that machines write down."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..domain.changes import NewChange, record_change
from ..enums import ChangeKind, Source, YesNoUnknown
from ..errors import InvalidInput
from ..models import Change, Service, User
from ..permissions import Perm, require
from .access import ApiRequest, operation
from .answers import answer, moment
from .bodies import UNSTORABLE, Fields, json_of

LONGEST_KEY = 200
LONGEST_NAME = 150
CHANGES_A_MINUTE = 600


@operation(a_minute=CHANGES_A_MINUTE)
def changes(request: ApiRequest) -> HttpResponse:
    """Write a change down: 201 the first time, 200 where it was known by its reference."""
    require(request.actor, Perm.RECORD_CHANGE)
    new = _new_change(request)
    _check_key_fits(new)
    change = record_change(actor=request.actor, new=new, now=timezone.now())
    return answer(_shown(change), status=201 if change.client_id == new.client_id else 200)


def _new_change(request: ApiRequest) -> NewChange:
    fields = Fields(json_of(request))
    made_by = (fields.text("made_by") or "").strip()
    if len(made_by) > LONGEST_NAME:
        fields.wrong("made_by", _("At most 150 characters."))
    author = User.objects.active().named(made_by).first() if made_by else None
    new = NewChange(
        text=fields.text("text"),
        live_at=fields.moment("live_at"),
        kind=fields.choice("kind", ChangeKind),
        made_by=author,
        made_by_label=made_by if made_by and author is None else None,
        intended_effect=fields.text("intended_effect"),
        services=_services(fields),
        environment=fields.text("environment"),
        approved_by=fields.text("approved_by"),
        was_approved=fields.flag("was_approved", YesNoUnknown),
        tried_in_sandbox=fields.flag("tried_in_sandbox", YesNoUnknown),
        url=fields.text("url"),
        reference=(fields.text("reference") or "").strip(),
        token=request.token,
        client_id=_client_id(request),
        source=Source.API,
    )
    fields.check()
    return new


def _services(fields: Fields) -> list[Service] | None:
    """Services by slug or name."""
    wanted = fields.texts("services")
    if wanted is None:
        return None
    known = {key.casefold(): service for service in Service.objects.active() for key in (service.slug, service.name)}
    for name in wanted:
        if name.strip().casefold() not in known:
            fields.wrong("services", _("There is no service “%(name)s” in use.") % {"name": name[:100]})
            return None
    return list({known[name.strip().casefold()] for name in wanted})


def _client_id(request: ApiRequest) -> uuid.UUID:
    """What the same Idempotency-Key of the same token always makes; without one, a new one each time."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or UNSTORABLE.search(key):
        message = _("Idempotency-Key has at most 200 letters, digits and signs.")
        raise InvalidInput(message, code="idempotency_key", fields={"Idempotency-Key": message})
    return uuid.uuid5(uuid.NAMESPACE_URL, f"token:{request.token.pk}:{key}") if key else uuid.uuid4()


def _check_key_fits(new: NewChange) -> None:
    """Raise `InvalidInput` where the key was used for another change."""
    sent = Change.objects.filter(client_id=new.client_id).first()
    if sent is None:
        return
    if sent.reference != new.reference or (not new.reference and sent.text != " ".join((new.text or "").split())):
        message = _("This Idempotency-Key was used for another change.")
        raise InvalidInput(message, code="idempotency_key_used", fields={"Idempotency-Key": message})


def _shown(change: Change) -> dict[str, Any]:
    return {
        "id": change.pk,
        "text": change.text,
        "kind": change.kind,
        "live_at": moment(change.live_at),
        "made_by": change.author,
        "intended_effect": change.intended_effect,
        "services": sorted(change.services.values_list("slug", flat=True)),
        "environment": change.environment,
        "approved_by": change.approved_by,
        "was_approved": change.was_approved,
        "tried_in_sandbox": change.tried_in_sandbox,
        "url": change.url,
        "reference": change.reference,
    }
