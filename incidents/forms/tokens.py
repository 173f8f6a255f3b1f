"""The form that makes a token."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from ..enums import TokenScope
from ..models import ApiToken

LASTS = [
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("a year")),
    ("", _("until it is revoked")),
]


class TokenForm(forms.ModelForm):
    """What uses it, what it may do, and for how long."""

    scope = forms.ChoiceField(
        label=_("It may"),
        choices=[(TokenScope.WRITE, _("read and write")), (TokenScope.READ, _("read only"))],
        initial=TokenScope.WRITE,
        widget=forms.RadioSelect,
        help_text=_("Never more than your own account. To send changes and alerts it has to write."),
    )
    lasts = forms.ChoiceField(label=_("It lasts"), choices=LASTS, initial="365", required=False)

    class Meta:
        model = ApiToken
        fields = ("name",)

    field_order = ("name", "scope", "lasts")

    def expires_at(self, now: dt.datetime) -> dt.datetime | None:
        """When it ends (UTC), or nothing where only revoking ends it."""
        days = self.cleaned_data["lasts"]
        return now + dt.timedelta(days=int(days)) if days else None
