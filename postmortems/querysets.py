"""Which rows the pages of postmortems and action items show. Visibility is that of the incident."""

import datetime as dt
import re
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from incidents.querysets import REFERENCE

from .enums import UNFINISHED, ActionStatus, Audience, PostmortemStatus

ITEMS_A_PAGE = 100
POSTMORTEMS_A_PAGE = 30
MAX_WORDS = 12
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

    def of_postmortem(self, postmortem: Any) -> Self:
        """Those of its incident, as its page lists them with their live state."""
        return self.filter(incident=postmortem.incident_id).select_related("owner").order_by("number")

    def for_table(self) -> Self:
        """Rows with their people, cause and incident."""
        return self.select_related("owner", "verifier", "incident", "cause", "created_by").order_by("due_sort", "id")

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
        return rows.filter(Q(text__icontains=q) | Q(incident__title_key__contains=q.casefold())) if q else rows

    def stretch(self, after: str) -> tuple[list[Any], str]:
        """One page of the table, and where the next one starts, as it goes into an address; blank at the end."""
        found = ACTION_REFERENCE.fullmatch(after)
        last = self.model._default_manager.filter(number=int(found["number"])).first() if found else None
        rows = self
        if last is not None:
            rows = rows.filter(Q(due_sort__gt=last.due_sort) | Q(due_sort=last.due_sort, pk__gt=last.pk))
        items = list(rows[: ITEMS_A_PAGE + 1])
        return items[:ITEMS_A_PAGE], items[ITEMS_A_PAGE - 1].reference if len(items) > ITEMS_A_PAGE else ""


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

    def repeated_by(self, incident: Any, user: Any) -> Self:
        """The earlier causes that this incident's causes are the same as, where this person may know of them."""
        incidents = self.model._meta.get_field("incident").related_model.objects.visible_to(user)
        return self.filter(repeats__incident=incident, incident__in=incidents).select_related("incident").distinct()


class PostmortemQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Those of incidents that this person may know of; the draft of a published one included."""
        incidents = self.model._meta.get_field("incident").related_model.objects
        return self.filter(incident__in=incidents.visible_to(user))

    def readable_by(self, user: Any) -> Self:
        """The published ones that this person may read: public ones by anybody, others by whoever sees the incident."""
        published = self.filter(status=PostmortemStatus.PUBLISHED)
        public = Q(audience=Audience.PUBLIC, incident__is_private=False)
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
        """Those that the public could read once and that were retracted."""
        return self.filter(was_public=True, status=PostmortemStatus.RETRACTED, incident__is_private=False)

    def for_reading(self) -> Self:
        """With the incident and the revision that readers see."""
        return self.select_related("incident", "published_revision").defer("published_revision__markdown")

    def for_library(self) -> Self:
        """Rows of the library: no text of revisions, but the title and facts, and how much of the work is done."""
        items = self.model._meta.get_field("incident").related_model.action_items.rel.related_model.objects
        counted = items.filter(incident=OuterRef("incident")).order_by().values("incident")
        done = counted.filter(status__in=(ActionStatus.DONE, ActionStatus.VERIFIED))
        causes = self.model._meta.get_field("incident").related_model.root_causes.rel.related_model.objects
        return (
            self.select_related("incident")
            .prefetch_related("incident__services")
            .annotate(
                item_count=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0),
                done_count=Coalesce(Subquery(done.annotate(n=Count("pk")).values("n")), 0),
                is_repeat=Exists(causes.filter(incident=OuterRef("incident"), same_as__isnull=False, removed_at=None)),
            )
            .order_by("-first_published_at", "-id")
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
            found = found.filter(
                Q(title__icontains=word) | Q(lede__icontains=word) | Q(incident__title_key__contains=word.casefold())
            )
        return found

    def stretch(self, after: str) -> tuple[list[Any], str]:
        """One page of the library, and where the next one starts, as it goes into an address; blank at the end."""
        last = self.model._default_manager.of_reference(after).first() if after else None
        rows = self
        if last is not None and last.first_published_at:
            earlier = Q(first_published_at__lt=last.first_published_at)
            rows = rows.filter(earlier | Q(first_published_at=last.first_published_at, pk__lt=last.pk))
        found = list(rows[: POSTMORTEMS_A_PAGE + 1])
        more = len(found) > POSTMORTEMS_A_PAGE
        return found[:POSTMORTEMS_A_PAGE], found[POSTMORTEMS_A_PAGE - 1].incident.reference if more else ""


def _incidents_with_cause(postmortem: Any, category: str) -> models.QuerySet:
    causes = postmortem._meta.get_field("incident").related_model.root_causes.rel.related_model.objects
    return causes.filter(category=category, removed_at=None).values("incident")
