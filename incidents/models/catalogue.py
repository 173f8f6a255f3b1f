"""What an organisation runs, and what its severities mean."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ..enums import Severity
from ..querysets import ServiceQuerySet, SeverityLevelQuerySet
from .people import Team


class Service(models.Model):
    """Something people use that can break, with the team that owns it."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("address"), max_length=110, unique=True)
    description = models.CharField(
        _("description"), max_length=300, blank=True, help_text=_("What it does, in the words of its users.")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("owning team")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_example = models.BooleanField(default=False, editable=False)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="service_name_unique", violation_error_message=_("A service has this name already.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class SeverityLevel(models.Model):
    """What a severity asks for. There is one row for each code; admins edit the texts and numbers, add none."""

    code = models.CharField(max_length=10, primary_key=True, choices=Severity, editable=False)
    help_text = models.CharField(_("when to choose it"), max_length=300)
    update_interval_minutes = models.PositiveIntegerField(
        _("minutes between updates"), null=True, blank=True, help_text=_("Blank: no updates are expected.")
    )
    acknowledge_minutes = models.PositiveIntegerField(
        _("minutes to acknowledge"),
        null=True,
        blank=True,
        help_text=_("After this long without an answer the next person is called. Blank: nobody else is."),
    )
    action_item_days = models.PositiveIntegerField(_("days for action items"), null=True, blank=True)
    review_days = models.PositiveIntegerField(
        _("business days for a review"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    postmortem_required = models.BooleanField(_("postmortem required"), default=False)
    second_approver_required = models.BooleanField(_("second approver required"), default=False)
    verification_required = models.BooleanField(_("action items are verified"), default=False)

    objects = SeverityLevelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__in=Severity.values), name="severity_level_code_known")
        ]

    def __str__(self) -> str:
        return self.get_code_display()
