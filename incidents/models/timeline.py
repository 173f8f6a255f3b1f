"""What happened when, on one incident."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import Precision, Source, TimelineKind
from ..querysets import TimelineEventQuerySet
from .incident import Incident

# Sorts events whose time nobody knows behind all others, the same on both engines.
UNKNOWN_LAST = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


class TimelineEvent(models.Model):
    """One entry of an incident's timeline.

    ``occurred_at`` is when it happened, ``created_at`` when it was written down. Where only a text such as ``14:??`` is
    known of the time, ``occurred_at`` is null and ``time_text`` holds that text.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline")
    occurred_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    time_text = models.CharField(max_length=60, blank=True)
    utc_offset_minutes = models.SmallIntegerField(null=True)
    precision = models.CharField(max_length=10, choices=Precision, default=Precision.EXACT)
    sort_at = models.DateTimeField(editable=False)
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(_("kind"), max_length=15, choices=TimelineKind, default=TimelineKind.NOTE)
    text = models.TextField(_("text"))
    html = models.TextField(editable=False)
    renderer_version = models.PositiveSmallIntegerField(default=0, editable=False)
    evidence = models.CharField(_("evidence"), max_length=1000, blank=True)
    is_starred = models.BooleanField(_("key moment"), default=False)
    is_internal = models.BooleanField(_("internal only"), default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    author_label = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE)
    edited_at = models.DateTimeField(null=True, editable=False)
    struck_at = models.DateTimeField(null=True, editable=False)
    struck_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    client_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TimelineEventQuerySet.as_manager()

    class Meta:
        ordering = ["sort_at", "position", "id"]
        constraints = [
            models.UniqueConstraint("incident", "client_id", "position", name="timeline_event_client_id_once"),
            models.CheckConstraint(condition=models.Q(kind__in=TimelineKind.values), name="timeline_event_kind_known"),
            models.CheckConstraint(
                condition=models.Q(occurred_at__isnull=False) | ~models.Q(time_text=""),
                name="timeline_event_has_some_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("occurred_at")),
                name="timeline_event_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index("incident", "sort_at", "position", "id", name="timeline_order")]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def is_struck(self) -> bool:
        return self.struck_at is not None


class TimelineEventVersion(models.Model):
    """What a timeline event said before an edit; the old text is kept."""

    event = models.ForeignKey(TimelineEvent, models.PROTECT, related_name="earlier_versions")
    version = models.PositiveIntegerField()
    text = models.TextField()
    kind = models.CharField(max_length=15, choices=TimelineKind)
    occurred_at = models.DateTimeField(null=True)
    time_text = models.CharField(max_length=60, blank=True)
    replaced_at = models.DateTimeField(default=timezone.now)
    replaced_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint("event", "version", name="timeline_event_version_once")]

    def __str__(self) -> str:
        return f"version {self.version}"
