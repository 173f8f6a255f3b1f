"""When the terms by which incidents are alike are kept anew: in the transaction that changes a text.

Lines of a timeline are too many for that. They are counted with the next other change, and within a minute by the job.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.models import Model

from incidents.models import Impact, Incident, TimelineEvent

from ..models import ActionItem, Postmortem, RootCause
from . import similarity

# The fields whose change changes what is told; any change of a kind that is named without fields does.
_TELLING: dict[type[Model], frozenset[str]] = {
    Incident: frozenset({"title", "summary", "status", "near_miss_saved_by", "near_miss_earlier_stop"}),
    Impact: frozenset(),
    RootCause: frozenset(),
    # Its sections are recorded with it, each by a name of its own.
    Postmortem: frozenset(),
    # A new one is recorded with its owner.
    ActionItem: frozenset({"text", "owner"}),
}
# How far the job looks back: more than once as far as it runs, so that a late worker leaves out little.
LOOKS_BACK = dt.timedelta(minutes=10)

# The incidents (keys) that wait for the end of a larger piece of work.
_gathered: ContextVar[set[int] | None] = ContextVar("gathered", default=None)


def follow(target: Model, fields: frozenset[str]) -> None:
    """Keep the terms of an incident anew after this was written; ``fields`` differ, none are named where it is new."""
    telling = _TELLING.get(type(target))
    if telling is None or (fields and telling and not fields & telling):
        return
    key = target.pk if isinstance(target, Incident) else target.incident_id  # type: ignore[attr-defined]
    waiting = _gathered.get()
    if waiting is not None:
        waiting.add(key)
    else:
        similarity.refresh([key])


@contextmanager
def gathered() -> Iterator[None]:
    """Keep what many writes change once, at their end. Belongs inside the transaction of them all."""
    waiting: set[int] = set()
    token = _gathered.set(waiting)
    try:
        yield
    finally:
        _gathered.reset(token)
    similarity.refresh(sorted(waiting))


def count_new_lines(now: dt.datetime) -> None:
    """Keep the terms of those incidents anew on whose timeline something was written lately. Called each minute."""
    lately = TimelineEvent.objects.filter(updated_at__gt=now - LOOKS_BACK, updated_at__lte=now).order_by()
    for key in sorted(set(lately.values_list("incident", flat=True))):
        similarity.refresh([key])
