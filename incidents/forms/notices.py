"""What a person wants to hear of, and for how long not."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..enums import MuteFor, NoticeKind, Severity


class NoticesForm(forms.Form):
    """The kinds of notices that are wanted, and the severities that are followed."""

    kinds = forms.MultipleChoiceField(
        label=_("Mail me"), choices=NoticeKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    severities = forms.MultipleChoiceField(
        label=_("Follow everything that is"),
        choices=Severity.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_kinds(self) -> list[NoticeKind]:
        return [NoticeKind(kind) for kind in self.cleaned_data["kinds"]]

    def clean_severities(self) -> list[Severity]:
        return [Severity(code) for code in self.cleaned_data["severities"]]


class MuteForm(forms.Form):
    """How long nothing is to come."""

    mute = forms.ChoiceField(choices=MuteFor.choices)

    def clean_mute(self) -> Any:
        return MuteFor(self.cleaned_data["mute"])
