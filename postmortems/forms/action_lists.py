"""What the lists of action items are narrowed down to, and what is done to many of them at once."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from incidents.enums import Role, Severity
from incidents.forms.incident_filters import MAX_OPTIONS, OneOf, ShownField
from incidents.models import User

from ..domain.action_batches import ASSIGN, MOVE_DATE, Deed
from ..domain.action_items import ActionVerb
from ..enums import ActionType, CauseCategory
from .lessons import day_input

WHOSE = [("mine", _("Mine")), ("team", _("My teams'")), ("nobody", _("Without an owner"))]
STATES = [
    ("overdue", _("Overdue")),
    ("open", _("Open")),
    ("in_progress", _("In progress")),
    ("to_verify", _("To be verified")),
    ("done", _("Done")),
    ("wont_do", _("Won't do")),
    ("historical", _("Historical")),
    ("all", _("All")),
]
# Filled from the database; the others are always the same.
LISTS = ("service", "team", "owner")


class ActionFilters(forms.Form):
    """The filters of table, board and CSV, as the address says them. What is unknown narrows nothing."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200)
    whose = OneOf(label=_("Whose"), choices=WHOSE)
    state = OneOf(label=_("State"), choices=STATES)
    type = OneOf(label=_("Type"), choices=ActionType)
    team = OneOf(label=_("Team"))
    owner = OneOf(label=_("Owner"))
    service = OneOf(label=_("Service"))
    severity = OneOf(label=_("Severity"), choices=Severity)
    category = OneOf(label=_("Cause"), choices=CauseCategory)

    def __init__(self, data: QueryDict, *, options: Iterable[tuple[str, str, str]]) -> None:
        """Read the address. ``options`` are (list, value, label) for the `LISTS`."""
        super().__init__(data)
        offered = sorted(options, key=lambda option: option[2].casefold())
        for name in LISTS:
            mine = [(value, label) for of, value, label in offered if of == name]
            chosen = [option for option in mine[MAX_OPTIONS:] if option[0] == data.get(name)]
            cast(forms.ChoiceField, self.fields[name]).choices = mine[:MAX_OPTIONS] + chosen

    def criteria(self) -> dict[str, str]:
        """What was chosen; what was not understood is blank."""
        self.is_valid()
        return {name: str(self.cleaned_data.get(name) or "") for name in self.fields}

    @property
    def words(self) -> ShownField:
        return self._shown("q")

    @property
    def main_lists(self) -> list[ShownField]:
        blanks = {"state": self.blank_state, "team": _("All teams"), "owner": _("Anybody")}
        return [self._shown(name, str(blank)) for name, blank in blanks.items()]

    @property
    def more_lists(self) -> list[ShownField]:
        blanks = {
            "type": _("All types"),
            "severity": _("All severities"),
            "service": _("All services"),
            "category": _("All causes"),
        }
        return [self._shown(name, str(blank)) for name, blank in blanks.items()]

    @property
    def shows_more(self) -> bool:
        """Whether something stands in the fields that are folded away otherwise."""
        return any(self.data.get(name) for name in ("type", "severity", "service", "category"))

    @property
    def blank_state(self) -> Any:
        return _("All states") if self.data.get("view") == "board" else _("To do")

    def _shown(self, name: str, blank: str = "") -> ShownField:
        field, value = self.fields[name], self.data.get(name, "")
        return ShownField(
            name=name,
            label=str(field.label),
            value=value,
            blank=blank,
            options=[(str(key), str(label), str(key) == value) for key, label in getattr(field, "choices", ())],
            errors=[str(error) for error in self.errors.get(name, ())],
        )


class ManyActionsForm(forms.Form):
    """What is done to each of several action items, with what that asks for."""

    deed = forms.ChoiceField(label=_("What is done to each"), widget=forms.RadioSelect)
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=day_input())
    evidence = forms.CharField(
        label=_("How can one see that it is done?"),
        required=False,
        max_length=1000,
        help_text=_("A link, a test, a sentence. Asked for where it is done."),
    )
    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        max_length=500,
        help_text=_("Asked for where a date moves, and where it will not be done or is open again."),
    )

    def __init__(self, *args: Any, deeds: Iterable[tuple[str, Any]], **more: Any) -> None:
        super().__init__(*args, **more)
        deed = cast(forms.ChoiceField, self.fields["deed"])
        deed.choices = list(deeds)
        self.initial.setdefault("deed", deed.choices[0][0])
        cast(Any, self.fields["owner"]).queryset = User.objects.with_role(Role.READER)

    def asked(self) -> Deed:
        """What the form says, for the domain."""
        return Deed(**self.cleaned_data)


FOR_ADMINS = [
    (ASSIGN, _("Give it to the owner below")),
    (MOVE_DATE, _("Set its date to the one below")),
    (ActionVerb.START, _("Start it")),
    (ActionVerb.FINISH, _("Mark it as done")),
    (ActionVerb.DROP, _("Decide that it will not be done")),
    (ActionVerb.REOPEN, _("Open it again")),
]
TO_ADOPT = [
    (ActionVerb.ADOPT, _("Adopt: it is still to be done")),
    (ActionVerb.FINISH, _("It was done")),
    (ActionVerb.DROP, _("It will not be done")),
]
