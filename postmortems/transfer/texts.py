"""Files as text: how large they may be, and which bytes are text at all."""

import hashlib
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean
from incidents.errors import InvalidInput

MAX_DOCUMENT_BYTES = 300_000
MAX_LINES = 6_000
MAX_LINE_CHARACTERS = 10_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MOST_CONTROL_CHARACTERS = 0.02


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file, and what was odd about its bytes."""

    text: str
    warnings: list[str]


def decode(data: bytes) -> Text:
    """The text that some bytes are: UTF-8, UTF-16 with its mark, or else one byte a character, with a warning.

    Raises ``InvalidInput``: ``empty``, ``too_large``, or ``not_text`` for what is no text.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        message = _("It has %(size)d kB; a postmortem has at most %(most)d kB.")
        sizes = {"size": len(data) // 1000, "most": MAX_DOCUMENT_BYTES // 1000}
        raise InvalidInput(message % sizes, code="too_large")
    if not data.strip():
        raise InvalidInput(_("It is empty."), code="empty")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text, warnings = data.decode(encoding), []
        if encoding == "utf-16":
            warnings = [_("It was read as UTF-16; UTF-8 is what others expect.")]
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise _not_text() from None
        text, warnings = (
            data.decode("cp1252", "replace"),
            [_("It is not UTF-8; it was read as Latin-1. Look at letters with accents.")],
        )
    if "\0" in text or _control_share(text) > _MOST_CONTROL_CHARACTERS:
        raise _not_text()
    if not text.strip("\ufeff \t\r\n"):
        raise InvalidInput(_("It is empty."), code="empty")
    _check_lines(text)
    return Text(text.removeprefix("\ufeff"), warnings)


def digest(text: str) -> str:
    """The fingerprint of a text, whatever its line ends and the blanks at its ends of lines."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", clean(text)).split("\n")]
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def _check_lines(text: str) -> None:
    """Raises ``InvalidInput`` for what no person has written line by line, and would take long to read."""
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        message = _("It has %(lines)d lines; a postmortem has at most %(most)d.")
        raise InvalidInput(message % {"lines": len(lines), "most": MAX_LINES}, code="too_large")
    longest = max(range(len(lines)), key=lambda index: len(lines[index]), default=0)
    if lines and len(lines[longest]) > MAX_LINE_CHARACTERS:
        message = _("Line %(line)d has more than %(most)d characters. Break it into lines.")
        raise InvalidInput(message % {"line": longest + 1, "most": MAX_LINE_CHARACTERS}, code="too_large")


def _control_share(text: str) -> float:
    sample = text[:20_000]
    odd = sum(unicodedata.category(letter) in ("Cc", "Cn", "Co") and letter not in "\t\r\n\f\v" for letter in sample)
    return (odd + sample.count("\ufffd")) / len(sample)


def _not_text() -> InvalidInput:
    return InvalidInput(_("It is no text: save it as plain text in UTF-8."), code="not_text")
