"""Files as text: how large they may be, and which bytes are text at all."""

import hashlib
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean
from incidents.errors import InvalidInput

MAX_DOCUMENT_BYTES = 1_000_000
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
        message = _("It has %(size).1f MB; a postmortem has at most %(most)d MB.")
        sizes = {"size": len(data) / 1_000_000, "most": MAX_DOCUMENT_BYTES // 1_000_000}
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
    return Text(text.removeprefix("\ufeff"), warnings)


def digest(text: str) -> str:
    """The fingerprint of a text, whatever its line ends and the blanks at its ends of lines."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", clean(text)).split("\n")]
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def _control_share(text: str) -> float:
    sample = text[:20_000]
    odd = sum(unicodedata.category(letter) in ("Cc", "Cn", "Co") and letter not in "\t\r\n\f\v" for letter in sample)
    return (odd + sample.count("\ufffd")) / len(sample)


def _not_text() -> InvalidInput:
    return InvalidInput(_("It is no text: save it as plain text in UTF-8."), code="not_text")
