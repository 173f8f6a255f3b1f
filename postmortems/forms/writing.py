"""Writing a postmortem, reviewing and publishing it."""

import uuid
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.enums import Severity
from incidents.forms.versioned import VersionedForm

from ..domain import checklist
from ..domain.wording import HintsAt
from ..enums import CheckCode, CheckForce, SectionKind
from ..models import ChecklistRules, Postmortem, Section, Template

LONGEST_SECTION = 200_000


class HeadForm(VersionedForm):
    """Title, the sentence under it, and what holds for the whole page."""

    title = forms.CharField(label=_("Title"), max_length=200)
    lede = forms.CharField(
        label=_("In one sentence"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What a colleague should remember of it."),
    )
    happened_before = forms.TypedChoiceField(
        label=_("Has it happened before?"),
        choices=[("", _("not answered yet")), ("yes", _("Yes")), ("no", _("No"))],
        required=False,
        empty_value=None,
        coerce=lambda value: value == "yes",
    )
    shows_names = forms.BooleanField(
        label=_("Show names"), required=False, help_text=_("Otherwise readers see what role a person had.")
    )

    def __init__(self, *args: Any, postmortem: Postmortem, **more: Any) -> None:
        before = {True: "yes", False: "no", None: ""}[postmortem.happened_before]
        initial = {
            "version": postmortem.version,
            "title": postmortem.title,
            "lede": postmortem.lede,
            "happened_before": before,
            "shows_names": postmortem.shows_names,
        }
        # Forms of causes and action items open beside it, and have a title too.
        super().__init__(*args, initial=initial, auto_id="id_head_%s", **more)

    def anew(self, current: Postmortem) -> Self:
        return type(self)(postmortem=current)


class SectionForm(VersionedForm):
    """The text of one section, with the text that its writer began with."""

    # What the editor shows below it.
    hints: HintsAt

    text = forms.CharField(
        required=False, max_length=LONGEST_SECTION, strip=False, widget=forms.Textarea(attrs={"rows": 8})
    )
    base = forms.CharField(required=False, max_length=LONGEST_SECTION, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, section: Section, **more: Any) -> None:
        initial = {"version": section.version, "text": section.text}
        super().__init__(*args, initial=initial, auto_id=f"id_s{section.pk}_%s", **more)
        self.section = section
        self.fields["text"].label = section.heading

    def anew(self, current: Section) -> Self:
        return type(self)(section=current)

    def began_with(self) -> str | None:
        """The base as it was sent; nothing where the browser does not know it."""
        base: str | None = self.data.get("base")
        return base


class NewSectionForm(forms.Form):
    """The heading and kind of a section that is added."""

    heading = forms.CharField(label=_("Heading"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=SectionKind.choices, initial=SectionKind.OTHER)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, auto_id="id_new_%s", **more)


class RenameForm(forms.Form):
    """Another heading or kind of a section, with the heading that the person saw."""

    heading = forms.CharField(label=_("Heading"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=SectionKind.choices)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200, strip=False)

    def __init__(self, *args: Any, section: Section, **more: Any) -> None:
        initial = {"heading": section.heading, "kind": section.kind, "seen": section.heading}
        super().__init__(*args, initial=initial, auto_id=f"id_r{section.pk}_%s", **more)

    def meet(self, current: Section) -> None:
        """Let the next press replace the heading that it has now."""
        self.data = {**self.data.dict(), "seen": current.heading}  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """A sentence that says why."""

    reason = forms.CharField(label=_("Why?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class TemplateForm(VersionedForm):
    """A template of postmortems; one line for each section: ``kind | heading | prompt``."""

    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(label=_("When to use it"), max_length=300, required=False)
    severities = forms.MultipleChoiceField(
        label=_("Severities that start with it"),
        choices=Severity.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: for all that no other template names."),
    )
    sections = forms.CharField(
        label=_("Sections"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One line for each: kind | heading | prompt."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(self, *args: Any, template: Template | None, **more: Any) -> None:
        initial: dict[str, Any] = {"is_active": True}
        if template is not None:
            lines = [f"{part['kind']} | {part['heading']} | {part.get('prompt', '')}" for part in template.sections]
            names = ("version", "name", "description", "severities", "is_active")
            initial = {**{name: getattr(template, name) for name in names}, "sections": "\n".join(lines)}
        super().__init__(*args, initial=initial, **more)
        self.fields["version"].required = template is not None

    def anew(self, current: Template) -> Self:
        return type(self)(template=current)


class ChecklistForm(VersionedForm):
    """What each line of the checklist does, in its order."""

    def __init__(self, *args: Any, rules: ChecklistRules, **more: Any) -> None:
        super().__init__(*args, initial={"version": rules.version}, **more)
        for code, force in checklist.forces_in(rules).items():
            choices = [(choice.value, choice.label) for choice in checklist.choices_of(code)]
            self.fields[code.value] = forms.ChoiceField(
                label=code.label, choices=choices, initial=force.value, widget=forms.RadioSelect
            )

    def anew(self, current: ChecklistRules) -> Self:
        return type(self)(rules=current)

    def forces(self) -> dict[CheckCode, CheckForce]:
        """What the form says, for the domain."""
        return {code: CheckForce(self.cleaned_data[code.value]) for code in CheckCode}


class HintForm(forms.Form):
    """A hint on wording to set aside, and the place in the editor where it is shown; without a hint, all again."""

    hint = forms.RegexField(r"[0-9a-f]{32}\Z", required=False)
    place = forms.RegexField(r"(?:head|lessons|s[0-9]{1,18})\Z", required=False)
