"""Which safety nets would have caught it, and what they did."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..enums import Defence, DefenceResult


class DefenceCheck(models.Model):
    """What one safety net did on one incident; unanswered ones have no row and are not counted."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="defences")
    defence = models.CharField(_("safety net"), max_length=20, choices=Defence)
    result = models.CharField(_("what it did"), max_length=10, choices=DefenceResult)
    note = models.CharField(_("note"), max_length=300, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("incident", "defence", name="defence_once_an_incident"),
            models.CheckConstraint(condition=models.Q(defence__in=Defence.values), name="defence_known"),
            models.CheckConstraint(condition=models.Q(result__in=DefenceResult.values), name="defence_result_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_defence_display()}: {self.get_result_display()}"
