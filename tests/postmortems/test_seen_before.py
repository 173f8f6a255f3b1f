"""Which incidents are like one, why, and what is shown of them."""

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import declaration, details, impacts, privacy
from incidents.domain.declaration import NewIncident
from incidents.domain.impacts import ImpactContent
from incidents.enums import ChangeVerdict, DetectedBy, IncidentKind, Role, Severity, Status
from incidents.models import Alert, IncidentChange, TimelineEvent
from incidents.permissions import Actor
from incidents.registry import IncidentDraft as Draft
from postmortems.domain import causes, seen_before
from postmortems.domain.causes import CauseContent
from postmortems.models import SimilarityTerm
from postmortems.search import keeping, similarity
from tests.factories import make_action_item, make_cause, make_change, make_incident, make_service, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
OTHERS = (
    "Search answers slowly after the release",
    "Certificates of the mail gateway ended",
    "Disk of the report server is full",
    "Parcel tracking counts twice",
    "Sign-in rejects valid passwords",
)


def incident_of(title, days=1, **fields):
    fields.setdefault("status", Status.CLOSED)
    incident = make_incident(title=title, sort_at=NOW - dt.timedelta(days=days), **fields)
    similarity.refresh([incident.pk])
    return incident


@pytest.fixture(autouse=True)
def _others():
    for title in OTHERS:
        incident_of(title, 30)


def like(incident, user=None):
    return [one.incident for one in seen_before.earlier_than(incident, user or make_user())]


def test_what_is_told_in_the_same_words_comes_first_and_says_so():
    blank = incident_of("Blank front page after a banner template change", 9)
    incident_of("The basket shows a blank line", 8)
    now = incident_of("Front page blank again, banner template", 0)
    first, *_others = seen_before.earlier_than(now, make_user())
    assert first.incident == blank
    assert first.likely_repeat
    (reason,) = first.reasons
    assert reason.startswith("same words: ")
    assert "banner template" in reason


def test_only_earlier_ones_on_pages_and_all_in_the_command():
    now, later = incident_of("Kafka metrics missing", 5), incident_of("Kafka metrics missing again", 1)
    assert like(now) == []
    assert like(later) == [now]
    assert [one.incident for one in seen_before.among_all(now, limit=5)] == [later]


def test_nothing_is_shown_where_nothing_is_alike():
    assert like(incident_of("Elevators stopped", 0)) == []
    assert like(incident_of("!!!", 0)) == []
    assert seen_before.like_draft(Draft(texts=["", "the 12 and a"]), make_user()) == []


def test_hidden_removed_cancelled_ones_and_other_worlds_are_not_shown():
    title = "Kafka metrics missing from Prometheus"
    private = incident_of(title, is_private=True)
    incident_of(title, is_example=True, series="DRILL", removed_at=NOW)
    incident_of(title, is_example=True, series="DRILL")
    incident_of(title, status=Status.CANCELLED)
    drill = incident_of(title, kind=IncidentKind.DRILL)
    near_miss = incident_of(title, kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED)
    backfill = incident_of(title, kind=IncidentKind.BACKFILL)
    assert set(like(incident_of(title, 0))) == {near_miss, backfill}
    assert like(incident_of(title, 0, kind=IncidentKind.DRILL)) == [drill]
    assert len(seen_before.like_draft(Draft(texts=[title]), make_user(), limit=9)) == 3
    # Its causes and what helped are shown, so an admin opens it first.
    admin = make_user(role=Role.ADMIN)
    again = incident_of(title, 0, status=Status.INVESTIGATING)
    assert len(seen_before.like_draft(Draft(texts=[title]), admin, limit=9)) == 3
    assert private not in [one.incident for one in seen_before.earlier_than(again, admin, limit=9)]
    privacy.open_as_admin(actor=Actor.person(admin), incident=private, now=timezone.now())
    assert len(seen_before.like_draft(Draft(texts=[title]), admin, limit=9)) == 4
    assert private in [one.incident for one in seen_before.earlier_than(again, admin, limit=9)]


