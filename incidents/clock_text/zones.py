"""Time zones as people write them: names of places, `UTC+02:00`, `GMT+2`, a few abbreviations."""

import re
from datetime import UTC, timedelta, timezone
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean, plain
from incidents.errors import InvalidInput

Zone: TypeAlias = ZoneInfo | timezone

_LONGEST_NAME = 60
_FURTHEST_MINUTES = 14 * 60
_UTC_NAMES = frozenset(
    {"utc", "gmt", "z", "zulu", "uct", "universal", "greenwich", "gmt0", "etc/utc", "etc/gmt", "etc/uct"}
)
# Only those that mean one offset wherever they are used; CET is the winter time that it names, summer or not.
_ABBREVIATIONS = {
    "PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "EST": -5, "EDT": -4, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "SAST": 2, "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_AMBIGUOUS = frozenset({"IST", "CST", "BST"})
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-]) ?(?:(\d\d)(\d\d)|(\d{1,2})(?::(\d\d))?)", re.IGNORECASE)


def parse_zone(text: str) -> Zone:
    """The zone that a text names: `Europe/Berlin` in any case, `UTC`, `Z`, `UTC+02:00`, `GMT+2`, `+02:00`, `PST`.

    `GMT+2` is two hours ahead of UTC. Raises ``InvalidInput`` (``unknown_zone``) for anything else, for abbreviations
    that mean different offsets in different countries, and for offsets beyond 14 hours.
    """
    name = plain(clean(text[: _LONGEST_NAME * 2])).strip()
    if len(text) > _LONGEST_NAME * 2 or len(name) > _LONGEST_NAME:
        raise _unknown(_("This is no time zone. Write a name such as Europe/Berlin, or an offset such as UTC+02:00."))
    if name.casefold() in _UTC_NAMES:
        return UTC
    if name.upper() in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[name.upper()]))
    if name.upper() in _AMBIGUOUS:
        message = _("%(zone)s means different times in different countries. Write the offset, such as UTC+05:30.")
        raise _unknown(message % {"zone": name.upper()})
    if match := _OFFSET.fullmatch(name):
        return _from_offset(name, match)
    return _from_name(name)


def is_ambiguous(abbreviation: str) -> bool:
    """Whether an abbreviation is in use for different offsets, so that somebody has to be asked."""
    return abbreviation in _AMBIGUOUS


def is_zone(text: str) -> bool:
    """Whether ``parse_zone`` understands this text."""
    try:
        parse_zone(text)
    except InvalidInput:
        return False
    return True


def zone_name(zone: Zone) -> str:
    """The text to store for a zone, which ``parse_zone`` reads back: `Europe/Berlin`, `UTC` or `UTC+02:00`."""
    if isinstance(zone, ZoneInfo):
        return zone.key
    minutes = round(zone.utcoffset(None).total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _from_offset(name: str, match: re.Match[str]) -> timezone:
    hours, minutes = int(match[2] or match[4]), int(match[3] or match[5] or 0)
    total = hours * 60 + minutes
    if minutes > 59 or total > _FURTHEST_MINUTES:
        raise _unknown(_("%(zone)s is no offset. Offsets go from UTC-14:00 to UTC+14:00.") % {"zone": name})
    return timezone(timedelta(minutes=-total if match[1] == "-" else total)) if total else UTC


def _from_name(name: str) -> Zone:
    key = _canonical_names().get(name.casefold())
    if key is not None and key.startswith("Etc/GMT"):
        # POSIX counts these westwards: Etc/GMT+2 is two hours behind UTC, which nobody who types it expects.
        raise _unknown(_("%(zone)s can be read in two ways. Write the offset, such as UTC+02:00.") % {"zone": key})
    try:
        if key is not None:
            return ZoneInfo(key)
    except ZoneInfoNotFoundError:
        pass  # listed by the system, but its file is unreadable
    message = _("%(zone)s is no time zone. Write a name such as Europe/Berlin, or an offset such as UTC+02:00.")
    raise _unknown(message % {"zone": name or _("Nothing")})


@cache
def _canonical_names() -> dict[str, str]:
    return {key.casefold(): key for key in available_timezones() if key not in {"Factory", "localtime"}}


def _unknown(message: str) -> InvalidInput:
    return InvalidInput(message, code="unknown_zone")
