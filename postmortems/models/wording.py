"""Hints on wording that somebody looked at and set aside."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from .postmortem import Postmortem


class HintSetAside(models.Model):
    """One hint that is not shown again in this postmortem. It holds a digest of the sentence, and not its words."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="hints_set_aside")
    digest = models.CharField(max_length=32, editable=False)
    set_aside_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    set_aside_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("postmortem", "digest", name="hint_set_aside_once")]

    def __str__(self) -> str:
        return self.digest
