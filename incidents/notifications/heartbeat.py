"""Whether somebody is there who delivers."""

import datetime as dt

from django.core.cache import cache
from django.utils import timezone

from ..models import WorkerHeartbeat

SILENT_AFTER = dt.timedelta(minutes=2)
CACHE_KEY = "notices-silent"
CACHE_SECONDS = 10


def beat(*, name: str, at: dt.datetime) -> None:
    """Note that the worker of this name is alive at ``at`` (UTC)."""
    WorkerHeartbeat.objects.bulk_create(
        [WorkerHeartbeat(name=name, seen_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at"],
    )


def last_seen_at() -> dt.datetime | None:
    """When any worker was last alive (UTC)."""
    return WorkerHeartbeat.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()


def is_silent() -> bool:
    """Whether no worker was alive for two minutes. Asks the database once in ten seconds, not on every page."""
    return bool(cache.get_or_set(CACHE_KEY, _no_recent_beat, CACHE_SECONDS))


def _no_recent_beat() -> bool:
    return not WorkerHeartbeat.objects.filter(seen_at__gt=timezone.now() - SILENT_AFTER).exists()
