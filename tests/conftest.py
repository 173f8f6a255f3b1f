"""Which tests run where: markers by folder, and tests of one engine only on that engine."""

from pathlib import Path

import pytest
from django.db import connection

MARKER_BY_FOLDER = {"project": "sweep", "e2e": "e2e", "torture": "torture"}
ENGINES = {"postgresql", "sqlite"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark by folder; deselect (never skip) what is only true of the other engine."""
    here = Path(__file__).parent
    for item in items:
        marker = MARKER_BY_FOLDER.get(item.path.relative_to(here).parts[0])
        if marker:
            item.add_marker(marker)
    elsewhere = [item for item in items if _only_elsewhere(item)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in set(elsewhere)]


def _only_elsewhere(item: pytest.Item) -> bool:
    wanted = {marker.name for marker in item.iter_markers()} & ENGINES
    return bool(wanted) and connection.vendor not in wanted


@pytest.fixture(autouse=True)
def _worker_was_seen() -> None:
    """In each test the worker counts as alive, so that no page asks the database for it now and then."""
    cache.clear()
    cache.set(heartbeat.CACHE_KEY, False, timeout=None)


@pytest.fixture(autouse=True)
def _audit_can_be_emptied(request: pytest.FixtureRequest, _django_db_marker: None) -> Iterator[None]:
    """Before a transactional test empties all tables, take away the triggers that keep the audit from being emptied.

    They come back at the end of emptying, by the same signal as after a migration.
    """
    if {"transactional_db", "live_server"} & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
    yield
    marker = request.node.get_closest_marker("django_db")
    if {"transactional_db", "live_server"} & set(request.fixturenames) or (marker and marker.kwargs.get("transaction")):
        drop_audit_triggers(connection)
