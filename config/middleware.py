"""What happens to every request and response: addresses behind proxies, headers, caching, NUL bytes."""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.template.loader import render_to_string
from django.views.defaults import bad_request

from config.environment import Network

Handler = Callable[[HttpRequest], HttpResponseBase]

FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)
# The largest picture, with the rest of its form.
MAX_BODY = 12_000_000
# Pages that a shared computer should not be able to show again after signing out.
NO_STORE = ("/account/", "/admin/")
# What no page can show: all but tab and line ends, and what Unicode says is no character.
CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
API = "/api/"
# What the API says where something before or behind it has refused, as code and sentence.
API_ERRORS = {
    400: ("bad_request", "This request cannot be used."),
    404: ("not_found", "There is nothing at this address."),
    503: ("unavailable", "The database is not reachable. Try again shortly."),
}
CSRF_TOKEN = re.compile(rb"""((?:csrfmiddlewaretoken" value=|X-CSRFToken"?: ?)["']?)[A-Za-z0-9]{64}""", re.IGNORECASE)


def trusted_proxies(get_response: Handler) -> Handler:
    """Put the visitor's address and scheme where a trusted proxy says they are; drop what anyone else claims."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        networks = settings.TRUSTED_PROXIES
        claims = {name: request.META.pop(name) for name in FORWARDED if name in request.META}
        if claims and _is_within(request.META.get("REMOTE_ADDR", ""), networks):
            request.META["REMOTE_ADDR"] = _visitor(
                request.META.get("REMOTE_ADDR", ""), claims.get("HTTP_X_FORWARDED_FOR", ""), networks
            )
            if proto := claims.get("HTTP_X_FORWARDED_PROTO"):
                # The last word is the one that our own proxy wrote.
                request.META["HTTP_X_FORWARDED_PROTO"] = proto.rpartition(",")[2].strip()
        return get_response(request)

    return middleware


def _visitor(proxy: str, forwarded_for: str, networks: Sequence[Network]) -> str:
    """The nearest address that is not one of ours; whatever stands before it could be made up."""
    visitor = proxy
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",")]):
        try:
            visitor = str(ipaddress.ip_address(hop))
        except ValueError:
            break
        if not _is_within(visitor, networks):
            break
    return visitor


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    if not address:
        # A Unix socket has no address; only what runs on this machine can reach it.
        return bool(networks)
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in networks)


def response_headers(get_response: Handler) -> Handler:
    """The headers that no other middleware sets; static files get them too."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def machines(get_response: Handler) -> Handler:
    """For the API: no cookie counts, and every refusal is JSON of one shape, whoever refuses."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(API):
            return get_response(request)
        request.COOKIES = {}
        response = get_response(request)
        if response.status_code < 400 or response.get("Content-Type", "").startswith("application/json"):
            return response
        code, message = API_ERRORS.get(response.status_code, ("error", "Something went wrong."))
        kept = {name: response[name] for name in ("Retry-After", "Allow", "Cache-Control") if name in response}
        body = {"code": code, "message": message, "fields": {}}
        return JsonResponse(body, status=response.status_code, headers=kept)

    return middleware


def refuse_huge_bodies(get_response: Handler) -> Handler:
    """Answer 413 to what says to be larger than any form of ours, unread: reading it would fill the disk first."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY:
            return HttpResponse(render_to_string("413.html"), status=413)
        return get_response(request)

    return middleware


def refuse_unstorable_text(get_response: Handler) -> Handler:
    """Answer 400 to NUL bytes in address, query, cookies, form fields and file names.

    SQLite would store them, PostgreSQL would fail in the middle of a transaction. JSON bodies are the API's to check.
    Other control characters, such as the colours of a pasted terminal, are taken out of form fields: no page can show
    them, and whoever pastes a log at night is not to be refused for them.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if _has_nul(request):
            # Not raised: a traceback in the log for each of these would only help whoever sends them.
            return bad_request(request, BadRequest("NUL byte"))
        is_form = request.method == "POST" and not request.path_info.startswith(API)
        if is_form and any(CONTROL.search(value) for value in _posted(request)):
            request.POST = _without_control(request.POST)  # type: ignore[assignment]
        return get_response(request)

    return middleware


def _has_nul(request: HttpRequest) -> bool:
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    if any("\x00" in value for value in request.COOKIES.values()):
        return True
    if request.method != "POST" or request.path_info.startswith(API):
        return False
    names = [file.name or "" for _name, some in request.FILES.lists() for file in some]
    return any("\x00" in value for value in [*request.POST, *_posted(request), *names])


def _posted(request: HttpRequest) -> list[str]:
    """The values of all form fields."""
    return [value for _name, some in request.POST.lists() for value in some]


def _without_control(fields: QueryDict) -> QueryDict:
    """The same fields, their values without control characters; tab and line ends stay."""
    clean = QueryDict(mutable=True)
    for name, values in fields.lists():
        clean.setlist(name, [CONTROL.sub("", value) for value in values])
    clean._mutable = False
    return clean


class PageCaching(ConditionalGetMiddleware):
    """`private, no-cache` with an ETag: an unchanged page costs no transfer. `no-store` for account and admin."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add what the view did not say about caching; 304 where the visitor has this very page."""
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store" if request.path.startswith(NO_STORE) else "private, no-cache"
        if request.method == "GET" and isinstance(response, HttpResponse) and self._wants_tag(response):
            response["ETag"] = _page_tag(request, response.content)
        return super().process_response(request, response)

    def _wants_tag(self, response: HttpResponse) -> bool:
        return response.status_code == 200 and self.needs_etag(response) and not response.has_header("ETag")


def _page_tag(request: HttpRequest, content: bytes) -> str:
    """A tag of what the page says. A form's token looks new in each answer, so the secret behind it counts instead."""
    digest = hashlib.sha256(CSRF_TOKEN.sub(rb"\1", content))
    digest.update(str(request.META.get("CSRF_COOKIE", "")).encode())
    return f'"{digest.hexdigest()[:32]}"'
