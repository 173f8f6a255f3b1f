"""People and teams, and how people get in. Roles, disabling and invitations have pages of their own."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from ..domain import people, teams
from ..forms.catalogue import TeamForm
from ..forms.people import PersonForm
from ..models import Invitation, LoginAttempt, Session, Team, User
from ..permissions import Actor
from ..views.access import actor_of
from ..views.guards import password_again
from .base import DomainModelAdmin, ListOnlyAdmin, ReadOnlyAdmin, RecordForm


class UserChangeForm(RecordForm, PersonForm):
    """What an admin can correct on an account."""


class TeamRecordForm(RecordForm, TeamForm):
    """A team and its people."""

    def values(self) -> dict[str, Any]:
        """What the form says, for the domain."""
        names = ("name", "team_lead", "deputy", "members", "is_default")
        return {name: self.cleaned_data[name] for name in names}


@admin.register(User)
class UserAdmin(DomainModelAdmin):
    """Accounts. The page of a person in the product gives roles and disables."""

    change_form = UserChangeForm
    list_display = ("name", "email", "role", "is_active", "last_seen_at")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")
    ordering = ("name",)
    readonly_fields = ("role", "is_active", "created_at", "last_seen_at")

    @method_decorator(password_again)  # type: ignore[arg-type]
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page of an account, behind the same question for the password as in the product."""
        return super().change_view(request, *args, **kwargs)

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of this person."""
        return reverse("person", args=[obj.pk]) if obj is not None else None

    def change(self, *, actor: Actor, target: User, form: Any, now: dt.datetime) -> None:
        """Correct the account."""
        people.change(actor=actor, person=target, now=now, **form.cleaned_data)


@admin.register(Team)
class TeamAdmin(DomainModelAdmin):
    add_form = change_form = TeamRecordForm
    list_display = ("name", "team_lead", "deputy", "is_default", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("team_lead", "deputy")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("is_active",)
    actions = ("retire", "bring_back")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whether it is in use, of a team that is there."""
        return self.readonly_fields if obj is not None else ()

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of this team."""
        return reverse("team", args=[obj.pk]) if obj is not None else None

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> Team:
        """Make the team."""
        return teams.create(actor=actor, now=now, **form.values())

    def change(self, *, actor: Actor, target: Team, form: Any, now: dt.datetime) -> None:
        """Change the team."""
        teams.change(actor=actor, team=target, now=now, **form.values())

    @admin.action(description=_("Retire the selected teams"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda team: teams.retire(actor=actor, team=team, now=now))

    @admin.action(description=_("Bring the selected teams back"), permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda team: teams.bring_back(actor=actor, team=team, now=now))


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations; the hash of a link is nobody's business."""

    list_display = ("email", "name", "role", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("invited_by",)
    search_fields = ("email", "name")
    exclude = ("token_hash",)


@admin.register(Session)
class SessionAdmin(ListOnlyAdmin):
    """Signed-in browsers. The key of a session would let its reader in, so it is on no page."""

    list_display = ("user", "address", "browser", "created_at", "seen_at", "expire_date")
    list_select_related = ("user",)
    search_fields = ("user__name",)
    ordering = ("-seen_at",)


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ListOnlyAdmin):
    """Tries to sign in, by a digest of who tried from where."""

    list_display = ("key", "last_at", "tries")
    ordering = ("-last_at", "-id")
