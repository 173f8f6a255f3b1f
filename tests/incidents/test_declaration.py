"""How an incident begins: reports, declarations, near misses, drills, numbers without gaps, double presses."""

import datetime as dt
import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from incidents.domain import declaration
from incidents.domain.declaration import NewIncident
from incidents.enums import DetectedBy, IncidentKind, Precision, Role, Series, Severity, Status, TimelineKind
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import Incident, IncidentMember
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_user
from tests.incident_pages import at_once, client_of, declare, recorded, stored, text_of, url

pytestmark = pytest.mark.django_db

NEW = "/incidents/new/"


def numbers():
    return list(Incident.objects.filter(series="INC").order_by("number").values_list("number", flat=True))


def test_a_reader_reports_with_a_title_alone():
    reader = client_of(Role.READER)
    with recorded() as audit:
        incident = declare(reader, "The page is white", kind="report")
    assert (incident.status, incident.severity, incident.kind) == ("triage", "unknown", "incident")
    assert (incident.declared_by, incident.home_zone) == (reader.user, "UTC")
    assert incident.impact_started_at is None
    assert incident.detected_at is None
    assert incident.sort_at == incident.declared_at
    event = incident.timeline.get()
    assert (event.kind, event.text) == (TimelineKind.REPORT, "Reported: The page is white")
    assert [(entry.action, entry.actor, entry.changes["status"]) for entry in audit] == [
        ("incident.reported", reader.user, [None, "triage"])
    ]


def test_a_report_keeps_who_noticed_since_when_and_who_cannot_do_what():
    service = make_service("Storefront")
    incident = declare(
        client_of(Role.READER),
        kind="report",
        services=[service.pk],
        impact="visitors see an empty page",
        detected_by="users",
        impact_started="about -19m",
    )
    assert (incident.detected_by, incident.impact_started_precision) == (DetectedBy.USERS, Precision.ABOUT)
    assert list(incident.services.all()) == [service]
    impact = incident.impacts.get()
    assert (impact.what, impact.from_at) == ("visitors see an empty page", incident.impact_started_at)
    assert incident.sort_at == incident.impact_started_at


def test_a_reader_who_asks_to_declare_reports_and_cannot_smuggle_more_in():
    reader = client_of(Role.READER)
    assert reader.get(f"{NEW}?kind=declare").context["kind"] == "report"
    incident = declare(
        reader,
        kind="declare",
        severity="sev1",
        is_private="on",
        is_drill="on",
        status="closed",
        number="77",
        summary="x",
        version="9",
        declared_by=make_user().pk,
        home_zone="Asia/Kolkata",
        series="DRILL",
    )
    assert (incident.status, incident.severity, incident.is_private, incident.series) == (
        *("triage", "unknown", False),
        "INC",
    )
    assert (incident.summary, incident.version, incident.declared_by) == ("", 1, reader.user)


def test_a_responder_declares_with_a_severity():
    client = client_of()
    incident = declare(client, severity="sev1", is_private="")
    assert (incident.status, incident.severity, incident.severity_rank) == ("investigating", "sev1", 0)
    assert incident.timeline.get().text == "Declared as SEV1."
    assert declare(client).timeline.get().text == "Declared; severity not yet known."


def test_somebody_without_a_role_begins_nothing():
    client = client_of("")
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, {"title": "x"}).status_code == 403
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "\u200b\ufeff"},  # nothing that anybody could see
        {"title": "ok", "severity": "sev9"},
        {"title": "ok", "severity": ["sev1", "sev1\u0000"[:4] + "x"]},
        {"title": "ok", "services": "x"},
        {"title": "ok", "services": str(2**63)},
        {"title": "ok", "services": "-1"},
        {"title": "ok", "members": str(2**63), "is_private": "on"},
        {"title": "ok", "impact_started": "14:??"},
        {"title": "ok", "impact_started": "2031-01-01 10:00"},
        {"title": "ok", "impact_started": "+20m"},
        {"title": "ok", "detected_by": "aliens"},
        {"title": "ok", "client_id": "no uuid"},
        {"title": "ok", "impact": "y" * 301},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_what_cannot_be_used_is_said_and_nothing_is_made(wrong):
    make_service()
    response = client_of().post(f"{NEW}?kind=declare", {"severity": "unknown", **wrong})
    assert response.status_code == 422
    assert not Incident.objects.exists()
    assert wrong["title"].strip()[:200] in text_of(response)


