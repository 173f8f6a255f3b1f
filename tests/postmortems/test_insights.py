"""The insights: every number leads to just what it counts, and to nothing that the reader may not know of."""

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.enums import (
    ChangeKind,
    ChangeVerdict,
    DetectedBy,
    IncidentKind,
    Role,
    Severity,
    Status,
    YesNoUnknown,
)
from incidents.models import Incident, IncidentChange, Tag
from postmortems import insights
from postmortems.enums import (
    POSTMORTEM_DAYS,
    ActionStatus,
    CauseCategory,
    Defence,
    DefenceResult,
    PostmortemStatus,
)
from postmortems.models import DefenceCheck, Postmortem, RepeatMark
from postmortems.reports.sections import SECTIONS
from tests.factories import (
    make_action_item,
    make_cause,
    make_change,
    make_incident,
    make_service,
    make_team,
    make_user,
)
from tests.incident_pages import client_of, text_of

pytestmark = pytest.mark.django_db

URL = "/insights/"
DAY = dt.timedelta(days=1)


def ago(days: float, **fields: Any) -> Incident:
    """A closed incident of so many days ago, over within the hour."""
    return make_incident(now=timezone.now() - days * DAY, **{"status": Status.CLOSED, **fields})


def check(incident: Incident, defence: Defence, result: DefenceResult) -> None:
    DefenceCheck.objects.create(incident=incident, defence=defence, result=result)


def started_by(incident: Incident, **change: Any) -> None:
    made = make_change(live_at=incident.sort_at - dt.timedelta(minutes=33), **change)
    IncidentChange.objects.create(incident=incident, change=made, verdict=ChangeVerdict.TRIGGER)


def a_year() -> list[Incident]:
    """Some of everything that figures tell of, in the months before now."""
    checkout, search = make_service("Checkout", slug="checkout"), make_service("Search", slug="search")
    found = [
        ago(
            25 * place + 1,
            title=f"Failure {place}",
            services=[[checkout], [search], [checkout, search], []][place % 4],
            severity=list(Severity)[place % 5],
            detected_by=list(DetectedBy)[place % 4],
            kind=IncidentKind.BACKFILL if place == 3 else IncidentKind.INCIDENT,
        )
        for place in range(12)
    ]
    for place, incident in enumerate(found):
        check(incident, Defence.SANDBOX, list(DefenceResult)[place % 3])
        cause = make_cause(incident, category=list(CauseCategory)[place % 4])
        if place in (0, 2, 4):
            earlier = make_cause(found[place + 2], title="One file sets the limits")
            cause.same_as = earlier
            cause.save()
        if place % 2:
            started_by(incident, was_approved=list(YesNoUnknown)[place % 3], kind=list(ChangeKind)[place % 3])
        due = timezone.now().date() + (place * 4 - 20) * DAY
        is_done = place % 3 == 0
        make_action_item(
            incident,
            due_on=due if place else None,
            status=ActionStatus.DONE if is_done else ActionStatus.OPEN,
            done_at=timezone.now() - 5 * DAY if is_done else None,
        )
    Incident.objects.filter(pk=found[5].pk).update(detected_at=found[5].sort_at - DAY)
    Incident.objects.filter(pk=found[6].pk).update(mitigated_precision="not_later")
    return found


def addresses_with_counts(page: str) -> list[tuple[str, int]]:
    """Each link to the list that stands in a cell of a table or in a headline, with how many it says are behind it."""
    found = []
    for address, text in re.findall(r'<a href="(/incidents/\?[^"]+)">(?:<b>)?([^<]+)', page):
        number = re.fullmatch(r"(\d+)(?: of \d+)?", text.strip())
        if number:
            found.append((address.replace("&amp;", "&"), int(number[1])))
    return found


def test_the_address_is_the_one_of_the_contract():
    assert reverse("insights") == URL
    assert reverse("insights-export", args=["repeats"]) == "/insights/repeats.csv"


@pytest.mark.parametrize(
    "query", ["", "?by=time&columns=time", "?period=all&result=held", "?severity=sev2&service=checkout"]
)
def test_each_number_leads_to_what_it_counts(query):
    a_year()
    client = client_of(Role.READER)
    found = addresses_with_counts(client.get(URL + query).content.decode())
    assert len(set(found)) >= 15
    wrong = {
        address: (number, len(rows))
        for address, number in set(found)
        if len(rows := client.get(address).context["rows"]) != number
    }
    assert wrong == {}


