"""How a form is answered: carried out and redirected, or shown again with what is wrong."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from ..clock_text import ClockContext, describe, parse_moment
from ..errors import DomainError, Forbidden, InvalidInput, Stale
from ..forms.errors import add_domain_error
from ..forms.fields import LONGEST_TIME
from ..paging import Page

T = TypeVar("T")
PLAIN = "text/plain; charset=utf-8"


def attempt(form: forms.BaseForm, act: Callable[[], T]) -> T | None:
    """Carry out what a valid form asks for.

    Nothing where none was sent, and where the form or the domain refuses, which the form then says.
    """
    if not form.is_valid():
        return None
    try:
        return act()
    except Forbidden:
        raise
    except DomainError as error:
        add_domain_error(form, error)
        form.is_stale = isinstance(error, Stale)  # type: ignore[attr-defined]
        return None


def form_page(request: HttpRequest, page: str, form: forms.BaseForm, /, **context: Any) -> HttpResponse:
    """The page of a form: 422 where it was sent and has errors, 409 where somebody else was quicker."""
    refused = 409 if getattr(form, "is_stale", False) else 422
    status = refused if form.is_bound and form.errors else 200
    return render(request, page, {"form": form, **context}, status=status)


def say_time(text: str, clock: ClockContext) -> HttpResponse:
    """How a typed time is understood, as a line of plain text; 422 where it is not, and the text says why."""
    if not text.strip():
        return HttpResponse(content_type=PLAIN)
    try:
        moment = parse_moment(text[:LONGEST_TIME], clock)
    except InvalidInput as error:
        return HttpResponse(error.message, content_type=PLAIN, status=422)
    said = describe(moment.at, clock.zone) if moment.at else moment.time_text
    return HttpResponse(f"= {said}", content_type=PLAIN)


def filters_of(request: HttpRequest) -> QueryDict:
    """What the address says, besides the place in the list: for the addresses of the pages beside this one."""
    query = request.GET.copy()
    for place in ("after", "before"):
        query.pop(place, None)
    return query


def pages_beside(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    """The addresses of the pages beside this one, with every filter in them, for ``components/pager.html``."""
    places = {"newer_url": ("before", page.before), "older_url": ("after", page.after)}
    filters = filters_of(request)
    urls = {}
    for name, (way, token) in places.items():
        query = filters.copy()
        query[way] = token
        urls[name] = f"{request.path}?{query.urlencode()}" if token else ""
    return urls


def sent(request: HttpRequest) -> Any:
    """What a form is to be filled with: what was sent, or nothing on the first look."""
    return request.POST if request.method == "POST" else None
