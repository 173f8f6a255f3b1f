"""Taking a text out of everything, as admins do it: what is to go, where it was found, done."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ..domain import redaction
from ..forms.redaction import RedactionForm
from ..models import AuditEntry
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import password_again, requires

SHOWN = 20


@sensitive_post_parameters("text")
@cache_control(no_store=True)
@requires(Perm.ADMINISTER)
@password_again
@require_http_methods(["GET", "HEAD", "POST"])
def redact(request: SignedInRequest) -> HttpResponse:
    """Three steps on one address, so that the text is never in one: asked for, shown where it is, taken out."""
    form = RedactionForm(sent(request), visible_to=request.user)
    if "confirm" in request.POST and (gone := attempt(form, lambda: _carry_out(request, form))):
        text = ngettext("Taken out in %(count)d place.", "Taken out in %(count)d places.", gone.count)
        messages.success(request, text % {"count": gone.count})
        return redirect("redaction")
    found = None if "again" in request.POST else attempt(form, lambda: _find(request, form))
    if found is not None:
        return render(request, "redaction/preview.html", {"form": form, "found": found})
    earlier = AuditEntry.objects.for_log(action=redaction.CARRIED_OUT)[:SHOWN]
    return form_page(request, "redaction/form.html", form, earlier=earlier, zone=reader_zone(request.user))


def _find(request: SignedInRequest, form: RedactionForm) -> redaction.Findings:
    return redaction.find(actor=actor_of(request), words=form.words(), incident=form.cleaned_data["incident"])


def _carry_out(request: SignedInRequest, form: RedactionForm) -> redaction.Findings:
    return redaction.redact(
        actor=actor_of(request),
        words=form.words(),
        reason=form.cleaned_data["reason"],
        incident=form.cleaned_data["incident"],
        now=timezone.now(),
    )
