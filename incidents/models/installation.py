"""What admins decide for the whole installation."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Installation(models.Model):
    """The one row of what admins switch on the pages; without it the defaults hold."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    allows_status_links = models.BooleanField(_("links to the status for people without an account"), default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one")]

    def __str__(self) -> str:
        return "Installation"

    @classmethod
    def current(cls) -> "Installation":
        """What holds now; not stored yet where nobody ever changed it."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls()
