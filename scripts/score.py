"""How well the importer reads a folder of documents, against notes made by hand: `make score DOCS=… GOLD=…`.

GOLD holds one JSON file a document: `file`, and what a careful reader finds in it (`title`, `started_at`,
`resolved_at`, `timeline_events`, `first_event_time`, `last_event_time`, `action_items`, `has_root_cause`, `sections`);
`KEY_ok` lists further answers that are right, `sections_optional` kinds that do not count, `not_a_postmortem` marks
what is to be refused.
Each key scores 0 or 1 (sections: F1), a document the mean of its keys, the folder the mean of its documents.
Without GOLD, only how many documents were read and refused, and which took long.

With ``--wording`` each hint on wording instead, in its sentence, so that a person can judge which are right.
"""

import argparse
import datetime as dt
import json
import os
import re
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SLOW_SECONDS = 0.5
Reading = dict[str, Any]


def main() -> int:
    """Print the table; the exit status is 1 below ``--min``, 2 without documents."""
    parser = argparse.ArgumentParser(description="Score the importer on a folder of documents.")
    parser.add_argument("docs", type=Path, help="folder of Markdown documents")
    parser.add_argument("gold", type=Path, nargs="?", help="folder of notes in JSON")
    parser.add_argument("--min", type=float, default=0.0, help="fail below this score")
    parser.add_argument("--wording", action="store_true", help="print the hints on wording instead")
    options = parser.parse_args()
    for folder in (options.docs, options.gold):
        if folder is not None and not folder.is_dir():
            parser.error(f"{folder} is no folder")
    if not any(options.docs.glob("*.md")):
        parser.error(f"{options.docs} holds no .md files")
    set_up()
    if options.wording:
        print_hints(options.docs)
        return 0
    readings = read_all(options.docs)
    refused = [name for name, reading in readings.items() if not reading["is_postmortem"]]
    print(f"{len(readings)} documents read, {len(refused)} refused: {', '.join(refused) or 'none'}")
    if options.gold is None:
        return 0
    return int(print_scores(readings, options.gold) < options.min)


def set_up() -> None:
    """Make the code of the product ready; no database is needed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEBUG", "1")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def print_hints(folder: Path) -> None:
    """Print each hint on wording with its sentence, the words in brackets, and how many there are."""
    from postmortems.domain.wording import hints_in
    from postmortems.transfer.texts import decode

    count = 0
    for path in sorted(folder.glob("*.md")):
        for hint in hints_in(decode(path.read_bytes()).text):
            count += 1
            print(f"{count}. {path.name}: {hint.before}[{hint.words}]{hint.after}")
    print(f"{count} hints on wording")


def read_all(folder: Path) -> dict[str, Reading]:
    """What the importer makes of each document, by file name."""
    from postmortems.transfer.markdown_reader import read_document
    from postmortems.transfer.report import as_json
    from postmortems.transfer.texts import decode

    readings = {}
    for path in sorted(folder.glob("*.md")):
        started = time.perf_counter()
        readings[path.name] = as_json(read_document(decode(path.read_bytes()).text), file=path.name)
        if (seconds := time.perf_counter() - started) > SLOW_SECONDS:
            print(f"{path.name} took {seconds:.1f} s")
    return readings


def print_scores(readings: dict[str, Reading], folder: Path) -> float:
    """Print each mark that is not full, the mean of each key, and the whole."""
    by_key: dict[str, list[float]] = {}
    totals = []
    for path in sorted(folder.glob("*.json")):
        gold = json.loads(path.read_text())
        reading = readings.get(gold["file"])
        marks = marks_of(gold, reading) if reading else {"read": 0.0}
        totals.append(sum(marks.values()) / len(marks))
        for key, mark in marks.items():
            by_key.setdefault(key, []).append(mark)
            if mark < 1:
                print(f"{gold['file']}: {key} {mark:.2f}, wanted {gold.get(key)!r}")
    for key, values in sorted(by_key.items()):
        print(f"{key:18} {sum(values) / len(values):.3f}  ({len(values)} documents)")
    score = sum(totals) / len(totals) if totals else 0.0
    print(f"import score {score:.3f} over {len(totals)} documents")
    return score


def marks_of(gold: Reading, got: Reading) -> dict[str, float]:
    """The mark of each key of one document, from 0 to 1."""
    if gold.get("not_a_postmortem"):
        return {"refused": float(not got["is_postmortem"])}
    events = got["timeline"]
    answers = {
        "title": words(got["title"]),
        "started_at": instant(got["started_at"]),
        "resolved_at": instant(got["resolved_at"]),
        "timeline_events": len(events),
        "first_event_time": events[0]["time"] if events else None,
        "last_event_time": events[-1]["time"] if events else None,
        "action_items": len(got["action_items"]),
        "has_root_cause": bool(got["root_causes"]),
    }
    plain = {"title": words, "started_at": instant, "resolved_at": instant}
    marks = {"accepted": float(got["is_postmortem"])}
    for key, answer in answers.items():
        right = [*gold.get(f"{key}_ok", []), gold[key]]
        marks[key] = float(answer in [plain[key](value) if key in plain else value for value in right])
    wanted = set(gold["sections"])
    found = {section["kind"] for section in got["sections"]} - {"other"}
    found -= set(gold.get("sections_optional", [])) - wanted
    marks["sections"] = 2 * len(wanted & found) / (len(wanted) + len(found)) if wanted or found else 1.0
    return marks


def words(text: str | None) -> str | None:
    """A title's letters and digits."""
    if text is None:
        return None
    return " ".join(re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", text).casefold()))


def instant(text: str | None) -> dt.datetime | None:
    """A moment in ISO 8601."""
    return dt.datetime.fromisoformat(text) if text else None


if __name__ == "__main__":
    sys.exit(main())
