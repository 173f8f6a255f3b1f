"""Documents that were imported, so that the same text makes no second incident."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from incidents.models import Incident


class ImportedDocument(models.Model):
    """The digest of a document's normalised text, and the incident that it became."""

    digest = models.CharField(max_length=64, unique=True)
    file_name = models.CharField(max_length=255, blank=True)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="imported_from")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name or self.digest[:12]
