"""The lines of a document, each with its number in the source: front matter apart, HTML and entities made plain."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.clock_text.characters import clean

_FENCE = re.compile(r"\s*(`{3,}|~{3,})([^`]*)$")
_FRONT_MATTER = {"---": re.compile(r"([A-Za-z_][\w-]*):\s*(.*)"), "+++": re.compile(r"([A-Za-z_][\w-]*)\s*=\s*(.*)")}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,10})(\s[^<>]{0,2000})?/?>")
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,20});")
_SHORT_CODES = re.compile(r"^(\s*(?:[-*+]\s+)?)(?:\s*:[a-z][a-z0-9_+-]{2,40}:)+\s*")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()<>#+\-.!|~])")
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {"p", "div", "ul", "ol", "table", "tr", "section", "blockquote", "details", "center", "thead", "tbody"}
_INLINE = {
    "span", "u", "font", "small", "sub", "sup", "td", "th", "mark", "summary", "ins", "code", "pre", "kbd", "abbr",
}  # fmt: skip
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_BREAK = "\x1e"  # clean() has removed any such character of the text


@dataclass(frozen=True, slots=True)
class Line:
    """One line, HTML rewritten as Markdown; ``number`` counts from 1 in the source, ``is_code`` inside a fence."""

    number: int
    text: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A document as lines, with the single values of its front matter."""

    lines: list[Line]
    front_matter: dict[str, str]


def read_lines(text: str) -> Source:
    """Take a document apart into lines. Any text will do."""
    raw = clean(text).split("\n")
    front_matter, first = _read_front_matter(raw)
    fenced = fenced_lines(raw)
    body = _without_comments(raw, fenced)
    lines: list[Line] = []
    for index in range(first, len(raw)):
        if index in fenced:
            lines.append(Line(index + 1, body[index], is_code=True))
        else:
            lines += [Line(index + 1, part) for part in _plain_parts(body[index])]
    return Source(lines, front_matter)


def fenced_lines(raw: list[str]) -> set[int]:
    """Positions of the lines of fenced code, fences included. A fence that nothing closes is none."""
    fenced: set[int] = set()
    opened: tuple[int, str] | None = None
    for index, line in enumerate(raw):
        match = _FENCE.match(line)
        if match is None:
            continue
        if opened is None:
            opened = (index, match[1])
        elif not match[2].strip() and match[1].startswith(opened[1]):
            fenced.update(range(opened[0], index + 1))
            opened = None
    return fenced


def _read_front_matter(raw: list[str]) -> tuple[dict[str, str], int]:
    """The values of YAML or TOML at the head, and where the text begins. Lists and tables are left out."""
    fence = raw[0].strip() if raw else ""
    if fence not in _FRONT_MATTER:
        return {}, 0
    end = next((index for index, line in enumerate(raw[1:200], 1) if line.strip() == fence), None)
    if end is None:
        return {}, 0
    values: dict[str, str] = {}
    for line in raw[1:end]:
        match = _FRONT_MATTER[fence].fullmatch(line)
        if match and match[2].strip():
            values.setdefault(match[1].lower(), match[2].strip().strip("\"'"))
    return values, end + 1


def _without_comments(raw: list[str], fenced: set[int]) -> list[str]:
    if not any("<!--" in line for line in raw):
        return raw
    marked = "\n".join(line.replace("<!--", "\x1d") if index in fenced else line for index, line in enumerate(raw))
    return _cut_comments(marked).replace("\x1d", "<!--").split("\n")


def _cut_comments(text: str) -> str:
    """The text without comments that end, their line ends kept. (A pattern would look for each end anew.)"""
    parts: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts += [text[position:start], "\n" * text.count("\n", start, end)]
        position = end + 3
    return "".join([*parts, text[position:]])


def _plain_parts(text: str) -> Iterator[str]:
    """One line of the source as one or more lines of Markdown."""
    if "<" in text:
        between = " " if text.lstrip().startswith("|") else _BREAK
        text = _Rewriter(between).rewrite(text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    parts = [part for part in text.split(_BREAK) if part.strip()] or [""]
    for part in parts:
        yield _SHORT_CODES.sub(r"\1", part).rstrip()


class _Rewriter:
    """HTML of one line as Markdown. What is no tag of HTML, such as ``<your name>``, stays."""

    def __init__(self, between: str) -> None:
        self.between = between
        self.links: list[str] = []

    def rewrite(self, text: str) -> str:
        return _TAG.sub(self._tag, text)

    def _tag(self, match: re.Match[str]) -> str:
        closes, name = bool(match[1]), match[2].lower()
        if name in _HEADINGS:
            return self.between if closes else f"{self.between}{'#' * int(name[1])} "
        if name in _EMPHASIS:
            return _EMPHASIS[name]
        if name == "li":
            return self.between if closes else f"{self.between}- "
        if name in _BLOCKS or name in ("br", "hr"):
            return self.between
        if name == "img":
            found = _attributes(match[3] or "")
            return f"![{found.get('alt', '')}]({found['src']})" if found.get("src") else ""
        if name == "a":
            return self._link(closes, match[3] or "")
        return "" if name in _INLINE else match[0]

    def _link(self, closes: bool, attributes: str) -> str:
        if not closes:
            self.links.append(_attributes(attributes).get("href", ""))
            return "[" if self.links[-1] else ""
        target = self.links.pop() if self.links else ""
        return f"]({target})" if target else ""


def _attributes(text: str) -> dict[str, str]:
    return {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(text)}


def unescaped(text: str) -> str:
    """The text without the backslashes before Markdown's marks."""
    return _ESCAPED.sub(r"\1", text)


_IMAGE_WITH_ADDRESS = re.compile(r"!\[([^\[\]\n]{0,500})\]\(([^()\n]{0,2000}(?:\([^()\n]{0,200}\))?[^()\n]{0,500})\)")
_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\]\([^)]{0,1000}\)")
_LINK = re.compile(r"\[([^\[\]]{0,300})\](?:\([^)]{0,1000}\)|\[[^\[\]]{0,100}\])")
_MARKS = re.compile(r"\*\*|__|~~|`|(?<!\w)[*_]|[*_](?!\w)")


def images_as_links(text: str) -> str:
    """Pictures that lie elsewhere as links to them, and those that lay beside the file by their names."""

    def link(match: re.Match[str]) -> str:
        address = match[2].split()[0].strip("<>") if match[2].strip() else ""
        name = match[1].strip().strip("\"'").strip() or _("image")
        if address.startswith(("https://", "http://")):
            return f"[{name}]({address})"
        return _("(%(name)s, not imported)") % {"name": f"{name}: {address}"} if address else ""

    return _IMAGE_WITH_ADDRESS.sub(link, text)


def bare(text: str) -> str:
    """A line's words: without images, targets of links, emphasis and code marks."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    return " ".join(unescaped(_MARKS.sub("", text)).split())
