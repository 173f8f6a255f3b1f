"""The admins' start page: what is not set up yet."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..domain import examples
from ..domain.setup import checks
from ..errors import DomainError
from ..models import Installation
from ..permissions import Perm
from ..requests import SignedInRequest
from .access import actor_of
from .guards import requires


@requires(Perm.ADMINISTER)
@require_safe
def setup(request: SignedInRequest) -> HttpResponse:
    found = checks(now=timezone.now())
    context = {
        "open": [check for check in found if not check.is_done],
        "done": [check for check in found if check.is_done],
        "installation": Installation.current(),
    }
    return render(request, "people/setup.html", context)


@requires(Perm.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def example_remove(request: SignedInRequest) -> HttpResponse:
    """Ask once more, then take the worked example away."""
    refused = ""
    if request.method == "POST":
        try:
            if examples.remove(actor=actor_of(request), now=timezone.now()):
                messages.success(request, _("The example is gone."))
            return redirect("setup")
        except DomainError as error:
            refused = error.message
    context = {"refused": refused, "is_loaded": examples.is_loaded()}
    return render(request, "people/example_remove.html", context, status=422 if refused else 200)
