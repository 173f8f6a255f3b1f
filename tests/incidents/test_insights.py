"""Figures over many incidents: the same as counting each of them by hand, on either engine."""

import datetime as dt
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.domain.durations import INVALID as WRONG
from incidents.domain.durations import RECORDED, DurationName, duration, impossible_order, phases
from incidents.enums import DetectedBy, IncidentKind, Milestone, Precision, Severity, Status
from incidents.insights import (
    BOUND,
    FEWEST,
    INVALID,
    MERGED,
    PHASES,
    Share,
    gather,
    phase_minutes,
    service_places,
    steps,
    steps_of,
)
from incidents.models import Incident
from tests.factories import make_incident, make_service
from tests.incident_pages import client_of

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 1, 5, 23, 30, 40, tzinfo=dt.UTC)


def scattered(count: int) -> None:
    """Incidents whose milestones are known or not, exact or a bound, in the right order or not, to the second."""
    rng = Random(26)
    for _number in range(count):
        at = START
        fields: dict[str, Any] = {}
        for milestone in Milestone:
            at += dt.timedelta(seconds=rng.choice((0, 25, 59, 60, 61, 700, 4000, -130)))
            if rng.random() < 0.8:
                fields[f"{milestone}_at"] = at
                fields[f"{milestone}_precision"] = rng.choice((*Precision.values, *[Precision.EXACT] * 5))
        blank: dict[str, Any] = {f"{milestone}_at": None for milestone in Milestone}
        make_incident(status=rng.choice((Status.CLOSED, Status.MONITORING)), sort_at=START, **{**blank, **fields})


def test_durations_and_phases_are_those_that_the_domain_counts():
    scattered(120)
    found = gather(Incident.objects.in_figures())
    seen: set[Any] = set()
    for place, key in enumerate(found.keys):
        incident = Incident.objects.get(pk=key)
        for name in DurationName:
            length = duration(incident, name)
            expected = None
            if length.state == WRONG:
                expected = INVALID
            elif length.state == RECORDED:
                expected = length.seconds // 60 if length.counts_in_medians else BOUND
            assert found.durations[name][place] == expected, (incident, name)
            seen.add("minutes" if expected is not None and expected >= 0 else expected)
        told = tuple(column[place] for column in found.phases) if found.has_phases[place] else None
        assert (told is None) == bool(impossible_order(incident))
        if told is not None:
            minutes = dict.fromkeys(PHASES, 0)
            for phase in phases(incident):
                minutes[phase.names[0] if len(phase.names) == 1 else MERGED] += phase.seconds // 60
            assert dict(zip(PHASES, told, strict=True)) == minutes
        seen.add("phases" if told else told)
    assert seen == {"minutes", None, BOUND, INVALID, "phases"}


def test_a_cause_found_after_the_repair_divides_nothing():
    line = [0, 1, 1, 2, 30, 20, 25, 40]
    assert phase_minutes(line) == (1, 1, 0, 0, 5, 18)
    line[4] = 12
    assert phase_minutes(line) == (1, 1, 10, 8, 5, 0)


def test_near_misses_drills_the_example_and_what_was_cancelled_never_count():
    counted = {make_incident().pk, make_incident(kind=IncidentKind.BACKFILL, status=Status.CLOSED).pk}
    near_miss = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.CLOSED)
    make_incident(kind=IncidentKind.DRILL)
    make_incident(is_example=True)
    make_incident(status=Status.CANCELLED)
    make_incident(kind=IncidentKind.NEAR_MISS, status=Status.CANCELLED)
    assert set(gather(Incident.objects.in_figures()).keys) == counted
    assert [incident.pk for incident in Incident.objects.near_misses()] == [near_miss.pk]


def took(minutes: int, **fields: Any) -> Incident:
    return make_incident(
        status=Status.CLOSED,
        impact_started_at=START,
        detected_at=START + dt.timedelta(minutes=minutes),
        **dict[str, Any]({f"{milestone}_at": None for milestone in list(Milestone)[2:]}),
        **fields,
    )


