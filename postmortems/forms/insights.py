"""Which incidents the insights are about, and how they are shown, as their address says it."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.enums import IncidentKind
from incidents.forms.incident_filters import COUNTED, PERIODS, ActiveFilter, IncidentFilters, OneOf, ShownField

from ..enums import DefenceResult

ALL = "all"
LONGEST = "365d"
SHOWN_PERIODS = [*(period for period in PERIODS if period[0] in ("90d", LONGEST)), (ALL, gettext_lazy("All time"))]
BY_SEVERITY, BY_TIME, BY_SERVICE = "severity", "time", "service"


class Switch(NamedTuple):
    """Ways to show the same, side by side: the address of each, its label, and whether it is the one in force."""

    label: str
    links: list[tuple[str, str, bool]]


class InsightFilters(IncidentFilters):
    """The filters of the list of incidents as far as figures have them; the last 12 months unless another time is
    asked for. A team is chosen by its own people and by admins.
    """

    q = None  # type: ignore[assignment]
    status = None  # type: ignore[assignment]
    lead = None  # type: ignore[assignment]
    detected_by = None  # type: ignore[assignment]
    sort = None  # type: ignore[assignment]
    kind = OneOf(
        label=gettext_lazy("Written down"),
        choices=[
            (IncidentKind.INCIDENT, gettext_lazy("While it happened")),
            (IncidentKind.BACKFILL, gettext_lazy("Imported history")),
        ],
    )
    period = OneOf(label=gettext_lazy("When"), choices=SHOWN_PERIODS)
    # How it is shown, beside what is counted.
    by = OneOf(
        label=gettext_lazy("How long it took"),
        choices=[(BY_SEVERITY, gettext_lazy("by severity")), (BY_TIME, gettext_lazy("over time"))],
    )
    columns = OneOf(
        label=gettext_lazy("Safety nets"),
        choices=[(BY_SERVICE, gettext_lazy("by service")), (BY_TIME, gettext_lazy("over time"))],
    )
    result = OneOf(label=gettext_lazy("What they did"), choices=DefenceResult)

    def __init__(
        self, data: QueryDict, *, teams: Collection[str] | None, options: Iterable[tuple[str, str, str]], **more: Any
    ) -> None:
        """``teams`` are those that may be asked about, by their keys as text; nothing for all of them."""
        data = data.copy()
        if not any(data.get(name) for name in ("period", "since", "until")):
            data["period"] = LONGEST
        allowed = [option for option in options if option[0] != "team" or teams is None or option[1] in teams]
        super().__init__(data, options=allowed, **more)
        for name in self.narrowings:
            self.fields.pop(name, None)

    @property
    def by_time(self) -> bool:
        """Whether durations are shown over time."""
        return self.cleaned_data.get("by") == BY_TIME

    @property
    def nets_by_time(self) -> bool:
        """Whether the columns of the safety nets are months, and not services."""
        return self.cleaned_data.get("columns") == BY_TIME

    @property
    def shown_result(self) -> DefenceResult:
        """What of the safety nets is counted."""
        return DefenceResult(self.cleaned_data.get("result") or DefenceResult.ABSENT)

    @property
    def first_day(self) -> dt.date | None:
        """The day where the reader is that figures begin with; nothing where they hold all there is."""
        since = self.criteria.since
        return since.astimezone(self.zone).date() if since else None

    @property
    def last_day(self) -> dt.date:
        """The last day that figures can hold, today at the latest."""
        today = self.now.astimezone(self.zone).date()
        return min(self.cleaned_data.get("until") or today, today)

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.pairs if name in ("by", "columns", "result")]

    @property
    def active(self) -> list[ActiveFilter]:
        shown = {str(self.fields[name].label) for name, _value in self.kept}
        if "period" in self.data and self.data["period"] == LONGEST:
            shown.add(str(self.fields["period"].label))
        return [each for each in super().active if each.label not in shown]

    def behind(self, *, since: dt.date | None = None, until: dt.date | None = None, **values: str) -> str:
        """The address of the list of those incidents that are counted here and meet these values besides."""
        data = self.cleaned_data
        pairs = [
            (name, value)
            for name, value in self.pairs
            if name in ("severity", "service", "team", "tag", "kind", "period") and name not in values and value != ALL
        ]
        values.setdefault("figures", COUNTED)
        days = {
            "since": max(filter(None, (since, data.get("since"))), default=None),
            "until": min(filter(None, (until, data.get("until"))), default=None),
        }
        dated = [(name, day.isoformat()) for name, day in days.items() if day]
        return f"{reverse('incident-list')}?{urlencode([*pairs, *dated, *values.items()])}"

    # What the template prints

    @property
    def main_lists(self) -> list[ShownField]:
        return [self._shown("period"), self._shown("service", _("All services"))]

    @property
    def pills(self) -> list[ShownField]:
        return [self._shown("severity")]

    @property
    def more_lists(self) -> list[ShownField]:
        lists = [self._shown("team", _("All teams")), self._shown("tag", _("Any")), self._shown("kind", _("Either"))]
        return [each for each in lists if each.options or each.value]

    @property
    def shows_more(self) -> bool:
        return any(name in ("severity", "team", "tag", "kind", "since", "until") for name, _value in self.pairs)

    @property
    def by_list(self) -> "Switch":
        return self._switch("by", BY_SEVERITY)

    @property
    def columns_list(self) -> "Switch":
        return self._switch("columns", BY_SERVICE)

    @property
    def result_list(self) -> "Switch":
        return self._switch("result", DefenceResult.ABSENT)

    def _switch(self, name: str, default: str) -> "Switch":
        chosen = self.cleaned_data.get(name) or default
        choices = [(str(value), str(label)) for value, label in self._choice(name).choices]
        links = [(self.url_with(**{name: value}), label, value == chosen) for value, label in choices]
        return Switch(str(self.fields[name].label), links)

    def _period_start(self, data: dict[str, Any]) -> dt.datetime | None:
        return None if data.get("period") == ALL else super()._period_start(data)
