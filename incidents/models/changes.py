"""What was altered, what that means for an incident, and asking colleagues about it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import ChangeKind, ChangeVerdict, RollCallAnswerKind, RollCallEnd, Source, YesNoUnknown
from ..querysets import ChangeQuerySet, RollCallQuerySet
from .catalogue import Service
from .incident import Incident
from .timeline import TimelineEvent
from .tokens import ApiToken


class Change(models.Model):
    """Anything that altered a system: when it went live, what it was to do, and which safety nets it passed.

    ``live_at`` is when it took effect, ``created_at`` when it was written down here. ``reference`` is the name that a
    machine gives it, such as the address of a deployment; the same one twice is the same change.
    """

    text = models.CharField(_("what was changed"), max_length=300)
    kind = models.CharField(_("kind"), max_length=15, choices=ChangeKind, default=ChangeKind.DEPLOY)
    live_at = models.DateTimeField(_("live since"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="changes", verbose_name=_("by")
    )
    # Who made it, where that is no account: a name out of another system.
    made_by_label = models.CharField(_("by"), max_length=150, blank=True)
    intended_effect = models.TextField(_("intended effect"), blank=True, max_length=4000)
    services = models.ManyToManyField(Service, blank=True, related_name="changes", verbose_name=_("services"))
    environment = models.CharField(_("environment"), max_length=60, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=150, blank=True)
    was_approved = models.CharField(_("approved"), max_length=10, choices=YesNoUnknown, default=YesNoUnknown.UNKNOWN)
    tried_in_sandbox = models.CharField(
        _("tried in a sandbox"), max_length=10, choices=YesNoUnknown, default=YesNoUnknown.UNKNOWN
    )
    url = models.CharField(_("link"), max_length=500, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    # Answers on a private incident's roll call stay with it.
    private_to = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="+", editable=False)
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, related_name="+", editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE, editable=False)
    client_id = models.UUIDField(null=True, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-live_at", "-id"]
        constraints = [
            models.UniqueConstraint("reference", condition=~models.Q(reference=""), name="change_reference_once"),
            models.CheckConstraint(condition=~models.Q(text=""), name="change_has_text"),
            models.CheckConstraint(condition=models.Q(kind__in=ChangeKind.values), name="change_kind_known"),
        ]
        indexes = [models.Index("live_at", "id", name="change_by_time")]

    def __str__(self) -> str:
        return self.text

    @property
    def author(self) -> str:
        """Who made it. For responders only: nobody is to be searched for by others."""
        return self.made_by.name if self.made_by else self.made_by_label

    @property
    def incident(self) -> Incident | None:
        """The incident that decides who may know of it; nothing where everybody here may."""
        return self.private_to


class IncidentChange(models.Model):
    """What a change turned out to be on one incident. A change without such a row is a candidate."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="change_verdicts")
    change = models.ForeignKey(Change, models.PROTECT, related_name="verdicts")
    verdict = models.CharField(_("verdict"), max_length=15, choices=ChangeVerdict, default=ChangeVerdict.CANDIDATE)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    # The entry that the verdict wrote into the timeline, if it wrote one.
    event = models.ForeignKey(TimelineEvent, models.SET_NULL, null=True, related_name="+", editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("incident", "change", name="incident_change_once"),
            models.UniqueConstraint(
                "incident", condition=models.Q(verdict=ChangeVerdict.TRIGGER), name="incident_change_one_trigger"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=ChangeVerdict.values), name="incident_change_verdict_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(verdict=ChangeVerdict.RULED_OUT) | ~models.Q(reason=""),
                name="incident_change_ruled_out_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change}: {self.get_verdict_display()}"


class RollCall(models.Model):
    """“Help us narrow it down”: asking colleagues at once what went live between two moments (UTC)."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="roll_calls")
    from_at = models.DateTimeField(_("from"))
    to_at = models.DateTimeField(_("to"))
    note = models.CharField(_("what we see"), max_length=500, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=15, choices=RollCallEnd, blank=True)
    client_id = models.UUIDField(null=True, editable=False)

    objects = RollCallQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint("incident", "client_id", name="roll_call_client_id_once"),
            models.CheckConstraint(
                condition=models.Q(from_at__lt=models.F("to_at")), name="roll_call_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"Roll call of {self.incident.reference}"


class RollCallAnswer(models.Model):
    """One person who was asked, and what they said. Blank ``answer``: not yet.

    An answer of “nothing” is deleted when the incident closes: the row goes.
    """

    roll_call = models.ForeignKey(RollCall, models.PROTECT, related_name="answers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="roll_call_answers")
    # What the link in the notice names; the link is signed besides.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    answer = models.CharField(max_length=15, choices=RollCallAnswerKind, blank=True)
    note = models.CharField(max_length=500, blank=True)
    change = models.ForeignKey(Change, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("roll_call", "person", name="roll_call_answer_once")]

    def __str__(self) -> str:
        return f"{self.person} on {self.roll_call}"

    @property
    def incident(self) -> Incident:
        return self.roll_call.incident
