"""CSV files that open in spreadsheets as what they are: text, never a formula."""

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from .domain.durations import durations
from .enums import Milestone
from .models import Incident

# What makes a spreadsheet run a cell instead of showing it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Tells spreadsheets that the file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
LINES_AT_ONCE = 200

# The columns in their order; the names are for machines too and never translated.
COLUMNS: dict[str, Callable[[Incident], Any]] = {
    "reference": lambda incident: incident.reference,
    "title": lambda incident: incident.title,
    "kind": lambda incident: incident.kind,
    "severity": lambda incident: incident.severity,
    "status": lambda incident: incident.status,
    "services": lambda incident: "; ".join(service.name for service in incident.services.all()),
    "team": lambda incident: incident.team and incident.team.name,
    "incident_lead": lambda incident: incident.incident_lead and incident.incident_lead.name,
    "communications_lead": lambda incident: incident.communications_lead and incident.communications_lead.name,
    "scribe": lambda incident: incident.scribe and incident.scribe.name,
    "declared_by": lambda incident: incident.declared_by and incident.declared_by.name,
    "tags": lambda incident: "; ".join(tag.name for tag in incident.tags.all()),
    "detected_by": lambda incident: incident.detected_by,
    "private": lambda incident: "yes" if incident.is_private else "no",
    "home_zone": lambda incident: incident.home_zone,
}
INCIDENT_HEADER = [
    *COLUMNS,
    *(name for milestone in Milestone for name in (f"{milestone}_at", f"{milestone}_precision")),
    *("minutes_to_detect", "minutes_to_acknowledge", "minutes_to_mitigate", "minutes_to_resolve"),
]


def incident_cells(incident: Incident) -> list[Any]:
    """One incident as a line under `INCIDENT_HEADER`; moments are UTC, a bound or an unknown length is left blank."""
    cells = [column(incident) for column in COLUMNS.values()]
    for milestone in Milestone:
        at = incident.milestone(milestone)
        cells += [at, incident.milestone_precision(milestone) if at else ""]
    for length in durations(incident):
        cells.append(length.seconds // 60 if length.counts_in_medians and length.seconds is not None else "")
    return cells


def spreadsheet(name: str, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A CSV file to download, written while it is sent, so that its length costs no memory."""
    return StreamingHttpResponse(
        _batches(header, lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def plain_cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula; a moment as ISO 8601 in UTC, nothing as blank."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    text = str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not is_number else text


class _Echo:
    """Gives back what is written to it, for the csv module wants a file."""

    def write(self, line: str) -> str:
        return line


def _batches(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text of the file in pieces of many lines: one write to the network for each line would be slow."""
    writer = csv.writer(_Echo())
    batch = [BYTE_ORDER_MARK, writer.writerow(header)]
    for line in lines:
        batch.append(writer.writerow([plain_cell(cell) for cell in line]))
        if len(batch) >= LINES_AT_ONCE:
            yield "".join(batch)
            batch = []
    yield "".join(batch)
