"""The change that started an incident is among its causes, as its trigger."""

import datetime as dt
import uuid

from incidents.enums import ChangeKind
from incidents.models import Change, Incident
from incidents.permissions import Actor

from ..enums import CauseCategory, CauseRole
from ..models import RootCause
from . import causes
from .causes import CauseContent

CATEGORIES = {
    ChangeKind.DEPLOY: CauseCategory.DEPLOYMENT,
    ChangeKind.CONFIGURATION: CauseCategory.CONFIGURATION,
    ChangeKind.DATA_SCHEMA: CauseCategory.DATA,
    ChangeKind.INFRASTRUCTURE: CauseCategory.INFRASTRUCTURE,
    ChangeKind.FEATURE_FLAG: CauseCategory.CONFIGURATION,
    ChangeKind.DEPENDENCY: CauseCategory.DEPENDENCY,
    ChangeKind.CERTIFICATE: CauseCategory.CERTIFICATE,
    ChangeKind.PERMISSION: CauseCategory.SECURITY,
}


def follow(actor: Actor, incident: Incident, change: Change, is_trigger: bool, now: dt.datetime) -> None:
    """Add the change to the causes once somebody names it as the trigger; take it off when that is taken back.

    What people wrote about it meanwhile is kept, and comes back with it.
    """
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"trigger:{incident.pk}:{change.pk}")
    cause = RootCause.objects.filter(incident=incident, client_id=key).first()
    if not is_trigger:
        if cause is not None:
            causes.remove(actor=actor, cause=cause, now=now)
    elif cause is not None:
        causes.restore(actor=actor, cause=cause, now=now)
    else:
        content = CauseContent(
            title=change.text, role=CauseRole.TRIGGER, category=CATEGORIES[ChangeKind(change.kind)], evidence=change.url
        )
        causes.add(actor=actor, incident=incident, content=content, now=now, client_id=key)
