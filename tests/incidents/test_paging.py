"""Pages by key: every row once, in both directions, whatever the address says."""

import datetime as dt

import pytest
from django.http import QueryDict

from incidents.enums import Severity
from incidents.forms.incident_filters import ORDERS
from incidents.models import Incident
from incidents.paging import keyset_page
from tests.factories import make_incident

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 1, 6, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def incidents():
    """Eleven incidents, some at the very same moment and many of one severity, so that ties matter."""
    severities = [Severity.SEV1, Severity.SEV2, Severity.SEV2, Severity.UNKNOWN]
    return [
        make_incident(severity=severities[i % 4], sort_at=NOON + dt.timedelta(microseconds=i // 4)) for i in range(11)
    ]


def page(order, **params):
    return keyset_page(Incident.objects.all(), order=order, params=params, size=3)


@pytest.mark.parametrize("name", ORDERS)
def test_walking_forward_and_back_meets_every_row_once(incidents, name):
    order = ORDERS[name]
    expected = [row.pk for row in Incident.objects.order_by(*order)]
    pages = [page(order)]
    while pages[-1].after and len(pages) < 9:
        pages.append(page(order, after=pages[-1].after))
    assert [row.pk for found in pages for row in found.rows] == expected
    assert [len(found.rows) for found in pages] == [3, 3, 3, 2]

    back = [pages[-1]]
    while back[-1].before and len(back) < 9:
        back.append(page(order, before=back[-1].before))
    assert [found.rows for found in back] == [found.rows for found in reversed(pages)]


def test_the_first_page_has_nothing_before_it_and_the_last_nothing_after(incidents):
    order = ORDERS["newest"]
    assert page(order).before == ""
    assert page(order).after != ""
    assert keyset_page(Incident.objects.all(), order=order, params={}, size=11).after == ""
    assert keyset_page(Incident.objects.all(), order=order, params={}, size=10).after != ""


def test_a_new_row_shifts_no_page(incidents):
    order = ORDERS["newest"]
    first = page(order)
    second = page(order, after=first.after)
    newcomer = make_incident(sort_at=NOON + dt.timedelta(days=1))
    assert page(order, after=first.after).rows == second.rows
    assert page(order, before=second.before).rows[0] != newcomer, "a full page before this one stays as it was"


def test_going_back_to_less_than_a_page_shows_the_first_page_in_full(incidents):
    order = ORDERS["newest"]
    second = page(order, after=page(order).after)
    make_incident(sort_at=NOON + dt.timedelta(days=1))
    one_more = page(order, before=page(order, before=second.before).before)
    assert one_more.rows == page(order).rows
    assert one_more.before == ""


@pytest.mark.parametrize(
    "token",
    [
        *("", "x", "0", "1.2.3", "-", ".", "1.", ".1", "1.2.", "1 .2", "１.２", "0x1.2", "1e9.2", "1.5.2", "NaN.1"),
        *("9" * 18 + "." + "9" * 18, "-" + "9" * 18 + ".1", "9" * 19 + ".1", "1." * 5000, "1' OR 1=1 --.2", "\x00.1"),
        "-62135596800000001.1",
    ],
)
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_token_that_means_nothing_leads_to_the_first_page(incidents, way, token):
    order = ORDERS["oldest"]
    found = page(order, **{way: token})
    # Tokens that name a moment before all rows, or after them, may lead to the same page by another way.
    assert found.rows == page(order).rows


def test_a_token_beyond_the_end_leads_to_the_first_page(incidents):
    order = ORDERS["newest"]
    found = page(order, after="-1000000.1")
    assert found == page(order)


def test_a_token_stands_for_the_moment_to_the_microsecond(incidents):
    order = ORDERS["newest"]
    last = page(order).rows[-1]
    assert page(order).after == f"{int(last.sort_at.timestamp()) * 1_000_000 + last.sort_at.microsecond}.{last.pk}"


def test_a_page_costs_one_query(incidents, django_assert_num_queries):
    order = ORDERS["newest"]
    token = page(order).after
    with django_assert_num_queries(1):
        page(order, after=token)


def test_it_takes_what_the_request_gives(incidents):
    token = page(ORDERS["number"]).after
    found = keyset_page(Incident.objects.all(), order=ORDERS["number"], params=QueryDict(f"after={token}"), size=3)
    assert [row.number for row in found.rows] == [8, 7, 6]
