"""What was published, word for word, for ever."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .postmortem import Postmortem


class Revision(models.Model):
    """An immutable document. Its HTML is a cache that can be made anew from the document after an upgrade."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    markdown = models.TextField()
    html_internal = models.TextField()
    html_public = models.TextField()
    renderer_version = models.PositiveSmallIntegerField()
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint("postmortem", "number", name="revision_number_once")]

    def __str__(self) -> str:
        return f"r{self.number}"
