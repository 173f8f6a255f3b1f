"""The audit in words, for templates."""

import datetime as dt

from django import template

from .. import audit_words
from ..models import AuditEntry

register = template.Library()


@register.filter
def deed(entry: AuditEntry) -> str:
    """What was done: ``changed the severity``."""
    return audit_words.deed(entry.action)


@register.filter
def changes_in(entry: AuditEntry, zone: dt.tzinfo) -> list[audit_words.ChangeWords]:
    """What it changed, moments in this zone."""
    return audit_words.changes(entry, zone)
