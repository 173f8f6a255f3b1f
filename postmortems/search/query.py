"""What people type into the search field, read into what is to be looked for. Knows no engine and no database.

Words, all of which must be there; ``"phrases"``; ``-without``; ``begin*``; and filters such as ``service:checkout``.
Nothing is an error: what cannot be understood is looked for as words, and a remark says so.
"""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from incidents.querysets import REFERENCE

from ..querysets import ACTION_REFERENCE
from . import words

MAX_QUERY_LENGTH = 500  # characters
MAX_TERMS = 12
MAX_PHRASE_WORDS = 20
MAX_FILTERS = 12
# Shorter beginnings fit nearly everything.
MIN_PREFIX_LENGTH = 2

FILTERS = ("service", "sev", "status", "kind", "cause", "tag", "before", "after", "on", "in", "is", "owner")
# What people write for one of these names.
_ALIASES = {
    "severity": "sev",
    "type": "kind",
    "state": "status",
    "category": "cause",
    "since": "after",
    "until": "before",
}

_PART = re.compile(
    r"""(?P<minus>-?)(?:
        (?P<name>[a-z_]+):(?:"(?P<quoted_value>[^"]*)"?|(?P<value>[^\s"]*))
        | "(?P<phrase>[^"]*)"?
        | [^\s"]+
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# The ends of words that “caches”, “cached” and “caching” are typed through, letter by letter.
_ENDINGS = ("", "s", "es", "d", "ed", "g", "ng", "ing")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Stems that stand one after the other; the last one may be the beginning of a word."""

    stems: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: what was typed, and the ways in which a text may hold it, any of which will do."""

    typed: str
    ways: tuple[Sequence, ...]
    folded: tuple[str, ...] = ()

    @property
    def is_word(self) -> bool:
        return len(self.folded) == 1 and not any(way.is_prefix for way in self.ways)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: ``service:checkout,basket`` asks for either, ``-service:checkout`` for neither."""

    name: str
    values: tuple[str, ...]
    is_excluded: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.is_excluded else ''}{self.name}:{','.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. ``reference`` is set where nothing but ``INC-12`` or ``A-7`` was typed."""

    typed: str
    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()
    remarks: tuple[str, ...] = ()
    reference: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.filters or self.reference)


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    wanted: list[Term] = field(default_factory=list)
    unwanted: list[Term] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def parse(typed: str, *, is_typing: bool = False) -> Query:
    """Read what was typed; ``is_typing`` takes the last word for the beginning of one."""
    typed = " ".join(typed.replace("\x00", " ").split())
    reading = _Reading()
    if len(typed) > MAX_QUERY_LENGTH:
        reading.remarks.append(_("Only the first %(most)d characters were looked for.") % {"most": MAX_QUERY_LENGTH})
        typed = typed[:MAX_QUERY_LENGTH]
    for match in _PART.finditer(typed):
        _read(match, reading, is_typing=is_typing and match.end() == len(typed))
    if len(reading.wanted) + len(reading.unwanted) > MAX_TERMS:
        reading.remarks.append(_("Only the first %(most)d words were looked for.") % {"most": MAX_TERMS})
    if reading.unwanted and not (reading.wanted or reading.filters):
        reading.remarks.append(_("Add a word to look for: words to leave out alone fit nearly everything."))
    is_reference = REFERENCE.fullmatch(typed) or ACTION_REFERENCE.fullmatch(typed)
    return Query(
        typed=typed,
        wanted=tuple(dict.fromkeys(reading.wanted))[:MAX_TERMS],
        unwanted=tuple(dict.fromkeys(reading.unwanted))[:MAX_TERMS],
        filters=tuple(reading.filters[:MAX_FILTERS]),
        remarks=tuple(reading.remarks),
        reference=typed.upper() if is_reference else "",
    )


def _read(match: re.Match[str], reading: _Reading, *, is_typing: bool) -> None:
    is_excluded = bool(match["minus"])
    if match["name"] is not None and _read_filter(match, reading, is_excluded):
        return
    if match["phrase"] is not None:
        term = phrase(match["phrase"])
    else:
        term = _word(match[0].removeprefix("-") if is_excluded else match[0], is_typing)
    if term is not None:
        (reading.unwanted if is_excluded else reading.wanted).append(term)


def _read_filter(match: re.Match[str], reading: _Reading, is_excluded: bool) -> bool:
    """Whether it is a filter; else a remark says which there are, unless it looks like an address."""
    name = match["name"].casefold()
    name = _ALIASES.get(name, name)
    value = match["quoted_value"] if match["quoted_value"] is not None else match["value"]
    if name not in FILTERS:
        if value and not value.startswith("/") and len(name) > 1:
            known = ", ".join(f"{known}:" for known in FILTERS)
            said = _("“%(name)s:” is no filter, so it was looked for as words. Filters are %(known)s.")
            reading.remarks.append(said % {"name": match["name"], "known": known})
        return False
    values = tuple(filter(None, (part.strip() for part in value.split(","))))
    if values:
        reading.filters.append(Filter(name, values, is_excluded))
    else:
        reading.remarks.append(_("Write what to filter by right behind “%(name)s:”.") % {"name": name})
    return True


def phrase(text: str) -> Term | None:
    """Words one after the other; nothing where there are none."""
    found = list(words.words(text, MAX_PHRASE_WORDS))
    if not found:
        return None
    return Term(text.strip(), (Sequence(tuple(word.stem for word in found)),), tuple(word.folded for word in found))


def _word(text: str, is_typing: bool) -> Term | None:
    """One word; what is joined by marks, such as a host name, is a phrase of its parts."""
    is_prefix = text.endswith("*") or (is_typing and text[-1:].isalnum())
    term = phrase(text)
    if term is None or not is_prefix or len(term.folded[-1]) < MIN_PREFIX_LENGTH:
        return term
    before, last = term.ways[0].stems[:-1], term.folded[-1]
    stems = sorted({words.stem(last + ending) for ending in _ENDINGS})
    exact = [Sequence((*before, stem)) for stem in stems if not stem.startswith(last)]
    return Term(term.typed, (Sequence((*before, last), is_prefix=True), *exact), term.folded)
