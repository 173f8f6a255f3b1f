"""Requests as views know them once the middleware has seen them; for the eyes of a type checker."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class PageRequest(HttpRequest):
    """One from anybody; ``htmx`` is true where a part of a page asks to be renewed."""

    htmx: HtmxDetails


class SignedInRequest(PageRequest):
    """One that `LoginRequiredMiddleware` has let through."""

    user: User
