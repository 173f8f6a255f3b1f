"""What people said about whether an incident is a repeat of an earlier one.

That a cause is the same as an earlier one stands on the cause itself: `RootCause.same_as`.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..querysets import RepeatMarkQuerySet
from .causes import RootCause


class RepeatMark(models.Model):
    """Somebody says that an incident as a whole is a repeat of an earlier one, and why."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="repeat_marks")
    earlier = models.ForeignKey(Incident, models.PROTECT, related_name="later_marks")
    reason = models.CharField(_("why"), max_length=500)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    marked_at = models.DateTimeField(default=timezone.now)

    objects = RepeatMarkQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("incident", "earlier", name="repeat_mark_once"),
            models.CheckConstraint(condition=~models.Q(incident=models.F("earlier")), name="repeat_mark_of_another"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="repeat_mark_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.reference} repeats {self.earlier.reference}"


class NotTheSame(models.Model):
    """Somebody says that a cause is not the same as an earlier one, so that nobody is asked again."""

    cause = models.ForeignKey(RootCause, models.PROTECT, related_name="differs_from")
    earlier = models.ForeignKey(RootCause, models.PROTECT, related_name="+")
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("cause", "earlier", name="not_the_same_once")]

    def __str__(self) -> str:
        return f"{self.cause} is not {self.earlier}"

    @property
    def incident(self) -> Incident:
        return self.cause.incident
