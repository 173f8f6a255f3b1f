"""What reviewers decided."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import ReviewDecision
from .postmortem import Postmortem


class Review(models.Model):
    """One decision on a postmortem, as it was then. A later edit makes earlier approvals void."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    decision = models.CharField(_("decision"), max_length=15, choices=ReviewDecision)
    note = models.TextField(_("note"), blank=True)
    decided_at = models.DateTimeField(default=timezone.now)
    is_void = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.reviewer} {self.get_decision_display()}"
