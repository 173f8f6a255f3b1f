"""Teams, as admins manage them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import teams as domain
from ..errors import DomainError
from ..forms.catalogue import TeamForm
from ..models import Team
from ..permissions import Perm
from ..requests import SignedInRequest
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_admins = requires(Perm.ADMINISTER)


@for_admins
@require_safe
def teams(request: SignedInRequest) -> HttpResponse:
    return render(request, "catalogue/teams.html", {"teams": Team.objects.for_list()})


@for_admins
@form_methods
def team_new(request: SignedInRequest) -> HttpResponse:
    form = TeamForm(sent(request))
    made = attempt(form, lambda: domain.create(actor=actor_of(request), now=timezone.now(), **form.cleaned_data))
    return redirect("team", made.pk) if made else form_page(request, "catalogue/team_form.html", form)


@for_admins
@require_safe
def team(request: SignedInRequest, team_id: int) -> HttpResponse:
    found = get_object_or_404(Team.objects.for_page(), pk=team_id)
    return render(request, "catalogue/team.html", {"team": found})


@for_admins
@form_methods
def team_edit(request: SignedInRequest, team_id: int) -> HttpResponse:
    found = get_object_or_404(Team, pk=team_id)
    form = TeamForm(sent(request), instance=found)
    if attempt(
        form, lambda: domain.change(actor=actor_of(request), team=found, now=timezone.now(), **form.cleaned_data)
    ):
        messages.success(request, _("Saved."))
        return redirect("team", team_id)
    return form_page(request, "catalogue/team_form.html", form, team=found)


@for_admins
@require_POST
def team_retire(request: SignedInRequest, team_id: int) -> HttpResponse:
    found = get_object_or_404(Team, pk=team_id)
    try:
        domain.retire(actor=actor_of(request), team=found, now=timezone.now())
        messages.success(request, _("%(team)s is retired.") % {"team": found.name})
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("team", team_id)


@for_admins
@require_POST
def team_bring_back(request: SignedInRequest, team_id: int) -> HttpResponse:
    found = get_object_or_404(Team, pk=team_id)
    domain.bring_back(actor=actor_of(request), team=found, now=timezone.now())
    return redirect("team", team_id)
