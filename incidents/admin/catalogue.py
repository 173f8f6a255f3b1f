"""Services, severities and tags."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..domain import catalogue
from ..forms.catalogue import ServiceForm, SeverityForm
from ..models import Service, SeverityLevel, Tag
from ..permissions import Actor
from ..views.access import actor_of
from .base import DomainModelAdmin, ListOnlyAdmin, RecordForm


class ServiceRecordForm(RecordForm, ServiceForm):
    """A service and who owns it."""


class SeverityRecordForm(RecordForm, SeverityForm):
    """What a severity means here, and what it asks for."""


@admin.register(Service)
class ServiceAdmin(DomainModelAdmin):
    add_form = change_form = ServiceRecordForm
    list_display = ("name", "team", "description", "is_active")
    list_filter = ("is_active", "team")
    list_select_related = ("team",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("slug", "is_active")
    actions = ("retire", "bring_back")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its address and whether it is in use, of a service that is there."""
        return self.readonly_fields if obj is not None else ()

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of this service."""
        return reverse("service", args=[obj.slug]) if isinstance(obj, Service) else None

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> Service:
        """Add the service."""
        return catalogue.create_service(actor=actor, now=now, **form.cleaned_data)

    def change(self, *, actor: Actor, target: Service, form: Any, now: dt.datetime) -> None:
        """Change the service."""
        catalogue.change_service(actor=actor, service=target, now=now, **form.cleaned_data)

    @admin.action(description=_("Retire the selected services"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(
            request, queryset, lambda service: catalogue.retire_service(actor=actor, service=service, now=now)
        )

    @admin.action(description=_("Bring the selected services back"), permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(
            request, queryset, lambda service: catalogue.bring_back_service(actor=actor, service=service, now=now)
        )


@admin.register(SeverityLevel)
class SeverityLevelAdmin(DomainModelAdmin):
    """What each severity asks for; there is one row for each, and none is added."""

    change_form = SeverityRecordForm
    list_display = ("__str__", "update_interval_minutes", "action_item_days", "postmortem_required")
    ordering = ("code",)

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of this severity."""
        return reverse("severity", args=[obj.pk]) if obj is not None else None

    def change(self, *, actor: Actor, target: SeverityLevel, form: Any, now: dt.datetime) -> None:
        """Change what it says and asks for."""
        catalogue.change_severity(actor=actor, level=target, now=now, **form.cleaned_data)


@admin.register(Tag)
class TagAdmin(ListOnlyAdmin):
    """Words that incidents share; they come about where somebody tags an incident."""

    list_display = ("name",)
    search_fields = ("name",)
