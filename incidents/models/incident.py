"""Incidents, what they did to people, and who takes part."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import (
    OPEN_STATUSES,
    CancelReason,
    DetectedBy,
    ImpactAudience,
    IncidentKind,
    Precision,
    ScopeBasis,
    ScopeUnit,
    Series,
    Severity,
    Source,
    Status,
)
from ..querysets import IncidentQuerySet
from .catalogue import Service
from .people import Team, User

# The order in which severities are listed, gravest first; a list cannot sort by the names.
SEVERITY_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}


class NumberCounter(models.Model):
    """The last number given out in each series, so that numbers have no gaps."""

    series = models.CharField(max_length=5, primary_key=True, choices=Series)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}-{self.last}"


class Tag(models.Model):
    """A word that incidents share."""

    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_unique")]

    def __str__(self) -> str:
        return self.name


def milestone_at(label: Any) -> models.DateTimeField:
    return models.DateTimeField(label, null=True, blank=True)


def milestone_precision() -> models.CharField:
    return models.CharField(max_length=10, choices=Precision, default=Precision.EXACT)


class Incident(models.Model):
    """An unplanned disruption, or what nearly became one. Never deleted."""

    series = models.CharField(max_length=5, choices=Series, editable=False)
    number = models.PositiveIntegerField(editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=IncidentKind, default=IncidentKind.INCIDENT)
    title = models.CharField(_("title"), max_length=200)
    # SQLite ignores case for ASCII only, so searching goes through a casefolded copy that the domain keeps.
    title_key = models.CharField(max_length=400, editable=False)
    summary = models.TextField(_("summary"), blank=True)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity, default=Severity.UNKNOWN)
    severity_rank = models.PositiveSmallIntegerField(default=SEVERITY_RANK[Severity.UNKNOWN], editable=False)
    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.TRIAGE)
    detected_by = models.CharField(_("who noticed"), max_length=10, choices=DetectedBy, default=DetectedBy.UNKNOWN)
    services = models.ManyToManyField(Service, blank=True, related_name="incidents", verbose_name=_("services"))
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="incidents", verbose_name=_("team")
    )
    home_zone = models.CharField(_("home zone"), max_length=64, default="UTC")
    is_private = models.BooleanField(_("private"), default=False)

    impact_started_at = milestone_at(_("impact started"))
    impact_started_precision = milestone_precision()
    detected_at = milestone_at(_("detected"))
    detected_precision = milestone_precision()
    declared_at = milestone_at(_("declared"))
    declared_precision = milestone_precision()
    acknowledged_at = milestone_at(_("acknowledged"))
    acknowledged_precision = milestone_precision()
    identified_at = milestone_at(_("identified"))
    identified_precision = milestone_precision()
    mitigated_at = milestone_at(_("mitigated"))
    mitigated_precision = milestone_precision()
    resolved_at = milestone_at(_("resolved"))
    resolved_precision = milestone_precision()
    closed_at = milestone_at(_("closed"))
    closed_precision = milestone_precision()
    # Impact started, else detected, else declared, else recorded; kept by the domain: lists sort on it.
    sort_at = models.DateTimeField(editable=False)

    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="incidents_declared", editable=False
    )
    incident_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents_led",
        verbose_name=_("incident lead"),
    )
    communications_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents_communicated",
        verbose_name=_("communications lead"),
    )
    scribe = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents_scribed",
        verbose_name=_("scribe"),
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="incidents", verbose_name=_("tags"))
    related = models.ManyToManyField("self", blank=True, verbose_name=_("related incidents"))

    cancel_reason = models.CharField(max_length=15, choices=CancelReason, blank=True, editable=False)
    cancel_note = models.CharField(max_length=500, blank=True, editable=False)
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates", editable=False
    )
    # What a near miss asks instead of times and severity.
    near_miss_saved_by = models.TextField(_("what saved us"), blank=True)
    near_miss_earlier_stop = models.TextField(_("what would have stopped it earlier"), blank=True)

    # When the next status update is due (UTC); kept by the domain from the latest one, empty once it is over.
    next_update_due_at = models.DateTimeField(null=True, editable=False)

    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE, editable=False)
    is_example = models.BooleanField(default=False, editable=False)
    # Incidents are never deleted; the worked example is hidden from everybody from this moment on, and nothing else is.
    removed_at = models.DateTimeField(null=True, editable=False)
    is_synthetic = models.BooleanField(default=False, editable=False)
    client_id = models.UUIDField(null=True, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-sort_at", "-id"]
        constraints = [
            models.UniqueConstraint("series", "number", name="incident_number_unique"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="incident_status_known"),
            models.CheckConstraint(condition=models.Q(severity__in=Severity.values), name="incident_severity_known"),
            models.CheckConstraint(condition=models.Q(kind__in=IncidentKind.values), name="incident_kind_known"),
            models.CheckConstraint(condition=~models.Q(title=""), name="incident_has_title"),
            models.CheckConstraint(
                condition=~models.Q(duplicate_of=models.F("id")), name="incident_not_its_own_duplicate"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.CANCELLED) | ~models.Q(cancel_reason=""),
                name="incident_cancelled_with_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True) | models.Q(is_example=True),
                name="incident_only_examples_are_removed",
            ),
        ]
        indexes = [
            models.Index("sort_at", "id", name="incident_sort"),
            # Gravest first and within that newest first: the one order with columns of both directions.
            models.Index(fields=["severity_rank", "-sort_at", "-id"], name="incident_by_severity"),
            models.Index("number", "id", name="incident_by_number"),
            models.Index("status", "sort_at", "id", name="incident_by_status"),
            models.Index("team", "sort_at", "id", name="incident_by_team"),
            models.Index("incident_lead", "sort_at", "id", name="incident_by_incident_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.reference])

    @property
    def reference(self) -> str:
        """The name people use for it, such as ``INC-12``."""
        return f"{self.series}-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def milestone(self, milestone: str) -> dt.datetime | None:
        """When the milestone was reached, in UTC, or nothing where that is not known."""
        return getattr(self, f"{milestone}_at")

    def milestone_precision(self, milestone: str) -> str:
        return getattr(self, f"{milestone}_precision")

    def role_holder(self, role: str) -> User | None:
        return getattr(self, role)

    @property
    def earliest_known_at(self) -> dt.datetime:
        """Impact started, else detected, else declared, else when it was recorded; what ``sort_at`` is set to."""
        return self.impact_started_at or self.detected_at or self.declared_at or self.created_at


class IncidentMember(models.Model):
    """Somebody added by name to an incident, who sees it although it is private."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="incident_memberships")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("incident", "user", name="incident_member_once")]

    def __str__(self) -> str:
        return f"{self.user} sees {self.incident.reference}"


