"""What templates may ask on every page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

from .notifications import heartbeat


def organisation(request: HttpRequest) -> dict[str, str]:
    """``organisation``: its name, which is all that anonymous readers see of it besides what is public."""
    return {"organisation": settings.ORG_NAME}


def notices(request: HttpRequest) -> dict[str, Callable[[], bool]]:
    """``notices_silent``: whether notices are not going out. Looked up only where a template uses it."""

    def notices_silent() -> bool:
        user = getattr(request, "user", None)
        return bool(user and user.is_authenticated and heartbeat.is_silent())

    return {"notices_silent": notices_silent}
