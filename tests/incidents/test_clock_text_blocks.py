"""Many lines pasted at once."""

from datetime import UTC, datetime

import pytest

from incidents.clock_text import MAX_BLOCK_BYTES, MAX_BLOCK_ENTRIES, ClockContext, is_block, parse_block, parse_zone
from incidents.enums import TimelineKind
from incidents.errors import InvalidInput

ZONE = parse_zone("GMT+2")
LIVE = ClockContext(
    ZONE, datetime(2026, 1, 6, 0, 48, 30, tzinfo=UTC), impact_started_at=datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
)
AFTER = ClockContext(ZONE, datetime(2026, 3, 1, tzinfo=UTC), live=False, impact_started_at=LIVE.impact_started_at)


def read(text: str, context: ClockContext = LIVE) -> list[tuple[str, str]]:
    """Day and time, and text, of each entry."""
    rows = []
    for entry in parse_block(text, context):
        at = entry.moment.at if entry.moment else None
        time = f"{at.astimezone(ZONE):%d %H:%M}" if at else entry.moment.time_text if entry.moment else "-"
        rows.append((time, entry.text))
    return rows


def test_a_zone_before_a_colon_is_the_zone_of_that_line() -> None:
    text = "- 16:15 GMT+1: down\n- 16:20 GMT+1: a rollback\n- 17:30: up"
    assert read(text, AFTER) == [("05 17:15", "down"), ("05 17:20", "a rollback"), ("05 17:30", "up")]


def test_lines_without_a_time_belong_to_the_entry_above() -> None:
    text = "00:57 banner\n\nmore of it\n  - with a list\n\n01:30 down\n> quoted"
    assert read(text) == [("06 00:57", "banner\n\nmore of it\n  - with a list"), ("06 01:30", "down\n> quoted")]
    assert [entry.line for entry in parse_block(text, LIVE)] == [1, 6]


def test_text_before_the_first_time_is_an_entry_without_one() -> None:
    assert read("Detection:\n\n01:30 down") == [("-", "Detection:"), ("06 01:30", "down")]


@pytest.mark.parametrize(
    "text", ["a\nb", "- a\n- b", "* a\n* b", "```\n01:30 log\n```", "6 Jan 2026", "503 errors\n10 users"]
)
def test_block_without_any_time_is_one_entry(text: str) -> None:
    assert read(text) == [("-", text)]
    assert not parse_block(text, LIVE)[0].starred


def test_kinds_and_stars_within_a_block() -> None:
    entries = parse_block("* 01:30 report: down\n01:33 fix: rolled back\n14:?? note: who?", LIVE)
    assert [(entry.starred, entry.kind) for entry in entries] == [
        (True, TimelineKind.REPORT),
        (False, TimelineKind.RECOVERY),
        (False, TimelineKind.NOTE),
    ]


def test_asterisk_before_each_time_is_a_list_mark_otherwise_a_star() -> None:
    assert [entry.starred for entry in parse_block("* 01:30 a\n* 01:31 b\n* * 01:32 c", LIVE)] == [False, False, True]
    assert [entry.starred for entry in parse_block("* 01:30 a\n01:31 b\n* 01:32 c", LIVE)] == [True, False, True]
    assert [entry.starred for entry in parse_block("* 01:30 a\nmore", LIVE)] == [True]


@pytest.mark.parametrize("mark", ["-", "*", "•", "–", "+", "1.", "12)", "##"])
def test_list_marks_are_dropped(mark: str) -> None:
    assert read(f"{mark} 01:30 a\n{mark} 01:31 b\n  {mark} c") == [("06 01:30", "a"), ("06 01:31", f"b\n{mark} c")]


def test_going_back_by_more_than_twelve_hours_is_the_next_day() -> None:
    assert [time for time, _ in read("23:50 a\n00:10 b\n00:05 c\n12:06 d\n00:05 e", AFTER)] == [
        "05 23:50",
        "06 00:10",
        "06 00:05",
        "06 12:06",
        "07 00:05",
    ]
    assert [time for time, _ in read("12:05 d\n00:05 e", AFTER)] == ["06 12:05", "06 00:05"]
    assert [time for time, _ in read("5 Jan 08:00 a\n23:00 b", AFTER)] == ["05 08:00", "05 23:00"]


def test_live_block_of_the_day_before_is_moved_as_a_whole() -> None:
    assert [time for time, _ in read("01:00 a\n03:00 b\n23:00 c")] == ["05 01:00", "05 03:00", "05 23:00"]
    with pytest.raises(InvalidInput) as refusal:
        parse_block("6 Jan 01:00 a\n03:00 b", LIVE)
    assert refusal.value.code == "in_future"


def test_live_block_with_the_newest_first() -> None:
    assert [time for time, _ in read("00:10 new\n23:50 old\n23:40 older")] == ["06 00:10", "05 23:50", "05 23:40"]


