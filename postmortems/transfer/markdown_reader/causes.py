"""Why it happened, as a document says."""

import re
from collections.abc import Sequence

from ...enums import CauseCategory, CauseRole, SectionKind
from .blocks import BlockKind
from .prose import causal_sentence, clipped, paragraphs, says_cause_is_unknown, sentences
from .records import CauseRecord
from .sections import Section

_K = SectionKind
_LEADING_BOLD = re.compile(r"(?:\*\*|__)(?P<head>[^*_]{3,120}?):?(?:\*\*|__)\s*[:\-–—]?\s*(?P<rest>.*)", re.DOTALL)
_LEADING_LABEL = re.compile(r"(?P<head>[A-Z][A-Za-z0-9 ,/&'-]{3,70}):\s+(?P<rest>.+)", re.DOTALL)
_ROOT_LABEL = re.compile(r"^(?:the )?(?:root )?cause(?:s)?\s*:\s*", re.IGNORECASE)
_CATEGORIES = (
    (CauseCategory.CERTIFICATE, r"certificate|tls|ssl\b"),
    (CauseCategory.CONFIGURATION, r"misconfig\w*|configuration|setting|typo|parameter|firewall rule|manifest"),
    (CauseCategory.CODE, r"\bbug\b|defect|regression|null pointer|exception|\bcode\b|memory leak|unoptimi[sz]ed"),
    (CauseCategory.DEPLOYMENT, r"deploy\w*|release|roll-?out|upgrade|update"),
    (CauseCategory.CAPACITY, r"capacity|overload\w*|exhaust\w*|traffic|out of memory|disk space|limit"),
    (CauseCategory.DATA, r"\bschema\b|migration|corrupt\w*|replication"),
    (CauseCategory.SECURITY, r"attack|vulnerab\w+|injection|permission|credential|ssh key"),
    (CauseCategory.DEPENDENCY, r"provider|third[- ]party|upstream|supplier|\baws\b|dependency"),
    (CauseCategory.INFRASTRUCTURE, r"hardware|network|\bdns\b|node|power|cable|disk"),
)
_FINDERS = tuple((category, re.compile(pattern, re.IGNORECASE)) for category, pattern in _CATEGORIES)


def read_causes(sections: Sequence[Section]) -> list[CauseRecord]:
    """The causes that the sections about them name; without such a section, the sentence that says why."""
    told = " ".join(section.text for section in sections)
    causes: list[CauseRecord] = []
    for section in sections:
        if section.is_about(_K.ROOT_CAUSE) and not (section.is_label and section.kinds[:1] == (_K.RESOLUTION,)):
            causes += _causes_of(section)
    causes = _once(causes)
    if causes or says_cause_is_unknown(told):
        return causes
    return _from_prose(sections)


def category_of(text: str) -> CauseCategory:
    """The category that the words of a cause point to; not known where none does."""
    return next((category for category, finder in _FINDERS if finder.search(text)), CauseCategory.UNKNOWN)


def _causes_of(section: Section) -> list[CauseRecord]:
    role = _role_of(section.heading)
    items = [block for block in section.blocks if block.kind == BlockKind.ITEM and block.words]
    top = min((block.depth for block in items), default=0)
    listed = [_from_item(block.text, block.words, block.number, role) for block in items if block.depth <= top + 1]
    if len(listed) > 1 or (listed and not _text_of(section)):
        return listed if _K.RESOLUTION not in section.kinds else listed[:1]
    text = _text_of(section)
    if not text:
        code = " ".join(block.text for block in section.blocks if block.kind == BlockKind.CODE).strip("` \n")
        text = code
    if not text or says_cause_is_unknown(sentences(text)[0]):
        return []
    first = causal_sentence(text) or sentences(text)[0]
    number = next((number for words, number in paragraphs(section.blocks) if first[:40] in words), section.number)
    return [CauseRecord(clipped(_ROOT_LABEL.sub("", first)), number, "", role, category_of(first))]


def _text_of(section: Section) -> str:
    return " ".join(
        block.words.strip("` ") for block in section.blocks if block.kind == BlockKind.TEXT and block.words
    ).strip()


def _from_item(text: str, words: str, number: int, role: CauseRole) -> CauseRecord:
    match = _LEADING_BOLD.fullmatch(text) or _LEADING_LABEL.fullmatch(words)
    if match and match["rest"].strip():
        title = match["head"].strip()
        if _role_of(title) == CauseRole.ROOT_CAUSE and _ROOT_LABEL.match(f"{title}:"):
            return CauseRecord(clipped(match["rest"]), number, "", role, category_of(match["rest"]))
        return CauseRecord(clipped(title), number, match["rest"].strip(), role, category_of(words))
    said = sentences(words)
    return CauseRecord(clipped(said[0]), number, words if len(said) > 1 else "", role, category_of(words))


def _role_of(heading: str) -> CauseRole:
    words = heading.casefold()
    if "contributing" in words:
        return CauseRole.CONTRIBUTING
    return CauseRole.TRIGGER if "trigger" in words and "cause" not in words else CauseRole.ROOT_CAUSE


def _once(causes: list[CauseRecord]) -> list[CauseRecord]:
    """A cause that the summary names in short and a section in full is one cause: the full one."""
    kept: list[CauseRecord] = []
    for cause in causes:
        same = next((other for other in kept if _same(other.title, cause.title)), None)
        if same is None:
            kept.append(cause)
        elif len(cause.title + cause.explanation) > len(same.title + same.explanation):
            kept[kept.index(same)] = cause
    return kept


def _same(one: str, two: str) -> bool:
    """Whether two sentences share most of the words that mean something."""
    first, second = _meaning(one), _meaning(two)
    return bool(first and second) and len(first & second) >= 0.5 * min(len(first), len(second))


def _meaning(text: str) -> set[str]:
    common = {
        "cause",
        "root",
        "outage",
        "issue",
        "which",
        "that",
        "this",
        "with",
        "from",
        "were",
        "caused",
        "identified",
    }
    return {word for word in re.findall(r"[a-z]{4,}", text.casefold()) if word not in common}


def _from_prose(sections: Sequence[Section]) -> list[CauseRecord]:
    skipped = {_K.LESSONS, _K.ACTION_ITEMS, _K.IMPACT}
    ordered = sorted(sections, key=lambda section: not section.is_about(_K.SUMMARY))
    for section in ordered:
        if skipped & set(section.kinds or section.region):
            continue
        for text, number in paragraphs(section.blocks):
            if said := causal_sentence(text):
                return [CauseRecord(clipped(said), number, category=category_of(said))]
    return []
