"""What readers of postmortems choose."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.enums import Severity
from incidents.models import Service, Tag

from ..enums import Audience, CauseCategory
from ..models import Postmortem

EARLIEST_YEAR = 1970


class LibraryForm(forms.Form):
    """What the library is narrowed down to. The public chooses by words alone: the rest would tell about us."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200)
    service = forms.CharField(label=_("Service"), required=False, max_length=110, widget=forms.Select)
    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=[("", _("All severities")), *Severity.choices]
    )
    category = forms.ChoiceField(
        label=_("Cause"), required=False, choices=[("", _("All causes")), *CauseCategory.choices]
    )
    tag = forms.CharField(label=_("Tag"), required=False, max_length=50, widget=forms.Select)
    year = forms.IntegerField(label=_("Year"), required=False, min_value=EARLIEST_YEAR, max_value=9998)

    def __init__(self, *args: Any, user: Any, is_public: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].widget.attrs["class"] = (
                "form-select" if name in ("service", "severity", "category", "tag") else "form-control"
            )
        if is_public:
            for name in ("service", "severity", "category", "tag", "year"):
                del self.fields[name]
            return
        services = Service.objects.to_choose_from().values_list("slug", "name")[:200]
        self.fields["service"].widget.choices = [("", _("All services")), *services]
        tags = Tag.objects.filter(incidents__in=Postmortem.objects.readable_by(user).values("incident")).distinct()
        self.fields["tag"].widget.choices = [("", _("All tags")), *((tag.name, tag.name) for tag in tags[:200])]

    def criteria(self) -> dict[str, str]:
        """What was chosen, for the list; what was not understood narrows nothing."""
        names = ("q", "service", "severity", "category", "tag", "year")
        return {name: str(self.cleaned_data.get(name) or "") for name in names}


class PublicForm(forms.Form):
    """The decision to show a revision to everybody, or no longer. It holds for the revision that was looked at."""

    public = forms.TypedChoiceField(
        choices=[("1", Audience.PUBLIC.label), ("0", Audience.INTERNAL.label)], coerce=lambda value: value == "1"
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    looked = forms.BooleanField(
        label=_("I have looked at what is still inside."), required=False, widget=forms.CheckboxInput
    )

    def __init__(self, *args: Any, postmortem: Postmortem, **kwargs: Any) -> None:
        revision = postmortem.published_revision
        super().__init__(*args, initial={"revision": revision.number if revision else None}, **kwargs)

    def show_latest(self, postmortem: Postmortem) -> None:
        """Be about the revision that is the latest now, where an older one was looked at."""
        if self.is_bound and postmortem.published_revision is not None:
            self.data = {**self.data.dict(), "revision": postmortem.published_revision.number}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("public") and not data.get("looked"):
            self.add_error("looked", _("Look at the page and the list below first, then tick this."))
        return data
