"""Incidents, with their impact and members."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import ClockContext, parse_zone, zone_label, zone_name
from ..domain import declaration, details, impacts, milestones, privacy, roles
from ..domain.impacts import ImpactContent
from ..domain.milestones import MilestoneTime
from ..domain.versions import check_version
from ..enums import IncidentRole, Milestone, Precision, Severity, Source
from ..forms.declaration import DeclareForm
from ..forms.fields import MomentField, moment_text
from ..forms.incident import DetailsForm, MilestonesForm, impact_content
from ..models import Impact, Incident, IncidentMember, Team, User
from ..permissions import Actor
from ..querysets import IncidentCriteria
from ..views.access import actor_of, clock_for
from ..zones import reader_zone
from .base import DomainModelAdmin, RecordForm, check_opened


def home_clock(incident: Incident) -> ClockContext:
    """What times mean that are typed here: the zone of the incident, as on its own pages."""
    return clock_for(incident, parse_zone(incident.home_zone), timezone.now())


def in_home_zone(incident: Incident) -> str:
    """Which zone times here are in; Django's admin takes such sentences for HTML."""
    return format_html(
        _("In the zone of the incident, {}."), zone_label(parse_zone(incident.home_zone), timezone.now())
    )


class IncidentAddForm(RecordForm, DeclareForm):
    """Declaring, as on the product's page."""

    def __init__(self, data: Any = None, files: Any = None, *, instance: None = None, initial: Any = None) -> None:
        zone = reader_zone(self.request.user)
        clock = ClockContext(zone=zone, now=timezone.now(), live=True, day_first=settings.DAY_FIRST)
        super().__init__(data, files, initial=initial, clock=clock, home_zone=zone_name(zone))
        self.instance = Incident()


class IncidentChangeForm(RecordForm, DetailsForm):
    """Details, milestones, roles and privacy of one incident."""

    def __init__(self, data: Any = None, files: Any = None, *, instance: Incident) -> None:
        super().__init__(data, files, incident=instance)
        self.instance = instance
        self._add_milestones(instance)
        self._add_roles(instance)
        self.fields["is_private"] = forms.BooleanField(label=gettext_lazy("Private"), required=False)
        self.initial["is_private"] = instance.is_private

    def _add_milestones(self, incident: Incident) -> None:
        form = MilestonesForm(incident=incident, clock=home_clock(incident))
        self.fields.update({milestone.value: form.fields[milestone.value] for milestone in Milestone})
        self.initial.update(form.initial)

    def _add_roles(self, incident: Incident) -> None:
        for role in IncidentRole:
            holder = incident.role_holder(role)
            people = User.objects.with_role("responder") | User.objects.filter(pk=holder.pk if holder else None)
            self.fields[role.value] = forms.ModelChoiceField(
                label=role.label, queryset=people, required=False, empty_label=gettext_lazy("nobody")
            )
            self.initial[role.value] = holder.pk if holder else None

    def touches(self, names: Any) -> bool:
        """Whether any of these fields was changed."""
        return not set(names).isdisjoint(self.changed_data)

    def times(self) -> dict[Milestone, MilestoneTime]:
        """The milestones that were changed."""
        moments = {name: self.cleaned_data[name.value] for name in Milestone if name.value in self.changed_data}
        return {
            name: MilestoneTime(moment.at, moment.precision) if moment else MilestoneTime(None)
            for name, moment in moments.items()
        }


class ImpactForm(forms.ModelForm):
    """A row of impact; times as people speak them, in the zone of the incident."""

    since = MomentField(label=gettext_lazy("From"))
    until = MomentField(label=gettext_lazy("Until"))

    class Meta:
        model = Impact
        fields = ["audience", "what", "scope", "scope_unit", "scope_basis"]
        widgets = {"what": forms.TextInput(attrs={"size": 28}), "scope": forms.NumberInput(attrs={"size": 6})}

    def __init__(self, *args: Any, clock: ClockContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, at in (("since", self.instance.from_at), ("until", self.instance.to_at)):
            self.fields[name].clock = clock  # type: ignore[attr-defined]
            self.fields[name].widget.attrs |= {"size": 16, "placeholder": ""}
            self.initial[name] = moment_text(at, Precision.EXACT, clock.zone)

    def content(self) -> ImpactContent:
        """What the row says, for the domain."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return impact_content(self.cleaned_data, since.at if since else None, until.at if until else None)


class ImpactFormSet(BaseInlineFormSet):
    """The rows of one incident, whose zone they share."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "clock": home_clock(self.instance)}


class ImpactInline(admin.TabularInline):
    model = Impact
    form = ImpactForm
    formset = ImpactFormSet
    fields = ("audience", "what", "scope", "scope_unit", "scope_basis", "since", "until")
    extra = 0
    can_delete = False


class MemberInline(admin.TabularInline):
    """Who was added by name. Members are taken away on the page of the incident."""

    model = IncidentMember
    fields = ("user", "added_by", "added_at")
    readonly_fields = ("added_by", "added_at")
    autocomplete_fields = ("user",)
    extra = 0
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("user", "added_by", "incident")


class SeverityChoice(forms.Form):
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)


class TeamChoice(forms.Form):
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"), queryset=Team.objects.active(), required=False, empty_label=gettext_lazy("no team")
    )


