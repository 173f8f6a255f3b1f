"""Forms by which admins take out what nobody may read: a text, or a picture."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..domain import redaction
from ..domain.redaction import Words, words
from .fields import ReferenceField


class RedactionForm(forms.Form):
    """What is to go, what stands in its place, where, and why."""

    text = forms.CharField(
        label=_("The text, exactly as it was written"),
        strip=False,
        max_length=2 * words.MOST,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A key, a password, a name; several lines are fine. It is kept nowhere, and in no address or log."),
    )
    replacement = forms.CharField(
        label=_("What stands in its place"),
        max_length=words.MOST_OF_REPLACEMENT,
        initial=words.REPLACEMENT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    ignores_case = forms.BooleanField(label=_("However it is capitalised"), required=False)
    whole_words = forms.BooleanField(
        label=_("Whole words only"), required=False, help_text=_("“Ada” and not “Adam”. Good for names.")
    )
    incident = ReferenceField(
        label=_("Only on this incident"), required=False, help_text=_("Blank: everywhere, which is the safe choice.")
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=redaction.MOST_OF_REASON,
        help_text=_("Stays in the audit of every incident that is touched, so do not repeat the text here."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, visible_to: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["incident"].visible_to = visible_to

    def words(self) -> Words:
        """What was entered, as the domain takes it."""
        names = ("text", "replacement", "ignores_case", "whole_words")
        return Words(**{name: self.cleaned_data[name] for name in names})


class PictureRemovalForm(forms.Form):
    """Why a picture goes."""

    reason = forms.CharField(
        label=_("Why"), max_length=300, help_text=_("Stays in the audit of the incident; one sentence is enough.")
    )
