"""What stands in front of a page: a permission, and the password once more for what an intruder would want."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from ..forms.accounts import PasswordAgainForm
from ..permissions import Perm, can
from ..requests import SignedInRequest
from ..sessions import password_is_fresh
from .access import View, actor_of

PASSWORD_FIELD = "current_password"  # noqa: S105, the name of an input


def requires(perm: Perm) -> Callable[[View], View]:
    """Answer 403 to whoever may not do this at all; for pages that show no incident."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not can(actor_of(request), perm):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapper

    return decorator


def password_again(view: View) -> View:
    """Ask for the password unless it was given in this session within 15 minutes, then go on where one was.

    What was being sent is carried through the question, so that nothing typed is lost.
    """

    @wraps(view)
    def wrapper(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if password_is_fresh(request):
            return view(request, *args, **kwargs)
        if request.method != "POST":
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{resolve_url('password-again')}?{query}")
        form = PasswordAgainForm(request.POST if PASSWORD_FIELD in request.POST else None, request=request)
        if form.is_bound and form.is_valid():
            return view(request, *args, **kwargs)
        context = {"form": form, "carried": _carried(request), "back_url": request.path}
        return render(request, "account/password_again.html", context, status=422)

    return wrapper


def _carried(request: SignedInRequest) -> list[tuple[str, str]]:
    """All that was sent, besides the password and the token of the form."""
    left_out = {PASSWORD_FIELD, "csrfmiddlewaretoken"}
    return [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]


def next_url(request: HttpRequest, default: str) -> str:
    """Where to go on: an address of this site that the request names, else the page named ``default``."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else resolve_url(default)
