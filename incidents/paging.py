"""Pages of a list by key instead of by number: the last page costs as much as the first, and new rows shift none.

A page is found by the sort columns of the row beside it, which stand in the address as ``after=…`` or ``before=…``.
Every column has to be NOT NULL (the engines order nulls differently) and the last one unique.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)

PAGE_SIZE = 50  # rows
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
# Digits enough for a BIGINT, and never more than one.
TOKEN = re.compile(r"-?[0-9]{1,18}(?:\.-?[0-9]{1,18})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page; ``before`` and ``after`` are the tokens of the pages beside it, blank where none is."""

    rows: list[Row]
    before: str
    after: str


def keyset_page(
    queryset: models.QuerySet[Row], *, order: Sequence[str], params: Mapping[str, str], size: int = PAGE_SIZE
) -> Page[Row]:
    """The page that ``params`` (``request.GET``) asks for; the first one where its token is missing or means nothing.

    ``order`` names the columns as ``order_by()`` does; one that is none is annotated as a whole number. Costs one
    query; another one where the token leads off either end, or from one value of the first of three columns to the
    next.
    """
    after = _position(queryset.model, order, params.get("after", ""))
    before = _position(queryset.model, order, params.get("before", ""))
    if after is not None:
        rows = _rows_beyond(queryset, order, after, size)
        if rows:
            return _page(rows, order, size, has_rows_before=True)
    elif before is not None:
        rows = _rows_beyond(queryset, _reversed(order), before, size)
        # Less than that is the first page, which may have grown since.
        if len(rows) > size:
            rows = rows[:size][::-1]
            return Page(rows, before=token(rows[0], order), after=token(rows[-1], order))
    return _page(_rows_beyond(queryset, order, None, size), order, size, has_rows_before=False)


def beyond(order: Sequence[str], position: Sequence[Any]) -> Q:
    """What comes after ``position`` in this order.

    Written as ``a <= x AND (a < x OR b < y)``: the first half lets either engine begin at the right place of the index.
    """
    column, value = order[0].removeprefix("-"), position[0]
    way = "lt" if order[0].startswith("-") else "gt"
    strictly = Q(**{f"{column}__{way}": value})
    if len(order) == 1:
        return strictly
    return Q(**{f"{column}__{way}e": value}) & (strictly | beyond(order[1:], position[1:]))


def _page(rows: list[Row], order: Sequence[str], size: int, *, has_rows_before: bool) -> Page[Row]:
    return Page(
        rows[:size],
        before=token(rows[0], order) if has_rows_before else "",
        after=token(rows[size - 1], order) if len(rows) > size else "",
    )


def _rows_beyond(
    queryset: models.QuerySet[Row], order: Sequence[str], position: Sequence[Any] | None, size: int
) -> list[Row]:
    """One row more than fits on the page says that there is another page, without counting."""
    wanted = size + 1
    if position is None:
        return list(queryset.order_by(*order)[:wanted])
    if len(order) <= 2:
        return list(queryset.filter(beyond(order, position)).order_by(*order)[:wanted])
    # So many rows share the first of three columns that no index could skip those of them that were shown before.
    # Asked for one after the other, the two halves each begin at the right place.
    same = {order[0].removeprefix("-"): position[0]}
    rows = list(queryset.filter(beyond(order[1:], position[1:]), **same).order_by(*order)[:wanted])
    if len(rows) < wanted:
        rows += queryset.filter(beyond(order[:1], position)).order_by(*order)[: wanted - len(rows)]
    return rows


def _reversed(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def token(row: models.Model, order: Sequence[str]) -> str:
    """Where a row stands, as whole numbers: moments are microseconds since 1970, dates days since the year 1."""
    return ".".join(str(_number(getattr(row, name.removeprefix("-")))) for name in order)


def _number(value: dt.datetime | dt.date | int) -> int:
    if isinstance(value, dt.datetime):
        return (value - EPOCH) // MICROSECOND
    return value.toordinal() if isinstance(value, dt.date) else value


def _position(model: type[models.Model], order: Sequence[str], token: str) -> list[Any] | None:
    """The values in a token, or nothing where it was not made for this order."""
    numbers = [int(part) for part in token.split(".")] if TOKEN.fullmatch(token) else []
    if len(numbers) != len(order):
        return None
    try:
        return [_value(model, name.removeprefix("-"), number) for name, number in zip(order, numbers, strict=True)]
    except (OverflowError, ValueError):
        return None


def _value(model: type[models.Model], column: str, number: int) -> dt.datetime | dt.date | int:
    try:
        field = model._meta.get_field(column)
    except FieldDoesNotExist:
        # Annotated, as a whole number.
        return number
    if isinstance(field, models.DateTimeField):
        return EPOCH + number * MICROSECOND
    return dt.date.fromordinal(number) if isinstance(field, models.DateField) else number
