"""Which rows the pages of postmortems and action items show. Visibility is that of the incident."""

import datetime as dt
import re
from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, JSONArray, Length, TruncDate
from django.db.models.lookups import GreaterThan, LessThan, LessThanOrEqual

from incidents.enums import IncidentKind, Role
from incidents.minutes import Minute
from incidents.querysets import REFERENCE

from .enums import (
    FINISHED,
    POSTMORTEM_DAYS,
    UNFINISHED,
    ActionStatus,
    Audience,
    CauseCategory,
    PostmortemStatus,
    PublicationState,
    WorkState,
)

# The orders of the two lists, each by columns that are never null where the list shows the row.
ACTION_ORDER = ("due_sort", "id")
# Where finished ones are listed too they come behind, so that what is overdue stands first.
ALL_ACTIONS_ORDER = ("is_finished", *ACTION_ORDER)
LIBRARY_ORDER = ("-first_published_at", "-id")
MAX_WORDS = 12
# How much the page Today shows of each.
MAX_TODAY = 6
MAX_RELATED = 5
# Causes that are looked through for those: an incident often has several of one kind.
MAX_ALIKE = 20
ACTION_REFERENCE = re.compile(r"A-(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

MINUTE = dt.timedelta(minutes=1)

# Sorts action items without a date behind all others, the same on both engines.
NO_DATE_LAST = dt.date(9999, 1, 1)


def _seen_by(user: Any, model: Any) -> Exists:
    """Whether this person may know of the row's incident; looked up for each row, not for all incidents there are."""
    incidents = model._meta.get_field("incident").related_model.objects.visible_to(user)
    return Exists(incidents.filter(pk=OuterRef("incident_id")))


def _may_see(model: Any, field: str, user: Any) -> Exists:
    """Whether this person may know of the incident that this field of the row names."""
    incidents = model._meta.get_field(field).related_model.objects.visible_to(user)
    return Exists(incidents.filter(pk=OuterRef(f"{field}_id")))


LIVE = ("items", "repeats", "marks", "later_marks", "related")


class JSONRows(Subquery):
    """These columns of a subquery's rows, as the text of a JSON list of lists."""

    template = "(SELECT COALESCE(json_group_array(json(told)), '[]') FROM (%(subquery)s) AS rows_told)"

    def __init__(self, rows: models.QuerySet, *columns: str) -> None:
        super().__init__(rows.annotate(told=JSONArray(*columns)).values("told"), output_field=models.TextField())

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(
            compiler, connection, "(SELECT COALESCE(json_agg(told), '[]')::text FROM (%(subquery)s) AS rows_told)"
        )


class ActionItemQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of."""
        return self.filter(_seen_by(user, self.model))

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)

    def to_be_verified(self) -> Self:
        """What is done and waits for somebody else to look."""
        return self.filter(_to_be_verified())

    def followed_up(self) -> Self:
        """What somebody has to do or to verify, of incidents that are no examples and no rows of a benchmark."""
        real = {"incident__is_example": False, "incident__is_synthetic": False, "incident__removed_at": None}
        return self.filter(Q(status__in=UNFINISHED) | _to_be_verified(), **real)

    def due_until(self, day: dt.date) -> Self:
        """What is due by then; work that is done and to be verified always."""
        return self.filter(Q(due_sort__lte=day) | Q(status=ActionStatus.DONE))

    def for_reminders(self) -> Self:
        """Rows with who has to do something, and their incident."""
        return self.select_related("owner", "verifier", "incident")

    def due_for(self, user: Any, day: dt.date) -> Self:
        """What this person has to do until then, overdue first, each with its incident."""
        mine = self.visible_to(user).unfinished().filter(owner=user, due_sort__lte=day)
        return mine.select_related("incident").order_by(*ACTION_ORDER)[:MAX_TODAY]

    def carried_into(self, incident: Any, user: Any) -> Self:
        """Those of earlier incidents that this one repeats, of what this person may know of, the oldest first: what
        answers the same cause or none in particular, and all of an incident that it repeats as a whole.
        """
        causes = self.model.cause.field.related_model.objects.the_same_as_of(incident.pk, user)
        earlier = causes.filter(incident__sort_at__lte=incident.sort_at).order_by()
        marks = type(incident).repeat_marks.rel.related_model.objects.of(incident.pk, user).order_by()
        carried = Q(cause__in=earlier.values("pk")) | Q(cause=None, incident__in=earlier.values("incident"))
        carried |= Q(incident__in=marks.values("earlier"))
        return self.filter(carried).select_related("owner", "incident").order_by("created_at", "id")

    def for_table(self) -> Self:
        """Rows with their people, cause and incident."""
        return self.select_related("owner", "verifier", "incident", "cause", "created_by").order_by(*ACTION_ORDER)

    def referenced(self, text: str) -> Self:
        """The action item that people call this, such as ``A-7``."""
        found = ACTION_REFERENCE.fullmatch(text.strip())
        return self.filter(number=int(found["number"])) if found else self.none()

    def filter_options(self) -> models.QuerySet:
        """What the lists of the filters offer, as (list, value, label), in one query.

        Of people only those who own an action item of an incident that everybody may see: others would tell of
        private ones.
        """
        incident = self.model._meta.get_field("incident").related_model
        people = self.model._meta.get_field("owner").related_model.objects
        public = self.filter(incident__is_private=False, incident__removed_at=None, owner=OuterRef("pk"))
        services = incident._meta.get_field("services").related_model.objects.active()
        teams = incident._meta.get_field("team").related_model.objects.active()
        return _options("service", services, "slug").union(
            _options("team", teams, "pk"), _options("owner", people.filter(Exists(public)), "pk"), all=True
        )

    def counted(self) -> Self:
        """Those that figures count: no drills, no example, no rows of a benchmark."""
        real = {"incident__is_example": False, "incident__is_synthetic": False}
        return self.filter(**real).exclude(incident__kind=IncidentKind.DRILL)

    def left_or_done_since(self, moment: dt.datetime) -> Self:
        """What is still to be done, and what was done since then."""
        return self.filter(Q(status__in=UNFINISHED) | Q(status__in=FINISHED, done_at__gte=moment))

    def of_teams(self, teams: Any) -> Self:
        """Those of incidents of these teams, and of incidents on a service of theirs."""
        return self.filter(_of_teams(self.model, teams))

    def filtered(self, user: Any, today: dt.date, *, state: str, **criteria: str) -> Self:
        """What the table was asked for; ``today`` is the reader's, and decides what is overdue."""
        rows = self.narrowed(user, **criteria).filter(_in_state(state, today))
        if state == "all":
            finished = Case(When(status__in=UNFINISHED, then=0), default=1)
            rows = rows.annotate(is_finished=finished).order_by(*ALL_ACTIONS_ORDER)
        return rows

    def on_board(self, user: Any, today: dt.date, *, state: str, **criteria: str) -> Self:
        """What the board was asked for: all states unless one is named."""
        rows = self.narrowed(user, **criteria)
        return rows.filter(_in_state(state, today)) if state else rows

    def narrowed(
        self,
        user: Any,
        *,
        whose: str,
        type: str,  # noqa: A002
        q: str,
        team: str,
        owner: str,
        category: str,
        severity: str,
        service: str,
    ) -> Self:
        """Those that meet all of it, whatever their state; blank values narrow nothing."""
        lookups = {"type": type, "owner": owner, "cause__category": category, "incident__severity": severity}
        rows = self.filter(**{lookup: value for lookup, value in lookups.items() if value})
        if whose in _WHOSE:
            rows = rows.filter(_WHOSE[whose](self.model, user))
        if team:
            rows = rows.filter(_of_teams(self.model, [int(team)]))
        if service:
            rows = rows.filter(_on_service(self.model, service__slug=service))
        for word in q.casefold().split()[:MAX_WORDS]:
            rows = rows.filter(Q(text_key__contains=word) | Q(incident__title_key__contains=word))
        return rows

    def in_column(self, status: str) -> Self:
        """The rows of one column of the board: what is to be done by its date, what is over latest first."""
        rows = self.filter(status=status)
        return rows if status in UNFINISHED else rows.order_by("-updated_at", "-id")

    def historical(self, incident: str) -> Self:
        """What was imported and that nobody has adopted yet, of one incident or of all, the latest incident first."""
        rows = self.filter(status=ActionStatus.HISTORICAL)
        if found := REFERENCE.fullmatch(incident.strip()):
            rows = rows.filter(incident__series=found["series"].upper(), incident__number=int(found["number"]))
        return rows.order_by("-incident__sort_at", "id")


def _options(of: str, rows: models.QuerySet, key: str) -> models.QuerySet:
    text = models.TextField()
    return rows.order_by().values_list(Value(of, text), Cast(key, text), Cast("name", text))


def _on_service(model: Any, **which: Any) -> Exists:
    incident = model._meta.get_field("incident").related_model
    return Exists(incident.services.through.objects.filter(incident=OuterRef("incident_id"), **which))


def _of_teams(model: Any, teams: Any) -> Q:
    return Q(incident__team__in=teams) | Q(_on_service(model, service__team__in=teams))


def _own_teams(model: Any, user: Any) -> Q:
    team = model._meta.get_field("incident").related_model._meta.get_field("team").related_model
    return _of_teams(model, team.objects.of(user).values("pk"))


_WHOSE = {
    "mine": lambda _model, user: Q(owner=user) | Q(verifier=user, status=ActionStatus.DONE),
    "team": _own_teams,
    "nobody": lambda _model, _user: Q(owner=None),
}


def _in_state(state: str, today: dt.date) -> Q:
    if state == "all":
        return Q()
    if state == "overdue":
        return Q(status__in=UNFINISHED, due_sort__lt=today)
    if state == "to_verify":
        return _to_be_verified()
    if state == "done":
        return Q(status__in=FINISHED)
    if state in ActionStatus.values:
        return Q(status=state)
    return Q(status__in=UNFINISHED)


def _to_be_verified() -> Q:
    asked = Q(needs_verification=True) | Q(verifier__isnull=False)
    return asked & Q(status=ActionStatus.DONE)


def work_in(state: str, *, today: dt.date, zone: dt.tzinfo) -> Q:
    """Action items that stand so to their dates; what was done counts on the day it was in this zone."""
    finished = Q(status__in=FINISHED)
    done_on = TruncDate("done_at", tzinfo=zone)
    return {
        WorkState.IN_TIME: finished & Q(due_on__isnull=False) & Q(LessThanOrEqual(done_on, F("due_on"))),
        WorkState.LATE: finished & Q(due_on__isnull=False) & Q(GreaterThan(done_on, F("due_on"))),
        WorkState.OVERDUE: Q(status__in=UNFINISHED, due_on__lt=today),
        WorkState.AHEAD: Q(status__in=UNFINISHED, due_on__gte=today),
        WorkState.UNDATED: (finished | Q(status__in=UNFINISHED)) & Q(due_on=None),
    }[WorkState(state)]


def publication_in(state: str, *, now: dt.datetime) -> Q:
    """Resolved incidents whose postmortem stands so to the days that it may take; ask only those that want one."""
    days = dt.timedelta(days=POSTMORTEM_DAYS)
    published = Minute("postmortem__first_published_at")
    due = Minute("resolved_at") + days // MINUTE
    waived = Q(postmortem__isnull=False, postmortem__status=PostmortemStatus.NOT_REQUIRED)
    untold = Q(postmortem__first_published_at=None)
    is_late = Q(LessThan(due, int(now.timestamp()) // 60))
    return {
        PublicationState.IN_TIME: Q(LessThanOrEqual(published, due)),
        PublicationState.LATE: Q(GreaterThan(published, due)),
        PublicationState.WAIVED: untold & waived,
        PublicationState.OVERDUE: untold & ~waived & is_late,
        PublicationState.AHEAD: untold & ~waived & ~is_late,
    }[PublicationState(state)]


class RootCauseQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of."""
        return self.filter(_seen_by(user, self.model))

    def same_as_earlier(self, user: Any) -> Self:
        """Causes that are the same as an earlier one, both of incidents that this person may know of.

        What repeats something hidden is to them no repeat: the figure would tell that it is there.
        """
        incidents = self.model._meta.get_field("incident").related_model.objects.visible_to(user)
        earlier = Exists(incidents.filter(pk=OuterRef("same_as__incident_id")))
        return self.links().filter(_seen_by(user, self.model), earlier)

    def links(self) -> Self:
        """Causes that are the same as one of another incident, whoever may know of it."""
        present = self.filter(removed_at=None, incident__removed_at=None)
        present = present.filter(same_as__removed_at=None, same_as__incident__removed_at=None, same_as__isnull=False)
        return present.exclude(same_as__incident=F("incident")).order_by()

    def earlier_than(self, incident: Any, user: Any) -> Self:
        """Causes of earlier incidents that this person may know of, latest first, for “same as”."""
        seen = self.filter(_seen_by(user, self.model))
        earlier = seen.filter(incident__sort_at__lt=incident.sort_at, removed_at=None)
        return earlier.select_related("incident").order_by("-incident__sort_at", "position", "id")

    def the_same_as_of(self, incident: Any, user: Any) -> Self:
        """The causes that are the same as one of this incident, as far as this person may know of them, the latest
        incident first. ``incident`` is its key, or an `OuterRef` to it.
        """
        return (
            self.filter(_seen_by(user, self.model)).the_same(incident).order_by("-incident__sort_at", "position", "id")
        )

    def the_same(self, incident: Any) -> Self:
        """The causes of other incidents, earlier ones and later ones, that are the same as one of this incident."""
        # One query further in, an outer reference has to point one query further out.
        own = OuterRef(incident) if isinstance(incident, OuterRef) else incident
        ours = self.model._default_manager.filter(incident=own, removed_at=None)
        same = Q(pk__in=ours.values("same_as")) | Q(same_as__in=ours.values("pk"))
        same |= Q(pk__in=ours.values("family")) | Q(family__in=ours.values("family")) | Q(family__in=ours.values("pk"))
        return self.filter(same, removed_at=None).exclude(incident=incident)

    def families_of(self, incidents: Collection[int], user: Any) -> models.QuerySet:
        """In one query, rows of (group, key, series, number, sort_at): incidents with a cause that is the same, and the
        two of each mark, have a group in common. Those groups that hold one of these incidents, with all incidents
        of them that this person may know of.
        """
        standing = self.filter(removed_at=None).annotate(first=Coalesce("family", "same_as", "pk"))
        ours = standing.filter(incident__in=incidents).order_by().values("first")
        members = standing.filter(_seen_by(user, self.model), first__in=ours)
        marks = self.model._meta.get_field("incident").related_model.repeat_marks.rel.related_model.objects
        marked = marks.filter(Q(incident__in=incidents) | Q(earlier__in=incidents))
        return _members(members, "first", "incident").union(
            *(
                _members(marked.filter(_may_see(marks.model, end, user)), "marked", end)
                for end in ("incident", "earlier")
            ),
            all=True,
        )


def _members(rows: Any, group: str, incident: str) -> models.QuerySet:
    if group == "marked":
        # Below 0, where no cause has its key.
        rows = rows.annotate(marked=-F("pk"))
    return rows.order_by().values_list(
        group, *(f"{incident}__{name}" for name in ("pk", "series", "number", "sort_at"))
    )


class RepeatMarkQuerySet(models.QuerySet):
    def links(self) -> Self:
        """Those between incidents that are there, whoever may know of them."""
        return self.filter(incident__removed_at=None, earlier__removed_at=None).order_by()

    def of(self, incident: Any, user: Any) -> Self:
        """What this incident is said to repeat, of what this person may know of, the latest first."""
        return self.filter(_may_see(self.model, "earlier", user), incident=incident).order_by("-earlier__sort_at", "pk")

    def later_than(self, incident: Any, user: Any) -> Self:
        """What is said to repeat this incident, of what this person may know of, the latest first."""
        seen = self.filter(_may_see(self.model, "incident", user), earlier=incident)
        return seen.order_by("-incident__sort_at", "pk")


class PostmortemQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of; the draft of a published one included."""
        return self.filter(_seen_by(user, self.model))

    def waiting_for(self, user: Any) -> Self:
        """Drafts that this person writes, and those in review for whoever may approve them: first what was asked of
        them in person, with the day it is due as ``due_on``, then the oldest.
        """
        waits = Q(authors=user, status__in=(PostmortemStatus.DRAFT, PostmortemStatus.APPROVED))
        if user.has_role(Role.EDITOR):
            waits |= Q(status=PostmortemStatus.IN_REVIEW)
        requests = self.model.review_requests.rel.related_model.objects.open()
        asked = requests.filter(postmortem=OuterRef("pk"), reviewer=user)
        mine = self.visible_to(user).filter(waits).distinct()
        mine = mine.annotate(
            is_asked=Case(When(Exists(asked), then=1), default=0), due_on=Subquery(asked.values("due_on")[:1])
        )
        return mine.select_related("incident").order_by("-is_asked", "updated_at", "id")[:MAX_TODAY]

    def published_lately(self, user: Any) -> Self:
        """The newest that this person may read."""
        return self.readable_by(user).select_related("incident").order_by(*LIBRARY_ORDER)[:MAX_TODAY]

    def readable_by(self, user: Any) -> Self:
        """The published ones that this person may read: public ones by anybody, others by whoever sees the incident."""
        published = self.filter(status=PostmortemStatus.PUBLISHED)
        public = Q(audience=Audience.PUBLIC, incident__is_private=False, incident__removed_at=None)
        if not user.is_authenticated:
            return published.filter(public)
        return published.filter(public | Q(_seen_by(user, self.model)))

    def of_reference(self, text: str) -> Self:
        """That of the incident that people call this, such as ``INC-12``, whatever its case."""
        found = REFERENCE.fullmatch(text.strip())
        return self.of_incident(found["series"].upper(), int(found["number"])) if found else self.none()

    def of_incident(self, series: str, number: int) -> Self:
        """That of the incident with this number."""
        return self.filter(incident__series=series, incident__number=number)

    def showing_publicly(self, words: str) -> Self:
        """Those whose published page holds these words in what the public sees of it, or would see."""
        return self.filter(incident__is_private=False, published_revision__html_public__contains=words)

    def withdrawn_from_public(self) -> Self:
        """Those that the public could read once and that were retracted, also where they are being rewritten."""
        return self.filter(was_public=True, incident__is_private=False).exclude(status=PostmortemStatus.PUBLISHED)

    def for_reading(self) -> Self:
        """With the incident and the revision that readers see."""
        return self.select_related("incident", "published_revision").defer("published_revision__markdown")

    def for_page(self, user: Any, *, is_public: bool) -> models.QuerySet[Any, dict[str, Any]]:
        """All that the published page shows, in one row: title and article, and for our own people what is live on it
        as JSON, a list for each: the work, the same causes earlier, and others with causes of the same kind.
        """
        revision = "published_revision__"
        columns = ["incident_id", "published_title", "audience"]
        columns += [f"incident__{name}" for name in ("series", "number", "is_private", "is_example", "home_zone")]
        columns.append("incident__sort_at")
        columns += [f"{revision}{name}" for name in ("number", "note", "published_at", "document__revisions")]
        if is_public:
            return self.values(*columns, f"{revision}html_public")
        return self.annotate(**self._live(user)).values(*columns, f"{revision}html_internal", *LIVE)

    def _live(self, user: Any) -> dict[str, Any]:
        incident = self.model._meta.get_field("incident").related_model
        causes = incident.root_causes.rel.related_model.objects
        here = OuterRef("incident_id")
        items = incident.action_items.rel.related_model.objects.filter(incident=here).order_by("number")
        marks = incident.repeat_marks.rel.related_model.objects
        return {
            "items": JSONRows(items, "number", "text", "owner__name", "due_on", "status"),
            "repeats": JSONRows(causes.the_same_as_of(here, user)[:MAX_ALIKE], "title", *_told_of("incident")),
            "marks": JSONRows(marks.of(here, user)[:MAX_ALIKE], "reason", *_told_of("earlier")),
            "later_marks": JSONRows(marks.later_than(here, user)[:MAX_ALIKE], "reason", *_told_of("incident")),
            "related": JSONRows(
                self.model._default_manager.with_causes_like(here, user),
                "incident__series",
                "incident__number",
                "published_title",
            ),
        }

    def with_causes_like(self, incident: Any, user: Any) -> Self:
        """Other published ones with a cause of the same kind as this incident, the latest first. ``incident`` is an
        `OuterRef`.
        """
        incident_model = self.model._meta.get_field("incident").related_model
        causes = incident_model.root_causes.rel.related_model.objects.filter(removed_at=None)
        ours = causes.filter(incident=OuterRef(OuterRef(incident))).exclude(category=CauseCategory.UNKNOWN)
        alike = causes.filter(incident=OuterRef("incident_id"), category__in=ours.values("category"))
        return (
            self.filter(_seen_by(user, self.model), Exists(alike), status=PostmortemStatus.PUBLISHED)
            .exclude(incident=incident)
            .order_by(*LIBRARY_ORDER)[:MAX_RELATED]
        )

    def for_archive(self) -> Self:
        """With the revision that is out, as an archive holds it."""
        return self.select_related("published_revision").defer(
            "published_revision__html_internal", "published_revision__html_public"
        )

    def for_site(self) -> Self:
        """What a folder of plain pages shows of each, in the order of their numbers."""
        kept_out = ("published_revision__markdown", "published_revision__html_internal")
        return (
            self.select_related("incident", "published_revision")
            .prefetch_related("incident__attachments")
            .defer(*kept_out)
            .order_by("incident__series", "incident__number")
        )

    def for_feed(self) -> Self:
        """The latest first, without the text of their revisions."""
        return self.select_related("incident").order_by(*LIBRARY_ORDER)

    def for_library(self) -> Self:
        """Rows of the library: title and facts of the published revision, and how much of the work is done."""
        items = self.model._meta.get_field("incident").related_model.action_items.rel.related_model.objects
        counted = items.filter(incident=OuterRef("incident")).exclude(status=ActionStatus.WONT_DO)
        counted = counted.order_by().values("incident")
        done = counted.filter(status__in=(ActionStatus.DONE, ActionStatus.VERIFIED))
        return (
            self.select_related("incident")
            .prefetch_related("incident__services")
            .annotate(
                item_count=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0),
                done_count=Coalesce(Subquery(done.annotate(n=Count("pk")).values("n")), 0),
                durations=F("published_revision__document__durations"),
            )
            .order_by(*LIBRARY_ORDER)
        )

    def filtered(self, *, q: str, service: str, severity: str, category: str, tag: str, year: str) -> Self:
        """What the library was asked for; blank values narrow nothing."""
        lookups: dict[str, Any] = {
            "incident__services__slug": service,
            "incident__severity": severity,
            "incident__tags__name": tag,
        }
        found = self.filter(**{lookup: value for lookup, value in lookups.items() if value})
        if category:
            found = found.filter(incident__in=_incidents_with_cause(self.model, category))
        if year:
            found = found.filter(incident__sort_at__year=int(year))
        for word in q.split()[:MAX_WORDS]:
            found = found.filter(published_key__contains=word.casefold())
        return found


class SearchDocumentQuerySet(models.QuerySet):
    def findable_by(self, user: Any, incidents: QuerySet, *, alone: bool) -> Self:
        """What this person may find of these incidents, which have gone through `visible_to()` for them; ``alone``:
        and of what hangs on none.
        """
        # With a limit it is looked up for each document; else PostgreSQL would gather all incidents that there are.
        seen = Q(incident=Subquery(incidents.filter(pk=OuterRef("incident_id")).order_by().values("pk")[:1]))
        if alone and user.is_authenticated and user.has_role(Role.READER):
            seen |= Q(incident=None)
        found = self.filter(seen)
        return found if user.is_authenticated and user.has_role(Role.RESPONDER) else found.filter(for_responders=False)


class StandingSections(models.Manager):
    """The sections of drafts without those that were removed."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(removed_at=None)


def _told_of(incident: str) -> tuple[str, ...]:
    """What a page tells of an incident that it links to."""
    return tuple(f"{incident}__{name}" for name in ("series", "number", "title", "sort_at"))


def _incidents_with_cause(postmortem: Any, category: str) -> models.QuerySet:
    causes = postmortem._meta.get_field("incident").related_model.root_causes.rel.related_model.objects
    return causes.filter(category=category, removed_at=None).values("incident")


class ReviewRequestQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Those that nobody has answered or taken back."""
        return self.filter(ended_at=None)

    def waiting(self) -> Self:
        """Those that a draft in review still waits for, each with its people and its incident."""
        reviewed = (PostmortemStatus.IN_REVIEW, PostmortemStatus.APPROVED)
        waiting = self.open().filter(postmortem__status__in=reviewed, postmortem__incident__is_example=False)
        return waiting.select_related("reviewer", "postmortem__incident")


class ThreadQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Those that are not settled."""
        return self.filter(resolved_at=None)

    def for_page(self) -> Self:
        """Each with what was said in it, and by whom."""
        return self.select_related("resolved_by").prefetch_related("comments__author")

    def open_by_section(self) -> dict[int | None, int]:
        """How many are open on each section; those on the whole postmortem under None."""
        counted = self.open().order_by().values_list("section").annotate(Count("pk"))
        return dict(counted)


class DraftVersionQuerySet(models.QuerySet):
    def for_list(self, before: Any = None) -> Self:
        """The latest first, without their texts but with how long those are; with a version only what was before it."""
        rows = self.defer("text").annotate(length=Length("text")).select_related("author", "section")
        if before is None:
            return rows
        return rows.filter(Q(saved_at__lt=before.saved_at) | Q(saved_at=before.saved_at, pk__lt=before.pk))
