"""Made-up incidents: flagged, possible, repeatable, and never among real ones."""

from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command, load_command_class

from incidents import markup
from incidents.domain.durations import impossible_order
from incidents.enums import IncidentKind, Milestone, Series, Severity, Source, Status
from incidents.models import AuditEntry, Incident, NumberCounter, OutboxMessage, TimelineEvent, User
from incidents.models.incident import SEVERITY_RANK
from tests.factories import make_incident

pytestmark = pytest.mark.django_db


def seed_load(incidents=200, **options):
    call_command("seed_load", incidents=incidents, verbosity=0, **options)


def test_it_writes_what_was_asked_for():
    seed_load(incidents=200, events_per_incident=3)
    assert Incident.objects.count() == 200
    assert TimelineEvent.objects.count() == 600
    assert set(Incident.objects.values_list("is_synthetic", "source")) == {(True, Source.SYNTHETIC)}
    assert set(TimelineEvent.objects.values_list("source", flat=True)) == {Source.SYNTHETIC}


def test_numbers_have_no_gaps_and_go_on_after_a_second_run(monkeypatch):
    monkeypatch.setattr("incidents.synthetic.CHUNK", 60)
    seed_load(incidents=150)
    seed_load(incidents=50, seed=2)
    for series in Series:
        numbers = list(Incident.objects.filter(series=series).order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        assert NumberCounter.objects.get(series=series).last == len(numbers)
    assert set(Incident.objects.filter(kind=IncidentKind.DRILL).values_list("series", flat=True)) == {Series.DRILL}


def test_rows_are_possible():
    seed_load(incidents=300)
    for incident in Incident.objects.all():
        assert impossible_order(incident) == []
        assert incident.sort_at == incident.earliest_known_at
        assert incident.severity_rank == SEVERITY_RANK[incident.severity]
        assert incident.title_key == incident.title.casefold()
        known = [at for milestone in Milestone if (at := incident.milestone(milestone))]
        assert all(earlier <= later for earlier, later in pairwise(known))


def test_rows_are_spread():
    seed_load(incidents=300)
    incidents = Incident.objects.all()
    assert {*incidents.values_list("severity", flat=True)} == set(Severity)
    assert {*incidents.values_list("kind", flat=True)} == set(IncidentKind)
    assert {Status.CLOSED, Status.RESOLVED, Status.CANCELLED} <= {*incidents.values_list("status", flat=True)}
    assert 0 < incidents.filter(is_private=True).count() < 40
    times = incidents.order_by("sort_at").values_list("sort_at", flat=True)
    assert (times[299] - times[0]).days > 2 * 365
    assert incidents.filter(services=None).count() < 40 < incidents.values("incident_lead").distinct().count()


def test_events_hold_the_html_that_the_renderer_makes():
    seed_load(incidents=30)
    for event in TimelineEvent.objects.all():
        assert event.html == markup.render(event.text, breaks=True)
        assert event.renderer_version == markup.RENDERER_VERSION


def test_the_same_seed_makes_the_same_rows_and_another_one_others():
    def titles(since):
        return list(Incident.objects.filter(pk__gt=since).order_by("pk").values_list("title", "severity", "sort_at"))

    seed_load(incidents=20, seed=7)
    first = titles(0)
    last = Incident.objects.latest("pk").pk
    seed_load(incidents=20, seed=7)
    assert titles(last) == first
    last = Incident.objects.latest("pk").pk
    seed_load(incidents=20, seed=8)
    assert titles(last) != first


def test_nobody_can_sign_in_as_a_made_up_person():
    seed_load(incidents=5)
    assert User.objects.exists()
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_nothing_goes_out_and_nothing_is_claimed_in_the_audit():
    seed_load(incidents=5)
    assert not OutboxMessage.objects.exists()
    assert not AuditEntry.objects.filter(incident__isnull=False).exists()


def test_a_database_with_real_incidents_is_left_alone():
    make_incident(title="Real")
    with pytest.raises(CommandError, match="real incidents"):
        seed_load()
    assert Incident.objects.count() == 1


def test_examples_and_synthetic_ones_are_no_hindrance():
    make_incident(is_example=True)
    make_incident(is_synthetic=True)
    seed_load(incidents=5)
    assert Incident.objects.count() == 7


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch):
    def fail(*args):
        raise RuntimeError("no more")

    monkeypatch.setattr("incidents.synthetic._write_what_hangs_on", fail)
    with pytest.raises(RuntimeError, match="no more"):
        seed_load(incidents=5)
    assert not Incident.objects.exists()
    assert not User.objects.exists()
    assert set(NumberCounter.objects.values_list("last", flat=True)) == {0}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"incidents": 0}, "--incidents is 0"),
        ({"incidents": -1}, "--incidents is -1"),
        ({"incidents": 1_000_001}, "has to be from 1 to 1000000"),
        ({"events_per_incident": -1}, "--events-per-incident is -1"),
        ({"events_per_incident": 1001}, "has to be from 0 to 1000"),
    ],
)
def test_bad_input_is_one_clear_line(options, complaint):
    with pytest.raises(CommandError, match=complaint) as refused:
        seed_load(**options)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 1
    assert not Incident.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--incidents", "many"], ["--incidents"], ["--incidents", "1", "--huge"]])
def test_wrong_usage_ends_with_status_2(arguments):
    command = load_command_class("incidents", "seed_load")
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as ended:
        command.create_parser("manage.py", "seed_load").parse_args(arguments)
    assert ended.value.code == 2
