"""Who was asked to review, what they decided, and how far each has read."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import RequestEnd, ReviewDecision
from ..querysets import ReviewRequestQuerySet
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


class ReviewRequest(models.Model):
    """Somebody was asked for a review, until a day in the incident's zone. It ends with an answer, whoever gives it."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="review_requests")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="review_requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(_("due"), null=True)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, choices=RequestEnd, blank=True)

    objects = ReviewRequestQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "postmortem", "reviewer", condition=models.Q(ended_at=None), name="review_request_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, end="") | models.Q(ended_at__isnull=False, end__in=RequestEnd.values),
                name="review_request_end_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} asked"


class LastLook(models.Model):
    """Until when somebody has read a draft, so that they are shown what changed since."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="last_looks")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("postmortem", "person", name="last_look_once")]

    def __str__(self) -> str:
        return f"{self.person} {self.seen_at}"
