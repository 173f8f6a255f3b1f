"""What one typed time means."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.clock_text import ClockContext, Moment, describe, format_offset_from, parse_moment, parse_zone
from incidents.enums import Precision
from incidents.errors import InvalidInput

ZONE = parse_zone("GMT+2")
IMPACT = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
LIVE = ClockContext(zone=ZONE, now=datetime(2026, 1, 6, 0, 48, 30, tzinfo=UTC), impact_started_at=IMPACT)  # 02:48:30
AFTER = ClockContext(zone=ZONE, now=datetime(2026, 3, 1, 12, tzinfo=UTC), live=False, impact_started_at=IMPACT)


def said(text: str, context: ClockContext = LIVE) -> str:
    at = parse_moment(text, context).at
    assert at is not None
    assert at.utcoffset() == timedelta()
    return describe(at, context.zone)


def refusal(text: str, context: ClockContext = LIVE) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse_moment(text, context)
    return caught.value


@pytest.mark.parametrize(
    "typed",
    [
        "01:30",
        "1:30",
        "01:30:00",
        "1.30",
        "0130",
        "1:30 am",
        "1:30AM",
        "1:30 a.m.",
        "01h30",
        "01:30 GMT+2",
        "01:30 (GMT +2)",
        "6/1 01:30",
        "06/01 01:30 GMT+2",
        "06/01/2026 01:30",
        "6.1. 01:30",
        "06.01.2026, 01:30",
        "6/1/26 1:30 am",
        "2026-01-06 01:30",
        "2026-01-06T01:30",
        "2026-01-06T01:30+02:00",
        "2026-01-05T23:30Z",
        "2026-01-05T23:30:00.000Z",
        "2026-01-05T21:30-02:00",
        "20260105T233000Z",
        "2026-01-06 01:30:00 +0200",
        "Tue, 6 Jan 2026 01:30 +0200",
        "6 Jan 01:30",
        "6 January 2026 at 01:30",
        "6th of January 01:30",
        "Jan 6, 2026 1:30 am",
        "January 6 01:30",
        "01:30 today",
        "today 01:30",
        "Today at 1:30 AM",
        "Tuesday 01:30",
        "01:30 am, 6 January 2026",
        "5 Jan 23:30 UTC",
        "at 01:30",
        "+0m",
        "T+00",
        "01：30",
        "٠١:٣٠",
        "0１:30",
        "\xa001:30\u202f",
        "1:30\u202fAM",
        "\u200e01:30",
        "01:30\x00",
    ],
)
def test_many_ways_to_write_one_moment(typed: str) -> None:
    assert said(typed) == "6 Jan 2026, 01:30 (GMT+2)"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("02:48", "6 Jan 2026, 02:48 (GMT+2)"),
        ("02:49", "5 Jan 2026, 02:49 (GMT+2)"),
        ("13h30", "5 Jan 2026, 13:30 (GMT+2)"),
        ("1:30 pm", "5 Jan 2026, 13:30 (GMT+2)"),
        ("13:30 pm", "5 Jan 2026, 13:30 (GMT+2)"),
        ("12:10 am", "6 Jan 2026, 00:10 (GMT+2)"),
        ("12:10 pm", "5 Jan 2026, 12:10 (GMT+2)"),
        ("1 am", "6 Jan 2026, 01:00 (GMT+2)"),
        ("noon", "5 Jan 2026, 12:00 (GMT+2)"),
        ("midnight", "6 Jan 2026, 00:00 (GMT+2)"),
        ("24:00", "6 Jan 2026, 00:00 (GMT+2)"),
        ("5 Jan 24:00", "6 Jan 2026, 00:00 (GMT+2)"),
        ("yesterday 24:00", "6 Jan 2026, 00:00 (GMT+2)"),
        ("yesterday 23:50", "5 Jan 2026, 23:50 (GMT+2)"),
        ("Mon 10:00", "5 Jan 2026, 10:00 (GMT+2)"),
        ("now", "6 Jan 2026, 02:48:30 (GMT+2)"),
        ("-5m", "6 Jan 2026, 02:43:30 (GMT+2)"),
        ("−1h20m", "6 Jan 2026, 01:28:30 (GMT+2)"),
        ("+20m", "6 Jan 2026, 01:50 (GMT+2)"),
        ("+20 min", "6 Jan 2026, 01:50 (GMT+2)"),
        ("+1h10m", "6 Jan 2026, 02:40 (GMT+2)"),
        ("+1h", "6 Jan 2026, 02:30 (GMT+2)"),
        ("T−33", "6 Jan 2026, 00:57 (GMT+2)"),
        ("T+20 min", "6 Jan 2026, 01:50 (GMT+2)"),
        ("T+1h05m", "6 Jan 2026, 02:35 (GMT+2)"),
        ("T+1 h 05", "6 Jan 2026, 02:35 (GMT+2)"),
        ("7 Jan 01:30", "7 Jan 2025, 01:30 (GMT+2)"),
        ("29 Feb 10:00", "29 Feb 2024, 10:00 (GMT+2)"),
        ("01:30:15", "6 Jan 2026, 01:30:15 (GMT+2)"),
    ],
)
def test_live_it_is_the_latest_that_has_been(typed: str, meant: str) -> None:
    assert said(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("01:30", "6 Jan 2026, 01:30 (GMT+2)"),
        ("13:30", "5 Jan 2026, 13:30 (GMT+2)"),
        ("13:29", "6 Jan 2026, 13:29 (GMT+2)"),
        ("23:50", "5 Jan 2026, 23:50 (GMT+2)"),
        ("7 Jan 01:30", "7 Jan 2026, 01:30 (GMT+2)"),
        ("30 Dec 01:30", "30 Dec 2025, 01:30 (GMT+2)"),
        ("2027-01-01 10:00", "1 Jan 2027, 10:00 (GMT+2)"),
        ("-5m", "1 Mar 2026, 13:55 (GMT+2)"),
        ("+12h", "6 Jan 2026, 13:30 (GMT+2)"),
    ],
)
def test_afterwards_it_is_the_one_nearest_to_what_came_before(typed: str, meant: str) -> None:
    assert said(typed, AFTER) == meant


def test_the_entry_before_comes_first_then_the_impact_then_now() -> None:
    before = datetime(2026, 1, 20, 12, tzinfo=UTC)
    assert said("15:00", ClockContext(ZONE, AFTER.now, False, IMPACT, before)) == "20 Jan 2026, 15:00 (GMT+2)"
    assert said("01:00", ClockContext(ZONE, AFTER.now, False, IMPACT)) == "6 Jan 2026, 01:00 (GMT+2)"
    assert said("15:00", ClockContext(ZONE, AFTER.now, False)) == "1 Mar 2026, 15:00 (GMT+2)"


@pytest.mark.parametrize(
    ("typed", "precision"),
    [
        ("01:30", Precision.EXACT),
        ("~01:30", Precision.ABOUT),
        ("~ 01:30", Precision.ABOUT),
        ("about 01:30", Precision.ABOUT),
        ("ca. 01:30", Precision.ABOUT),
        ("6 Jan ca. 01:30", Precision.ABOUT),
        ("by 01:30", Precision.NOT_LATER),
        ("<=01:30", Precision.NOT_LATER),
        ("≤ 01:30", Precision.NOT_LATER),
        ("not later than 01:30", Precision.NOT_LATER),
    ],
)
def test_precision(typed: str, precision: Precision) -> None:
    assert parse_moment(typed, LIVE) == Moment(datetime(2026, 1, 5, 23, 30, tzinfo=UTC), 120, "", precision)


@pytest.mark.parametrize(
    ("typed", "offset"),
    [("01:30", 120), ("01:30 UTC", 0), ("2026-01-05 19:00 America/New_York", -300), ("5 Jan 10:00 UTC+5:30", 330)],
)
def test_offset_is_kept_as_entered(typed: str, offset: int) -> None:
    assert parse_moment(typed, LIVE).utc_offset_minutes == offset


@pytest.mark.parametrize("typed", ["14:??", "14:xx", "1?:30", "??:??", "6 Jan 14:??"])
def test_unknown_time_is_kept_as_text(typed: str) -> None:
    assert parse_moment(typed, LIVE) == Moment(None, None, typed, Precision.ABOUT)


def test_day_order_is_that_of_the_installation() -> None:
    context = ClockContext(ZONE, AFTER.now, day_first=False)
    assert said("02/01 10:00", context) == "1 Feb 2026, 10:00 (GMT+2)"
    assert said("02/01 10:00", AFTER) == "2 Jan 2026, 10:00 (GMT+2)"
    assert "month/day" in refusal("13/01 10:00", context).message
    assert "day/month" in refusal("01/13 10:00").message


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("", "empty", "01:30"),
        (" \n\t\x00", "empty", "01:30"),
        ("soon", "unknown_time", "Write 01:30"),
        ("25:10", "unknown_time", "no 25:10"),
        ("24:01", "unknown_time", "no 24:01"),
        ("12:60", "unknown_time", "no 12:60"),
        ("13 am", "unknown_time", "24 hours"),
        ("31/02 01:30", "unknown_time", "no day 31"),
        ("29 Feb 2025 01:30", "unknown_time", "no day 29"),
        ("0 Jan 01:30", "unknown_time", "no day 0"),
        ("5 Jan", "unknown_time", "5 Jan 01:30"),
        ("5 Jan midnight", "unknown_time", "24:00"),
        ("Wed 6 Jan 2026 01:30", "unknown_time", "Tuesday"),
        ("01:30–02:00", "unknown_time", "range"),
        ("01:30 first", "unknown_time", "only once"),
        ("today now", "unknown_time", "now"),
        ("01:30 IST", "unknown_zone", "offset"),
        ("01:30 UTC+99", "unknown_time", "Write 01:30"),
        ("today 23:00", "in_future", "6 Jan 2026, 23:00"),
        ("tomorrow 01:30", "in_future", "still to come"),
        ("+9999h", "in_future", "still to come"),
        ("+9999999m", "out_of_range", "1970"),
        ("0001-01-01 00:00", "out_of_range", "1970"),
        ("9999-12-31 23:59", "out_of_range", "2036"),
        ("1969-12-31 23:59", "out_of_range", "1970"),
        ("1970-01-01 00:30", "out_of_range", "1970"),
        ("9" * 100_000, "unknown_time", "Write 01:30"),
        ("01:30 " + "x" * 300, "unknown_time", "Write 01:30"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(typed: str, code: str, words: str) -> None:
    error = refusal(typed)
    assert (error.code, words in error.message) == (code, True), error.message


def test_after_the_impact_needs_an_impact() -> None:
    assert refusal("+20m", ClockContext(ZONE, LIVE.now)).code == "no_impact_start"
    assert said("+20m") == "6 Jan 2026, 01:50 (GMT+2)"


BERLIN = parse_zone("Europe/Berlin")
SPRING = ClockContext(BERLIN, datetime(2026, 3, 29, 10, tzinfo=UTC))
AUTUMN = ClockContext(BERLIN, datetime(2026, 10, 25, 10, tzinfo=UTC))


def test_skipped_hour_is_refused_naming_both_neighbours() -> None:
    error = refusal("02:30", SPRING)
    assert error.code == "no_such_time"
    assert "29 Mar 2026, 01:59 (GMT+1)" in error.message
    assert "29 Mar 2026, 03:00 (GMT+2)" in error.message
    assert said("01:59", SPRING) == "29 Mar 2026, 01:59 (GMT+1)"
    assert said("03:00", SPRING) == "29 Mar 2026, 03:00 (GMT+2)"
    assert said("02:30 UTC+1", SPRING) == "29 Mar 2026, 03:30 (GMT+2)"


def test_before_the_skipped_hour_the_day_before_is_meant() -> None:
    assert said("02:30", ClockContext(BERLIN, datetime(2026, 3, 29, 0, 30, tzinfo=UTC))) == "28 Mar 2026, 02:30 (GMT+1)"


def test_skipped_day() -> None:
    error = refusal("30 Dec 2011 10:00", ClockContext(parse_zone("Pacific/Apia"), LIVE.now))
    assert error.code == "no_such_time"
    assert "29 Dec 2011, 23:59 (GMT−10)" in error.message
    assert "31 Dec 2011, 00:00 (GMT+14)" in error.message


def test_doubled_hour_asks_first_or_second() -> None:
    error = refusal("02:30", AUTUMN)
    assert error.code == "doubled_time"
    for words in ("25 Oct 2026, 02:30 (GMT+2)", "25 Oct 2026, 02:30 (GMT+1)", "02:30 first", "02:30 second"):
        assert words in error.message
    assert said("02:30 first", AUTUMN) == "25 Oct 2026, 02:30 (GMT+2)"
    assert said("02:30 second", AUTUMN) == "25 Oct 2026, 02:30 (GMT+1)"
    assert said("02:30 (second)", AUTUMN) == "25 Oct 2026, 02:30 (GMT+1)"
    assert said("02:30 GMT+1", AUTUMN) == "25 Oct 2026, 02:30 (GMT+1)"
    assert parse_moment("02:30 second", AUTUMN).utc_offset_minutes == 60


def test_doubled_hour_is_clear_while_the_second_is_still_to_come() -> None:
    assert (
        said("02:30", ClockContext(BERLIN, datetime(2026, 10, 25, 0, 45, tzinfo=UTC))) == "25 Oct 2026, 02:30 (GMT+2)"
    )
    assert refusal("02:30 second", ClockContext(BERLIN, datetime(2026, 10, 25, 0, 45, tzinfo=UTC))).code == "in_future"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(5, "T+05"), (-33, "T−33"), (0, "T+00"), (59, "T+59"), (60, "T+1 h 00"), (733, "T+12 h 13"), (-90, "T−1 h 30")],
)
def test_offset_from_the_start(minutes: int, words: str) -> None:
    assert format_offset_from(IMPACT + timedelta(minutes=minutes), IMPACT) == words


def test_less_than_a_minute_before_the_start_has_no_minus() -> None:
    assert format_offset_from(IMPACT - timedelta(seconds=59), IMPACT) == "T+00"
