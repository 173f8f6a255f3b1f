"""Roles in place of names, in what is published."""

from incidents.domain import role_names
from incidents.domain.role_names import Roles, everybody_else
from incidents.models import Incident, User

from ..models import ActionItem

__all__ = ["Roles", "everybody_else", "people_of"]


def people_of(incident: Incident) -> dict[str, str]:
    """The people that an incident and its action items name, each with what to say instead."""
    owners = ActionItem.objects.filter(incident=incident).values("owner")
    return role_names.people_of(incident, User.objects.filter(pk__in=owners))
