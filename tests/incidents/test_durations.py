"""Durations and phases: no made-up numbers, and parts that add up to what is printed beside them."""

import datetime as dt
import re

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.durations import (
    BETWEEN,
    BOUNDARIES,
    Duration,
    DurationName,
    Phase,
    durations,
    impossible_order,
    phases,
)
from incidents.duration_text import format_duration
from incidents.enums import IncidentKind, Milestone, Precision, Status
from incidents.models import Incident
from incidents.templatetags.phases import NARROWEST, WIDEST_LATENT, WIDTH, draw

SEED_CHANGE = dt.datetime(2026, 1, 5, 22, 57, tzinfo=dt.UTC)
SEED = {"impact_started": "23:30", "detected": "23:30", "acknowledged": "23:33", "identified": "23:56"}
SEED |= {"mitigated": "23:58", "resolved": "00:00"}


def moment(clock: str) -> dt.datetime:
    """That time in the night from the 5th to the 6th of January 2026, with or without seconds."""
    time = dt.time.fromisoformat(clock)
    return dt.datetime.combine(dt.date(2026, 1, 5 if time.hour > 12 else 6), time, tzinfo=dt.UTC)


def incident(
    times: dict[str, str],
    *,
    status: str = Status.RESOLVED,
    kind: str = IncidentKind.INCIDENT,
    **precisions: str,
) -> Incident:
    fields: dict[str, object] = {f"{milestone}_at": moment(clock) for milestone, clock in times.items()}
    fields |= {f"{milestone}_precision": precision for milestone, precision in precisions.items()}
    return Incident(series="INC", number=1, title="x", status=status, kind=kind, **fields)


def by_name(subject: Incident) -> dict[str, Duration]:
    return {duration.name.value: duration for duration in durations(subject)}


def texts(subject: Incident) -> list[str]:
    return [duration.text for duration in durations(subject)]


def named(found: list[Phase]) -> list[tuple[str, str]]:
    return [(phase.label, phase.text) for phase in found]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (33 * 60 + 59, "33 min"),
        (59 * 60, "59 min"),
        (3600, "1 h"),
        (2 * 3600 + 5 * 60, "2 h 05 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (48 * 3600, "2 d"),
        (76 * 3600, "3 d 04 h"),
        (76 * 3600 + 60, "3 d 04 h 01 min"),
        (72 * 3600 + 60, "3 d 00 h 01 min"),
        (-33 * 60, "−33 min"),
    ],
)
def test_a_length_is_written_in_whole_minutes(seconds, text):
    assert format_duration(seconds) == text


def test_the_four_durations_of_a_night():
    assert texts(incident(SEED)) == ["under 1 min", "3 min", "28 min", "30 min"]
    assert [str(duration.name.label) for duration in durations(incident(SEED))] == [
        "to detect",
        "to acknowledge",
        "to mitigate",
        "to resolve",
    ]


def test_a_missing_end_is_pending_while_open_and_not_applicable_afterwards():
    times = {"impact_started": "23:30", "detected": "23:31"}
    assert texts(incident(times, status=Status.INVESTIGATING)) == ["1 min", "pending", "pending", "pending"]
    assert texts(incident(times)) == ["1 min", "not applicable", "not applicable", "not applicable"]


def test_a_missing_start_makes_no_zero():
    times = {"detected": "23:31", "resolved": "23:59"}
    found = by_name(incident(times))
    assert found["to_resolve"].state == "not_applicable"
    assert found["to_resolve"].seconds is None


@pytest.mark.parametrize(
    ("status", "kind"), [(Status.RESOLVED, IncidentKind.NEAR_MISS), (Status.CANCELLED, IncidentKind.INCIDENT)]
)
def test_near_misses_and_cancelled_incidents_have_no_durations(status, kind):
    subject = incident(SEED, status=status, kind=kind)
    assert {duration.state for duration in durations(subject)} == {"not_applicable"}
    assert phases(subject) == []


@pytest.mark.parametrize("kind", [IncidentKind.INCIDENT, IncidentKind.BACKFILL, IncidentKind.DRILL])
def test_all_other_kinds_have_them(kind):
    assert {duration.state for duration in durations(incident(SEED, kind=kind))} == {"recorded"}


def test_the_wrong_order_is_said_and_not_counted():
    found = by_name(incident({**SEED, "detected": "23:20"}))["to_detect"]
    assert (found.state, found.seconds, found.text) == ("invalid", None, "times in the wrong order")
    assert not found.counts_in_medians


