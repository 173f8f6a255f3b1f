"""Signed-in browsers, kept in the database so that each can be listed and ended.

The lifetime (``SESSION_COOKIE_AGE``, 30 days) slides: it is renewed with use, but at most once an hour, so that looking
at pages writes nothing.
"""

import datetime as dt
import hashlib
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone

from .models import Session, User

RENEW_AFTER = dt.timedelta(hours=1)
# For how long a password given counts for what asks for it again.
PASSWORD_LASTS = dt.timedelta(minutes=15)
BROWSER_LENGTH = 200

# Where in the session its own facts are kept; moments as ISO 8601 in UTC.
ADDRESS, BROWSER, SINCE, SEEN, PASSWORD = "address", "browser", "since", "seen", "password_at"


class SessionStore(DatabaseStore):
    """Django's store, on rows that say whose session it is, from where, and since when."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        row.user_id = data.get(SESSION_KEY)
        row.address = data.get(ADDRESS) or None
        row.browser = data.get(BROWSER, "")
        row.created_at = _moment(data.get(SINCE)) or timezone.now()
        row.seen_at = _moment(data.get(SEEN)) or row.created_at
        return row


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def remember_client(request: HttpRequest, *, address: str) -> None:
    """Write into the session where it was started, for the list that its owner sees."""
    now = timezone.now().isoformat()
    request.session.update(
        {
            ADDRESS: address,
            BROWSER: request.headers.get("User-Agent", "").replace("\x00", "")[:BROWSER_LENGTH],
            SINCE: now,
            SEEN: now,
        }
    )


def remember_password(request: HttpRequest) -> None:
    """The password of who is signed in has just been given."""
    request.session[PASSWORD] = timezone.now().isoformat()


def password_is_fresh(request: HttpRequest) -> bool:
    """Whether the password was given in this session within the last 15 minutes."""
    given = _moment(request.session.get(PASSWORD))
    return given is not None and timezone.now() - given < PASSWORD_LASTS


def renew(request: HttpRequest) -> None:
    """Start the session's lifetime anew, unless that was done within the hour."""
    now = timezone.now()
    seen = _moment(request.session.get(SEEN))
    if seen is None or now - seen >= RENEW_AFTER:
        request.session[SEEN] = now.isoformat()
        User.objects.filter(pk=request.user.pk).update(last_seen_at=now)


def public_id(session_key: str) -> str:
    """A name for a session that may stand in a page; the key itself would let its reader in."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:24]


# The first word found in what a browser says of itself names it; most of them claim to be several others too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """What a browser is called by people, such as ``Firefox, Linux``; as it calls itself where we do not know it."""
    found = [next((name for word, name in words.items() if word in user_agent), "") for words in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent


def own_sessions(user: User) -> list[Session]:
    """The sessions of this person that still last, the one used last first."""
    return list(Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at", "session_key"))
