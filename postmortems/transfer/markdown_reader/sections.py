"""The parts of a document: each heading, or line that serves as one, with what stands below it."""

import re
from dataclasses import dataclass, field, replace

from ...enums import SectionKind
from .blocks import Block, BlockKind
from .lines import bare
from .times import read_timed_line
from .vocabulary import kinds_of_heading, kinds_of_label

_K = SectionKind
LABEL_LEVEL = 7
MOST_LABELS_A_LINE = 3
_WRAPPED_LABEL = re.compile(
    r"(?P<mark>\*\*|__|\*|_)(?P<label>[^*_|]{2,80}?)(?P=mark)\s*(?P<colon>[:\-–])?(?:\s*(?P<rest>.*))", re.DOTALL
)
_PLAIN_LABEL = re.compile(r"(?P<label>[^*_:|]{2,80}?)\s*(?:(?P<colon>:)(?=[\sA-Z*]|$)(?P<rest>.*))?", re.DOTALL)
_NAMES_A_REPORT = re.compile(r"post-?\s?mortem|incident report|outage", re.IGNORECASE)
_BOLD_LINE = re.compile(r"(?P<mark>\*\*|__)(?P<label>[^*_]{2,120}?):?(?P=mark)\s*:?")
_LABEL_WITHIN = re.compile(r"(?:(?<=[.)\]%])\s+|\s+-\s+)(?=[A-Z][A-Za-z/& ]{3,50}:)")
_ENTRY_WITHIN = re.compile(r"\s+-\s+(?=(?:\*\*)?\d{1,2}:\d\d(?: ?[AaPp][Mm])?(?: [A-Z]{3,4})?(?:\*\*)?\s*[:–-]\s)")
# Kinds that a line inside a timeline may name without closing it.
_STEPS = frozenset({_K.DETECTION, _K.RESOLUTION, _K.ACTION_ITEMS, _K.OTHER, _K.IMPACT})


@dataclass(slots=True)
class Section:
    """A heading and the blocks below it, up to the next. ``kinds`` are its own; ``region`` what it is a part of."""

    heading: str
    number: int
    level: int
    kinds: tuple[SectionKind, ...] = ()
    region: tuple[SectionKind, ...] = ()
    blocks: list[Block] = field(default_factory=list)
    depth: int = -1  # of the item of a list that serves as heading

    @property
    def is_label(self) -> bool:
        return self.level == LABEL_LEVEL

    def is_about(self, kind: SectionKind) -> bool:
        return kind in (self.kinds or self.region)

    @property
    def text(self) -> str:
        """What stands below the heading, as Markdown."""
        return "\n".join(block.source for block in self.blocks).strip("\n")

    @property
    def has_words(self) -> bool:
        return any(block.kind != BlockKind.BLANK and block.words for block in self.blocks)


def read_sections(blocks: list[Block]) -> list[Section]:
    """The parts of a document in order; the first has no heading and may be empty."""
    reader = _Reader(_split_up(blocks))
    reader.read()
    return reader.sections


def _split_up(blocks: list[Block]) -> list[Block]:
    """Lines that hold several things, one after the other: `… Impact: …`, `… - 11:00 AM: …`."""
    split: list[Block] = []
    for block in blocks:
        parts = _parts(block.text) if block.kind in (BlockKind.TEXT, BlockKind.ITEM) else [block.text]
        if len(parts) == 1:
            split.append(block)
        else:
            split += [block.part(part) for part in parts]
    return split


