"""The charts of the insights in a browser: drawn from their tables, and each mark leads where its cell leads."""

import re

import pytest
from playwright.sync_api import expect

from incidents.enums import Severity
from tests.e2e.conftest import OpenPage, objections
from tests.factories import make_incident, make_service
from tests.project.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_chart_is_drawn_over_its_table_and_walked_with_the_keys(world: World, open_page: OpenPage) -> None:
    for severity in (Severity.SEV1, Severity.SEV3):
        make_incident(severity=severity, services=[make_service(f"Service of {severity}")])
    page = open_page(world.people["reader"])
    page.goto("/insights/")
    charts = page.locator(".chart canvas")
    expect(page.locator("table[data-chart]").first).to_be_hidden()
    assert charts.count() == page.locator("table[data-chart]").count() >= 6
    assert objections(page) == []

    over_time = page.get_by_role("img", name="Repeats over time")
    over_time.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#repeats [role=status]")).to_contain_text("Incidents: ")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/incidents/\?.*figures=counted"))
    expect(page.locator("table.table-cards tbody tr").first).to_be_visible()


def test_without_scripts_the_tables_stand_open(world: World, open_page: OpenPage) -> None:
    page = open_page(world.people["reader"], phone=True, scheme="dark", javascript=False)
    page.goto("/insights/")
    expect(page.locator("#repeats table")).to_be_visible()
    expect(page.locator("#minutes svg").first).to_be_visible()
    expect(page.locator("canvas")).to_have_count(0)
