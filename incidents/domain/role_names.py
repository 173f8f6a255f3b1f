"""Roles in place of names: what was done matters, not by whom."""

import re
from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..enums import IncidentRole
from ..models import Incident, User
from .timeline import literal

SHORTEST_FIRST_NAME = 3
# What may stand before the first word of a line: marks of lists, quotes, headings, emphasis.
MARKS = " \t*_>#-+"
LOOKED_BACK = 40  # characters


def people_of(incident: Incident, others: QuerySet[User] | None = None) -> dict[str, str]:
    """The people that an incident names, and ``others``, each with what to say instead: “the incident lead”."""
    said: dict[str, str] = {}
    for role in IncidentRole:
        holder = incident.role_holder(role)
        if holder is not None:
            said.setdefault(holder.name, _("the %(role)s") % {"role": role.label.lower()})
    if incident.team_id and incident.team and incident.team.team_lead:
        said.setdefault(incident.team.team_lead.name, _("the team lead"))
    named = User.objects.filter(pk__in=incident.timeline.values("author"))
    for user in [incident.declared_by, *(named if others is None else named | others)]:
        if user is not None:
            said.setdefault(user.name, _somebody(user))
    return said


def everybody_else(people: Mapping[str, str]) -> dict[str, str]:
    """All other accounts by their full names of two words or more, which no ordinary word is mistaken for."""
    return {user.name: _somebody(user) for user in User.objects.filter(name__contains=" ") if user.name not in people}


def _somebody(user: User) -> str:
    return _("a responder") if user.is_responder else _("a colleague")


class Roles:
    """Says what role people had wherever a text names them: by full name, or by a first name that only one has.

    ``others`` are named by their full names only.
    """

    def __init__(self, people: Mapping[str, str], others: Mapping[str, str] | None = None) -> None:
        spoken = {**(others or {}), **_spoken_names(people)}
        # Sentences of ours put a backslash before what Markdown would take for a mark.
        self._instead = spoken | {literal(name): said for name, said in spoken.items()}
        names = sorted(self._instead, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w@])@?(?:{'|'.join(map(re.escape, names))})(?![\w@])") if names else None

    def in_place_of_names(self, text: str) -> str:
        """The text, each name replaced; with a capital where a sentence begins."""
        if self._pattern is None:
            return text

        def role(match: re.Match[str]) -> str:
            said = self._instead[match[0].removeprefix("@")]
            before = text[max(0, match.start() - LOOKED_BACK) : match.start()]
            begins = not before.rpartition("\n")[2].strip(MARKS) or before.rstrip()[-1:] in {".", "!", "?"}
            return said[0].upper() + said[1:] if begins else said

        return self._pattern.sub(role, text)


def _spoken_names(people: Mapping[str, str]) -> dict[str, str]:
    """Full names, and first names that only one of them has."""
    instead = dict(people)
    firsts = [name.split()[0] for name in people if " " in name]
    for name, said in people.items():
        first = name.split()[0]
        if " " in name and firsts.count(first) == 1 and len(first) >= SHORTEST_FIRST_NAME:
            instead.setdefault(first, said)
    return instead