def test_24_00_ends_the_day() -> None:
    assert [time for time, _ in read("5 Jan 13:00 a\n24:00 b\n00:10 c", AFTER)] == ["05 13:00", "06 00:00", "06 00:10"]


def test_spans_and_unknown_times_do_not_disturb_the_order() -> None:
    assert [time for time, _ in read("23:50 a\n??:?? b\n+5m c\n01:50 d")] == [
        "05 23:50",
        "??:??",
        "06 01:35",
        "06 01:50",
    ]


def test_date_on_a_line_of_its_own_holds_for_the_times_below() -> None:
    text = "## 5 January 2026\n### 07:49\nslow\n\n**6 Jan**:\n01:30 down\n01:40 up"
    assert read(text) == [("05 07:49", "slow"), ("06 01:30", "down"), ("06 01:40", "up")]


def test_fenced_code_stays_together() -> None:
    assert read("01:30 log:\n```\n01:31 ERROR\n# 01:32\n```\nend\n01:40 up") == [
        ("06 01:30", "log:\n```\n01:31 ERROR\n# 01:32\n```\nend"),
        ("06 01:40", "up"),
    ]
    assert read("01:30 ```\n01:31 b") == [("06 01:30", "```"), ("06 01:31", "b")]
    assert read("01:30 a\n```\n01:31 b") == [("06 01:30", "a\n```"), ("06 01:31", "b")]


def test_table() -> None:
    text = "| Time | What |\n|:--|---|\n| 01:30 | down |\n| 01:40 | up |"
    assert read(text) == [("06 01:30", "down"), ("06 01:40", "up")]


def test_copy_from_a_chat_tool() -> None:
    text = (
        "Ada Okoro  1:30 AM\nthe page is white\nfor me too\n1:31\nlooking\n"
        "Ben Lund — Yesterday at 11:50 PM\nfix: rolled back\n"
        "PagerDuty APP\u00a0\u00a01:40\u202fAM\n\nalert\nludwig.b\t1:41 AM\nthanks"
    )
    assert read(text) == [
        ("06 01:30", "Ada Okoro: the page is white\nfor me too"),
        ("06 01:31", "Ada Okoro: looking"),
        ("05 23:50", "Ben Lund: rolled back"),
        ("06 01:40", "PagerDuty APP: alert"),
        ("06 01:41", "ludwig.b: thanks"),
    ]
    assert parse_block(text, LIVE)[2].kind == TimelineKind.RECOVERY


def test_chat_with_the_time_before_the_name() -> None:
    text = "[1:30 AM] Ada: white\n[06/01/2026, 01:31:12] Ben: looking\n06/01/2026, 01:32 - Ada: ok"
    assert read(text) == [("06 01:30", "Ada: white"), ("06 01:31", "Ben: looking"), ("06 01:32", "Ada: ok")]


def test_sentence_that_ends_with_a_time_is_no_chat() -> None:
    assert read("01:30 down\nWe restarted at 1:48 AM\nTotal 1:48\nAll good.  1:49\nend") == [
        ("06 01:30", "down\nWe restarted at 1:48 AM\nTotal 1:48\nAll good.  1:49\nend")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_line_ends(end: str) -> None:
    assert read(f"01:30 a{end}01:31 b{end}") == [("06 01:30", "a"), ("06 01:31", "b")]
    assert is_block(f"a{end}b")
    assert not is_block(f"a{end}")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [("01:30 a\n25:10 b", "unknown_time", 2), ("01:30 a\n\n01:40", "empty", 3), ("x\n01:30 IST b", "unknown_zone", 2)],
)
def test_refusal_names_the_line(text: str, code: str, line: int) -> None:
    with pytest.raises(InvalidInput, match=f"Line {line}: ") as refusal:
        parse_block(text, LIVE)
    assert refusal.value.code == code


@pytest.mark.parametrize("text", ["", "\n \r\n", "\x00"])
def test_empty_block_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_block(text, LIVE)
    assert refusal.value.code == "empty"
    assert not is_block(text)


def test_size_is_bounded() -> None:
    assert len(parse_block("01:30 a\n" * MAX_BLOCK_ENTRIES, LIVE)) == MAX_BLOCK_ENTRIES
    too_much = [
        "01:30 a\n" * (MAX_BLOCK_ENTRIES + 1),
        "a" * (MAX_BLOCK_BYTES + 1),
        "é" * (MAX_BLOCK_BYTES // 2 + 1),
        "01:30 " + "a" * 20_001,
        "1\n" * 10_001,
    ]
    for text in too_much:
        with pytest.raises(InvalidInput) as refusal:
            parse_block(text, LIVE)
        assert refusal.value.code == "too_large"
