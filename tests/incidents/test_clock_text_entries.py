"""One line of a timeline: `[*] [time] [kind:] text`."""

from datetime import UTC, datetime

import pytest

from incidents.clock_text import MAX_ENTRY_LENGTH, ClockContext, Entry, parse_entry, parse_zone
from incidents.enums import Precision, TimelineKind
from incidents.errors import InvalidInput

LIVE = ClockContext(
    zone=parse_zone("GMT+2"),
    now=datetime(2026, 1, 6, 0, 48, 30, tzinfo=UTC),
    impact_started_at=datetime(2026, 1, 5, 23, 30, tzinfo=UTC),
)
AUTUMN = ClockContext(parse_zone("Europe/Berlin"), datetime(2026, 10, 25, 10, tzinfo=UTC))


def clock(entry: Entry) -> str:
    """The time of an entry in the zone of the page, `-` for none, or its text where it is not known."""
    if entry.moment is None:
        return "-"
    return f"{entry.moment.at.astimezone(LIVE.zone):%H:%M}" if entry.moment.at else entry.moment.time_text


@pytest.mark.parametrize(
    ("typed", "time", "text"),
    [
        ("01:30 first tickets", "01:30", "first tickets"),
        ("01:30: down", "01:30", "down"),
        ("01:30 - down", "01:30", "down"),
        ("01:30 — down", "01:30", "down"),
        ("01:30—down", "01:30", "down"),
        ("01:30 | down", "01:30", "down"),
        ("[01:30] @ada: down", "01:30", "@ada: down"),
        ("(01:30) down", "01:30", "down"),
        ("**01:30** - down", "01:30", "down"),
        ("**01:30 UTC+2:** down", "01:30", "down"),
        ("**01:30 database** down", "01:30", "**database** down"),
        ("`01:30` down", "01:30", "down"),
        ("- 01:30 down", "01:30", "down"),
        ("• 01:30 down", "01:30", "down"),
        ("3. 01:30 down", "01:30", "down"),
        ("### 01:30 down", "01:30", "down"),
        ("| 01:30 | down | now |", "01:30", "down | now"),
        ("| 6 Jan | 01:30 | down |", "01:30", "down"),
        ("01:30 am UTC+2 down", "01:30", "down"),
        ("2026-01-05T23:30:00Z ERROR down", "01:30", "ERROR down"),
        ("Today at 1:30 AM down", "01:30", "down"),
        ("by 01:30 all was down", "01:30", "all was down"),
        ("at 01:30 the page was blank", "01:30", "the page was blank"),
        ("+20m rolled back", "01:50", "rolled back"),
        ("-5m rolled back", "02:43", "rolled back"),
        ("14:?? somebody noticed", "14:??", "somebody noticed"),
        ("now: all quiet", "02:48", "all quiet"),
        ("noon: all quiet", "12:00", "all quiet"),
        ("00:30 GMT+1: down", "01:30", "down"),
        ("**00:30 GMT+1**: down", "01:30", "down"),
        ("00:30 (GMT+1): down", "01:30", "down"),
        ("00:30 GMT+01:00: down", "01:30", "down"),
        ("00:30 UTC+1, down", "01:30", "down"),
        ("23:30 UTC: down", "01:30", "down"),
        ("23:30Z: down", "01:30", "down"),
        ("00:30 +01:00: down", "01:30", "down"),
        ("2026-01-06 00:30+01: down", "01:30", "down"),
        ("00:30 GMT+1: recovery took 5 min", "01:30", "recovery took 5 min"),
        ("01:30–02:00: down", "01:30", "(until 02:00) down"),
        ("00:30–01:00 GMT+1: down", "01:30", "(until 01:00) down"),
        ("01:30 GMT+1:5 down", "01:30", "GMT+1:5 down"),
        ("01:30–02:00 down", "01:30", "(until 02:00) down"),
        ("1:30 - 2:00 pm down", "13:30", "(until 2:00 pm) down"),
        ("11:30–1:00 pm down", "11:30", "(until 1:00 pm) down"),
        ("01:30 -5 pods", "01:30", "-5 pods"),
        ("01:30 west is down", "01:30", "west is down"),
        ("01:30 web/api down", "01:30", "web/api down"),
        ("01:30 AST parser fails", "01:30", "AST parser fails"),
        ("01:30\ndown\n- since when?", "01:30", "down\n- since when?"),
        ("１：３０ down", "01:30", "down"),
    ],
)
def test_time_and_text(typed: str, time: str, text: str) -> None:
    entry = parse_entry(typed, LIVE)
    assert (clock(entry), entry.text, entry.kind, entry.starred, entry.line) == (time, text, None, False, 1)


