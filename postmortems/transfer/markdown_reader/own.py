"""Reads the Markdown that `publication.markdown` writes, record for record: nothing in it has to be understood."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from incidents.enums import DetectedBy, ImpactAudience, Milestone, Precision, ScopeBasis, Severity, TimelineKind

from ...enums import ActionType, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind
from .records import (
    ActionRecord,
    CauseRecord,
    Document,
    EventRecord,
    ImpactRecord,
    MilestoneRecord,
    SectionRecord,
)

_HEAD = re.compile(r"\ufeff?---\r?\nnevertwice: 1\r?\n")
_PART = re.compile(r"<!-- nevertwice:(?P<name>[a-z]+)(?: (?P<kind>[a-z_]+))? -->")
_MARK_IN_TEXT = re.compile(r"^<!-- \\(\\*)nevertwice:", re.MULTILINE)
_ITEM = re.compile(r"- \*\*(?P<head>\"(?:[^\"\\]|\\.)*\"|[^*]+)\*\* — (?P<said>.*)")
_ACTION = re.compile(r"- \[[ x]\] (?P<text>.*)")
_ACTION_SAID = re.compile(r"\((?P<type>[a-z]+), [a-z_]+(?:, cause (?P<cause>\d+))?\)")
_DEFENCE = re.compile(r"- (?P<defence>[a-z_]+): (?P<result>[a-z]+)(?: — (?P<note>\".*\"))?")
_Line = tuple[int, str]


def is_own(text: str) -> bool:
    """Whether a text begins as our exports do."""
    return _HEAD.match(text) is not None


def read_own(text: str) -> Document:
    """The records of an export. A line that somebody has broken is named in ``warnings``, and the rest is read."""
    lines = text.removeprefix("\ufeff").split("\n")
    document = Document(is_postmortem=True, source=text.splitlines())
    end = next((index for index, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
    _guarded(document, 1, lambda: _read_head(document, lines[1:end]))
    for number, name, kind, part in _parts(lines, end + 1):
        if name == "section":
            _guarded(document, number, lambda n=number, k=kind, p=part: document.sections.append(_section(n, k, p)))
        elif reader := _READERS.get(name):
            reader(document, part)
    if document.started_at is None:
        document.warnings.append(_("When it began is not known: its milestones stay empty."))
    return document


def _parts(lines: list[str], first: int) -> Iterator[tuple[int, str, str, list[_Line]]]:
    """Each part with the number of its line, its name, its kind, and its numbered lines below heading and blank."""
    starts = [(i, match) for i in range(first, len(lines)) if (match := _PART.fullmatch(lines[i].rstrip("\r")))]
    ends = [*(index for index, _match in starts), len(lines)][1:]
    for (start, match), end in zip(starts, ends, strict=True):
        part = [(index + 1, lines[index]) for index in range(start + 1, end)]
        yield start + 1, match["name"], match["kind"] or "", part


def _guarded(document: Document, line: int, read: Any) -> None:
    try:
        read()
    except (ValueError, KeyError, TypeError, IndexError):
        document.warnings.append(_("Line %(line)d is not as it was written, and was left out.") % {"line": line})


def _read_head(document: Document, lines: list[str]) -> None:
    values = {}
    for line in lines:
        name, _colon, value = line.partition(": ")
        values[name] = json.loads(value)
    document.title = values.get("title") or None
    document.lede = values.get("lede", "")
    document.happened_before = values.get("happened_before")
    document.severity = Severity(values.get("severity", Severity.UNKNOWN))
    document.detected_by = DetectedBy(values.get("detected_by", DetectedBy.UNKNOWN))
    document.timezone = values.get("home_zone")
    document.services = [str(name) for name in values.get("services", [])]
    document.near_miss_saved_by = values.get("near_miss_saved_by", "")
    document.near_miss_earlier_stop = values.get("near_miss_earlier_stop", "")
    for milestone in Milestone:
        if milestone.value in values:
            at, precision = values[milestone.value]
            _place(document, milestone, MilestoneRecord(_moment(at), Precision(precision)))


def _place(document: Document, milestone: Milestone, record: MilestoneRecord) -> None:
    if milestone == Milestone.IMPACT_STARTED:
        document.started_at, document.started_precision = record.at, record.precision
    elif milestone == Milestone.RESOLVED:
        document.resolved_at, document.resolved_precision = record.at, record.precision
    else:
        document.milestones[milestone.value] = record


def _section(number: int, kind: str, part: list[_Line]) -> SectionRecord:
    lines = [line for _number, line in part]
    heading = lines[0].removeprefix("## ").strip()
    text = "\n".join(lines[2:])
    # One blank line and the line end of the next part, or of the file, are not the text's own.
    text = text.removesuffix("\n\n") if text.endswith("\n\n") else text.removesuffix("\n")
    return SectionRecord(SectionKind(kind), heading, _MARK_IN_TEXT.sub(r"<!-- \1nevertwice:", text), number)


def _items(part: list[_Line], pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str], str]]:
    """Items with the indented text below each."""
    current: tuple[int, re.Match[str]] | None = None
    below: list[str] = []
    for number, line in [*part, (0, "- ")]:
        match = pattern.fullmatch(line)
        if match or number == 0:
            if current:
                yield *current, "\n".join(below).strip("\n")
            current, below = ((number, match) if match else None), []
        elif current:
            below.append(line.removeprefix("  "))


def _read_events(document: Document, part: list[_Line]) -> None:
    for number, match, text in _items(part, _ITEM):
        _guarded(document, number, lambda n=number, m=match, t=text: document.timeline.append(_event(n, m, t)))


def _event(number: int, match: re.Match[str], text: str) -> EventRecord:
    head, said = match["head"], match["said"]
    said, _comma, evidence = said.partition(", evidence ")
    words = said.split(", ")
    at = None if head.startswith('"') else _moment(head)
    until = next((word.removeprefix("until ") for word in words if word.startswith("until ")), "")
    return EventRecord(
        text=text,
        line=number,
        at=at,
        time=f"{at:%H:%M}" if at else None,
        time_text="" if at else json.loads(head),
        precision=next((Precision(word) for word in words if word in Precision.values), Precision.EXACT),
        kind=TimelineKind(words[0]),
        starred="key moment" in words,
        internal="internal" in words,
        ended_at=_moment(until) if until else None,
        evidence=json.loads(evidence) if evidence else "",
    )


def _read_impacts(document: Document, part: list[_Line]) -> None:
    for number, match, text in _items(part, _ITEM):
        _guarded(document, number, lambda n=number, m=match, t=text: document.impacts.append(_impact(n, m, t)))


def _impact(number: int, match: re.Match[str], text: str) -> ImpactRecord:
    words = match["said"].split(", ")
    times = {name: _moment(rest) for name, _space, rest in (w.partition(" ") for w in words) if name in ("from", "to")}
    scope = next((word for word in words if word[:1].isdigit()), "")
    return ImpactRecord(
        what=text,
        line=number,
        percent=scope.removesuffix(" %") if scope.endswith("%") else None,
        count=scope if scope and not scope.endswith("%") else None,
        audience=ImpactAudience(match["head"]).value,
        basis=next(ScopeBasis(word) for word in words if word in ScopeBasis.values).value,
        from_at=times.get("from"),
        to_at=times.get("to"),
    )


def _read_causes(document: Document, part: list[_Line]) -> None:
    cause: CauseRecord | None = None
    explanation: list[str] = []
    for number, line in part:
        if line.startswith("### "):
            cause, explanation = CauseRecord(line.removeprefix("### "), number), []
            document.root_causes.append(cause)
        elif cause is None:
            continue
        elif line.startswith(">"):
            explanation.append(line.removeprefix(">").removeprefix(" "))
            cause.explanation = "\n".join(explanation)
        elif line.startswith("- "):
            _guarded(document, number, lambda c=cause, text=line[2:]: _read_cause_line(c, text))


def _read_cause_line(cause: CauseRecord, text: str) -> None:
    if text.startswith("Why? "):
        cause.whys.append(text.removeprefix("Why? "))
    elif text.startswith("evidence: "):
        cause.evidence = json.loads(text.removeprefix("evidence: "))
    elif text.startswith("no action item: "):
        cause.no_action_reason = json.loads(text.removeprefix("no action item: "))
    else:
        role, category = text.split(", ")
        cause.role, cause.category = CauseRole(role), CauseCategory(category)


def _read_actions(document: Document, part: list[_Line]) -> None:
    for number, match, below in _items(part, _ACTION):
        head, _end, details = below.partition("\n")
        said = _ACTION_SAID.fullmatch(head)
        record = ActionRecord(match["text"], number, details=(details if said else below).strip("\n"))
        if said:
            record.cause = int(said["cause"]) - 1 if said["cause"] else None
            _guarded(document, number, lambda r=record, s=said: setattr(r, "type", ActionType(s["type"])))
        document.action_items.append(record)


def _read_defences(document: Document, part: list[_Line]) -> None:
    for number, line in part:
        if match := _DEFENCE.fullmatch(line):
            _guarded(document, number, lambda m=match: document.defences.append(_defence(m)))


def _defence(match: re.Match[str]) -> tuple[str, str, str]:
    note = json.loads(match["note"]) if match["note"] else ""
    return Defence(match["defence"]).value, DefenceResult(match["result"]).value, note


def _moment(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


_READERS = {
    "timeline": _read_events,
    "impacts": _read_impacts,
    "causes": _read_causes,
    "actions": _read_actions,
    "defences": _read_defences,
}
