"""Importing documents: what is pasted or uploaded, and the preview of one document, every record of it editable."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any, TypeVar

from django import forms
from django.utils.dates import MONTHS
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.clock_text import Zone, parse_zone
from incidents.enums import Severity, TimelineKind
from incidents.errors import InvalidInput
from incidents.forms.fields import ZoneField

from ..enums import ActionType, CauseCategory, CauseRole
from ..transfer.markdown_reader import ActionRecord, CauseRecord, Document, EventRecord, MilestoneRecord
from ..transfer.texts import MAX_DOCUMENT_BYTES
from ..transfer.times import Walk, typed
from ..transfer.upload import MAX_DOCUMENTS, Piece, piece_of, read_files

MAX_ROWS = 200
LONGEST_EVENT = 20_000


class Dressed(forms.Form):
    """A form whose fields are written out one by one, each with the class that the stylesheet knows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _dress(field)


def _dress(field: forms.Field) -> None:
    look = "form-control"
    if isinstance(field.widget, forms.Select):
        look = "form-select"
    elif isinstance(field.widget, forms.CheckboxInput):
        look = "form-check-input"
    if look not in field.widget.attrs.get("class", ""):
        field.widget.attrs["class"] = f"{field.widget.attrs.get('class', '')} {look}".strip()


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files; gives a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SeveralFilesInput(attrs={"accept": ".md,.markdown,.txt,.zip"}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [file for file in files if file]


class UploadForm(Dressed):
    """A pasted document, or files."""

    text = forms.CharField(
        label=gettext_lazy("Paste a postmortem"),
        required=False,
        strip=False,
        max_length=MAX_DOCUMENT_BYTES,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono"}),
        help_text=gettext_lazy("Markdown, or plain text with headings such as Timeline and Root cause."),
    )
    documents = SeveralFilesField(
        label=gettext_lazy("Or upload files"),
        required=False,
        help_text=format_lazy(
            gettext_lazy("Markdown files, or a zip of them: at most {most} documents and 5 MB."), most=MAX_DOCUMENTS
        ),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            data["pieces"] = self._pieces(data)
        return data

    def _pieces(self, data: dict[str, Any]) -> list[Piece]:
        pieces = [piece_of(_("pasted text"), data["text"].encode())] if data.get("text", "").strip() else []
        try:
            pieces += read_files(data.get("documents") or [])
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        if not pieces:
            raise forms.ValidationError(_("Paste a document, or choose files."), code="empty")
        return pieces


class EventRow(Dressed):
    """One event: when as typed, what, and which kind."""

    time = forms.CharField(label=gettext_lazy("When"), required=False, max_length=60)
    text = forms.CharField(
        label=gettext_lazy("What happened"), max_length=LONGEST_EVENT, widget=forms.Textarea(attrs={"rows": 2})
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=TimelineKind.choices)


class CauseRow(Dressed):
    title = forms.CharField(
        label=gettext_lazy("Cause"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 300})
    )
    role = forms.ChoiceField(label=gettext_lazy("What it did"), choices=CauseRole.choices)
    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=CauseCategory.choices)


class ActionRow(Dressed):
    title = forms.CharField(
        label=gettext_lazy("Action item"), max_length=500, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500})
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=ActionType.choices)


class Rows(forms.BaseFormSet):
    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        _dress(form.fields["DELETE"])


def _rows(row: type[forms.Form]) -> type[forms.BaseFormSet]:
    return forms.formset_factory(row, Rows, extra=0, can_delete=True, max_num=MAX_ROWS, absolute_max=MAX_ROWS)


EventRows, CauseRows, ActionRows = _rows(EventRow), _rows(CauseRow), _rows(ActionRow)


