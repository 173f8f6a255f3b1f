"""Roles in place of names: what was done matters, not by whom."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from incidents.enums import IncidentRole
from incidents.models import Incident, User

from ..models import ActionItem

SHORTEST_FIRST_NAME = 3


def people_of(incident: Incident) -> dict[str, str]:
    """The people that an incident names, each with what to say instead, such as “the incident lead”."""
    said: dict[str, str] = {}
    for role in IncidentRole:
        holder = incident.role_holder(role)
        if holder is not None:
            said.setdefault(holder.name, _("the %(role)s") % {"role": role.label.lower()})
    if incident.team_id and incident.team and incident.team.team_lead:
        said.setdefault(incident.team.team_lead.name, _("the team lead"))
    owners = ActionItem.objects.filter(incident=incident).values("owner")
    authors = incident.timeline.values("author")
    others = User.objects.filter(pk__in=authors) | User.objects.filter(pk__in=owners)
    for user in [incident.declared_by, *others]:
        if user is not None:
            said.setdefault(user.name, _("a responder") if user.is_responder else _("a colleague"))
    return said


def without_names(text: str, people: Mapping[str, str]) -> str:
    """The text with each of these people's names, and first names, replaced by their role."""
    instead = _spoken_names(people)
    if not instead:
        return text
    names = sorted(instead, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w@])@?(?:{'|'.join(re.escape(name) for name in names)})(?![\w@])")

    def role(match: re.Match[str]) -> str:
        said = instead[match[0].lstrip("@")]
        starts = not text[: match.start()].rstrip(" *_>#-").strip() or text[: match.start()].rstrip()[-1:] in ".!?\n"
        return said[0].upper() + said[1:] if starts else said

    return pattern.sub(role, text)


def _spoken_names(people: Mapping[str, str]) -> dict[str, str]:
    """Full names, and first names that only one of them has."""
    instead = dict(people)
    firsts = [name.split()[0] for name in people if " " in name]
    for name, said in people.items():
        first = name.split()[0]
        if " " in name and firsts.count(first) == 1 and len(first) >= SHORTEST_FIRST_NAME:
            instead.setdefault(first, said)
    return instead
