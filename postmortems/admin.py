"""Django's admin of lessons: action items many at once, causes, templates; what was published is only looked at."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.admin.base import DomainModelAdmin, ReadOnlyAdmin, RecordForm, opened_incidents
from incidents.enums import Role
from incidents.models import User
from incidents.permissions import Actor
from incidents.views.access import actor_of

from .domain import action_items, causes, templates
from .domain.action_items import ActionVerb
from .forms.lessons import ActionForm, ActionStateForm, CauseForm
from .forms.writing import TemplateForm
from .models import ActionItem, Postmortem, Review, Revision, RootCause, Template


class ActionChangeForm(RecordForm, ActionForm):
    """Everything about one action item but its state."""

    def __init__(self, data: Any = None, files: Any = None, *, instance: ActionItem) -> None:
        super().__init__(data, files, incident=instance.incident, item=instance)
        self.instance = instance


class CauseChangeForm(RecordForm, CauseForm):
    """Everything about one cause."""

    def __init__(self, data: Any = None, files: Any = None, *, instance: RootCause) -> None:
        user: Any = self.request.user
        super().__init__(data, files, incident=instance.incident, user=user, cause=instance)
        self.instance = instance


class TemplateRecordForm(RecordForm, TemplateForm):
    """A template, as on the product's page."""

    def __init__(
        self, data: Any = None, files: Any = None, *, instance: Template | None = None, initial: Any = None
    ) -> None:
        super().__init__(data, files, template=instance)
        self.instance = instance or Template()


class OwnerChoice(forms.Form):
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.with_role(Role.READER))


class DateChoice(forms.Form):
    due_on = forms.DateField(label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}))
    move_reason = forms.CharField(
        label=_("Why does the date move?"),
        required=False,
        max_length=500,
        help_text=_("Asked for where there was a date before."),
    )


class StateChoice(ActionStateForm):
    """A step of the table, with the proof or the reason that it asks for."""

    verb = forms.ChoiceField(label=_("What is done"), choices=ActionVerb.choices)


class OfIncident:
    """Records that hang on an incident: listed where this admin may read it without saying so first."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).filter(incident__in=opened_incidents(request))  # type: ignore[misc]


@admin.register(ActionItem)
class ActionItemAdmin(OfIncident, DomainModelAdmin):
    """Action items. They are added on the page of their incident."""

    change_form = ActionChangeForm
    list_display = ("reference", "text", "status", "owner", "due_on", "type", "incident")
    list_display_links = ("reference", "text")
    list_filter = ("status", "type", "needs_verification", "due_on", "incident__severity", "incident__team")
    list_select_related = ("owner", "incident")
    search_fields = ("text_key",)
    ordering = ("due_sort", "id")
    sortable_by = ("due_on",)
    readonly_fields = ("incident", "status", "evidence", "reason", "done_at", "verified_at", "created_by", "created_at")
    actions = ("assign", "set_date", "move_on")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Those whose text holds the words, whatever their case."""
        return super().get_search_results(request, queryset, search_term.casefold())

    def change(self, *, actor: Actor, target: ActionItem, form: Any, now: dt.datetime) -> None:
        """Replace what it says."""
        version = form.cleaned_data["version"]
        action_items.edit(actor=actor, item=target, content=form.content(), now=now, version=version)

    @admin.action(description=_("Give the selected action items to somebody"), permissions=["change"])
    def assign(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for an owner, then give each to them."""
        return self._edit_each(request, queryset, OwnerChoice)

    @admin.action(description=_("Set the due date of the selected action items"), permissions=["change"])
    def set_date(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for a date, and why it moves, then set it on each."""
        return self._edit_each(request, queryset, DateChoice)

    @admin.action(description=_("Move the selected action items on"), permissions=["change"])
    def move_on(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Ask for a step and what it needs, then take it with each."""
        actor, now = actor_of(request), timezone.now()

        def do(item: ActionItem, data: dict[str, Any]) -> None:
            verb = ActionVerb(data["verb"])
            action_items.advance(
                actor=actor, item=item, verb=verb, now=now, evidence=data["evidence"], reason=data["reason"]
            )

        return self.ask_and_do(request, queryset, StateChoice, do)

    def _edit_each(
        self, request: HttpRequest, items: models.QuerySet, form_class: type[forms.Form]
    ) -> HttpResponse | None:
        actor, now = actor_of(request), timezone.now()

        def do(item: ActionItem, data: dict[str, Any]) -> None:
            content = replace(action_items.content_of(item), **data)
            action_items.edit(actor=actor, item=item, content=content, now=now)

        return self.ask_and_do(request, items, form_class, do)


@admin.register(RootCause)
class RootCauseAdmin(OfIncident, DomainModelAdmin):
    """Causes. They are added on the page of their incident."""

    change_form = CauseChangeForm
    list_display = ("title", "role", "category", "incident", "same_as", "removed_at")
    list_filter = ("role", "category", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("incident", "same_as")
    search_fields = ("title",)
    ordering = ("-id",)
    readonly_fields = ("incident", "removed_at", "created_by", "created_at")
    actions = ("remove", "bring_back")

    def change(self, *, actor: Actor, target: RootCause, form: Any, now: dt.datetime) -> None:
        """Replace what it says."""
        version = form.cleaned_data["version"]
        causes.edit(actor=actor, cause=target, content=form.content(), now=now, version=version)

    @admin.action(description=_("Remove the selected causes"), permissions=["change"])
    def remove(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda cause: causes.remove(actor=actor, cause=cause, now=now))

    @admin.action(description=_("Bring the selected causes back"), permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor, now = actor_of(request), timezone.now()
        self.for_each(request, queryset, lambda cause: causes.restore(actor=actor, cause=cause, now=now))


@admin.register(Template)
class TemplateAdmin(DomainModelAdmin):
    """Templates of postmortems."""

    add_form = change_form = TemplateRecordForm
    list_display = ("name", "description", "is_active")
    ordering = ("name",)

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> Template:
        """Add it."""
        return templates.save(actor=actor, template=None, now=now, **form.cleaned_data)

    def change(self, *, actor: Actor, target: Template, form: Any, now: dt.datetime) -> None:
        """Change it."""
        templates.save(actor=actor, template=target, now=now, **form.cleaned_data)


@admin.register(Postmortem)
class PostmortemAdmin(OfIncident, ReadOnlyAdmin):
    """Postmortems, which are written and published on their own pages."""

    list_display = ("title", "incident", "status", "audience", "published_at")
    list_filter = ("status", "audience", "is_imported")
    list_select_related = ("incident",)
    search_fields = ("title",)
    ordering = ("-id",)
    fields = ("incident", "title", "lede", "status", "audience", "first_published_at", "published_at", "authors")


class OfPostmortem(ReadOnlyAdmin):
    """Records that hang on a postmortem."""

    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).filter(postmortem__incident__in=opened_incidents(request))


@admin.register(Revision)
class RevisionAdmin(OfPostmortem):
    """What was published, word for word."""

    list_display = ("__str__", "postmortem", "note", "published_by", "published_at")
    list_select_related = ("postmortem", "published_by")
    fields = ("postmortem", "number", "note", "published_by", "published_at", "markdown")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).defer("document", "html_internal", "html_public")


@admin.register(Review)
class ReviewAdmin(OfPostmortem):
    """What reviewers decided."""

    list_display = ("__str__", "postmortem", "decision", "is_void", "decided_at")
    list_select_related = ("postmortem", "reviewer")
    list_filter = ("decision", "is_void")
    fields = ("postmortem", "reviewer", "decision", "note", "is_void", "decided_at")
