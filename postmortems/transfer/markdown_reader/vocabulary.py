"""What headings of postmortems are called, and which kind of section each of them opens."""

import difflib
import re
import unicodedata

from ...enums import SectionKind

_K = SectionKind

# Searched for in headings: words that say what a section is about, whatever stands beside them.
_PATTERNS: tuple[tuple[SectionKind, str], ...] = (
    (_K.SUMMARY, r"summary|overview|abstract|tl ?dr|synopsis|what happened|(?:incident|outage|issue) description"),
    (_K.IMPACT, r"impact|impacted|affected|consequences"),
    (
        _K.TIMELINE,
        r"timeline|time line|chronology|(?:chain|sequence|course) of events|key events|events|event log"
        r"|incident log",
    ),
    (
        _K.ROOT_CAUSE,
        r"root causes?|causes?|caused|contributing (?:factors?|conditions?|causes?)|triggers?"
        r"|why (?:did )?(?:it|this) happen(?:ed)?|what broke",
    ),
    (_K.DETECTION, r"detection|detected|identified|how (?:did )?we notice[d]?|noticed"),
    (
        _K.RESOLUTION,
        r"resolution|resolving|recovery|mitigation|mitigated|fix|how (?:it was|we) fixed(?: it)?|workaround"
        r"|restoration",
    ),
    (
        _K.ACTION_ITEMS,
        r"action items?|action points?|action plan|review actions?|follow ?up (?:actions?|items?|tasks?|work)"
        r"|(?:immediate|corrective|preventive|preventative|future|next) (?:actions?|steps?)|corrective|preventive"
        r"|preventative|prevention|preventing|remediation|remediations|follow ?ups?|to ?dos?|tasks?|improvements?"
        r"|measures|recommendations?|next steps?|what we are changing",
    ),
    (
        _K.LESSONS,
        r"lessons?|learnings?|what (?:did )?we learn(?:ed|t)?|went (?:well|wrong|badly|poorly)|gone better"
        r"|got lucky|get lucky|takeaways?|retrospective",
    ),
)
_FINDERS = tuple((kind, re.compile(rf"\b(?:{pattern})\b")) for kind, pattern in _PATTERNS)

# What closes a section and opens none of the kinds above.
_OTHER = re.compile(
    r"\b(?:conclusions?|attendees|participants|stats|statistics|status|authors?|owners?|date|dates|references?|links"
    r"|appendix|appendi\w*|glossary|supporting (?:information|documents|material)|feedback|severity|security related"
    r"|time to \w+|context|background|notes?|open questions|acknowledge?ments|closing|disclaimer|metadata)\b"
)
# May stand beside those words where a bare line or a label is to be a heading.
_FILLERS = frozenset({
    "a", "an", "and", "or", "of", "the", "in", "for", "to", "this", "that", "is", "was", "were", "be", "it", "we",
    "our", "i", "how", "what", "why", "did", "who", "when", "where", "issue", "issues", "incident", "incidents",
    "outage", "outages", "service", "failure", "problem", "error", "analysis", "details", "detail", "brief",
    "short", "full", "detailed", "description", "user", "users", "customer", "customers", "business", "technical",
    "main", "primary", "executive", "postmortem", "post", "mortem", "report", "learned", "learnt", "must",
    "contain", "list", "specific", "address", "potential", "possible", "proposed", "planned", "immediate", "long",
    "term", "items", "item", "events", "event", "plan", "measures", "steps", "step", "fixes", "fix", "actions",
    "action", "taken", "method", "methods", "future", "s", "&", "crisis", "response", "internal", "external", "end",
    "happened", "happen", "initial", "final",
})  # fmt: skip
_CORE_WORDS = (
    "summary", "timeline", "resolution", "corrective", "preventive", "preventative", "detection", "prevention",
    "measures", "improvements", "mitigation", "remediation", "overview", "impact",
)  # fmt: skip
_MOST_WORDS_OF_A_LABEL = 9
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NUMBERING = re.compile(r"^(?:\d{1,2}|[ivx]{1,4})[.) ]+(?=\w)")
_POSSESSIVE = re.compile(r"['’]s\b")


def kinds_of_heading(text: str) -> tuple[SectionKind, ...]:
    """The kinds that a heading opens, by any known word in it; ``(OTHER,)`` where it is known to be none of them."""
    words = normalised(text)
    kinds = _found(words)
    if kinds:
        return kinds
    return (_K.OTHER,) if _OTHER.search(words) else ()


def kinds_of_label(text: str) -> tuple[SectionKind, ...]:
    """The same for a line that only may be a heading: nothing else may be said in it."""
    words = normalised(text)
    if not words or len(words.split()) > _MOST_WORDS_OF_A_LABEL:
        return ()
    if _OTHER.fullmatch(words):
        return (_K.OTHER,)
    kinds = _found(words)
    rest = words
    for _kind, finder in _FINDERS:
        rest = finder.sub(" ", rest)
    return kinds if all(word in _FILLERS for word in rest.split()) else ()


def normalised(text: str) -> str:
    """A heading's words in lower case: no emoji, brackets, numbering or punctuation; known words spelled right."""
    text = _PARENTHESES.sub(" ", text) if _PARENTHESES.sub("", text).strip() else text
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _POSSESSIVE.sub("", _NUMBERING.sub("", text.strip()))
    words = re.sub(r"[^a-z0-9&]+", " ", text).split()
    return " ".join(_spelled(word) for word in words)


def _spelled(word: str) -> str:
    if len(word) < 6 or word in _CORE_WORDS:
        return word
    close = difflib.get_close_matches(word, _CORE_WORDS, n=1, cutoff=0.85)
    return close[0] if close and abs(len(close[0]) - len(word)) <= 1 and close[0][0] == word[0] else word


def _found(words: str) -> tuple[SectionKind, ...]:
    kinds = [kind for kind, finder in _FINDERS if finder.search(words)]
    if _K.ACTION_ITEMS in kinds and re.search(r"\b(?:mitigation|fix|detection)\b", words):
        # "Mitigation and future prevention" says what is going to be done.
        kinds = [kind for kind in kinds if kind not in (_K.RESOLUTION, _K.DETECTION) or "resolution" in words]
    return tuple(kinds)
