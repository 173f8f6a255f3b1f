"""Moments said back to people: always with the date, the month by its name, and the zone."""

from datetime import datetime, tzinfo

from django.utils.dateformat import format as format_date

_MINUS = "−"


def describe(at: datetime, zone: tzinfo) -> str:
    """A moment in a zone, such as `6 Jan 2026, 01:48 (GMT+2)`; seconds only where there are some."""
    local = at.astimezone(zone)
    clock = "H:i:s" if local.second else "H:i"
    return f"{format_date(local, 'j M Y, ' + clock)} ({zone_label(zone, at)})"


def zone_label(zone: tzinfo, at: datetime) -> str:
    """How far a zone is from UTC at a moment: `GMT+2`, `GMT+5:30`, `GMT−3`, or `UTC` where it is not."""
    minutes = offset_minutes(at.astimezone(zone))
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'+' if minutes > 0 else _MINUS}{hours}" + (f":{rest:02}" if rest else "")


def format_offset_from(at: datetime, start: datetime) -> str:
    """Whole minutes between a start and a moment: `T+05`, `T−33`, and from an hour on `T+12 h 13`."""
    minutes = int((at - start).total_seconds() / 60)
    sign = _MINUS if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"T{sign}{hours} h {rest:02}" if hours else f"T{sign}{rest:02}"


def offset_minutes(local: datetime) -> int:
    """The offset of an aware moment from UTC, in whole minutes (until 1972 a few zones had seconds)."""
    offset = local.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)
