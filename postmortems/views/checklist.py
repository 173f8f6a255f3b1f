"""What the checklist of postmortems asks for, for admins."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of
from incidents.views.answers import attempt, form_page, sent

from ..domain import checklist as domain
from ..forms.writing import ChecklistForm
from ..models import ChecklistRules
from ..permissions import LessonPerm


def checklist(request: SignedInRequest) -> HttpResponse:
    """Choose for each line whether it blocks publishing, is advice, or is not asked for."""
    actor = actor_of(request)
    require(actor, LessonPerm.EDIT_CHECKLIST)
    form = ChecklistForm(sent(request), rules=ChecklistRules.current())

    def save() -> ChecklistRules:
        version = form.cleaned_data["version"]
        return domain.choose(actor=actor, forces=form.forces(), now=timezone.now(), version=version)

    if attempt(form, save):
        messages.success(request, _("Saved."))
        return redirect("checklist")
    return form_page(request, "postmortems/checklist.html", form)