@pytest.mark.parametrize(
    ("start", "end", "bound", "text", "counts"),
    [
        (Precision.EXACT, Precision.EXACT, "", "30 min", True),
        (Precision.ABOUT, Precision.EXACT, "", "about 30 min", True),
        (Precision.EXACT, Precision.ABOUT, "", "about 30 min", True),
        (Precision.NOT_LATER, Precision.EXACT, ">=", "≥ 30 min", False),
        (Precision.EXACT, Precision.NOT_LATER, "<=", "≤ 30 min", False),
        (Precision.NOT_LATER, Precision.NOT_LATER, "~", "~ 30 min", False),
        (Precision.NOT_LATER, Precision.ABOUT, ">=", "≥ about 30 min", False),
        (Precision.ABOUT, Precision.NOT_LATER, "<=", "≤ about 30 min", False),
    ],
)
def test_a_bound_is_printed_and_stays_out_of_medians(start, end, bound, text, counts):
    found = by_name(incident(SEED, impact_started=start, resolved=end))["to_resolve"]
    assert (found.bound, found.text, found.counts_in_medians) == (bound, text, counts)
    assert found.about == (Precision.ABOUT in (start, end))


def test_the_least_bound_is_no_measurement():
    subject = incident(SEED, impact_started=Precision.NOT_LATER)
    assert by_name(subject)["to_detect"].text == "≥ 0 min"
    assert by_name(incident(SEED, detected=Precision.NOT_LATER))["to_detect"].text == "under 1 min"


def test_seconds_do_not_put_what_is_in_one_minute_into_the_wrong_order():
    subject = incident({"impact_started": "23:30:40", "detected": "23:30:10", "resolved": "23:31:05"})
    assert impossible_order(subject) == []
    assert texts(subject)[0] == "under 1 min"
    assert by_name(subject)["to_resolve"].text == "1 min"


def test_the_phases_of_a_night():
    assert named(phases(incident(SEED), SEED_CHANGE)) == [
        ("latent", "33 min"),
        ("undetected", "under 1 min"),
        ("unacknowledged", "3 min"),
        ("diagnosing", "23 min"),
        ("fixing", "2 min"),
        ("verifying", "2 min"),
    ]


def test_a_missing_milestone_merges_the_phases_beside_it():
    times = {name: clock for name, clock in SEED.items() if name != "acknowledged"}
    found = phases(incident(times))
    assert [phase.names for phase in found] == [
        ("undetected",),
        ("unacknowledged", "diagnosing"),
        ("fixing",),
        ("verifying",),
    ]
    assert (found[1].label, found[1].key, found[1].text) == ("unacknowledged and diagnosing", "merged", "26 min")


def test_with_start_and_end_alone_there_is_one_phase():
    (only,) = phases(incident({"impact_started": "23:30", "resolved": "00:00"}))
    assert only.label == "undetected, unacknowledged, diagnosing, fixing and verifying"
    assert only.seconds == 30 * 60


def test_a_phase_carries_the_bound_of_its_ends():
    found = phases(incident(SEED, detected=Precision.NOT_LATER, acknowledged=Precision.ABOUT))
    assert [phase.text for phase in found[:3]] == ["under 1 min", "≥ about 3 min", "about 23 min"]


def test_a_cause_found_after_the_repair_is_no_wrong_order_and_divides_nothing():
    subject = incident({**SEED, "identified": "09:00"})
    assert impossible_order(subject) == []
    assert [phase.names for phase in phases(subject)][2] == ("diagnosing", "fixing")
    assert sum(phase.seconds for phase in phases(subject)) == by_name(subject)["to_resolve"].seconds


def test_a_change_after_the_impact_began_was_never_latent():
    assert phases(incident(SEED), moment("23:40")) == phases(incident(SEED))
    assert phases(incident({"detected": "23:30", "resolved": "00:00"}), SEED_CHANGE)[0].names != ("latent",)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"detected": "23:20"}, "“Detected” is before “Impact started”."),
        ({"identified": "23:31"}, "“Identified” is before “Acknowledged”."),
        ({"resolved": "23:57"}, "“Resolved” is before “Mitigated”."),
        ({"declared": "23:10"}, "“Declared” is before “Detected”."),
        ({"closed": "23:59"}, "“Closed” is before “Resolved”."),
    ],
)
def test_a_wrong_order_is_named_and_leaves_no_phases(wrong, sentence):
    subject = incident({**SEED, **wrong})
    assert impossible_order(subject) == [sentence]
    assert phases(subject) == []


def test_what_is_written_down_later_is_in_a_possible_order():
    assert impossible_order(incident({**SEED, "declared": "09:00", "closed": "10:00"})) == []


