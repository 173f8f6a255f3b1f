"""What the page of an incident shows of its lessons, and the page Today of the work on them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.permissions import Actor, offers
from incidents.registry import IncidentDraft, Mark, Panel

from .domain import seen_before
from .domain.families import families_of
from .enums import PostmortemStatus
from .models import ActionItem, DefenceCheck, Postmortem, RepeatMark, RootCause
from .permissions import LessonPerm

# What is due within these days stands on the page Today.
AHEAD = dt.timedelta(days=7)


def lessons_panel(actor: Actor, incident: Incident) -> Panel | None:
    """Causes, safety nets, action items and the postmortem, once it is over: while it burns nothing is judged.

    Four queries. Whoever only reads sees the postmortem when it is published, and no draft.
    """
    if incident.is_open:
        return None
    may_write = offers(actor, LessonPerm.WRITE, incident)
    postmortem = Postmortem.objects.filter(incident=incident).first()
    if postmortem is not None:
        postmortem.incident = incident
    shown = postmortem if postmortem and (may_write or postmortem.status == PostmortemStatus.PUBLISHED) else None
    causes = list(RootCause.objects.filter(incident=incident, removed_at=None).select_related("same_as__incident"))
    context = {
        "incident": incident,
        "may_write": may_write,
        "may_create_action": offers(actor, LessonPerm.CREATE_ACTION, incident),
        "may_approve": offers(actor, LessonPerm.APPROVE, incident),
        "postmortem": shown,
        "causes": causes,
        "seen_before": {cause.pk for cause in causes if cause.same_as and actor.sees(cause.same_as.incident)},
        "items": ActionItem.objects.filter(incident=incident).select_related("owner"),
        "defences": DefenceCheck.objects.filter(incident=incident),
    }
    return Panel("postmortems/_lessons_panel.html", context)


def seen_before_panel(actor: Actor, incident: Incident) -> Panel | None:
    """Earlier incidents like this one. While it burns: what helped and who knows. Afterwards: why, and what is open."""
    if actor.user is None:
        return None
    if incident.is_open:
        similar = seen_before.earlier_than(incident, actor.user)
        context: dict[str, Any] = {"incident": incident, "similar": similar}
        return Panel("postmortems/_seen_before.html", context) if similar else None
    context = repeats_context(actor, incident)
    is_shown = context["may_write"] or context["similar"] or context["family"] or context["carried"]
    return Panel("postmortems/_repeats_panel.html", context) if is_shown else None


def repeats_context(actor: Actor, incident: Incident) -> dict[str, Any]:
    """What is known of whether an incident happened before, once it is over. Eight queries."""
    user = actor.user
    similar = seen_before.earlier_than(incident, user) if user else []
    causes = list(RootCause.objects.filter(incident=incident, removed_at=None).select_related("same_as__incident"))
    proposals = seen_before.proposals(causes, similar)
    for cause in causes:
        cause.incident = incident
    now = timezone.now()
    carried = list(ActionItem.objects.carried_into(incident, user)) if user else []
    return {
        "incident": incident,
        "may_write": offers(actor, LessonPerm.WRITE, incident),
        "similar": similar,
        "proposed": [(cause, near) for cause in causes if (near := proposals.get(cause.pk))],
        "confirmed": [cause for cause in causes if cause.same_as and actor.sees(cause.same_as.incident)],
        "marks": list(RepeatMark.objects.of(incident.pk, user).select_related("earlier")) if user else [],
        "family": families_of([incident.pk], user).get(incident.pk) if user else None,
        "carried": [(item, item.age_in_days(now)) for item in carried],
    }


def draft_panel(actor: Actor, draft: IncidentDraft) -> Panel | None:
    """Incidents like the one that somebody is about to declare, with what helped then."""
    similar = seen_before.like_draft(draft, actor.user) if actor.user else []
    return Panel("postmortems/_seen_before.html", {"similar": similar}) if similar else None


def repeat_marks(user: Any, incidents: Sequence[int]) -> dict[int, list[Mark]]:
    """“Repeat of INC-3”, “happened again in INC-12”: the latest of each."""
    found = {}
    for key, family in families_of(incidents, user).items():
        marks = []
        if family.earlier:
            marks.append(
                Mark(_("repeat of %(incident)s") % {"incident": family.earlier[0].reference}, family.earlier[0].url)
            )
        if family.later:
            again = _("happened again in %(incident)s") % {"incident": family.later[0].reference}
            marks.append(Mark(again, family.later[0].url))
        found[key] = marks
    return found


def today_panel(actor: Actor, today: dt.date) -> Panel | None:
    """Action items that are this person's and due, drafts that wait for them, and what was published lately.

    Three queries, two for somebody who writes no postmortems.
    """
    user = actor.user
    if user is None:
        return None
    context = {
        "due": ActionItem.objects.due_for(user, today + AHEAD),
        "drafts": Postmortem.objects.waiting_for(user) if user.is_responder else [],
        "published": Postmortem.objects.published_lately(user),
        "today": today,
    }
    return Panel("postmortems/_today_panel.html", context)
