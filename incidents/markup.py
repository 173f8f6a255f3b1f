"""Markdown as people type it → HTML that is safe to show; the only place that marks HTML as safe.

Two walls. The first builds a tree in which only harmless things can exist: raw HTML is never parsed, links and images
are judged one by one. The second (nh3) reads the finished HTML as a browser would and keeps what is on the list.

Before any of that the text is measured: a few kilobytes of Markdown can keep a machine busy for
minutes.
Rendering costs milliseconds, so it is done on save, and the HTML is kept with ``RENDERER_VERSION``.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from html import escape, unescape
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import nh3
from django.conf import settings
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown import Markdown
from markdown.extensions.admonition import AdmonitionExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.extensions.toc import slugify_unicode
from markdown.inlinepatterns import InlineProcessor, SubstituteTagInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import STX, AtomicString
from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token

from .errors import InvalidInput

RENDERER_VERSION = 2
"""Stored beside kept HTML; raised whenever the same text would come out differently."""

MAX_TEXT_BYTES = 200_000
MAX_HTML_CHARACTERS = 2_000_000
MAX_UNCLOSED_BRACKETS = 500
MAX_DEPTH = 100
MAX_DEFINITIONS = 200
MAX_FOOTNOTE_MARKS = 500
MAX_DEFINITION_CHARACTERS = 500_000  # of addresses and titles that reference links may copy into the output
MAX_TABLE_CELLS = 20_000
MAX_ELEMENTS = 60_000
MAX_HEADINGS = 2_000
MAX_PARTS = 10_000  # paragraphs, list items, quotes
MAX_CODE_BLOCKS = 1_000
MAX_SPLIT_WORK = 100_000_000  # headings and rules × length of the block they are in: each cuts the rest off anew
MAX_HIGHLIGHTED = 30_000  # characters of code a text; what follows stays plain
MAX_SCAN_STEPS = 1_000_000  # characters that a search for closing brackets would walk over
MAX_MARK_WORK = 1_500_000_000  # marks × length, summed over paragraphs: each mark copies its paragraph

LANGUAGES = frozenset(
    """bash c console cpp csharp css diff docker dockerfile go groovy hcl html http ini java javascript js json kotlin
    make nginx php powershell properties py python rb ruby rust sh shell sql terraform toml ts typescript xml yaml
    yml""".split()  # noqa: SIM905 - one quoted word a line would fill a screen
)
"""What is coloured. A closed list: each lexer is a set of regular expressions that hostile text runs through."""

ADMONITIONS = frozenset(["note", "info", "tip", "warning", "danger", "important", "example"])
FOREIGN_REL = "noopener nofollow ugc"
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_CONTROL = dict.fromkeys((*range(32), *range(127, 160), *range(55296, 57344), 65534, 65535))
_CONTROL |= {0x09: "\t", 0x0A: "\n", 0x0B: "\n", 0x0C: "\n", 0x85: "\n"}

_TAGS = {
    *("p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "sup", "span", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"),
}
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        "div": {"aria-label"},
        **{tag: {"id"} for tag in ("h3", "h4", "h5", "h6", "li", "sup")},
    },
    tag_attribute_values={
        "a": {"rel": {FOREIGN_REL}},
        "img": {"loading": {"lazy"}},
        "div": {"tabindex": {"0"}, "role": {"group"}},
        "th": {"align": {"left", "right", "center"}},
        "td": {"align": {"left", "right", "center"}},
    },
    allowed_classes={
        "div": {"admonition", "footnote", "md-code", "md-table"} | ADMONITIONS,
        "p": {"admonition-title"},
        "a": {"footnote-ref", "footnote-backref"},
        "span": {name for name in STANDARD_TYPES.values() if name},
    },
    url_schemes=set(SCHEMES),
    link_rel=None,
)
_local = threading.local()


# What people call things by, each with its address. Applications add theirs when they are ready.
REFERENCES = {"INC": "/incidents/{}/", "DRILL": "/incidents/{}/"}


def render(
    text: str, *, id_prefix: str = "", heading_base: int = 3, breaks: bool = False, links_references: bool = False
) -> SafeString:
    """Return ``text`` (Markdown) as safe HTML.

    ``id_prefix`` keeps the ids of several texts on one page apart; links to a heading of the same text follow it. The
    highest heading of the text becomes ``h{heading_base}`` (3 to 6), so that a text never brings a page title.
    ``breaks`` shows each line end as one, as people expect of short entries. ``links_references`` makes a link of what
    things are called, such as INC-3, whether there is one or not: who follows it is told what they may know.
    Raises InvalidInput with code ``text_too_large`` or ``text_too_complex``; nothing else, whatever the text.
    """
    if not 3 <= heading_base <= 6:
        raise ValueError("heading_base must be 3 to 6: h1 and h2 belong to the page")
    if len(text.encode("utf-8", "ignore")) > MAX_TEXT_BYTES:
        raise _too_large()
    renderer = _renderer(breaks, links_references)
    renderer.reset()
    renderer.shaper.id_prefix, renderer.shaper.heading_base = id_prefix, heading_base
    try:
        html = renderer.convert(_without_control(text))
    except RecursionError:
        _forget_renderers()
        raise _too_complex(_("Fewer levels of lists and quotes are needed.")) from None
    except InvalidInput:
        _forget_renderers()
        raise
    if len(html) > MAX_HTML_CHARACTERS:
        raise _too_complex(_("It would grow too long on the page."))
    clean = _cleaner.clean(html)
    if len(clean) > MAX_HTML_CHARACTERS:
        raise _too_complex(_("It would grow too long on the page."))
    return mark_safe(clean.strip())  # noqa: S308 - both walls are behind us


def plain(text: str) -> str:
    """Return ``text`` on one line without its Markdown marks, for summaries, subjects and plain mail. Not HTML."""
    text = _without_control(text)
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    return " ".join(unescape(text).split())


def is_blank(text: str) -> bool:
    """Return whether ``text`` holds nothing that anybody could see."""
    return not _INVISIBLE.sub("", _without_control(text))


_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufeff]+"
)
_PLAIN = [
    (re.compile(r"^ *(?:`{3,}|~{3,})[^\n`]*$", re.M), ""),
    (re.compile(r"^(?:[*_ ]{3,}|=+|(?=[^\n]*-)[|:\- ]+)$", re.M), ""),
    (re.compile(r"\[\^[^\[\]\s]{1,40}\]:?"), ""),
    (re.compile(r"^[ >]*(?:#{1,6} +|[-*+] +|\d{1,9}\. +)?", re.M), ""),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]\n]*\]"), r"\1"),
    (re.compile(r"<(https?://[^\s<>]+|[^\s<>@]{1,64}@[^\s<>@]{1,255})>"), r"\1"),
    (re.compile(r"(?<!\\)(?:\*{1,3}|`+|(?<!\w)_{1,3}|_{1,3}(?!\w)|~~)"), ""),
    (re.compile(r"\\([\\`*_{}\[\]()>#+\-.!|~])"), r"\1"),
]


def _without_control(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)


def _too_large() -> InvalidInput:
    sentence = _("This text is too long: at most %(size)d kB fit. Attach or link the rest.")
    return InvalidInput(sentence % {"size": MAX_TEXT_BYTES // 1000}, code="text_too_large")


def _too_complex(what: str) -> InvalidInput:
    hint = _("Put logs and code between lines of ``` and leave long data in a file.")
    return InvalidInput(
        " ".join([_("This text is too complex to show."), what, hint]),
        code="text_too_complex",
    )


# --- The renderer: Python-Markdown with our parts. Not safe for two threads at once, so each thread has its own.


class _Renderer(Markdown):
    def __init__(self, *, breaks: bool, links_references: bool) -> None:
        super().__init__(
            extensions=[
                TableExtension(use_align_attribute=True),
                SaneListExtension(),
                AdmonitionExtension(),
                FootnoteExtension(PLACE_MARKER=f"{STX}footnotes", BACKLINK_TITLE=_("Back to footnote %d in the text")),
            ],
            output_format="html",
        )
        self.preprocessors.deregister("html_block")
        for name in ("html", "entity", "automail"):
            self.inlinePatterns.deregister(name)
        self.preprocessors.register(_Fences(self), "fences", 25)
        self.preprocessors.register(_Bounds(self, breaks=breaks, references=links_references), "bounds", 20)
        self.inlinePatterns.register(_MailAddress(r"<([^\s<>@!]{1,64}@[^\s<>@]{1,255})>", self), "automail", 110)
        self.inlinePatterns.register(_BareAddress(r"\bhttps?://[\w\[%][^\s<>\x02\x03]*", self), "bare_address", 105)
        if breaks:
            self.inlinePatterns.register(SubstituteTagInlineProcessor(r"\n", "br"), "breaks", 95)
        if links_references:
            series = "|".join(map(re.escape, REFERENCES))
            pattern = rf"(?<![\w/#@-])({series})-[1-9][0-9]{{0,8}}(?![\w-])"
            self.inlinePatterns.register(_Reference(pattern, self), "reference", 100)
        self.shaper = _Shaper(self)
        self.treeprocessors.register(self.shaper, "shaper", -10)
        self.references = _Definitions()  # type: ignore[assignment]


def _renderer(breaks: bool, links_references: bool) -> _Renderer:
    kept: dict[tuple[bool, bool], _Renderer] = _local.__dict__.setdefault("renderers", {})
    kind = (breaks, links_references)
    if kind not in kept:
        kept[kind] = _Renderer(breaks=breaks, links_references=links_references)
    return kept[kind]


def _forget_renderers() -> None:
    """Drop renderers that stopped half-way: resetting them does not empty their stacks."""
    _local.__dict__.pop("renderers", None)


class _Definitions(dict[str, tuple[str, str | None]]):
    """Reference definitions that know how much they have been copied: one long address, used often, fills a disk."""

    copied = 0

    def clear(self) -> None:
        super().clear()
        self.copied = 0

    def __getitem__(self, name: str) -> tuple[str, str | None]:
        address, title = super().__getitem__(name)
        self.copied += len(address) + len(title or "")
        if self.copied > MAX_DEFINITION_CHARACTERS:
            raise _too_complex(_("It repeats long link addresses too often."))
        return address, title


class _MailAddress(InlineProcessor):
    """``<ada@example.org>`` as a link, without the entities that the stock one hides it in."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: N802
        link = Element("a", href=f"mailto:{m[1]}")
        link.text = AtomicString(m[1])
        return link, m.start(), m.end()


