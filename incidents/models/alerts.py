"""What monitoring says, and what becomes of it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import AlertAction, AlertFormat, AlertState, ReceiptState, Severity
from ..querysets import AlertQuerySet, AlertReceiptQuerySet
from .catalogue import Service
from .incident import Incident
from .people import Team
from .tokens import ApiToken


class AlertRule(models.Model):
    """By the labels of an alert: which service, how grave, and whether to report, declare, attach or let it pass.

    ``matchers`` holds one ``label=value`` or ``label=~pattern`` a line; all must hold. Rules are tried in the order of
    ``position``, and the first that holds decides.
    """

    position = models.PositiveIntegerField(_("place"), default=0)
    name = models.CharField(_("name"), max_length=100)
    matchers = models.TextField(
        _("labels"),
        blank=True,
        max_length=2000,
        help_text=_("One label=value a line; all must hold. Blank: any alert."),
    )
    action = models.CharField(_("what to do"), max_length=10, choices=AlertAction, default=AlertAction.REPORT)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.UNKNOWN)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class AlertReceipt(models.Model):
    """What a monitoring system sent, word for word, stored before it is understood."""

    format = models.CharField(max_length=15, choices=AlertFormat)
    body = models.TextField()
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=ReceiptState, default=ReceiptState.PENDING)
    run_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    objects = AlertReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_at", "id"], condition=models.Q(state=ReceiptState.PENDING), name="receipt_due")
        ]

    def __str__(self) -> str:
        return f"{self.format} at {self.received_at:%Y-%m-%d %H:%M:%S}"


class Alert(models.Model):
    """One alert over all its repeats, from firing to resolved, and the incident that it opened or joined."""

    fingerprint = models.CharField(max_length=64)
    # What monitoring sends together belongs together: a digest of its name for the group, blank where it has none.
    group = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=AlertState, default=AlertState.FIRING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    times_received = models.PositiveIntegerField(default=1)
    first_received_at = models.DateTimeField(default=timezone.now)
    last_received_at = models.DateTimeField(default=timezone.now)
    rule = models.ForeignKey(AlertRule, models.SET_NULL, null=True, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="alerts")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-last_received_at", "-id"]
        constraints = [
            # One that fires again after it was resolved is a new row.
            models.UniqueConstraint("fingerprint", "started_at", name="alert_once"),
        ]
        indexes = [models.Index(fields=["fingerprint", "-started_at"], name="alert_by_fingerprint")]

    def __str__(self) -> str:
        return self.name
