"""What monitoring sends: read into alerts, whoever sent it."""

import json

from ..enums import AlertFormat
from . import alertmanager, generic
from .alert import IncomingAlert, NotUnderstood

__all__ = ["IncomingAlert", "NotUnderstood", "read"]

READERS = {AlertFormat.ALERTMANAGER: alertmanager.read, AlertFormat.GENERIC: generic.read}


def read(format: str, body: str) -> list[IncomingAlert]:  # noqa: A002
    """The alerts that a message holds. Raises `NotUnderstood`, whose message says why."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"It is no JSON: {error}.") from error
    if not isinstance(data, dict):
        raise NotUnderstood("It is no JSON object.")
    return READERS[AlertFormat(format)](data)