class _BareAddress(InlineProcessor):
    """An address as people paste it, without the full stop or bracket that follows it in the sentence."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: N802
        address = _without_punctuation(m[0])
        link = Element("a", href=address)
        link.text = AtomicString(address)
        return link, m.start(), m.start() + len(address)


class _Reference(InlineProcessor):
    """What an incident or another thing of ours is called, as a link to its page."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: N802
        link = Element("a", href=REFERENCES[m[1]].format(m[0]))
        link.text = AtomicString(m[0])
        return link, m.start(), m.end()


def _without_punctuation(address: str) -> str:
    """Return ``address`` without closing marks at its end, except brackets that it opened itself."""
    surplus = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    end = len(address)
    while address[end - 1] in ".,;:!?'\"*_~" or surplus.get(address[end - 1], 0) > 0:
        end -= 1
        if address[end] in surplus:
            surplus[address[end]] -= 1
    return address[:end]


# --- Code between fences


class _Fences(Preprocessor):
    """Takes fenced code out before anything else reads it. A fence that is never closed reaches to the end."""

    OPENING = re.compile(r"^( *)(`{3,}|~{3,}) *([^\s`{]*)[^`]*$")

    def run(self, lines: list[str]) -> list[str]:
        result: list[str] = []
        budget = MAX_HIGHLIGHTED
        rest = iter(lines)
        for line in rest:
            opening = self.OPENING.match(line)
            if opening is None:
                result.append(line)
                continue
            if self.md.htmlStash.html_counter >= MAX_CODE_BLOCKS:
                raise _too_complex(_("It has too many blocks of code."))
            indent, fence, language = opening.groups()
            code = "\n".join(_fenced(rest, len(indent), fence))
            html = highlight(code, language if len(code) <= budget else "")
            budget -= len(code) if language.lower() in LANGUAGES else 0
            result += ["", indent + self.md.htmlStash.store(html), ""]
        return result


