"""What a draft said before, part by part, and who wrote it when."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..querysets import DraftVersionQuerySet
from .postmortem import Postmortem, Section


class DraftVersion(models.Model):
    """One part of a draft as somebody left it: a section, or without one the head, whose text is its sentence.

    What the same person saves again soon after replaces it, until it is sealed: somebody has looked, or decided.
    """

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="draft_versions")
    section = models.ForeignKey(Section, models.PROTECT, null=True, related_name="versions")
    heading = models.CharField(_("heading"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    # The part was taken out of the draft with this version.
    is_removal = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    began_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    is_sealed = models.BooleanField(default=False)

    objects = DraftVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at", "-id"]
        indexes = [
            models.Index("postmortem", "saved_at", "id", name="draft_version_by_time"),
            models.Index("section", "saved_at", "id", name="draft_version_of_section"),
        ]

    def __str__(self) -> str:
        return self.heading

    @property
    def key(self) -> str:
        """What stands in addresses for the draft as it was right after this save."""
        return f"v{self.pk}"

    @property
    def incident(self) -> Incident:
        return self.postmortem.incident
