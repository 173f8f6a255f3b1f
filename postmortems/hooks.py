"""What postmortems add to incidents, hung into `incidents.registry`."""

import datetime as dt
from typing import Any

from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext as _

from incidents import audit_words, registry
from incidents.domain.lifecycle import Verb
from incidents.models import Incident
from incidents.permissions import Actor

from . import list_filters, notifications, repeat_notices, synthetic
from .audit_words import DEEDS, NAMES, VALUES
from .defaults import ensure_templates
from .domain import action_items, derived, lifecycle, mentions, tracking, triggers
from .models import SearchDocument
from .panels import draft_panel, lessons_panel, repeat_marks, seen_before_panel, today_panel
from .publication import document
from .reminders import REMINDING
from .search import ddl, index, keeping, similarity


def register() -> None:
    """Called once, when the application is ready."""
    registry.add_panel(lessons_panel)
    registry.add_panel(seen_before_panel)
    registry.add_draft_panel(draft_panel)
    registry.add_marks(repeat_marks)
    registry.add_today_panel(today_panel)
    registry.add_reminding(REMINDING)
    registry.read_action_items_with(tracking.read)
    registry.add_guard(wants_postmortem)
    for kind in (repeat_notices.KIND, *notifications.KINDS):
        registry.add_message_kind(kind)
    registry.on_made_private(follow_into_privacy)
    registry.on_written(index.follow)
    registry.on_written_in_bulk(index.follow_bulk)
    registry.add_synthetic(synthetic.learn)
    registry.add_mentioner(mentions.is_mentioned)
    registry.on_trigger_named(triggers.follow)
    registry.on_written(keeping.follow)
    registry.on_written_in_bulk(similarity.refresh)
    derived.register()
    for narrowing in list_filters.FILTERS:
        registry.add_list_filter(narrowing)
    audit_words.add_words(deeds=DEEDS, names=NAMES, values=VALUES)
    post_migrate.connect(ensure_templates, dispatch_uid="postmortems.templates")
    post_migrate.connect(install_search, dispatch_uid="postmortems.search")
    post_migrate.connect(render_revisions, dispatch_uid="postmortems.revisions")


def install_search(sender: Any, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """After each migration and flush the engine's own index stands again, and what nobody indexed yet is in it."""
    if sender.name != "postmortems" or not ddl.install_ddl(connections[using]) or using != DEFAULT_DB_ALIAS:
        return
    if Incident.objects.exists() and not SearchDocument.objects.exists():
        index.reindex()


def render_revisions(sender: Any, using: str = DEFAULT_DB_ALIAS, apps: Apps | None = None, **kwargs: Any) -> None:
    """After an upgrade the stored HTML of what was published is made by the new program."""
    if sender.name == "postmortems" and using == DEFAULT_DB_ALIAS and apps is not None:
        try:
            apps.get_model("postmortems", "Revision")
        except LookupError:
            # Back at a migration before there were any.
            return
        document.render_anew()


def wants_postmortem(incident: Incident, verb: str) -> list[str]:
    """Why an incident is not closed by hand: its severity asks for a postmortem first."""
    if verb != Verb.CLOSE or not lifecycle.needs_postmortem(incident):
        return []
    return [_("It closes by itself when its postmortem is published, or an editor says that none is needed.")]


def follow_into_privacy(actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """A private incident's postmortem is not public any more, its work is for who sees it, in the same transaction."""
    lifecycle.withdraw_publication(actor=actor, incident=incident, now=now)
    action_items.leave_to_who_sees(actor=actor, incident=incident, now=now)