def _fenced(lines: Iterator[str], indent: int, fence: str) -> Iterator[str]:
    for line in lines:
        stripped = line.strip()
        if len(stripped) >= len(fence) and set(stripped) == {fence[0]}:
            return
        yield line[min(indent, len(line) - len(line.lstrip(" "))) :]


def highlight(code: str, language: str) -> str:
    """Return ``code`` as an HTML block, coloured with pygments' short class names where ``language`` is one we know."""
    body = "".join(_spans(code, language.lower())) if language.lower() in LANGUAGES else escape(code, quote=False)
    label = escape(_("Code"))
    return f'<div class="md-code" role="group" aria-label="{label}" tabindex="0"><pre><code>{body}\n</code></pre></div>'


def _spans(code: str, language: str) -> Iterator[str]:
    name, held = "", ""
    for kind, value in lex(code, get_lexer_by_name(language, stripnl=False, ensurenl=False)):
        while kind not in STANDARD_TYPES:
            kind = kind.parent or Token
        if STANDARD_TYPES[kind] != name:
            yield _span(name, held)
            name, held = STANDARD_TYPES[kind], ""
        held += value
    yield _span(name, held)


def _span(name: str, value: str) -> str:
    text = escape(value, quote=False)
    return f'<span class="{name}">{text}</span>' if name and value else text


