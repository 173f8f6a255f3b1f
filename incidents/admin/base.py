"""What the pages of all records have in common: they ask the domain to change things, and delete nothing."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.forms.models import ModelFormOptions
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..domain import privacy
from ..errors import DomainError, NotPossible
from ..forms.errors import add_domain_error
from ..forms.fields import LONGEST_KEY
from ..models import AuditEntry, Incident
from ..permissions import Actor
from ..views.access import actor_of

MAX_ROWS_AT_ONCE = 500


def opened_incidents(request: HttpRequest) -> models.QuerySet[Incident]:
    """Incidents whose text this admin may read here: not private, or taking part, or having said that they look."""
    said = AuditEntry.objects.filter(
        incident=OuterRef("pk"),
        actor=request.user.pk,
        action=privacy.ACCESS_ACTION,
        at__gt=timezone.now() - privacy.ACCESS_LASTS,
    )
    member = Incident.objects.member(request.user).values("pk")
    return Incident.objects.present().filter(Q(is_private=False) | Q(pk__in=member) | Exists(said))


def check_opened(request: HttpRequest, incident: Incident) -> None:
    """Raise `NotPossible` for a private incident that this admin neither takes part in nor has opened."""
    if not opened_incidents(request).filter(pk=incident.pk).exists():
        raise NotPossible(_("This incident is private. Open its page first; that is recorded."))


class RecordAdmin(admin.ModelAdmin):
    """A list of records and a page for each. Nothing can be deleted, and what was done to a record is in the audit."""

    list_per_page = 50
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list. A filter by a number that no column could hold is an unknown one, not a failure of the database."""
        if any(name != SEARCH_VAR and _is_huge(value) for name, value in request.GET.items()):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nothing is ever deleted here; this takes *delete selected* out of the actions too."""
        return False

    def get_view_on_site_url(self, obj: models.Model | None = None) -> str | None:
        """The page of this record in the product, if it has one."""
        return obj.get_absolute_url() if obj is not None and hasattr(obj, "get_absolute_url") else None

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to what the audit says of this record."""
        address = reverse("admin:incidents_auditentry_changelist")
        query = urlencode({"object_type__exact": str(self.opts.model_name), "object_id__exact": object_id})
        return HttpResponseRedirect(f"{address}?{query}")

    def for_each(self, request: HttpRequest, rows: Iterable[Any], do: Callable[[Any], object]) -> None:
        """Do this to each row by itself, and say how many went well and what was wrong with each of the others."""
        done = 0
        for row in rows:
            try:
                do(row)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
        if done:
            said = ngettext("Done for %(count)d record.", "Done for %(count)d records.", done)
            self.message_user(request, said % {"count": done}, messages.SUCCESS)

    # Django's own log of what was done here would be a second, poorer audit.

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:  # type: ignore[override]
        """Write nothing: the domain function has written the audit."""

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:  # type: ignore[override]
        """Write nothing: the domain function has written the audit."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        """Nothing: it would only go into Django's own log."""
        return []