def test_a_title_is_one_line_and_its_marks_are_no_marks():
    incident = declare(client_of(Role.READER), "  *Down*\r\n since\t[noon](x) ", kind="report")
    assert incident.title == "*Down* since [noon](x)"
    assert "*Down*" in incident.timeline.get().html


def test_a_near_miss_is_over_when_it_is_recorded():
    reader = client_of(Role.READER)
    incident = declare(
        reader,
        "Wrong database picked",
        kind="near-miss",
        summary="Stopped at the prompt",
        near_miss_saved_by="A second look",
        near_miss_earlier_stop="Names that differ",
    )
    assert (incident.kind, incident.status) == (IncidentKind.NEAR_MISS, Status.RESOLVED)
    page = text_of(reader.get(url(incident)))
    for words in ("near miss", "Stopped at the prompt", "A second look", "Names that differ"):
        assert words in page
    assert incident not in client_of().get("/").context["open_incidents"]


def test_a_near_miss_that_did_harm_becomes_an_incident_with_empty_times():
    incident = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED)
    assert client_of(Role.READER).post(url(incident, "incident-promote")).status_code == 403
    with recorded() as audit:
        assert client_of().post(url(incident, "incident-promote")).status_code == 302
    after = stored(incident.reference)
    assert (after.kind, after.status, after.resolved_at) == (IncidentKind.INCIDENT, Status.INVESTIGATING, None)
    assert after.sort_at == after.declared_at > incident.declared_at
    assert audit[0].changes["kind"] == ["near_miss", "incident"]
    assert after.number == incident.number
    assert client_of().post(url(incident, "incident-promote")).status_code == 422
    cancelled = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.CANCELLED)
    assert client_of().post(url(cancelled, "incident-promote")).status_code == 422


def test_a_drill_has_numbers_of_its_own():
    client = client_of()
    first, drill, second = declare(client), declare(client, is_drill="on"), declare(client)
    assert [one.reference for one in (first, drill, second)] == ["INC-1", "DRILL-1", "INC-2"]
    assert (drill.kind, drill.status) == (IncidentKind.DRILL, Status.INVESTIGATING)
    assert "drill" in text_of(client.get("/incidents/DRILL-1/"))


def test_a_private_incident_is_for_its_members_from_the_first_moment():
    client, member, outsider = client_of(), client_of(Role.READER), client_of(Role.EDITOR)
    with recorded() as audit:
        incident = declare(client, "CANARY", is_private="on", members=[member.user.pk])
    assert audit[0].changes["is_private"] == [None, True]
    assert audit[0].changes["members"] == [None, member.user.name]
    assert [client.get(url(incident)).status_code, member.get(url(incident)).status_code] == [200, 200]
    assert outsider.get(url(incident)).status_code == 404
    assert "CANARY" not in text_of(outsider.get("/")) + text_of(outsider.get(NEW))
    public = declare(client, members=[member.user.pk])
    assert not IncidentMember.objects.filter(incident=public).exists()


def test_what_is_open_now_is_shown_while_declaring_nearest_title_first():
    make_incident(title="Checkout is slow")
    make_incident(title="Mail is late")
    make_incident(title="Checkout was slow", status=Status.CLOSED)
    make_incident(title="Checkout CANARY", is_private=True)
    client = client_of(Role.READER)
    first = [one.title for one in client.get(f"{NEW}open-now/", {"title": "checkout broken"}).context["open_now"]]
    assert first == ["Checkout is slow", "Mail is late"]
    page = text_of(client.get(NEW))
    assert "Mail is late" in page
    assert "CANARY" not in page
    assert "Mail is late" not in text_of(client.get(f"{NEW}?kind=near-miss"))
    for text in ("", "%", "_" * 300, "a " * 5000, "\ud7ff", "'\""):
        assert client.get(f"{NEW}open-now/", {"title": text}).status_code == 200


def test_the_echo_of_a_time_is_plain_text_with_the_date():
    client = client_of(make_user(time_zone="Africa/Johannesburg", role=Role.READER))
    answer = client.get(f"{NEW}time/", {"text": "6 Jan 2026 01:48"})
    assert (answer.content.decode(), answer["Content-Type"]) == (
        "= 6 Jan 2026, 01:48 (GMT+2)",
        "text/plain; charset=utf-8",
    )
    assert client.get(f"{NEW}time/", {"text": " "}).content == b""
    wrong = client.get(f"{NEW}time/", {"text": "<b>soon</b>"})
    assert wrong.status_code == 422
    assert wrong["Content-Type"].startswith("text/plain")
    assert client.get(f"{NEW}time/", {"text": "9" * 100_000}).status_code == 422


