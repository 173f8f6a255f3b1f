"""Forms that carry the version of what their reader saw, so that nobody overwrites what they have not seen."""

from typing import Any, Self, cast

from django import forms


class VersionedForm(forms.Form):
    """After a conflict it holds what the person entered, beside what somebody else has saved meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    comparison: list[tuple[str, str]] = []

    def anew(self, current: Any) -> Self:
        """The same form, unsent, for the object as it is now."""
        raise NotImplementedError

    def meet(self, current: Any) -> None:
        """Show what is stored now where it differs, and let the next press replace that."""
        fresh = self.anew(current)
        self.comparison = [
            (str(field.label), said_by(fresh[field.name]))
            for field in self.visible_fields()
            if said_by(field) != said_by(fresh[field.name])
        ]
        # What was sent cannot be changed, but for a copy of it.
        data = self.data.copy()
        data["version"] = str(current.version)
        self.data = data


def said_by(field: forms.BoundField) -> str:
    """What a field holds, in words."""
    value = field.value()
    if isinstance(field.field, forms.ModelChoiceField):
        chosen = {str(one) for one in (value if isinstance(value, list | tuple) else [value])}
        return ", ".join(str(one) for one in field.field.queryset if str(one.pk) in chosen)
    if isinstance(field.field, forms.ChoiceField):
        choices: Any = dict(cast("list[tuple[str, str]]", field.field.choices))
        several = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(choices.get(one, one)) for one in several)
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
