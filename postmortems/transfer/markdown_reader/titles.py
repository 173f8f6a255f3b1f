"""What a document is called."""

import re
from collections.abc import Iterator, Sequence

from .blocks import BlockKind
from .lines import Source, bare
from .sections import Section
from .vocabulary import kinds_of_label, normalised

_NAMES_A_REPORT = re.compile(r"post-? ?mortem|incident|outage|downtime|report\b|failure", re.IGNORECASE)
# A heading that says what sort of file this is, and nothing of what happened.
_GENERIC = re.compile(
    r"(?:\d+x?\d*)?(?: |\W)*(?:task \d+|readme|my first post ?mortem|(?:incident |outage )?(?:post ?mortem|incident)"
    r"(?: report| review| analysis)?s?|report|template|metadata|tasks?|requirements|alx\b.*|project)",
)
_LEADING_LINES = 6
_LONGEST = 200
_ENDS_A_SENTENCE = re.compile(r"[.;]\s*$")


def read_title(source: Source, sections: Sequence[Section]) -> tuple[str | None, int]:
    """The title as written, without marks, and its line; None where the document has none of its own.

    The first heading before the known sections counts, unless it only says what sort of file it is and another says
    more; a line in bold, or a first line that calls itself a postmortem, serves as well.
    """
    candidates = list(_candidates(sections))
    if given := source.front_matter.get("title"):
        candidates.insert(0, (bare(given), 1))
    specific = [candidate for candidate in candidates if not _is_generic(candidate[0])]
    chosen = next(iter(specific or candidates), None)
    return chosen if chosen else (None, 1)


def _is_generic(text: str) -> bool:
    words = re.sub(r"^0x\w+\W*", "", text, flags=re.IGNORECASE)
    return _GENERIC.fullmatch(normalised(words)) is not None


def _candidates(sections: Sequence[Section]) -> Iterator[tuple[str, int]]:
    """Headings and lines before the first section of a known kind."""
    for position, section in enumerate(sections):
        named = _NAMES_A_REPORT.search(section.heading)
        if section.kinds and not (section.level == 1 and not section.is_label and position < 2):
            if normalised(section.heading) in ("tasks", "requirements", "context", "background"):
                continue
            if not (named and not kinds_of_label(section.heading) and position < 2):
                return
        if section.kinds and kinds_of_label(section.heading):
            return
        if section.heading and not section.is_label:
            yield section.heading[:_LONGEST], section.number
        told = [block for block in section.blocks if block.words][:_LEADING_LINES]
        for block in told:
            is_bold = re.fullmatch(r"(\*\*|__).+\1:?", block.text) is not None
            is_line = block.kind == BlockKind.TEXT and not section.heading and not _ENDS_A_SENTENCE.search(block.words)
            if len(block.words) <= _LONGEST and _NAMES_A_REPORT.search(block.words) and (is_bold or is_line):
                yield block.words, block.number
