"""The list as a CSV file: complete, honest about who may see what, and harmless in a spreadsheet."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.enums import IncidentKind, Precision, Role, Severity, Status
from incidents.models import Tag
from incidents.spreadsheets import plain_cell
from tests.factories import make_incident, make_service, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db

URL = "/incidents/export.csv"


@pytest.fixture
def reader(client):
    return sign_in(client, make_user(role=Role.READER))


def export(client, **params):
    response = client.get(URL, params)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


HEADER = """
reference,title,kind,severity,status,services,team,incident_lead,communications_lead,scribe,declared_by,tags,detected_by,
private,home_zone,impact_started_at,impact_started_precision,detected_at,detected_precision,declared_at,declared_precision,
acknowledged_at,acknowledged_precision,identified_at,identified_precision,mitigated_at,mitigated_precision,
resolved_at,resolved_precision,closed_at,closed_precision,
minutes_to_detect,minutes_to_acknowledge,minutes_to_mitigate,minutes_to_resolve
""".replace("\n", "")


def test_the_header_is_stable(client, reader):
    text = b"".join(client.get(URL).streaming_content).decode()
    assert text == f"\ufeff{HEADER}\r\n"


def test_one_line_says_everything(client, reader):
    start = dt.datetime(2026, 1, 5, 23, 30, tzinfo=dt.UTC)
    incident = make_incident(
        status=Status.RESOLVED,
        services=[make_service("Storefront"), make_service("Checkout")],
        team=make_team("Payments"),
        incident_lead=make_user("Ada Okoro"),
        home_zone="Africa/Johannesburg",
        impact_started_at=start,
        detected_at=start + dt.timedelta(minutes=3),
        detected_precision=Precision.ABOUT,
        resolved_at=start + dt.timedelta(minutes=33),
        mitigated_at=None,
    )
    incident.tags.add(Tag.objects.create(name="dns"), Tag.objects.create(name="data"))
    (line,) = export(client)
    expected = {
        "reference": incident.reference,
        "title": "Blank front page",
        "severity": "sev2",
        "status": "resolved",
        "services": "Checkout; Storefront",
        "team": "Payments",
        "incident_lead": "Ada Okoro",
        "scribe": "",
        "tags": "data; dns",
        "private": "no",
        "home_zone": "Africa/Johannesburg",
        "impact_started_at": "2026-01-05T23:30:00Z",
        "detected_at": "2026-01-05T23:33:00Z",
        "detected_precision": "about",
        "mitigated_at": "",
        "mitigated_precision": "",
        "minutes_to_detect": "3",
        "minutes_to_mitigate": "",
        "minutes_to_resolve": "33",
    }
    assert {name: line[name] for name in expected} == expected


def test_a_bound_is_no_number(client, reader):
    make_incident(status=Status.RESOLVED, impact_started_precision=Precision.NOT_LATER)
    (line,) = export(client)
    assert line["minutes_to_resolve"] == ""
    assert line["impact_started_precision"] == "not_later"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_text(client, reader, start):
    hostile = f"{start}HYPERLINK(1)"
    assert plain_cell(hostile) == f"'{hostile}"
    make_incident(title=hostile, services=[make_service(hostile)])
    (line,) = export(client)
    assert line["title"].startswith("'")
    assert line["services"].startswith("'")


@pytest.mark.parametrize(
    ("value", "text"), [("plain", "plain"), (None, ""), (-5, "-5"), (0, "0"), ("a=b", "a=b"), ("“Äpfel”", "“Äpfel”")]
)
def test_harmless_cells_stay_as_they_are(value, text):
    assert plain_cell(value) == text


def test_commas_quotes_and_lines_survive(client, reader):
    make_incident(title='A "quoted", long title')
    assert export(client)[0]["title"] == 'A "quoted", long title'


def test_filters_and_order_are_those_of_the_list(client, reader):
    make_incident(title="First", severity=Severity.SEV1)
    make_incident(title="Second", severity=Severity.SEV1)
    make_incident(title="Other", severity=Severity.SEV4)
    make_incident(title="Drill", severity=Severity.SEV4, kind=IncidentKind.DRILL)
    assert [line["title"] for line in export(client, severity="sev1", sort="oldest")] == ["First", "Second"]
    assert [line["title"] for line in export(client, severity="sev1", sort="number")] == ["Second", "First"]
    assert [line["title"] for line in export(client, q="DRILL-1")] == ["Drill"]


def test_it_is_not_cut_into_pages(client, reader):
    for _ in range(60):
        make_incident()
    assert len(export(client)) == 60


def test_an_unknown_filter_leads_back_to_the_page_that_says_so(client, reader):
    response = client.get(URL, {"severity": "sev9", "q": "x"})
    assert response.status_code == 302
    assert response.url == "/incidents/?severity=sev9&q=x"


def test_private_incidents_are_only_in_the_file_of_their_members(client, reader):
    make_incident(title="Canary", is_private=True)
    make_incident(title="Mine", is_private=True, declared_by=reader)
    (line,) = export(client)
    assert line["title"] == "Mine"
    assert line["private"] == "yes"
    sign_in(client, make_user(role=Role.ADMIN))
    assert {line["title"] for line in export(client)} == {"Mine", "Canary"}


def test_the_duplicate_of_a_private_incident_does_not_tell_of_it(client, reader):
    hidden = make_incident(title="Canary", is_private=True)
    make_incident(title="Copy", status=Status.CANCELLED, duplicate_of=hidden)
    (line,) = export(client)
    assert hidden.reference not in line.values()


def test_who_may_not_export_gets_nothing(client):
    assert client.get(URL).url.startswith(reverse("sign-in"))
    sign_in(client, make_user(role=""))
    assert client.get(URL).status_code == 403


def test_the_file_is_named_by_the_day_of_the_reader_and_streamed(client, reader):
    response = client.get(URL)
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="incidents-{timezone.now():%Y-%m-%d}.csv"'


def test_the_page_links_to_the_file_with_the_same_filters(client, reader):
    make_incident(severity=Severity.SEV1)
    html = client.get("/incidents/", {"severity": "sev1"}).content.decode()
    assert f'href="{URL}?severity=sev1"' in html


def test_more_lines_cost_no_more_queries(client, reader, django_assert_max_num_queries):
    for _ in range(20):
        make_incident(services=[make_service()], incident_lead=make_user(), team=make_team())
    with django_assert_max_num_queries(8):
        assert len(export(client)) == 20
