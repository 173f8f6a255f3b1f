"""Sentences, and what is looked for in them."""

import re

from .blocks import Block, BlockKind

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(]?[A-Z0-9@`])")
_CAUSAL = re.compile(
    r"\b(?:root cause|caus(?:e|ed|es|ing)|because|due to|responsible for|result(?:ed|s)? (?:of|from|in)|triggered by"
    r"|led to|leading to|stemmed from|traced (?:back )?to|arose|attributed to)\b",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(
    r"\b(?:root )?cause\b[^.]{0,40}\b(?:unknown|not (?:yet )?(?:known|found|identified|clear)|unclear)\b", re.IGNORECASE
)
LONGEST_TITLE = 300


def sentences(text: str) -> list[str]:
    """The sentences of a text on one line."""
    return [sentence.strip() for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence.strip()]


def paragraphs(blocks: list[Block]) -> list[tuple[str, int]]:
    """The words of running text, each paragraph with the number of its first line; quotations and code left out."""
    found: list[tuple[str, int]] = []
    is_open = False
    for block in blocks:
        if block.kind in (BlockKind.TEXT, BlockKind.ITEM) and block.words:
            if is_open and block.kind == BlockKind.TEXT:
                found[-1] = (f"{found[-1][0]} {block.words}", found[-1][1])
            else:
                found.append((block.words, block.number))
            is_open = True
        elif block.kind != BlockKind.HEADING:
            is_open = False
    return found


def causal_sentence(text: str) -> str:
    """The first sentence that says why something happened, or empty; also where the text says that nobody knows."""
    said = [sentence for sentence in sentences(text) if _CAUSAL.search(sentence)]
    return next((sentence for sentence in said if not _NOT_KNOWN.search(sentence)), "")


def says_cause_is_unknown(text: str) -> bool:
    """Whether a text says that the cause has not been found."""
    return _NOT_KNOWN.search(" ".join(text.split())) is not None


def clipped(text: str, most: int = LONGEST_TITLE) -> str:
    """A text on one line, cut between words where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"
