"""Two texts that both come from a third, put together so that no word is lost."""

from collections.abc import Iterator
from typing import NamedTuple

from .differences import blocks, words_of


class Merged(NamedTuple):
    """Both texts as one. In ``conflicts`` places both changed the same words; there it has theirs and then mine."""

    text: str
    conflicts: int


class _Change(NamedTuple):
    """These words of the base were replaced; none were where ``start`` equals ``stop``."""

    start: int
    stop: int
    words: list[str]

    @property
    def is_whole_lines(self) -> bool:
        return not self.words or "\n" in self.words[0]


class _Stretch(NamedTuple):
    """A part of the base, and what each of the two changed in it."""

    start: int
    stop: int
    theirs: list[_Change]
    mine: list[_Change]


def merge(base: str, theirs: str, mine: str) -> Merged:
    """What both did to ``base``: words are gone where one of the two took them out, and all that either wrote is there.

    Both changed the same words where their changes overlap or touch. It is no conflict where both did the same, where
    one wrote what the other did and more, and where both added lines of their own.
    """
    words = words_of(base)
    parts: list[str] = []
    conflicts = done = 0
    for stretch in _stretches(_changes(words, theirs), _changes(words, mine)):
        parts += words[done : stretch.start]
        done = stretch.stop
        found = _agreed(words, stretch)
        if found is None:
            conflicts += 1
            found = _one_after_the_other(*_sides(words, stretch))
        parts += found
    return Merged("".join([*parts, *words[done:]]), conflicts)


def both(theirs: str, mine: str) -> Merged:
    """Two texts that come from nobody knows what: what they have in common once, and all else, theirs before mine."""
    their_words, my_words = words_of(theirs), words_of(mine)
    parts: list[str] = []
    conflicts = 0
    for block in blocks(their_words, my_words):
        before, after = their_words[block.old], my_words[block.new]
        if block.is_same or not after:
            parts += before
        elif not before:
            parts += after
        else:
            conflicts += 1
            parts += _one_after_the_other(before, after)
    return Merged("".join(parts), conflicts)


def holds(text: str, earlier: str) -> bool:
    """Whether every word of the earlier text is in this one, in its order; blanks and line ends do not count."""
    words = iter(_bare(words_of(text)))
    return all(word in words for word in _bare(words_of(earlier)))


def _bare(words: list[str]) -> list[str]:
    return [bare for word in words if (bare := word.strip())]


def _changes(words: list[str], text: str) -> list[_Change]:
    new = words_of(text)
    return [
        _Change(block.old.start, block.old.stop, new[block.new]) for block in blocks(words, new) if not block.is_same
    ]


def _stretches(theirs: list[_Change], mine: list[_Change]) -> Iterator[_Stretch]:
    """The changes of both in the order of the base, those together that meet."""
    waiting = sorted(
        [(change, False) for change in theirs] + [(change, True) for change in mine],
        key=lambda one: (one[0].start, one[0].stop, one[0].is_whole_lines, one[1]),
    )
    while waiting:
        first, is_mine = waiting.pop(0)
        together = [(first, is_mine)]
        stop = first.stop
        while waiting and _meets(together, stop, *waiting[0]):
            together.append(waiting.pop(0))
            stop = max(stop, together[-1][0].stop)
        yield _Stretch(
            first.start,
            stop,
            [change for change, is_mine in together if not is_mine],
            [change for change, is_mine in together if is_mine],
        )


def _meets(together: list[tuple[_Change, bool]], stop: int, change: _Change, is_mine: bool) -> bool:
    """Whether this change has something to do with one before it: inside, at the same place, or behind it in a line."""
    if change.start < stop:
        return True
    if change.start > stop or all(other == is_mine for _change, other in together):
        return False
    first = together[0][0]
    return not change.is_whole_lines or (first.is_whole_lines and first.start == change.stop)


def _agreed(words: list[str], stretch: _Stretch) -> list[str] | None:
    """What stands there afterwards, or nothing where that takes a person."""
    theirs, mine = _sides(words, stretch)
    if not stretch.mine or theirs == mine:
        return theirs
    if not stretch.theirs:
        return mine
    if len(stretch.theirs) == len(stretch.mine) == 1 and stretch.theirs[0][:2] == stretch.mine[0][:2]:
        return _more_of_the_same(theirs, mine) or _lines_of_both(stretch)
    return None


def _more_of_the_same(theirs: list[str], mine: list[str]) -> list[str] | None:
    """Where both replaced the same: what one of them wrote, if it holds all that the other did."""
    if theirs and mine and holds("".join(mine), "".join(theirs)):
        return mine
    return theirs if theirs and mine and holds("".join(theirs), "".join(mine)) else None


def _lines_of_both(stretch: _Stretch) -> list[str] | None:
    """Where both added whole lines in the same place: first theirs, then mine, if they have no line in common."""
    (theirs,), (mine,) = stretch.theirs, stretch.mine
    if stretch.start != stretch.stop or not (theirs.is_whole_lines and mine.is_whole_lines):
        return None
    lines = [{line.strip() for line in "".join(change.words).split("\n")} - {""} for change in (theirs, mine)]
    return None if lines[0] & lines[1] else [*theirs.words, *mine.words]


def _sides(words: list[str], stretch: _Stretch) -> tuple[list[str], list[str]]:
    """The words of the stretch after what each did to it."""
    return _applied(words, stretch, stretch.theirs), _applied(words, stretch, stretch.mine)


def _applied(words: list[str], stretch: _Stretch, changes: list[_Change]) -> list[str]:
    """The words of the stretch after these changes."""
    applied: list[str] = []
    done = stretch.start
    for change in changes:
        applied += [*words[done : change.start], *change.words]
        done = change.stop
    return [*applied, *words[done : stretch.stop]]


def _one_after_the_other(theirs: list[str], mine: list[str]) -> list[str]:
    """Both, with a blank between them where there is none."""
    apart = bool(theirs and mine) and not mine[0][:1].isspace() and not theirs[-1][-1:].isspace()
    return [*theirs, *([" "] if apart else []), *mine]
