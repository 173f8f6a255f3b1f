"""What postmortems add to incidents, hung into `incidents.registry`."""

import datetime as dt

from django.db.models.signals import post_migrate

from incidents import registry
from incidents.models import Incident
from incidents.permissions import Actor

from .defaults import ensure_templates
from .domain import lifecycle
from .panels import lessons_panel


def register() -> None:
    """Called once, when the application is ready."""
    registry.add_panel(lessons_panel)
    registry.on_made_private(withdraw_publication)
    post_migrate.connect(ensure_templates, dispatch_uid="postmortems.templates")


def withdraw_publication(actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """A private incident's postmortem is not public any more, from the same transaction on."""
    lifecycle.withdraw_publication(actor=actor, incident=incident, now=now)