class Impact(models.Model):
    """One thing that some group of people could not do, how many of them, and for how long."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="impacts")
    audience = models.CharField(_("who"), max_length=10, choices=ImpactAudience, default=ImpactAudience.CUSTOMERS)
    what = models.CharField(_("what they could not do"), max_length=300)
    scope = models.DecimalField(_("how many"), max_digits=14, decimal_places=2, null=True, blank=True)
    scope_unit = models.CharField(_("unit"), max_length=10, choices=ScopeUnit, default=ScopeUnit.PERCENT)
    scope_basis = models.CharField(
        _("measured or estimated"), max_length=10, choices=ScopeBasis, default=ScopeBasis.ESTIMATED
    )
    from_at = models.DateTimeField(_("from"), null=True, blank=True)
    to_at = models.DateTimeField(_("to"), null=True, blank=True)
    client_id = models.UUIDField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("incident", "client_id", name="impact_client_id_once"),
            models.CheckConstraint(
                condition=models.Q(scope__isnull=True) | models.Q(scope__gte=0), name="impact_scope_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(scope__isnull=True)
                | ~models.Q(scope_unit=ScopeUnit.PERCENT)
                | models.Q(scope__lte=100),
                name="impact_percent_at_most_100",
            ),
            models.CheckConstraint(
                condition=models.Q(to_at__isnull=True)
                | models.Q(from_at__isnull=True)
                | models.Q(to_at__gte=models.F("from_at")),
                name="impact_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def scope_text(self) -> str:
        """How many people, as it is said: ``30 %``, ``1200``; empty where nobody knows."""
        if self.scope is None:
            return ""
        number = f"{self.scope.normalize():f}"
        return f"{number} %" if self.scope_unit == ScopeUnit.PERCENT else number