# --- Bounds: what would make rendering slow or the page endless is counted first


class _Bounds(Preprocessor):
    """Refuses text bombs; runs when code is out of the way, because code is full of brackets and harms nobody."""

    def __init__(self, md: Markdown, *, breaks: bool, references: bool) -> None:
        super().__init__(md)
        marks = r"[\\`*_\[<\n]|https?:" if breaks else r"[\\`*_\[<]|  \n|https?:"
        self.marks = re.compile(rf"{marks}|[A-Z]-[1-9]" if references else marks)

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        if max(map(_depth, lines), default=0) > MAX_DEPTH:
            raise _too_complex(_("Fewer levels of lists and quotes are needed."))
        if len(_DEFINITION.findall(text)) > MAX_DEFINITIONS or text.count("[^") > MAX_FOOTNOTE_MARKS:
            raise _too_complex(_("It has too many footnotes or link definitions."))
        blocks = _BLANK_LINES.split(text)
        if len(blocks) + sum(map(_nesting_marks, lines)) > MAX_PARTS:
            raise _too_complex(_("It has too many parts."))
        splits = [len(_SPLITTING.findall(block)) for block in blocks]
        if sum(splits) > MAX_HEADINGS:
            raise _too_complex(_("It has too many headings."))
        if sum(count * len(block) for count, block in zip(splits, blocks, strict=True)) > MAX_SPLIT_WORK:
            raise _too_complex(_("It needs blank lines around its headings and rules."))
        if sum(map(_cells, blocks)) > MAX_TABLE_CELLS:
            raise _too_complex(_("Its tables are too large."))
        self._check_brackets(blocks)
        if sum(map(self._mark_work, blocks)) > MAX_MARK_WORK:
            raise _too_complex(_("One paragraph has too many marks."))
        return lines

    def _check_brackets(self, blocks: list[str]) -> None:
        unclosed = steps = 0
        for block in blocks:
            left_open, walked = _bracket_scan(block)
            unclosed += left_open
            steps += walked + _target_scan(block)
            if unclosed > MAX_UNCLOSED_BRACKETS or steps > MAX_SCAN_STEPS:
                raise _too_complex(_("Too many brackets are left open."))

    def _mark_work(self, block: str) -> int:
        marks = sum(1 for _mark in self.marks.finditer(block))
        return marks * (len(block) + 14 * marks)  # a mark is replaced by a placeholder of 14 characters


