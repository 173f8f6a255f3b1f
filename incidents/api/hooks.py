"""Doors for monitoring: what comes in is stored as it is, and understood afterwards."""

from django.http import HttpResponse
from django.utils import timezone

from ..domain import alerts
from ..enums import AlertFormat
from .access import ApiRequest, operation
from .answers import answer
from .bodies import json_of, text_of

# A storm is no reason to turn alerts away; this only ends a loop gone wild.
MESSAGES_A_MINUTE = 12_000


@operation(a_minute=MESSAGES_A_MINUTE, signed=True)
def alertmanager(request: ApiRequest) -> HttpResponse:
    """What Alertmanager sends, and Grafana in the same shape."""
    return _take_in(request, AlertFormat.ALERTMANAGER)


@operation(a_minute=MESSAGES_A_MINUTE, signed=True)
def alert(request: ApiRequest) -> HttpResponse:
    """What any other system sends."""
    return _take_in(request, AlertFormat.GENERIC)


def _take_in(request: ApiRequest, format: AlertFormat) -> HttpResponse:  # noqa: A002
    """Store a JSON object, whatever it says; 202, because nobody has understood it yet."""
    json_of(request)
    receipt = alerts.receive(
        actor=request.actor, token=request.token, format=format, body=text_of(request), now=timezone.now()
    )
    return answer({"id": receipt.pk}, status=202)
