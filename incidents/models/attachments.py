"""Pictures on an incident."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from ..enums import PictureFormat
from .incident import Incident


class Attachment(models.Model):
    """A picture, re-encoded by us, under a name nobody can guess. Who sees its incident sees it.

    Once an admin has removed it there is no file, and the row remains to say so.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="attachments")
    name = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # As it was called where it came from; shown, never used as a path.
    original_name = models.CharField(max_length=200, blank=True)
    file = models.FileField(upload_to="attachments/%Y/%m", max_length=200)
    format = models.CharField(max_length=10, choices=PictureFormat)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(format__in=PictureFormat.values), name="attachment_format_known")
        ]

    def __str__(self) -> str:
        return f"{self.name}.{self.format}"

    def get_absolute_url(self) -> str:
        return reverse("picture", args=[self.incident.reference, self.name, self.format])

    @property
    def is_removed(self) -> bool:
        return self.removed_at is not None
