"""The repeat guard: which incidents are like one, why, and what helped then.

Words carry it (`search.similarity`). That a service, a kind of cause or a kind of trigger is the same makes the same
words weigh more, but makes nothing alike that is told in other words; the same alert does, and what people confirmed
settles it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.domain import privacy
from incidents.enums import ChangeKind, ChangeVerdict, IncidentKind, Status, TimelineKind
from incidents.models import Alert, Incident, IncidentChange, Service, TimelineEvent, User
from incidents.registry import IncidentDraft

from ..enums import UNFINISHED, CauseCategory, CauseRole, PostmortemStatus
from ..models import ActionItem, NotTheSame, Postmortem, RepeatMark, RootCause
from ..models.postmortem import slug_of
from ..querysets import JSONRows
from ..search import similarity
from ..search.similarity import Alike

# From here on it is shown, and from here on it is said that it may be the same again (docs/decisions.md).
WORTH_SHOWING, LIKELY_REPEAT = 0.14, 0.25
# How much more the same words weigh with the same service, kind of cause, kind of trigger.
SAME_SERVICE, SAME_CAUSE_KIND, SAME_TRIGGER_KIND = 0.5, 0.5, 0.25
# What the same alert says by itself.
SAME_ALERT = 0.3
MOST_SHOWN = 3
MOST_WORDS_SAID = 4
MOST_PROPOSED = 2
_KINDLESS = (CauseCategory.UNKNOWN, CauseCategory.OTHER)
_HELPED = (ChangeVerdict.MITIGATION, ChangeVerdict.FIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An incident that is like another: how much so, from 0 to 1, and why, in words.

    ``incident`` comes with what is shown of it: see `_with_what_is_shown`.
    """

    incident: Any
    score: float
    reasons: tuple[str, ...]

    @property
    def causes(self) -> list[str]:
        """What its causes were."""
        return [title for (title,) in json.loads(self.incident.causes or "[]")]

    @property
    def postmortem_url(self) -> str:
        """Where its postmortem is read; empty where none is published."""
        title = self.incident.published_title
        return reverse("postmortem-canonical", args=[self.incident.reference, slug_of(title)]) if title else ""

    @property
    def likely_repeat(self) -> bool:
        return self.score >= LIKELY_REPEAT


def earlier_than(incident: Incident, user: User, *, limit: int = MOST_SHOWN) -> list[Similar]:
    """Earlier incidents that are like this one and that this person may know of, best first. Two queries."""
    among = _comparable(_open_to(user), incident).filter(sort_at__lte=incident.sort_at)
    return _shown(_judged(similarity.alike_to(incident, among), _Asked.of(incident), user), limit)


def among_all(incident: Incident, *, limit: int) -> list[Similar]:
    """All incidents that are like this one, later ones and private ones too, however little, best first."""
    among = _comparable(Incident.objects.present(), incident)
    return _judged(similarity.alike_to(incident, among), _Asked.of(incident), None)[:limit]


def like_draft(draft: IncidentDraft, user: User, *, limit: int = MOST_SHOWN) -> list[Similar]:
    """Incidents that are over and like what somebody is about to declare, best first. Two queries, or none."""
    kind = Q(kind=IncidentKind.DRILL)
    among = _open_to(user).filter(kind if draft.is_drill else ~kind, is_example=False)
    alike = similarity.alike_to_text(draft.texts, among.filter(status__in=(Status.RESOLVED, Status.CLOSED)))
    return _shown(_judged(alike, _Asked(services=draft.services), user), limit)


