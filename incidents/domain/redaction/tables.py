"""Where text is kept: every column of every table, found in the models, so that new ones are looked through too."""

from collections import deque
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import models

from ... import registry
from ...models import Incident

TEXT = (models.CharField, models.TextField, models.JSONField)
# Django's own, filled by the program.
APPLICATIONS_LEFT = frozenset({"auth", "contenttypes"})

_DIGEST = "a digest of a random secret, a password or a whole document; the text cannot be read from it"
_PROGRAM = "a name that the program gives"
_ZONE = "the name of a time zone, without which no time can be shown"
# What is not looked through, and why not.
NOT_TEXT = {
    "incidents.user.password": _DIGEST,
    "incidents.user.time_zone": _ZONE,
    "incidents.incident.home_zone": _ZONE,
    "incidents.session.session_data": "who is signed in, signed; ends by itself",
    "incidents.invitation.token_hash": _DIGEST,
    "incidents.apitoken.token_hash": _DIGEST,
    "incidents.loginattempt.key": _DIGEST,
    "incidents.attachment.digest": _DIGEST,
    "incidents.alert.fingerprint": _DIGEST,
    "incidents.alert.group": _DIGEST,
    "incidents.auditentry.action": _PROGRAM,
    "incidents.auditentry.object_type": _PROGRAM,
    "incidents.auditentry.object_id": _PROGRAM,
    "incidents.outboxmessage.dedupe_key": _PROGRAM,
    "incidents.outboxmessage.kind": _PROGRAM,
    "incidents.outboxmessage.channel": _PROGRAM,
    "incidents.outboxmessage.lease_owner": _PROGRAM,
    "postmortems.importeddocument.digest": _DIGEST,
    "postmortems.postmortem.approved_digest": _DIGEST,
}
# Where a secret belongs: it is needed to send. Whoever looks for one is told that it stands there too.
NEEDED = frozenset(
    {"incidents.webhook.url", "incidents.webhook.secret", "incidents.webhook.headers", "incidents.webhook.body"}
)
# JSON in which other programs choose what the values are called.
NAMED_BY_OTHERS = frozenset({"incidents.alert.labels", "incidents.alert.annotations"})


@dataclass(frozen=True, slots=True)
class Table:
    """A model with its columns of text. ``incident`` is the way to the incident that a row hangs on, if it does."""

    model: type[models.Model]
    fields: tuple[models.Field, ...]
    incident: str = ""

    @property
    def label(self) -> str:
        return self.model._meta.label_lower


@cache
def tables() -> tuple[Table, ...]:
    """Every table that holds text which somebody may have written, or a copy of it; indexes apart."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        fields = tuple(field for field in model._meta.concrete_fields if holds_text(field))
        if fields and model._meta.app_label not in APPLICATIONS_LEFT and model not in registry.indexes():
            found.append(Table(model, fields, way_to_incident(model)))
    return tuple(found)


def holds_text(field: models.Field) -> bool:
    """Whether people's words may be in this column."""
    is_text = isinstance(field, TEXT) and not isinstance(field, models.FilePathField)
    return is_text and not field.choices and not field.primary_key and name_of(field) not in NOT_TEXT


def name_of(field: models.Field) -> str:
    """The column's name with that of its model and application, such as ``incidents.incident.title``."""
    return f"{field.model._meta.label_lower}.{field.name}"


def way_to_incident(model: type[models.Model]) -> str:
    """The shortest way along foreign keys to the incident, as a filter takes it; empty where there is none."""
    if model is Incident:
        return "pk"
    waiting: deque[tuple[type[models.Model], str]] = deque([(model, "")])
    seen = {model}
    while waiting:
        current, way = waiting.popleft()
        for field in current._meta.concrete_fields:
            target = field.related_model
            if not field.is_relation or not isinstance(target, type) or target in seen:
                continue
            if target is Incident:
                return f"{way}{field.attname}"
            seen.add(target)
            waiting.append((target, f"{way}{field.name}__"))
    return ""
