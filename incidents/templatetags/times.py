"""Moments and durations, the same on every page: large time, small date and zone, all zones within reach.

A zone is given as a ``tzinfo``, as stored text (``Europe/Berlin``, ``UTC+02:00``), or left out for the active one.
"""

import datetime as dt
import math
from functools import cache

from django import template
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from ..clock_text import format_offset_from, parse_zone, zone_label
from ..duration_text import format_duration
from ..errors import InvalidInput

register = template.Library()

ZoneLike = dt.tzinfo | str | None


@register.simple_tag
def moment(at: dt.datetime | None, zone: ZoneLike = None, *others: ZoneLike) -> SafeString | str:
    """Time, date and zone of a moment as a ``<time>`` element; empty where it is not known.

    ``{% moment incident.resolved_at zone %}`` prints it in ``zone``; hovering or tapping shows it in that zone, in the
    ``others`` and in UTC.
    """
    if at is None:
        return ""
    said = _said(at, zone, *others)
    return format_html(
        '<time datetime="{}" title="{}">{} <small>{}</small></time>',
        machine_time(at),
        " · ".join([f"{clock}, {rest}" for clock, rest in said]),
        *said[0],
    )


@register.simple_tag
def clock(at: dt.datetime | None, zone: ZoneLike = None, *others: ZoneLike) -> SafeString | str:
    """The time of day alone, for where the date stands beside it; date and zones on hovering or tapping."""
    if at is None:
        return ""
    local = at.astimezone(as_zone(zone))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', machine_time(at), all_zones(at, zone, *others), clock_text(local)
    )


@register.simple_tag
def day(at: dt.datetime | None, zone: ZoneLike = None) -> SafeString | str:
    """The date alone, as a separator between days: ``6 Jan 2026``."""
    if at is None:
        return ""
    local = at.astimezone(as_zone(zone))
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), day_text(local))


@register.simple_tag
def zone_at(at: dt.datetime | None, zone: ZoneLike = None) -> str:
    """What to print beside a time or a field: ``GMT+2``, as the zone was at that moment, or is now."""
    return zone_label(as_zone(zone), at or timezone.now())


@register.filter
def offset_from(at: dt.datetime | None, start: dt.datetime | None) -> str:
    """How far from the start of the impact: ``T+05``, ``T−33``, ``T+12 h 13``; empty where one is not known."""
    return format_offset_from(at, start) if at and start else ""


@register.filter
def duration(length: dt.timedelta | float | None) -> str:
    """A length of time, or a number of seconds: ``33 min``, ``2 h 05 min``, ``3 d 04 h``; empty where not known."""
    if length is None or length == "":
        return ""
    return format_duration(int(length.total_seconds() if isinstance(length, dt.timedelta) else length))


@register.filter
def since(at: dt.datetime | None) -> str:
    """How long ago a moment was, as `duration` prints it; a moment still to come is no time ago."""
    return duration(max(timezone.now() - at, dt.timedelta(0))) if at else ""


@register.filter
def until(at: dt.datetime | None) -> str:
    """How long until a moment, as `duration` prints it; a moment that has passed is no time away."""
    return duration(max(at - timezone.now(), dt.timedelta(0))) if at else ""


@register.filter
def is_past(at: dt.datetime | None) -> bool:
    """Whether a moment has passed."""
    return at is not None and at <= timezone.now()


@register.filter
def seconds_until(at: dt.datetime, now: dt.datetime) -> str:
    """How many seconds are left: ``24 s``, for what is about to leave."""
    return f"{max(0, math.ceil((at - now).total_seconds()))} s"


def as_zone(zone: ZoneLike) -> dt.tzinfo:
    """The zone meant by text or ``tzinfo``. What cannot be read is the active zone, so that no page fails over it."""
    if isinstance(zone, dt.tzinfo):
        return zone
    try:
        return parse_zone(zone) if zone else timezone.get_current_timezone()
    except InvalidInput:
        return timezone.get_current_timezone()


# Lists print hundreds of moments, so what follows avoids strftime() and looks each month up once.


def machine_time(at: dt.datetime) -> str:
    """The moment in UTC as ISO 8601, for ``<time datetime>``."""
    return at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def clock_text(local: dt.datetime) -> str:
    """The time of day of a moment in its own zone: ``01:30``."""
    return f"{local.hour:02}:{local.minute:02}"


def day_text(local: dt.datetime) -> str:
    """The date of a moment in its own zone: ``6 Jan 2026``."""
    return f"{local.day} {_month(local.month, get_language())} {local.year}"


@cache
def _month(month: int, language: str | None) -> str:
    return str(MONTHS_3[month]).title()


def all_zones(at: dt.datetime, *zones: ZoneLike) -> str:
    """The moment in each of these zones and in UTC, each offset once: ``01:30, 6 Jan 2026, GMT+2 · 23:30, …, UTC``."""
    return " · ".join([f"{clock}, {rest}" for clock, rest in _said(at, *zones)])


def _said(at: dt.datetime, *zones: ZoneLike) -> list[tuple[str, str]]:
    """Time, and date with zone, in each of these zones and in UTC, each offset once."""
    moments = {local.utcoffset(): local for local in [at.astimezone(as_zone(zone)) for zone in zones]}
    moments.setdefault(dt.timedelta(0), at.astimezone(dt.UTC))
    return [
        (clock_text(local), f"{day_text(local)}, {zone_label(local.tzinfo or dt.UTC, local)}")
        for local in moments.values()
    ]
