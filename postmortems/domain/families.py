"""Which incidents repeat which, as one reader may know it."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.urls import reverse

from ..models import RootCause


class Linked(NamedTuple):
    """An incident that is named beside another."""

    at: dt.datetime
    reference: str

    @property
    def url(self) -> str:
        return reverse("incident", args=[self.reference])


@dataclass(slots=True)
class Family:
    """What an incident repeats, and where it happened again, each the latest first."""

    earlier: list[Linked] = field(default_factory=list)
    later: list[Linked] = field(default_factory=list)


def families_of(incidents: Collection[int], user: Any) -> dict[int, Family]:
    """For those of these incidents (keys) that are a repeat or were repeated: with which others. One query."""
    groups: dict[int, dict[int, Linked]] = {}
    for group, key, series, number, sort_at in RootCause.objects.families_of(incidents, user):
        groups.setdefault(group, {})[key] = Linked(sort_at, f"{series}-{number}")
    found: dict[int, Family] = {}
    for members in groups.values():
        for key in members.keys() & set(incidents):
            for other, linked in members.items():
                if other != key:
                    _add(found.setdefault(key, Family()), members[key], linked)
    return found


def _add(family: Family, own: Linked, other: Linked) -> None:
    side = family.earlier if other.at <= own.at else family.later
    if other not in side:
        side.append(other)
        side.sort(reverse=True)
