"""The audit in words for people: what was done, to which field, from what to what.

Entries keep codes and UTC, so that they stay true when words change; the words are found when a page shows them.
"""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .clock_text import describe
from .enums import NoticeKind
from .models import AuditEntry

Words = Mapping[str, str | Promise]

NOTHING = "–"
# As `audit.record()` writes a moment.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

# What follows the name of who did it.
_deeds: dict[str, str | Promise] = {
    "incident.reported": gettext_lazy("reported it"),
    "incident.declared": gettext_lazy("declared it"),
    "incident.declare": gettext_lazy("declared it"),
    "incident.near_miss_recorded": gettext_lazy("recorded a near miss"),
    "incident.backfilled": gettext_lazy("imported it"),
    "incident.promoted": gettext_lazy("made an incident of the near miss"),
    "incident.confirm": gettext_lazy("confirmed the report"),
    "incident.acknowledge": gettext_lazy("took it on"),
    "incident.identify": gettext_lazy("marked the cause as found"),
    "incident.monitor": gettext_lazy("marked it as mitigated"),
    "incident.resolve": gettext_lazy("resolved it"),
    "incident.close": gettext_lazy("closed it"),
    "incident.reopen": gettext_lazy("reopened it"),
    "incident.cancel": gettext_lazy("cancelled it"),
    "incident.took_duplicate": gettext_lazy("moved a duplicate's reports and followers here"),
    "incident.edited": gettext_lazy("edited the details"),
    "incident.severity": gettext_lazy("changed the severity"),
    "incident.team": gettext_lazy("changed the team"),
    "incident.role": gettext_lazy("handed a role over"),
    "incident.milestones": gettext_lazy("put the milestones right"),
    "incident.related": gettext_lazy("linked another incident"),
    "incident.unrelated": gettext_lazy("took a link to another incident off"),
    "incident.followed": gettext_lazy("follows it"),
    "incident.unfollowed": gettext_lazy("no longer follows it"),
    "incident.made_private": gettext_lazy("made it private"),
    "incident.private_lifted": gettext_lazy("opened it to everybody"),
    "incident.private_opened": gettext_lazy("looked at it as an admin"),
    "incident.member_added": gettext_lazy("added a member"),
    "incident.member_removed": gettext_lazy("took a member off"),
    "incident.example_removed": gettext_lazy("removed the worked example"),
    "impact.added": gettext_lazy("added an impact"),
    "impact.edited": gettext_lazy("edited an impact"),
    "impact.removed": gettext_lazy("removed an impact"),
    "timeline.added": gettext_lazy("wrote into the timeline"),
    "timeline.edited": gettext_lazy("edited an entry"),
    "timeline.starred": gettext_lazy("changed whether an entry is a key moment"),
    "timeline.struck": gettext_lazy("struck an entry out"),
    "timeline.restored": gettext_lazy("brought an entry back"),
    "timeline.moved": gettext_lazy("moved an entry"),
    "change.recorded": gettext_lazy("wrote down the change"),
    "change.edited": gettext_lazy("edited the change"),
    "change.judged": gettext_lazy("said what a change was to it"),
    "token.created": gettext_lazy("made the token"),
    "token.revoked": gettext_lazy("revoked the token"),
    "picture.added": gettext_lazy("added a picture"),
    "picture.removed": gettext_lazy("removed a picture for good"),
    "roll_call.opened": gettext_lazy("asked what had been changed"),
    "roll_call.ended": gettext_lazy("ended the roll call"),
    "update.written": gettext_lazy("wrote a status update"),
    "update.cancelled": gettext_lazy("took a status update back"),
    "status_link.made": gettext_lazy("made a link to the status"),
    "status_link.revoked": gettext_lazy("ended links to the status"),
    "installation.changed": gettext_lazy("changed what the installation allows"),
    "redaction.carried_out": gettext_lazy("took a text out of all that is kept:"),
    "redaction.on_incident": gettext_lazy("took a text out of what is kept on it"),
    "message.resent": gettext_lazy("sent a message again"),
    "webhook.created": gettext_lazy("added the channel"),
    "webhook.changed": gettext_lazy("changed the channel"),
    "webhook.secret_rotated": gettext_lazy("made a new secret for the channel"),
    "webhook.tested": gettext_lazy("sent a test to the channel"),
    "webhook.retired": gettext_lazy("switched the channel off"),
    "webhook.brought_back": gettext_lazy("switched the channel on"),
    "person.created": gettext_lazy("made the account"),
    "person.changed": gettext_lazy("changed the account"),
    "person.profile_changed": gettext_lazy("changed the profile"),
    "person.role_changed": gettext_lazy("changed the role"),
    "person.disabled": gettext_lazy("disabled the account"),
    "person.enabled": gettext_lazy("enabled the account"),
    "person.invited": gettext_lazy("invited"),
    "person.notices_chosen": gettext_lazy("chose which notices to get"),
    "person.muted": gettext_lazy("changed when no notices come"),
    "person.password_changed": gettext_lazy("changed the password"),
    "person.password_link_made": gettext_lazy("made a link for a new password"),
    "person.password_link_requested": gettext_lazy("asked for a link for a new password"),
    "person.password_reset": gettext_lazy("set a new password by a link"),
    "person.sessions_ended": gettext_lazy("ended sessions"),
    "invitation.accepted": gettext_lazy("accepted the invitation"),
    "invitation.renewed": gettext_lazy("sent the invitation again"),
    "invitation.revoked": gettext_lazy("withdrew the invitation"),
    "service.created": gettext_lazy("added the service"),
    "service.changed": gettext_lazy("changed the service"),
    "service.retired": gettext_lazy("took the service out of use"),
    "service.brought_back": gettext_lazy("took the service into use again"),
    "service.followed": gettext_lazy("follows the service"),
    "service.unfollowed": gettext_lazy("no longer follows the service"),
    "severity.followed": gettext_lazy("follows the severity"),
    "severity.unfollowed": gettext_lazy("no longer follows the severity"),
    "severity.changed": gettext_lazy("changed the severity level"),
    "alert_rule.created": gettext_lazy("added the rule about alerts"),
    "alert_rule.changed": gettext_lazy("changed the rule about alerts"),
    "alert_receipt.tried_again": gettext_lazy("let what monitoring sent be read again"),
    "team.created": gettext_lazy("added the team"),
    "team.changed": gettext_lazy("changed the team"),
    "team.retired": gettext_lazy("took the team out of use"),
    "team.brought_back": gettext_lazy("took the team into use again"),
}

