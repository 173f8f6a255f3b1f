"""What leaves the house, written in the transaction that caused it and delivered by the worker."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from ..enums import MessageState, Severity
from ..querysets import OutboxQuerySet, SubscriptionQuerySet
from .catalogue import Service
from .incident import Incident


class OutboxMessage(models.Model):
    """One message to deliver at least once.

    ``run_at`` is when it is next due; claiming it moves that forward by the length of the lease, so that the message
    of a worker that died comes up again by itself. ``message_id`` stays the same over all tries. The payload of a
    message that ``holds_secret`` is emptied once it is delivered or given up. After ``expires_at`` it is not sent.
    """

    message_id = models.UUIDField(default=uuid.uuid4, unique=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=20, default="mail")
    recipient = models.CharField(max_length=320, blank=True)
    payload = models.JSONField(default=dict)
    holds_secret = models.BooleanField(default=False)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="+")
    # Whom it is for, where that is an account: whether they may still see the incident is asked when it is sent.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.PENDING)
    run_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=64, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    # What the far end said when it took the message.
    answer = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_at", "id"], condition=models.Q(state=MessageState.PENDING), name="outbox_due"),
            models.Index(fields=["state", "-id"], name="outbox_by_state"),
            models.Index(fields=["channel", "recipient", "-id"], name="outbox_by_receiver"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"

    @property
    def can_be_resent(self) -> bool:
        """Whether it was given up and still holds all that it has to say."""
        return self.state == MessageState.DEAD and not self.holds_secret


class WorkerHeartbeat(models.Model):
    """When each worker was last alive."""

    name = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class PeriodicJob(models.Model):
    """When a job of the schedule is next due. Whoever moves ``run_at`` forward runs it."""

    name = models.CharField(max_length=60, primary_key=True)
    run_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """Somebody follows an incident, a service, or every incident of one severity."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, blank=True, related_name="followers")
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="followers")
    severity = models.CharField(max_length=10, choices=Severity, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "incident", name="subscription_incident_once"),
            models.UniqueConstraint("user", "service", name="subscription_service_once"),
            models.UniqueConstraint(
                "user", "severity", condition=~models.Q(severity=""), name="subscription_severity_once"
            ),
            models.CheckConstraint(
                condition=models.Q(incident__isnull=False, service__isnull=True, severity="")
                | models.Q(incident__isnull=True, service__isnull=False, severity="")
                | (models.Q(incident__isnull=True, service__isnull=True) & ~models.Q(severity="")),
                name="subscription_to_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} follows {self.incident or self.service or self.get_severity_display()}"
