"""What holds for every page of somebody who is signed in."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from . import sessions
from .errors import DomainError, Forbidden

View = Callable[..., HttpResponse]


class SessionMiddleware:
    """Renews the session of who is signed in, at most once an hour."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without the cookie there is nothing to renew, and the session is best left untouched.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            sessions.renew(request)
        return self.get_response(request)


class RoleRequiredMiddleware:
    """Shows who has no role yet what to do about it, in place of every page but their own account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        is_open = not getattr(view, "login_required", True) or not getattr(view, "role_required", True)
        if is_open or not request.user.is_authenticated or request.user.role:
            return None
        return render(request, "account/no_role.html", status=403)


class DomainErrorMiddleware:
    """Answers what the domain refuses and no form shows: 403, or a page that says why nothing was done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        template = "403.html" if isinstance(error, Forbidden) else "incidents/refused.html"
        match = request.resolver_match
        reference = match.kwargs.get("reference") if match else None
        back_url = reverse("incident", args=[reference]) if reference else reverse("today")
        context = {"message": error.message, "back_url": back_url}
        return render(request, template, context, status=error.http_status)


def role_not_required(view: View) -> View:
    """Mark a view as one that somebody without a role may use too."""
    view.role_required = False  # type: ignore[attr-defined]
    return view