def test_the_terms_of_many_long_texts_are_counted_a_statement_after_the_other(monkeypatch):
    keys = [incident_of(f"Orders are lost at night in hall {word}", 3).pk for word in ("alpha", "beta")]
    whole = set(SimilarityTerm.objects.filter(incident__in=keys).values_list("incident", "term", "weight"))
    monkeypatch.setattr(similarity, "TERMS_A_STATEMENT", 3)
    with CaptureQueriesContext(connection) as seen:
        similarity.refresh(keys)
    asked = [query["sql"] for query in seen if " IN (" in query["sql"] and "COUNT(" in query["sql"]]
    assert len(asked) > 2
    assert all(sql.count("'") <= 2 * 3 for sql in asked)
    assert set(SimilarityTerm.objects.filter(incident__in=keys).values_list("incident", "term", "weight")) == whole


def test_the_same_service_cause_and_trigger_weigh_more_and_are_said():
    shop, mail = make_service("Storefront"), make_service("Mail")
    there = incident_of("Orders are lost at night", 7, services=[shop, mail])
    elsewhere = incident_of("Orders are lost at night", 6)
    now = incident_of("Orders are lost", 0, services=[shop])
    for incident in (there, now):
        make_cause(incident, "Pool", category="capacity")
        change = make_change(kind="configuration")
        IncidentChange.objects.create(incident=incident, change=change, verdict=ChangeVerdict.TRIGGER)
    first, second = seen_before.earlier_than(now, make_user())
    assert [first.incident, second.incident] == [there, elsewhere]
    for reason in ("same service: Storefront", "same kind of cause: capacity or load"):
        assert reason in first.reasons
        assert reason not in second.reasons
    assert "same kind of trigger: configuration" in first.reasons
    assert first.score > second.score


def test_the_same_alert_and_what_people_confirmed_settle_it():
    before, again = incident_of("Orders are lost at night", 7), incident_of("Orders are lost", 0)
    for incident in (before, again):
        Alert.objects.create(
            fingerprint=str(incident.pk), name="OrdersLost", incident=incident, started_at=incident.sort_at
        )
    (found,) = seen_before.earlier_than(again, make_user())
    assert "same alert: OrdersLost" in found.reasons
    make_cause(again, same_as=make_cause(before))
    (found,) = seen_before.earlier_than(again, make_user())
    assert (found.score, found.reasons[0]) == (1.0, "people said that it is the same")


def test_readers_are_told_no_words_that_may_be_of_a_draft():
    before, again = incident_of("Orders are lost at night", 7), incident_of("Orders are lost", 0)
    (found,) = seen_before.earlier_than(again, make_user(role=Role.READER))
    assert (found.incident, found.reasons) == (before, ())


def test_what_helped_and_who_knows_come_along():
    lead = make_user("Ada")
    before = incident_of("Orders are lost at night", 7, incident_lead=lead)
    for text, starred in (("Queue is empty", False), ("Restarted the broker", True), ("All is well", False)):
        TimelineEvent.objects.create(
            incident=before, kind="recovery", text=text, is_starred=starred, sort_at=NOW, occurred_at=NOW
        )
    make_action_item(before)
    make_action_item(before, status="done")
    draft = Draft(texts=["Orders are lost"])
    (found,) = seen_before.like_draft(draft, make_user())
    assert (found.incident.helped_by_change, found.incident.helped_by_entry) == (None, "Restarted the broker")
    assert (found.incident.incident_lead, found.incident.open_action_items) == (lead, 1)
    fix = make_change("Roll back the broker")
    IncidentChange.objects.create(incident=before, change=fix, verdict=ChangeVerdict.MITIGATION)
    (found,) = seen_before.like_draft(draft, make_user())
    assert found.incident.helped_by_change == "Roll back the broker"


