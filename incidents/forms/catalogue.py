"""Forms of teams, services and severity levels."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..enums import Role
from ..models import Service, SeverityLevel, Team, User
from .fields import SeveralField


class TeamForm(forms.ModelForm):
    """A team and its people."""

    # Not one of the model's fields: that only one team is the default is the domain's to arrange.
    is_default = forms.BooleanField(
        label=_("Default team"),
        required=False,
        help_text=_("Stands in where a service has no team or a team has no lead. The default team before gives way."),
    )

    class Meta:
        model = Team
        fields = ["name", "team_lead", "deputy", "members"]
        field_classes = {"members": SeveralField}
        help_texts = {
            "team_lead": _("Is told first when an incident begins."),
            "deputy": _("Is told when the team lead does not answer."),
        }
        widgets = {"members": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_default"].initial = self.instance.is_default
        responders = User.objects.with_role(Role.RESPONDER)
        for name, none in (("team_lead", _("No team lead yet")), ("deputy", _("No deputy yet"))):
            field: forms.ModelChoiceField = self.fields[name]  # type: ignore[assignment]
            field.queryset, field.empty_label = responders, none
        self.fields["members"].queryset = User.objects.with_role(Role.READER)  # type: ignore[attr-defined]


class ServiceForm(forms.ModelForm):
    """A service and who owns it."""

    class Meta:
        model = Service
        fields = ["name", "description", "team"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: forms.ModelChoiceField = self.fields["team"]  # type: ignore[assignment]
        team.queryset, team.empty_label = Team.objects.active(), _("No team yet")


class SeverityForm(forms.ModelForm):
    """What a severity means here, and what it asks for."""

    class Meta:
        model = SeverityLevel
        fields = [
            "help_text",
            "update_interval_minutes",
            "acknowledge_minutes",
            "action_item_days",
            "review_days",
            "postmortem_required",
            "second_approver_required",
            "verification_required",
        ]
        widgets = {"help_text": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "action_item_days": _("Within how many days action items are due. Blank: no limit."),
            "review_days": _("Monday to Friday where the incident is; holidays are not known. Blank: no limit."),
        }