TIMES = st.one_of(st.none(), st.datetimes(dt.datetime(2026, 1, 5), dt.datetime(2026, 1, 9), timezones=st.just(dt.UTC)))
IN_ORDER = st.lists(TIMES, min_size=len(BOUNDARIES), max_size=len(BOUNDARIES)).map(
    lambda times: _fill(times, sorted(time for time in times if time is not None))
)


def _fill(times: list[dt.datetime | None], ordered: list[dt.datetime]) -> list[dt.datetime | None]:
    remaining = iter(ordered)
    return [None if time is None else next(remaining) for time in times]


def milestones(times: list[dt.datetime | None]) -> Incident:
    fields = {f"{milestone}_at": time for milestone, time in zip(BOUNDARIES, times, strict=True)}
    return Incident(series="INC", number=1, title="x", status=Status.RESOLVED, **fields)


@given(IN_ORDER)
def test_phases_add_up_to_every_duration_between_their_ends(times):
    subject = milestones(times)
    found = phases(subject)
    assert all(phase.seconds >= 0 and phase.seconds % 60 == 0 for phase in found)
    for duration in durations(subject):
        start, end = (subject.milestone(milestone) for milestone in BETWEEN[duration.name])
        if start is None or end is None:
            assert duration.seconds is None
        else:
            between = [phase.seconds for phase in found if phase.started_at >= start and phase.ended_at <= end]
            assert sum(between) == duration.seconds


@given(IN_ORDER)
def test_every_phase_is_in_the_bar_once_and_in_order(times):
    subject = milestones(times)
    names = [name for phase in phases(subject) for name in phase.names]
    all_names = ["undetected", "unacknowledged", "diagnosing", "fixing", "verifying"]
    known = [index for index, time in enumerate(times) if time is not None]
    assert names == (all_names[known[0] : known[-1]] if known else [])


@given(st.lists(TIMES, min_size=len(BOUNDARIES), max_size=len(BOUNDARIES)))
def test_whatever_the_order_nothing_is_negative_and_every_contradiction_is_named(times):
    subject = milestones(times)
    assert all(phase.seconds >= 0 for phase in phases(subject))
    if impossible_order(subject):
        assert phases(subject) == []
    if any(duration.state == "invalid" for duration in durations(subject)):
        assert impossible_order(subject)


def render(subject: Incident, change: dt.datetime | None = None) -> str:
    template = Template("{% load phases %}{% phase_bar phases total %}")
    total = by_name(subject)[DurationName.TO_RESOLVE]
    return template.render(Context({"phases": phases(subject, change), "total": total}))


def test_the_bar_is_a_picture_with_a_legend_and_no_inline_style():
    html = render(incident(SEED), SEED_CHANGE)
    assert 'role="img"' in html
    assert "style=" not in html
    assert "<title>diagnosing: 23 min</title>" in html
    assert "before impact" in html
    assert "30 min in all" in html
    # A phase of no length is in the sum and not in the picture.
    assert "undetected" not in html
    assert html.count("<rect x=") == 5 == html.count("<li>") - 1


def test_without_a_latent_phase_there_is_no_hatching():
    assert "phase-hatch" not in render(incident(SEED))
    assert "phase-hatch" in render(incident(SEED), SEED_CHANGE)


def test_no_phases_no_picture():
    assert render(incident({**SEED, "detected": "23:20"})).strip() == ""


def test_a_total_that_is_not_known_is_not_printed():
    html = render(incident({"impact_started": "23:30", "mitigated": "23:40"}))
    assert "10 min" in html
    assert "in all" not in html


def test_a_change_of_last_month_does_not_squeeze_the_incident():
    found = draw(phases(incident(SEED), SEED_CHANGE - dt.timedelta(days=30)))
    assert found[0].is_cut
    assert found[0].width == WIDEST_LATENT
    assert "not to scale" in render(incident(SEED), SEED_CHANGE - dt.timedelta(days=30))
    assert "not to scale" not in render(incident(SEED), moment("23:25"))


@given(IN_ORDER, TIMES)
def test_the_segments_fill_the_bar_and_none_vanishes(times, change):
    found = draw(phases(milestones(times), change))
    assert all(segment.width >= NARROWEST for segment in found)
    assert [segment.x for segment in found] == [sum(other.width for other in found[:i]) for i in range(len(found))]
    assert sum(segment.width for segment in found) == (WIDTH if found else 0)


def test_every_milestone_has_a_label_for_the_sentences():
    assert all(re.fullmatch(r"[A-Z][a-z ]+", str(milestone.label)) for milestone in Milestone)
