"""Timeline events. Those of a private incident are listed for who takes part in it or has said that they look."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..domain import timeline
from ..domain.timeline import EventContent
from ..enums import Source
from ..errors import NotPossible
from ..forms.fields import ReferenceField
from ..forms.timeline import EventForm
from ..models import Incident, TimelineEvent, TimelineEventVersion
from ..permissions import Actor
from ..views.access import actor_of
from .base import DomainModelAdmin, RecordForm, check_opened, opened_incidents
from .incidents import home_clock, in_home_zone


class EventChangeForm(RecordForm, EventForm):
    """Everything about one entry, times in the zone of its incident."""

    def __init__(self, data: Any = None, files: Any = None, *, instance: TimelineEvent) -> None:
        super().__init__(data, files, event=instance, clock=home_clock(instance.incident), only_report=False)
        self.instance = instance
        self.fields["time"].help_text = in_home_zone(instance.incident)


class EventAddForm(RecordForm, EventForm):
    """A new entry: the same, and the incident it belongs to, whose zone its times are in."""

    incident = ReferenceField(label=gettext_lazy("Incident"))
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    field_order = ("incident", "time", "kind", "text")

    def __init__(self, data: Any = None, files: Any = None, *, instance: None = None, initial: Any = None) -> None:
        self.instance = TimelineEvent(incident=self._incident(data or {}) or Incident())
        super().__init__(data, files, event=self.instance, clock=home_clock(self.instance.incident), only_report=False)
        del self.fields["version"]
        self.fields["incident"].visible_to = self.request.user  # type: ignore[attr-defined]
        self.fields["time"].help_text = _("In the zone of the incident.")
        self.initial = dict(initial or {})

    def clean_incident(self) -> Incident:
        """The incident, unless it is a private one that this admin has not opened."""
        incident: Incident = self.cleaned_data["incident"]
        try:
            check_opened(self.request, incident)
        except NotPossible as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return incident

    def _incident(self, data: Any) -> Incident | None:
        return Incident.objects.visible_to(self.request.user).referenced(data.get("incident", "")).first()


class VersionInline(admin.TabularInline):
    """What the entry said before."""

    model = TimelineEventVersion
    fields = readonly_fields = ("version", "kind", "occurred_at", "time_text", "text", "replaced_by", "replaced_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("replaced_by")


@admin.register(TimelineEvent)
class TimelineEventAdmin(DomainModelAdmin):
    """Entries of all timelines, to look for a word in, and to strike out or star several at once."""

    add_form = EventAddForm
    change_form = EventChangeForm
    inlines = (VersionInline,)
    list_display = (
        "occurred_at",
        "time_text",
        "incident",
        "kind",
        "__str__",
        "author_label",
        "is_starred",
        "is_struck",
    )
    list_display_links = ("__str__",)
    list_filter = ("kind", "is_starred", "is_internal", "source")
    list_select_related = ("incident",)
    search_fields = ("text",)
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("incident", "author_label", "source", "created_at", "updated_at", "struck_at", "struck_by")
    actions = ("strike_out", "bring_back", "star", "unstar")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the domain sets by itself; nothing of it exists before the entry does."""
        return self.readonly_fields if obj is not None else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Earlier versions, of an entry that is there."""
        return self.inlines if obj is not None else ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Entries whose incident this admin may read without saying so first."""
        return super().get_queryset(request).filter(incident__in=opened_incidents(request))

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of its incident."""
        return obj.incident.get_absolute_url() if isinstance(obj, TimelineEvent) else None

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> TimelineEvent:
        """Add the entry to the incident that the form names."""
        data = form.cleaned_data
        (event,) = timeline.add_entries(
            actor=actor,
            incident=data["incident"],
            entries=[form.content()],
            now=now,
            client_id=data["client_id"],
            source=Source.ADMIN,
        )
        return event

    def change(self, *, actor: Actor, target: TimelineEvent, form: Any, now: dt.datetime) -> None:
        """Replace what it says."""
        content: EventContent = form.content()
        timeline.edit(actor=actor, event=target, content=content, now=now, version=form.cleaned_data["version"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Do nothing: earlier versions stay as they are."""

    @admin.action(description=gettext_lazy("Strike out the selected entries"), permissions=["change"])
    def strike_out(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda event: timeline.strike(actor=actor, event=event, now=now))

    @admin.action(description=gettext_lazy("Bring the selected entries back"), permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda event: timeline.restore(actor=actor, event=event, now=now))

    @admin.action(description=gettext_lazy("Mark the selected entries as key moments"), permissions=["change"])
    def star(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self._set_star(request, queryset, starred=True)

    @admin.action(description=gettext_lazy("Mark the selected entries as no key moments"), permissions=["change"])
    def unstar(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self._set_star(request, queryset, starred=False)

    def _set_star(self, request: HttpRequest, events: models.QuerySet, *, starred: bool) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(
            request, events, lambda event: timeline.set_star(actor=actor, event=event, starred=starred, now=now)
        )