def test_few_are_listed_and_many_have_quartiles():
    for minutes in range(FEWEST - 1, 0, -1):
        took(minutes)
    took(5, detected_precision=Precision.NOT_LATER)
    took(-5)
    found = gather(Incident.objects.in_figures())
    few = found.distribution(DurationName.TO_DETECT, range(len(found)))
    assert (few.n, few.bounds, few.invalid, few.is_listed) == (FEWEST - 1, 1, 1, True)
    assert [minutes for minutes, _number in few.members] == list(range(1, FEWEST))
    assert {number for _minutes, number in few.members} <= set(found.numbers)

    took(100)
    found = gather(Incident.objects.in_figures())
    many = found.distribution(DurationName.TO_DETECT, range(len(found)))
    assert (many.n, many.is_listed, many.members) == (FEWEST, False, [])
    # 1 to 19 and 100: the median lies between 10 and 11, the quartiles at 5.75 and 15.25.
    assert [many.quantile(part) for part in (0.25, 0.5, 0.75, 1)] == [6, 11, 15, 100]


def test_users_first_is_a_part_of_those_where_it_is_known():
    for who in (DetectedBy.USERS, DetectedBy.USERS, DetectedBy.MONITORING, DetectedBy.UNKNOWN):
        make_incident(detected_by=who)
    found = gather(Incident.objects.in_figures())
    assert found.users_first(range(4)) == Share(2, 3, 1)
    assert Share(2, 3).percent == 67
    assert Share(1, 8).percent == 13
    assert Share(0, 0).percent is None


def test_each_incident_has_its_services_and_its_severity():
    checkout, search = make_service("Checkout"), make_service("Search")
    make_incident(services=[checkout, search], severity=Severity.SEV1)
    make_incident(services=[search])
    found = gather(Incident.objects.filter(severity=Severity.SEV1))
    assert sorted(service_places(found)) == [(checkout.pk, 0), (search.pk, 0)]
    found = gather(Incident.objects.in_figures())
    assert {key: len(places) for key, places in found.places(found.severities).items()} == {"sev1": 1, "sev2": 1}


def test_nothing_at_all_is_no_error():
    found = gather(Incident.objects.none())
    assert len(found) == 0
    assert found.distribution(DurationName.TO_RESOLVE, []).n == 0
    assert found.minutes_spent([]).total == 0


@pytest.mark.parametrize(
    ("since", "until", "labels"),
    [
        ("2026-01-31", "2026-03-01", ["2026-01", "2026-02", "2026-03"]),
        ("2025-11-28", "2026-01-01", ["2025-11", "2025-12", "2026-01"]),
        (
            "2024-02-01",
            "2025-12-31",
            ["2024 Q1", "2024 Q2", "2024 Q3", "2024 Q4", *(f"2025 Q{n}" for n in range(1, 5))],
        ),
        ("1999-12-31", "2026-01-01", [str(year) for year in range(1999, 2027)]),
        ("2026-01-01", "2026-01-01", ["2026-01"]),
    ],
)
def test_time_is_cut_into_months_quarters_or_years(since, until, labels):
    found = steps(dt.date.fromisoformat(since), dt.date.fromisoformat(until))
    assert [step.label for step in found] == labels
    assert found[0].first_day <= dt.date.fromisoformat(since)
    assert found[-1].last_day >= dt.date.fromisoformat(until)
    assert all(later.first_day - earlier.last_day == dt.timedelta(days=1) for earlier, later in pairwise(found))


def test_a_month_begins_at_midnight_where_the_reader_is():
    zone = ZoneInfo("Africa/Johannesburg")
    found = steps(dt.date(2026, 1, 1), dt.date(2026, 2, 28))
    late = [dt.datetime(2026, 1, 31, 21, 59, tzinfo=dt.UTC), dt.datetime(2026, 1, 31, 22, 0, tzinfo=dt.UTC)]
    assert steps_of([int(at.timestamp() // 60) for at in late], found, zone) == [0, 1]


@pytest.mark.parametrize("name", DurationName)
def test_the_list_can_be_narrowed_down_to_what_was_measured_and_what_is_wrong(name):
    scattered(60)
    found = gather(Incident.objects.in_figures())
    column = found.durations[name]
    client = client_of("reader")
    for state, meant in (("recorded", lambda minutes: minutes >= 0), ("invalid", lambda minutes: minutes == INVALID)):
        page = client.get("/incidents/", {"figures": "counted", "duration": f"{name}:{state}"})
        expected = {found.keys[place] for place, minutes in enumerate(column) if minutes is not None and meant(minutes)}
        assert 0 < len(expected) < 60
        assert len(page.context["rows"]) == min(len(expected), 50)
