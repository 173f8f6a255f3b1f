"""What filters leave over: of incidents, by what is known of them now, and of documents, by what they are."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from incidents.clock_text import Zone
from incidents.enums import OPEN_STATUSES, IncidentKind, Severity, Status
from incidents.models import Incident, Service, Tag, User

from ..enums import CauseCategory, DocumentKind
from ..models import ActionItem, RepeatMark, RootCause
from .query import Filter

_K = DocumentKind
# Where a hit may stand.
PLACES: Mapping[str, tuple[DocumentKind, ...]] = {
    "incident": (_K.INCIDENT,),
    "timeline": (_K.EVENT,),
    "causes": (_K.CAUSE,),
    "actions": (_K.ACTION_ITEM,),
    "changes": (_K.CHANGE, _K.VERDICT),
    "postmortem": (_K.POSTMORTEM, _K.DRAFT),
}
_DAY = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?", re.ASCII)
_NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks, when (UTC), and in which zone days begin for them."""

    user: User
    zone: Zone
    now: dt.datetime


@dataclass(slots=True)
class Narrowed:
    """Conditions on incidents and on documents, and what could not be understood."""

    incidents: list[Q] = field(default_factory=list)
    documents: list[Q] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def of(self, incidents: QuerySet[Incident]) -> QuerySet[Incident]:
        """These incidents, as far as they meet all conditions."""
        for condition in self.incidents:
            incidents = incidents.filter(condition)
        return incidents


def narrow(filters: tuple[Filter, ...], reader: Reader) -> Narrowed:
    """What these filters mean for this reader."""
    narrowed = Narrowed()
    for asked in filters:
        conditions = [_condition(asked.name, value, reader, narrowed) for value in asked.values]
        joined = Q()
        for condition in conditions:
            joined |= condition
        where = narrowed.documents if asked.name in ("in", "owner") else narrowed.incidents
        where.append(~joined if asked.is_excluded else joined)
    return narrowed


def _condition(name: str, value: str, reader: Reader, narrowed: Narrowed) -> Q:
    """What one value asks for; nothing meets what is not understood, and a remark says what would be."""
    if name in _CHOICES:
        choices, make = _CHOICES[name]
        known = choices.get(_key(value))
        if known is not None:
            return make(known)
        narrowed.remarks.append(_unknown(name, value, choices))
        return _NOTHING
    condition, remark = _READERS[name](value, reader)
    if remark:
        narrowed.remarks.append(remark)
    return condition


def _key(value: str) -> str:
    return value.casefold().replace("-", "_").replace(" ", "_")


def _unknown(name: str, value: str, known: Mapping[str, Any]) -> str:
    said = _("“%(value)s” means nothing behind “%(name)s:”. Write one of %(known)s.")
    return said % {"value": value, "name": name, "known": ", ".join(key.replace("_", "-") for key in known)}


def _severities() -> dict[str, str]:
    return {severity.value: severity.value for severity in Severity} | {
        severity.value.removeprefix("sev"): severity.value for severity in Severity if severity != Severity.UNKNOWN
    }


def _has_cause(category: str) -> Q:
    causes = RootCause.objects.filter(incident=OuterRef("pk"), removed_at=None, category=category)
    return Q(Exists(causes))


_STATUSES: dict[str, tuple[str, ...]] = {status.value: (status.value,) for status in Status}
_STATUSES |= {"open": OPEN_STATUSES, "over": (Status.RESOLVED, Status.CLOSED)}
_CHOICES: dict[str, tuple[Mapping[str, Any], Callable[[Any], Q]]] = {
    "sev": (_severities(), lambda severity: Q(severity=severity)),
    "status": (_STATUSES, lambda statuses: Q(status__in=statuses)),
    "kind": ({kind.value: kind.value for kind in IncidentKind}, lambda kind: Q(kind=kind)),
    "cause": ({category.value: category.value for category in CauseCategory}, _has_cause),
    "in": (PLACES, lambda kinds: Q(kind__in=kinds)),
}


def _service(value: str, reader: Reader) -> tuple[Q, str]:
    services = list(Service.objects.called(value))
    if services:
        links = Incident.services.through.objects.filter(incident=OuterRef("pk"), service__in=services)
        return Q(Exists(links)), ""
    return _NOTHING, _("There is no service “%(name)s”.") % {"name": value}


def _tag(value: str, reader: Reader) -> tuple[Q, str]:
    links = Incident.tags.through.objects.filter(
        incident=OuterRef("pk"), tag__in=Tag.objects.filter(name__iexact=value)
    )
    return Q(Exists(links)), ""


def _before(value: str, reader: Reader) -> tuple[Q, str]:
    period = _period(value, reader)
    return (Q(sort_at__lt=period[0]), "") if period else _no_day("before", value)


def _after(value: str, reader: Reader) -> tuple[Q, str]:
    period = _period(value, reader)
    return (Q(sort_at__gte=period[1]), "") if period else _no_day("after", value)


def _on(value: str, reader: Reader) -> tuple[Q, str]:
    period = _period(value, reader)
    return (Q(sort_at__gte=period[0], sort_at__lt=period[1]), "") if period else _no_day("on", value)


def _no_day(name: str, value: str) -> tuple[Q, str]:
    said = _("“%(value)s” is no day. Write %(name)s:2026-01-31, %(name)s:2026-01 or %(name)s:2026.")
    return _NOTHING, said % {"value": value, "name": name}


def _period(value: str, reader: Reader) -> tuple[dt.datetime, dt.datetime] | None:
    """From when until when (UTC, exclusive) a day, month or year lasts where the reader is."""
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    try:
        first = dt.date(year, month, day)
        if found["day"]:
            beyond = first + dt.timedelta(days=1)
        elif found["month"]:
            beyond = dt.date(year + month // 12, month % 12 + 1, 1)
        else:
            beyond = dt.date(year + 1, 1, 1)
        start, end = (dt.datetime.combine(day, dt.time(), reader.zone).astimezone(dt.UTC) for day in (first, beyond))
    except (ValueError, OverflowError):
        return None
    return start, end


def _is(value: str, reader: Reader) -> tuple[Q, str]:
    here = OuterRef("pk")
    # What repeats something hidden is to this reader no repeat, as in the figures.
    causes = RootCause.objects.same_as_earlier(reader.user).filter(incident=here)
    marks = RepeatMark.objects.links().of(here, reader.user)
    states = {
        "open": Q(status__in=OPEN_STATUSES),
        "over": Q(status__in=(Status.RESOLVED, Status.CLOSED)),
        "private": Q(is_private=True),
        "repeat": Q(Exists(causes)) | Q(Exists(marks)),
        "published": Q(postmortem__status="published"),
    }
    known = states.get(_key(value))
    return (known, "") if known is not None else (_NOTHING, _unknown("is", value, states))


def _owner(value: str, reader: Reader) -> tuple[Q, str]:
    """Action items of this person; only one's own, so that nobody is looked up by what they have left undone."""
    if _key(value) != "me":
        return _NOTHING, _("Write owner:me for your own action items.")
    mine = ActionItem.objects.filter(owner=reader.user).values("pk")
    return Q(kind=DocumentKind.ACTION_ITEM, object_id__in=mine), ""


_READERS: dict[str, Callable[[str, Reader], tuple[Q, str]]] = {
    "service": _service,
    "tag": _tag,
    "before": _before,
    "after": _after,
    "on": _on,
    "is": _is,
    "owner": _owner,
}
