"""Two states of a draft, or of what was published, beside each other: part by part, with the words that differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..differences import GONE, NEW, SAME, Piece, differences
from ..models import Section
from .versions import Part

# Rows that are alike beside one that is not, so that it is clear where it stands.
CONTEXT = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A few lines of the old text and what stands in their place; without pieces, ``skipped`` rows that are alike."""

    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()
    skipped: int = 0

    @property
    def is_same(self) -> bool:
        return all(piece.kind == SAME for piece in (*self.old, *self.new))


@dataclass(frozen=True)
class PartDifference:
    """One part in both states; nothing in one of them where it was added or removed in between."""

    old: Part | None
    new: Part | None

    @property
    def key(self) -> str:
        part = self.new or self.old
        return part.key if part else ""

    @property
    def section(self) -> Section | None:
        part = self.new or self.old
        return part.section if part else None

    @property
    def heading(self) -> str:
        part = self.new or self.old
        return part.heading if part else ""

    @property
    def is_added(self) -> bool:
        return self.old is None

    @property
    def is_removed(self) -> bool:
        return self.new is None

    @property
    def renamed_from(self) -> str:
        """What it was called, where that is something else now."""
        return self.old.heading if self.old and self.new and self.old.heading != self.new.heading else ""

    @property
    def is_same(self) -> bool:
        return bool(self.old and self.new) and not self.renamed_from and self.texts[0] == self.texts[1]

    @property
    def texts(self) -> tuple[str, str]:
        return (self.old.text if self.old else "", self.new.text if self.new else "")

    @cached_property
    def pieces(self) -> list[Piece]:
        """The text with what is gone and what is new, in order of reading."""
        return differences(*self.texts)

    @cached_property
    def rows(self) -> list[Row]:
        """The two texts side by side, where they are alike but for a line shown on either side of what differs."""
        return list(_without_what_is_alike(list(_rows(self.pieces))))


def compare(old: list[Part], new: list[Part]) -> list[PartDifference]:
    """Each part with what it was, in the order of the new state; what was removed stands where it stood.

    Parts are the same by their key, else by what they are called: a published revision knows no keys.
    """
    left = {part.key: part for part in old}
    found: list[PartDifference] = []
    for part in new:
        same_name = [key for key, other in left.items() if _called(other) == _called(part)]
        key = part.key if part.key in left else next(iter(same_name), "")
        found.append(PartDifference(left.pop(key, None), part))
    before = ""
    for part in old:
        if part.key in left:
            places = [place for place, other in enumerate(found) if other.old and other.old.key == before]
            found.insert(places[0] + 1 if places else 0, PartDifference(part, None))
        before = part.key
    return found


def _called(part: Part) -> str:
    return part.heading.casefold().strip()


def _rows(pieces: list[Piece]) -> Iterator[Row]:
    """Cut where both texts have a line end."""
    old: list[Piece] = []
    new: list[Piece] = []
    for piece in pieces:
        if piece.kind == GONE:
            old.append(piece)
        elif piece.kind == NEW:
            new.append(piece)
        else:
            for line in piece.text.splitlines(keepends=True):
                old.append(Piece(SAME, line))
                new.append(Piece(SAME, line))
                if line.endswith("\n"):
                    yield Row(tuple(old), tuple(new))
                    old, new = [], []
    if old or new:
        yield Row(tuple(old), tuple(new))


def _without_what_is_alike(rows: list[Row]) -> Iterator[Row]:
    near = {place + step for place, row in enumerate(rows) if not row.is_same for step in range(-CONTEXT, CONTEXT + 1)}
    skipped = 0
    for place, row in enumerate(rows):
        if place in near:
            if skipped:
                yield Row(skipped=skipped)
                skipped = 0
            yield row
        else:
            skipped += 1
    if skipped:
        yield Row(skipped=skipped)