class TagChoice(forms.Form):
    tag = forms.CharField(label=gettext_lazy("Tag"), max_length=50)


DETAILS = tuple(DetailsForm.base_fields.keys() - {"version"})


@admin.register(Incident)
class IncidentAdmin(DomainModelAdmin):
    """Incidents. Of a private one the list shows the title; its page opens to who has said that they look."""

    add_form = IncidentAddForm
    change_form = IncidentChangeForm
    inlines = (ImpactInline, MemberInline)
    list_display = ("reference", "title", "severity", "status", "began_at", "team", "incident_lead", "is_private")
    list_display_links = ("reference", "title")
    list_filter = ("status", "severity", "kind", "is_private", "team", "services")
    list_select_related = ("team", "incident_lead")
    search_fields = ("title_key",)
    ordering = ("-sort_at", "-id")
    sortable_by = ("began_at",)
    readonly_fields = ("reference", "status", "kind", "declared_by", "source", "created_at", "updated_at")
    actions = ("set_severity", "set_team", "add_tag")

    @admin.display(description=gettext_lazy("began"), ordering="sort_at")
    def began_at(self, incident: Incident) -> dt.datetime:
        """Impact started, else detected, else declared."""
        return incident.sort_at

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the domain sets by itself; nothing of it exists before the incident does."""
        return self.readonly_fields if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The parts of an incident under headings, the zone of its times named with them."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        fields = IncidentChangeForm(instance=obj).fields
        times, people = [*Milestone.values], [*IncidentRole.values]
        return [
            (None, {"fields": [name for name in fields if name not in (*times, *people)]}),
            (gettext_lazy("Times"), {"fields": times, "description": in_home_zone(obj)}),
            (gettext_lazy("People"), {"fields": people}),
            (gettext_lazy("Set by what is done"), {"fields": self.readonly_fields}),
        ]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Rows hang on an incident that is there."""
        return self.inlines if obj is not None else ()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Those whose title holds the text, or whose number it is."""
        queryset = queryset.filtered(IncidentCriteria(text=search_term.strip()))  # type: ignore[attr-defined]
        return queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of an incident; of a private one only after having said so on the product's own page."""
        incident = self.get_object(request, object_id)
        if incident is not None and privacy.must_say_so(request.user, incident, timezone.now()):  # type: ignore[arg-type]
            return redirect(incident)
        return super().change_view(request, object_id, form_url, extra_context)

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> Incident:
        """Declare it."""
        return declaration.declare(actor=actor, new=form.new_incident(source=Source.ADMIN), now=now)

    def change(self, *, actor: Actor, target: Incident, form: Any, now: dt.datetime) -> None:
        """Change details, milestones, roles and privacy, each by its own function and only where something changed."""
        check_version(target, form.cleaned_data["version"])
        if form.touches(DETAILS):
            details.edit(actor=actor, incident=target, details=form.details(), now=now)
        if times := form.times():
            milestones.correct(actor=actor, incident=target, times=times, now=now)
        for role in IncidentRole:
            if form.touches([role.value]):
                roles.assign(actor=actor, incident=target, role=role, holder=form.cleaned_data[role.value], now=now)
        if form.touches(["is_private"]):
            if form.cleaned_data["is_private"]:
                privacy.make_private(actor=actor, incident=target, members=[], now=now)
            else:
                privacy.lift(actor=actor, incident=target, now=now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Add and edit rows of impact, add members."""
        actor, now = actor_of(request), timezone.now()
        incident = Incident.objects.get(pk=form.instance.pk)
        for row in formset.forms:
            if not row.has_changed():
                continue
            if formset.model is IncidentMember:
                # A row that names no membership of this incident has nobody to add.
                if user := row.cleaned_data.get("user"):
                    privacy.add_member(actor=actor, incident=incident, user=user, now=now)
            elif row.instance.pk:
                impacts.edit(actor=actor, impact=row.instance, content=row.content(), now=now)
            else:
                impacts.add(actor=actor, incident=incident, content=row.content(), now=now)

    @admin.action(description=gettext_lazy("Set the severity of the selected incidents"), permissions=["change"])
    def set_severity(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for a severity, then set it on each."""
        actor, now = actor_of(request), timezone.now()

        def do(incident: Incident, data: dict[str, Any]) -> None:
            check_opened(request, incident)
            details.set_severity(actor=actor, incident=incident, severity=Severity(data["severity"]), now=now)

        return self.ask_and_do(request, queryset, SeverityChoice, do)

    @admin.action(description=gettext_lazy("Give the selected incidents to a team"), permissions=["change"])
    def set_team(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for a team, then give each to it."""
        actor, now = actor_of(request), timezone.now()

        def do(incident: Incident, data: dict[str, Any]) -> None:
            check_opened(request, incident)
            details.set_team(actor=actor, incident=incident, team=data["team"], now=now)

        return self.ask_and_do(request, queryset, TeamChoice, do)

    @admin.action(description=gettext_lazy("Add a tag to the selected incidents"), permissions=["change"])
    def add_tag(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for a tag, then add it to each; their other tags stay."""
        actor, now = actor_of(request), timezone.now()

        def do(incident: Incident, data: dict[str, Any]) -> None:
            check_opened(request, incident)
            details.add_tag(actor=actor, incident=incident, tag=data["tag"], now=now)

        return self.ask_and_do(request, queryset, TagChoice, do)
