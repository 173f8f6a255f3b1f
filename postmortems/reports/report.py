"""The figures of one page or file, for one reader and one choice of filters."""

import datetime as dt
from collections import defaultdict
from functools import cached_property
from typing import Any

from django.utils.formats import date_format

from incidents.duration_text import MINUTE
from incidents.enums import Severity
from incidents.insights import Figures, Step, gather, service_places, steps, steps_of
from incidents.models import Incident, Service, User

from .. import insights
from ..forms.insights import InsightFilters
from .tables import Cell


class Report:
    """The figures of one page, each fetched when it is first asked for."""

    def __init__(self, user: User, filters: InsightFilters) -> None:
        self.user = user
        self.filters = filters
        self.zone = filters.zone
        self.now = filters.now
        self.today = self.now.astimezone(self.zone).date()
        self._visible = Incident.objects.visible_to(user)
        self.found = self._visible.in_figures().filtered(filters.criteria)

    @cached_property
    def figures(self) -> Figures:
        return gather(self.found)

    @cached_property
    def near_misses(self) -> int:
        return self._visible.near_misses().filtered(self.filters.criteria).count()

    @cached_property
    def services(self) -> dict[int, tuple[str, str]]:
        """Address and name of each service by its key."""
        rows = Service.objects.to_choose_from().values_list("pk", "slug", "name")
        chosen = self.filters.cleaned_data.get("service")
        return {key: (slug, name) for key, slug, name in rows if not chosen or slug == chosen}

    @cached_property
    def by_service(self) -> dict[int, list[int]]:
        """The places of the incidents of each service, those with most first."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for service, place in service_places(self.figures):
            if service in self.services:
                found[service].append(place)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), self.services[item[0]][1].casefold())))

    @cached_property
    def services_of_places(self) -> dict[int, list[int]]:
        """The services of the incident at each place."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for service, places in self.by_service.items():
            for place in places:
                found[place].append(service)
        return found

    @cached_property
    def by_severity(self) -> dict[str, list[int]]:
        """The places of the incidents of each severity, the gravest first."""
        found = self.figures.places(self.figures.severities)
        return {severity: found[severity] for severity in Severity if severity in found}

    @cached_property
    def steps(self) -> list[Step]:
        """The months, quarters or years that the figures span."""
        first = self.filters.first_day or self._day_of(min(self.figures.sort_minutes, default=None))
        return steps(min(first, self.filters.last_day), self.filters.last_day)

    @cached_property
    def steps_of_places(self) -> list[int]:
        """In which step the incident at each place lies."""
        return steps_of(self.figures.sort_minutes, self.steps, self.zone)

    @cached_property
    def by_step(self) -> list[list[int]]:
        """The places of the incidents of each step."""
        found = self.figures.places(self.steps_of_places)
        return [found.get(place, []) for place in range(len(self.steps))]

    @cached_property
    def links(self) -> list[insights.Link]:
        return insights.repeat_links(self.user)

    @cached_property
    def triggers(self) -> list[insights.Trigger]:
        return insights.triggers(self.figures)

    @cached_property
    def checks(self) -> list[insights.Check]:
        return insights.checks(self.figures)

    def service_cell(self, key: int) -> Cell:
        slug, name = self.services[key]
        return Cell(name, self.filters.behind(service=slug))

    def severity_cell(self, severity: str) -> Cell:
        return Cell(str(Severity(severity).label), self.filters.behind(severity=severity))

    def step_cell(self, step: Step) -> Cell:
        return Cell(step_label(step), self.filters.behind(since=step.first_day, until=step.last_day))

    def groups(self, *, by_time: bool) -> list[tuple[Cell, list[int], dict[str, Any]]]:
        """The incidents by severity or over time: a cell to begin the row, their places, and what an address says."""
        if by_time:
            return [
                (self.step_cell(step), places, {"since": step.first_day, "until": step.last_day})
                for step, places in zip(self.steps, self.by_step, strict=True)
            ]
        return [
            (self.severity_cell(severity), places, {"severity": severity})
            for severity, places in self.by_severity.items()
        ]

    def _day_of(self, minute: int | None) -> dt.date:
        if minute is None:
            return self.today
        return dt.datetime.fromtimestamp(minute * MINUTE, self.zone).date()


def step_label(step: Step) -> str:
    """A step as people say it: ``Mar 2026``, ``Q1 2026``, ``2026``."""
    year, _space, part = step.label.partition("-")
    return date_format(step.first_day, "M Y") if part else year
