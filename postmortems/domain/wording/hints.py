"""Finding the words, in one text."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise

from . import english
from .languages import language_of
from .prose import sentences

# A text in another language gets no hints.
LISTS: Mapping[str, ModuleType] = {"en": english}
# What is shown around the words.
LONGEST_CONTEXT = 120
MOST_IN_A_TEXT = 20
# What may stand before the first word of a line.
MARKS = " #-+*>"
_SPACES = re.compile(r"\s+")
_EMPHASIS = re.compile(r"\*+|~~")


@dataclass(frozen=True, slots=True)
class Hint:
    """Some words of a sentence, what stands around them, and how else it could be told."""

    before: str
    words: str
    after: str
    suggestion: str

    @property
    def digest(self) -> str:
        """Names these words in this sentence, wherever it stands, without holding them."""
        told = _SPACES.sub(" ", f"{self.before}|{self.words}|{self.after}").strip().casefold()
        return hashlib.sha256(told.encode()).hexdigest()[:32]


class _Looked(NamedTuple):
    """A pattern, made ready."""

    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    suggestion: str | Promise


def hints_in(text: str, *, names: Collection[str] = (), language: str = "") -> list[Hint]:
    """Each place where a text seems to judge somebody, in its order. ``names`` are those of people.

    The language is the one that the text is in; ``language`` is for a text too short to tell, else the installation's.
    """
    listed = LISTS.get(language_of(text, language or settings.LANGUAGE_CODE.partition("-")[0]))
    if listed is None:
        return []
    hints: list[Hint] = []
    stems, looked = _made_ready(listed, frozenset(names))
    for start, sentence in sentences(text):
        if stems.search(sentence) is None:
            continue
        taken = 0
        for begin, end, suggestion in sorted(_matches(looked, sentence)):
            if begin >= taken:
                hints.append(_hint(text[start : start + len(sentence)], begin, end, suggestion))
                taken = end
        if len(hints) >= MOST_IN_A_TEXT:
            break
    return hints[:MOST_IN_A_TEXT]


def _matches(looked: tuple[_Looked, ...], sentence: str) -> Iterator[tuple[int, int, str]]:
    for one in looked:
        for match in one.words.finditer(sentence):
            if one.unless is None or not one.unless.search(sentence, 0, match.start()):
                yield match.start(), match.end(), str(one.suggestion)


@lru_cache(maxsize=32)
def _made_ready(listed: ModuleType, names: frozenset[str]) -> tuple[re.Pattern[str], tuple[_Looked, ...]]:
    named = "|".join(rf"(?-i:{re.escape(name)})" for name in sorted(names, key=len, reverse=True) if name)
    people = rf"(?:{listed.PEOPLE}|{named})" if named else listed.PEOPLE
    looked = tuple(
        _Looked(
            re.compile(pattern.words.replace("{people}", people), re.I),
            re.compile(pattern.unless, re.I) if pattern.unless else None,
            pattern.suggestion,
        )
        for pattern in listed.PATTERNS
    )
    return re.compile(listed.STEMS, re.I), looked


def _hint(sentence: str, begin: int, end: int, suggestion: str) -> Hint:
    before, words, after = (
        _SPACES.sub(" ", _EMPHASIS.sub("", part)) for part in (sentence[:begin], sentence[begin:end], sentence[end:])
    )
    before = before.lstrip(MARKS)
    if not before:
        words = words.lstrip(MARKS)
    if len(before) > LONGEST_CONTEXT:
        before = f"…{before[-LONGEST_CONTEXT:]}"
    if len(after) > LONGEST_CONTEXT:
        after = f"{after[:LONGEST_CONTEXT]}…"
    return Hint(before, words, after.rstrip(), str(suggestion))
