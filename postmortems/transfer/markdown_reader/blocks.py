"""What each line is: a heading, an item of a list, a row of a table, a quotation, code, text."""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from .lines import Line, bare


class BlockKind(Enum):
    HEADING = auto()
    ITEM = auto()
    ROW = auto()
    TEXT = auto()
    QUOTE = auto()
    CODE = auto()
    BLANK = auto()


_ATX = re.compile(r"\s{0,3}(#{1,6})(?:\s+(.*?)|([A-Z].*?))\s*#*\s*$")
_ITEM = re.compile(r"(\s*)(?P<mark>[-*+•‣◦·–]|\d{1,3}[.)])\s+(?:(\[[ xX]?\])\s+)?(?P<text>.*)")
_GLUED_ITEM = re.compile(r"(\s*)(?P<mark>[-•])(\b|(?=\*\*))(?P<text>[A-Z*].*)")
_QUOTE = re.compile(r"\s{0,3}>\s?(.*)")
_RULE = re.compile(r"\s*(?:(?:[-_*=]\s*){3,}|[-=]{2,})$")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-*:?\s*){1,30}$")
_CELL = re.compile(r"(?<!\\)\|")
_LONGEST_SETEXT = 100


@dataclass(frozen=True, slots=True)
class Block:
    """One line and what it is. ``depth`` is the indent in columns, ``level`` that of a heading from 1 to 6.

    ``text`` is without the mark, ``words`` without any, ``source`` is the line as Markdown.
    """

    kind: BlockKind
    number: int
    text: str
    source: str
    words: str = ""
    depth: int = 0
    level: int = 0
    is_ordered: bool = False

    def part(self, text: str) -> "Block":
        """What stands behind a mark or a label on this line, as a line of text or an item of its own."""
        kind = BlockKind.TEXT if self.kind == BlockKind.HEADING else self.kind
        return replace(self, kind=kind, text=text, source=text, words=bare(text))

    @property
    def cells(self) -> list[str]:
        """The cells of a row of a table."""
        return [cell.strip() for cell in _CELL.split(self.text.strip().removeprefix("|").removesuffix("|"))]


def read_blocks(lines: list[Line]) -> list[Block]:
    """What each line is, in order. Rules, and heads of tables, hold no words."""
    blocks: list[Block] = []
    for index, line in enumerate(lines):
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        if line.is_code:
            blocks.append(Block(BlockKind.CODE, line.number, line.text, line.text, line.text.strip()))
        elif _is_table_rule(line.text) or ("|" in line.text and _is_table_rule(following)):
            blocks.append(Block(BlockKind.BLANK, line.number, "", line.text))
        elif _RULE.fullmatch(line.text) and line.text.strip():
            _underline(blocks, line)
        else:
            blocks.append(_read_block(line))
    return blocks


def _is_table_rule(text: str) -> bool:
    return "|" in text and _TABLE_RULE.fullmatch(text) is not None


def _underline(blocks: list[Block], line: Line) -> None:
    """A rule: it makes a heading of a single line of text right above it."""
    above = blocks[-1] if blocks else None
    alone = len(blocks) < 2 or blocks[-2].kind != BlockKind.TEXT
    marks = set(line.text.replace(" ", ""))
    if above and above.kind == BlockKind.TEXT and alone and marks <= {"=", "-"} and len(above.text) < _LONGEST_SETEXT:
        blocks[-1] = replace(above, kind=BlockKind.HEADING, level=1 if "=" in marks else 2)
    else:
        blocks.append(Block(BlockKind.BLANK, line.number, "", ""))


def _read_block(line: Line) -> Block:
    text = line.text
    if not text.strip():
        return Block(BlockKind.BLANK, line.number, "", "")
    depth = len(text.expandtabs(4)) - len(text.expandtabs(4).lstrip())
    if match := _ATX.fullmatch(text):
        heading = (match[2] or match[3] or "").strip()
        return Block(BlockKind.HEADING, line.number, heading, text, bare(heading), level=len(match[1]))
    if match := _QUOTE.fullmatch(text):
        return Block(BlockKind.QUOTE, line.number, match[1], text, bare(match[1]), depth)
    if text.lstrip().startswith("|"):
        return Block(BlockKind.ROW, line.number, text.strip(), text, bare(text), depth)
    if match := _ITEM.fullmatch(text) or _GLUED_ITEM.fullmatch(text):
        ordered = match["mark"][0].isdigit()
        item = match["text"].strip()
        return Block(BlockKind.ITEM, line.number, item, text, bare(item), depth, is_ordered=ordered)
    return Block(BlockKind.TEXT, line.number, text.strip(), text, bare(text), depth)
