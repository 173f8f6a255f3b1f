"""Causes, action items, safety nets."""

import datetime as dt
import uuid
from typing import Any, Self

from django import forms
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from incidents.enums import Role
from incidents.forms.versioned import VersionedForm
from incidents.models import Incident, User

from ..domain.action_items import FILLS_IN, ActionContent, ActionVerb, asks_for_verification, days_allowed
from ..domain.causes import MAX_WHYS, CauseContent
from ..enums import ActionType, CauseCategory, CauseRole, Defence, DefenceResult
from ..models import ActionItem, DefenceCheck, RootCause

# Those of the latest incidents that a list offers; the ones of similar incidents, however old, are proposed elsewhere.
MOST_EARLIER_CAUSES = 200


def day_input() -> forms.DateInput:
    """The browser's own field for a date."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class CauseForm(VersionedForm):
    """One cause. The chain of whys is one answer a line, the nearest first."""

    title = forms.CharField(
        label=_("What was the cause?"),
        max_length=300,
        help_text=_(
            "A fact about the system: “The template that all pages share has no owner”. People are never a cause."
        ),
    )
    role = forms.ChoiceField(label=_("What it did"), choices=CauseRole.choices, initial=CauseRole.ROOT_CAUSE)
    category = forms.ChoiceField(label=_("Category"), choices=CauseCategory.choices, initial=CauseCategory.UNKNOWN)
    whys = forms.CharField(
        label=_("Why? And why was that?"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=format_lazy(
            _("One answer a line, at most {most}, each asking why of the one before."), most=MAX_WHYS
        ),
    )
    explanation = forms.CharField(
        label=_("Explanation"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    evidence = forms.CharField(label=_("Evidence"), required=False, max_length=1000, help_text=_("How we know."))
    no_action_reason = forms.CharField(
        label=_("No action item? Why not?"),
        required=False,
        max_length=500,
        help_text=_("Where the answer is to change nothing, such as a risk that we accept."),
    )
    same_as = forms.ModelChoiceField(
        label=_("Same as an earlier cause"),
        queryset=RootCause.objects.none(),
        required=False,
        empty_label=_("no, or not known"),
        help_text=_("Then this incident is a repeat of that one."),
    )
    same_as_reason = forms.CharField(label=_("Why the same?"), required=False, max_length=500)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, incident: Incident, user: User, cause: RootCause | None = None, **more: Any) -> None:
        super().__init__(*args, initial=_cause_initial(cause), **more)
        self.incident, self.user = incident, user
        self.fields["version"].required = cause is not None
        earlier = RootCause.objects.earlier_than(incident, user)
        named = [cause.same_as_id] if cause and cause.same_as_id else []
        # What is not offered because this person may not see it, or because it was taken off, stays as it is.
        self.kept = cause if named and not earlier.filter(pk__in=named).exists() else None
        if self.kept:
            self.initial["same_as_reason"] = ""
        latest = earlier.values("pk")[:MOST_EARLIER_CAUSES]
        self.fields["same_as"].queryset = earlier.filter(Q(pk__in=latest) | Q(pk__in=named))  # type: ignore[attr-defined]
        self.fields["same_as"].label_from_instance = _earlier_cause  # type: ignore[attr-defined]

    def anew(self, current: RootCause) -> Self:
        return type(self)(incident=self.incident, user=self.user, cause=current)

    def content(self) -> CauseContent:
        """What the form says, for the domain."""
        data = self.cleaned_data
        same_as, reason = data["same_as"], data["same_as_reason"]
        if same_as is None and self.kept:
            same_as, reason = self.kept.same_as, self.kept.same_as_reason
        return CauseContent(
            title=data["title"],
            role=CauseRole(data["role"]),
            category=CauseCategory(data["category"]),
            whys=data["whys"].splitlines(),
            explanation=data["explanation"],
            evidence=data["evidence"],
            no_action_reason=data["no_action_reason"],
            same_as=same_as,
            same_as_reason=reason,
        )


def _cause_initial(cause: RootCause | None) -> dict[str, Any]:
    if cause is None:
        return {"client_id": uuid.uuid4()}
    names = ("version", "title", "role", "category", "explanation", "evidence", "no_action_reason", "same_as_reason")
    values = {name: getattr(cause, name) for name in names}
    return {**values, "whys": "\n".join(cause.whys), "same_as": cause.same_as_id}


def _earlier_cause(cause: RootCause) -> str:
    return f"{cause.incident.reference}: {cause.title}"


class ActionForm(VersionedForm):
    """One action item: what, by whom, until when; the rest under *more*."""

    text = forms.CharField(
        label=_("What will be done?"),
        max_length=500,
        help_text=_("Begin with a verb: “Add a probe that looks for a headline”."),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=day_input())
    type = forms.ChoiceField(label=_("Type"), choices=ActionType.choices, initial=ActionType.CORRECTIVE)
    cause = forms.ModelChoiceField(
        label=_("Answers the cause"),
        queryset=RootCause.objects.none(),
        required=False,
        empty_label=_("none in particular"),
    )
    verifier = forms.ModelChoiceField(
        label=_("Verified by"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )
    needs_verification = forms.TypedChoiceField(
        label=_("Does somebody else look whether it is done?"),
        choices=[("", _("As its severity and type ask")), ("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )
    details = forms.CharField(
        label=_("Details"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    move_reason = forms.CharField(
        label=_("Why does the date move?"),
        required=False,
        max_length=500,
        help_text=_("Asked for when a date changes."),
    )
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        incident: Incident,
        item: ActionItem | None = None,
        due: dt.date | None = None,
        cause: str = "",
        **more: Any,
    ) -> None:
        """``cause`` is the key of the cause that a new item answers, as it came in an address.

        ``due`` is when work on this incident should be done by its severity.
        """
        super().__init__(*args, initial=_action_initial(item, due), **more)
        if due is not None:
            self.fields["due_on"].help_text = _("%(severity)s: within %(days)s days, by %(day)s.") % {
                "severity": incident.get_severity_display(),
                "days": days_allowed(incident),
                "day": date_format(due, "j M Y"),
            }
        self.fields["needs_verification"].help_text = _verification_help(incident)
        self.incident = incident
        self.fields["version"].required = item is not None
        people = User.objects.who_see(incident)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        self.fields["verifier"].queryset = people.with_role(Role.RESPONDER)  # type: ignore[attr-defined]
        causes = RootCause.objects.filter(incident=incident, removed_at=None)
        self.fields["cause"].queryset = causes  # type: ignore[attr-defined]
        if item is None or item.due_on is None:
            del self.fields["move_reason"]
        if answered := next((known for known in causes if str(known.pk) == cause), None):
            late = answered.role == CauseRole.DELAYED_DETECTION
            self.initial.update(cause=answered.pk, type=ActionType.DETECTIVE if late else ActionType.CORRECTIVE)

    def anew(self, current: ActionItem) -> Self:
        return type(self)(incident=self.incident, item=current)

    def content(self) -> ActionContent:
        """What the form says, for the domain."""
        data = self.cleaned_data
        return ActionContent(
            text=data["text"],
            owner=data["owner"],
            due_on=data["due_on"],
            type=ActionType(data["type"]),
            cause=data["cause"],
            verifier=data["verifier"],
            needs_verification=data["needs_verification"],
            details=data["details"],
            move_reason=data.get("move_reason", ""),
        )


def _action_initial(item: ActionItem | None, due: dt.date | None) -> dict[str, Any]:
    if item is None:
        return {"client_id": uuid.uuid4(), "due_on": due}
    names = ("version", "text", "due_on", "type", "details")
    values = {name: getattr(item, name) for name in names}
    asked = asks_for_verification(item.incident, item.type)
    said = "" if item.needs_verification == asked else ("yes" if item.needs_verification else "no")
    people = {"owner": item.owner_id, "verifier": item.verifier_id}
    return {**values, **people, "cause": item.cause_id, "needs_verification": said}


def _verification_help(incident: Incident) -> str:
    severity = incident.get_severity_display()
    if asks_for_verification(incident, ActionType.CORRECTIVE):
        return _("%(severity)s asks for it.") % {"severity": severity}
    return _("%(severity)s does not ask for it; what is preventive always does.") % {"severity": severity}


class ActionStateForm(forms.Form):
    """Moves an action item on, with the proof or the reason that is asked for."""

    verb = forms.ChoiceField(choices=ActionVerb.choices, widget=forms.HiddenInput)
    evidence = forms.CharField(
        label=_("How can one see that it is done?"),
        required=False,
        max_length=1000,
        help_text=_("A link, a test, a sentence."),
    )
    reason = forms.CharField(label=_("Why?"), required=False, max_length=500)


# How each step asks for its reason.
WHY = {
    ActionVerb.SEND_BACK.value: _("What is still missing?"),
    ActionVerb.DROP.value: _("Why will it not be done?"),
    ActionVerb.REOPEN.value: _("Why is it open again?"),
}


class StepForm(ActionStateForm):
    """One step of one action item: asks for what this step needs of it, and for nothing else."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=day_input())
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)

    def __init__(
        self, *args: Any, item: ActionItem, verb: str, may_assign: bool, due: dt.date | None = None, **more: Any
    ) -> None:
        """``due`` is what its severity proposes; ``may_assign`` whether the reader may give it an owner and a date."""
        initial = {"verb": verb, "version": item.version, "due_on": due}
        super().__init__(*args, initial=initial, auto_id=f"id_{verb}_%s", **more)
        fills_in = verb in FILLS_IN and may_assign
        asked = {
            "evidence": verb in (ActionVerb.FINISH, ActionVerb.VERIFY),
            "reason": verb in (ActionVerb.SEND_BACK, ActionVerb.DROP, ActionVerb.REOPEN),
            "owner": fills_in and item.owner_id is None,
            "due_on": fills_in and item.due_on is None,
        }
        for name in [name for name, is_asked in asked.items() if not is_asked]:
            del self.fields[name]
        if asked["owner"]:
            self.fields["owner"].queryset = User.objects.who_see(item.incident)  # type: ignore[attr-defined]
        if verb == ActionVerb.VERIFY:
            self.fields["evidence"].label = _("What did you see?")
        if asked["reason"]:
            self.fields["reason"].label = WHY.get(verb, self.fields["reason"].label)

    @property
    def asks(self) -> bool:
        """Whether there is anything to fill in."""
        return bool(self.visible_fields())


class DefencesForm(forms.Form):
    """What each safety net did; blank ones are not counted."""

    def __init__(self, *args: Any, incident: Incident, **more: Any) -> None:
        super().__init__(*args, **more)
        known = {check.defence: check.result for check in DefenceCheck.objects.filter(incident=incident)}
        choices = [("", _("not asked")), *DefenceResult.choices]
        for defence in Defence:
            self.fields[defence.value] = forms.ChoiceField(
                label=defence.label,
                choices=choices,
                required=False,
                initial=known.get(defence.value, ""),
                widget=forms.RadioSelect,
            )

    def answers(self) -> dict[Defence, DefenceResult | None]:
        """What the form says, for the domain."""
        return {Defence(name): DefenceResult(value) if value else None for name, value in self.cleaned_data.items()}