def test_the_page_works_for_one_incident_and_says_what_is_not_known():
    make_incident(status=Status.TRIAGE, detected_at=None)
    page = text_of(client_of(Role.READER).get(URL))
    assert "What 1 incident tells" in page
    assert "of 1 incident repeats an earlier one" in page


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (None, "No incident that you can see lies in this time"),
        ({"kind": IncidentKind.NEAR_MISS, "status": Status.RESOLVED}, "only 1 near miss in this time"),
        ({"kind": IncidentKind.DRILL}, "No incident that you can see lies in this time"),
        ({"status": Status.CANCELLED}, "No incident that you can see lies in this time"),
    ],
)
def test_where_nothing_counts_the_page_says_so(fields, says):
    if fields is not None:
        make_incident(**fields)
    page = text_of(client_of(Role.READER).get(URL))
    assert "Nothing to count" in page
    assert says in page


def test_the_last_12_months_are_shown_unless_another_time_is_asked_for():
    ago(10), ago(200), ago(500)
    client = client_of(Role.READER)

    def counted(query: str) -> int:
        return client.get(URL + query).context["count"]

    assert [counted(query) for query in ("", "?period=90d", "?period=365d", "?period=all")] == [2, 1, 2, 3]
    since = (timezone.now() - 300 * DAY).date().isoformat()
    until = (timezone.now() - 100 * DAY).date().isoformat()
    assert counted(f"?since={since}&until={until}") == 1
    assert counted("?since=2001-01-01") == 3
    assert counted("?period=nonsense") == 3  # narrows nothing, and the field says so


def test_imported_history_tags_and_severities_narrow_down():
    ago(5, severity=Severity.SEV1).tags.add(Tag.objects.create(name="dns"))
    ago(6, kind=IncidentKind.BACKFILL, severity=Severity.SEV3)
    client = client_of(Role.READER)
    for query, expected in (("kind=backfill", 1), ("kind=incident", 1), ("tag=dns", 1), ("severity=sev1", 1), ("", 2)):
        assert client.get(f"{URL}?{query}").context["count"] == expected, query


def test_figures_of_a_team_are_for_its_people_and_admins():
    member = make_user()
    team = make_team("Storefront", members=(member,))
    ago(5, team=team)
    ago(6)
    query = f"{URL}?team={team.pk}"
    for person, counted in ((member, 1), (make_user(role=Role.ADMIN), 1), (make_user(role=Role.EDITOR), 2)):
        page = client_of(person).get(query)
        assert page.context["count"] == counted
        assert ("Storefront" in text_of(page)) == (counted == 1)


def test_a_private_incident_moves_no_figure_of_others():
    found = a_year()
    reader = client_of(Role.READER)
    urls = [URL, f"{URL}?period=all&by=time&columns=time", *(f"{URL}{section}.csv" for section in SECTIONS)]

    def look() -> list[str]:
        clean = re.compile(r'"X-CSRFToken": "[^"]+"|\d\d:\d\d:\d\d|value="[A-Za-z0-9]{64}"')
        pages = [client_page(reader, url) for url in urls]
        return [clean.sub("", page) for page in pages]

    before = look()
    hidden = ago(30, title="Wages sent twice", services=found[0].services.all(), is_private=True)
    check(hidden, Defence.SANDBOX, DefenceResult.ABSENT)
    check(hidden, Defence.BACKUP, DefenceResult.FAILED)
    secret = make_cause(hidden, category=CauseCategory.SECURITY)
    make_action_item(hidden, due_on=timezone.now().date())
    started_by(hidden, private_to=hidden)
    # What repeats it is no repeat to those who may not know of it.
    found[7].root_causes.update(same_as=secret)
    assert look() == before

    admin = client_of(Role.ADMIN)
    assert admin.get(URL).context["count"] == 13
    assert "Wages sent twice" in client_page(admin, f"{URL}repeats.csv")


def client_page(client: Any, url: str) -> str:
    response = client.get(url)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def test_chains_tell_what_links_them_and_what_is_still_to_do():
    first, second, third = ago(90, title="First"), ago(60, title="Second"), ago(30, title="Third")
    other = ago(20, title="Something else")
    root = make_cause(first, title="Certificates are renewed by hand")
    again = make_cause(second, title="Certificates are renewed by hand", same_as=root)
    make_cause(third, title="Renewed by hand again", same_as=again)
    item = make_action_item(first, "Renew by a job")
    make_action_item(first, "Dropped", status=ActionStatus.WONT_DO, reason="no")

    page = client_of(Role.READER).get(URL)
    chain = next(section for section in page.context["sections"] if section.key == "repeats").chains
    assert [[part.incident for part in each] for each in chain] == [[first, second, third]]
    text = text_of(page)
    assert text.index("First") < text.index("Second") < text.index("Third")
    assert "Renewed by hand again" in text
    assert re.search(rf"still open:\s*<a href=\"/actions/{item.reference}/\">", text)
    assert other.title not in text
    assert "of 4 incidents repeat an earlier one" in text


