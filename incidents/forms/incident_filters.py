"""What the list of incidents is narrowed down to and how it is sorted, as its address says it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import registry
from ..clock_text import zone_label
from ..domain.durations import BETWEEN, DurationName
from ..enums import OPEN_STATUSES, DetectedBy, IncidentKind, Severity, Status
from ..minutes import in_wrong_order, measured
from ..querysets import IN_FIGURES, NEAR_MISSES, IncidentCriteria
from ..registry import ListFilter

OPEN = "open"
STATUSES = [(OPEN, gettext_lazy("Open")), *Status.choices]
PERIODS = [
    ("7d", gettext_lazy("Last 7 days")),
    ("30d", gettext_lazy("Last 30 days")),
    ("90d", gettext_lazy("Last 90 days")),
    ("365d", gettext_lazy("Last 12 months")),
]
SORTS = [
    ("newest", gettext_lazy("Newest first")),
    ("oldest", gettext_lazy("Oldest first")),
    ("severity", gettext_lazy("Gravest first")),
    ("number", gettext_lazy("Highest number first")),
]
# The columns of each order, as keyset paging wants them: none is NULL and the last one is unique.
ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-sort_at", "-id"),
    "oldest": ("sort_at", "id"),
    "severity": ("severity_rank", "-sort_at", "-id"),
    "number": ("-number", "-id"),
}
# What stands behind a figure of the insights: said by the address alone, no fields of the form, but chips once there.
RECORDED, INVALID = "recorded", "invalid"
COUNTED, NEAR_MISS = "counted", "near_misses"
BEHIND_FIGURES = (
    ListFilter(
        "figures",
        gettext_lazy("In figures"),
        [(COUNTED, gettext_lazy("incidents that count")), (NEAR_MISS, gettext_lazy("near misses"))],
        lambda value, _user: IN_FIGURES if value == COUNTED else NEAR_MISSES,
    ),
    ListFilter(
        "duration",
        gettext_lazy("Duration"),
        [
            *(
                (f"{name}:{RECORDED}", format_lazy("{}: {}", name.label, gettext_lazy("measured")))
                for name in DurationName
            ),
            *(
                (f"{name}:{INVALID}", format_lazy("{}: {}", name.label, gettext_lazy("times in the wrong order")))
                for name in DurationName
            ),
        ],
        lambda value, _user: _duration(value),
    ),
)
# Filled from the database; the others are always the same.
LISTS = ("service", "team", "lead", "tag")
MAX_OPTIONS = 200  # in one list; a longer one is no help to anybody
# Far from where moments in UTC end, so that no zone leads beyond.
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 1), dt.date(2200, 12, 31)


class OneOf(forms.ChoiceField):
    """A choice that may be left open."""

    default_error_messages = {"invalid_choice": gettext_lazy("There is no such choice any more.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class SomeOf(forms.MultipleChoiceField):
    default_error_messages = OneOf.default_error_messages

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class Day(forms.DateField):
    """A date as the browser's field for dates sends it."""

    default_error_messages = {"invalid": gettext_lazy("Write a date such as 2026-01-31.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        if day and not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field as the template prints it: Django's own widgets cost a template for each option of each list."""

    name: str
    label: str
    value: str
    blank: str
    options: list[tuple[str, str, bool]]
    errors: list[str]

    @property
    def option_elements(self) -> SafeString:
        """The ``<option>`` elements in one piece; a loop in the template would cost more than all rows of the list."""
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((value, " selected" if chosen else "", label) for value, label, chosen in self.options),
        )


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter in force, with the address of the list without it."""

    label: str
    value: str
    remove_url: str


class IncidentFilters(forms.Form):
    """The filters in the address. What is unknown gets a message beside its field and narrows nothing."""

    q = forms.CharField(label=gettext_lazy("Title or number"), max_length=200, required=False)
    severity = SomeOf(label=gettext_lazy("Severity"), choices=Severity)
    status = SomeOf(label=gettext_lazy("Status"), choices=STATUSES)
    service = OneOf(label=gettext_lazy("Service"))
    team = OneOf(label=gettext_lazy("Team"))
    lead = OneOf(label=gettext_lazy("Incident lead"))
    tag = OneOf(label=gettext_lazy("Tag"))
    kind = OneOf(label=gettext_lazy("Kind"), choices=IncidentKind)
    detected_by = OneOf(label=gettext_lazy("Who noticed"), choices=DetectedBy)
    period = OneOf(label=gettext_lazy("When"), choices=PERIODS)
    since = Day(label=gettext_lazy("From"))
    until = Day(label=gettext_lazy("To"))
    sort = OneOf(label=gettext_lazy("Order"), choices=SORTS)

    def __init__(
        self, data: QueryDict, *, user: Any, options: Iterable[tuple[str, str, str]], zone: dt.tzinfo, now: dt.datetime
    ) -> None:
        """Read the address. ``options`` are (list, value, label) for the `LISTS`; days begin and end in ``zone``."""
        super().__init__(data)
        self.user = user
        self.zone = zone
        self.now = now
        self.narrowings = {each.name: each for each in (*BEHIND_FIGURES, *registry.list_filters())}
        for each in self.narrowings.values():
            if each.name in data:
                self.fields[each.name] = OneOf(label=each.label, choices=each.choices)
        self.pairs = [(name, value) for name in self.fields for value in data.getlist(name) if value]
        offered = sorted(options, key=lambda option: option[2].casefold())
        for name in LISTS:
            if name not in self.fields:
                continue
            mine = [(value, label) for of, value, label in offered if of == name]
            # The one that is chosen stays on offer, however many there are.
            chosen = [option for option in mine[MAX_OPTIONS:] if option[0] == data.get(name)]
            self._choice(name).choices = mine[:MAX_OPTIONS] + chosen

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        for name in [name for name in ("severity", "status") if name in self.fields]:
            # Of several, those that are known still count.
            known = {str(value) for value, _label in self._choice(name).choices}
            data[name] = [value for value in self.data.getlist(name) if value in known]
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", _("This is before the first day."))
        return data

    @property
    def criteria(self) -> IncidentCriteria:
        """What the database is asked for."""
        self.is_valid()
        data = self.cleaned_data
        return IncidentCriteria(
            text=data.get("q", ""),
            severities=tuple(data.get("severity", ())),
            statuses=self._statuses(data.get("status", [])),
            service=data.get("service", ""),
            team=data.get("team", ""),
            incident_lead=data.get("lead", ""),
            tag=data.get("tag", ""),
            kind=data.get("kind", ""),
            detected_by=data.get("detected_by", ""),
            since=max(filter(None, [self._period_start(data), self._midnight(data.get("since"))]), default=None),
            until=self._midnight(data.get("until"), days_later=1),
            conditions=tuple(
                each.condition(data[name], self.user) for name, each in self.narrowings.items() if data.get(name)
            ),
        )

    @property
    def sorting(self) -> str:
        """The order asked for, newest first unless another one is."""
        return self.cleaned_data.get("sort") or "newest"

    @property
    def order(self) -> tuple[str, ...]:
        """The columns to sort by."""
        return ORDERS[self.sorting]

    @property
    def active(self) -> list[ActiveFilter]:
        """The filters in force, in the order of the fields."""
        return [
            ActiveFilter(str(self.fields[name].label), self._value_label(name, value), self._url_without(name, value))
            for name, value in dict.fromkeys(self.pairs)
            if name != "sort" and self._is_in_force(name, value)
        ]

    @property
    def url(self) -> str:
        """The query of this list, from its first page on."""
        return _address(self.pairs)

    def url_with(self, **values: str) -> str:
        """The address of the list with these values in place of the present ones; a blank one takes it away."""
        kept = [(name, value) for name, value in self.pairs if name not in values]
        return _address([*kept, *((name, value) for name, value in values.items() if value)])

    # What the template prints

    @property
    def words(self) -> ShownField:
        return self._shown("q")

    @property
    def main_lists(self) -> list[ShownField]:
        return [self._shown("service", _("All services")), self._shown("period", _("Any time")), self._shown("sort")]

    @property
    def pills(self) -> list[ShownField]:
        return [self._shown("status"), self._shown("severity")]

    @property
    def more_lists(self) -> list[ShownField]:
        anybody, any_ = _("Anybody"), _("Any")
        blanks = {"team": _("All teams"), "lead": anybody, "tag": any_, "kind": any_, "detected_by": anybody}
        return [self._shown(name, blank) for name, blank in blanks.items()]

    @property
    def days(self) -> list[ShownField]:
        return [self._shown("since"), self._shown("until")]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the address says beyond the fields of the form, and keeps when that is sent."""
        return [(name, value) for name, value in self.pairs if name in self.narrowings and name not in self.errors]

    @property
    def not_kept(self) -> list[str]:
        """What is wrong with that."""
        return [str(error) for name in self.narrowings for error in self.errors.get(name, ())]

    @property
    def shows_more(self) -> bool:
        """Whether something stands in the fields that are folded away otherwise."""
        in_sight = ("q", "service", "period", "sort", *self.narrowings)
        return any(name not in in_sight for name, _value in self.pairs)

    @property
    def zone_label(self) -> str:
        return zone_label(self.zone, self.now)

    @property
    def severity_url(self) -> str:
        return self.url_with(sort="severity")

    @property
    def number_url(self) -> str:
        return self.url_with(sort="number")

    @property
    def started_url(self) -> str:
        return self.url_with(sort="oldest" if self.sorting == "newest" else "")

    def _shown(self, name: str, blank: str = "") -> ShownField:
        field = self.fields[name]
        chosen = self.data.getlist(name)
        return ShownField(
            name=name,
            label=str(field.label),
            value=chosen[-1] if chosen else "",
            blank=blank,
            options=[(str(value), str(label), value in chosen) for value, label in getattr(field, "choices", ())],
            errors=[str(error) for error in self.errors.get(name, ())],
        )

    def _url_without(self, name: str, value: str) -> str:
        return _address([pair for pair in self.pairs if pair != (name, value)])

    def _choice(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    def _value_label(self, name: str, value: str) -> str:
        choices = getattr(self.fields[name], "choices", ())
        return next((str(label) for known, label in choices if known == value), value)

    def _is_in_force(self, name: str, value: str) -> bool:
        if name in ("severity", "status"):
            return value in self.cleaned_data[name]
        return name not in self.errors and value == self.data.get(name)

    def _statuses(self, chosen: list[str]) -> tuple[str, ...]:
        statuses = {status for status in chosen if status != OPEN}
        return tuple(statuses | set(OPEN_STATUSES) if OPEN in chosen else statuses)

    def _period_start(self, data: dict[str, Any]) -> dt.datetime | None:
        period = data.get("period")
        return self.now - dt.timedelta(days=int(period.removesuffix("d"))) if period else None

    def _midnight(self, day: dt.date | None, days_later: int = 0) -> dt.datetime | None:
        """When the day begins where the reader is, in UTC."""
        if day is None:
            return None
        return dt.datetime.combine(day + dt.timedelta(days=days_later), dt.time(), self.zone).astimezone(dt.UTC)


def _duration(value: str) -> Q:
    name, _colon, state = value.partition(":")
    start, end = BETWEEN[DurationName(name)]
    return measured(start, end) if state == RECORDED else in_wrong_order(start, end)


def _address(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}"
