"""The Markdown of a revision: what is exported, and what the importer reads back as the same records.

It reads as a postmortem. What only a machine needs stands in the front matter and in comments of one line; the reader
is `transfer.markdown_reader.own`.
"""

import datetime as dt
import json
import re
from typing import Any

from incidents.clock_text import parse_zone

FORMAT = 1
MARK = "<!-- nevertwice:"
_MARK_IN_TEXT = re.compile(r"^<!-- (\\*)nevertwice:", re.MULTILINE)
_HEADINGS = {
    "impacts": "Who was affected",
    "timeline": "Timeline",
    "causes": "Causes",
    "actions": "Action items",
    "defences": "Safety nets",
    "revisions": "Revisions",
}


def to_markdown(document: dict[str, Any]) -> str:
    """The whole document as one Markdown text, times in the incident's home zone."""
    zone = parse_zone(document["incident"]["home_zone"])
    parts = [
        _front_matter(document, zone),
        f"# {_line(document['title'])}\n\n{_line(document['lede'])}".rstrip(),
        _part("impacts", [_impact(impact, zone) for impact in document["impacts"]]),
        *(_section(section) for section in document["sections"]),
        _part("timeline", [_event(event, zone) for event in document["timeline"]]),
        _part("causes", [_cause(cause) for cause in document["causes"]]),
        _part("actions", [_action(item, document["causes"]) for item in document["action_items"]]),
        _part("defences", [_defence(check) for check in document["defences"]]),
        _part("revisions", _revisions(document.get("revisions", []), zone)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(document: dict[str, Any], zone: dt.tzinfo) -> str:
    incident = document["incident"]
    values: dict[str, Any] = {
        "nevertwice": FORMAT,
        "reference": document["reference"],
        "title": document["title"],
        "lede": document["lede"],
        "happened_before": document["happened_before"],
        "severity": incident["severity"],
        "detected_by": incident["detected_by"],
        "home_zone": incident["home_zone"],
        "services": incident["services"],
        "near_miss_saved_by": incident["near_miss_saved_by"],
        "near_miss_earlier_stop": incident["near_miss_earlier_stop"],
    }
    for name, moment in incident["milestones"].items():
        values[name] = [_moment(moment["at"], zone), moment["precision"]]
    kept = {name: value for name, value in values.items() if value not in ("", None, [])}
    return "\n".join(
        ["---", *(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in kept.items()), "---"]
    )


def _part(name: str, items: list[str]) -> str:
    if not items:
        return ""
    between = "\n\n" if name in ("timeline", "causes") else "\n"
    return f"{MARK}{name} -->\n## {_HEADINGS[name]}\n\n{between.join(items)}"


def _section(section: dict[str, Any]) -> str:
    text = _MARK_IN_TEXT.sub(r"<!-- \\\1nevertwice:", section["text"])
    return f"{MARK}section {section['kind']} -->\n## {_line(section['heading'])}\n\n{text}"


def _impact(impact: dict[str, Any], zone: dt.tzinfo) -> str:
    said = [impact["scope"], impact["basis"]]
    said += [f"{word} {_moment(impact[word], zone)}" for word in ("from", "to") if impact[word]]
    return f"- **{impact['audience']}** — {', '.join(word for word in said if word)}\n{indented(impact['what'])}"


def _event(event: dict[str, Any], zone: dt.tzinfo) -> str:
    when = _moment(event["at"], zone) if event["at"] else json.dumps(event["time_text"], ensure_ascii=False)
    said = [event["kind"]]
    said += [event["precision"]] if event["precision"] != "exact" else []
    said += [f"until {_moment(event['ended_at'], zone)}"] if event["ended_at"] else []
    said += ["key moment"] if event["starred"] else []
    said += ["internal"] if event["internal"] else []
    said += [f"evidence {json.dumps(event['evidence'], ensure_ascii=False)}"] if event["evidence"] else []
    return f"- **{when}** — {', '.join(said)}\n\n{indented(event['text'])}"


def _cause(cause: dict[str, Any]) -> str:
    lines = [f"### {_line(cause['title'])}", "", f"- {cause['role']}, {cause['category']}"]
    lines += [f"- Why? {_line(why)}" for why in cause["whys"]]
    lines += [f"- evidence: {json.dumps(cause['evidence'], ensure_ascii=False)}"] if cause["evidence"] else []
    # Revisions of earlier days have none.
    if reason := cause.get("no_action_reason"):
        lines += [f"- no action item: {json.dumps(reason, ensure_ascii=False)}"]
    if cause["explanation"]:
        lines += ["", *(f"> {line}" for line in cause["explanation"].split("\n"))]
    return "\n".join(lines)


def _action(item: dict[str, Any], causes: list[dict[str, Any]]) -> str:
    places = {cause["id"]: place for place, cause in enumerate(causes, start=1)}
    said = [item["type"], item["status"]]
    said += [f"cause {places[item['cause']]}"] if item["cause"] in places else []
    line = f"- [{'x' if item['done'] else ' '}] {_line(item['text'])}\n  ({', '.join(said)})"
    details = item.get("details", "").strip("\n")
    return f"{line}\n\n{indented(details)}\n" if details else line


def _defence(check: dict[str, Any]) -> str:
    note = f" — {json.dumps(check['note'], ensure_ascii=False)}" if check["note"] else ""
    return f"- {check['defence']}: {check['result']}{note}"


def _revisions(revisions: list[dict[str, Any]], zone: dt.tzinfo) -> list[str]:
    """What was put right after the first publication, for people: what is read back from a file begins anew."""
    if len(revisions) < 2:
        return []
    notes = {each["number"]: f": {_line(each['note'])}" if each["note"] else "" for each in revisions}
    return [f"- r{each['number']}, {_moment(each['at'], zone)}{notes[each['number']]}" for each in revisions]


def _moment(text: str, zone: dt.tzinfo) -> str:
    """A moment in a zone with its offset, such as `2023-01-06 01:30:00+02:00`."""
    return dt.datetime.fromisoformat(text).astimezone(zone).isoformat(" ")


def indented(text: str) -> str:
    """A text as what belongs to an item of a list; blank lines stay blank."""
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))


def _line(text: str) -> str:
    return " ".join(text.split())
