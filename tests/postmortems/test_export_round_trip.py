"""What is exported as Markdown is read back as the same records, whatever people have written."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from incidents.enums import (
    DetectedBy,
    ImpactAudience,
    Milestone,
    Precision,
    ScopeBasis,
    Severity,
    TimelineKind,
)
from postmortems.enums import ActionStatus, ActionType, CauseCategory, CauseRole, Defence, DefenceResult, SectionKind
from postmortems.publication.markdown import to_markdown
from postmortems.transfer.markdown_reader import read_document

ZONES = ("UTC", "UTC+02:00", "UTC-09:30", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r")
WORDS = st.text(LETTERS, max_size=60)
LINE = st.one_of(
    WORDS.map(lambda text: " ".join(text.split())),
    st.sampled_from(
        ["# Timeline", "- **2023-01-06 01:30:00+02:00** — note", "a, b", "evidence: x", "<!-- a -->", "---"]
    ),
)
NAMED = LINE.filter(bool)
TEXT = st.one_of(
    st.lists(st.one_of(WORDS, NAMED), min_size=1, max_size=5).map("\n".join),
    st.sampled_from(
        [
            "<!-- nevertwice:timeline -->\n## Timeline",
            "text\n<!-- \\nevertwice:section summary -->\n\nmore",
            "## A heading\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            "```\n- [ ] code\n```",
            "- one\n  - two\n\n      three",
        ]
    ),
).map(lambda text: text.strip())
WRITTEN = TEXT.filter(bool)
MOMENTS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1)).map(
    lambda at: at.replace(tzinfo=dt.UTC).isoformat()
)
MAYBE = st.none() | MOMENTS


@st.composite
def events(draw):
    at = draw(MAYBE)
    return {
        "id": 1,
        "at": at,
        "ended_at": draw(MAYBE) if at else None,
        "time_text": "" if at else draw(NAMED),
        "precision": draw(st.sampled_from(Precision.values)),
        "kind": draw(st.sampled_from(TimelineKind.values)),
        "text": draw(WRITTEN),
        "evidence": draw(LINE),
        "starred": draw(st.booleans()),
        "internal": draw(st.booleans()),
    }


IMPACTS = st.fixed_dictionaries(
    {
        "audience": st.sampled_from(ImpactAudience.values),
        "what": NAMED,
        "scope": st.sampled_from(["", "30 %", "0.5 %", "1200"]),
        "basis": st.sampled_from(ScopeBasis.values),
        "from": MAYBE,
        "to": MAYBE,
    }
)
SECTIONS = st.fixed_dictionaries({"kind": st.sampled_from(SectionKind.values), "heading": LINE, "text": WRITTEN})
DEFENCES = st.fixed_dictionaries(
    {
        "defence": st.sampled_from(Defence.values),
        "result": st.sampled_from(DefenceResult.values),
        "note": LINE,
    }
)


@st.composite
def causes(draw):
    return [
        {
            "id": 100 + place,
            "role": draw(st.sampled_from(CauseRole.values)),
            "category": draw(st.sampled_from(CauseCategory.values)),
            "title": draw(NAMED),
            "explanation": draw(TEXT),
            "whys": draw(st.lists(NAMED, max_size=3)),
            "evidence": draw(LINE),
            "no_action_reason": draw(LINE),
        }
        for place in range(draw(st.integers(0, 3)))
    ]


@st.composite
def documents(draw):
    listed = draw(causes())
    items = [
        {
            "number": place,
            "text": draw(NAMED),
            "details": draw(TEXT),
            "type": draw(st.sampled_from(ActionType.values)),
            "cause": draw(st.sampled_from([None, *(cause["id"] for cause in listed)])),
            "done": draw(st.booleans()),
            "status": draw(st.sampled_from(ActionStatus.values)),
        }
        for place in range(draw(st.integers(0, 3)))
    ]
    milestones = draw(
        st.dictionaries(
            st.sampled_from(Milestone.values),
            st.fixed_dictionaries({"at": MOMENTS, "precision": st.sampled_from(Precision.values)}),
            max_size=4,
        )
    )
    return {
        "schema": 1,
        "reference": "INC-7",
        "title": draw(NAMED),
        "lede": draw(LINE),
        "is_imported": False,
        "happened_before": draw(st.sampled_from([None, True, False])),
        "incident": {
            "title": "A title",
            "kind": "incident",
            "severity": draw(st.sampled_from(Severity.values)),
            "services": draw(st.lists(NAMED, max_size=2)),
            "detected_by": draw(st.sampled_from(DetectedBy.values)),
            "home_zone": draw(st.sampled_from(ZONES)),
            "milestones": milestones,
            "near_miss_saved_by": draw(TEXT),
            "near_miss_earlier_stop": draw(TEXT),
        },
        "impacts": draw(st.lists(IMPACTS, max_size=2)),
        "durations": [],
        "sections": draw(st.lists(SECTIONS, max_size=3)),
        "timeline": draw(st.lists(events(), max_size=4)),
        "causes": listed,
        "action_items": items,
        "defences": draw(st.lists(DEFENCES, max_size=2)),
    }


@given(documents())
def test_markdown_out_and_in_again_gives_the_same_records(document):
    read = read_document(to_markdown(document))
    incident = document["incident"]
    assert read.is_postmortem
    assert not [warning for warning in read.warnings if warning.startswith("Line ")]
    assert (read.title, read.lede, read.happened_before) == (
        document["title"],
        document["lede"],
        document["happened_before"],
    )
    assert (read.severity, read.detected_by, read.timezone) == (
        incident["severity"],
        incident["detected_by"],
        incident["home_zone"],
    )
    assert read.services == incident["services"]
    assert read.near_miss_saved_by == incident["near_miss_saved_by"]
    assert read.near_miss_earlier_stop == incident["near_miss_earlier_stop"]
    assert milestones_of(read) == {
        name: (instant(moment["at"]), moment["precision"]) for name, moment in incident["milestones"].items()
    }
    assert [(s.kind, s.heading, s.text) for s in read.sections] == [
        (s["kind"], s["heading"], s["text"]) for s in document["sections"]
    ]
    assert [event_of(event) for event in read.timeline] == [
        (
            instant(e["at"]),
            instant(e["ended_at"]),
            e["time_text"],
            e["precision"],
            e["kind"],
            e["text"],
            e["evidence"],
            e["starred"],
            e["internal"],
        )
        for e in document["timeline"]
    ]
    told = ("role", "category", "title", "explanation", "whys", "evidence", "no_action_reason")
    assert [[getattr(cause, name) for name in told] for cause in read.root_causes] == [
        [cause[name] for name in told] for cause in document["causes"]
    ]
    ids = [cause["id"] for cause in document["causes"]]
    assert [(a.title, a.details, a.type, a.cause) for a in read.action_items] == [
        (a["text"], a["details"], a["type"], ids.index(a["cause"]) if a["cause"] else None)
        for a in document["action_items"]
    ]
    assert [(i.what, i.audience, scope_of(i), i.basis, i.from_at, i.to_at) for i in read.impacts] == [
        (i["what"], i["audience"], i["scope"], i["basis"], instant(i["from"]), instant(i["to"]))
        for i in document["impacts"]
    ]
    assert read.defences == [(d["defence"], d["result"], d["note"]) for d in document["defences"]]


def instant(text):
    return dt.datetime.fromisoformat(text) if text else None


def scope_of(impact):
    return f"{impact.percent} %" if impact.percent else impact.count or ""


def event_of(event):
    return (
        event.at,
        event.ended_at,
        event.time_text,
        event.precision,
        event.kind,
        event.text,
        event.evidence,
        event.starred,
        event.internal,
    )


def milestones_of(read):
    found = {name: (record.at, record.precision) for name, record in read.milestones.items()}
    if read.started_at:
        found["impact_started"] = (read.started_at, read.started_precision)
    if read.resolved_at:
        found["resolved"] = (read.resolved_at, read.resolved_precision)
    return found
