"""What counts as a word: the one tokenizer, for the index, for what is looked for, and for what is alike.

The engines' own disagree on half of ordinary queries. So text becomes words here, and an engine sees nothing but
letters and digits with spaces between: accents off, case folded, split at punctuation, English endings taken off.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

# Longer runs are cut: nobody looks for the end of a pasted key, and both engines have their limits.
MAX_WORD_LENGTH = 64  # characters
# What is read of one text at most.
MAX_TEXT_LENGTH = 200_000  # characters
MAX_WORDS = 40_000

# Scripts written without spaces: each sign is a word, and several are found as a phrase.
_SIGN = "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
# Marks that a letter carries belong to its word, however they were typed.
_MARKS = "".join(chr(code) for code in range(0x300, 0x3000) if unicodedata.category(chr(code)).startswith("M"))
_RUN = re.compile(rf"{_SIGN}|(?:(?!{_SIGN})[^\W_])(?:(?!{_SIGN})[^\W_]|[{_MARKS}])*")
# What people copy whole: host names, error codes, versions, names of variables and files.
_WHOLE = re.compile(r"(?<![^\W_])[^\W_]++(?:[-._]++[^\W_]++)+")
_VOWEL = re.compile(r"[aeiouy]")
_PLURAL_IN_ES = ("sses", "xes", "ches", "shes", "zzes")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands there, how it is written without case and accents, and its stem."""

    start: int
    end: int
    folded: str
    stem: str


def words(text: str, limit: int = MAX_WORDS) -> Iterator[Word]:
    """The words of a text in order, at most ``limit``."""
    return islice(_words(text[:MAX_TEXT_LENGTH]), limit)


def stems(text: str, limit: int = MAX_WORDS) -> list[str]:
    """The stems of a text in order, as they are indexed and looked for."""
    return [word.stem for word in words(text, limit)]


def terms(text: str, limit: int = MAX_WORDS) -> list[str]:
    """The stems, and beside their parts the whole of what holds a digit or a joint: ``db-03``, ``ERR_RESET``, ``v2.1``.

    These say more about a failure than any word around them.
    """
    return list(islice(chain(stems(text, limit), _wholes(text[:MAX_TEXT_LENGTH])), limit))


def fold(text: str) -> str:
    """The letters and digits of a text alone, without case and accents; ``Zoë`` and ``ZOE`` are the same."""
    if text.isascii():
        return "".join(filter(str.isalnum, text)).lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(filter(str.isalnum, plain))


@lru_cache(maxsize=50_000)
def stem(folded: str) -> str:
    """What is left of an English word without its ending; anything else as it is.

    The first step of Porter's algorithm (M. F. Porter, "An algorithm for suffix stripping", 1980), made lighter: only
    plurals and what ends in -ed and -ing, so that ``retries``, ``retried`` and ``retry`` are one, but no noun becomes a
    verb.
    """
    if len(folded) < 4 or not (folded.isascii() and folded.isalpha()):
        return folded
    word = _without_participle(_singular(folded))
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _words(text: str) -> Iterator[Word]:
    for match in _RUN.finditer(text):
        folded = fold(match[0][:MAX_WORD_LENGTH])[:MAX_WORD_LENGTH]
        if folded:
            yield Word(match.start(), match.end(), folded, stem(folded))


def _wholes(text: str) -> Iterator[str]:
    for match in _WHOLE.finditer(text):
        whole = match[0]
        if len(whole) <= MAX_WORD_LENGTH and ("_" in whole or "." in whole or any(map(str.isdigit, whole))):
            yield unicodedata.normalize("NFKD", whole).casefold()[:MAX_WORD_LENGTH]


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > 4 else word[:-1]
    return word[:-2] if word.endswith(_PLURAL_IN_ES) else word[:-1]


def _without_participle(word: str) -> str:
    if word.endswith("ied") and len(word) > 4:
        return f"{word[:-3]}y"
    ending = "ing" if word.endswith("ing") else "ed" if word.endswith("ed") and not word.endswith("eed") else ""
    base = word.removesuffix(ending) if ending else word
    if not ending or len(base) < 3 or not _VOWEL.search(base):
        return word
    # “timed” comes from “time”, as “logged” comes from “log”.
    is_short = len(base) == 3 and not _VOWEL.match(base[0]) and _VOWEL.match(base[1]) and not _VOWEL.match(base[2])
    return f"{base}e" if is_short and base[2] not in "wx" else base