class ReadOnlyAdmin(RecordAdmin):
    """Records that are only looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come about by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """They stay as they are."""
        return False


def _is_huge(value: object) -> bool:
    digits = str(value).strip().lstrip("+-")
    return digits.isdecimal() and len(digits) > LONGEST_KEY


class ListOnlyAdmin(ReadOnlyAdmin):
    """Records that have nothing to show beyond their row."""

    list_display_links = None
    actions: Any = None

    def get_urls(self) -> list[Any]:
        """The list alone."""
        return [url for url in super().get_urls() if url.name and url.name.endswith("_changelist")]


class RecordForm(forms.BaseForm):
    """What Django's admin expects of a form, for the product's own ones: mixed in before one of them.

    ``refused`` is what the domain said to the same input a moment before; the form then shows it.
    """

    request: ClassVar[HttpRequest]
    refused: ClassVar[DomainError | None] = None
    instance: models.Model

    def full_clean(self) -> None:
        super().full_clean()
        if self.refused is None or not self.is_bound:
            return
        add_domain_error(self, self.refused)
        for label, said in getattr(self, "comparison", []):
            self.add_error(None, _("Saved by somebody else, %(label)s: %(said)s") % {"label": label, "said": said})

    def anew(self, current: Any) -> Any:
        """The same form, unsent, for the record as it is now."""
        return type(self)(instance=current)  # type: ignore[call-arg]

    def save(self, commit: bool = True) -> models.Model:
        """Give back the record, unchanged: the domain is what changes it."""
        return self.instance

    def save_m2m(self) -> None:
        """Do nothing, for the same reason."""


class DomainModelAdmin(RecordAdmin):
    """Records that are added and changed by domain functions; what those refuse is shown on the form."""

    add_form: type[forms.BaseForm] | None = None
    change_form: type[forms.BaseForm] | None = None

    def create(self, *, actor: Actor, form: Any, now: dt.datetime) -> models.Model:
        """Call the domain function that adds a record."""
        raise PermissionDenied

    def change(self, *, actor: Actor, target: Any, form: Any, now: dt.datetime) -> None:
        """Call the domain functions that change it."""
        raise PermissionDenied

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether there is a domain function for it."""
        return self.add_form is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether there is a domain function for it."""
        return self.change_form is not None and super().has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class of this request, which knows who asks and what was refused."""
        base = self.change_form if obj is not None else self.add_form
        if base is None:
            return super().get_form(request, obj, change, **kwargs)
        attributes: dict[str, Any] = {
            "__module__": base.__module__,
            "_meta": ModelFormOptions(type("Meta", (), {"model": self.model})),
            "request": request,
            "refused": getattr(request, "refused", None),
        }
        return type(base.__name__, (base,), attributes)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All fields of the form in its own order, and after them what is only shown."""
        if self.fieldsets:
            return self.fieldsets
        form_class = self.get_form(request, obj)
        fields = form_class(instance=obj).fields if obj is not None else form_class().fields
        return [(None, {"fields": [*fields, *self.get_readonly_fields(request, obj)]})]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or carry out the form. Where the domain refuses, nothing is stored and the form says why."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            request.refused = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page with the form, answering what the errors on it amount to."""
        response = super().render_change_form(request, context, *args, **kwargs)
        refused = getattr(request, "refused", None)
        if context["errors"]:
            response.status_code = refused.http_status if refused else 422
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the domain do it."""
        actor, now = actor_of(request), timezone.now()
        if change:
            # The form may have written into its own copy.
            target = type(obj)._default_manager.get(pk=obj.pk)
            self.change(actor=actor, target=target, form=form, now=now)
            return
        created = self.create(actor=actor, form=form, now=now)
        obj.pk = created.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the rows below the form; what hangs on the record itself the domain has saved."""
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Refuse: rows are saved by domain functions that a class names."""
        raise PermissionDenied

    def ask_and_do(
        self,
        request: HttpRequest,
        rows: models.QuerySet,
        form_class: type[forms.Form],
        do: Callable[[Any, dict[str, Any]], object],
    ) -> HttpResponse | None:
        """Ask for what an action on several rows needs, then do it to each; nothing is given back once that is done."""
        if rows.count() > MAX_ROWS_AT_ONCE:
            self.message_user(request, _("At most 500 records at once. Narrow the list down."), messages.ERROR)
            return None
        form = form_class(request.POST if "apply" in request.POST else None)
        if form.is_bound and form.is_valid():
            self.for_each(request, rows, lambda row: do(row, form.cleaned_data))
            return None
        action = request.POST["action"]
        context = {
            **self.admin_site.each_context(request),
            "title": dict(self.get_action_choices(request, []))[action],
            "opts": self.opts,
            "form": form,
            "rows": rows,
            "action": action,
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/incidents/bulk.html", context, status=422 if form.errors else 200)
