"""What the insights are put together of: headlines, tables, bars, and the CSV file of a section.

A chart is drawn from its table, and the file is the tables, so none of them can disagree.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from incidents.duration_text import MINUTE, format_duration
from incidents.insights import Share

from ..insights import Chain, ChainPart

CSV_HEADER = ("table", "row", "column", "value")
BAR = 1000
# A count that is an ordinary number of things, and one that is read as a length of time.
COUNT, MINUTES, PERCENT = "count", "minutes", "percent"
# How a table is drawn: lying bars for names, standing columns for months.
BARS, COLUMNS, STACKED_BARS, STACKED_COLUMNS = "bars", "columns", "stacked-bars", "stacked-columns"
BOXES = "boxes"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table says at one place; ``value`` is what a chart and a spreadsheet take, where that is a number."""

    text: str
    url: str = ""
    value: int | float | None = None
    # Several short ones in place of one: the incidents that are listed where they are few.
    items: list["Cell"] = field(default_factory=list)
    span: int = 1
    # How dark it is drawn, in four steps: the larger its part, the darker.
    shade: int = 0


class Column(NamedTuple):
    """``series`` is how a chart draws it: a colour, or a part of a box; blank where it does not."""

    label: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``chart`` is how it is drawn besides, as ``static/js/charts.js`` knows it; ``unit`` is what its numbers are."""

    key: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    chart: str = ""
    unit: str = COUNT
    # Classes of its element, whether it needs the whole width, and whether it stands behind a picture.
    look: str = ""
    is_wide: bool = False
    is_folded: bool = False


class Headline(NamedTuple):
    """One number that matters, and in words what it is of."""

    number: str
    words: str
    url: str = ""


class Segment(NamedTuple):
    """A part of a bar: place and width in thousandths of it."""

    key: str
    label: str
    x: int
    width: int


class Bar(NamedTuple):
    label: str
    url: str
    segments: list[Segment]
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    headlines: list[Headline] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    note: str = ""
    chains: list[Chain] = field(default_factory=list)
    more_chains: int = 0
    bars: list[tuple[str, list[Bar]]] = field(default_factory=list)


def lines(section: Section) -> Iterator[list[Any]]:
    """A section as a spreadsheet under `CSV_HEADER`: one line for each number, so that it can be sorted and summed."""
    for place, chain in enumerate(section.chains, start=1):
        for part in chain:
            yield from _chain_lines(place, part)
    for table in section.tables:
        for row in table.rows:
            yield from _row_lines(table, row)


def _chain_lines(place: int, part: ChainPart) -> Iterator[list[Any]]:
    reference = part.incident.reference
    yield [_("Chains"), place, reference, part.incident.title]
    if part.causes:
        yield [_("Chains"), place, _("%(reference)s, same cause") % {"reference": reference}, "; ".join(part.causes)]
    for item in part.open_items:
        yield [_("Chains"), place, _("%(reference)s, still open") % {"reference": reference}, item.reference]


def _row_lines(table: Table, row: list[Cell]) -> Iterator[list[Any]]:
    first, *cells = row
    labels = [column.label for column in table.columns[1:]]
    for cell in cells:
        label, labels = labels[0], labels[cell.span :]
        if cell.items:
            yield from ([table.caption, first.text, item.text, item.value] for item in cell.items)
        elif cell.text:
            yield [table.caption, first.text, label, cell.text if cell.value is None else cell.value]


def number(value: int, url: str = "") -> Cell:
    """A count, which leads to what it counts unless that is nothing."""
    return Cell(str(value), url if value else "", value)


def percent(share: Share, url: str = "") -> Cell:
    """A part in per cent; a dash where there is nothing to have a part of."""
    if share.percent is None:
        return Cell("–")
    return Cell(_("%(percent)d %%") % {"percent": share.percent}, url if share.part else "", share.percent)


def length(minutes: int) -> str:
    """Minutes as people read them."""
    return format_duration(minutes * MINUTE) if minutes else _("0 min")


def plain(labels: Sequence[str], *, accent: int) -> list[Column]:
    """Columns of which a chart draws one."""
    return [Column(label, "accent" if place == accent else "") for place, label in enumerate(labels)]


def share_headline(share: Share, words: str, url: str) -> Headline:
    if share.percent is None:
        return Headline("–", words)
    of = _("%(part)d of %(of)d") % {"part": share.part, "of": share.of}
    return Headline(_("%(percent)d %%") % {"percent": share.percent}, f"{words} · {of}", url if share.part else "")


def choices_table(
    name: str, label: str, caption: str, choices: type[TextChoices], counts: dict[str, int], behind: Callable[..., str]
) -> Table:
    ordered = sorted((choice for choice in choices if counts.get(choice)), key=lambda choice: -counts[choice])
    rows = [[Cell(str(choice.label)), number(counts[choice], behind(**{name: choice.value}))] for choice in ordered]
    return Table(f"by-{name}", caption, plain([label, _("Incidents")], accent=1), rows, BARS)
