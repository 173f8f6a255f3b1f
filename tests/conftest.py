"""Which tests run where: markers by folder, and tests of one engine only on that engine."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection

from config import settings_test
from incidents.ddl import drop_audit_triggers
from incidents.notifications import heartbeat

MARKER_BY_FOLDER = {"project": "sweep", "e2e": "e2e", "torture": "torture"}
ENGINES = {"postgresql", "sqlite"}

# A busy machine is no failure. What CI says is about the change, so it tries the same examples each time.
hypothesis.settings.register_profile("nevertwice", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("nevertwice")


def pytest_unconfigure() -> None:
    """Leave nothing behind; workers of xdist end without the clean-up that Python does on its own."""
    settings_test.folder.cleanup()


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

    They come back once that is done, by the same signal as after a migration.
    """
    transactional = _is_transactional(request)
    if transactional:
        # Set up before this fixture, so that it empties the tables after this fixture's end.
        request.getfixturevalue("_django_db_helper")
    yield
    if transactional:
        drop_audit_triggers(connection)


def _is_transactional(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    asked_by_marker = marker is not None and marker.kwargs.get("transaction", False)
    return asked_by_marker or bool({"transactional_db", "live_server"} & set(request.fixturenames))
