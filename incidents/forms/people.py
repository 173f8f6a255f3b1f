"""Forms by which admins manage people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..domain import people_csv
from ..domain.people import Holding
from ..enums import Role
from ..models import Team, User
from .fields import SeveralField, ZoneField

NOBODY = "nobody"
# What each role may do, where somebody chooses one.
ROLE_HELP = _(
    "Readers report and follow. Responders also run incidents. Editors also approve and publish. "
    "Admins also manage people and the installation."
)


class InvitationNewForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail address"))
    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, help_text=_("Can be left blank: they are asked for it.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.RESPONDER, help_text=ROLE_HELP)
    teams = SeveralField(
        label=_("Teams"), queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teams"].queryset = Team.objects.active()  # type: ignore[attr-defined]
        if not Team.objects.active().exists():
            del self.fields["teams"]


class PersonForm(forms.ModelForm):
    """What an admin can correct on an account."""

    time_zone = ZoneField(label=_("Time zone"), required=False, help_text=_("For example Europe/Berlin."))

    class Meta:
        model = User
        fields = ["name", "email", "phone", "time_zone"]


class RoleForm(forms.Form):
    """Which role an account has."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[("", _("No role")), *Role.choices], required=False, help_text=ROLE_HELP
    )


class DisableForm(forms.Form):
    """Who takes over each place that somebody holds who goes."""

    def __init__(self, *args: Any, person: User, held: list[Holding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = held
        others = User.objects.with_role(Role.RESPONDER).exclude(pk=person.pk) if held else User.objects.none()
        self.candidates = {str(user.pk): user for user in others}
        choices = [
            ("", _("Choose a person")),
            *((key, user.name) for key, user in self.candidates.items()),
            (NOBODY, _("Nobody for now")),
        ]
        for holding in held:
            self.fields[holding.key] = forms.ChoiceField(label=holding.label, choices=choices)

    def successors(self) -> dict[str, User | None]:
        """Who takes over what, as `people.disable()` asks for it."""
        return {holding.key: self.candidates.get(self.cleaned_data[holding.key]) for holding in self.held}


class PeopleFileForm(forms.Form):
    """A CSV of people."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("At most 1 MB and 2,000 people. Nothing is saved before you have seen it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > people_csv.MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB. Divide it into several."), code="too_large")
        return file


class PeopleTextForm(forms.Form):
    """The CSV that has been looked at, sent again to be carried out."""

    text = forms.CharField(widget=forms.HiddenInput, max_length=people_csv.MAX_BYTES, strip=False)
