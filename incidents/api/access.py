"""Who may use the API: nobody without a token that counts. Every operation goes through `operation()`."""

import hashlib
import hmac
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from ..domain import tokens
from ..errors import DomainError
from ..models import ApiToken
from ..permissions import Actor
from .answers import Refused, Unauthorized, refusal
from .bodies import body_of

View = Callable[..., HttpResponse]

WINDOW = 60  # seconds
LONGEST_TOKEN = 200
# For how long a signed message counts: clocks differ, and messages wait.
SIGNATURE_LASTS = 5 * 60  # seconds
# Headers with a signature of the body alone, as others send them: ``sha256=`` may stand before the digits.
PLAIN_SIGNATURES = ("X-Hub-Signature-256", "X-Grafana-Alerting-Signature")


class ApiRequest(HttpRequest):
    """A request whose token was looked at; for the eyes of a type checker."""

    token: ApiToken
    actor: Actor


def operation(*, method: str = "POST", a_minute: int, signed: bool = False) -> Callable[[View], View]:
    """Let a view answer machines: by a token, so often a minute for each, with errors in one shape.

    ``signed`` takes a signature of the body in place of the token itself.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                request.token = _token_of(request, signed=signed)
                request.actor = Actor.token(request.token)
                _check_method(request, method)
                _check_rate(request.token, a_minute, view.__name__)
                tokens.note_use(token=request.token, now=timezone.now())
                return view(request, *args, **kwargs)
            except DomainError as error:
                return refusal(error)

        wrapper.is_operation = True  # type: ignore[attr-defined]
        return csrf_exempt(login_not_required(wrapper))

    return decorator


def _token_of(request: HttpRequest, *, signed: bool) -> ApiToken:
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    found = None
    if kind.lower() == "bearer" and 0 < len(secret) <= LONGEST_TOKEN:
        found = tokens.find_token(secret=secret, now=timezone.now())
    elif signed and not kind:
        found = _signer(request)
    if found is None:
        raise Unauthorized(_("Send a token that is in use: Authorization: Bearer nvt_…"))
    return found


def _signer(request: HttpRequest) -> ApiToken | None:
    """The token whose signing key the body was signed with; its beginning stands in the address as ``key``."""
    signers = tokens.find_signer(hint=request.GET.get("key", ""), now=timezone.now())
    if not signers:
        return None
    signatures = _signatures(request)
    for token in signers:
        for said, signed_text in signatures:
            right = hmac.new(tokens.signing_key(token).encode(), signed_text, hashlib.sha256).hexdigest()
            if hmac.compare_digest(right.encode(), said.lower().encode("utf-8", "replace")):
                return token
    return None


def _signatures(request: HttpRequest) -> list[tuple[str, bytes]]:
    """What the headers say to be a signature, each with the text that it should be one of."""
    body = body_of(request)
    found = [
        (request.headers[name].removeprefix("sha256="), body) for name in PLAIN_SIGNATURES if name in request.headers
    ]
    parts = dict(
        part.strip().partition("=")[::2] for part in request.headers.get("Nevertwice-Signature", "").split(",")
    )
    at = parts.get("t", "")
    if at.isascii() and at.isdigit() and len(at) < 12 and abs(time.time() - int(at)) <= SIGNATURE_LASTS:
        found.append((parts.get("v1", ""), f"{at}.".encode() + body))
    return found


def _check_method(request: HttpRequest, method: str) -> None:
    if request.method != method:
        message = _("This address takes %(method)s.") % {"method": method}
        raise Refused(405, "method_not_allowed", message, headers={"Allow": method})


def _check_rate(token: ApiToken, a_minute: int, name: str) -> None:
    """Count the requests of this minute; each process counts for itself unless they share a cache."""
    now = time.time()
    key = f"api:{name}:{token.pk}:{int(now // WINDOW)}"
    cache.add(key, 0, timeout=2 * WINDOW)
    try:
        number = cache.incr(key)
    except ValueError:
        # A full cache has just dropped it.
        return
    if number > a_minute:
        wait = str(WINDOW - int(now % WINDOW))
        message = _("That was too much for one minute. Try again after %(seconds)s s.") % {"seconds": wait}
        raise Refused(429, "too_many_requests", message, headers={"Retry-After": wait})
