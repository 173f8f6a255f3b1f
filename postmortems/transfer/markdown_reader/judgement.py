"""Whether a document tells of an incident: not a template, a guide, an assignment, or something else altogether."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ...enums import SectionKind
from .blocks import BlockKind
from .records import Document
from .sections import Section
from .times import find_mentions

_K = SectionKind
_INCIDENT = re.compile(
    r"\b(?:incidents?|outages?|post-? ?mortems?|downtime|failures?|fail(?:ed|s|ing)?|errors?|unavailab\w+|disrupt\w+"
    r"|degrad\w+|down|broken|crash\w*|breach|vulnerab\w+|unable)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\{\{[^{}]*\}\}|<(?:[A-Z][^<>]{12,}|[a-z]+ [^<>]{6,}|Put |List |Your )[^<>]*>|\byyyy-mm-dd\b|\bhh:mm\b"
    r"|\[\s*(?:insert|your|name|date"
    r"|title|describe)\b|must contain\b|\blorem ipsum\b|_{5,}",
    re.IGNORECASE,
)
_SAYS_TEMPLATE = re.compile(
    r"\b(?:templates?|guide(?:lines)?|how to|example|requirements?|instructions?|tasks to complete)\b", re.I
)
_ASKS = re.compile(
    r"\b(?:should|must|you|your|describe|explain|include|list|provide|write|need to|how was|what was|which)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:was|were|had|did|has been|have been|caused|led|failed|resulted|became|began|fixed|found)\b", re.I
)
_CORE = (_K.SUMMARY, _K.IMPACT, _K.TIMELINE, _K.ROOT_CAUSE, _K.RESOLUTION, _K.ACTION_ITEMS)


def refusal(document: Document, sections: Sequence[Section], front_matter: Mapping[str, str]) -> str:
    """Why this is no postmortem, or an empty text where it is one."""
    words = " ".join(block.words for s in sections for block in s.blocks if block.kind != BlockKind.CODE)
    if len(words.split()) < 8:
        return _("There is too little text for a postmortem.")
    timed = sum(event.time is not None for event in document.timeline)
    filled = {kind for section in sections for kind in section.kinds if kind in _CORE and _is_filled(section)}
    if timed >= 2 and (len(filled) > 1 or _INCIDENT.search(words)):
        return ""
    if "start_time" in front_matter and document.title and _INCIDENT.search(f"{document.title} {words}"):
        return ""
    if _is_template(words, sections):
        return _("This looks like a template or a guide: it says what to write, and tells of no incident.")
    told = f"{document.title or ''} {words}"
    if len(filled) >= 2 and {_K.ROOT_CAUSE, _K.TIMELINE, _K.RESOLUTION, _K.IMPACT} & filled and _INCIDENT.search(told):
        return "" if len(_TELLS.findall(words)) >= 2 else _not_one()
    if filled and _is_story(document, words):
        return ""
    return _not_one()


def _not_one() -> str:
    return _("This does not look like a postmortem: it has no timeline, no cause and no account of what happened.")


def _is_filled(section: Section) -> bool:
    """Whether something is told below a heading, apart from what a template leaves to fill in."""
    for block in section.blocks:
        if block.kind == BlockKind.ROW and len([cell for cell in block.cells if cell]) < len(block.cells):
            continue
        if block.kind != BlockKind.BLANK and len(_PLACEHOLDER.sub("", block.words).split()) > 1:
            return True
    return False


def _is_template(words: str, sections: Sequence[Section]) -> bool:
    headings = " ".join(section.heading for section in sections)
    signs = len(_PLACEHOLDER.findall(words + headings))
    if signs and not find_mentions(words[:20_000]):
        return True
    asks, tells = len(_ASKS.findall(words)), len(_TELLS.findall(words))
    if signs or _SAYS_TEMPLATE.search(headings):
        return asks + 3 * signs >= tells
    return asks > 2 * tells


def _is_story(document: Document, words: str) -> bool:
    """Prose without the usual headings that tells when something failed and why."""
    dated = any(mention.date and mention.date.year for mention in find_mentions(words[:6000]))
    named = bool(re.search(r"post-? ?mortem|incident|outage", document.title or "", re.IGNORECASE))
    return dated and named and len(_TELLS.findall(words)) >= 8