class HeadForm(Dressed):
    """What holds for the whole document."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    date = forms.DateField(
        label=gettext_lazy("Day it began"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    undated = forms.BooleanField(label=gettext_lazy("The day is not known: import it without times"), required=False)
    zone = ZoneField(
        label=gettext_lazy("Time zone"), required=False, help_text=gettext_lazy("Such as Europe/Berlin or UTC+02:00.")
    )
    started = forms.CharField(label=gettext_lazy("Impact started"), required=False, max_length=25)
    resolved = forms.CharField(label=gettext_lazy("Resolved"), required=False, max_length=25)
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)
    publish = forms.BooleanField(
        label=gettext_lazy("Publish at once"),
        required=False,
        help_text=gettext_lazy("Without a review; the page says that it was imported and not reviewed here."),
    )

    rest = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, may_publish: bool, needs_times: bool, rest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_times = needs_times
        if not may_publish:
            del self.fields["publish"]
        self.fields["rest"].label = ngettext(
            "Import %(number)d more record that is not shown, as it was read",
            "Import %(number)d more records that are not shown, as they were read",
            rest,
        ) % {"number": rest}
        self.fields["rest"].help_text = _("At most %(most)d of each kind are shown below.") % {"most": MAX_ROWS}
        if not rest:
            del self.fields["rest"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.needs_times and not data.get("undated") and not self.errors:
            if data.get("date") is None:
                self.add_error("date", _("Give the day with its year, or say that it is not known."))
            if not data.get("zone"):
                self.add_error("zone", _("Give the time zone, or say that the day is not known."))
        return data


Record = TypeVar("Record")


class Preview:
    """One document as it was read, in forms: its head, and a row for each event, cause and action item."""

    def __init__(self, document: Document, data: Any = None, *, may_publish: bool) -> None:
        self.read = document
        self.zone = _zone(document.timezone)
        self.day = _day(document, self.zone)
        self.events_read = [*document.lead_up, *document.timeline]
        needs_times = bool(document.timeline or document.naive or document.started_at)
        kinds = (self.events_read, document.root_causes, document.action_items)
        rest = sum(max(0, len(records) - MAX_ROWS) for records in kinds)
        self.head = HeadForm(data, initial=self._head(), may_publish=may_publish, needs_times=needs_times, rest=rest)
        if said := _day_without_year(document):
            self.head.fields["date"].help_text = _("The text says %(day)s, without a year.") % {"day": said}
        events = [self._event(event) for event in self.events_read[:MAX_ROWS]]
        self.events = EventRows(data, prefix="e", initial=events)
        self.causes = CauseRows(data, prefix="c", initial=[_cause(cause) for cause in document.root_causes[:MAX_ROWS]])
        self.actions = ActionRows(
            data, prefix="a", initial=[_action(item) for item in document.action_items[:MAX_ROWS]]
        )

    def _rest(self, read: list[Record]) -> list[Record]:
        """The records for which there was no row, where they are wanted too."""
        return read[MAX_ROWS:] if self.head.cleaned_data.get("rest") else []

    def is_valid(self) -> bool:
        """Whether every form is; all are looked at, so that all errors show at once."""
        return not self.has_errors and self.head.is_bound

    @property
    def has_errors(self) -> bool:
        return any(
            form.is_bound and not form.is_valid() for form in (self.head, self.events, self.causes, self.actions)
        )

    def document(self) -> Document:
        """The document as it was corrected. Raises ``InvalidInput`` for a time that is none, or a wrong order."""
        data = self.head.cleaned_data
        zone, day = _zone(data["zone"]), data["date"]
        if data["undated"]:
            zone = day = None
        started, resolved = self._period(data, zone, day)
        events = self._events(zone, day)
        return replace(
            self.read,
            title=data["title"],
            severity=Severity(data["severity"]),
            timezone=data["zone"] or None,
            started_at=started,
            resolved_at=resolved,
            lead_up=[],
            timeline=events,
            root_causes=self._causes(),
            action_items=self._actions(),
            milestones=self._milestones(events),
        )

    def _period(
        self, data: dict[str, Any], zone: Zone | None, day: dt.date | None
    ) -> tuple[dt.datetime | None, dt.datetime | None]:
        walk = Walk(zone, day)
        moments = []
        for name in ("started", "resolved"):
            moment = walk.step(data[name])
            if moment is None and data[name].strip() and zone and day:
                raise InvalidInput(_("Write 2023-01-06 01:30, or 01:30."), fields={name: _("This is no time.")})
            moments.append(moment)
        started, resolved = moments
        if started and resolved and resolved < started:
            message = _("This is before the beginning.")
            raise InvalidInput(_("It ends before it begins."), code="wrong_order", fields={"resolved": message})
        return started, resolved

    def _events(self, zone: Zone | None, day: dt.date | None) -> list[EventRecord]:
        walk = Walk(zone, day)
        events = []
        rest = [(self._event(read), read) for read in self._rest(self.events_read)]
        for data, read in [*_kept(self.events, self.events_read), *rest]:
            at = walk.step(data["time"]) if day else None
            events.append(
                replace(
                    read,
                    at=at,
                    time_text="" if at else data["time"].strip() or "?",
                    text=data["text"],
                    kind=TimelineKind(data["kind"]),
                )
            )
        return events

    def _causes(self) -> list[CauseRecord]:
        corrected = [
            replace(read, title=data["title"], role=CauseRole(data["role"]), category=CauseCategory(data["category"]))
            for data, read in _kept(self.causes, self.read.root_causes)
        ]
        return corrected + self._rest(self.read.root_causes)

    def _actions(self) -> list[ActionRecord]:
        corrected = [
            replace(read, title=data["title"], type=ActionType(data["type"]), cause=None)
            for data, read in _kept(self.actions, self.read.action_items)
        ]
        return corrected + [replace(read, cause=None) for read in self._rest(self.read.action_items)]

    def _milestones(self, events: list[EventRecord]) -> dict[str, MilestoneRecord]:
        """The moments of the events that name a milestone, as corrected."""
        at_line = {event.line: event for event in events}
        told = {name: at_line.get(line) for name, line in self.read.milestone_lines.items()}
        return {name: MilestoneRecord(e.at, e.precision) for name, e in told.items() if e is not None and e.at}

    def _head(self) -> dict[str, Any]:
        read, naive = self.read, self.read.naive or {}
        return {
            "title": (read.title or read.lede)[:200],
            "date": self.day,
            "zone": read.timezone or "",
            "started": typed(read.started_at, self.zone, self.day, (naive.get("started") or "")[-5:]),
            "resolved": typed(read.resolved_at, self.zone, self.day, (naive.get("resolved") or "")[-5:]),
            "severity": read.severity.value,
        }

    def _event(self, event: EventRecord) -> dict[str, Any]:
        otherwise = event.time or event.time_text
        return {
            "time": typed(event.at, self.zone, self.day, otherwise),
            "text": event.text,
            "kind": event.kind.value,
        }

    def source(self, line: int) -> str:
        """The line of the document that a record came from."""
        return self.read.source[line - 1].strip()[:300] if 0 < line <= len(self.read.source) else ""

    def rows(self) -> dict[str, list[tuple[Any, int, str]]]:
        """The forms of each group of records, beside the number and the text of the line that each came from."""
        groups = (
            ("events", self.events, self.events_read),
            ("causes", self.causes, self.read.root_causes),
            ("actions", self.actions, self.read.action_items),
        )
        return {
            name: [(form, read.line, self.source(read.line)) for form, read in zip(forms_.forms, records, strict=False)]
            for name, forms_, records in groups
        }


def _kept(rows: Any, records: list[Any]) -> list[tuple[dict[str, Any], Any]]:
    pairs = zip(rows.forms, records, strict=False)
    return [(form.cleaned_data, read) for form, read in pairs if not form.cleaned_data.get("DELETE")]


def _zone(name: str | None) -> Zone | None:
    try:
        return parse_zone(name) if name else None
    except InvalidInput:
        return None


def _day(document: Document, zone: Zone | None) -> dt.date | None:
    if document.started_at:
        return document.started_at.astimezone(zone).date() if zone else document.started_at.date()
    moments = [event.at for event in document.timeline if event.at]
    if moments:
        return moments[0].astimezone(zone).date() if zone else moments[0].date()
    started = (document.naive or {}).get("started") or ""
    try:
        return dt.date.fromisoformat(started[:10]) if len(started) > 12 else None
    except ValueError:
        return None


def _day_without_year(document: Document) -> str:
    """The day and month that the text names, such as “6 January”, where it names no year."""
    said = (document.naive or {}).get("started") or ""
    match = re.fullmatch(r"(\d\d)-(\d\d)T.*", said)
    return f"{int(match[2])} {MONTHS[int(match[1])]}" if match else ""


def _cause(cause: CauseRecord) -> dict[str, Any]:
    return {"title": cause.title, "role": cause.role.value, "category": cause.category.value}


def _action(item: ActionRecord) -> dict[str, Any]:
    return {"title": item.title, "type": item.type.value}
