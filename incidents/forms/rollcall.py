"""Asking what went live, and answering."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import ClockContext
from ..domain.changes import NewChange
from ..domain.rollcall import Candidate, usual_window
from ..domain.rollcall_answers import Said
from ..enums import ChangeKind, Precision, RollCallAnswerKind
from ..models import Incident, RollCallAnswer, User
from .fields import MomentField, SeveralField, moment_text


class RollCallForm(forms.Form):
    """The window that people are asked about, and who is asked."""

    from_at = MomentField(label=gettext_lazy("What went live from"), required=True)
    to_at = MomentField(label=gettext_lazy("until"), required=True)
    note = forms.CharField(
        label=gettext_lazy("What do you see?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Goes out with the question, so that people know where to look."),
    )
    people = SeveralField(queryset=User.objects.none(), required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(
        self, *args: Any, incident: Incident, candidates: Sequence[Candidate], clock: ClockContext, **kwargs: Any
    ) -> None:
        from_at, to_at = usual_window(incident, clock.now)
        initial = {
            "from_at": moment_text(from_at, Precision.EXACT, clock.zone),
            "to_at": moment_text(to_at, Precision.EXACT, clock.zone),
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.candidates = candidates
        self.fields["from_at"].clock = self.fields["to_at"].clock = clock
        self.fields["people"].queryset = User.objects.who_see(incident)

    @property
    def rows(self) -> list[tuple[Candidate, bool]]:
        """Everybody who could be asked, and whether they are ticked."""
        if not self.is_bound:
            return [(each, each.is_suggested) for each in self.candidates]
        ticked = set(self.data.getlist("people"))
        return [(each, str(each.person.pk) in ticked) for each in self.candidates]


class AnswerForm(forms.Form):
    """What somebody says who was asked. What went live has three fields, of which the link may be blank."""

    answer = forms.ChoiceField(choices=RollCallAnswerKind.choices)
    text = forms.CharField(label=gettext_lazy("What went live?"), max_length=300, required=False)
    live_at = MomentField(label=gettext_lazy("When?"))
    url = forms.CharField(label=gettext_lazy("A link, if there is one"), max_length=500, required=False)
    note = forms.CharField(label=gettext_lazy("A word about it, if you like"), max_length=500, required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, clock: ClockContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["live_at"].clock = clock

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("answer") == RollCallAnswerKind.CHANGE:
            if not data.get("text"):
                self.add_error("text", _("Say in a few words what it was."))
            if "live_at" in data and data["live_at"] is None:
                self.add_error("live_at", _("Write when it went live; “about 01:30” will do."))
        return data

    def said(self, answer: RollCallAnswer) -> Said:
        """The answer as the domain wants to know it."""
        data = self.cleaned_data
        kind = RollCallAnswerKind(data["answer"])
        if kind == RollCallAnswerKind.NOTHING:
            return Said(kind)
        if kind == RollCallAnswerKind.NOT_SURE:
            return Said(kind, note=data["note"])
        incident = answer.incident
        change = NewChange(
            text=data["text"],
            live_at=data["live_at"].at,
            kind=ChangeKind.DEPLOY,
            made_by=answer.person,
            url=data["url"],
            private_to=incident if incident.is_private else None,
            client_id=data["client_id"],
        )
        return Said(kind, change=change)
