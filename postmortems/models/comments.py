"""What people say about a draft while it is reviewed. Readers, publication and export know nothing of it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..querysets import ThreadQuerySet
from .postmortem import Postmortem, Section


class Thread(models.Model):
    """A conversation about one section, or about the whole postmortem, until somebody resolves it."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="threads")
    section = models.ForeignKey(Section, models.PROTECT, null=True, related_name="threads")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    client_id = models.UUIDField(null=True, editable=False)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("postmortem", "client_id", name="thread_client_id_once")]

    def __str__(self) -> str:
        return str(self.section or self.postmortem)

    @property
    def incident(self) -> Incident:
        return self.postmortem.incident

    @property
    def is_resolved(self) -> bool:
        return self.resolved_at is not None


class Comment(models.Model):
    """One thing that somebody said. Only its author puts it right, and the words before are not kept."""

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Kept as text only: a page has few of them, and what is redacted stands in one place.
    text = models.TextField(_("comment"))
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    client_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("thread", "client_id", name="comment_client_id_once")]

    def __str__(self) -> str:
        return f"{self.author}, {self.created_at}"

    @property
    def incident(self) -> Incident:
        return self.thread.postmortem.incident

    @property
    def anchor(self) -> str:
        """Where it stands on its page."""
        return f"comment-{self.pk}"
