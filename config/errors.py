"""Pages for what went wrong, none of which needs a database."""

import logging

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old."""
    return HttpResponse(render_to_string("403_csrf.html"), status=403)


class OutageInShort(logging.Filter):
    """One line instead of a traceback for each request during an outage."""
