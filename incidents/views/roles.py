"""Who does what on an incident, and who may see a private one."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..domain import privacy
from ..domain import roles as domain
from ..enums import IncidentRole, Role
from ..errors import NotPossible
from ..forms.incident import MemberForm, RoleForm
from ..models import Incident, User
from ..permissions import Perm, require
from ..requests import SignedInRequest
from .access import actor_of, incident_page
from .answers import attempt, form_page, sent
from .incident import rights


@incident_page
def roles(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """All roles of an incident, each with its holder and a form to hand it over."""
    require(actor_of(request), Perm.RESPOND, incident)
    form = RoleForm(sent(request))
    if attempt(form, lambda: _hand_over(request, incident, form)):
        return redirect(incident)
    context = {"incident": incident, "forms": _role_forms(incident, form), **rights(request, incident)}
    refused = 409 if getattr(form, "is_stale", False) else 422
    return render(request, "incidents/roles.html", context, status=refused if form.is_bound else 200)


def _hand_over(request: SignedInRequest, incident: Incident, form: RoleForm) -> Incident:
    data = form.cleaned_data
    return domain.assign(
        actor=actor_of(request),
        incident=incident,
        role=IncidentRole(data["role"]),
        holder=data["holder"],
        note=form.note(),
        now=timezone.now(),
    )


def _role_forms(incident: Incident, refused: RoleForm) -> list[tuple[IncidentRole, RoleForm]]:
    forms = []
    for role in IncidentRole:
        holder = incident.role_holder(role)
        form = RoleForm(initial={"role": role.value, "holder": holder}, auto_id=f"id_{role}_%s")
        forms.append((role, refused if refused.data.get("role") == role else form))
    return forms


@require_POST
@incident_page
def take_role(request: SignedInRequest, incident: Incident) -> HttpResponse:
    role = request.POST.get("role", "")
    if role not in IncidentRole.values:
        raise NotPossible(_("Choose one of the roles."))
    domain.take(actor=actor_of(request), incident=incident, role=IncidentRole(role), now=timezone.now())
    return redirect(incident)


@incident_page
def members(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Who sees a private incident, and making one private."""
    actor = actor_of(request)
    require(actor, Perm.RESPOND, incident)
    form = MemberForm(sent(request), people=User.objects.with_role(Role.READER))

    def add() -> User:
        user: User = form.cleaned_data["user"]
        privacy.add_member(actor=actor, incident=incident, user=user, now=timezone.now())
        return user

    if attempt(form, add):
        return redirect("members", incident.reference)
    memberships = incident.memberships.select_related("user", "added_by")
    context = {"incident": incident, "memberships": memberships, **rights(request, incident)}
    return form_page(request, "incidents/members.html", form, **context)


@require_POST
@incident_page
def member_remove(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Take somebody off the list; who is no longer on it is gone already, which only who may remove is told."""
    actor = actor_of(request)
    require(actor, Perm.MARK_PRIVATE, incident)
    form = MemberForm(request.POST, people=User.objects.added_to(incident))
    if form.is_valid():
        privacy.remove_member(actor=actor, incident=incident, user=form.cleaned_data["user"], now=timezone.now())
    return redirect("members", incident.reference)


@require_POST
@incident_page
def make_private(request: SignedInRequest, incident: Incident) -> HttpResponse:
    privacy.make_private(actor=actor_of(request), incident=incident, members=[], now=timezone.now())
    return redirect("members", incident.reference)


@require_POST
@incident_page
def lift_private(request: SignedInRequest, incident: Incident) -> HttpResponse:
    privacy.lift(actor=actor_of(request), incident=incident, now=timezone.now())
    return redirect("members", incident.reference)
