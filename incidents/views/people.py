"""People, as admins manage them: accounts, invitations, roles, and a CSV of many."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import invitations, passwords, people, people_csv
from ..domain.people_csv import PersonRow
from ..domain.setup import mail_is_set_up
from ..errors import DomainError
from ..forms.people import DisableForm, InvitationNewForm, PeopleFileForm, PeopleTextForm, PersonForm, RoleForm
from ..models import Invitation, User
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import password_again, requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_admins = requires(Perm.ADMINISTER)
# Pages that may show a link that lets somebody in.
no_store = cache_control(no_store=True)


@for_admins
@require_safe
def people_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "people": User.objects.for_list(),
        "invitations": Invitation.objects.unanswered(),
        "now": timezone.now(),
        "zone": reader_zone(request.user),
    }
    return render(request, "people/people.html", context)


@no_store
@for_admins
@password_again
@form_methods
def person_invite(request: SignedInRequest) -> HttpResponse:
    form = InvitationNewForm(sent(request))
    issued = attempt(form, lambda: invitations.invite(actor=actor_of(request), now=timezone.now(), **form.cleaned_data))
    if issued:
        return _issued(request, [issued])
    return form_page(request, "people/invite.html", form)


def _issued(request: SignedInRequest, issued: list[invitations.IssuedInvitation]) -> HttpResponse:
    """Say that the mails are on their way, or show the links this once where no mail goes out."""
    if not mail_is_set_up():
        return render(request, "people/links.html", {"issued": issued})
    text = ngettext("An invitation is on its way.", "%(count)s invitations are on their way.", len(issued))
    messages.success(request, text % {"count": len(issued)})
    return redirect("people")


@no_store
@for_admins
@password_again
@require_POST
def invitation_renew(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    try:
        issued = invitations.renew(actor=actor_of(request), invitation=invitation, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("people")
    return _issued(request, [issued])


@for_admins
@password_again
@require_POST
def invitation_revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=invitation_id)
    try:
        invitations.revoke(actor=actor_of(request), invitation=invitation, now=timezone.now())
        messages.success(request, _("The invitation is withdrawn. Its link does nothing any more."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("people")


@for_admins
@require_safe
def person(request: SignedInRequest, person_id: int) -> HttpResponse:
    found = get_object_or_404(User.objects.for_list(), pk=person_id)
    context = {"person": found, "held": people.holdings(found), "zone": reader_zone(request.user)}
    return render(request, "people/person.html", context)


@for_admins
@password_again
@form_methods
def person_edit(request: SignedInRequest, person_id: int) -> HttpResponse:
    found = get_object_or_404(User, pk=person_id)
    form = PersonForm(sent(request), instance=found)
    if attempt(
        form, lambda: people.change(actor=actor_of(request), person=found, now=timezone.now(), **form.cleaned_data)
    ):
        messages.success(request, _("Saved."))
        return redirect("person", person_id)
    return form_page(request, "people/edit.html", form, person=found)


@for_admins
@password_again
@form_methods
def person_role(request: SignedInRequest, person_id: int) -> HttpResponse:
    found = get_object_or_404(User, pk=person_id)
    form = RoleForm(sent(request), initial={"role": found.role})
    if attempt(
        form, lambda: people.change_role(actor=actor_of(request), person=found, now=timezone.now(), **form.cleaned_data)
    ):
        messages.success(request, _("The role of %(name)s is changed.") % {"name": found.name})
        return redirect("person", person_id)
    return form_page(request, "people/role.html", form, person=found)


@for_admins
@password_again
@form_methods
def person_disable(request: SignedInRequest, person_id: int) -> HttpResponse:
    found = get_object_or_404(User, pk=person_id)
    form = DisableForm(sent(request), person=found, held=people.holdings(found))
    if attempt(form, lambda: _disable(request, found, form)):
        messages.success(request, _("%(name)s cannot sign in any more.") % {"name": found.name})
        return redirect("person", person_id)
    return form_page(request, "people/disable.html", form, person=found)


def _disable(request: SignedInRequest, found: User, form: DisableForm) -> User:
    return people.disable(actor=actor_of(request), person=found, successors=form.successors(), now=timezone.now())


@for_admins
@password_again
@require_POST
def person_enable(request: SignedInRequest, person_id: int) -> HttpResponse:
    found = get_object_or_404(User, pk=person_id)
    people.enable(actor=actor_of(request), person=found, now=timezone.now())
    messages.success(request, _("%(name)s can sign in again.") % {"name": found.name})
    return redirect("person", person_id)


@no_store
@for_admins
@password_again
@require_POST
def person_password_link(request: SignedInRequest, person_id: int) -> HttpResponse:
    """A link for a new password, shown once, for who gets no mail."""
    found = get_object_or_404(User, pk=person_id)
    try:
        link = passwords.make_link(actor=actor_of(request), person=found, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("person", person_id)
    return render(request, "people/password_link.html", {"person": found, "link": link})


@no_store
@for_admins
@password_again
@form_methods
def people_import(request: SignedInRequest) -> HttpResponse:
    """Two steps on one address: a file is shown row by row, then what was shown is carried out."""
    if "text" in request.POST:
        return _carry_out(request)
    form = PeopleFileForm(sent(request), request.FILES or None)
    text = attempt(form, lambda: people_csv.decode(form.cleaned_data["file"].read()))
    rows = attempt(form, lambda: people_csv.read(text)) if text else None
    if text and rows:
        return _preview(request, PeopleTextForm(initial={"text": text}), rows)
    return form_page(request, "people/import.html", form, columns=people_csv.COLUMNS)


def _carry_out(request: SignedInRequest) -> HttpResponse:
    form = PeopleTextForm(request.POST)
    rows = attempt(form, lambda: people_csv.read(form.cleaned_data["text"])) or []
    issued = attempt(form, lambda: people_csv.create(actor=actor_of(request), rows=rows, now=timezone.now()))
    return _issued(request, issued) if issued else _preview(request, form, rows)


def _preview(request: SignedInRequest, form: PeopleTextForm, rows: list[PersonRow]) -> HttpResponse:
    new = [row for row in rows if not row.errors and not row.is_known]
    wrong = [row for row in rows if row.errors]
    if not wrong and not new and form.is_bound is False:
        messages.info(request, _("Everybody in this file has an account already."))
    context = {"rows": rows, "new": new, "wrong": wrong}
    return form_page(request, "people/import_preview.html", form, **context)
