"""The admins' start page: what is not set up yet."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ..domain.setup import checks
from ..permissions import Perm
from .guards import requires


@requires(Perm.ADMINISTER)
@require_safe
def setup(request: HttpRequest) -> HttpResponse:
    found = checks(now=timezone.now())
    context = {
        "open": [check for check in found if not check.is_done],
        "done": [check for check in found if check.is_done],
    }
    return render(request, "people/setup.html", context)
