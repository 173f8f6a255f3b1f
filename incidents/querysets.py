"""Which rows a page shows. One method for each page; the SQL lives here, and so does the one definition of visibility.

Imports no models, so that models can import it.
"""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Concat

from .enums import (
    CALLING_STATUSES,
    OPEN_STATUSES,
    ChangeVerdict,
    IncidentKind,
    MessageState,
    Milestone,
    Precision,
    ReceiptState,
    Role,
    Severity,
    Status,
    UpdateAudience,
)
from .minutes import Marks, Minute

# Numbers fit the column of either engine.
REFERENCE = re.compile(r"(?P<series>INC|DRILL)-(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

# What somebody types to find an incident by its number: INC-12, inc 12, #12 or 12.
NUMBER = re.compile(r"(?:(?P<series>INC|DRILL)[- ]?|#)?(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

# What a row of the list shows. Anything else would cost a query for each row, which a test forbids.
LIST_FIELDS = (
    *("series", "number", "kind", "title", "severity", "severity_rank", "status", "is_private", "is_example"),
    *("sort_at", "impact_started_at", "impact_started_precision", "resolved_at", "resolved_precision"),
    "next_update_due_at",
)


# What a line of the figures begins with.
FIGURE_COLUMNS = ("pk", "number", "severity", "detected_by", "sort_minute")


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
    # Whatever else the address asks for, as what the incidents have to meet.
    conditions: tuple[Q, ...] = ()


# What figures count, and what they name apart; drills, the example and what was cancelled never count.
_COUNTS = Q(is_example=False) & ~Q(status=Status.CANCELLED)
IN_FIGURES = _COUNTS & Q(kind__in=(IncidentKind.INCIDENT, IncidentKind.BACKFILL))
NEAR_MISSES = _COUNTS & Q(kind=IncidentKind.NEAR_MISS)

# Changes that were judged on an incident stand in this order; those that were not stand between the two groups.
VERDICT_RANKS = {
    ChangeVerdict.TRIGGER: 0,
    ChangeVerdict.LIKELY: 1,
    ChangeVerdict.FIX: 2,
    ChangeVerdict.MITIGATION: 3,
    ChangeVerdict.RULED_OUT: 9,
}
UNJUDGED_RANK = 5
FAR_FUTURE = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

# How much the pages show at once.
MAX_TODAY = 50
MAX_LATELY = 8
MAX_OPEN_LIKE = 6
MAX_WORDS = 12
EVENTS_A_PAGE = 200


class UserQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def named(self, name_or_email: str) -> Self:
        """The account of that name or e-mail address, whatever its case."""
        return self.filter(_is_called(name_or_email) | Q(email__iexact=name_or_email))

    def called(self, name: str) -> Self:
        """The account of that name, whatever its case."""
        return self.filter(_is_called(name))

    def who_see(self, incident: Any) -> Self:
        """Active accounts that see this incident: everybody with a role, unless it is private."""
        people = self.with_role(Role.READER)
        if not incident.is_private:
            return people
        roles = (
            incident.declared_by_id,
            incident.incident_lead_id,
            incident.communications_lead_id,
            incident.scribe_id,
        )
        member = Q(pk__in=incident.memberships.values("user")) | Q(pk__in=[pk for pk in roles if pk])
        leads = Q(teams_led__in=self._teams_of(incident)) & ~Q(role=Role.READER)
        return people.filter(member | leads | Q(role=Role.ADMIN)).distinct()

    def concerned_by(self, incident: Any) -> Self:
        """Those in the team of the incident, and in the teams of its services: members, team lead and deputy."""
        teams = self._teams_of(incident).filter(is_active=True)
        return (
            self.active().filter(Q(teams__in=teams) | Q(teams_led__in=teams) | Q(teams_deputised__in=teams)).distinct()
        )

    def _teams_of(self, incident: Any) -> Any:
        """The team of the incident and those of its services, found by key: a join would pass all their incidents."""
        owning = incident.services.order_by().values("team")
        return self.model.teams.rel.related_model.objects.filter(Q(pk=incident.team_id) | Q(pk__in=owning))

    def added_to(self, incident: Any) -> Self:
        """Those who were added by name to a private incident."""
        return self.filter(incident_memberships__incident=incident)

    def for_list(self) -> Self:
        """Everybody by name, with their teams."""
        return self.order_by("name").prefetch_related("teams")

    def with_role(self, role: str) -> Self:
        """Active accounts with at least this role."""
        values = list(Role.values)
        return self.active().filter(role__in=values[values.index(role) :])


def _is_called(name: str) -> Q:
    if name.isascii():
        return Q(name__iexact=name)
    # SQLite knows the case of ASCII letters only, but its regular expressions are Python's.
    return Q(name__iexact=name) | Q(name__iregex=f"^{re.escape(name)}$")


class TeamQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def of(self, person: Any) -> Self:
        """Those in use that this person belongs to, as a member, team lead or deputy."""
        mine = Q(members=person) | Q(team_lead=person) | Q(deputy=person)
        return self.active().filter(mine).distinct()

    def for_list(self) -> Self:
        """Teams in use first, each with its people and its services."""
        return self.order_by("-is_active", "name").for_page()

    def for_page(self) -> Self:
        return self.select_related("team_lead", "deputy").prefetch_related("members", "services")

    def to_call_for(self, incident: Any) -> Self:
        """The teams whose people may be called to this incident: its own, those of its services, the default team.

        Each with ``owns_service``, whether a service of the incident is its own.
        """
        services = self.model.services.rel.related_model.objects.filter(incidents=incident, team=OuterRef("pk"))
        concerned = Q(pk=incident.team_id) | Q(is_default=True) | Q(owns_service=True)
        teams = self.active().annotate(owns_service=Exists(services)).filter(concerned)
        return teams.select_related("team_lead", "deputy").order_by("name")


class SeverityLevelQuerySet(models.QuerySet):
    def gravest_first(self) -> Self:
        """In the order in which severities are listed everywhere."""
        rank = [When(code=code, then=Value(place)) for place, code in enumerate(Severity.values)]
        return self.order_by(Case(*rank))


class InvitationQuerySet(models.QuerySet):
    def open(self, now: dt.datetime) -> Self:
        """Those whose link still lets somebody in."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)

    def unanswered(self) -> Self:
        """Those that nobody accepted or withdrew, expired ones too; an admin may send them again."""
        return self.filter(accepted_at=None, revoked_at=None).select_related("invited_by").prefetch_related("teams")

    def of_or_by(self, person: Any) -> Self:
        """Those that let this person in, and those that this person sent."""
        return self.filter(Q(user=person) | Q(invited_by=person))


class ServiceQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def called(self, name: str) -> Self:
        """Those that people call this: by the name, whatever its case, by a part of it, or as in addresses."""
        exactly = self.filter(_is_called(name) | Q(slug=name.casefold()))
        return exactly if exactly.exists() else self.filter(name__icontains=name)

    def to_choose_from(self) -> Self:
        """What filters offer: those in use and retired ones, but none of a removed example."""
        return self.exclude(is_example=True, is_active=False)

    def to_offer(self, change: Any = None) -> Self:
        """What a change can be on: services in use, and those that it is on already."""
        kept = Q(is_active=True)
        if change is not None:
            kept |= Q(pk__in=change.services.order_by().values("pk"))
        return self.filter(kept)

    def with_open_incidents(self, visible: QuerySet) -> Self:
        """Each with ``open_count``, how many of the ``visible`` incidents are open on it; those with any first."""
        # From the few that are open: those of one service are many, and most of them over for years.
        links = self.model.incidents.through.objects.filter(incident__in=visible.open().order_by().values("pk"))
        here = links.filter(service=OuterRef("pk")).order_by().values("service")
        counted = here.annotate(number=Count("pk")).values("number")
        return self.annotate(open_count=Coalesce(Subquery(counted), 0)).order_by("-open_count", "name")

    def for_list(self, user: Any) -> Self:
        """Services in use, each with ``open_incidents``: what this person may know to be open on it."""
        incidents = self.model.incidents.rel.related_model.objects.visible_to(user).open().order_by("-sort_at", "-id")
        return (
            self.active()
            .select_related("team")
            .prefetch_related(models.Prefetch("incidents", queryset=incidents, to_attr="open_incidents"))
        )

    def for_page(self) -> Self:
        return self.select_related("team__team_lead", "team__deputy")


class IncidentQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """The incidents that this person may know of: the only definition of visibility.

        Private ones are for members (who declared it, holds a role on it, or was added by name), for responders who
        lead the team that owns it, and for admins. A removed example is for nobody.
        """
        if not user.is_authenticated or not user.has_role(Role.READER):
            return self.none()
        if user.has_role(Role.ADMIN):
            return self.present()
        return self.present().filter(Q(is_private=False) | self._membership(user))

    def open_to(self, user: Any, *, since: dt.datetime, action: str) -> Self:
        """The incidents whose texts this person may read without saying so first: for admins not the private ones in
        which they take no part, unless the audit holds their ``action`` on it since then.
        """
        seen = self.visible_to(user)
        if not user.is_authenticated or not user.has_role(Role.ADMIN):
            return seen
        entries = self.model.audit_entries.rel.related_model.objects
        said_so = entries.filter(incident=OuterRef("pk"), actor=user, action=action, at__gt=since)
        return seen.filter(Q(is_private=False) | self._membership(user) | Q(Exists(said_so)))

    def present(self) -> Self:
        """All but the worked example once it was removed."""
        return self.filter(removed_at=None)

    def member(self, user: Any) -> Self:
        """The incidents in which this person takes part, or whose team they lead."""
        return self.filter(self._membership(user))

    def _membership(self, user: Any) -> Q:
        added = self.model.memberships.rel.related_model.objects.filter(incident=OuterRef("pk"), user=user)
        roles = Q(declared_by=user) | Q(incident_lead=user) | Q(communications_lead=user) | Q(scribe=user)
        membership = roles | Q(Exists(added))
        if user.has_role(Role.RESPONDER):
            owned = self.model.services.through.objects.filter(incident=OuterRef("pk"), service__team__team_lead=user)
            membership |= Q(team__team_lead=user) | Q(Exists(owned))
        return membership

    def for_list(self) -> Self:
        """Rows for the list, each with ``lead_name``, ``lead_is_active`` and the names of its ``listed_services``.

        Two queries, and no more objects than needed: whole people and services would double the time of the page.
        """
        services = self.model.services.rel.model.objects.only("name")
        return (
            self.only(*LIST_FIELDS)
            .annotate(lead_name=F("incident_lead__name"), lead_is_active=F("incident_lead__is_active"))
            .prefetch_related(Prefetch("services", services, to_attr="listed_services"))
        )

    def for_export(self) -> Self:
        """Rows for a spreadsheet, services and tags along with each batch."""
        people = ("incident_lead", "communications_lead", "scribe", "declared_by", "team")
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
        found = self.filter(*criteria.conditions, **{lookup: value for lookup, value in lookups.items() if value})
        return found.filter(self._mentioning(criteria.text)) if criteria.text else found

    def in_figures(self) -> Self:
        """What figures count."""
        return self.filter(IN_FIGURES)

    def near_misses(self) -> Self:
        """What figures name apart."""
        return self.filter(NEAR_MISSES)

    def for_figures(self) -> QuerySet[Any, tuple[Any, ...]]:
        """One short line for each, as `incidents.insights` reads them: whole minutes of the clock in place of moments.

        In the order of the columns in ``FIGURE_COLUMNS``; then the minutes of all milestones in their order, and last
        which of them are only known as "not later than": the sum of 2 to the power of their places.
        """
        minutes = {f"{milestone}_minute": Minute(f"{milestone}_at") for milestone in Milestone}
        vague = Marks(*(Q(**{f"{milestone}_precision": Precision.NOT_LATER}) for milestone in Milestone))
        lines = self.annotate(**minutes, sort_minute=Minute("sort_at"), vague=vague)
        return lines.order_by().values_list(*FIGURE_COLUMNS, *minutes, "vague")

    def _mentioning(self, text: str) -> Q:
        """The text is in the title, whatever its case, or names the incident by its number."""
        in_title = Q(title_key__contains=text.casefold())
        named = NUMBER.fullmatch(text.strip())
        if named is None:
            return in_title
        series = {"series": named["series"].upper()} if named["series"] else {}
        return in_title | Q(number=int(named["number"]), **series)

    def filter_options(self) -> QuerySet:
        """What the select lists of the list offer, as (list, value, label), in one query.

        All services and teams but those of a removed example, but only those incident leads and tags that incidents
        have which everybody may see: others would tell about private ones. (Asking for what this person may see would
        double the time of the page.)
        """
        field = self.model._meta.get_field
        public = self.filter(is_private=False, removed_at=None)
        led = Exists(public.filter(incident_lead=OuterRef("pk")))
        tagged = Exists(public.filter(tags=OuterRef("pk")))
        kept = Q(is_example=False) | Q(is_active=True)
        services = _options("service", field("services").related_model.objects.filter(kept), "slug")
        return services.union(
            _options("team", field("team").related_model.objects.filter(kept), "pk"),
            _options("lead", field("incident_lead").related_model.objects.filter(led), "pk"),
            _options("tag", field("tags").related_model.objects.filter(tagged), "name"),
            all=True,
        )

    def referenced(self, text: str) -> Self:
        """The incident that people call this, such as ``INC-12``, whatever its case; none for anything else."""
        found = REFERENCE.fullmatch(text.strip())
        if found is None:
            return self.none()
        return self.filter(series=found["series"].upper(), number=int(found["number"]))

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def unanswered(self) -> Self:
        """Those for which people are called and nobody has come yet."""
        called_for = self.present().filter(kind=IncidentKind.INCIDENT, is_example=False, is_synthetic=False)
        return called_for.filter(status__in=CALLING_STATUSES, acknowledged_at=None, incident_lead=None)

    def last_called(self, *, since: dt.datetime) -> Self:
        """Those for which somebody was called since then, each with ``last_called_at``."""
        return self.annotate(last_called_at=Max("callouts__called_at")).filter(last_called_at__gt=since)

    def update_due_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those whose next status update is, or was, due between these moments (UTC)."""
        return self.filter(next_update_due_at__gt=since, next_update_due_at__lte=until)

    def for_archive(self) -> Self:
        """Every incident for whoever may see all, but for a worked example that was removed; by number."""
        people = ("incident_lead", "communications_lead", "scribe", "declared_by", "team", "duplicate_of")
        together = ("services", "impacts", "tags", "related", "attachments")
        kept = self.filter(removed_at=None).select_related(*people).prefetch_related(*together)
        return kept.order_by("series", "number")

    def for_detail(self, user: Any) -> Self:
        """One incident with the people on it, how many follow it, whether this person does, and what changed last."""
        people = ("incident_lead", "communications_lead", "scribe", "declared_by", "team__team_lead", "duplicate_of")
        followers = self._here("followers", "COUNT(*)")
        mine = f"EXISTS {self._here('followers', '1', 'user_id = %s')}"
        return (
            self.select_related(*people)
            .annotate(
                follower_count=RawSQL(followers, (), models.IntegerField()),  # noqa: S611 - only names of ours
                is_followed=RawSQL(mine, (user.pk,), models.BooleanField()),  # noqa: S611
            )
            .with_latest()
        )

    def with_latest(self) -> Self:
        """Each with what a page that keeps up compares: its latest entry and update, and its roll calls' answers.

        As SQL, because Django takes longer to put eight subqueries together than a database to answer them.
        """
        moment, number = models.DateTimeField(), models.IntegerField()
        calls = self.model.roll_calls.rel.related_model
        answers = calls.answers.rel.related_model._meta.db_table
        answered = f"MAX((SELECT MAX(answered_at) FROM {answers} WHERE roll_call_id = r.id))"  # noqa: S608
        changes = self.model.change_verdicts.rel.related_model.change.field.related_model._meta.db_table
        incident = f"{self.model._meta.db_table}.id"
        told = f"private_to_id IS NULL OR private_to_id = {incident}"
        newest_change = f"(SELECT id FROM {changes} WHERE {told} ORDER BY id DESC LIMIT 1)"  # noqa: S608
        latest: dict[str, tuple[str, models.Field[Any, Any]]] = {
            "last_entry_at": (self._here("timeline", "MAX(created_at)"), moment),
            "newest_entry": (self._here("timeline", "MAX(id)"), number),
            "newest_update": (self._here("updates", "MAX(id)", "cancelled_at IS NULL"), number),
            "updates_leave_at": (self._here("updates", "MAX(leaves_at)", "cancelled_at IS NULL"), moment),
            "newest_roll_call": (self._here("roll_calls", "MAX(id)"), number),
            "roll_calls_ended": (self._here("roll_calls", "COUNT(ended_at)"), number),
            "last_answer_at": (self._here("roll_calls", answered), moment),
            "last_verdict_at": (self._here("change_verdicts", "MAX(updated_at)"), moment),
            "newest_change": (newest_change, number),
        }
        return self.annotate(**{name: RawSQL(sql, (), field) for name, (sql, field) in latest.items()})  # noqa: S611

    def _here(self, relation: str, what: str, condition: str = "") -> str:
        """What the rows that hang on an incident amount to, as a subquery of its own row."""
        table = getattr(self.model, relation).rel.related_model._meta.db_table
        more = f" AND {condition}" if condition else ""
        return f"(SELECT {what} FROM {table} r WHERE r.incident_id = {self.model._meta.db_table}.id{more})"  # noqa: S608

    def links_of(self, incident: Any, user: Any) -> QuerySet:
        """What the page of an incident names beside it, as (list, address, name), in one query: its services, tags, and
        those related incidents that this person may see.
        """
        related = incident.related.visible_to(user).order_by()
        reference = Concat("series", Value("-"), Cast("number", models.TextField()), output_field=models.TextField())
        return _links("service", incident.services, F("slug"), F("name")).union(
            _links("tag", incident.tags, F("name"), F("name")),
            _links("related", related, reference, F("title")),
            all=True,
        )

    def for_today(self) -> Self:
        """What is open now, gravest first."""
        impact = self.model.impacts.rel.related_model.objects.filter(incident=OuterRef("pk")).order_by("id")
        return (
            self.open()
            .for_list()
            .annotate(first_impact=Subquery(impact.values("what")[:1]))
            .order_by("severity_rank", "-sort_at", "-id")[:MAX_TODAY]
        )

    def on_service(self, service: Any) -> Self:
        """What hit this service, newest first."""
        return self.filter(services=service).for_list().prefetch_related(None).order_by("-sort_at", "-id")

    def over(self) -> Self:
        return self.filter(status__in=(Status.RESOLVED, Status.CLOSED))

    def over_lately(self) -> Self:
        """What was open before, newest first."""
        # Said as what it is not, so that the newest are read off their index: nearly all of them are over.
        over = self.exclude(status__in=(*OPEN_STATUSES, Status.CANCELLED)).for_list()
        return over.order_by("-sort_at", "-id")[:MAX_LATELY]

    def open_like(self, title: str) -> Self:
        """A few open incidents, those first whose titles share words with this one."""
        shared = [
            When(title_key__contains=word, then=Value(1)) for word in set(title.casefold().split()) if len(word) > 2
        ][:MAX_WORDS]
        likeness: Any = sum((Case(when, default=Value(0)) for when in shared), start=Value(0))
        return (
            self.open().for_list().annotate(likeness=likeness).order_by("-likeness", "-sort_at", "-id")[:MAX_OPEN_LIKE]
        )


def _options(name: str, objects: Any, value: str) -> QuerySet:
    return objects.order_by().values_list(Value(name), Cast(value, models.TextField()), "name")


def _links(name: str, rows: Any, address: Any, label: Any) -> QuerySet:
    return rows.order_by().values_list(Value(name), Cast(address, models.TextField()), Cast(label, models.TextField()))


class TimelineEventQuerySet(models.QuerySet):
    def for_page(self) -> Self:
        return self.select_related("author", "struck_by")

    def told_since(self, since: dt.datetime, kinds: Collection[str], *, now: dt.datetime) -> Self:
        """What of these kinds was written since then, oldest first, without what was taken back or has not left."""
        unsent = Q(status_update__leaves_at__gt=now) | Q(status_update__cancelled_at__isnull=False)
        rows = self.filter(created_at__gte=since, kind__in=kinds, struck_at=None).exclude(unsent)
        return rows.order_by("sort_at", "position", "id")

    def newest_first(self) -> Self:
        """As people look at it while it happens; what has no known time stands on top, to be seen."""
        return self.order_by("-sort_at", "-position", "-id")

    def written_after(self, newest: str) -> Self:
        """What was written since the entry with this key was the newest, as it came in an address."""
        usable = newest.isascii() and newest.isdigit() and len(newest) < 19
        return self.filter(pk__gt=int(newest)) if usable else self.none()

    def oldest_first(self, *, starred: bool, after: str) -> tuple[list[Any], int | None]:
        """One stretch of the story from its beginning, and the entry after which the next stretch starts, if any.

        ``after`` is such an entry, as it came in an address; anything else begins at the beginning.
        """
        rows = self.filter(is_starred=True, struck_at=None) if starred else self
        last = self.filter(pk=int(after)).first() if after.isascii() and after.isdigit() and len(after) < 19 else None
        if last is not None:
            same = Q(sort_at=last.sort_at)
            rows = rows.filter(
                Q(sort_at__gt=last.sort_at)
                | same & Q(position__gt=last.position)
                | same & Q(position=last.position, pk__gt=last.pk)
            )
        events = list(rows.order_by("sort_at", "position", "id")[: EVENTS_A_PAGE + 1])
        return events[:EVENTS_A_PAGE], events[EVENTS_A_PAGE - 1].pk if len(events) > EVENTS_A_PAGE else None


class AuditEntryQuerySet(models.QuerySet):
    def for_log(
        self,
        *,
        person: Any = None,
        action: str = "",
        object_type: str = "",
        object_id: str = "",
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> Self:
        """What the filters of the audit log leave; ``until`` is the first moment no longer shown."""
        wanted = {
            "actor": person,
            "action__startswith": action,
            "object_type": object_type,
            "object_id": object_id,
            "at__gte": since,
            "at__lt": until,
        }
        return self.filter(**{name: value for name, value in wanted.items() if value}).select_related(
            "actor", "incident"
        )

    def for_incident(self, incident: Any) -> Self:
        """What was done to an incident and everything on it, newest first."""
        return self.filter(incident=incident).select_related("actor").order_by("-id")


class OutboxQuerySet(models.QuerySet):
    def for_log(self, *, state: str = "", channel: str = "", receiver: str = "") -> Self:
        """All messages, or those in one state, by one channel, to one receiver of it."""
        wanted = {"state": state, "channel": channel, "recipient": receiver}
        rows = self.select_related("incident").defer("payload")
        return rows.filter(**{name: value for name, value in wanted.items() if value})

    def resendable(self, *, channel: str = "") -> Self:
        """Those that were given up and still hold all that they have to say."""
        rows = self.given_up().filter(holds_secret=False)
        return rows.filter(channel=channel) if channel else rows

    def given_up(self) -> Self:
        return self.filter(state=MessageState.DEAD)

    def news_beside(self, message: Any) -> Self:
        """The other messages of this kind to the same person about the same incident."""
        same = self.filter(kind=message.kind, person=message.person_id, incident=message.incident_id)
        return same.exclude(pk=message.pk)

    def take_back(self) -> int:
        """Cancel those of them that no worker has in hand or sent; how many they were."""
        return self.filter(state=MessageState.PENDING, lease_owner="").update(state=MessageState.CANCELLED)

    def waiting_for(self, channel: str, recipient: str) -> Self:
        """Those to this receiver that no worker has in hand."""
        return self.filter(state=MessageState.PENDING, lease_owner="", channel=channel, recipient=recipient)

    def to_receiver(self, channel: str, recipient: str) -> Self:
        """What went to this receiver, newest first."""
        return self.filter(channel=channel, recipient=recipient).defer("payload").order_by("-id")

    def newest_to_each(self, channel: str) -> Self:
        """The newest message to each receiver of this channel."""
        newest = self.filter(channel=channel).values("recipient").annotate(newest=Max("id")).values("newest")
        return self.filter(pk__in=newest.order_by()).defer("payload")

    def leased_by(self, owner: str) -> Self:
        """Those whose present try still belongs to this owner."""
        return self.filter(state=MessageState.PENDING, lease_owner=owner)


class WebhookQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def for_list(self) -> Self:
        """Those in use first, each with its services."""
        return self.order_by("-is_active", "name", "id").prefetch_related("services")


class SubscriptionQuerySet(models.QuerySet):
    def of(self, user: Any) -> Self:
        """What this person follows, newest first. What they may no longer see is named by its number alone."""
        incidents = self.model._meta.get_field("incident").related_model.objects.visible_to(user)
        seen = Exists(incidents.filter(pk=OuterRef("incident")))
        rows = self.filter(user=user).select_related("incident", "service").annotate(is_seen=seen)
        return rows.order_by("-created_at", "-id")


class ApiTokenQuerySet(models.QuerySet):
    def usable(self, now: dt.datetime) -> Self:
        """Those that still let a machine in."""
        return self.filter(revoked_at=None, owner__is_active=True).filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def for_list(self) -> Self:
        """Those that were not revoked, newest first, with their owners."""
        return self.filter(revoked_at=None).select_related("owner")


class ChangeQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """What this person may know of: all but what is private to an incident that they may not see."""
        if not user.is_authenticated or not user.has_role(Role.READER):
            return self.none()
        incidents = self.model.private_to.field.related_model.objects.visible_to(user)
        return self.filter(Q(private_to=None) | Exists(incidents.filter(pk=OuterRef("private_to"))))

    def of(self, incident: Any) -> Self:
        """What whoever sees this incident may know of on its pages."""
        return self.filter(Q(private_to=None) | Q(private_to=incident))

    def for_list(self) -> Self:
        """Rows with who made them and the names of their services."""
        return self.select_related("made_by").prefetch_related(_named_services(self.model))

    def filtered(
        self, *, service: str, kind: str, text: str, since: dt.datetime | None, until: dt.datetime | None
    ) -> Self:
        """Those that meet all of it; blank values narrow nothing, ``until`` is exclusive."""
        lookups = {"kind": kind, "live_at__gte": since, "live_at__lt": until}
        rows = self.filter(**{lookup: value for lookup, value in lookups.items() if value})
        if service:
            here = self.model.services.through.objects.filter(change=OuterRef("pk"), service__slug=service)
            rows = rows.filter(Exists(here))
        return rows.filter(Q(text__icontains=text) | Q(reference=text)) if text else rows

    def around(self, incident: Any, *, since: dt.datetime, until: dt.datetime) -> Self:
        """What went live between two moments, and all that was judged on this incident whenever it went live.

        Each with its ``verdict`` there, if any, and whether it is on a ``same_service``. First what is said to have
        started it, then what is still open, the same service first, the latest first.
        """
        verdicts = self.model.verdicts.rel.related_model.objects.filter(incident=incident)
        services = incident.services.order_by().values("pk")
        same = self.model.services.through.objects.filter(change=OuterRef("pk"), service__in=services)
        ranks = [When(verdict=verdict, then=Value(rank)) for verdict, rank in VERDICT_RANKS.items()]
        judged = verdicts.exclude(verdict=ChangeVerdict.CANDIDATE).values("change")
        return (
            self.of(incident)
            .filter(Q(live_at__gte=since, live_at__lte=until) | Q(pk__in=judged))
            .annotate(
                verdict=Subquery(verdicts.filter(change=OuterRef("pk")).values("verdict")[:1]),
                same_service=Exists(same),
            )
            .order_by(Case(*ranks, default=Value(UNJUDGED_RANK)), "-same_service", "-live_at", "-pk")
        )

    def with_verdicts_on(self, incident: Any) -> Self:
        """Each with ``here``: the row of its verdict on this incident, if there is one."""
        verdicts = self.model.verdicts.rel.related_model.objects.filter(incident=incident).select_related("decided_by")
        return self.prefetch_related(Prefetch("verdicts", verdicts, to_attr="here"))

    def judged_on(self, incident: Any) -> Self:
        """What somebody said something about on this incident, in the same order."""
        return self.around(incident, since=FAR_FUTURE, until=FAR_FUTURE)


def _named_services(change: Any) -> Prefetch:
    services = change.services.rel.model.objects.only("name", "slug").order_by("name")
    return Prefetch("services", services, to_attr="listed_services")


class RollCallQuerySet(models.QuerySet):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def for_panel(self, user: Any) -> Self:
        """Those that are open, each with how many were ``asked``, how many have ``answered``, and the ``own_answer``.

        How many, and never who. The ``own_answer`` is the key of the answer that is asked of this person, if one is.
        """
        answers = self.model.answers.rel.related_model.objects.filter(roll_call=OuterRef("pk"), person=user)
        return (
            self.open()
            .select_related("asked_by")
            .annotate(
                asked=Count("answers"),
                answered=Count("answers", filter=~Q(answers__answer="")),
                own_answer=Subquery(answers.values("key")[:1]),
            )
        )

    def over(self) -> Self:
        return self.exclude(ended_at=None).select_related("asked_by")


class StatusUpdateQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Those that were not cancelled before they left."""
        return self.filter(cancelled_at=None)

    def sent(self, now: dt.datetime) -> Self:
        """Those that have left."""
        return self.standing().filter(leaves_at__lte=now)

    def for_reader(self, user: Any) -> Self:
        """Those that this person may read: what is meant for responders is left out for others."""
        return self if user.has_role(Role.RESPONDER) else self.for_staff()

    def for_staff(self) -> Self:
        """Those that are meant for everybody here."""
        return self.filter(audience=UpdateAudience.STAFF)


class StatusLinkQuerySet(models.QuerySet):
    def usable(self, now: dt.datetime) -> Self:
        """Those that still show something, as far as the link goes."""
        return self.filter(revoked_at=None, expires_at__gt=now)

    def for_page(self) -> Self:
        roles = ("incident_lead", "communications_lead", "scribe", "declared_by", "team__team_lead")
        return self.select_related(*(f"incident__{role}" for role in roles))


class AlertQuerySet(models.QuerySet):
    def that_opened(self, since: dt.datetime) -> Self:
        """Those that came since then and whose incident is still open, newest first."""
        return self.filter(incident__status__in=OPEN_STATUSES, first_received_at__gte=since).order_by("-id")

    def with_open_incident(self) -> Self:
        """Those whose incident is open, newest first."""
        return self.filter(incident__status__in=OPEN_STATUSES).select_related("incident").order_by("-id")


class AlertReceiptQuerySet(models.QuerySet):
    def due(self, at: dt.datetime) -> Self:
        """What waits to be understood, oldest first."""
        return self.filter(state=ReceiptState.PENDING, run_at__lte=at).order_by("run_at", "id")

    def for_log(self, *, state: str = "") -> Self:
        """All of them, or those in one state, without what they say."""
        rows = self.select_related("token").defer("body")
        return rows.filter(state=state) if state else rows