def test_what_people_marked_as_a_repeat_is_one():
    first, second, hidden = ago(90, title="First"), ago(60, title="Second"), ago(80, is_private=True)
    RepeatMark.objects.create(incident=second, earlier=first, reason="The same night job")
    RepeatMark.objects.create(incident=first, earlier=hidden, reason="Whispered")
    client = client_of(Role.READER)
    page = text_of(client.get(URL))
    assert "The same night job" in page
    assert "Whispered" not in page
    assert [row["title"] for row in client.get("/incidents/?repeat=yes").context["rows"]] == ["Second"]
    assert insights.repeat_links(make_user()) == [(second.pk, first.pk)]


def test_a_cause_that_was_removed_links_nothing():
    first, second = ago(90), ago(60)
    root = make_cause(first)
    make_cause(second, same_as=root, removed_at=timezone.now())
    assert insights.repeat_links(make_user()) == []


def test_near_misses_take_part_in_chains_but_are_not_counted():
    near = ago(90, kind=IncidentKind.NEAR_MISS, title="Nearly")
    make_cause(ago(60), same_as=make_cause(near))
    page = text_of(client_of(Role.READER).get(URL))
    assert "of 1 incident repeats an earlier one" in page
    assert "Nearly" in page


def test_few_are_listed_with_their_lengths_and_many_are_not():
    few = ago(5, severity=Severity.SEV1)
    for _each in range(20):
        ago(6, severity=Severity.SEV3)
    section = client_of(Role.READER).get(URL).context["sections"][3]
    rows = {row[0].text: row for row in section.tables[2].rows}
    assert rows["SEV1"][2].items[0].text == f"{few.reference} 30 min"
    assert [cell.value for cell in rows["SEV3"][2:6]] == [30, 30, 30, 30]


def test_work_is_in_time_on_its_day_where_the_reader_is():
    reader = make_user(role=Role.READER, time_zone="Pacific/Auckland")
    incident = ago(40)
    today = timezone.now().date()
    late_evening = dt.datetime(today.year, today.month, today.day, 11, 30, tzinfo=dt.UTC) - 10 * DAY
    # 11:30 in UTC is past midnight there: the day after.
    make_action_item(incident, "a", due_on=today - 10 * DAY, status=ActionStatus.DONE, done_at=late_evening)
    make_action_item(incident, "b", due_on=today - 9 * DAY, status=ActionStatus.DONE, done_at=late_evening)
    make_action_item(incident, "c", due_on=today - 3 * DAY)
    make_action_item(incident, "d", status=ActionStatus.HISTORICAL, due_on=today - 3 * DAY)
    client = client_of(reader)
    section = next(each for each in client.get(URL).context["sections"] if each.key == "work")
    states = {row[0].text: row[1].value for row in section.tables[0].rows}
    assert states == {"done in time": 1, "done late": 1, "overdue": 1, "not due yet": 0, "without a date": 0}
    for row in section.tables[0].rows:
        assert len(client.get(row[1].url).context["rows"]) == 1 if row[1].url else row[1].value == 0
    assert section.headlines[0].number == "33 %"


def test_postmortems_are_in_time_within_two_weeks():
    made = {}
    for name, days, published in (("in time", 60, 5), ("late", 60, 20), ("overdue", 60, None), ("left", 3, None)):
        incident = ago(days, severity=Severity.SEV1, title=name)
        if published is not None:
            told = Postmortem.objects.create(incident=incident, title=name, status=PostmortemStatus.DRAFT)
            assert incident.resolved_at is not None
            told.first_published_at = incident.resolved_at + published * DAY
            told.save()
        made[name] = incident
    waived = ago(60, severity=Severity.SEV1)
    Postmortem.objects.create(
        incident=waived, title="x", status=PostmortemStatus.NOT_REQUIRED, not_required_reason="Told elsewhere"
    )
    ago(60, severity=Severity.SEV4)
    client = client_of(Role.READER)
    section = next(each for each in client.get(URL).context["sections"] if each.key == "work")
    assert POSTMORTEM_DAYS == 14
    assert [row[1].value for row in section.tables[1].rows] == [1, 1, 1, 1, 1]
    behind = [client.get(row[1].url).context["rows"][0]["title"] for row in section.tables[1].rows[:4]]
    assert behind == list(made)


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_is_a_spreadsheet_without_formulas(section):
    found = a_year()
    for incident in found:
        Incident.objects.filter(pk=incident.pk).update(title='=HYPERLINK("http://example.org")')
    response = client_of(Role.READER).get(f"{URL}{section}.csv?period=all")
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["table", "row", "column", "value"]
    assert len(rows) > 5
    assert {len(row) for row in rows} == {4}
    assert [cell for row in rows for cell in row if cell.startswith("=")] == []


