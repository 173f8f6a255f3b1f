"""Time zones as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from incidents.clock_text import parse_zone, zone_label, zone_name
from incidents.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/BERLIN", "Europe/Berlin"),
        (" America/New_York ", "America/New_York"),
        ("UTC", "UTC"),
        ("utc", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("UTC+0", "UTC"),
        ("-00:00", "UTC"),
        ("UTC+02:00", "UTC+02:00"),
        ("UTC+2", "UTC+02:00"),
        ("GMT+2", "UTC+02:00"),
        ("GMT +2", "UTC+02:00"),
        ("gmt-3", "UTC-03:00"),
        ("GMT−3", "UTC-03:00"),
        ("UTC+5:30", "UTC+05:30"),
        ("UTC+0530", "UTC+05:30"),
        ("+02:00", "UTC+02:00"),
        ("-0930", "UTC-09:30"),
        ("UTC+14", "UTC+14:00"),
        ("UTC-14:00", "UTC-14:00"),
        ("PST", "UTC-08:00"),
        ("cest", "UTC+02:00"),
        ("UTC+２", "UTC+02:00"),
    ],
)
def test_zone_is_understood_and_stored(typed: str, stored: str) -> None:
    assert zone_name(parse_zone(typed)) == stored
    assert zone_name(parse_zone(stored)) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "Mars/Phobos",
        "UTC+15",
        "UTC+14:01",
        "UTC+2:60",
        "UTC+123",
        "+99:00",
        "../etc/passwd",
        "/etc/localtime",
        "localtime",
        "Factory",
        "x" * 10000,
        "Europe/Berlin\x00x" * 3,
        "Europe",
        "GMT+",
        "2",
    ],
)
def test_what_is_no_zone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_zone(typed)
    assert refusal.value.code == "unknown_zone"


@pytest.mark.parametrize("typed", ["IST", "cst", "BST"])
def test_abbreviation_with_several_meanings_asks_for_the_offset(typed: str) -> None:
    with pytest.raises(InvalidInput, match=r"different countries.*UTC\+05:30") as refusal:
        parse_zone(typed)
    assert refusal.value.code == "unknown_zone"


def test_posix_names_that_count_westwards_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"Etc/GMT\+2 can be read in two ways"):
        parse_zone("Etc/GMT+2")
    assert parse_zone("Etc/UTC") is UTC


@pytest.mark.parametrize(
    ("zone", "at", "label"),
    [
        ("GMT+2", datetime(2026, 1, 6, tzinfo=UTC), "GMT+2"),
        ("UTC", datetime(2026, 1, 6, tzinfo=UTC), "UTC"),
        ("Asia/Kolkata", datetime(2026, 1, 6, tzinfo=UTC), "GMT+5:30"),
        ("UTC-3", datetime(2026, 1, 6, tzinfo=UTC), "GMT−3"),
        ("Europe/Berlin", datetime(2026, 1, 6, tzinfo=UTC), "GMT+1"),
        ("Europe/Berlin", datetime(2026, 7, 6, tzinfo=UTC), "GMT+2"),
        ("Europe/London", datetime(2026, 1, 6, tzinfo=UTC), "UTC"),
    ],
)
def test_label_is_the_offset_at_that_moment(zone: str, at: datetime, label: str) -> None:
    assert zone_label(parse_zone(zone), at) == label


def test_fixed_offset_is_named_by_hours_and_minutes() -> None:
    assert zone_name(timezone(timedelta(hours=-3, minutes=-30))) == "UTC-03:30"