_BLANK_LINES = re.compile(r"\n(?: *\n)+")
_DEFINITION = re.compile(r"^[ >]*\[[^\[\]]*\]:", re.M)
_NESTING = re.compile(r"^(?: *(?:>|[-*+] |\d{1,9}\. ))*")
_NESTING_MARK = re.compile(r">|[-*+] |\. ")
_SPLITTING = re.compile(r"^[ >]*(?:#|!!!|[-=*_][-=*_ ]*$)", re.M)
_TABLE_RULE = re.compile(r"^[ >*+\-\d.:|]+$", re.M)
_BRACKET = re.compile(r"[\[\]]")
_TARGET = re.compile(r"\]\((?:([^()\"'<>\n]*(?:\"[^\"()\n]*\" *)?\))|)")


def _nesting_marks(line: str) -> int:
    prefix = _NESTING.match(line)
    return len(_NESTING_MARK.findall(prefix[0])) if prefix else 0


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip(" "))) // 4 + _nesting_marks(line)


def _cells(block: str) -> int:
    """Return how many cells the block makes if it is a table: each row is filled up to the width of the rule."""
    rules = [rule for rule in _TABLE_RULE.findall(block) if "|" in rule and "-" in rule]
    return max((rule.count("|") + 1 for rule in rules), default=0) * (block.count("\n") + 1)


def _bracket_scan(block: str) -> tuple[int, int]:
    """Return how many brackets stay open, and how far a search for the partner of each has to walk in all."""
    opened: list[int] = []
    steps = 0
    for bracket in _BRACKET.finditer(block):
        if bracket[0] == "[":
            opened.append(bracket.start())
        elif opened:
            steps += bracket.start() - opened.pop()
    return len(opened), steps + sum(len(block) - start for start in opened)


def _target_scan(block: str) -> int:
    """Return how far the search for the end of each ``](address`` may walk: short where it plainly closes."""
    return sum(len(m[1]) if m[1] else len(block) - m.start() for m in _TARGET.finditer(block))


# --- The first wall: what the finished tree may hold


class _Shaper(Treeprocessor):
    """Makes the tree ours: headings shifted, ids prefixed, links and images judged, wide things scrollable."""

    id_prefix = ""
    heading_base = 3

    def run(self, root: Element) -> None:
        elements = list(root.iter())
        if len(elements) > MAX_ELEMENTS:
            raise _too_complex(_("It has too many parts."))
        self._name_headings(elements)
        self._prefix_ids(elements)
        self._judge(root)
        for element in elements:
            if element.get("class", "").startswith("admonition "):
                _tame_admonition(element)

    def _name_headings(self, elements: list[Element]) -> None:
        headings = [element for element in elements if element.tag in HEADINGS]
        if len(headings) > MAX_HEADINGS:
            raise _too_complex(_("It has too many headings."))
        shift = self.heading_base - min((HEADINGS.index(heading.tag) + 1 for heading in headings), default=0)
        seen: Counter[str] = Counter()
        for heading in headings:
            level = HEADINGS.index(heading.tag) + 1 + shift
            heading.tag = f"h{min(max(level, self.heading_base), 6)}"
            name = slugify_unicode("".join(heading.itertext())[:80], "-") or "section"
            seen[name] += 1
            heading.set("id", name if seen[name] == 1 else f"{name}_{seen[name]}")

    def _prefix_ids(self, elements: list[Element]) -> None:
        """Ids never meet those of the page, nor the names that scripts look up; own links follow them."""
        prefix = f"{self.id_prefix}text-"
        own: dict[str, str] = {}
        for element in elements:
            if name := element.get("id"):
                own[f"#{name}"] = prefix + re.sub(r"[^\w:-]+", "-", name)
                element.set("id", own[f"#{name}"])
        for element in elements:
            if element.tag == "a" and (target := own.get(element.get("href", ""))):
                element.set("href", f"#{target}")

    def _judge(self, root: Element) -> None:
        """Walk the tree with an own stack, knowing whether a link is around: links in links are none."""
        waiting = [(root, False)]
        while waiting:
            parent, in_link = waiting.pop()
            for place, child in enumerate(parent):
                if child.tag == "img":
                    _judge_image(child, in_link)
                if child.tag == "a":
                    _judge_link(child, in_link)
                waiting.append((child, in_link or child.tag == "a"))
                if child.tag == "table" or (child.tag == "pre" and parent.get("class") != "md-code"):
                    parent[place] = _scrollable(child)