@pytest.mark.parametrize(
    "typed",
    [
        "10 users affected",
        "5 pods down",
        "503 errors",
        "2030 orders",
        "1.17 creates 2 groups",
        "12.04 upgrade",
        "now all is well",
        "noon traffic rose",
        "midnight job failed",
        "yesterday we deployed",
        "today now and then",
        "6 Jan 10 users",
        "6 Jan: the day after",
        "10:20:30:40:50:60 answers no more",
        "10:00-minute outage",
        "3:1 in favour",
        "1:1 with Ada",
        "+20% traffic",
        "+1 from Ben",
        "-5 pods",
        "by now it is fine",
        "about 10 users",
        "at 10 of 12 shops",
        "May contain nuts",
        "Mon amour",
        "[2026] the year",
        "- a list",
        "1. a list",
        "http://example.com/x",
        "https://example.com: down",
        "**bold** start",
        "*slanted* start",
        "**Fix**",
        "action::create fails",
        "Ada: hello",
        "?",
        "01:30/02:00 either",
        "٣ users",
    ],
)
def test_what_only_looks_like_a_time_or_a_kind_is_text(typed: str) -> None:
    assert parse_entry(typed, LIVE) == Entry(text=typed, kind=None, starred=False, moment=None, line=1)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [(f"{kind.value}: x", kind) for kind in TimelineKind]
    + [
        ("fix: x", TimelineKind.RECOVERY),
        ("FIX:x", TimelineKind.RECOVERY),
        ("leadup: x", TimelineKind.LEAD_UP),
        ("lead-up: x", TimelineKind.LEAD_UP),
        ("Lead up : x", TimelineKind.LEAD_UP),
        ("status change: x", TimelineKind.STATUS_CHANGE),
        ("Status-Change： x", TimelineKind.STATUS_CHANGE),
        ("cause: x", None),
    ],
)
def test_kinds(typed: str, kind: TimelineKind | None) -> None:
    for before, starred, time in (
        ("", False, "-"),
        ("* ", True, "-"),
        ("01:30 ", False, "01:30"),
        ("* 01:30 ", True, "01:30"),
    ):
        entry = parse_entry(before + typed, LIVE)
        assert (entry.kind, entry.starred, clock(entry)) == (kind, starred, time)
        assert entry.text == ("x" if kind else typed)


@pytest.mark.parametrize("typed", ["* 01:30 x", "*01:30 x", "★ 01:30 x", "⭐️ 01:30 x", "- * 01:30 x", "* x", "★x"])
def test_star(typed: str) -> None:
    entry = parse_entry(typed, LIVE)
    assert (entry.starred, entry.text) == (True, "x")


def test_emphasised_time_is_no_star() -> None:
    assert parse_entry("*01:30* x", LIVE) == parse_entry("01:30 x", LIVE)


@pytest.mark.parametrize("typed", ["", "  \n ", "\x00", "01:30", "* 01:30 -", "fix:", "01:30 fix: "])
def test_nothing_said_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_entry(typed, LIVE)
    assert refusal.value.code == "empty"


def test_length_is_bounded() -> None:
    assert len(parse_entry("x" * MAX_ENTRY_LENGTH, LIVE).text) == MAX_ENTRY_LENGTH
    with pytest.raises(InvalidInput, match=f"at most {MAX_ENTRY_LENGTH}") as refusal:
        parse_entry("x" * (MAX_ENTRY_LENGTH + 1), LIVE)
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("25:10 x", "unknown_time"),
        ("31/02 01:30 x", "unknown_time"),
        ("01:30 CST x", "unknown_zone"),
        ("tomorrow 01:30 x", "in_future"),
        ("1066-10-14 09:00 x", "out_of_range"),
    ],
)
def test_time_that_is_none_is_refused(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_entry(typed, LIVE)
    assert refusal.value.code == code


def test_first_and_second_are_answers_only_where_there_is_a_question() -> None:
    with pytest.raises(InvalidInput, match="First or second"):
        parse_entry("02:30 First tickets", AUTUMN)
    for typed, offset in (("02:30 first tickets", 120), ("02:30 (second) tickets", 60), ("02:30 second: tickets", 60)):
        entry = parse_entry(typed, AUTUMN)
        assert entry.moment is not None
        assert (entry.text, entry.moment.utc_offset_minutes) == ("tickets", offset)
    assert parse_entry("03:30 first tickets", AUTUMN).text == "first tickets"


def test_precision_of_an_entry() -> None:
    moment = parse_entry("~01:30 x", LIVE).moment
    assert moment is not None
    assert moment.precision == Precision.ABOUT


def test_invisible_and_control_characters_go() -> None:
    entry = parse_entry("\ufeff\u200e01:30\u202fdown\x00\u202e\ud800 again\x1b[31m", LIVE)
    assert (clock(entry), entry.text) == ("01:30", "down again[31m")
