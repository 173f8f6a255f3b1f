"""Fields for what only this product asks: times as people speak, incidents by their reference, zones."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import ClockContext, Moment, parse_moment, parse_zone, zone_name
from ..enums import Precision
from ..errors import InvalidInput
from ..models import Incident

LONGEST_TIME = 60
LONGEST_KEY = 18  # digits


def moment_text(at: dt.datetime | None, precision: str, zone: dt.tzinfo) -> str:
    """A stored moment as it could have been typed: ``about 2026-01-06 01:30``, in ``zone``; blank for none."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    prefix = {Precision.ABOUT: "about ", Precision.NOT_LATER: "by "}.get(Precision(precision), "")
    doubled = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    offset = local.strftime("%z") if doubled else ""
    return f"{prefix}{local:%Y-%m-%d %H:%M}{offset}"


class MomentField(forms.Field):
    """A time as people speak it; gives a `Moment`, or nothing where it is blank.

    Whoever builds the form sets ``clock``: the zone, the present moment and what bare times are near to.
    """

    clock: ClockContext

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        widget = forms.TextInput(
            attrs={
                "class": "form-control",
                "maxlength": LONGEST_TIME,
                "autocomplete": "off",
                "placeholder": gettext_lazy("01:30, -20m, yesterday 23:50"),
            }
        )
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: str | None) -> Moment | None:
        text = (value or "").strip()
        if not text:
            return None
        try:
            moment = parse_moment(text, self.clock)
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        if moment.at is None:
            raise forms.ValidationError(_("Write a time such as 01:30, or leave it blank."), code="no_time")
        return moment

    def has_changed(self, initial: str | None, data: str | None) -> bool:
        return (initial or "").strip() != (data or "").strip()


class SeveralField(forms.ModelMultipleChoiceField):
    """Several rows by their keys. A key that no column could hold is an unknown one, not a failure of the database."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if len(str(key)) > LONGEST_KEY:
                raise forms.ValidationError(self.error_messages["invalid_choice"], params={"value": str(key)[:40]})
        return super().clean(value)


class ReferenceField(forms.CharField):
    """An incident by what people call it, such as INC-12; only those that ``visible_to`` may know of are found."""

    visible_to: Any = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("placeholder", "INC-12")

    def clean(self, value: str | None) -> Incident | None:
        text = super().clean(value)
        if not text:
            return None
        incident = Incident.objects.visible_to(self.visible_to).referenced(text).first()
        if incident is None:
            raise forms.ValidationError(_("There is no incident %(text)s that you can see.") % {"text": text})
        return incident


class ZoneField(forms.CharField):
    """A time zone by name or offset; gives the name as it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        super().__init__(**kwargs)

    def clean(self, value: str | None) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return zone_name(parse_zone(text))
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error
