"""What admins ask of a postmortem before it is published."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ChecklistRules(models.Model):
    """The one row of what admins chose; a line that they never chose anything for has its default."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    # From `CheckCode` to `CheckForce`.
    forces = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("checklist")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="checklist_rules_are_one")]

    def __str__(self) -> str:
        return "Checklist"

    @classmethod
    def current(cls) -> "ChecklistRules":
        """What holds now; not stored yet where nobody ever changed it."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls()
