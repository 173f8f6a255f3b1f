"""All addresses of the product, and an empty page for who is signed in. Only for bench.py."""

from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

EMPTY = b"<!doctype html><title>Empty</title>" + b" " * 10_000


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    """Ten kilobytes of nothing, through all middleware and with the account looked up."""
    return HttpResponse(EMPTY)


@login_not_required
def empty_for_anybody(request: HttpRequest) -> HttpResponse:
    """The same for who is not signed in, where nothing is looked up."""
    return HttpResponse(EMPTY)


urlpatterns = [
    path("empty/", empty),
    path("empty/for-anybody/", empty_for_anybody),
    path("", include("config.urls")),
]
