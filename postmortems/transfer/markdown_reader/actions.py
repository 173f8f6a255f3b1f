"""What is to be changed, as a document lists it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...enums import ActionType, SectionKind
from .blocks import Block, BlockKind
from .lines import bare
from .prose import clipped, sentences
from .records import ActionRecord
from .sections import Section

_K = SectionKind
LONGEST_TITLE = 500
_MOST_SENTENCES = 3
_PLACEHOLDER = re.compile(r"\{\{.*\}\}|<[A-Za-z][^<>]{3,}>|^(?:\.{3}|…|tbd|todo|none|n/?a|-)\.?$", re.IGNORECASE)
# A line that opens with one of these tells something; it does not ask for anything.
_TELLS = re.compile(
    r"(?:an?|this|these|those|by|in|overall|after|following|as|at|finally|the incident|on|with|here|what|thanks?"
    r"|responsibility|links?|example|see|note)\b(?! to)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:add|adjust|agree|alert|allow|apply|assess|audit|automate|avoid|build|change|check|clean|conduct|configure|create"
    r"|define|deploy|design|develop|disable|document|don['’]t|employ|enable|enforce|ensure|establish|evaluate|explore|extend"
    r"|fix|get|identify|implement|improve|increase|install|integrate|introduce|investigate|keep|limit|look|make"
    r"|migrate|monitor|move|never|notify|optimi[sz]e|patch|perform|plan|prepare|prevent|provide|read|reduce|refactor"
    r"|remove|replace|require|restrict|review|revise|rotate|run|schedule|separate|set|setup|spike|split|stop|strengthen"
    r"|switch|test|track|train|tune|turn|update|upgrade|use|validate|verify|write)\b",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:to prevent|(?:what )?we(?:['’]re| are| will)(?: be)? (?:doing|going|taking|change)|going forward)\b"
    r"[^.]*[:.]$",
    re.IGNORECASE,
)
_TYPES = (
    (ActionType.DETECTIVE, r"\b(?:monitor\w*|alert\w*|dashboard|metric|detect\w*|observ\w*|logging|notif\w+)\b"),
    (
        ActionType.PROCESS,
        r"\b(?:training|train|document\w*|process\w*|procedure|review\w*|guide|runbook|playbook|policy|communicat\w*"
        r"|approval|meeting|checklist|on-?call)\b",
    ),
    (
        ActionType.PREVENTIVE,
        r"\b(?:prevent\w*|test\w*|avoid|never|validation|sandbox|staging|automat\w*|audit\w*|limit|isolat\w*)\b",
    ),
)
_FINDERS = tuple((type_, re.compile(pattern, re.IGNORECASE)) for type_, pattern in _TYPES)


@dataclass(slots=True)
class _Item:
    block: Block
    more: list[str] = field(default_factory=list)
    children: list["_Item"] = field(default_factory=list)


def read_actions(sections: Sequence[Section]) -> list[ActionRecord]:
    """The leaves of the lists below headings about measures; without lists, the lines that ask for something.

    A document without such a heading has them among its lessons, if its list there asks for work.
    """
    found: list[ActionRecord] = []
    for region in _regions(sections):
        blocks = [block for section in region for block in section.blocks]
        listed = any(block.kind == BlockKind.ITEM for block in blocks)
        for section in region:
            found += _from_lists(section) if listed else _from_lines(section)
        found += _from_rows(blocks)
    if found or any(section.is_about(_K.ACTION_ITEMS) for section in sections):
        return found
    return [record for section in sections if section.is_about(_K.LESSONS) for record in _from_lessons(section)]


def _from_lessons(section: Section) -> list[ActionRecord]:
    """What a list of lessons asks for; all of it where the line above says that this is what is being done."""
    records = _from_lists(section)
    first = records[0].line if records else 0
    above = [block.words for block in section.blocks if block.kind == BlockKind.TEXT and block.number < first]
    if above and _ANNOUNCES.search(above[-1]):
        return records
    return [record for record in records if _ASKS.match(record.title)]


def type_of(text: str) -> ActionType:
    """The type that the words of an action item point to; corrective where none does."""
    return next((type_ for type_, finder in _FINDERS if finder.search(text)), ActionType.CORRECTIVE)


def _regions(sections: Sequence[Section]) -> list[list[Section]]:
    """Sections about measures; labels below one heading belong together."""
    regions: list[list[Section]] = []
    previous: Section | None = None
    for section in sections:
        if section.is_about(_K.ACTION_ITEMS):
            if previous is not None and (section.is_label or not section.kinds or section.level > previous.level):
                regions[-1].append(section)
            else:
                regions.append([section])
                previous = section
            previous = previous or section
        else:
            previous = None
    return regions


def _from_lists(section: Section) -> list[ActionRecord]:
    return [record for item in _tree(section.blocks) for record in _leaves(item)]


def _tree(blocks: Sequence[Block]) -> list[_Item]:
    """The items of lists, each with the items indented below it and the lines that go on."""
    roots: list[_Item] = []
    open_items: list[_Item] = []
    is_broken = False
    for block in blocks:
        if block.kind == BlockKind.ITEM:
            open_items = [item for item in open_items if item.block.depth < block.depth]
            item = _Item(block)
            (open_items[-1].children if open_items else roots).append(item)
            open_items.append(item)
            is_broken = False
        elif (
            block.kind == BlockKind.TEXT and open_items and (not is_broken or block.depth > open_items[-1].block.depth)
        ):
            open_items[-1].more.append(block.text)
        elif block.kind == BlockKind.BLANK:
            is_broken = True
        else:
            open_items = []
    return roots


def _leaves(item: _Item) -> list[ActionRecord]:
    text = item.block.text
    words = bare(text)
    children = [child for child in item.children if child.block.words]
    if len(children) > 1 or (children and (not words or len(words.rstrip(":").split()) < 2)):
        return [record for child in children for record in _leaves(child)]
    if not words or _PLACEHOLDER.search(words) or (words.endswith(":") and not children):
        return []
    details = " ".join([*item.more, *(f"{child.block.text} {' '.join(child.more)}" for child in children)])
    return [
        _record(f"{text} {' '.join(item.more)}" if item.more else text, item.block.number, details if children else "")
    ]


def _from_lines(section: Section) -> list[ActionRecord]:
    """Lines that are no list: each that asks for something, in a few sentences."""
    lines = [block for block in section.blocks if block.kind == BlockKind.TEXT and block.words]
    records = []
    for block in lines:
        words = block.words
        is_told = words.endswith(":") or _TELLS.match(words) or len(sentences(words)) > _MOST_SENTENCES
        if not is_told and not _PLACEHOLDER.search(words) and len(words.split()) > 1:
            records.append(_record(block.text, block.number, ""))
    return records


def _from_rows(blocks: Sequence[Block]) -> list[ActionRecord]:
    """Rows of a table: the first cell that says something is the action."""
    records = []
    for block in blocks:
        cells = [cell for cell in block.cells if bare(cell)] if block.kind == BlockKind.ROW else []
        longest = max(cells, key=len, default="")
        if longest and len(bare(longest).split()) > 1 and not _PLACEHOLDER.search(bare(longest)):
            records.append(_record(longest, block.number, " · ".join(c for c in cells if c != longest)))
    return records


def _record(text: str, number: int, details: str) -> ActionRecord:
    title = bare(text).strip(" :")
    more = details.strip()
    if len(title) > LONGEST_TITLE:
        more = f"{text}\n\n{more}".strip()
    return ActionRecord(clipped(title, LONGEST_TITLE), number, more, type_of(f"{title} {more}"))