def _judge_link(link: Element, in_link: bool) -> None:
    address = link.get("href", "")
    kind = _kind(address)
    if in_link or kind == "refused":
        _become_text(link, "" if in_link or not any(link.itertext()) else address)
        return
    if kind == "foreign":
        link.set("rel", FOREIGN_REL)
    if not len(link) and not (link.text or "").strip():
        link.text = AtomicString(address)


# Where a picture of an incident is served: see incidents/urls/incidents.py. Nothing else is ever shown as an image.
_OWN_PICTURE = re.compile(
    r"/incidents/(?:INC|DRILL)-[1-9][0-9]{0,8}/pictures/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:png|jpg|webp|gif)"
)


def _judge_image(image: Element, in_link: bool) -> None:
    """Keep a picture of an incident; a foreign image would tell its host who reads us, and becomes a link to it."""
    address, alt = image.get("src", ""), image.get("alt", "").strip()
    image.set("alt", alt)
    if _OWN_PICTURE.fullmatch(address):
        # A long timeline fetches only the pictures that somebody scrolls to.
        image.set("loading", "lazy")
        return
    for name in ("src", "alt"):
        image.attrib.pop(name, None)
    image.tag = "a"
    image.text = AtomicString(alt or _shortened(address) or _("image"))
    image.set("href", address)
    _judge_link(image, in_link)


def _become_text(link: Element, address: str) -> None:
    """A link that may not be one keeps its words, and its address where that is readable."""
    link.tag = "span"
    link.attrib.clear()
    shown = _shortened(address)
    if shown and shown not in "".join(link.itertext()):
        link.tail = f" ({shown}){link.tail or ''}"


def _shortened(address: str) -> str:
    return address if len(address) <= 200 else ""


def _kind(address: str) -> str:
    """Return ``own``, ``foreign`` or ``refused`` for an address, read as a browser reads it: no entities, no blanks."""
    bare = re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+", "", unescape(address))
    if bare.startswith(("//", "\\", "/\\")):
        return "refused"
    scheme = re.match(r"([^/?#]*?):", bare)
    if scheme is None:
        return "own"
    if scheme[1].lower() not in SCHEMES:
        return "refused"
    if not scheme[1].lower().startswith("http"):
        return "own"
    return "own" if _origin(bare) == _origin(settings.BASE_URL) else "foreign"


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme.lower(), parts.netloc.lower()


def _tame_admonition(box: Element) -> None:
    kinds = [name for name in box.get("class", "").split() if name in ADMONITIONS]
    box.set("class", " ".join(["admonition", *(kinds[:1] or ["note"])]))


_LABELS: dict[str, str | Promise] = {"table": gettext_lazy("Table"), "pre": gettext_lazy("Code")}


def _scrollable(element: Element) -> Element:
    """Wrap what may be wider than a phone, reachable by keyboard."""
    box = Element("div", {"class": "md-table" if element.tag == "table" else "md-code"})
    box.attrib |= {"role": "group", "aria-label": str(_LABELS[element.tag]), "tabindex": "0"}
    box.tail, element.tail = element.tail, None
    box.append(element)
    return box


def stored(html: str) -> SafeString:
    """What `render()` made when the text was saved, as the database kept it."""
    return mark_safe(html)  # noqa: S308 - only render() writes the columns that this is read from