def proposals(causes: Sequence[RootCause], similar: Sequence[Similar]) -> dict[int, list[RootCause]]:
    """For each cause (key) that is the same as no earlier one yet, those of the similar incidents that may be: told in
    the same words, or of the same kind and role; nearest first, without what somebody said not to be the same.
    Two queries.
    """
    asked = [cause for cause in causes if cause.same_as_id is None]
    if not asked or not similar:
        return {}
    place = {one.incident.pk: rank for rank, one in enumerate(similar)}
    standing = RootCause.objects.filter(incident__in=place, removed_at=None).exclude(role=CauseRole.LUCKY_SAVE)
    earlier = list(standing.select_related("incident").order_by("pk"))
    rejected = set(NotTheSame.objects.filter(cause__in=asked).values_list("cause", "earlier"))
    found = {}
    for cause in asked:
        ranked = [
            (_nearness(cause, other), -place[other.incident_id], -other.pk, other)
            for other in earlier
            if (cause.pk, other.pk) not in rejected and (cause.family_id or cause.pk) != (other.family_id or other.pk)
        ]
        found[cause.pk] = [other for near, *_rest, other in sorted(ranked, reverse=True) if near][:MOST_PROPOSED]
    return {key: near for key, near in found.items() if near}


def _nearness(cause: RootCause, other: RootCause) -> float:
    """How many words two causes share, and a little for the same kind and role; 0 where nothing speaks for it."""
    here, there = (similarity.terms_in([(one.title, 1)]).keys() for one in (cause, other))
    same_kind = cause.category == other.category and cause.category not in _KINDLESS and cause.role == other.role
    return len(here & there) + 0.5 * same_kind


def _open_to(user: User) -> QuerySet[Incident]:
    """Those whose texts may be laid out before this person: for admins not what they would have to open first."""
    since = timezone.now() - privacy.ACCESS_LASTS
    return Incident.objects.open_to(user, since=since, action=privacy.ACCESS_ACTION)


