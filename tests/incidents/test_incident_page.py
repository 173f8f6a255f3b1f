"""The page of an incident: what it shows to whom, its addresses, hostile addresses, and what it costs."""

import datetime as dt
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.domain import timeline
from incidents.domain.lifecycle import Verb
from incidents.domain.timeline import EventContent
from incidents.enums import IncidentKind, Role, Status
from incidents.models import AuditEntry, Impact, Incident, Subscription, Tag, TimelineEvent
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team, make_user
from tests.incident_pages import client_of, stored, text_of, url

pytestmark = pytest.mark.django_db

MAX_QUERIES = 10
GETS = (
    *(
        "incident",
        "timeline",
        "entry-echo",
        "moment-echo",
        "incident-audit",
        "incident-edit",
        "milestones",
        "impact-new",
    ),
    *("roles", "members", *(f"incident-{verb}" for verb in Verb)),
)


def test_a_live_incident_shows_what_who_comes_late_must_know():
    lead = make_user("Ada", phone="+49 170")
    team = make_team("Web", team_lead=make_user("Tia", phone="+49 171"))
    incident = make_incident(
        title="Blank <front> page",
        incident_lead=lead,
        team=team,
        services=[make_service("Storefront", slug="storefront")],
        summary="It is *down*",
    )
    page = text_of(client_of(Role.READER).get(url(incident)))
    for words in ("INC-1", "SEV2", "Investigating", "Ada", "+49 170", "Tia", "+49 171", "Storefront", "<em>down</em>"):
        assert words in page
    assert "since impact" in page
    assert b"<front>" not in client_of(Role.READER).get(url(incident)).content


def test_durations_and_phases_are_judged_when_it_is_over():
    page = client_of().get(url(make_incident(status=Status.CLOSED)))
    assert page.context["is_measured"]
    assert "30 min" in text_of(page)
    assert "<svg" in text_of(page)


def test_a_drill_a_near_miss_and_an_import_are_told_apart():
    for kind, word in ((IncidentKind.DRILL, "drill"), (IncidentKind.BACKFILL, "imported history")):
        assert word in text_of(client_of().get(url(make_incident(kind=kind, status=Status.CLOSED))))
    assert "It did do harm" in text_of(
        client_of().get(url(make_incident(kind=IncidentKind.NEAR_MISS, status="resolved")))
    )


def test_a_reader_is_offered_to_report_and_to_follow_and_nothing_else():
    incident = make_incident()
    Impact.objects.create(incident=incident, what="x")
    page = text_of(client_of(Role.READER).get(url(incident)))
    for name in ("incident-edit", "milestones", "roles", "members", "incident-audit", "impact-new", "role-take"):
        assert f'"{url(incident, name)}"' not in page, name
    assert "Add report" in page
    responder = text_of(client_of().get(url(incident)))
    for name in ("incident-edit", "milestones", "roles", "members", "incident-audit", "impact-new", "role-take"):
        assert f'"{url(incident, name)}"' in responder, name


def test_another_case_of_the_letters_is_redirected_for_good_with_its_query():
    make_incident()
    client = client_of()
    response = client.get("/incidents/inc-1/timeline/?zone=utc")
    assert (response.status_code, response.url) == (301, "/incidents/INC-1/timeline/?zone=utc")
    assert client.post("/incidents/inc-1/follow/", {"following": "1"}).status_code == 302


@pytest.mark.parametrize(
    "reference",
    [
        "INC-2",
        "INC-0",
        "INC-01",
        "INC--1",
        "INC",
        "1",
        "DRILL-1",
        "INC-9999999999",
        "INC-" + "9" * 300,
        "new-1",
        "x" * 900,
    ],
    ids=lambda reference: reference[:20],
)
def test_what_is_no_incident_is_a_404(reference):
    make_incident()
    assert client_of().get(f"/incidents/{reference}/").status_code == 404
    assert client_of().post(f"/incidents/{reference}/follow/").status_code == 404


@pytest.mark.sweep
@pytest.mark.parametrize("name", GETS)
def test_every_get_bears_hostile_queries_and_changes_nothing(name):
    incident, client = make_incident(status=Status.RESOLVED), client_of(Role.EDITOR)
    client.get(url(incident))
    before = everything()
    for value in ("", "\ud7ff", "x" * 5000, str(2**63), "-1", "<script>", "' OR 1=1 --", "%", "٣"):
        query = dict.fromkeys(("zone", "text", "starred", "after", "before", "page", "title", "kind"), value)
        assert client.get(url(incident, name), query).status_code in (200, 422), (name, value)
    for raw in ("zone=%ED%A0%80&text=%FF&after=%ED%A0%80&before=%80", "&&==&%", "zone=a&zone=b&text"):
        assert client.get(url(incident, name) + "?" + raw).status_code in (200, 422), raw
    assert client.get(url(incident, name) + "?zone=%00").status_code == 400
    assert everything() == before


def everything():
    """As much of the database as these pages could change."""
    models = (Incident, TimelineEvent, AuditEntry, Impact, Subscription, Tag)
    return [list(model.objects.order_by("pk").values()) for model in models]


