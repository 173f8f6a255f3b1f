"""Telling others how it stands."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import Status, UpdateAudience
from ..querysets import StatusLinkQuerySet, StatusUpdateQuerySet
from .incident import Incident
from .timeline import TimelineEvent


class StatusUpdate(models.Model):
    """A message to an audience: the status then, and when the next one is due. A wrong one is corrected by a new one.

    It leaves at ``leaves_at``, a little after it was written; until then it can be cancelled, and counts for nothing.
    ``next_due_at`` is when people were promised the next one, and null where none was.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="updates")
    event = models.OneToOneField(TimelineEvent, models.PROTECT, related_name="status_update", editable=False)
    status = models.CharField(_("status"), max_length=15, choices=Status)
    audience = models.CharField(_("for"), max_length=10, choices=UpdateAudience, default=UpdateAudience.STAFF)
    text = models.TextField(_("what others need to know"), max_length=4000)
    html = models.TextField(editable=False)
    next_due_at = models.DateTimeField(_("next update"), null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_label = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    leaves_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    # An entry of the timeline that was sent as an update as well: it stays when the sending is cancelled.
    is_entry = models.BooleanField(default=False, editable=False)
    client_id = models.UUIDField(null=True, editable=False)

    objects = StatusUpdateQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint("incident", "client_id", name="status_update_client_id_once")]

    def __str__(self) -> str:
        return f"{self.incident.reference} at {self.created_at:%Y-%m-%d %H:%M}"


class StatusLink(models.Model):
    """Lets somebody without an account read the updates of one incident, until it ends or is taken back.

    The address holds ``key``, signed; it is of no use where the incident is private or admins allow no links.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="status_links")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = StatusLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Link to the status of {self.incident.reference}"
