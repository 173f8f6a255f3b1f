"""What the page of an incident shows of its lessons, and the page Today of the work on them."""

import datetime as dt

from incidents.models import Incident
from incidents.permissions import Actor, offers
from incidents.registry import Panel

from .enums import PostmortemStatus
from .models import ActionItem, DefenceCheck, Postmortem, RootCause
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
    context = {
        "incident": incident,
        "may_write": may_write,
        "may_create_action": offers(actor, LessonPerm.CREATE_ACTION, incident),
        "may_approve": offers(actor, LessonPerm.APPROVE, incident),
        "postmortem": shown,
        "causes": RootCause.objects.filter(incident=incident, removed_at=None).select_related("same_as__incident"),
        "items": ActionItem.objects.filter(incident=incident).select_related("owner"),
        "defences": DefenceCheck.objects.filter(incident=incident),
    }
    return Panel("postmortems/_lessons_panel.html", context)


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
