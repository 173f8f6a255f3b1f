"""How a published postmortem is answered: from two parts that were rendered before, or not at all.

The page itself is the same for all readers of a role, what stands around it for all pages of one reader. Each part is
kept under a digest of everything that it shows, in the memory of this process: what changes is another part, nothing is
ever out of date, and no part is asked for before the database has said what this reader may read.
"""

import hashlib
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.contrib import messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.html import escape
from django.utils.http import quote_etag
from django.utils.translation import get_language

from incidents.notifications import heartbeat

from ..publication.page import Page

KEPT = 24 * 60 * 60  # seconds
# Where the frame is filled in. No text that anybody wrote holds a NUL byte.
TITLE, CANONICAL, MAIN, TOKEN = (f"\x00{part}\x00" for part in ("title", "canonical", "main", "token"))


def answer(request: HttpRequest, page: Page) -> HttpResponse:
    """The page, or 304 where the reader has this very page."""
    # Forms around the page hold a token made of the cookie, which this makes sure there is.
    token = "" if request.user.is_anonymous else get_token(request)
    shown, around = _digest(page.article, page, get_language()), _digest("", *_around(request, page))
    tag = quote_etag(_digest(shown, around, request.META.get("CSRF_COOKIE"), _program()))
    told = bool(messages.get_messages(request))
    response = None if told else get_conditional_response(request, etag=tag)
    if response is None:
        main = _kept(shown, lambda: render_to_string("postmortems/_read.html", {"page": page}))
        frame = _frame(request, page) if told else _kept(around, lambda: _frame(request, page))
        response = HttpResponse(_filled(frame, page, token, main))
    if not told:
        # What was just done is said once: a page that says so is not this very page.
        response["ETag"] = tag
    return response


def _frame(request: HttpRequest, page: Page) -> str:
    """What stands around the page: menu, search, who is signed in."""
    filled_in = {"title": TITLE, "canonical": CANONICAL, "main": MAIN, "csrf_token": TOKEN}
    return render_to_string("postmortems/read.html", {**filled_in, "is_public": page.is_public}, request)


def _filled(frame: str, page: Page, token: str, main: str) -> str:
    frame = frame.replace(TITLE, escape(f"{page.title} · {page.reference}")).replace(CANONICAL, page.canonical)
    return frame.replace(TOKEN, token).replace(MAIN, main)


def _around(request: HttpRequest, page: Page) -> tuple[object, ...]:
    """Everything that the frame shows."""
    user = request.user
    about = (settings.ORG_NAME, get_language(), page.is_public)
    if user.is_anonymous:
        return about
    return *about, user.pk, user.name, user.role, user.colour_scheme, user.keys_enabled, heartbeat.is_silent()


def _kept(key: str, make: Callable[[], str]) -> str:
    """What was rendered under this key before, or is now."""
    parts = caches["parts"]
    found: str | None = parts.get(key)
    if found is None:
        found = make()
        parts.set(key, found, KEPT)
    return found


@cache
def _program() -> str:
    """Which pages this program makes: after an upgrade a browser's page is not the very same any more."""
    folder = settings.ROOT / "templates"
    return _digest(static("css/nevertwice.css"), *(path.read_text() for path in sorted(folder.rglob("*.html"))))


def _digest(text: str, *more: object) -> str:
    digest = hashlib.sha256(text.encode())
    digest.update(repr(more).encode())
    return digest.hexdigest()[:32]
