"""Which rows a page shows. One method for each page; the SQL lives here, and so does the one definition of visibility.

Imports no models, so that models can import it.
"""

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from .enums import OPEN_STATUSES, Role


class UserQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def named(self, name_or_email: str) -> Self:
        """The account of that name or e-mail address, whatever its case."""
        return self.filter(Q(name__iexact=name_or_email) | Q(email__iexact=name_or_email))

    def with_role(self, role: str) -> Self:
        """Active accounts with at least this role."""
        values = list(Role.values)
        return self.active().filter(role__in=values[values.index(role) :])


class TeamQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class ServiceQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class IncidentQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """The incidents that this person may know of: the only definition of visibility.

        Private ones are for members (who declared it, holds a role on it, or was added by name), for responders who
        lead the team that owns it, and for admins.
        """
        if not user.is_authenticated or not user.has_role(Role.READER):
            return self.none()
        if user.has_role(Role.ADMIN):
            return self.all()
        return self.filter(Q(is_private=False) | self._membership(user))

    def member(self, user: Any) -> Self:
        """The incidents in which this person takes part, or whose team they lead."""
        return self.filter(self._membership(user))

    def _membership(self, user: Any) -> Q:
        added = self.model.memberships.rel.related_model.objects.filter(incident=OuterRef("pk"), user=user)
        membership = (
            Q(declared_by=user) | Q(incident_lead=user) | Q(communications_lead=user) | Q(scribe=user) | Exists(added)
        )
        if user.has_role(Role.RESPONDER):
            owned = self.model.services.through.objects.filter(
                incident=OuterRef("pk"), service__team__team_lead=user
            )
            membership |= Q(team__team_lead=user) | Exists(owned)
        return membership

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)


class TimelineEventQuerySet(models.QuerySet):
    def for_page(self) -> Self:
        return self.select_related("author", "struck_by")
