"""Whom it hit, how hard, and who noticed."""

import re
from collections.abc import Sequence

from incidents.enums import DetectedBy, Severity

from ...enums import SectionKind
from .prose import clipped, paragraphs, sentences
from .records import ImpactRecord
from .sections import Section

_K = SectionKind
_PERCENT = re.compile(r"(?<![\d.,])(?P<number>\d{1,3}(?:\.\d{1,2})?) ?(?:%|percent\b|per cent\b)")
_PEOPLE = re.compile(r"\b(?:users?|customers?|visitors?|clients?|people|traffic|requests?|sites?|websites?)\b", re.I)
_SEVERITY = re.compile(r"\b(?:sev(?:erity)?[- ]?|p|s)(?P<level>[1-4])\b", re.IGNORECASE)
_SEVERITY_WORDS = (
    (Severity.SEV1, "critical"),
    (Severity.SEV2, "high"),
    (Severity.SEV2, "major"),
    (Severity.SEV3, "medium"),
    (Severity.SEV3, "moderate"),
    (Severity.SEV4, "low"),
    (Severity.SEV4, "minor"),
)
_NOTICED = (
    (DetectedBy.MONITORING, r"monitor\w*|alert\w*|pagerduty|pingdom|alarm"),
    (DetectedBy.USERS, r"users?|customers?|visitors?|complain\w*|support (?:cases?|tickets?|requests?)"),
    (DetectedBy.STAFF, r"engineers?|developers?|team|colleague|on-call|staff|operator"),
)
_LONGEST = 300


def read_impacts(sections: Sequence[Section]) -> list[ImpactRecord]:
    """One row for the impact: the first sentence that names a share of people, else the first about the impact."""
    about = [section for section in sections if section.is_about(_K.IMPACT)]
    about += [section for section in sections if section.is_about(_K.SUMMARY)]
    told = [(said, number) for s in about for text, number in paragraphs(s.blocks) for said in sentences(text)]
    for said, number in told:
        share = _PERCENT.search(said)
        if share and float(share["number"]) <= 100 and _PEOPLE.search(said):
            return [ImpactRecord(clipped(said.rstrip("."), _LONGEST), number, percent=share["number"])]
    first = next(iter(paragraphs(about[0].blocks)), None) if about and about[0].is_about(_K.IMPACT) else None
    return [ImpactRecord(clipped(sentences(first[0])[0].rstrip("."), _LONGEST), first[1])] if first else []


def read_severity(sections: Sequence[Section], front_matter_severity: str) -> Severity:
    """The severity that a heading, a label or the front matter names; not known where none does."""
    if front_matter_severity:
        return severity_of(front_matter_severity)
    for section in sections:
        if re.fullmatch(r"(?:incident )?severity(?: level)?|priority", section.heading.casefold().strip(": ")):
            text = " ".join(block.words for block in section.blocks)
            return severity_of(text[:40])
        for block in section.blocks:
            label, colon, rest = block.words.partition(":")
            if colon and re.fullmatch(r"(?:incident )?(?:severity|priority)(?: level)?", label.strip().casefold()):
                return severity_of(rest[:40])
    return Severity.UNKNOWN


def severity_of(text: str) -> Severity:
    """The severity that a few words name."""
    words = text.casefold()
    if match := _SEVERITY.search(words):
        return Severity(f"sev{match['level']}")
    found = [(words.find(word), severity) for severity, word in _SEVERITY_WORDS if word in words]
    return min(found)[1] if found else Severity.UNKNOWN


def read_detected_by(first_events: Sequence[str], sections: Sequence[Section]) -> DetectedBy:
    """Who noticed: what the section about detection, or the first event that tells of it, says."""
    told = [section.text for section in sections if _K.DETECTION in section.kinds][:1]
    told += [text for text in first_events if re.search(r"detect|report|alert|notic|complain|trigger", text, re.I)][:1]
    for text in told:
        found = [(match.start(), who) for who, words in _NOTICED if (match := re.search(words, text, re.IGNORECASE))]
        if found:
            return min(found)[1]
    return DetectedBy.UNKNOWN