# What the audit names although no field of the model is called so.
_names: dict[str, str | Promise] = {
    "struck": gettext_lazy("struck out"),
    "reports": gettext_lazy("reports moved"),
    "links": gettext_lazy("links"),
    "duplicate": gettext_lazy("duplicate"),
    "following": gettext_lazy("following"),
    "members": gettext_lazy("members"),
    "removed": gettext_lazy("removed"),
    "people_asked": gettext_lazy("people asked"),
    "is_active": gettext_lazy("active"),
    **{kind.value: kind.label for kind in NoticeKind},
    "host": gettext_lazy("host"),
    "places": gettext_lazy("places"),
    "scope": gettext_lazy("where"),
    "replacement": gettext_lazy("in its place"),
}

# Values that no field of a model gives words to.
_values: dict[str, str | Promise] = {}


class ChangeWords(NamedTuple):
    """One field, and what it was and is, as people would say it."""

    name: str
    before: str
    after: str


def add_words(*, deeds: Words, names: Words, values: Words) -> None:
    """Let another application say its actions, fields and values in words; called when it is ready."""
    _deeds.update(deeds)
    _names.update(names)
    _values.update(values)


def deed(action: str) -> str:
    """What was done, to follow the name of who did it: ``changed the severity``. An unknown action says its code."""
    return str(_deeds.get(action, action))


def has_words(action: str) -> bool:
    return action in _deeds


def changes(entry: AuditEntry, zone: dt.tzinfo) -> list[ChangeWords]:
    """What an entry changed, field by field; moments in ``zone``."""
    rows = []
    for name, (before, after) in entry.changes.items():
        field = _field(entry.object_type, name)
        rows.append(ChangeWords(_label(field, name), _value(field, before, zone), _value(field, after, zone)))
    return rows


@cache
def _field(object_type: str, name: str) -> Any:
    """The field of the model that the entry is about, or nothing where the audit uses a word of its own."""
    for model in apps.get_models():
        if model._meta.model_name == object_type:
            try:
                return model._meta.get_field(name)
            except FieldDoesNotExist:
                continue
    return None


def _label(field: Any, name: str) -> str:
    if name in _names:
        return str(_names[name])
    return str(getattr(field, "verbose_name", None) or name.replace("_", " "))


def _value(field: Any, value: Any, zone: dt.tzinfo) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return describe(dt.datetime.fromisoformat(value), zone)
    words = _values if field is None else dict(getattr(field, "flatchoices", ()))
    return str(words.get(value, value))
