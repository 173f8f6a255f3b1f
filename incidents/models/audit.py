"""Who did what, when; written once and never changed."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..querysets import AuditEntryQuerySet
from .incident import Incident


class AuditEntry(models.Model):
    """One thing that somebody did. A trigger in the database refuses to change or delete it.

    ``changes`` maps the name of a field to ``[from, to]``, short values only: long text is named, never copied, so that
    a secret can be removed from where it stands.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_label = models.CharField(max_length=200)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="audit_entries")
    changes = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["incident", "-id"], name="audit_by_incident"),
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action} {self.object_label}"
