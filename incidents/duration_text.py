"""How a length of time is written for people."""

from django.utils.translation import gettext as _

MINUTE = 60
HOURS_BEFORE_DAYS = 48


def format_duration(seconds: int) -> str:
    """The length as text, in whole minutes: ``33 min``, ``2 h 05 min``, ``2 h``, from 48 hours on ``3 d 04 h``.

    Minutes are never dropped, so that lengths which add up also add up as printed. What is shorter than a minute is
    ``under 1 min``, because times are written to the minute; a negative length has a minus sign before it.
    """
    if seconds < 0:
        return f"−{format_duration(-seconds)}"
    if seconds < MINUTE:
        return _("under 1 min")
    hours, minutes = divmod(seconds // MINUTE, 60)
    if hours >= HOURS_BEFORE_DAYS:
        days, hours = divmod(hours, 24)
        return _days_text(days, hours, minutes)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}


def _days_text(days: int, hours: int, minutes: int) -> str:
    if minutes:
        return _("%(days)d d %(hours)02d h %(minutes)02d min") % {"days": days, "hours": hours, "minutes": minutes}
    if hours:
        return _("%(days)d d %(hours)02d h") % {"days": days, "hours": hours}
    return _("%(days)d d") % {"days": days}
