"""What is changed so that it does not happen again."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.enums import Source
from incidents.models import Incident

from ..enums import UNFINISHED, ActionStatus, ActionType
from ..querysets import ActionItemQuerySet
from .causes import RootCause


class ActionNumber(models.Model):
    """The last number given to an action item, so that A-n has no gaps. There is one row."""

    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"A-{self.last}"


class ActionItem(models.Model):
    """One piece of work, verb first, with an owner and a date from *in progress* on."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="action_items")
    cause = models.ForeignKey(
        RootCause,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="action_items",
        verbose_name=_("answers the cause"),
    )
    text = models.CharField(_("what"), max_length=500)
    # Casefolded, because SQLite ignores case for ASCII only.
    text_key = models.CharField(max_length=1000, blank=True, editable=False)
    details = models.TextField(_("details"), blank=True)
    type = models.CharField(_("type"), max_length=15, choices=ActionType, default=ActionType.CORRECTIVE)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="action_items",
        verbose_name=_("owner"),
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    # NOT NULL, so that lists sort alike on both engines: due date, or far in the future without one.
    due_sort = models.DateField(editable=False)
    status = models.CharField(_("state"), max_length=15, choices=ActionStatus, default=ActionStatus.OPEN)
    evidence = models.CharField(_("evidence"), max_length=1000, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    verifier = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="action_items_to_verify",
        verbose_name=_("verified by"),
    )
    needs_verification = models.BooleanField(_("to be verified"), default=False)
    # What the verifier saw.
    verification = models.CharField(_("verification"), max_length=1000, blank=True)
    done_at = models.DateTimeField(null=True, editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    # The day of the person who was last reminded of it; empty where nobody has been since it last moved.
    reminded_on = models.DateField(null=True, editable=False)
    times_moved = models.PositiveSmallIntegerField(default=0, editable=False)
    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE, editable=False)
    client_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        ordering = ["due_sort", "id"]
        constraints = [
            models.UniqueConstraint("incident", "client_id", name="action_item_client_id_once"),
            models.CheckConstraint(condition=models.Q(status__in=ActionStatus.values), name="action_item_status_known"),
            models.CheckConstraint(condition=models.Q(type__in=ActionType.values), name="action_item_type_known"),
            models.CheckConstraint(
                condition=~models.Q(status=ActionStatus.IN_PROGRESS)
                | models.Q(owner__isnull=False, due_on__isnull=False),
                name="action_item_in_progress_owned_and_dated",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=ActionStatus.WONT_DO) | ~models.Q(reason=""),
                name="action_item_wont_do_with_reason",
            ),
        ]
        indexes = [
            models.Index("status", "due_sort", "id", name="action_item_by_status"),
            models.Index("owner", "status", "due_sort", "id", name="action_item_by_owner"),
            models.Index(fields=["status", "-updated_at", "-id"], name="action_item_lately"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.text}"

    def get_absolute_url(self) -> str:
        return reverse("action", args=[self.reference])

    @property
    def reference(self) -> str:
        return f"A-{self.number}"

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def awaits_verification(self) -> bool:
        """Whether it is done and somebody else is still to look."""
        return self.status == ActionStatus.DONE and (self.needs_verification or self.verifier_id is not None)

    def age_in_days(self, now: dt.datetime) -> int:
        """For how many whole days it has been there at ``now``."""
        return max((now - self.created_at).days, 0)

    def is_overdue(self, today: dt.date) -> bool:
        """Whether it should have been done before this day."""
        return self.is_unfinished and self.due_on is not None and self.due_on < today
