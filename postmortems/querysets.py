"""Which rows the pages of postmortems and action items show. Visibility is that of the incident."""

import datetime as dt
import re
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from incidents.enums import Role
from incidents.querysets import REFERENCE

from .enums import UNFINISHED, ActionStatus, Audience, CauseCategory, PostmortemStatus

# The orders of the two lists, each by columns that are never null where the list shows the row.
ACTION_ORDER = ("due_sort", "id")
LIBRARY_ORDER = ("-first_published_at", "-id")
MAX_WORDS = 12
# How much the page Today shows of each.
MAX_TODAY = 6
MAX_RELATED = 5
# Causes that are looked through for those: an incident often has several of one kind.
MAX_ALIKE = 20
ACTION_REFERENCE = re.compile(r"A-(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE | re.ASCII)

# Sorts action items without a date behind all others, the same on both engines.
NO_DATE_LAST = dt.date(9999, 1, 1)


class ActionItemQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of."""
        incidents = self.model._meta.get_field("incident").related_model.objects
        return self.filter(incident__in=incidents.visible_to(user))

    def unfinished(self) -> Self:
        return self.filter(status__in=UNFINISHED)

    def due_for(self, user: Any, day: dt.date) -> Self:
        """What this person has to do until then, overdue first, each with its incident."""
        mine = self.visible_to(user).unfinished().filter(owner=user, due_sort__lte=day)
        return mine.select_related("incident").order_by(*ACTION_ORDER)[:MAX_TODAY]

    def of_postmortem(self, postmortem: Any) -> Self:
        """Those of its incident, as its page lists them with their live state."""
        return self.filter(incident=postmortem.incident_id).select_related("owner").order_by("number")

    def for_table(self) -> Self:
        """Rows with their people, cause and incident."""
        return self.select_related("owner", "verifier", "incident", "cause", "created_by").order_by(*ACTION_ORDER)

    def referenced(self, text: str) -> Self:
        """The action item that people call this, such as ``A-7``."""
        found = ACTION_REFERENCE.fullmatch(text.strip())
        return self.filter(number=int(found["number"])) if found else self.none()

    def filtered(self, user: Any, today: dt.date, *, whose: str, state: str, type: str, q: str) -> Self:  # noqa: A002
        """What the table was asked for; ``today`` is the reader's, and decides what is overdue."""
        rows = self.filter(_WHOSE[whose](user)) if whose in _WHOSE else self
        rows = rows.filter(_in_state(state, today))
        if type:
            rows = rows.filter(type=type)
        for word in q.casefold().split()[:MAX_WORDS]:
            rows = rows.filter(Q(text_key__contains=word) | Q(incident__title_key__contains=word))
        return rows


_WHOSE = {
    "mine": lambda user: Q(owner=user),
    "team": lambda user: Q(incident__team__in=user.teams.all()) | Q(incident__team__team_lead=user),
    "nobody": lambda _user: Q(owner=None),
}


def _in_state(state: str, today: dt.date) -> Q:
    if state == "all":
        return Q()
    if state == "overdue":
        return Q(status__in=UNFINISHED, due_sort__lt=today)
    if state == "done":
        return Q(status__in=(ActionStatus.DONE, ActionStatus.VERIFIED))
    if state in ActionStatus.values:
        return Q(status=state)
    return Q(status__in=UNFINISHED)


class RootCauseQuerySet(models.QuerySet):
    def earlier_than(self, incident: Any, user: Any) -> Self:
        """Causes of earlier incidents that this person may know of, latest first, for “same as”."""
        incidents = self.model._meta.get_field("incident").related_model.objects.visible_to(user)
        earlier = self.filter(incident__in=incidents, incident__sort_at__lt=incident.sort_at, removed_at=None)
        return earlier.select_related("incident").order_by("-incident__sort_at", "position", "id")

    def like_those_of(self, incident: Any, user: Any) -> Self:
        """Causes of other incidents that this person may know of: the same ones (``is_same``), then published ones of
        the same category. Latest first, each with its incident and that one's postmortem.
        """
        incidents = self.model._meta.get_field("incident").related_model.objects.visible_to(user)
        ours = self.model._default_manager.filter(incident=incident, removed_at=None)
        is_same = Exists(ours.filter(same_as=OuterRef("pk")))
        categories = ours.exclude(category=CauseCategory.UNKNOWN).values("category")
        of_a_kind = Q(category__in=categories, incident__postmortem__status=PostmortemStatus.PUBLISHED)
        return (
            self.filter(incident__in=incidents, removed_at=None)
            .exclude(incident=incident)
            .annotate(is_same=is_same)
            .filter(Q(is_same=True) | of_a_kind)
            .select_related("incident__postmortem")
            .order_by("-is_same", "-incident__sort_at", "position", "id")[:MAX_ALIKE]
        )


class PostmortemQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of; the draft of a published one included."""
        incidents = self.model._meta.get_field("incident").related_model.objects
        return self.filter(incident__in=incidents.visible_to(user))

    def waiting_for(self, user: Any) -> Self:
        """Drafts that this person writes, and those in review for whoever may approve them, oldest first."""
        waits = Q(authors=user, status__in=(PostmortemStatus.DRAFT, PostmortemStatus.APPROVED))
        if user.has_role(Role.EDITOR):
            waits |= Q(status=PostmortemStatus.IN_REVIEW)
        mine = self.visible_to(user).filter(waits).distinct()
        return mine.select_related("incident").order_by("updated_at", "id")[:MAX_TODAY]

    def published_lately(self, user: Any) -> Self:
        """The newest that this person may read."""
        return self.readable_by(user).select_related("incident").order_by(*LIBRARY_ORDER)[:MAX_TODAY]

    def readable_by(self, user: Any) -> Self:
        """The published ones that this person may read: public ones by anybody, others by whoever sees the incident."""
        published = self.filter(status=PostmortemStatus.PUBLISHED)
        public = Q(audience=Audience.PUBLIC, incident__is_private=False, incident__removed_at=None)
        if not user.is_authenticated:
            return published.filter(public)
        incidents = self.model._meta.get_field("incident").related_model.objects
        return published.filter(public | Q(incident__in=incidents.visible_to(user)))

    def of_reference(self, text: str) -> Self:
        """That of the incident that people call this, such as ``INC-12``, whatever its case."""
        found = REFERENCE.fullmatch(text.strip())
        if found is None:
            return self.none()
        return self.filter(incident__series=found["series"].upper(), incident__number=int(found["number"]))

    def withdrawn_from_public(self) -> Self:
        """Those that the public could read once and that were retracted, also where they are being rewritten."""
        return self.filter(was_public=True, incident__is_private=False).exclude(status=PostmortemStatus.PUBLISHED)

    def for_reading(self) -> Self:
        """With the incident and the revision that readers see."""
        return self.select_related("incident", "published_revision").defer("published_revision__markdown")

    def for_feed(self) -> Self:
        """The latest first, without the text of their revisions."""
        return self.select_related("incident").order_by(*LIBRARY_ORDER)

    def for_library(self) -> Self:
        """Rows of the library: title and facts of the published revision, and how much of the work is done."""
        items = self.model._meta.get_field("incident").related_model.action_items.rel.related_model.objects
        counted = items.filter(incident=OuterRef("incident")).exclude(status=ActionStatus.WONT_DO)
        counted = counted.order_by().values("incident")
        done = counted.filter(status__in=(ActionStatus.DONE, ActionStatus.VERIFIED))
        causes = self.model._meta.get_field("incident").related_model.root_causes.rel.related_model.objects
        return (
            self.select_related("incident")
            .prefetch_related("incident__services")
            .annotate(
                item_count=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0),
                done_count=Coalesce(Subquery(done.annotate(n=Count("pk")).values("n")), 0),
                durations=F("published_revision__document__durations"),
                is_repeat=Exists(causes.filter(incident=OuterRef("incident"), same_as__isnull=False, removed_at=None)),
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


def _incidents_with_cause(postmortem: Any, category: str) -> models.QuerySet:
    causes = postmortem._meta.get_field("incident").related_model.root_causes.rel.related_model.objects
    return causes.filter(category=category, removed_at=None).values("incident")
