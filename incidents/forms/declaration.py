"""The forms by which an incident begins."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..clock_text import ClockContext
from ..domain.declaration import MAX_TITLE_LENGTH, NewIncident
from ..enums import DetectedBy, IncidentKind, Precision, Severity
from ..models import Service, User
from .fields import MomentField, SeveralField


class NewIncidentForm(forms.Form):
    """What reporting, declaring and near misses ask alike. Only the title is required."""

    title = forms.CharField(
        label=_("What is wrong?"),
        max_length=MAX_TITLE_LENGTH,
        help_text=_("In the words of those who noticed: “Blank front page for some visitors”."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    services = SeveralField(
        label=_("Services"), queryset=Service.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, clock: ClockContext, home_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home_zone = home_zone
        self.fields["services"].queryset = Service.objects.active()
        self.fields["client_id"].initial = uuid.uuid4
        if not Service.objects.active().exists():
            del self.fields["services"]
        if isinstance(field := self.fields.get("impact_started"), MomentField):
            field.clock = clock

    def new_incident(self, **more: Any) -> NewIncident:
        """What the form says, for the domain."""
        data = self.cleaned_data
        started = data.get("impact_started")
        return NewIncident(
            title=data["title"],
            home_zone=self.home_zone,
            services=list(data.get("services", [])),
            client_id=data["client_id"],
            impact=data.get("impact", ""),
            detected_by=DetectedBy(data.get("detected_by") or DetectedBy.UNKNOWN),
            impact_started_at=started.at if started else None,
            impact_started_precision=started.precision if started else Precision.EXACT,
            **more,
        )


class ReportForm(NewIncidentForm):
    """What anybody who may sign in can say in ten seconds."""

    impact = forms.CharField(
        label=_("Who cannot do what?"),
        max_length=300,
        required=False,
        help_text=_("One line is enough: “visitors see an empty page, about a third of them”."),
    )
    detected_by = forms.ChoiceField(
        label=_("Who noticed?"),
        choices=DetectedBy.choices,
        initial=DetectedBy.UNKNOWN,
        required=False,
        widget=forms.RadioSelect,
    )
    impact_started = MomentField(
        label=_("Since when?"), help_text=_("Leave it blank if you do not know; it can be filled in later.")
    )

    field_order: tuple[str, ...] = ("title", "services", "impact", "detected_by", "impact_started")


class DeclareForm(ReportForm):
    """What a responder says when declaring."""

    severity = forms.ChoiceField(
        label=_("Severity"), choices=Severity.choices, initial=Severity.UNKNOWN, widget=forms.RadioSelect
    )
    is_drill = forms.BooleanField(
        label=_("This is a drill"), required=False, help_text=_("Numbered DRILL-n, in no figure, and wakes nobody.")
    )
    is_private = forms.BooleanField(
        label=_("Private"),
        required=False,
        help_text=_(
            "Seen only by you, the people added below, the lead of the owning team, and admins, whose look is recorded."
        ),
    )
    members = SeveralField(label=_("Who else sees it, if private"), queryset=User.objects.none(), required=False)

    field_order = ("title", "severity", "services", "impact", "detected_by", "impact_started", "is_drill", "is_private")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = User.objects.with_role("reader")

    def new_incident(self, **more: Any) -> NewIncident:
        data = self.cleaned_data
        return super().new_incident(
            kind=IncidentKind.DRILL if data["is_drill"] else IncidentKind.INCIDENT,
            severity=Severity(data["severity"]),
            is_private=data["is_private"],
            members=list(data["members"]),
            **more,
        )


class NearMissForm(NewIncidentForm):
    """What nearly happened, and what was lucky about it."""

    summary = forms.CharField(
        label=_("What nearly happened?"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000, required=False
    )
    near_miss_saved_by = forms.CharField(
        label=_("What saved us?"), widget=forms.Textarea(attrs={"rows": 2}), max_length=5000, required=False
    )
    near_miss_earlier_stop = forms.CharField(
        label=_("What would have stopped it earlier?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=5000,
        required=False,
    )

    field_order = ("title", "summary", "near_miss_saved_by", "near_miss_earlier_stop", "services")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label = _("What was it?")
        self.fields["title"].help_text = _("“Wrong database picked for the clean-up, stopped at the prompt”.")

    def new_incident(self, **more: Any) -> NewIncident:
        data = self.cleaned_data
        return super().new_incident(
            kind=IncidentKind.NEAR_MISS,
            summary=data["summary"],
            near_miss_saved_by=data["near_miss_saved_by"],
            near_miss_earlier_stop=data["near_miss_earlier_stop"],
            **more,
        )
