"""What the weekly mail tells people of their action items."""

import datetime as dt
from collections.abc import Iterable

from incidents.models import User
from incidents.registry import Reminder

from .models import ActionItem
from .querysets import ACTION_ORDER

# More than anybody does in a week; the page has all of them.
MOST = 30


def reminded_owners() -> Iterable[int]:
    """The accounts that own an unfinished action item."""
    owned = ActionItem.objects.unfinished().filter(incident__is_example=False).exclude(owner=None)
    return owned.order_by().values_list("owner", flat=True).distinct()


def reminders_for(person: User, today: dt.date) -> list[Reminder]:
    """A person's own unfinished action items of incidents that they may see, overdue first."""
    own = ActionItem.objects.visible_to(person).unfinished().filter(owner=person, incident__is_example=False)
    return [
        Reminder(
            reference=item.reference,
            text=item.text,
            path=item.get_absolute_url(),
            of=str(item.incident),
            due_on=item.due_on,
            is_late=item.is_overdue(today),
        )
        for item in own.select_related("incident").order_by(*ACTION_ORDER)[:MOST]
    ]
