"""When an action item is due, in the words that people use."""

import datetime as dt

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..enums import UNFINISHED
from ..models import ActionItem

register = template.Library()

# Further off the date says more than the days.
SOON = 14  # days


@register.filter
def due_words(item: ActionItem, today: dt.date) -> str:
    """``overdue by 3 days``, ``due today``, ``due in 9 days``, ``due 3 Feb 2027``; for what is over, only its date."""
    if item.due_on is None:
        return _("no date yet")
    days = (item.due_on - today).days
    day = date_format(item.due_on, "j M Y")
    if item.status not in UNFINISHED:
        return _("was due %(day)s") % {"day": day}
    if days < 0:
        return ngettext("overdue by %(days)s day", "overdue by %(days)s days", -days) % {"days": -days}
    if days == 0:
        return _("due today")
    if days <= SOON:
        return ngettext("due tomorrow", "due in %(days)s days", days) % {"days": days}
    return _("due %(day)s") % {"day": day}


@register.filter
def is_overdue(item: ActionItem, today: dt.date) -> bool:
    """Whether it should have been done before this day."""
    return item.is_overdue(today)
