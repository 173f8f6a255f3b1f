"""What the system writes down by itself: the audit, the outbox, the workers."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..domain import deliveries
from ..models import AuditEntry, OutboxMessage, WorkerHeartbeat
from ..views.access import actor_of
from .base import ListOnlyAdmin, ReadOnlyAdmin, opened_incidents


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what. What changed on a private incident shows to who takes part in it or has said that they look."""

    list_display = ("at", "actor_label", "action", "object_type", "object_label")
    list_display_links = ("at",)
    list_filter = ("object_type",)
    search_fields = ("actor_label", "action", "object_label")
    fields = ("at", "actor_label", "action", "object_type", "object_id", "object_label", "changes_text", "note_text")
    sortable_by = ()
    ordering = ("-id",)
    actions = None

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """The history of one record is found by its type and key."""
        return lookup in {"object_type__exact", "object_id__exact"} or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """All entries, each with whether this admin may read what it says."""
        readable = Q(incident=None) | Exists(opened_incidents(request).filter(pk=OuterRef("incident")))
        is_readable = models.ExpressionWrapper(readable, models.BooleanField())
        return super().get_queryset(request).annotate(is_readable=is_readable)

    @admin.display(description=gettext_lazy("changes"))
    def changes_text(self, entry: Any) -> str:
        """Each changed field with its old and new value."""
        if not entry.is_readable:
            return _("Hidden: the incident is private. Open its page first; that is recorded.")
        return "; ".join(f"{name}: {old} → {new}" for name, (old, new) in entry.changes.items())

    @admin.display(description=gettext_lazy("note"))
    def note_text(self, entry: Any) -> str:
        """What was said about it."""
        return entry.note if entry.is_readable else ""


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ListOnlyAdmin):
    """What left the house and what waits. What a message says stays in it: it may hold a link that lets somebody in."""

    list_display = ("created_at", "kind", "recipient", "state", "attempts", "run_at", "delivered_at", "last_error")
    list_filter = ("state", "kind")
    search_fields = ("recipient",)
    sortable_by = ()
    actions = ("resend",)

    @admin.action(description=gettext_lazy("Send the selected messages again"))
    def resend(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda message: deliveries.resend(actor=actor, message=message, now=now))


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ListOnlyAdmin):
    """When each worker was last alive."""

    list_display = ("name", "seen_at")
