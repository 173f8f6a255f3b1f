"""Changes: on one line, in full, what they were to an incident, and what their list is narrowed down to."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Self, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import ClockContext
from ..clock_text.entries import read_head, settle
from ..domain.changes import NewChange
from ..domain.verdicts import LONGEST_REASON
from ..enums import ChangeKind, ChangeVerdict, Precision, YesNoUnknown
from ..errors import InvalidInput
from ..models import Change, Incident, Service, User
from .fields import LONGEST_TIME, MomentField, SeveralField, moment_text
from .incident_filters import PERIODS, OneOf
from .versioned import VersionedForm

LONGEST_TEXT = 300


def read_line(line: str, clock: ClockContext) -> tuple[str, dt.datetime | None]:
    """What ``00:57 banner in the base model`` says: the words, and when (UTC), if it does. Raises `InvalidInput`."""
    moment, text = settle(read_head(line.strip(), clock), clock)
    if moment is not None and moment.at is None:
        raise InvalidInput(_("Write a time such as 01:30, or leave it out for now."), code="no_time")
    return text.strip(), moment.at if moment else None


class ChangeLineForm(forms.Form):
    """A change on one line: when, and what."""

    line = forms.CharField(label=gettext_lazy("Add a change"), max_length=LONGEST_TEXT + LONGEST_TIME)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, clock: ClockContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clock = clock

    def clean_line(self) -> tuple[str, dt.datetime | None]:
        try:
            return read_line(self.cleaned_data["line"], self.clock)
        except InvalidInput as error:
            raise forms.ValidationError(error.message, code=error.code) from error

    def new_change(self, incident: Incident | None = None) -> NewChange:
        """What the line says, for the domain; on an incident, of its services, and as private as that."""
        text, at = self.cleaned_data["line"]
        return NewChange(
            text=text,
            live_at=at,
            services=list(incident.services.all()) if incident else [],
            private_to=incident if incident and incident.is_private else None,
            client_id=self.cleaned_data["client_id"],
        )


class ChangeForm(VersionedForm):
    """Everything that can be said of a change."""

    text = forms.CharField(label=gettext_lazy("What was changed"), max_length=LONGEST_TEXT)
    live_at = MomentField(label=gettext_lazy("Live since"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=ChangeKind.choices)
    services = SeveralField(
        label=gettext_lazy("Services"),
        queryset=Service.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    intended_effect = forms.CharField(
        label=gettext_lazy("What it was to do"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    environment = forms.CharField(
        label=gettext_lazy("Environment"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("For example: production."),
    )
    made_by = forms.CharField(
        label=gettext_lazy("By"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("A colleague or a system. Shown to responders only."),
    )
    was_approved = forms.ChoiceField(
        label=gettext_lazy("Approved?"), choices=YesNoUnknown.choices, required=False, widget=forms.RadioSelect
    )
    approved_by = forms.CharField(label=gettext_lazy("Approved by"), max_length=150, required=False)
    tried_in_sandbox = forms.ChoiceField(
        label=gettext_lazy("Tried in a sandbox?"),
        choices=YesNoUnknown.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    url = forms.CharField(label=gettext_lazy("Link"), max_length=500, required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, clock: ClockContext, change: Change | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=self._initial(change, clock), **kwargs)
        self.clock = clock
        self.change = change
        self.fields["live_at"].clock = clock
        self.fields["live_at"].required = change is not None
        services = cast(SeveralField, self.fields["services"])
        services.queryset = Service.objects.to_offer(change)
        if change is None:
            self.fields["version"].required = False

    def anew(self, current: Change) -> Self:
        return type(self)(clock=self.clock, change=current)

    @staticmethod
    def _initial(change: Change | None, clock: ClockContext) -> dict[str, Any]:
        if change is None:
            unknown = YesNoUnknown.UNKNOWN
            return {"was_approved": unknown, "tried_in_sandbox": unknown, "client_id": uuid.uuid4(), "version": 1}
        names = ("text", "kind", "intended_effect", "environment", "was_approved", "approved_by", "tried_in_sandbox")
        return {
            **{name: getattr(change, name) for name in names},
            "url": change.url,
            "version": change.version,
            "live_at": moment_text(change.live_at, Precision.EXACT, clock.zone),
            "services": [service.pk for service in change.services.all()],
            "made_by": change.author,
        }

    def new_change(self) -> NewChange:
        """What the form says, for the domain."""
        data = self.cleaned_data
        author = User.objects.active().named(data["made_by"]).first() if data["made_by"] else None
        return NewChange(
            text=data["text"],
            live_at=self._live_at(),
            kind=ChangeKind(data["kind"]),
            services=list(data["services"]),
            intended_effect=data["intended_effect"],
            environment=data["environment"],
            made_by=author,
            made_by_label="" if author else data["made_by"],
            was_approved=YesNoUnknown(data["was_approved"] or YesNoUnknown.UNKNOWN),
            approved_by=data["approved_by"],
            tried_in_sandbox=YesNoUnknown(data["tried_in_sandbox"] or YesNoUnknown.UNKNOWN),
            url=data["url"],
            client_id=data["client_id"],
        )

    def _live_at(self) -> dt.datetime | None:
        """The moment as it was, to the second, where nobody touched it."""
        if self.change is not None and "live_at" not in self.changed_data:
            return self.change.live_at
        moment = self.cleaned_data["live_at"]
        return moment.at if moment else None


class VerdictForm(forms.Form):
    """What a change was to an incident; ``version`` is that of the verdict on the page, 0 where there was none."""

    verdict = forms.ChoiceField(choices=ChangeVerdict.choices)
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class ChangeFilters(forms.Form):
    """The filters in the address. What is unknown gets a message beside its field and narrows nothing."""

    q = forms.CharField(label=gettext_lazy("Words"), max_length=200, required=False)
    service = OneOf(label=gettext_lazy("Service"))
    kind = OneOf(label=gettext_lazy("Kind"), choices=[("", gettext_lazy("Any")), *ChangeKind.choices])
    period = OneOf(label=gettext_lazy("When"), choices=[("", gettext_lazy("Any time")), *PERIODS])

    def __init__(self, data: QueryDict, *, services: Iterable[Service], now: dt.datetime) -> None:
        super().__init__(data)
        self.now = now
        names = [(service.slug, service.name) for service in services]
        cast(forms.ChoiceField, self.fields["service"]).choices = [("", _("All services")), *names]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked for."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def criteria(self) -> dict[str, Any]:
        """What the database is asked for."""
        self.is_valid()
        data = self.cleaned_data
        period = data.get("period")
        return {
            "text": data.get("q", ""),
            "service": data.get("service", ""),
            "kind": data.get("kind", ""),
            "since": self.now - dt.timedelta(days=int(period.removesuffix("d"))) if period else None,
            "until": None,
        }
