"""What two texts have in common, word by word."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

SAME = "same"
GONE = "gone"
NEW = "new"

# Comparing two lists takes about the product of their lengths where words are rare, and grows faster with the number of
# pairs of like words. What is left of this decides how finely the next part is looked at: by words, by lines, or not.
MAX_WORK = 6_000_000
# Words that stand so often in both texts that comparing each with each would take longer give an alignment no hold.
MAX_PAIRS = 8_000

# A word or a single mark, with the blanks and line ends before it; or those at the end of the text.
_WORD = re.compile(r"\s*(?:\w+(?:['’.-]\w+)*|[^\w\s])|\s+")


class Piece(NamedTuple):
    """A stretch of text that is in both texts (``same``), only in the old one (``gone``) or only in the new one."""

    kind: str
    text: str


class Block(NamedTuple):
    """A part of one list and the part of another that it is like, or that stands in its place."""

    is_same: bool
    old: slice
    new: slice


def differences(old: str, new: str) -> list[Piece]:
    """How the new text comes from the old one, in order of reading; what is gone stands before what took its place.

    Nothing is left out: all pieces but the new ones are the old text, all but those that are gone are the new text.
    Whatever the texts are, it takes seconds at most; where they are long and differ much, whole lines differ.
    """
    old_words, new_words = words_of(old), words_of(new)
    pieces: list[Piece] = []
    for block in blocks(old_words, new_words):
        before, after = "".join(old_words[block.old]), "".join(new_words[block.new])
        found = [Piece(SAME, before)] if block.is_same else [Piece(GONE, before), Piece(NEW, after)]
        pieces += [piece for piece in found if piece.text]
    return pieces


def words_of(text: str) -> list[str]:
    """The text cut into words, each with the blanks before it; joined again they are the text."""
    return _WORD.findall(text)


def blocks(old: list[str], new: list[str]) -> list[Block]:
    """How two lists of words lie beside each other: like and unlike parts in turn, which together are both lists."""
    old_lines, new_lines = _lines(old), _lines(new)
    aligner = _Aligner()
    found: list[Block] = []
    for lines in aligner.align([tuple(old[line]) for line in old_lines], [tuple(new[line]) for line in new_lines]):
        before, after = _stretch(old_lines, lines.old, len(old)), _stretch(new_lines, lines.new, len(new))
        if lines.is_same:
            found.append(Block(True, before, after))
        else:
            found += _shifted(aligner.align(old[before], new[after]), before.start, after.start)
    return _joined(found)


def _lines(words: list[str]) -> list[slice]:
    """The words of each line; a line end is the beginning of the next one."""
    starts = [place for place, word in enumerate(words) if place == 0 or "\n" in word]
    return [slice(start, end) for start, end in pairwise([*starts, len(words)])]


def _stretch(lines: list[slice], part: slice, length: int) -> slice:
    """The words of these lines."""
    start = lines[part.start].start if part.start < len(lines) else length
    return slice(start, lines[part.stop - 1].stop if part.stop > part.start else start)


def _shifted(found: Iterable[Block], old: int, new: int) -> Iterator[Block]:
    for is_same, a, b in found:
        yield Block(is_same, slice(a.start + old, a.stop + old), slice(b.start + new, b.stop + new))


class _Aligner:
    """Aligns lists as long as it has not worked too much; from then on, what differs is one unlike part."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def align(self, old: list[Any], new: list[Any]) -> Iterator[Block]:
        """The parts of two lists in turn."""
        shortest = min(len(old), len(new))
        start = next((place for place in range(shortest) if old[place] != new[place]), shortest)
        end = next((place for place in range(shortest - start) if old[-1 - place] != new[-1 - place]), shortest - start)
        before, after = slice(start, len(old) - end), slice(start, len(new) - end)
        yield Block(True, slice(0, start), slice(0, start))
        yield from _shifted(self._compared(old[before], new[after]), start, start)
        yield Block(True, slice(before.stop, len(old)), slice(after.stop, len(new)))

    def _compared(self, old: list[Any], new: list[Any]) -> list[Block]:
        seen = Counter(old)
        pairs = Counter({word: seen[word] * times for word, times in Counter(new).items() if word in seen})
        common, looked_at = _too_common(pairs)
        work = len(old) * len(new) + round(looked_at**1.5)
        if work > self.left:
            return [Block(False, slice(0, len(old)), slice(0, len(new)))]
        self.left -= work
        matcher = SequenceMatcher(common.__contains__, old, new, autojunk=False)
        return [Block(tag == "equal", slice(a, b), slice(c, d)) for tag, a, b, c, d in matcher.get_opcodes()]


def _too_common(pairs: Counter[Any]) -> tuple[set[Any], int]:
    """The words with so many pairs that the rest can be looked at, and how many pairs are left."""
    left, common = pairs.total(), set()
    for word, times in pairs.most_common():
        if left <= MAX_PAIRS:
            break
        common.add(word)
        left -= times
    return common, left


def _joined(found: Iterable[Block]) -> list[Block]:
    """The same with neighbours of one kind joined, and without empty ones."""
    joined: list[Block] = []
    for block in found:
        if block.old.start == block.old.stop and block.new.start == block.new.stop:
            continue
        if joined and joined[-1].is_same == block.is_same:
            last = joined.pop()
            old, new = slice(last.old.start, block.old.stop), slice(last.new.start, block.new.stop)
            block = Block(block.is_same, old, new)
        joined.append(block)
    return joined