def test_a_spreadsheet_is_for_sections_that_there_are_and_filters_that_are_understood():
    client = client_of(Role.READER)
    assert client.get(f"{URL}people.csv").status_code == 404
    wrong = client.get(f"{URL}repeats.csv?period=nonsense")
    assert (wrong.status_code, wrong.url) == (302, f"{URL}?period=nonsense")


@pytest.mark.parametrize(
    "query",
    [
        *("period=%FF", "since=9999-99-99", "since=2200-01-01&until=1970-01-01", "team=x&team=y"),
        *("by=x&columns=x&result=x", "severity=nonsense", "service=%27%22%3E", "tag=" + "a" * 3000),
        "period=all&since=1970-01-01&until=2200-12-31",
    ],
)
def test_odd_addresses_never_end_in_an_error(query):
    ago(5)
    assert client_of(Role.READER).get(f"{URL}?{query}").status_code == 200


def test_what_the_list_cannot_be_narrowed_down_to_is_said_beside_it():
    ago(5)
    client = client_of(Role.READER)
    page = client.get("/incidents/?defence=umbrella:absent&figures=counted")
    assert "There is no such choice any more." in text_of(page)
    assert len(page.context["rows"]) == 1
    kept = client.get("/incidents/?defence=sandbox:absent")
    assert '<input type="hidden" name="defence" value="sandbox:absent">' in text_of(kept)
    assert "Safety net: Sandbox: Absent" in text_of(kept)


def test_people_are_counted_nowhere():
    found = a_year()
    lead = make_user("Conspicuous Person")
    Incident.objects.update(incident_lead=lead, declared_by=lead)
    IncidentChange.objects.update(decided_by=lead)
    client = client_of(Role.ADMIN)
    assert found
    for url in (URL, *(f"{URL}{section}.csv" for section in SECTIONS)):
        assert "Conspicuous" not in client_page(client, url)


def test_it_takes_as_many_queries_for_a_few_as_for_many():
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{URL}?by=time").status_code == 200
        return len(captured)

    client = client_of(Role.EDITOR)
    a_year()
    client.get(URL)
    few = queries()
    for place in range(20):
        incident = ago(place + 1, services=[make_service()])
        check(incident, Defence.ALERT, DefenceResult.HELD)
        make_cause(incident, same_as=make_cause(ago(place + 2)))
    assert queries() == few
    assert few <= 20


def test_a_net_that_is_absent_three_times_is_named_with_its_incidents():
    service, other = make_service("Checkout"), make_service("Search")
    absent = [ago(days, services=[service]) for days in (100, 60, 20)]
    for incident in absent:
        check(incident, Defence.SANDBOX, DefenceResult.ABSENT)
        check(incident, Defence.REVIEW, DefenceResult.HELD)
    check(ago(400, services=[service]), Defence.SANDBOX, DefenceResult.ABSENT)
    check(ago(30, services=[other]), Defence.SANDBOX, DefenceResult.ABSENT)
    check(ago(30, services=[service], is_private=True), Defence.SANDBOX, DefenceResult.ABSENT)
    check(ago(30, services=[service], kind=IncidentKind.DRILL), Defence.SANDBOX, DefenceResult.ABSENT)
    here = ago(1, services=[service, other])

    found = insights.absent_again(here, make_user(), now=timezone.now())
    assert [(each.defence, each.service, each.incidents) for each in found] == [("sandbox", "Checkout", absent)]

    client = client_of(Role.RESPONDER)
    client.post(reverse("postmortem-start", args=[here.reference]))
    for page in (reverse("postmortem-edit", args=[here.reference]), reverse("defences", args=[here.reference])):
        text = text_of(client.get(page))
        assert re.search(r"<b>Sandbox</b> was absent in <a href=\"[^\"]+\">3 incidents</a> of Checkout since", text)
        assert absent[0].reference in text
    assert [row["title"] for row in client.get(found[0].url).context["rows"]] == [each.title for each in absent]

    DefenceCheck.objects.filter(incident=absent[0]).delete()
    assert insights.absent_again(here, make_user(), now=timezone.now()) == []
