"""People, their teams, and how they get in."""

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..enums import ColourScheme, Role
from ..querysets import InvitationQuerySet, TeamQuerySet, UserQuerySet

ROLE_ORDER = ("", *Role.values)
# Characters that turn the text behind them around, so that a name could pass for another.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def validate_name(name: str) -> None:
    """A name is one printable line without an @, so that it is never taken for an e-mail address when signing in."""
    if "@" in name:
        raise ValidationError(_("A name cannot hold an @. The e-mail address has a field of its own."), code="at_sign")
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} or char in TURNING for char in name):
        raise ValidationError(_("A name cannot hold line breaks or control characters."), code="control")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, *, name: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new account. Without a password nobody can sign in to it until one is set."""
        user = self.model(name=self.model.normalize_username(name.strip()), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, name: str | None) -> "User":
        return self.get(name__iexact=name)


class User(AbstractBaseUser):
    """An account of one person. The role decides what it may do; people are deactivated, never deleted."""

    name = models.CharField(
        _("name"), max_length=150, validators=[validate_name], help_text=_("As colleagues know this person.")
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True)
    phone = models.CharField(
        _("phone"), max_length=40, blank=True, help_text=_("Shown to colleagues on incidents, to be called at night.")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("For example Europe/Berlin. Blank: as the installation.")
    )
    colour_scheme = models.CharField(
        _("colour scheme"), max_length=10, choices=ColourScheme, default=ColourScheme.SYSTEM
    )
    # No notices but calls to an incident until then.
    muted_until = models.DateTimeField(_("no notices until"), null=True, blank=True)
    keys_enabled = models.BooleanField(_("keyboard shortcuts"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    # Made with the worked example, and taken out of use with it.
    is_example = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="user_name_unique", violation_error_message=_("This name is taken.")
            ),
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message=_("This e-mail address is in use.")
            ),
            models.CheckConstraint(condition=models.Q(role__in=ROLE_ORDER), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip() if self.email and self.email.strip() else None
        # The constraint compares Ömer with ÖMER on PostgreSQL only.
        if not self.name.isascii() and type(self).objects.called(self.name).exclude(pk=self.pk).exists():
            raise ValidationError({"name": _("This name is taken.")})

    def has_role(self, role: str) -> bool:
        """Whether the account may do what this role, or one below it, may do."""
        return self.is_active and ROLE_ORDER.index(self.role) >= ROLE_ORDER.index(role)

    @property
    def is_reader(self) -> bool:
        return self.has_role(Role.READER)

    @property
    def is_responder(self) -> bool:
        return self.has_role(Role.RESPONDER)

    @property
    def is_admin(self) -> bool:
        return self.has_role(Role.ADMIN)

    # What Django's admin asks an account. Only admins get in, and what they may do there the admin classes decide.
    @property
    def is_staff(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_admin


class Team(models.Model):
    """A group of people who own services, with a team lead and a deputy."""

    name = models.CharField(_("name"), max_length=100)
    team_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams_led",
        verbose_name=_("team lead"),
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams_deputised",
        verbose_name=_("deputy"),
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="teams", verbose_name=_("members")
    )
    is_default = models.BooleanField(
        _("default team"), default=False, help_text=_("Stands in where a service has no team or a team has no lead.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Made with the worked example, and taken out of use with it.
    is_example = models.BooleanField(default=False, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="team_name_unique", violation_error_message=_("A team has this name already.")
            ),
            models.UniqueConstraint("is_default", condition=models.Q(is_default=True), name="team_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class Session(AbstractBaseSession):
    """A signed-in browser: what the list of one's own sessions shows, and what ends when it is taken away."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("session")

    @classmethod
    def get_session_store_class(cls) -> type:
        from ..sessions import SessionStore

        return SessionStore


class Invitation(models.Model):
    """A single-use link by which a person makes an account, or first gets into one that an admin made ahead.

    Only the hash of its token is kept.
    """

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.READER)
    teams = models.ManyToManyField(Team, blank=True, verbose_name=_("teams"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="invitations", editable=False
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations_sent")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.email


class LoginAttempt(models.Model):
    """How many tries to sign in were made for one key since it was last left alone for a whole window.

    The key is a digest of (address, name), or of the name alone for tries without the cookie of a remembered device.
    """

    key = models.CharField(max_length=64, unique=True)
    tries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("last_at", name="login_attempt_last_at")]

    def __str__(self) -> str:
        return f"{self.tries}, last at {self.last_at:%Y-%m-%d %H:%M}"