POSTS = {
    "timeline": "text",
    "incident-edit": "title",
    "incident-severity": "severity",
    "incident-follow": "following",
    "incident-relate": "other",
    "milestones": "detected",
    "impact-new": "what",
    "roles": "holder",
    "role-take": "role",
    "members": "user",
    "member-remove": "user",
    "incident-identify": "at",
    "incident-resolve": "mitigated",
    "incident-reopen": "reason",
    "incident-cancel": "duplicate_of",
}


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "field"), POSTS.items())
def test_every_form_bears_hostile_fields(name, field):
    incident, client = make_incident(), client_of(Role.EDITOR)
    for value in (
        b"",
        b"%ED%A0%80",
        b"%FF%FE",
        b"x" * 1_000_000,
        b"9223372036854775808",
        b"-1",
        b"[]",
        b"%F0%9F%95%90",
    ):
        body = field.encode() + b"=" + value + b"&version=1&zone=" + value[:300]
        answer = client.post(url(incident, name), body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (302, 403, 409, 422), (value[:30], answer.status_code)
    nul = client.post(url(incident, name), f"{field}=a%00b", content_type="application/x-www-form-urlencoded")
    assert nul.status_code == 400
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        assert client.post(url(incident, name), b'{"a": ["\\ud800"]}', content_type=kind).status_code < 500
    assert client.get(url(incident)).status_code == 200


def test_forms_without_a_token_are_refused():
    from django.test import Client

    incident, client = make_incident(), Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert client.post(url(incident, "timeline"), {"text": "x"}).status_code == 403
    assert not incident.timeline.exists()


@contextmanager
def counted():
    queries: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield queries
    queries.extend(query["sql"] for query in captured)


def fill(incident, count):
    """Events, impacts, services, tags, related incidents and followers, each as often."""
    people = [make_user() for _ in range(3)]
    now = timezone.now()
    for number in range(count):
        actor = Actor.person(people[number % 3])
        content = EventContent(text=f"Nr {number}", occurred_at=now - dt.timedelta(minutes=number))
        (event,) = timeline.add_entries(actor=actor, incident=incident, entries=[content], now=now)
        if number % 2:
            timeline.strike(actor=actor, event=event, now=now)
        Impact.objects.create(incident=incident, what=f"Nr {number}")
        Subscription.objects.create(incident=incident, user=make_user())
        incident.tags.add(Tag.objects.create(name=f"tag {Tag.objects.count()}"))
        incident.related.add(make_incident(services=[make_service()]))
        incident.services.add(make_service())


@pytest.mark.parametrize("status", [Status.INVESTIGATING, Status.CLOSED])
@pytest.mark.parametrize("name", ["incident", "timeline", "incident-audit", "incident-edit"])
def test_a_page_costs_the_same_with_two_and_with_twenty_of_everything(name, status):
    incident, client = make_incident(status=status, incident_lead=make_user()), client_of(Role.EDITOR)
    fill(incident, 2)
    client.get(url(incident, name))
    with counted() as few:
        client.get(url(incident, name))
    fill(incident, 18)
    with counted() as many:
        assert client.get(url(incident, name)).status_code == 200
    assert len(many) == len(few), "\n".join(many)
    # What other applications hang on the page has its own limits.
    own = [sql for sql in many if "postmortems_" not in sql]
    assert len(own) <= MAX_QUERIES, "\n".join(own)


def test_adding_an_entry_costs_few_statements():
    incident, client = make_incident(), client_of()
    client.post(url(incident, "timeline"), {"text": "first"})
    with counted() as queries:
        assert client.post(url(incident, "timeline"), {"text": "second"}).status_code == 302
    written = [sql for sql in queries if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"))]
    assert len(written) <= 12, "\n".join(written)


def test_a_hundred_entries_stay_a_small_page():
    incident = make_incident()
    now = timezone.now()
    entries = [EventContent(text=f"Entry {n}: " + "word " * 12, occurred_at=now) for n in range(120)]
    timeline.add_entries(actor=Actor.person(make_user()), incident=incident, entries=entries, now=now)
    assert len(client_of(Role.READER).get(url(incident)).content) <= 150_000


def test_the_addresses_are_those_of_the_contract():
    incident = make_incident()
    assert url(incident) == incident.get_absolute_url() == "/incidents/INC-1/"
    for name, more in (
        ("incident-edit", "edit/"),
        ("timeline", "timeline/"),
        ("roles", "roles/"),
        ("incident-audit", "audit/"),
    ):
        assert url(incident, name) == f"/incidents/INC-1/{more}"
    assert reverse("incident-new") == "/incidents/new/"
    assert stored("/incidents/INC-1/") == incident


def test_the_head_says_what_it_did_to_people_and_its_chips_change_it_on_tap():
    incident = make_incident()
    Impact.objects.create(incident=incident, what="saw an empty page", scope=30)
    page = text_of(client_of().get(url(incident)))
    head = page[page.index("incident-head") : page.index("</header>", page.index("incident-head"))]
    for words in ("30 %", "customers", "saw an empty page", "no incident lead yet", "Name the service"):
        assert words in head
    for action in (url(incident, "incident-severity"), url(incident, "role-take"), url(incident, "incident-resolve")):
        assert f'"{action}"' in head
    reader = text_of(client_of(Role.READER).get(url(incident)))
    assert "no service named" in reader
    assert "What comes next" not in reader
    assert "take it" not in reader
