"""What a request brings: read with bounds, and field by field with the type that each has to have."""

import datetime as dt
import json
import re
from typing import Any, NoReturn, TypeVar

from django.db.models import TextChoices
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from ..errors import InvalidInput
from .answers import Refused

MAX_BODY = 1024 * 1024  # bytes
MAX_DEPTH = 50
# What no page can show, and half characters that no database stores; tab and line ends stay.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

Choice = TypeVar("Choice", bound=TextChoices)


def body_of(request: HttpRequest) -> bytes:
    """The body as it came. Raises `Refused` where it is longer than 1 MB, before reading it, or does not come whole."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.headers.get("Transfer-Encoding"):
        raise Refused(411, "length_required", _("Say how long the body is: send Content-Length."))
    if length.isdigit() and int(length) > MAX_BODY:
        raise Refused(413, "too_large", _("A body has at most 1 MB."))
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "unsupported_encoding", _("Send the body as it is, not compressed."))
    try:
        return request.body
    except UnreadablePostError as error:
        raise Refused(422, "unreadable", _("The body did not come whole.")) from error


def text_of(request: HttpRequest) -> str:
    """The body as text. Raises `Refused` where it is not UTF-8, or holds NUL bytes."""
    try:
        text = body_of(request).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(422, "not_utf8", _("The body has to be text in UTF-8.")) from error
    if "\x00" in text:
        raise Refused(422, "nul_byte", _("The body holds a NUL byte."))
    return text


def json_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the body. Raises `Refused`."""
    if not _is_json(request.content_type or ""):
        raise Refused(415, "not_json", _("Send JSON, with Content-Type: application/json."))
    data = parse(text_of(request))
    if not isinstance(data, dict):
        raise Refused(422, "not_an_object", _("The body has to be a JSON object: {…}."))
    return data


def parse(text: str) -> Any:
    """JSON as Python has it. Raises `Refused` where it is none, or nested deeper than anything sensible."""
    try:
        data = json.loads(text, parse_constant=_no_number)
        if _is_deeper(data, MAX_DEPTH):
            raise RecursionError
    except RecursionError as error:
        raise Refused(422, "too_deep", _("The JSON is nested too deep.")) from error
    except ValueError as error:
        message = _("The body is no JSON: %(error)s.") % {"error": str(error)[:200]}
        raise Refused(422, "bad_json", message) from error
    return data


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _is_deeper(data: Any, depth: int) -> bool:
    if isinstance(data, dict):
        data = list(data.values())
    if not isinstance(data, list):
        return False
    return depth == 0 or any(_is_deeper(item, depth - 1) for item in data)


class Fields:
    """The fields of a JSON object: each is read with its type, and `check()` says all that is wrong at once."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._read: set[str] = set()
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str | None:
        """Text, or nothing where the field is absent or null."""
        value = self._value(name)
        if value is not None and not isinstance(value, str):
            return self._wrong(name, _("Has to be text."))
        if value is not None and UNSTORABLE.search(value):
            return self._wrong(name, _("Holds characters that cannot be shown."))
        return value

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """One of a closed set of words."""
        value = self.text(name)
        if value is None or value in choices.values:
            return None if value is None else choices(value)
        return self._wrong(name, _("Has to be one of: %(words)s.") % {"words": ", ".join(choices.values)})

    def flag(self, name: str, choices: type[Choice]) -> Choice | None:
        """The same, where true and false stand for yes and no."""
        value = self._value(name)
        return choices("yes" if value else "no") if isinstance(value, bool) else self.choice(name, choices)

    def moment(self, name: str) -> dt.datetime | None:
        """A moment in UTC, from ISO 8601 with an offset."""
        value = self.text(name)
        if value is None:
            return None
        try:
            at = dt.datetime.fromisoformat(value.strip())
            if at.tzinfo is not None:
                return at.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
        return self._wrong(name, _("Has to be a time such as 2026-01-06T00:57:00Z, with its offset."))

    def texts(self, name: str) -> list[str] | None:
        """A list of texts; a single one will do."""
        value = self._value(name)
        items = [value] if isinstance(value, str) else value
        if items is None:
            return None
        if not isinstance(items, list) or len(items) > 100 or not all(isinstance(item, str) for item in items):
            return self._wrong(name, _("Has to be a list of texts."))
        if any(UNSTORABLE.search(item) for item in items):
            return self._wrong(name, _("Holds characters that cannot be shown."))
        return items

    def wrong(self, name: str, message: str) -> None:
        """Say that something else is wrong with a field."""
        self.errors.setdefault(name, message)

    def check(self) -> None:
        """Raise `InvalidInput` where anything was wrong, or there are fields that nobody asked for."""
        for name in list(self._data)[:100]:
            if name not in self._read:
                # Without half characters, which no answer could hold.
                self.wrong(UNSTORABLE.sub("", name)[:100], _("There is no such field."))
        if self.errors:
            raise InvalidInput(_("Some fields cannot be used as they are."), fields=self.errors)

    def _value(self, name: str) -> Any:
        self._read.add(name)
        return self._data.get(name)

    def _wrong(self, name: str, message: str) -> Any:
        """Say so, and that there is nothing to use."""
        self.wrong(name, message)
        return None
