"""At the door: where a request comes from, how many tries are left, and whose name and password these are."""

import datetime as dt
import ipaddress
import secrets
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.contrib.auth.backends import BaseBackend
from django.core import signing
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from .errors import DomainError
from .models import LoginAttempt, User
from .sessions import remember_client, remember_password

WINDOW = dt.timedelta(minutes=15)
TRIES_BY_ADDRESS = 10
TRIES_BY_NAME = 50
LINKS_BY_ADDRESS = 20
LINKS_BY_EMAIL = 3

DEVICE_SALT = "incidents.device"
DEVICE_AGE = dt.timedelta(days=365)
# Under IPv6 one customer has a whole /64; counting single addresses would count nothing.
IPV6_PREFIX = 64
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TooManyTries(DomainError):
    """The limit of tries is reached; ``retry_after`` says in how many seconds the next one is looked at."""

    default_code = "too_many_tries"
    http_status = 429
    retry_after = int(WINDOW.total_seconds())


# Where from


def client_address(request: HttpRequest) -> str:
    """The address of the browser in normal form, or nothing where it is not known.

    What trusted proxies say of it, the first middleware has put into ``REMOTE_ADDR`` already.
    """
    address = _address(request.META.get("REMOTE_ADDR", ""))
    return "" if address is None else str(address)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


# How often


def _key(*parts: str) -> str:
    # People type passwords into the name field, so that names are not kept readable.
    return salted_hmac("incidents.sign_in", "\n".join(parts), algorithm="sha256").hexdigest()


def _same_name(name: str) -> str:
    """One spelling for all that a database may take for the same name."""
    return unicodedata.normalize("NFKC", name).strip().upper().casefold()


def _neighbourhood(address: str) -> str:
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return address


def take_slot(key: str, *, limit: int, at: dt.datetime) -> bool:
    """Take one of ``limit`` slots of this key; false when they are used up.

    One conditional UPDATE decides, so that of any number of parallel tries exactly ``limit`` get through. The count
    starts anew only after a window without a try, so that no fifteen minutes hold more than ``limit`` of them.
    """
    return _take(key, limit, at) or (_make_row(key) and _take(key, limit, at))


def _take(key: str, limit: int, at: dt.datetime) -> bool:
    is_over = Q(last_at__lte=at - WINDOW)
    taken = LoginAttempt.objects.filter(Q(tries__lt=limit) | is_over, key=key).update(
        tries=Case(When(is_over, then=Value(1)), default=F("tries") + 1), last_at=at
    )
    return taken == 1


def _make_row(key: str) -> bool:
    LoginAttempt.objects.bulk_create([LoginAttempt(key=key, last_at=LONG_AGO)], ignore_conflicts=True)
    return True


def _limits(request: HttpRequest | None, name: str, account: User | None) -> list[tuple[str, int]]:
    """The keys a try is counted under, the narrow one first, each with its limit.

    A device on which this person has signed in before has a count of its own: strangers can use up the tries of a
    name, and the person still gets in.
    """
    name = _same_name(name)
    device = remembered_device(request, account)
    if device:
        return [(_key("device", device, name), TRIES_BY_ADDRESS)]
    address = _neighbourhood(client_address(request)) if request is not None else ""
    return [(_key("address", address, name), TRIES_BY_ADDRESS), (_key("name", name), TRIES_BY_NAME)]


def _reserve(limits: list[tuple[str, int]], at: dt.datetime) -> None:
    for key, limit in limits:
        if not take_slot(key, limit=limit, at=at):
            raise TooManyTries(_("Too many tries. Wait 15 minutes, then try again, or ask for a new password."))


def _give_back(limits: list[tuple[str, int]]) -> None:
    """A try that succeeded was none; those that failed still count."""
    LoginAttempt.objects.filter(key__in=[key for key, _limit in limits], tries__gt=0).update(tries=F("tries") - 1)


def may_ask_for_link(request: HttpRequest, email: str) -> bool:
    """Whether to look at one more request for a new password; so few that nobody's mailbox is flooded."""
    at, address = timezone.now(), _neighbourhood(client_address(request))
    return take_slot(_key("link from", address), limit=LINKS_BY_ADDRESS, at=at) and take_slot(
        _key("link to", _same_name(email)), limit=LINKS_BY_EMAIL, at=at
    )


# Which device


def _device_cookie() -> str:
    return "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"


def remembered_device(request: HttpRequest | None, account: User | None) -> str:
    """The mark of the browser if this person has signed in with it before, else nothing."""
    cookie = request.COOKIES.get(_device_cookie(), "") if request is not None else ""
    try:
        device = signing.loads(cookie, salt=DEVICE_SALT, max_age=DEVICE_AGE)
    except signing.BadSignature:
        return ""
    known = account is not None and device["user"] == account.pk
    return device["device"] if known else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Leave the cookie by which this browser is known again when somebody else uses up the tries of the name."""
    device = remembered_device(request, user) or secrets.token_urlsafe(16)
    response.set_cookie(
        _device_cookie(),
        signing.dumps({"user": user.pk, "device": device}, salt=DEVICE_SALT),
        max_age=DEVICE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


# Who


def find_account(name_or_email: str) -> User | None:
    """The account that this name or e-mail address belongs to, whatever its case and whether or not it is active."""
    wanted = unicodedata.normalize("NFKC", name_or_email).strip()
    if not wanted or "\x00" in wanted:
        return None
    found = list(User.objects.named(wanted)[:2])
    # Names hold no @, so two are found only in data from elsewhere; then the address decides.
    return next(
        (user for user in found if (user.email or "").casefold() == wanted.casefold()), found[0] if found else None
    )


class NameOrEmailBackend(BaseBackend):
    """Signs in by name or e-mail address and password; counts each try before it looks at the password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **other: Any
    ) -> User | None:
        """The active account these belong to, or nothing. Raises `TooManyTries`."""
        if not username or password is None:
            return None
        account = find_account(username)
        limits = _limits(request, username, account)
        _reserve(limits, timezone.now())
        if account is None:
            # As much work as for a name that exists, so that the clock does not tell.
            User().set_password(password)
            return None
        if not account.check_password(password) or not account.is_active:
            return None
        _give_back(limits)
        return account

    def get_user(self, user_id: int) -> User | None:
        return User.objects.active().filter(pk=user_id).first()


def start_session(request: HttpRequest, user: User) -> None:
    """Sign this browser in; the password, or a link that stands for it, has just been checked."""
    with transaction.atomic():
        login(request, user, backend="incidents.sign_in.NameOrEmailBackend")
        remember_client(request, address=client_address(request))
        remember_password(request)
        User.objects.filter(pk=user.pk).update(last_seen_at=timezone.now())


def confirm_password(request: HttpRequest, password: str) -> bool:
    """Whether this is the password of who is signed in; counted like signing in. Raises `TooManyTries`."""
    user = authenticate(request, username=request.user.get_username(), password=password)
    if user is None or user.pk != request.user.pk:
        return False
    remember_password(request)
    return True
