"""Why an incident happened."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..enums import CauseCategory, CauseRole
from ..querysets import RootCauseQuerySet


class RootCause(models.Model):
    """A factor of an incident. ``whys`` is the chain of answers to “why?”, the nearest first."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="root_causes")
    role = models.CharField(_("role"), max_length=20, choices=CauseRole, default=CauseRole.ROOT_CAUSE)
    category = models.CharField(_("category"), max_length=20, choices=CauseCategory, default=CauseCategory.UNKNOWN)
    title = models.CharField(_("cause"), max_length=300)
    explanation = models.TextField(_("explanation"), blank=True)
    whys = models.JSONField(_("chain of whys"), default=list, blank=True)
    evidence = models.CharField(_("evidence"), max_length=1000, blank=True)
    # Why no action item answers it; with one it is not asked for.
    no_action_reason = models.CharField(_("why no action item"), max_length=500, blank=True)
    same_as = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="repeats")
    same_as_reason = models.CharField(max_length=500, blank=True)
    # The first cause of the chain that “same as” makes; all with the same one are the same cause. Kept by the domain.
    family = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", editable=False)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, editable=False)
    client_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RootCauseQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("incident", "client_id", name="root_cause_client_id_once"),
            models.CheckConstraint(condition=models.Q(role__in=CauseRole.values), name="root_cause_role_known"),
            models.CheckConstraint(
                condition=models.Q(category__in=CauseCategory.values), name="root_cause_category_known"
            ),
            models.CheckConstraint(condition=~models.Q(same_as=models.F("id")), name="root_cause_not_same_as_itself"),
        ]

    def __str__(self) -> str:
        return self.title