def _parts(text: str) -> list[str]:
    if ":" not in text or len(text) > 3000:
        return [text]
    if read_timed_line(text):
        return _ENTRY_WITHIN.split(text)
    cuts = [match for match in _LABEL_WITHIN.finditer(text) if _known(text[match.end() : text.index(":", match.end())])]
    starts = [0, *(match.end() for match in cuts)]
    ends = [*(match.start() for match in cuts), len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _label_of(text: str) -> tuple[str, str] | None:
    """A line as a label and what stands behind it: `Impact: …`, `**Impact** – …`, or the whole line."""
    wrapped = _WRAPPED_LABEL.fullmatch(text)
    match = wrapped or _PLAIN_LABEL.fullmatch(text)
    if match is None:
        return None
    rest = (match["rest"] or "").strip()
    if not wrapped and not match["colon"] and (text.endswith(".") or not text[0].isupper()):
        return None  # part of a sentence
    if wrapped and rest and not (match["colon"] or match["label"].rstrip().endswith(":")):
        return None
    return bare(match["label"]).rstrip(": "), rest


def _known(label: str) -> bool:
    kinds = kinds_of_label(label)
    return bool(kinds) and kinds != (_K.OTHER,)


class _Reader:
    """Goes through the blocks and opens a section at each heading."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.sections = [Section("", 1, 0)]
        self.regions: list[tuple[int, tuple[SectionKind, ...]]] = []

    @property
    def current(self) -> Section:
        return self.sections[-1]

    def read(self) -> None:
        for index, block in enumerate(self.blocks):
            if block.kind == BlockKind.HEADING:
                self._read_heading(block)
            elif block.kind not in (BlockKind.TEXT, BlockKind.ITEM) or not self._read_label(block, index):
                self.current.blocks.append(block)

    def _read_heading(self, block: Block) -> None:
        timed = read_timed_line(block.text) if self.current.is_about(_K.TIMELINE) else None
        if timed and (timed.clock or timed.date):
            self.current.blocks.append(block)
            return
        label, colon, rest = block.words.partition(":")
        if colon and rest.strip() and _known(label):
            self._open(label, kinds_of_label(label), block, block.level)
            self._read_rest(block, rest.strip(), 1)
        else:
            self._open(block.words, kinds_of_heading(block.words), block, block.level)

    def _open(self, heading: str, kinds: tuple[SectionKind, ...], block: Block, level: int) -> None:
        self.regions = [(depth, region) for depth, region in self.regions if depth < level]
        if not kinds and level < LABEL_LEVEL and _NAMES_A_REPORT.search(heading):
            self.regions = []  # the title, below a heading that says where the file lies
        region = self.regions[-1][1] if self.regions and not kinds else ()
        if kinds:
            self.regions.append((level, kinds))
        depth = block.depth if block.kind == BlockKind.ITEM else -1
        self.sections.append(Section(heading, block.number, level, kinds, region, depth=depth))

    def _read_rest(self, block: Block, rest: str, labels: int) -> None:
        """What stands behind so many labels on their line, which may be a label again."""
        following = replace(block.part(rest), kind=BlockKind.TEXT)
        if labels == MOST_LABELS_A_LINE or not self._read_label(following, None, labels):
            self.current.blocks.append(following)

    def _read_label(self, block: Block, index: int | None, labels: int = 0) -> bool:
        """Open a section where a line is a heading in all but its mark; whether it was one."""
        if self._read_bold_line(block, index):
            return True
        found = _label_of(block.text)
        if found is None:
            return False
        label, rest = found
        kinds = kinds_of_label(label)
        if not kinds or not self._may_open(kinds, block, rest, index):
            return False
        self._open(label, kinds, block, LABEL_LEVEL)
        if rest:
            self._read_rest(block, rest, labels + 1)
        return True

    def _read_bold_line(self, block: Block, index: int | None) -> bool:
        """A line in bold and nothing else is a heading where it names a kind, or ends in a colon."""
        match = _BOLD_LINE.fullmatch(block.text)
        if match is None or block.kind != BlockKind.TEXT or read_timed_line(block.text):
            return False
        kinds = kinds_of_heading(bare(match["label"]))
        if not kinds and not block.text.rstrip("*_ ").endswith(":"):
            return False
        if self.is_before_all and not kinds:
            return False
        if kinds and not self._may_open(kinds, block, "", index):
            return False
        self._open(bare(match["label"]), kinds, block, LABEL_LEVEL)
        return True

    @property
    def is_before_all(self) -> bool:
        """Whether no section of a known kind has begun, so that a bold line may be the title."""
        return not any(section.kinds for section in self.sections)

    def _may_open(self, kinds: tuple[SectionKind, ...], block: Block, rest: str, index: int | None) -> bool:
        if rest and (timed := read_timed_line(rest)) and (timed.clock or timed.date):
            return False  # "Resolved: 2023-07-21 12:42" is a moment
        current, is_item = self.current, block.kind == BlockKind.ITEM
        if is_item and 0 <= block.depth <= current.depth:
            return True  # beside the item that is the heading here
        if current.is_about(_K.TIMELINE) and is_item and rest:
            return False
        if current.is_about(_K.TIMELINE) and set(kinds) <= _STEPS:
            return not self._goes_on_timed(index)
        if is_item and (current.is_about(_K.ACTION_ITEMS) or current.is_about(_K.LESSONS)):
            return _K.ACTION_ITEMS in kinds and not rest
        return not (kinds == (_K.OTHER,) and (is_item or rest))

    def _goes_on_timed(self, index: int | None) -> bool:
        """Whether the next words below are an entry with a time."""
        following = [] if index is None else self.blocks[index + 1 : index + 8]
        told = (block for block in following if block.kind not in (BlockKind.BLANK, BlockKind.CODE))
        first = next(told, None)
        return first is not None and read_timed_line(first.text) is not None
