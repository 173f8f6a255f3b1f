"""What every page must be: strict HTML, one heading, a label for each field, nothing inline, nothing foreign."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib

FIELDS = {"input", "select", "textarea"}
NEED_NO_LABEL = {"hidden", "submit", "button", "reset", "image"}
# Attributes that fetch or lead somewhere.
ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "srcset",
    "xlink:href",
    "ping",
    "cite",
}
EXECUTABLE = {"iframe", "frame", "frameset", "object", "embed", "applet", "base", "portal", "math"}


def parse(page: str, *, strict: bool = True) -> Element:
    """The page as a browser would build it; strict raises where a browser would have to guess."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=strict)
    return parser.parse(page)


def parse_part(part: str, *, strict: bool = True) -> Element:
    """A part of a page, as it is put into one."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=strict)
    return parser.parseFragment(part, container="div")


def tag_of(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def elements(root: Element) -> Iterator[tuple[str, Element]]:
    for element in root.iter():
        if tag := tag_of(element):
            yield tag, element


def attributes(element: Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield name.rpartition("}")[2].lower(), value


def words_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def faults(root: Element, *, whole: bool = True) -> list[str]:
    """What is wrong with a page of ours, or with a part of one."""
    found = [*_inline(root), *_repeated_ids(root), *_dangling(root), *_unlabelled(root), *_nameless(root)]
    if whole:
        headings = [words_of(element) for tag, element in elements(root) if tag == "h1"]
        if len(headings) != 1 or not headings[0]:
            found.append(f"headings: {headings}")
        titles = [words_of(element) for tag, element in elements(root) if tag == "title"]
        if not titles or not titles[0]:
            found.append("no title")
        if not any(tag == "html" and element.get("lang") for tag, element in elements(root)):
            found.append("no language")
    return found


def _inline(root: Element) -> Iterator[str]:
    for tag, element in elements(root):
        if tag == "style":
            yield "inline style sheet"
        if tag == "script" and not element.get("src") and element.get("type") != "application/json":
            yield "inline script"
        for name, value in attributes(element):
            if name == "style" or name.startswith(("on", "hx-on")):
                yield f"{name} on <{tag}>"
            if value.strip().lower().startswith("javascript:"):
                yield f"{name}={value} on <{tag}>"


def _repeated_ids(root: Element) -> Iterator[str]:
    counted = Counter(element.get("id") for _tag, element in elements(root) if element.get("id"))
    for name, count in counted.items():
        if count > 1:
            yield f"id {name} {count} times"


def _dangling(root: Element) -> Iterator[str]:
    ids = {element.get("id") for _tag, element in elements(root)}
    for tag, element in elements(root):
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for target in element.get(name, "").split():
                if target not in ids:
                    yield f"{name}={target} on <{tag}> leads nowhere"


def _unlabelled(root: Element) -> Iterator[str]:
    labelled = {element.get("for") for tag, element in elements(root) if tag == "label" and words_of(element)}
    wrapped = {
        id(inner)
        for tag, element in elements(root)
        if tag == "label" and words_of(element)
        for _tag, inner in elements(element)
    }
    for tag, element in elements(root):
        if tag not in FIELDS or element.get("type", "text") in NEED_NO_LABEL:
            continue
        has_name = element.get("aria-label") or element.get("aria-labelledby")
        if not (has_name or element.get("id") in labelled or id(element) in wrapped):
            yield f"<{tag} name={element.get('name')}> has no label"


def _nameless(root: Element) -> Iterator[str]:
    for tag, element in elements(root):
        if tag in {"a", "button", "summary"} and not (words_of(element) or element.get("aria-label")):
            yield f"<{tag} class={element.get('class')} href={element.get('href')}> says nothing"
        if tag == "img" and element.get("alt") is None:
            yield "img without alt"


def dangers(root: Element) -> list[str]:
    """What could run, or fetch from elsewhere, in a page that holds hostile text."""
    found = []
    for tag, element in elements(root):
        if tag in EXECUTABLE:
            found.append(f"<{tag}>")
        if tag == "script" and not _is_ours(element.get("src", "")):
            found.append("foreign or inline script")
        if tag == "meta" and element.get("http-equiv"):
            found.append(f"meta http-equiv={element.get('http-equiv')}")
        for name, value in attributes(element):
            if name.startswith(("on", "hx-on")) or name in {"style", "srcdoc"}:
                found.append(f"{name} on <{tag}>")
            if name in ADDRESSES:
                found += [f"{name}={value[:60]} on <{tag}>" for _ in [0] if not _is_harmless(tag, name, value)]
    return found


def _is_ours(script: str) -> bool:
    """A file of ours, or the words that Django's admin hands to its scripts, which hold no text of people."""
    return script.startswith("/static/") or script == "/admin/jsi18n/"


def _is_harmless(tag: str, name: str, value: str) -> bool:
    """Links may lead elsewhere, by the web or by mail; nothing may be fetched from there."""
    compact = "".join(letter for letter in value if letter.isprintable() and not letter.isspace()).lower()
    try:
        parts = urlsplit(compact)
    except ValueError:
        # A host that cannot be: a dead link, whose scheme a browser knows nevertheless.
        return tag == "a" and name == "href" and compact.startswith(("http://", "https://"))
    if tag == "a" and name == "href":
        return parts.scheme in {"", "http", "https", "mailto", "tel"}
    return not parts.scheme and not parts.netloc
