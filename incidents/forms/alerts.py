"""Forms for what becomes of alerts."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from ..domain.alert_rules import RuleContent
from ..enums import AlertAction, AlertFormat, Severity
from ..models import AlertRule, Service, Team
from .versioned import VersionedForm

FIELDS = ("name", "matchers", "action", "service", "team", "severity", "position", "is_active")


class AlertRuleForm(VersionedForm):
    """A rule about alerts with certain labels."""

    name = forms.CharField(label=_("Name"), max_length=100)
    matchers = forms.CharField(
        label=_("Labels"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "class": "mono",
                "spellcheck": "false",
                "placeholder": "job=storefront\nseverity=~critical|page",
            }
        ),
        help_text=_("One on each line: label=value, label!=value, or label=~pattern. All must hold. Blank: any alert."),
    )
    action = forms.ChoiceField(label=_("What to do"), choices=AlertAction.choices, initial=AlertAction.REPORT)
    service = forms.ModelChoiceField(
        label=_("Service"),
        queryset=Service.objects.none(),
        required=False,
        empty_label=_("as its label “service” says"),
    )
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("as the service says")
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.UNKNOWN)
    position = forms.IntegerField(
        label=_("Place"),
        min_value=0,
        max_value=10_000,
        initial=0,
        help_text=_("Rules are tried from the lowest number on; the first that holds decides."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, rule: AlertRule | None = None, **kwargs: Any) -> None:
        initial = {name: getattr(rule, name) for name in (*FIELDS, "version")} if rule else {"version": 1}
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self.rule = rule
        self.fields["service"].queryset = Service.objects.active()  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.active()  # type: ignore[attr-defined]

    def anew(self, current: AlertRule) -> Self:
        return type(self)(rule=current)

    def content(self) -> RuleContent:
        """What was entered, as the domain takes it."""
        return RuleContent(**{name: self.cleaned_data[name] for name in FIELDS})


class AlertTrialForm(forms.Form):
    """A message to look at: what would become of it."""

    format = forms.ChoiceField(label=_("Sent by"), choices=AlertFormat.choices)
    body = forms.CharField(
        label=_("Message"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
        help_text=_("The JSON that your monitoring sends. Nothing is stored, and nobody is told."),
    )
