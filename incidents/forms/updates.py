"""The form of a status update."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..clock_text import describe, parse_zone
from ..domain import updates
from ..domain.lifecycle import Verb
from ..duration_text import format_duration
from ..enums import NextUpdate, UpdateAudience
from ..models import Incident

# What a status update can say along with its words; the others ask for more than a press.
OFFERED = (Verb.CONFIRM, Verb.IDENTIFY, Verb.MONITOR, Verb.RESOLVE)


def next_update_choices(incident: Incident, minutes: int | None, now: dt.datetime) -> list[tuple[str, str]]:
    """When the next update may be promised, the times spelled out; what the severity asks for (``minutes``) first."""
    labels = {choice.value: str(choice.label) for choice in NextUpdate}
    morning = describe(updates.next_morning(incident, now), parse_zone(incident.home_zone))
    labels[NextUpdate.MORNING] = _("at %(time)s") % {"time": morning}
    if minutes is None or str(minutes) in labels:
        del labels[NextUpdate.SEVERITY]
    else:
        said = {"length": format_duration(minutes * 60), "severity": incident.get_severity_display()}
        labels[NextUpdate.SEVERITY] = _("in %(length)s, as %(severity)s asks") % said
    return list(labels.items())


class UpdateForm(forms.Form):
    """What others need to know, how it stands now, and when they hear again."""

    text = forms.CharField(
        label=gettext_lazy("What others need to know"),
        max_length=updates.MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        help_text=gettext_lazy("What they notice, what you do about it. A few sentences without inside words."),
    )
    verb = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    next_update = forms.ChoiceField(label=gettext_lazy("Next update"), required=False)
    audience = forms.ChoiceField(label=gettext_lazy("For"), choices=UpdateAudience.choices)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, incident: Incident, verbs: list[Verb], now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stays = _("%(status)s, as before") % {"status": incident.get_status_display()}
        offered = [(verb.value, str(verb.label)) for verb in verbs if verb in OFFERED]
        self.fields["verb"].choices = [("", stays), *offered]
        minutes = updates.minutes_between(incident)
        choices = next_update_choices(incident, minutes, now)
        self.fields["next_update"].choices = choices
        self.fields["next_update"].initial = self._usual({key for key, _label in choices}, minutes)
        self.fields["audience"].initial = UpdateAudience.STAFF
        if not offered:
            del self.fields["verb"]
        if not incident.is_open:
            del self.fields["next_update"]

    @staticmethod
    def _usual(offered: set[str], minutes: int | None) -> str:
        """What the severity asks for, under whichever name it is offered."""
        if NextUpdate.SEVERITY in offered:
            return NextUpdate.SEVERITY
        return str(minutes) if str(minutes) in offered else NextUpdate.NONE

    def answers(self) -> dict[str, Any]:
        """What the form says, for the domain."""
        data = self.cleaned_data
        return {
            "text": data["text"],
            "audience": UpdateAudience(data["audience"]),
            "next_update": NextUpdate(data.get("next_update") or NextUpdate.SEVERITY),
            "verb": Verb(data["verb"]) if data.get("verb") else None,
            "client_id": data["client_id"],
        }
