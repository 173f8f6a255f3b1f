"""Why somebody gets a notice that nobody addressed to them in person, and what ends that.

A reason is kept with the message as a short text: ``incident``, ``service:12``, ``severity:sev2``, ``team``, ``sev1``,
``action_items``, ``reviews`` or ``comments``. Unsubscribing ends exactly the reason that the mail came for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..enums import NoticeKind, Role, Severity
from ..models import NoticePreference, Service, Subscription, User

INCIDENT = "incident"
SERVICE = "service"
SEVERITY = "severity"
TEAM = NoticeKind.TEAM.value
SEV1 = NoticeKind.SEV1.value
ACTION_ITEMS = NoticeKind.ACTION_ITEMS.value
REVIEWS = NoticeKind.REVIEWS.value
COMMENTS = NoticeKind.COMMENTS.value

# Incidents of one's team, and drafts, are no news for whoever only reads.
FOR_RESPONDERS = (NoticeKind.TEAM, NoticeKind.REVIEWS, NoticeKind.COMMENTS)

# What somebody chose, by account and kind.
Chosen = Mapping[tuple[int, str], bool]


def of_subscription(row: Subscription) -> str:
    """The reason that following something gives."""
    if row.incident_id:
        return INCIDENT
    return f"{SERVICE}:{row.service_id}" if row.service_id else f"{SEVERITY}:{row.severity}"


def kind_of(reason: str) -> NoticeKind:
    """The kind of notice whose preference decides about this reason."""
    return NoticeKind(reason) if reason in NoticeKind.values else NoticeKind.FOLLOWED


def chosen_by(people: Iterable[int]) -> Chosen:
    """What these accounts chose; kinds that they left alone are not in it."""
    rows = NoticePreference.objects.filter(person__in=people)
    return {(row.person_id, row.kind): row.wanted for row in rows}


def wants(person: User, kind: NoticeKind, chosen: Chosen) -> bool:
    """Whether the person wants this kind. Left alone, all come, but what is at work only to responders."""
    default = kind not in FOR_RESPONDERS or person.has_role(Role.RESPONDER)
    return chosen.get((person.pk, kind.value), default)


def subscription(reason: str, person: User, incident: int | None) -> Subscription | None:
    """What the person follows and the mail is sent for, on the incident of this key; nothing where they do not."""
    what, _colon, key = reason.partition(":")
    field: dict[str, Any] = {what: incident if what == INCIDENT else key}
    return Subscription.objects.filter(user=person, **field).first()


def still_holds(reason: str, person: User, incident: int | None) -> bool:
    """Whether the person still follows what the mail is sent for; the rest is a matter of preferences."""
    return kind_of(reason) != NoticeKind.FOLLOWED or subscription(reason, person, incident) is not None


def in_words(reason: str) -> str:
    """The reason as the last sentence of a mail says it."""
    what, _colon, key = reason.partition(":")
    if what == INCIDENT:
        return _("You get this because you follow this incident.")
    if what == SERVICE:
        name = Service.objects.filter(pk=int(key)).values_list("name", flat=True).first() or key
        return _("You get this because you follow %(service)s.") % {"service": name}
    if what == SEVERITY:
        return _("You get this because you follow everything that is %(severity)s.") % {"severity": Severity(key).label}
    return {
        TEAM: _("You get this because your team owns what is affected."),
        SEV1: _("You get this because it is a SEV1: everybody hears of those."),
        ACTION_ITEMS: _("You get this while action items wait for you: once a week, and when one is due."),
        REVIEWS: _("You get this because a review was asked of you, or you wrote this postmortem."),
        COMMENTS: _("You get this because you wrote this postmortem, or commented on it."),
    }.get(what, "")
