"""What a text looks like wherever it stands: as it was typed, escaped for HTML, JSON or addresses, with marks in it."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from html import escape, unescape
from typing import Any
from urllib.parse import quote
from zoneinfo import available_timezones

from django.db.models import TextChoices
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ... import markup
from ...errors import InvalidInput

REPLACEMENT = "(redacted)"
LEAST, MOST = 3, 10_000  # characters
MOST_OF_REPLACEMENT = 100
# Means the same in Markdown, HTML, JSON and an address, and is never taken for an e-mail address.
_HARMLESS = re.compile(r"[^\W_](?:[\w .,:;()…–—/+-]*[\w).…])?|\([\w .,:;…–—/+-]*\)")

# What Markdown reads as an escape or as a mark, and shows nothing of.
_ESCAPED = frozenset("\\`*_{}[]()<>#+-.!|~")
_MARKS = "[*_`~]*"
_WITHOUT_MARKS = str.maketrans("", "", "\\*_`~")
_BLANK = r"(?:\s|\\[nrt]|&nbsp;|%20)+"
# Across lines a quotation or a list puts its own marks in front.
_LINE_END = r"(?:[\s>]|\\[nrt])+"
_INLINE = re.compile(r"</?(?:a|abbr|b|code|del|em|i|s|span|strong|sub|sup)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
# Moments and keys of the program inside JSON, in which a number that somebody typed may stand by chance.
_MACHINE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]+)?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Holds the name of a time zone, without which no time can be shown.
ZONES = frozenset({"home_zone", "time_zone"})


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text that is to go, what stands in its place, and how exactly it has to be met.

    White space stands for any white space, accents may be composed or not. The text is never in ``repr()``, so that
    no log and no report of an error holds it.
    """

    text: str = field(repr=False)
    replacement: str = REPLACEMENT
    ignores_case: bool = False
    whole_words: bool = False

    def check(self) -> None:
        """Raise `InvalidInput` unless this can be looked for, and what stands in its place harms nothing."""
        length = len(self._wanted)
        if length < LEAST:
            message = _("At least %(count)d characters: what is shorter stands in too many places.") % {"count": LEAST}
            raise InvalidInput(message, code="text_too_short", fields={"text": message})
        if length > MOST:
            message = _("At most %(count)d characters. Take the part of it that nobody may read.") % {"count": MOST}
            raise InvalidInput(message, code="text_too_large", fields={"text": message})
        self._check_program()
        self._check_replacement()

    def _check_program(self) -> None:
        word = next((code for code in _codes() if self.pattern.search(code)), "")
        if word:
            message = _("This is a part of “%(word)s”, a word of the program itself. Take more of the text around it.")
            message = message % {"word": word}
            raise InvalidInput(message, code="program_word", fields={"text": message})

    def _check_replacement(self) -> None:
        if len(self.replacement) > MOST_OF_REPLACEMENT or not _HARMLESS.fullmatch(self.replacement):
            message = _("What stands in its place: at most 100 letters, digits, spaces and . , : ; ( ) - / +")
            raise InvalidInput(message, code="replacement", fields={"replacement": message})
        if self.pattern.search(self.replacement):
            message = _("What stands in its place holds the text itself.")
            raise InvalidInput(message, code="replacement", fields={"replacement": message})

    def replaced(self, value: str, longest: int | None = None) -> tuple[str, int]:
        """The value without the text, and in how many places it was; at most ``longest`` characters.

        Where there is no room for all of what stands in its place, less of it does; nothing else is lost.
        """
        if not self._may_be_in(value):
            return value, 0
        new, count = self._substituted(self.pattern, value, longest)
        if self._is_seen_in(new):
            new, more = self._substituted(self._marked_pattern, new, longest)
            count += more
        return new, count

    def replaced_in(self, value: Any, *, with_names: bool = False, key: str = "") -> tuple[Any, int]:
        """The same for JSON: every text in it, and with ``with_names`` what the values are called."""
        if isinstance(value, str):
            return (value, 0) if key in ZONES or _MACHINE.fullmatch(value) else self.replaced(value)
        if isinstance(value, list):
            items = [self.replaced_in(item, with_names=with_names, key=key) for item in value]
            return [item for item, _count in items], sum(count for _item, count in items)
        if isinstance(value, dict):
            return self._replaced_in_object(value, with_names)
        return value, 0

    def _replaced_in_object(self, value: dict[str, Any], with_names: bool) -> tuple[dict[str, Any], int]:
        new: dict[str, Any] = {}
        total = 0
        for key, item in value.items():
            name, in_name = self.replaced(key) if with_names else (key, 0)
            if in_name and (name in new or name in value):
                name = f"{name} {len(new) + 1}"
            new[name], in_item = self.replaced_in(item, with_names=with_names, key=key)
            total += in_name + in_item
        return new, total

    def replaced_in_slug(self, value: str, longest: int | None) -> tuple[str, int]:
        """The same for what stands for a name in addresses."""
        if not self._slug_pattern:
            return value, 0
        new, count = self._slug_pattern.subn(slugify(self.replacement) or "redacted", value)
        return new[:longest], count

    def is_in(self, value: Any, *, is_shown: bool = False) -> bool:
        """Whether it stands there, but for names of time zones; of HTML that ``is_shown`` also as a page shows it."""
        if not isinstance(value, str):
            return self.replaced_in(value)[1] > 0
        for zone in self._zones:
            value = value.replace(zone, "")
        return bool(self.pattern.search(value) or (is_shown and self.pattern.search(visible(value))))

    def _substituted(self, pattern: re.Pattern[str], value: str, longest: int | None) -> tuple[str, int]:
        new, count = pattern.subn(lambda _found: self.replacement, value)
        if count and longest is not None and len(new) > longest:
            room = (longest - (len(new) - count * len(self.replacement))) // count
            new = pattern.sub(lambda _found: self.replacement[:room], value)
        return new, count

    def _is_seen_in(self, value: str) -> bool:
        """Whether a page would show it, though marks in the source keep its letters apart."""
        if not self._marked_pattern.search(value):
            return False
        try:
            return bool(self.pattern.search(visible(str(markup.render(value)))))
        except InvalidInput:
            return True

    def _may_be_in(self, value: str) -> bool:
        """A quick look before a thorough one: whether the longest plain part of it is there at all."""
        if not self._anchor:
            return True
        bare = value.translate(_WITHOUT_MARKS) if any(mark in value for mark in "*_`~") else value
        return self._anchor in (bare.lower() if self.ignores_case else bare)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return self._compiled("")

    @cached_property
    def _marked_pattern(self) -> re.Pattern[str]:
        return self._compiled(_MARKS)

    @cached_property
    def _slug_pattern(self) -> re.Pattern[str] | None:
        """Whole words only: in an address nobody can tell Ada from the end of Canada."""
        slug = slugify(self._wanted)
        return re.compile(rf"(?<![^\W_]){re.escape(slug)}(?![^\W_])") if len(slug) >= LEAST else None

    @cached_property
    def _wanted(self) -> str:
        return unicodedata.normalize("NFC", self.text.strip())

    @cached_property
    def _anchor(self) -> str:
        parts = re.findall("[A-Za-z0-9]+", self._wanted)
        longest = max(parts, key=len, default="")
        return longest.lower() if self.ignores_case else longest

    @cached_property
    def _zones(self) -> list[str]:
        return [zone for zone in available_timezones() if self.pattern.search(zone)]

    def _compiled(self, between: str) -> re.Pattern[str]:
        parts = [self._forms(piece) for piece in re.findall(r"\s+|\S", self._wanted)]
        body = f"{between}{between.join(parts)}{between}"
        if self.whole_words:
            # An underscore parts words, because Markdown takes it for a mark.
            before = r"(?<![^\W_])" if self._wanted[:1].isalnum() else ""
            after = r"(?![^\W_])" if self._wanted[-1:].isalnum() else ""
            body = f"{before}{body}{after}"
        return re.compile(body, re.IGNORECASE if self.ignores_case else 0)

    def _forms(self, piece: str) -> str:
        """A pattern of all ways in which one character is written."""
        if piece.isspace():
            return _LINE_END if "\n" in piece or "\r" in piece else _BLANK
        if piece.isascii() and piece.isalnum():
            return piece
        forms = {piece, unicodedata.normalize("NFD", piece), escape(piece), json.dumps(piece)[1:-1]}
        forms |= {f"&#{ord(piece)};", f"&#x{ord(piece):x};"} if piece in "&<>\"'" else set()
        percent = quote(piece, safe="")
        forms |= {percent, percent.lower()}
        if self.ignores_case:
            forms |= {piece.casefold(), piece.lower(), piece.upper()}
        any_of = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        return rf"\\?(?:{any_of})" if piece in _ESCAPED else f"(?:{any_of})"


def visible(html: str) -> str:
    """What a page shows of this HTML, as text: what stands in one line there is together, blocks are apart."""
    return unescape(_TAG.sub("\n", _INLINE.sub("", html)))


def _codes() -> set[str]:
    """The words that the program stores for states, kinds and the like, among the texts of people."""
    return {str(value) for kind in TextChoices.__subclasses__() for value in kind.values if value}
