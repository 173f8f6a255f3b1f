"""The sentences of a Markdown text that are its author's own: no code, quotations, links, file names or questions."""

import re
from collections.abc import Iterator

# Stands for what is not looked at, letter for letter: a thing that is named, and never a person.
THING = "□"
LONGEST_QUOTATION = 400
# What is longer is a log or a table without marks, and would take long to look through.
LONGEST_SENTENCE = 1_500

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n.*?\n---[ \t]*(?=\n|\Z)", re.S)
_QUOTE = re.compile(r"^\s*>")
_INDENTED = re.compile(r"^(?: {4}|\t)")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,9}[.)])\s+")
_UNSEEN = re.compile(
    "|".join(
        [
            r"`+[^`\n]*`+",
            r"!?\[[^\[\]\n]*\]\([^()\n]*\)",
            r"!?\[[^\[\]\n]*\]\[[^\[\]\n]*\]",
            r"<[^<>\n]{1,300}>",
            rf"“[^”\n]{{1,{LONGEST_QUOTATION}}}”",
            rf"„[^“”\n]{{1,{LONGEST_QUOTATION}}}[“”]",
            rf"«[^»\n]{{1,{LONGEST_QUOTATION}}}»",
            rf"\"[^\"\n]{{1,{LONGEST_QUOTATION}}}\"",
            rf"(?<!\w)[‘'][^’'\n]{{1,{LONGEST_QUOTATION}}}[’'](?!\w)",
            # Addresses, paths, names of files, hosts and identifiers.
            r"https?://\S+",
            r"(?<![\w-])[\w-]{1,80}[./\\_:@]+[\w./\\:@-]{0,200}(?<=\w)",
        ]
    ),
    re.S,
)
_MARKS = re.compile(r"[*~]+|(?<!\w)_+|_+(?!\w)")
_END = re.compile(r"(?<=[.!?;])[\s\"'”)\]]+|\n\s*\n|\n(?=\s*(?:[-*+•]|\d{1,9}[.)])\s)|\n(?=#)|\|")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Each sentence with its place in the text; what is not to be looked at is blacked out, length for length."""
    prose = _own_lines(_FRONT_MATTER.sub(_black, text, count=1) if _FRONT_MATTER.match(text) else text)
    seen = _MARKS.sub(_blank, _UNSEEN.sub(_black, prose))
    start = 0
    for end in [*_END.finditer(seen), None]:
        stop = end.start() if end else len(seen)
        sentence = seen[start:stop]
        if len(sentence) <= LONGEST_SENTENCE and not sentence.rstrip().endswith("?"):
            yield start, sentence
        start = end.end() if end else stop


def _own_lines(text: str) -> str:
    """The text with every line of code and of quotation blacked out."""
    lines, fence, in_list, was_blank = [], "", False, True
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        is_code = bool(fence) or opening is not None
        if opening and not fence:
            fence = opening[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        if not is_code and line.strip() and not _INDENTED.match(line):
            in_list = _ITEM.match(line) is not None or (in_list and not was_blank)
        is_block = _INDENTED.match(line) is not None and was_blank and not in_list
        hidden = is_code or is_block or _QUOTE.match(line)
        was_blank = not line.strip() or is_block
        lines.append(THING * len(line) if hidden else line)
    return "\n".join(lines)


def _black(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", THING, match[0])


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
