"""Whether an incident happened before."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.forms.fields import ReferenceField
from incidents.models import User

from ..domain import seen_before
from ..domain.repeats import MAX_REASON_LENGTH
from ..models import RootCause


class SameCauseForm(forms.Form):
    """Which earlier cause it is the same as, and why. Offered are those of the incidents that are like it."""

    earlier = forms.ModelChoiceField(
        label=_("The earlier cause"), queryset=RootCause.objects.none(), widget=forms.RadioSelect, empty_label=None
    )
    same_as_reason = forms.CharField(
        label=_("Why is it the same?"),
        max_length=MAX_REASON_LENGTH,
        required=False,
        help_text=_(
            "One sentence that convinces somebody who knows neither: “Both times no machine watched the date”."
        ),
    )

    def __init__(self, *args: Any, cause: RootCause, user: User, earlier: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["earlier"].queryset = self._offered(cause, user, earlier)  # type: ignore[attr-defined]
        self.fields["earlier"].label_from_instance = earlier_cause  # type: ignore[attr-defined]
        self.fields["earlier"].initial = cause.same_as_id or earlier
        self.fields["same_as_reason"].initial = cause.same_as_reason

    def _offered(self, cause: RootCause, user: User, named: str) -> Any:
        """Causes of the incidents that are like it, and those that were named."""
        similar = [one.incident.pk for one in seen_before.earlier_than(cause.incident, user)]
        keys = {str(cause.same_as_id or ""), named, self.data.get("earlier", "")}
        usable = [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]
        return RootCause.objects.earlier_than(cause.incident, user).filter(Q(incident__in=similar) | Q(pk__in=usable))


class RepeatMarkForm(forms.Form):
    """Which incident it repeats as a whole, and why."""

    earlier = ReferenceField(label=_("The earlier incident"), help_text=_("Such as INC-3."))
    reason = forms.CharField(
        label=_("Why is it the same?"),
        max_length=MAX_REASON_LENGTH,
        required=False,
        help_text=_("Where causes are written down, it says more that a cause is the same."),
    )

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["earlier"].visible_to = user  # type: ignore[attr-defined]


def earlier_cause(cause: RootCause) -> str:
    """A cause with its incident, to choose from."""
    return f"{cause.incident.reference}: {cause.title}"
