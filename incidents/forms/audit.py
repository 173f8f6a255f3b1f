"""The filters of the audit log."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import User


class AuditFilterForm(forms.Form):
    """Which entries to show; all of them where nothing is chosen. A value that means nothing is passed over."""

    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.all(), required=False, empty_label=_("anybody")
    )
    action = forms.CharField(
        label=_("What"), required=False, max_length=60, widget=forms.TextInput(attrs={"placeholder": "person.role"})
    )
    object = forms.CharField(
        label=_("To what"), required=False, max_length=81, widget=forms.TextInput(attrs={"placeholder": "user:3"})
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def filters(self, zone: dt.tzinfo) -> dict[str, Any]:
        """What `AuditEntryQuerySet.for_log()` takes; days begin and end in ``zone``."""
        self.is_valid()
        given = self.cleaned_data
        object_type, _colon, object_id = given.get("object", "").partition(":")
        until = given.get("until")
        return {
            "person": given.get("person"),
            "action": given.get("action", ""),
            "object_type": object_type.strip(),
            "object_id": object_id.strip(),
            "since": _midnight(given.get("since"), zone),
            "until": _midnight(until + dt.timedelta(days=1) if until and until < dt.date.max else None, zone),
        }


def _midnight(day: dt.date | None, zone: dt.tzinfo) -> dt.datetime | None:
    # The first and last days there are have no midnight in every zone.
    if day is None or not 1900 <= day.year <= 9000:
        return None
    return dt.datetime.combine(day, dt.time(), zone)
