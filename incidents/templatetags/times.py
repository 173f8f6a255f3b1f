"""Moments and durations, the same on every page: large time, small date and zone."""

import datetime as dt

from django import template
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..clock_text import zone_label
from ..duration_text import format_duration

register = template.Library()


@register.simple_tag
def moment(value: dt.datetime | None, zone: dt.tzinfo, *other_zones: dt.tzinfo) -> SafeString | str:
    """Time, date and zone of a moment as a ``<time>`` element; empty where it is not known.

    ``{% moment incident.resolved_at zone %}`` shows it in ``zone``; hovering or tapping shows it in that zone, in
    ``other_zones`` and in UTC.
    """
    if value is None:
        return ""
    local = value.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{} <small>{}, {}</small></time>',
        machine_time(value),
        all_zones(value, zone, *other_zones),
        f"{local:%H:%M}",
        day_text(local),
        zone_label(zone, value),
    )


@register.simple_tag
def clock(value: dt.datetime | None, zone: dt.tzinfo, *other_zones: dt.tzinfo) -> SafeString | str:
    """The time of day alone, for where the date stands beside it; date and zones on hovering or tapping."""
    if value is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        machine_time(value),
        all_zones(value, zone, *other_zones),
        f"{value.astimezone(zone):%H:%M}",
    )


@register.simple_tag
def day(value: dt.datetime | None, zone: dt.tzinfo) -> SafeString | str:
    """The date alone, as a separator between days: ``6 Jan 2026``."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), day_text(local))


@register.filter
def duration(value: dt.timedelta | float | None) -> str:
    """A length of time, or a number of seconds: ``33 min``, ``2 h 05 min``, ``3 d 04 h``; empty where not known."""
    if value is None or value == "":
        return ""
    return format_duration(int(value.total_seconds() if isinstance(value, dt.timedelta) else value))


def machine_time(value: dt.datetime) -> str:
    """The moment in UTC as ISO 8601, for ``<time datetime>``."""
    return f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def day_text(local: dt.datetime) -> str:
    """The date of a moment in its own zone: ``6 Jan 2026``."""
    return f"{local.day} {str(MONTHS_3[local.month]).title()} {local.year}"


def all_zones(value: dt.datetime, *zones: dt.tzinfo) -> str:
    """The moment in each of these zones and in UTC, each offset once: ``01:30, 6 Jan 2026, GMT+2 · 23:30, …, UTC``."""
    locals_ = [value.astimezone(zone) for zone in zones]
    offsets = {local.utcoffset(): (zone, local) for zone, local in zip(zones, locals_, strict=True)}
    offsets.setdefault(dt.timedelta(0), (dt.UTC, value.astimezone(dt.UTC)))
    return " · ".join(
        f"{local:%H:%M}, {day_text(local)}, {zone_label(zone, value)}" for zone, local in offsets.values()
    )
