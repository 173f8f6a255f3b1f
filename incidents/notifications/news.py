"""News of an incident: one mail for each person and incident in half an hour, with all that happened since the last.

Every event writes a message of its own. The one that is sent takes along what waits beside it; what comes within half
an hour of the last mail waits for the end of that.
"""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from ..enums import MessageState
from ..models import OutboxMessage

NEWS = "incident-news"
ONE_MAIL_IN = dt.timedelta(minutes=30)
# Longer than most people need to correct themselves, shorter than anybody waits for.
SETTLES = dt.timedelta(seconds=30)
IN_OTHER_HANDS = dt.timedelta(seconds=10)


class NotYet(Exception):
    """The message is not to leave before ``until`` (UTC); that is no failed try."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__(f"Not before {until:%Y-%m-%d %H:%M:%S}.")
        self.until = until


def gather(message: OutboxMessage, *, at: dt.datetime) -> None:
    """Make this claimed message the one that tells everything, or raise `NotYet` where it has to wait.

    ``at`` is now. Those that waited beside it are cancelled in the same transaction, and say where their news went.
    """
    beside = OutboxMessage.objects.news_beside(message)
    last = beside.filter(state=MessageState.DONE, delivered_at__gt=at - ONE_MAIL_IN).order_by("-delivered_at").first()
    if last is not None and last.delivered_at is not None:
        raise NotYet(last.delivered_at + ONE_MAIL_IN)
    waiting = beside.filter(state=MessageState.PENDING)
    if waiting.exclude(lease_owner="").filter(run_at__gt=at, pk__lt=message.pk).exists():
        raise NotYet(at + IN_OTHER_HANDS)
    with transaction.atomic():
        taken = list(waiting.filter(lease_owner=""))
        if taken:
            message.payload["since_at"] = min(row.payload["since_at"] for row in [message, *taken])
            OutboxMessage.objects.leased_by(message.lease_owner).filter(pk=message.pk).update(payload=message.payload)
            told = _("Told together with message %(message)s.") % {"message": message.pk}
            waiting.filter(pk__in=[row.pk for row in taken], lease_owner="").update(
                state=MessageState.CANCELLED, last_error=told
            )
