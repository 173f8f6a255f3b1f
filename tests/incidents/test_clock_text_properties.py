"""What holds for every text, zone and moment."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.clock_text import (
    ClockContext,
    Moment,
    Zone,
    describe,
    parse_block,
    parse_entry,
    parse_moment,
    parse_zone,
    zone_name,
)
from incidents.clock_text.characters import clean
from incidents.errors import InvalidInput

quick = settings(deadline=None, max_examples=150)

# Zones that change their clocks in both halves of the year, by half an hour, at midnight; with odd offsets; fixed ones.
CHANGING = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"]
ZONE_NAMES = [
    *CHANGING,
    *("America/Havana", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca"),
    *("UTC", "UTC+14:00", "UTC-14:00", "UTC-03:30"),
]
HOUR = timedelta(hours=1)
zones = st.sampled_from(ZONE_NAMES).map(parse_zone)
moments = st.integers(3 * 365 * 86_400, 63 * 365 * 86_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
clocks = st.tuples(st.integers(0, 23), st.integers(0, 59))


@st.composite
def contexts(draw: st.DrawFn, live: bool | None = None) -> ClockContext:
    now = draw(st.datetimes(datetime(2023, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
    earlier = st.none() | st.timedeltas(timedelta(), timedelta(days=400)).map(lambda ago: now - ago)
    is_live = draw(st.booleans()) if live is None else live
    return ClockContext(draw(zones), now, is_live, draw(earlier), draw(earlier), draw(st.booleans()))


PIECES = [
    *("* ", "- ", "1. ", "**", "`", "[", "]", "(", ")", "| ", "|---|---|\n", "```\n", ": ", " ", "\n", "\r\n", "x"),
    *("01:30", "1:30 am", "13h30", "24:00", "25:61", "0130", "1.30", "14:??", "now", "noon", "midnight"),
    *("+20m", "-5m", "+99999h", "T+05", "–02:00", "~", "by ", " first", " second", "fix: ", "note:"),
    *("yesterday ", "tomorrow ", "Mon ", "6 Jan ", "29 Feb ", "06/01 ", "31/02/2026 ", "2026-01-06"),
    *("9999-12-31", "0000-00-00", "T", "Z", " UTC", " GMT+2", " +99:99", " Europe/Berlin", " IST"),
    *("\u202f", "：", "٣", "²", "\x00", "\ud800", "Ada Okoro  1:48 AM\n"),
]
typed_texts = st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def attempt(text: str, context: ClockContext) -> tuple[datetime | None, str]:
    """The moment that a time means, or the code with which it is refused."""
    try:
        return parse_moment(text, context).at, ""
    except InvalidInput as refusal:
        return None, refusal.code


def local_clock(at: datetime, zone: Zone) -> tuple[int, int]:
    local = at.astimezone(zone)
    return local.hour, local.minute


@settings(quick, max_examples=400)
@given(typed_texts, contexts())
def test_nothing_but_a_refusal_comes_out_of_any_text(text: str, context: ClockContext) -> None:
    found: list[Moment | None] = []
    with suppress(InvalidInput):
        found.append(parse_moment(text, context))
    with suppress(InvalidInput):
        found.append(parse_entry(text, context).moment)
    with suppress(InvalidInput):
        found += [entry.moment for entry in parse_block(text, context)]
    for moment in filter(None, found):
        assert (moment.at is None) == bool(moment.time_text) == (moment.utc_offset_minutes is None)
        assert len(moment.time_text) <= 60
        assert moment.at is None or not context.live or moment.at <= context.now


@quick
@given(st.text(max_size=40) | st.text(alphabet="UTCGMZ+-0123456789: ", max_size=10))
def test_zone_is_refused_or_can_be_stored(text: str) -> None:
    with suppress(InvalidInput):
        stored = zone_name(parse_zone(text))
        assert zone_name(parse_zone(stored)) == stored


@quick
@given(st.integers(-14 * 60, 14 * 60))
def test_offset_survives_being_stored(minutes: int) -> None:
    hours, rest = divmod(abs(minutes), 60)
    zone = parse_zone(f"GMT{'-' if minutes < 0 else '+'}{hours}:{rest:02}")
    assert zone.utcoffset(datetime(2026, 1, 6)) == timedelta(minutes=minutes)
    assert parse_zone(zone_name(zone)) == zone


@quick
@given(moments, zones, contexts(live=False))
def test_what_is_echoed_means_the_same_moment(at: datetime, zone: Zone, context: ClockContext) -> None:
    echoed = parse_moment(describe(at, zone), context)
    assert echoed.at == at
    assert parse_moment(at.astimezone(zone).isoformat(), context) == echoed


@quick
@given(clocks, contexts(live=True))
def test_live_time_is_the_latest_that_has_been(clock: tuple[int, int], context: ClockContext) -> None:
    at, refused = attempt("{:02}:{:02}".format(*clock), context)
    if at is None:
        assert refused in {"no_such_time", "doubled_time"}
        return
    assert context.now - 25 * HOUR < at <= context.now
    assert local_clock(at, context.zone) == clock


@quick
@given(clocks, contexts(live=False))
def test_time_afterwards_is_within_half_a_day_of_what_came_before(
    clock: tuple[int, int], context: ClockContext
) -> None:
    at, refused = attempt("{:02}:{:02}".format(*clock), context)
    if at is None:
        assert refused in {"no_such_time", "doubled_time"}
        return
    assert abs(at - context.reference) <= 13 * HOUR
    assert local_clock(at, context.zone) == clock


@quick
@given(st.integers(2000, 2030), st.sampled_from(CHANGING), st.integers(0, 47), st.booleans())
def test_each_half_hour_around_a_change_of_clocks(year: int, name: str, half_hours: int, later: bool) -> None:
    zone = ZoneInfo(name)
    days = [datetime(year, 1, 1, 12) + timedelta(days=n) for n in range(366)]
    offsets = [day.replace(tzinfo=zone).utcoffset() for day in days]
    changes = [day for day, (before, after) in zip(days, pairwise(offsets), strict=False) if before != after]
    wall = changes[-1 if later else 0] + timedelta(minutes=30 * half_hours)
    shown = {at for at in _around(wall) if at.astimezone(zone).replace(tzinfo=None) == wall}
    context = ClockContext(zone, datetime(2032, 1, 1, tzinfo=UTC), live=False)
    typed = f"{wall:%Y-%m-%d %H:%M}"
    at, refused = attempt(typed, context)
    assert refused == ["no_such_time", "", "doubled_time"][len(shown)]
    assert {at} - {None} == (shown if len(shown) == 1 else set())
    answers = {attempt(f"{typed} {turn}", context)[0] for turn in ("first", "second")} - {None}
    assert answers == (shown if len(shown) == 2 else set())


def _around(wall: datetime) -> list[datetime]:
    """Every quarter of an hour that could show a time in any zone."""
    return [wall.replace(tzinfo=UTC) + timedelta(minutes=15 * quarter) for quarter in range(-60, 61)]


@quick
@given(st.lists(clocks, min_size=1, max_size=12), moments)
def test_time_in_a_block_is_on_the_same_day_unless_that_is_half_a_day_back(
    times: list[tuple[int, int]], start: datetime
) -> None:
    context = ClockContext(UTC, datetime(2033, 6, 1, tzinfo=UTC), live=False, previous_at=start)
    entries = parse_block("\n".join(f"{hour:02}:{minute:02} x" for hour, minute in times), context)
    found = [entry.moment.at for entry in entries if entry.moment and entry.moment.at]
    assert [(at.hour, at.minute) for at in found] == times
    for before, after in pairwise(found):
        same_day = datetime.combine(before.date(), after.timetz())
        assert after == (same_day if same_day >= before - 12 * HOUR else same_day + 24 * HOUR)


SAID_WITH_TIMES = {"hrs", "uhr", "to", "until", "till", "z", "am", "pm", "a", "p"}
words = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=12).filter(
    lambda word: word.casefold() not in SAID_WITH_TIMES and not word.isupper()
)
beginnings = st.sampled_from(["", "* ", "01:30 ", "* 01:30 ", "fix: ", "01:30 fix: "])


@quick
@given(st.lists(words, min_size=1, max_size=8).map(" ".join), beginnings)
def test_words_are_kept(text: str, before: str) -> None:
    context = ClockContext(UTC, datetime(2026, 1, 6, 12, tzinfo=UTC))
    entry = parse_entry(before + text, context)
    assert entry.text == text
    assert entry.starred == ("*" in before)
    assert (entry.moment is not None) == (":30" in before)
    assert (entry.kind is not None) == ("fix" in before)


@quick
@given(typed_texts.filter(lambda text: not set(text) & set("*_|–-\n")), contexts())
def test_text_is_the_end_of_what_was_typed(text: str, context: ClockContext) -> None:
    with suppress(InvalidInput):
        assert clean(text).rstrip().endswith(parse_entry(text, context).text)
