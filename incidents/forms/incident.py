"""The forms that change an incident."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import ClockContext
from ..domain.declaration import MAX_TITLE_LENGTH
from ..domain.details import Details
from ..domain.impacts import ImpactContent
from ..domain.lifecycle import Verb
from ..domain.milestones import MilestoneTime
from ..enums import (
    CancelReason,
    DetectedBy,
    ImpactAudience,
    IncidentKind,
    IncidentRole,
    Milestone,
    ScopeBasis,
    ScopeUnit,
    Severity,
)
from ..models import Impact, Incident, Service, Team, User
from .fields import MomentField, ReferenceField, SeveralField, ZoneField, moment_text
from .versioned import VersionedForm


class DetailsForm(VersionedForm):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=MAX_TITLE_LENGTH)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)
    services = SeveralField(
        label=gettext_lazy("Services"),
        queryset=Service.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"), queryset=Team.objects.none(), required=False, empty_label=gettext_lazy("no team")
    )
    detected_by = forms.ChoiceField(label=gettext_lazy("Who noticed"), choices=DetectedBy.choices)
    summary = forms.CharField(
        label=gettext_lazy("What happened, in a few sentences"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=20_000,
        required=False,
    )
    near_miss_saved_by = forms.CharField(
        label=gettext_lazy("What saved us"), widget=forms.Textarea(attrs={"rows": 3}), max_length=5000, required=False
    )
    near_miss_earlier_stop = forms.CharField(
        label=gettext_lazy("What would have stopped it earlier"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        required=False,
    )
    tags = forms.CharField(
        label=gettext_lazy("Tags"), max_length=1100, required=False, help_text=gettext_lazy("Separated by commas.")
    )
    home_zone = ZoneField(
        label=gettext_lazy("Home time zone"),
        help_text=gettext_lazy("The zone its times are shown in, such as Europe/Berlin or UTC+02:00."),
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, initial=self._initial(incident), **kwargs)
        self.incident = incident
        chosen = list(incident.services.all())
        self.fields["services"].queryset = Service.objects.active() | Service.objects.filter(
            pk__in=[service.pk for service in chosen]
        )
        self.fields["team"].queryset = Team.objects.active() | Team.objects.filter(pk=incident.team_id)
        if incident.kind != IncidentKind.NEAR_MISS:
            del self.fields["near_miss_saved_by"], self.fields["near_miss_earlier_stop"]

    def anew(self, current: Incident) -> Self:
        return type(self)(incident=current)

    @staticmethod
    def _initial(incident: Incident) -> dict[str, Any]:
        return {
            "version": incident.version,
            "title": incident.title,
            "severity": incident.severity,
            "services": [service.pk for service in incident.services.all()],
            "team": incident.team_id,
            "detected_by": incident.detected_by,
            "summary": incident.summary,
            "near_miss_saved_by": incident.near_miss_saved_by,
            "near_miss_earlier_stop": incident.near_miss_earlier_stop,
            "tags": ", ".join(tag.name for tag in incident.tags.all()),
            "home_zone": incident.home_zone,
        }

    def details(self) -> Details:
        """What the form says, for the domain."""
        data = self.cleaned_data
        return Details(
            title=data["title"],
            summary=data["summary"],
            severity=Severity(data["severity"]),
            detected_by=DetectedBy(data["detected_by"]),
            services=list(data["services"]),
            team=data["team"],
            home_zone=data["home_zone"],
            tags=data["tags"].split(","),
            # What was said of a near miss stays when it is promoted, although nobody is asked for it any more.
            near_miss_saved_by=data.get("near_miss_saved_by", self.incident.near_miss_saved_by),
            near_miss_earlier_stop=data.get("near_miss_earlier_stop", self.incident.near_miss_earlier_stop),
        )


class SeverityForm(forms.Form):
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)


class TransitionForm(forms.Form):
    """When something happened, and a sentence about it. *Resolve* asks when it was mitigated, if nobody said."""

    at = MomentField(label=gettext_lazy("When?"), help_text=gettext_lazy("Leave it blank for now."))
    mitigated = MomentField(
        label=gettext_lazy("When did it stop hurting?"),
        help_text=gettext_lazy("The moment of mitigation. Blank: not recorded."),
    )
    note = forms.CharField(
        label=gettext_lazy("Anything to add?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Goes into the timeline with it."),
    )

    def __init__(self, *args: Any, clock: ClockContext, verb: Verb, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].clock = self.fields["mitigated"].clock = clock
        if verb != Verb.RESOLVE or incident.mitigated_at:
            del self.fields["mitigated"]


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why is it not over?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class CancelForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why?"),
        choices=CancelReason.choices,
        widget=forms.RadioSelect,
        initial=CancelReason.DUPLICATE,
    )
    duplicate_of = ReferenceField(
        label=gettext_lazy("Duplicate of"),
        required=False,
        help_text=gettext_lazy("Its reports and followers move there."),
    )
    note = forms.CharField(label=gettext_lazy("In a sentence"), max_length=500, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duplicate_of"].visible_to = user


class MilestonesForm(VersionedForm):
    """One line of text for each milestone; what was not touched is not written."""

    def __init__(self, *args: Any, incident: Incident, clock: ClockContext, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"version": incident.version}
        for milestone in Milestone:
            initial[milestone.value] = moment_text(
                incident.milestone(milestone), incident.milestone_precision(milestone), clock.zone
            )
        super().__init__(*args, initial=initial, **kwargs)
        self.clock = clock
        for milestone in Milestone:
            field = MomentField(label=milestone.label)
            field.clock = clock
            field.widget.attrs["placeholder"] = _("not known")
            self.fields[milestone.value] = field

    def anew(self, current: Incident) -> Self:
        return type(self)(incident=current, clock=self.clock)

    def milestone_fields(self) -> list[forms.BoundField]:
        return [self[milestone.value] for milestone in Milestone]

    def times(self) -> dict[Milestone, MilestoneTime]:
        """The milestones that were changed; one that was not sent at all was not."""
        touched = [name for name in self.changed_data if name != "version" and name in self.data]
        moments = {Milestone(name): self.cleaned_data[name] for name in touched}
        return {
            milestone: MilestoneTime(moment.at, moment.precision) if moment else MilestoneTime(None)
            for milestone, moment in moments.items()
        }


def impact_content(data: Mapping[str, Any], from_at: dt.datetime | None, to_at: dt.datetime | None) -> ImpactContent:
    """What a form about one impact says, for the domain; moments are UTC."""
    return ImpactContent(
        what=data["what"],
        audience=ImpactAudience(data["audience"]),
        scope=data["scope"],
        scope_unit=ScopeUnit(data["scope_unit"]),
        scope_basis=ScopeBasis(data["scope_basis"]),
        from_at=from_at,
        to_at=to_at,
    )


class ImpactForm(forms.Form):
    audience = forms.ChoiceField(label=gettext_lazy("Who"), choices=ImpactAudience.choices)
    what = forms.CharField(
        label=gettext_lazy("What could they not do?"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.DecimalField(
        label=gettext_lazy("How many"), max_digits=14, decimal_places=2, min_value=0, required=False
    )
    scope_unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=ScopeUnit.choices)
    scope_basis = forms.ChoiceField(
        label=gettext_lazy("Measured or estimated"), choices=ScopeBasis.choices, initial=ScopeBasis.ESTIMATED
    )
    from_at = MomentField(label=gettext_lazy("From"), help_text=gettext_lazy("Blank: since the impact started."))
    to_at = MomentField(label=gettext_lazy("Until"), help_text=gettext_lazy("Blank: until it was mitigated."))
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, clock: ClockContext, impact: Impact | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=self._initial(impact, clock) if impact else None, **kwargs)
        self.impact = impact
        self.fields["from_at"].clock = self.fields["to_at"].clock = clock

    @staticmethod
    def _initial(impact: Impact, clock: ClockContext) -> dict[str, Any]:
        return {
            "audience": impact.audience,
            "what": impact.what,
            "scope": impact.scope,
            "scope_unit": impact.scope_unit,
            "scope_basis": impact.scope_basis,
            "from_at": moment_text(impact.from_at, "exact", clock.zone),
            "to_at": moment_text(impact.to_at, "exact", clock.zone),
        }

    def content(self) -> ImpactContent:
        """What the form says, for the domain."""
        return impact_content(self.cleaned_data, self._moment("from_at"), self._moment("to_at"))

    def _moment(self, name: str) -> dt.datetime | None:
        """The time as entered; the stored one, seconds and all, where its text was not touched."""
        if self.impact is not None and name not in self.changed_data:
            return getattr(self.impact, name)
        moment = self.cleaned_data[name]
        return moment.at if moment else None


class RoleForm(forms.Form):
    """Hands one role to somebody."""

    role = forms.ChoiceField(choices=IncidentRole.choices, widget=forms.HiddenInput)
    holder = forms.ModelChoiceField(
        label=gettext_lazy("Hand over to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("nobody"),
    )
    tried = forms.CharField(
        label=gettext_lazy("What was tried?"),
        max_length=1500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    next = forms.CharField(
        label=gettext_lazy("What is next?"),
        max_length=1500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("For whoever takes over; both go into the timeline."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holder"].queryset = User.objects.with_role("responder")

    def note(self) -> str:
        """What was tried and what is next, as it enters the timeline."""
        said = ((_("Tried:"), self.cleaned_data["tried"]), (_("Next:"), self.cleaned_data["next"]))
        return "\n\n".join(f"{word} {text.strip()}" for word, text in said if text.strip())


class MemberForm(forms.Form):
    user = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people


class RelatedForm(forms.Form):
    other = ReferenceField(label=gettext_lazy("Related incident"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].visible_to = user