def test_it_takes_two_queries(django_assert_num_queries):
    for day in range(1, 9):
        incident_of("Orders are lost at night", day)
    again, user = incident_of("Orders are lost", 0), make_user()
    # Once in each process Django asks SQLite whether it knows JSON.
    seen_before.earlier_than(again, user)
    with django_assert_num_queries(2):
        assert len(seen_before.earlier_than(again, user)) == 3
    with django_assert_num_queries(2):
        seen_before.like_draft(Draft(texts=["Orders are lost"]), user)


# Kept with what is written


def terms(incident):
    return set(SimilarityTerm.objects.filter(incident=incident).values_list("term", flat=True))


def test_every_text_counts_in_the_transaction_that_writes_it():
    actor = Actor.person(make_user())
    incident = declaration.declare(actor=actor, new=NewIncident(title="Zebra crossing", home_zone="UTC"), now=NOW)
    assert {"zebra", "zebra cros"} <= terms(incident)
    impacts.add(actor=actor, incident=incident, content=ImpactContent(what="giraffes wait"), now=NOW)
    assert "giraf" in terms(incident)
    cause = causes.add(actor=actor, incident=incident, content=CauseContent(title="Paint faded"), now=NOW)
    assert "paint" in terms(incident)
    causes.remove(actor=actor, cause=cause, now=NOW)
    assert "paint" not in terms(incident)
    incident.refresh_from_db()
    new = details.Details(
        title="Lion crossing",
        summary="",
        severity=Severity.SEV2,
        detected_by=DetectedBy.USERS,
        services=[],
        team=None,
        home_zone="UTC",
        tags=[],
    )
    details.edit(actor=actor, incident=incident, details=new, now=NOW)
    assert "zebra" not in terms(incident)
    assert "lion" in terms(incident)
    # What the program writes says nothing about what it was.
    assert "declar" not in terms(incident)


def test_lines_of_a_timeline_are_counted_within_a_minute():
    incident = incident_of("Quiet", 0)
    TimelineEvent.objects.create(
        incident=incident, kind="note", text="Walrus", occurred_at=NOW, sort_at=NOW, updated_at=NOW
    )
    assert "walru" not in {term[:5] for term in terms(incident)}
    keeping.count_new_lines(NOW + dt.timedelta(minutes=1))
    assert "walru" in {term[:5] for term in terms(incident)}


def test_a_long_story_keeps_what_says_most_and_rebuilding_makes_the_same():
    title = " ".join(f"w{letter}{other}rd" for letter in "abcdefgh" for other in "klmnop")
    incident = incident_of(title[:200], 0, summary=title)
    assert len(terms(incident)) == similarity.MOST_TERMS
    before = set(SimilarityTerm.objects.values_list("incident", "term"))
    assert similarity.rebuild(batch=2) == len(OTHERS) + 1
    assert set(SimilarityTerm.objects.values_list("incident", "term")) == before


# The command


def run(*arguments, capsys):
    call_command("similar_incidents", *arguments)
    return capsys.readouterr().out


def test_the_command_prints_one_object_a_line_as_promised(capsys):
    before, again = incident_of("Orders are lost at night", 7, is_private=True), incident_of("Orders are lost", 0)
    make_action_item(before)
    lines = run("--json", again.reference.lower(), before.reference, capsys=capsys).splitlines()
    first, second = map(json.loads, lines)
    assert first["incident"] == again.reference
    (found, *_rest) = first["similar"]
    assert set(found) == {"incident", "title", "score", "likely_repeat", "reasons", "open_action_items"}
    assert (found["incident"], found["open_action_items"], found["likely_repeat"]) == (before.reference, 1, True)
    assert second["similar"][0]["incident"] == again.reference
    text = run("--limit", "1", again.reference, capsys=capsys)
    assert "likely a repeat" in text
    assert "same words: lost, orders" in text


def test_the_command_refuses_what_it_does_not_know(capsys):
    known = incident_of("Orders are lost", 0)
    with pytest.raises(CommandError, match="There is no incident INC-999"):
        run(known.reference, "INC-999", capsys=capsys)
    assert capsys.readouterr().out == ""
    for wrong in ("0", "-1", "many", "101"):
        with pytest.raises(CommandError):
            run("--limit", wrong, known.reference, capsys=capsys)
