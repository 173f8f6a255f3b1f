"""Forms of channels: what each shape of webhook asks for."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from ..domain.webhooks import WebhookContent
from ..enums import ActionItemEvent, IncidentEvent, WebhookFormat
from ..models import Service, Webhook
from ..notifications.shapes import SHAPES, Custom
from .fields import SeveralField
from .versioned import VersionedForm

EXAMPLES = {
    WebhookFormat.GENERIC: "https://incidents.example.org/hooks/nevertwice",
    WebhookFormat.SLACK: "https://hooks.slack.com/services/…",
    WebhookFormat.PAGERDUTY: "https://events.pagerduty.com/v2/enqueue",
    WebhookFormat.CUSTOM: "https://ntfy.example.org/",
}
BODY = '{\n  "title": "$what: $reference",\n  "message": "$headline",\n  "click": "$url"\n}'


class WebhookForm(VersionedForm):
    """A channel. Its shape is chosen before and decides which fields there are."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As people call it: “#incidents”, “Pager”."))
    url = forms.CharField(label=_("Address"), max_length=500)
    key = forms.CharField(label=_("Integration key"), max_length=100, required=False)
    body = forms.CharField(
        label=_("Body"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
    )
    headers = forms.CharField(
        label=_("Headers"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
        help_text=_("One on each line, such as “Authorization: Bearer …”. Blank: none."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("What it hears of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Nothing ticked: everything that happens to incidents. Action items are told where they are ticked."
        ),
    )
    services = SeveralField(
        label=_("Only these services"),
        queryset=Service.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: all services."),
    )
    format: str

    def __init__(self, *args: Any, format: str, webhook: Webhook | None = None, **kwargs: Any) -> None:  # noqa: A002
        kwargs.setdefault("initial", _initial(format, webhook))
        super().__init__(*args, **kwargs)
        self.format = format
        self.webhook = webhook
        if format != WebhookFormat.CUSTOM:
            del self.fields["body"]
        else:
            self.fields["body"].help_text = _("JSON. These are filled in: %(names)s.") % {
                "names": ", ".join(f"${name}" for name in Custom.names)
            }
        if format != WebhookFormat.PAGERDUTY:
            del self.fields["key"]
        elif webhook is not None:
            self.fields["key"].help_text = _("Blank: the key stays as it is.")
        self.fields["url"].widget.attrs["placeholder"] = EXAMPLES[WebhookFormat(format)]
        hears = SHAPES[format].hears
        events = (*IncidentEvent.choices, *ActionItemEvent.choices)
        self.fields["kinds"].choices = [choice for choice in events if choice[0] in hears]
        services = Service.objects.active()
        self.fields["services"].queryset = services
        if not services.exists():
            del self.fields["services"]

    def anew(self, current: Webhook) -> Self:
        return type(self)(format=self.format, webhook=current)

    def content(self) -> WebhookContent:
        """What was entered, as the domain takes it."""
        return WebhookContent(**{name: value for name, value in self.cleaned_data.items() if name != "version"})


def _initial(format: str, webhook: Webhook | None) -> dict[str, Any]:  # noqa: A002
    if webhook is None:
        url = EXAMPLES[WebhookFormat.PAGERDUTY] if format == WebhookFormat.PAGERDUTY else ""
        return {"version": 1, "url": url, "body": BODY}
    names = ("name", "url", "headers", "body", "kinds", "version")
    return {name: getattr(webhook, name) for name in names} | {"services": list(webhook.services.all())}