def test_the_zone_of_the_reporter_becomes_the_home_zone():
    client = client_of(make_user(time_zone="Africa/Johannesburg"))
    incident = declare(client, impact_started="2026-01-06 01:30")
    assert incident.home_zone == "Africa/Johannesburg"
    assert incident.impact_started_at == dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)


def test_numbers_have_no_gap_after_a_failure_in_between(monkeypatch):
    client = client_of()
    declare(client)

    def fail(*args, **kwargs):
        raise InvalidInput("no")

    with monkeypatch.context() as broken:
        broken.setattr(declaration.audit, "record", fail)
        response = client.post(f"{NEW}?kind=declare", {"title": "lost", "severity": "sev1"})
        assert response.status_code == 422
    for text in ("a", "b"):
        declare(client, text)
    assert numbers() == [1, 2, 3]
    with transaction.atomic():
        assert declaration.draw_number(Series.INC) == 4
        transaction.set_rollback(True)
    assert declare(client).number == 4


def test_the_same_form_sent_twice_makes_one_incident():
    client, sent = client_of(), {"client_id": str(uuid.uuid4())}
    with recorded() as audit:
        first, second = declare(client, **sent), declare(client, **sent)
    assert first == second
    assert len(audit) == 1
    assert declare(client, client_id=str(uuid.uuid4())) != first
    shown = client.get(NEW).context["form"]["client_id"].value()
    assert shown != client.get(NEW).context["form"]["client_id"].value()


def test_the_domain_asks_for_the_right():
    reader, now = Actor.person(make_user(role=Role.READER)), timezone.now()
    for more in ({"is_private": True}, {"severity": Severity.SEV1}, {"kind": IncidentKind.DRILL}):
        with pytest.raises(Forbidden):
            declaration.report(actor=reader, new=NewIncident(title="x", home_zone="UTC", **more), now=now)
    with pytest.raises(Forbidden):
        declaration.declare(actor=reader, new=NewIncident(title="x", home_zone="UTC"), now=now)
    with pytest.raises(NotPossible):
        declaration.record_near_miss(actor=reader, new=NewIncident(title="x", home_zone="UTC"), now=now)
    assert declaration.report(actor=reader, new=NewIncident(title="x", home_zone="UTC"), now=now).number == 1


def test_prose_that_could_not_be_shown_is_refused_before_a_page_has_to():
    client = client_of()
    body = {"title": "x", "summary": "> " * 2400}
    assert client.post(f"{NEW}?kind=near-miss", body).status_code == 422
    assert not Incident.objects.exists()


def test_hostile_bytes_never_break_the_page():
    client = client_of()
    for raw in (b"title=%ED%A0%80&severity=sev1", b"title=%FF%FE&severity=sev1", b"title=a%00b&severity=sev1", b"&&=&"):
        status = client.post(f"{NEW}?kind=declare", raw, content_type="application/x-www-form-urlencoded").status_code
        assert status in (302, 400, 422), raw
    big = client.post(f"{NEW}?kind=declare", {"title": "x" * 1_000_000, "severity": "sev1"})
    assert big.status_code == 422
    assert client.post(f"{NEW}?kind=\ud7ff%00", {"title": "x"}).status_code == 400
    assert client.post(f"{NEW}?kind={'x' * 5000}", {"title": "x", "severity": "sev1"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_forty_people_declare_at_once_and_the_numbers_have_no_gap():
    clients = [client_of() for _ in range(4)]

    def job(number):
        def press():
            title = "" if number % 10 == 0 else f"Nr {number}"
            body = {"title": title, "severity": "sev3"}
            return clients[number % 4].post(f"{NEW}?kind=declare", body).status_code

        return press

    answers = at_once([job(number) for number in range(1, 45)])
    assert sorted(answers) == [302] * 40 + [422] * 4
    assert numbers() == list(range(1, 41))


@pytest.mark.django_db(transaction=True)
def test_the_same_press_arriving_eight_times_at_once_makes_one_incident():
    client = client_of()
    body = {"title": "Double", "severity": "sev3", "client_id": str(uuid.uuid4())}
    answers = at_once([lambda: client.post(f"{NEW}?kind=declare", body).url for _ in range(8)])
    assert set(answers) == {"/incidents/INC-1/"}
    assert numbers() == [1]
    assert Incident.objects.get().timeline.count() == 1
