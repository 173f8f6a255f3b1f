"""What the importer reads in documents: times, zones, sections, causes, action items; and what it refuses."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.clock_text import parse_zone
from incidents.enums import DetectedBy, Precision, Severity, TimelineKind
from postmortems.enums import CauseRole, SectionKind
from postmortems.transfer.markdown_reader import Options, read_document
from tests.postmortems.postmortem_texts import DATED, GUIDE, README, STORY, TABLE, TEMPLATE

PLUS_TWO = dt.timezone(dt.timedelta(hours=2))


def story(timeline, *, summary="It was down.", title="Outage of the shop"):
    """A document around the lines of a timeline."""
    return f"# {title}\n\n## Summary\n{summary}\n\n## Timeline\n{timeline}\n\n## Root cause\nA typo was the cause.\n"


def times(text, **options):
    return [event.time for event in read_document(text, Options(**options)).timeline]


def moments(text, **options):
    return [event.at and event.at.isoformat() for event in read_document(text, Options(**options)).timeline]


def test_a_story_gives_all_its_records():
    read = read_document(STORY)
    assert read.is_postmortem
    assert read.title == "Checkout shows a blank page"
    assert [event.time for event in read.timeline] == ["14:10", "14:16", "14:31", "15:05"]
    assert [event.line for event in read.timeline] == [13, 15, 19, 21]
    assert [event.time for event in read.lead_up] == ["13:52"]
    assert read.lead_up[0].kind == TimelineKind.LEAD_UP
    assert [item.title for item in read.action_items] == [
        "Fill a new cache before it is switched to",
        "Add an alert for payments that stop",
        "Review changes to shared tables with a second person",
    ]
    assert len(read.root_causes) == 1
    assert "caused the page to fail" in read.root_causes[0].title
    assert read.impacts[0].percent == "40"
    assert read.detected_by == DetectedBy.USERS
    kinds = [kind for section in read.sections for kind in (section.kind, *section.also)]
    assert [kind for kind in kinds if kind != SectionKind.OTHER] == [
        SectionKind.SUMMARY,
        SectionKind.TIMELINE,
        SectionKind.ROOT_CAUSE,
        SectionKind.RESOLUTION,
        SectionKind.ACTION_ITEMS,
    ]


def test_a_year_is_asked_for_and_never_guessed():
    read = read_document(STORY)
    assert (read.started_at, read.resolved_at) == (None, None)
    assert read.naive == {"started": "03-04T14:10", "resolved": "03-04T15:05"}
    assert read.needs_year
    assert all(event.at is None for event in read.timeline)
    assert any("year" in warning for warning in read.warnings)


def test_the_year_of_the_person_who_imports_completes_the_day():
    read = read_document(STORY, Options(date=dt.date(2024, 3, 4)))
    assert read.started_at == dt.datetime(2024, 3, 4, 14, 10, tzinfo=PLUS_TWO)
    assert read.resolved_at == dt.datetime(2024, 3, 4, 15, 5, tzinfo=PLUS_TWO)
    assert read.lead_up[0].at == dt.datetime(2024, 3, 4, 13, 52, tzinfo=PLUS_TWO)
    assert read.milestones["detected"].at == read.started_at


def test_a_day_of_the_text_counts_more_than_the_given_one():
    read = read_document(STORY, Options(date=dt.date(2024, 3, 9)))
    assert read.started_at == dt.datetime(2024, 3, 4, 14, 10, tzinfo=PLUS_TWO)
    assert any("2024-03-09" in warning for warning in read.warnings)


def test_a_dated_story_needs_nobody():
    read = read_document(DATED)
    assert read.started_at == dt.datetime(2024, 3, 4, 14, 10, tzinfo=PLUS_TWO)
    assert read.naive is None
    assert not read.warnings


def test_remote_pictures_become_links_and_others_are_named():
    text = STORY.replace("A cache is", "![](https://pictures.example.org/a.png) ![plan](./plan.png) A cache is")
    read = read_document(text)
    assert "[a chart](https://pictures.example.org/chart.png)" in read.timeline[1].text
    assert "](https://pictures.example.org/a.png)" in read.sections[-1].text
    assert "plan: ./plan.png, not imported" in read.sections[-1].text
    assert "![" not in "".join(section.text for section in read.sections)


def test_a_table_gives_its_rows_and_its_zone():
    read = read_document(TABLE)
    assert [event.time for event in read.timeline] == ["23:40", "00:10", None]
    assert read.timeline[0].precision == Precision.ABOUT
    assert read.timeline[0].kind == TimelineKind.DETECTION
    assert read.started_at == dt.datetime(2023, 5, 2, 23, 40, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert [(c.role, c.title) for c in read.root_causes] == [
        (CauseRole.CONTRIBUTING, "Timing"),
        (CauseRole.CONTRIBUTING, "Nobody had been told"),
    ]
    assert [item.title for item in read.action_items] == ["Run rebuilds at night"]


@pytest.mark.parametrize(
    "line",
    [
        "- 14:05 UTC: it broke",
        "* **14:05** - it broke",
        "**2:05 PM** it broke",
        "1. 2:05 pm — it broke",
        "[14:05] it broke",
        "<li><strong>14:05</strong> it broke</li>",
        "<p>&emsp;:red_circle:14:05 GMT+1: it broke</p>",
        "### 14:05\n\nit broke",
        "- **14:05:**\n  - it broke",
        "14:05        it broke",
    ],
)
def test_a_line_with_a_time_is_an_event_in_many_shapes(line):
    read = read_document(story(f"{line}\n- 15:00: it works again"))
    assert [event.time for event in read.timeline] == ["14:05", "15:00"]
    assert read.timeline[0].text == "it broke"


def test_two_events_on_one_line_are_two():
    assert times(story("- 10:00 AM: it broke. - 11:30 AM: it works")) == ["10:00", "11:30"]


def test_lines_without_a_time_belong_to_the_event_above():
    read = read_document(story("- 10:00: it broke\n  for everybody\n\n```\nlog line\n```\n- 10:30: it works"))
    assert len(read.timeline) == 2
    assert "for everybody" in read.timeline[0].text
    assert "log line" in read.timeline[0].text


def test_an_unknown_time_stays_a_text():
    read = read_document(story("- [??] it broke\n- 14:?? a guess\n- 15:00 it works"))
    assert [(event.time, event.time_text) for event in read.timeline] == [
        (None, "??"),
        (None, "14:??"),
        ("15:00", "15:00"),
    ]


def test_going_back_by_more_than_half_a_day_is_the_next_day():
    text = story("- 23:50 UTC: it broke\n- 00:20 UTC: it works", summary="On 2 May 2023 it was down.")
    assert moments(text) == ["2023-05-02T23:50:00+00:00", "2023-05-03T00:20:00+00:00"]


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("PST", "-08:00"),
        ("CET", "+01:00"),
        ("EAT", "+03:00"),
        ("West African Time", "+01:00"),
        ("Pacific Time", "-07:00"),
        ("UTC-5", "-05:00"),
        ("Europe/Berlin", "+02:00"),
    ],
)
def test_a_zone_over_the_timeline_holds_for_it(zone, offset):
    text = story(f"(all times {zone})\n- 10:00: it broke\n- 11:00: it works", summary="On 2 June 2023 it was down.")
    assert moments(text)[0] == f"2023-06-02T10:00:00{offset}"


def test_a_zone_said_once_holds_for_all():
    text = story("- 10:00 UTC: it broke\n- 11:00: it works", summary="On 2 June 2023 it was down.")
    assert moments(text)[1] == "2023-06-02T11:00:00+00:00"


def test_zones_that_disagree_leave_bare_times_open():
    text = story("(all times Pacific Time)\n- 10:00 UTC: it broke\n- 11:00: it works", summary="On 2 June 2023.")
    assert moments(text) == ["2023-06-02T10:00:00+00:00", None]
    assert any("zones" in warning for warning in read_document(text).warnings)


def test_the_zone_of_the_person_who_imports_fills_a_missing_one_only():
    text = story("- 10:00: it broke\n- 11:00: it works", summary="On 2 June 2023 it was down.")
    assert moments(text) == [None, None]
    assert moments(text, zone=parse_zone("UTC+02:00"))[0] == "2023-06-02T10:00:00+02:00"
    named = text.replace("10:00:", "10:00 UTC:")
    assert moments(named, zone=parse_zone("UTC+02:00"))[0] == "2023-06-02T10:00:00+00:00"


def test_an_ambiguous_date_stays_unknown_unless_the_document_decides():
    doubtful = story("- 03/04/2024 10:00 UTC - it broke\n- 03/04/2024 11:00 UTC - it works")
    read = read_document(doubtful)
    assert read.started_at is None
    assert any("two ways" in warning for warning in read.warnings)
    decided = doubtful.replace("It was down.", "It was down since 3 April 2024.")
    assert read_document(decided).started_at == dt.datetime(2024, 4, 3, 10, tzinfo=dt.UTC)
    other = doubtful.replace("It was down.", "It was down since March 4, 2024.")
    assert read_document(other).started_at == dt.datetime(2024, 3, 4, 10, tzinfo=dt.UTC)


def test_an_end_before_the_beginning_leaves_both_open_and_says_so():
    text = story("- 10:00 UTC: it broke", summary="Start: 2 June 2023, 10:00 UTC\nEnd: 1 June 2023, 11:00 UTC")
    read = read_document(text)
    assert (read.started_at, read.resolved_at) == (None, None)
    assert any("before it begins" in warning for warning in read.warnings)


@pytest.mark.parametrize(
    "summary",
    [
        "From 9:00 AM to 10:30 AM UTC on 2 June 2023 it was down.",
        "**Duration:** June 2, 2023, 09:00 - June 2, 2023, 10:30 (UTC)",
        "- Start time: 02/Jun/2023 9:00 AM (UTC) End time: 02/Jun/2023 10:30 AM (UTC)",
        "The outage started at 9:00 AM UTC on June 2nd, 2023, and ended at 10:30 AM UTC on the same day.",
        "On June 2, 2023, 09:00 AM - 10:30 AM UTC.",
    ],
)
def test_the_period_is_read_from_the_summary(summary):
    read = read_document(story("- 09:05: an alert fires\n- 10:10: a fix goes out", summary=summary))
    assert read.started_at == dt.datetime(2023, 6, 2, 9, tzinfo=dt.UTC)
    assert read.resolved_at == dt.datetime(2023, 6, 2, 10, 30, tzinfo=dt.UTC)


def test_headings_without_marks_are_headings():
    text = (
        "Incident report: the printer\nIssue Summary\nImpact: Nobody could print.\nTimeline\n"
        "10:00 AM UTC - It stopped.\n10:20 AM UTC - It prints.\nRoot cause and resolution:\nRoot Cause: No paper.\n"
        "Corrective measures\nImprovements: Keep more paper.\nTasks:\nBuy paper every week.\n"
    )
    read = read_document(text)
    assert read.title == "Incident report: the printer"
    assert [event.time for event in read.timeline] == ["10:00", "10:20"]
    assert [cause.title for cause in read.root_causes] == ["No paper."]
    assert [item.title for item in read.action_items] == ["Keep more paper.", "Buy paper every week."]


def test_the_leaves_of_nested_lists_are_the_action_items():
    text = story("- 10:00 UTC: it broke\n- 11:00 UTC: it works") + (
        "\n## Action items\n- **Improvements:**\n  - Add a probe\n  - [x] Write\n    it down\n"
        "- **Train people:**\n  - twice a year\n- {{ summary }}\n\n### Later\n1. Rotate keys\n"
    )
    items = read_document(text).action_items
    assert [item.title for item in items] == ["Add a probe", "Write it down", "Train people", "Rotate keys"]
    assert items[2].details == "twice a year"


def test_a_cause_that_nobody_knows_is_none():
    text = story("- 10:00 UTC: it broke\n- 11:00 UTC: it works").replace("A typo was the cause.", "")
    assert read_document(text + "\nThe root cause is still unknown.\n").root_causes == []
    assert len(read_document(text + "\nIt happened because a disk was full.\n").root_causes) == 1


@pytest.mark.parametrize(
    ("said", "severity"),
    [("**Critical** - all", Severity.SEV1), ("SEV-2", Severity.SEV2), ("P3", Severity.SEV3), ("?", Severity.UNKNOWN)],
)
def test_the_severity_is_read_from_its_heading(said, severity):
    assert read_document(f"{DATED}\n## Severity\n{said}\n").severity == severity


@pytest.mark.parametrize("text", [TEMPLATE, GUIDE, README, "https://example.org/a", "# 0x19-postmortem", "", "\n\n"])
def test_what_tells_of_no_incident_is_refused(text):
    read = read_document(text)
    assert not read.is_postmortem
    assert read.warnings


def test_a_story_in_the_shape_of_the_template_is_not_refused():
    filled = TEMPLATE.replace("Postmortem template", "Mail was late")
    filled = filled.replace("{{ what happened, in two sentences }}", "Mail was late because the disk was full.")
    filled = filled.replace("HH:mm - <Describe the first event here>", "10:00 UTC - It broke\n- 10:30 UTC - It works")
    filled = filled.replace("<Describe why it happened>", "The disk was full.").replace("{{ action }}", "Add a disk")
    assert read_document(filled).is_postmortem


def test_front_matter_gives_title_and_period():
    text = (
        "---\ntitle: Downtime of the shop\nstart_time: 2022-12-22T12:15:00-08:00\nend_time: 2022-12-22T20:23:00-08:00\n"
        "---\nThe shop was down because two switches failed at once, and the standby did not take over.\n"
    )
    read = read_document(text)
    assert (read.is_postmortem, read.title) == (True, "Downtime of the shop")
    assert read.resolved_at.isoformat() == "2022-12-22T20:23:00-08:00"
    assert len(read.root_causes) == 1


PIECES = st.sampled_from(
    [
        *(
            "# Timeline\n",
            "## Root cause\n",
            "Impact: ",
            "- ",
            "* **",
            "**",
            "01:30 ",
            "14:?? ",
            "25:99 ",
            "2023-02-31 ",
        ),
        *("06/01/2023 ", "| a | b |\n", "|---|---|\n", "```\n", "<li>", "<!--", "-->", "---\n", "+++\n", "&#x110000;"),
        *(
            "Start: ",
            "End: ",
            "(all times PT)",
            "to ",
            "\n",
            "\n\n",
            "    ",
            "> ",
            "🚨",
            "٣:٤٥ ",
            "\u2028",
            "99/99/9999 ",
        ),
        *(
            "Action items\n",
            "Tasks:\n",
            "{{ x }}",
            "caused ",
            "9999-12-31 23:59 UTC ",
            "0001-01-01 00:00 UTC+14 ",
            "a. B",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_no_text_breaks_the_reader(text):
    read = read_document(text, Options(date=dt.date(2024, 2, 29), zone=parse_zone("Europe/Berlin")))
    assert isinstance(read.is_postmortem, bool)
    assert all(1 <= event.line <= len(text.splitlines()) for event in read.timeline)


@pytest.mark.parametrize(
    "piece", ["[", "![", "](", "<a ", "<!--", "01:30 ", "Impact: x. ", "**a** ", "- ", "March ", "{{"]
)
def test_hostile_lines_are_read_in_time(piece):
    text = "\n".join([piece * (9_000 // len(piece))] * 5)
    started = time.perf_counter()
    read = read_document(text)
    assert not read.is_postmortem
    assert time.perf_counter() - started < 5
