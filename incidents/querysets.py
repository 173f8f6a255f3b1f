"""Which rows a page shows. One method for each page; the SQL lives here, and so does the one definition of visibility.

Imports no models, so that models can import it.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Cast

from .enums import OPEN_STATUSES, MessageState, Role

# Numbers fit the column of either engine.
REFERENCE = re.compile(r"(?P<series>INC|DRILL)-(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

# What somebody types to find an incident by its number: INC-12, inc 12, #12 or 12.
NUMBER = re.compile(r"(?:(?P<series>INC|DRILL)[- ]?|#)?(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

# What a row of the list shows. Anything else would cost a query for each row, which a test forbids.
LIST_FIELDS = (
    *("series", "number", "kind", "title", "severity", "severity_rank", "status", "is_private", "is_example"),
    *("sort_at", "impact_started_at", "impact_started_precision", "resolved_at", "resolved_precision"),
    *("incident_lead__name", "incident_lead__is_active"),
)
MAX_OPTIONS = 200  # in one select list


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCriteria:
    """What the list is narrowed down to; empty values narrow nothing. Moments are UTC, ``until`` is exclusive."""

    text: str = ""
    severities: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    service: str = ""
    team: str = ""
    incident_lead: str = ""
    tag: str = ""
    kind: str = ""
    detected_by: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


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
            owned = self.model.services.through.objects.filter(incident=OuterRef("pk"), service__team__team_lead=user)
            membership |= Q(team__team_lead=user) | Exists(owned)
        return membership

    def for_list(self) -> Self:
        """Rows for the list; the services of all of them come in one query more."""
        services = self.model.services.rel.model.objects.only("name")
        return self.select_related("incident_lead").prefetch_related(Prefetch("services", services)).only(*LIST_FIELDS)

    def for_export(self) -> Self:
        """Rows for a spreadsheet, services and tags along with each batch."""
        people = ("incident_lead", "communications_lead", "scribe", "declared_by", "team", "duplicate_of")
        return self.select_related(*people).prefetch_related("services", "tags").defer("summary")

    def filtered(self, criteria: IncidentCriteria) -> Self:
        """Those that meet all of the criteria."""
        lookups: dict[str, Any] = {
            "severity__in": criteria.severities,
            "status__in": criteria.statuses,
            "services__slug": criteria.service,
            "team": criteria.team,
            "incident_lead": criteria.incident_lead,
            "tags__name": criteria.tag,
            "kind": criteria.kind,
            "detected_by": criteria.detected_by,
            "sort_at__gte": criteria.since,
            "sort_at__lt": criteria.until,
        }
        found = self.filter(**{lookup: value for lookup, value in lookups.items() if value})
        return found.filter(self._mentioning(criteria.text)) if criteria.text else found

    def _mentioning(self, text: str) -> Q:
        """The text is in the title, whatever its case, or names the incident by its number."""
        match = Q(title_key__contains=text.casefold())
        if named := NUMBER.fullmatch(text.strip()):
            series = {"series": named["series"].upper()} if named["series"] else {}
            match |= Q(number=int(named["number"]), **series)
        return match

    def filter_options(self, selected: Mapping[str, str]) -> QuerySet:
        """What the select lists of the list offer, as (list, value, label), in one query.

        All services and teams, but only those incident leads and tags that these incidents have: others would tell
        about private ones. Of each at most `MAX_OPTIONS`, and always the one that is ``selected``.
        """
        field = self.model._meta.get_field
        services = field("services").related_model.objects.all()
        teams = field("team").related_model.objects.all()
        leads = field("incident_lead").related_model.objects.filter(
            Exists(self.filter(incident_lead=OuterRef("pk")).order_by())
        )
        tags = field("tags").related_model.objects.filter(Exists(self.filter(tags=OuterRef("pk")).order_by()))
        lists = [
            _options(services, "service", "slug", selected),
            _options(teams, "team", "pk", selected),
            _options(leads, "lead", "pk", selected),
            _options(tags, "tag", "name", selected),
        ]
        return lists[0].union(*lists[1:], all=True)

    def referenced(self, text: str) -> Self:
        """The incident that people call this, such as ``INC-12``, whatever its case; none for anything else."""
        found = REFERENCE.fullmatch(text.strip())
        if found is None:
            return self.none()
        return self.filter(series=found["series"].upper(), number=int(found["number"]))

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)


def _options(objects: QuerySet, name: str, value: str, selected: Mapping[str, str]) -> QuerySet:
    first = objects.order_by("name").values("pk")[:MAX_OPTIONS]
    return (
        objects.annotate(option=Cast(value, models.TextField()))
        .filter(Q(pk__in=first) | Q(option=selected.get(name, "")))
        .order_by()
        .values_list(Value(name), "option", "name")
    )


class TimelineEventQuerySet(models.QuerySet):
    def for_page(self) -> Self:
        return self.select_related("author", "struck_by")


class OutboxQuerySet(models.QuerySet):
    def for_log(self, *, state: str = "", before: int | None = None) -> Self:
        """Newest first, perhaps only those in one state, perhaps only those older than the one with that key."""
        rows = self.select_related("incident").order_by("-id")
        if state:
            rows = rows.filter(state=state)
        return rows.filter(pk__lt=before) if before else rows

    def leased_by(self, owner: str) -> Self:
        """Those whose present try still belongs to this owner."""
        return self.filter(state=MessageState.PENDING, lease_owner=owner)
