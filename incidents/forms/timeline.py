"""The entry line, and the form that corrects an entry."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any, Self

from django import forms
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import MAX_BLOCK_BYTES, ClockContext, Entry, is_block, parse_block, parse_entry, parse_moment
from ..domain.timeline import MAX_TEXT_LENGTH, EventContent
from ..enums import NextUpdate, Precision, TimelineKind
from ..errors import InvalidInput
from ..models import TimelineEvent, User
from .fields import LONGEST_TIME, MomentField, ReferenceField, moment_text
from .versioned import VersionedForm

# What was typed longer ago than this, by the clock of a browser, is taken to be typed now.
LONGEST_WAIT = dt.timedelta(days=7)


def read_entries(text: str, clock: ClockContext) -> list[Entry]:
    """What was typed or pasted into the entry line. Raises `InvalidInput`."""
    return parse_block(text, clock) if is_block(text) else [parse_entry(text, clock)]


class EntryForm(forms.Form):
    """The entry line: one line, or a pasted block."""

    # When it was typed, for what was kept in a browser until the server was back; what follows reads it.
    typed_at = forms.CharField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=gettext_lazy("New timeline entry"),
        max_length=MAX_BLOCK_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 1, "enterkeyhint": "send"}),
    )
    is_internal = forms.BooleanField(label=gettext_lazy("Internal only"), required=False)
    as_update = forms.BooleanField(label=gettext_lazy("Also as an update"), required=False)
    next_update = forms.ChoiceField(label=gettext_lazy("Next update"), choices=NextUpdate.choices, required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, clock: ClockContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clock = clock
        self.entries: list[Entry] = []

    def clean_typed_at(self) -> dt.datetime:
        """What “now” is for who typed it: the present moment, unless the text had to wait for the server."""
        now = self.clock.now
        try:
            typed = parse_datetime(self.cleaned_data["typed_at"])
        except ValueError:
            typed = None
        is_plausible = typed is not None and is_aware(typed) and now - LONGEST_WAIT <= typed <= now
        return typed if typed and is_plausible else now

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        try:
            self.entries = read_entries(text, replace(self.clock, now=self.cleaned_data["typed_at"]))
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return text

    def contents(self) -> list[EventContent]:
        """What the entries mean, for the domain."""
        internal = self.cleaned_data["is_internal"]
        return [
            EventContent.from_entry(entry, now=self.cleaned_data["typed_at"], is_internal=internal)
            for entry in self.entries
        ]

    def next_update_choice(self) -> NextUpdate:
        return NextUpdate(self.cleaned_data["next_update"] or NextUpdate.SEVERITY)


class EventForm(VersionedForm):
    """Everything about one entry. A time that is not known stays as the text that was written."""

    time = forms.CharField(label=gettext_lazy("When"), max_length=LONGEST_TIME)
    ended = MomentField(label=gettext_lazy("Until"), help_text=gettext_lazy("Only where it lasted."))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=TimelineKind.choices)
    text = forms.CharField(
        label=gettext_lazy("What happened"), max_length=MAX_TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 5})
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("A link, a log line, a chart: how we know."),
    )
    is_starred = forms.BooleanField(label=gettext_lazy("Key moment"), required=False)
    is_internal = forms.BooleanField(
        label=gettext_lazy("Internal only"),
        required=False,
        help_text=gettext_lazy("Left out of what is published to the public."),
    )

    def __init__(self, *args: Any, event: TimelineEvent, clock: ClockContext, only_report: bool, **kwargs: Any) -> None:
        super().__init__(*args, initial=self._initial(event, clock), **kwargs)
        self.event = event
        self.clock = clock
        self.only_report = only_report
        self.fields["ended"].clock = clock
        self.fields["text"].widget.attrs["data-pictures"] = reverse("pictures", args=[event.incident.reference])
        if only_report:
            for name in ("ended", "kind", "evidence", "is_starred", "is_internal"):
                del self.fields[name]

    def anew(self, current: TimelineEvent) -> Self:
        return type(self)(event=current, clock=self.clock, only_report=self.only_report)

    @staticmethod
    def _initial(event: TimelineEvent, clock: ClockContext) -> dict[str, Any]:
        return {
            "version": event.version,
            "time": event.time_text or moment_text(event.occurred_at, event.precision, clock.zone),
            "ended": moment_text(event.ended_at, Precision.EXACT, clock.zone),
            "kind": event.kind,
            "text": event.text,
            "evidence": event.evidence,
            "is_starred": event.is_starred,
            "is_internal": event.is_internal,
        }

    def clean_time(self) -> dict[str, Any]:
        """The columns that say when; those of the event where the text was not touched."""
        text = self.cleaned_data["time"]
        if "time" not in self.changed_data:
            names = ("occurred_at", "time_text", "utc_offset_minutes", "precision")
            return {name: getattr(self.event, name) for name in names}
        try:
            moment = parse_moment(text, self.clock)
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return {
            "occurred_at": moment.at,
            "time_text": "" if moment.at else moment.time_text,
            "utc_offset_minutes": moment.utc_offset_minutes,
            "precision": moment.precision,
        }

    def content(self) -> EventContent:
        """What the form says, for the domain."""
        data = self.cleaned_data
        return EventContent(
            text=data["text"],
            kind=TimelineKind(data.get("kind", TimelineKind.REPORT)),
            ended_at=self._ended_at(),
            evidence=data.get("evidence", ""),
            is_starred=data.get("is_starred", False),
            is_internal=data.get("is_internal", False),
            **data["time"],
        )

    def _ended_at(self) -> dt.datetime | None:
        if "ended" not in self.changed_data:
            return self.event.ended_at if "ended" in self.fields else None
        ended = self.cleaned_data["ended"]
        return ended.at if ended else None


class MoveForm(forms.Form):
    other = ReferenceField(label=gettext_lazy("Move to"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].visible_to = user
        self.fields["other"].help_text = _("The incident that the entry belongs to.")
