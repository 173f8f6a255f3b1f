"""Who was called, what people want to hear of, and where else messages go."""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import CallStep, NoticeKind, WebhookFormat
from ..querysets import WebhookQuerySet
from .incident import Incident
from .outbox import OutboxMessage


class Callout(models.Model):
    """Somebody was called to an incident: the team lead first, then the deputy, then the admins.

    A graver severity and a reopening begin another round. Without a message they know already: it was their doing.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="callouts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="callouts")
    step = models.CharField(max_length=10, choices=CallStep)
    message = models.ForeignKey(OutboxMessage, models.SET_NULL, null=True, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    called_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("incident", "person", "round", name="callout_once")]

    def __str__(self) -> str:
        return f"{self.person} to {self.incident.reference}"


class NoticePreference(models.Model):
    """Whether a person wants one kind of notice by mail; without a row the default of the kind holds."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(max_length=20, choices=NoticeKind)
    wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint("person", "kind", name="notice_preference_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"


class Webhook(models.Model):
    """An address that hears of incidents: a chat's incoming hook, a pager, or a program with a signature to check."""

    name = models.CharField(_("name"), max_length=100)
    format = models.CharField(_("shape"), max_length=10, choices=WebhookFormat, default=WebhookFormat.GENERIC)
    url = models.CharField(_("address"), max_length=500)
    # What the generic shape is signed with, shown once when it is made; PagerDuty's integration key. In the clear,
    # because both are needed to send.
    secret = models.CharField(max_length=100, editable=False, blank=True)
    # Extra headers, one ``Name: value`` a line, for receivers that want a key of their own.
    headers = models.TextField(_("headers"), blank=True, max_length=2000)
    # What is sent, in JSON with names to fill in; only of the shape that has a body of its own.
    body = models.TextField(_("body"), blank=True, max_length=4000)
    kinds = models.JSONField(_("what it hears of"), default=list, blank=True)
    services = models.ManyToManyField(
        "incidents.Service", blank=True, related_name="+", verbose_name=_("only these services")
    )
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="webhook_name_once", violation_error_message=_("A channel has this name already.")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Where it leads, without the rest of the address, which is often a secret."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""
