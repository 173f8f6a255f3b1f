"""What a result shows of a text: the part where the hit is, and the hit marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import words
from .query import Sequence as Stems
from .query import Term
from .words import Word

# As much as two lines hold.
LENGTH_WORDS = 32
BEFORE_WORDS = 7


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a text; templates put ``text`` between marks where it is a hit."""

    text: str
    is_hit: bool = False


def whole(text: str, terms: Sequence[Term]) -> list[Fragment]:
    """All of a text, for titles."""
    read = list(words.words(text))
    return _fragments(text, _spans(read, _hits(read, terms)), 0, len(text))


def excerpt(text: str, terms: Sequence[Term]) -> list[Fragment]:
    """The part of a text that holds most of the terms, or its beginning where it holds none."""
    read = list(words.words(text))
    hits = _hits(read, terms)
    first = max(0, _densest(hits, len(terms)) - BEFORE_WORDS)
    if first + LENGTH_WORDS >= len(read):
        first = max(0, len(read) - LENGTH_WORDS)
    beyond = first + LENGTH_WORDS
    start = read[first].start if first else 0
    end = read[beyond - 1].end if beyond < len(read) else len(text)
    fragments = _fragments(text, _spans(read, hits), start, end)
    return [*([Fragment("… ")] if start else []), *fragments, *([Fragment(" …")] if end < len(text) else [])]


def _hits(read: Sequence[Word], terms: Sequence[Term]) -> list[tuple[int, int, int]]:
    """From which word until which (exclusive), and which term."""
    return [
        (place, place + len(way.stems), number)
        for place in range(len(read))
        for number, term in enumerate(terms)
        for way in term.ways
        if _stands_at(way, read, place)
    ]


def _stands_at(way: Stems, read: Sequence[Word], place: int) -> bool:
    if way.stems[0] != read[place].stem and not (way.is_prefix and len(way.stems) == 1):
        return False
    there = [word.stem for word in read[place : place + len(way.stems)]]
    if len(there) < len(way.stems) or there[:-1] != list(way.stems[:-1]):
        return False
    return there[-1].startswith(way.stems[-1]) if way.is_prefix else there[-1] == way.stems[-1]


def _densest(hits: Sequence[tuple[int, int, int]], terms: int) -> int:
    """The word from which on a snippet holds most different terms; the first of them."""
    best, where = 0, 0
    for place, _end, _term in hits:
        held = {number for at, _until, number in hits if place <= at < place + LENGTH_WORDS - BEFORE_WORDS}
        if len(held) > best:
            best, where = len(held), place
        if best == terms:
            break
    return where


def _spans(read: Sequence[Word], hits: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """The characters that are marked, in order and without overlap."""
    spans: list[tuple[int, int]] = []
    for first, beyond, _term in sorted(hits):
        start, end = read[first].start, read[beyond - 1].end
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _fragments(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> list[Fragment]:
    fragments = []
    for first, beyond in spans:
        if first < start or beyond > end:
            continue
        fragments += [Fragment(text[start:first]), Fragment(text[first:beyond], is_hit=True)]
        start = beyond
    return [fragment for fragment in [*fragments, Fragment(text[start:end])] if fragment.text]
