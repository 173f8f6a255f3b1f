"""Moments as whole minutes of the clock, counted by the database: `domain.durations` for thousands of rows."""

from typing import Any

from django.db.models import BigIntegerField, Case, F, Func, Q, Value, When
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from .enums import Precision


class Figure(Func):
    """A whole number, handed on as the driver gives it: Django would call a function for each of a hundred thousand."""

    output_field = BigIntegerField()

    @property
    def convert_value(self) -> Any:
        return self._convert_value_noop  # type: ignore[attr-defined]


class Marks(Figure):
    """Which of these conditions hold, as the sum of 2 to the power of their places."""

    template = "(%(expressions)s)"
    arg_joiner = " + "

    def __init__(self, *conditions: Q) -> None:
        marks = [Case(When(each, then=Value(1 << place)), default=Value(0)) for place, each in enumerate(conditions)]
        super().__init__(*marks)


class Minute(Figure):
    """The minute that a moment lies in, counted since 1970 in UTC; nothing where there is no moment."""

    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 60)::bigint"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        seconds = "UNIXEPOCH(%(expressions)s)"
        if connection.Database.sqlite_version_info < (3, 38):
            seconds = "CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=f"({seconds} / 60)", **extra)


def measured(start: str, end: str) -> Q:
    """What holds where the time between these two milestones is a measurement: both known, in order, and no bounds."""
    both = {f"{start}_at__isnull": False, f"{end}_at__isnull": False}
    vague = Q(**{f"{start}_precision": Precision.NOT_LATER}) | Q(**{f"{end}_precision": Precision.NOT_LATER})
    return Q(**both) & ~vague & Q(GreaterThanOrEqual(_minute(end), _minute(start)))


def in_wrong_order(start: str, end: str) -> Q:
    """What holds where the later of two milestones is before the earlier one."""
    return Q(LessThan(_minute(end), _minute(start)))


def _minute(milestone: str) -> Minute:
    return Minute(F(f"{milestone}_at"))