def _comparable(incidents: QuerySet[Incident], incident: Incident) -> QuerySet[Incident]:
    """A drill is like drills only, the worked example like itself; what was called off is like nothing."""
    kind = Q(kind=IncidentKind.DRILL)
    same = incidents.filter(
        kind if incident.kind == IncidentKind.DRILL else ~kind,
        is_example=incident.is_example,
        is_synthetic=incident.is_synthetic,
    )
    return same.exclude(status=Status.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is compared besides words, as what goes into ``… IN (…)``: keys, or a subquery of them."""

    services: Any = ()
    categories: Any = ()
    alerts: Any = ()
    triggers: Any = ()
    key: int | None = None

    @classmethod
    def of(cls, incident: Incident) -> "_Asked":
        return cls(
            services=incident.services.order_by().values("pk"),
            categories=_causes(incident.pk).order_by().values("category"),
            alerts=Alert.objects.filter(incident=incident).order_by().values("name"),
            triggers=_triggers(incident.pk).order_by().values("change__kind"),
            key=incident.pk,
        )


def _causes(incident: Any) -> QuerySet[RootCause]:
    """The causes of an incident of which the kind says something."""
    said = RootCause.objects.filter(incident=incident, removed_at=None)
    return said.exclude(category__in=_KINDLESS)


def _triggers(incident: Any) -> QuerySet[IncidentChange]:
    return IncidentChange.objects.filter(incident=incident, verdict=ChangeVerdict.TRIGGER)


def _judged(alike: Sequence[Alike], asked: _Asked, user: User | None) -> list[Similar]:
    """The same incidents with what is shown of them, scored by all the evidence, best first. One query."""
    if not alike:
        return []
    told = {one.incident_id: one for one in alike}
    found = _with_what_is_shown(_with_evidence(Incident.objects.filter(pk__in=told), asked))
    judged = [_judge(incident, told[incident.pk], user) for incident in found]
    return sorted(judged, key=lambda one: (-one.score, -one.incident.pk))


def _shown(judged: Iterable[Similar], limit: int) -> list[Similar]:
    return [one for one in judged if one.score >= WORTH_SHOWING][:limit]


def _with_evidence(incidents: QuerySet[Incident], asked: _Asked) -> QuerySet[Incident]:
    """Each with what it has in common with what was asked for, as lists in JSON, and whether people confirmed it."""
    here = OuterRef("pk")
    services = Service.objects.filter(incidents=here, pk__in=asked.services).order_by("name")
    causes = _causes(here).filter(category__in=asked.categories).order_by("category")
    alerts = Alert.objects.filter(incident=here, name__in=asked.alerts).order_by("name")
    triggers = _triggers(here).filter(change__kind__in=asked.triggers).order_by("change__kind")
    same = RootCause.objects.the_same(asked.key).filter(incident=here)
    marks = RepeatMark.objects.filter(Q(incident=asked.key, earlier=here) | Q(incident=here, earlier=asked.key))
    return incidents.annotate(
        same_services=JSONRows(services, "name"),
        same_categories=JSONRows(causes, "category"),
        same_alerts=JSONRows(alerts, "name"),
        same_triggers=JSONRows(triggers, "change__kind"),
        is_confirmed=Exists(same) | Exists(marks),
    )


def _with_what_is_shown(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Each with what helped then (a change, else what the timeline says), who knows, its causes in JSON, its published
    postmortem, and how many of its action items are open.
    """
    here = OuterRef("pk")
    changes = IncidentChange.objects.filter(incident=here, verdict__in=_HELPED).order_by("-verdict", "-pk")
    entries = TimelineEvent.objects.filter(incident=here, kind=TimelineKind.RECOVERY, struck_at=None, is_internal=False)
    unfinished = ActionItem.objects.filter(incident=here, status__in=UNFINISHED).order_by().values("incident")
    published = Postmortem.objects.filter(incident=here, status=PostmortemStatus.PUBLISHED)
    return incidents.select_related("incident_lead", "team__team_lead").annotate(
        helped_by_change=Subquery(changes.values("change__text")[:1]),
        helped_by_entry=Subquery(entries.order_by("-is_starred", "-sort_at", "-pk").values("text")[:1]),
        causes=JSONRows(RootCause.objects.filter(incident=here, removed_at=None).order_by("position", "pk"), "title"),
        published_title=Subquery(published.values("published_title")[:1]),
        open_action_items=Coalesce(Subquery(unfinished.annotate(n=Count("pk")).values("n")), 0),
    )


def _judge(incident: Any, alike: Alike, user: User | None) -> Similar:
    services, categories, alerts, triggers = (
        list(dict.fromkeys(value for (value,) in json.loads(text or "[]")))
        for text in (
            incident.same_services,
            incident.same_categories,
            incident.same_alerts,
            incident.same_triggers,
        )
    )
    weight = 1 + SAME_SERVICE * bool(services) + SAME_CAUSE_KIND * bool(categories) + SAME_TRIGGER_KIND * bool(triggers)
    score = min(alike.likeness * weight + SAME_ALERT * bool(alerts), 0.99)
    reasons = [
        *([_("people said that it is the same")] if incident.is_confirmed else []),
        *_said(_("same service"), services),
        *_said(_("same alert"), alerts),
        *_said(_("same words"), _words(alike, user)),
        *_said(_("same kind of cause"), [str(CauseCategory(category).label).lower() for category in categories]),
        *_said(_("same kind of trigger"), [str(ChangeKind(kind).label).lower() for kind in triggers]),
    ]
    return Similar(incident=incident, score=1.0 if incident.is_confirmed else score, reasons=tuple(reasons))


def _said(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(names[:MOST_WORDS_SAID])}"] if names else []


def _words(alike: Alike, user: User | None) -> list[str]:
    """The words that both have, pairs before what is in them. Not for those who may not read drafts: they would read
    words of them.
    """
    if user is not None and not user.is_responder:
        return []
    said: list[str] = []
    for words in sorted(alike.words[: 3 * MOST_WORDS_SAID], key=lambda words: " " not in words):
        if not any(word in other.split() for other in said for word in words.split()):
            said.append(words)
    return said
