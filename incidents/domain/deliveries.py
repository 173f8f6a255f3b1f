"""Messages that did not get through."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import MessageState
from ..errors import NotPossible
from ..models import OutboxMessage
from ..permissions import Actor, Perm, require

# In one transaction, with an entry in the audit for each; whoever has more presses again.
AT_ONCE = 500


@transaction.atomic
def resend(*, actor: Actor, message: OutboxMessage, now: dt.datetime) -> OutboxMessage:
    """Put a message that was given up back into the outbox, due at ``now``, as if never tried.

    Raises Forbidden for all but admins, and NotPossible where it is not given up (any more) or its content is gone.
    """
    require(actor, Perm.ADMINISTER)
    if message.holds_secret:
        raise NotPossible(_("Its link was removed when it was given up. Make a new invitation or reset instead."))
    if not _put_back(message, now):
        raise NotPossible(_("This message is on its way already."))
    _record(actor, message, now)
    message.refresh_from_db()
    return message


@transaction.atomic
def resend_all(*, actor: Actor, channel: str = "", now: dt.datetime) -> int:
    """Put back what was given up, perhaps of one channel only, oldest first and so many at once; how many they were.

    Raises Forbidden for all but admins. What held a secret is left out: its content is gone.
    """
    require(actor, Perm.ADMINISTER)
    found = OutboxMessage.objects.resendable(channel=channel).select_related("incident").order_by("id")[:AT_ONCE]
    put_back = [message for message in found if _put_back(message, now)]
    for message in put_back:
        _record(actor, message, now)
    return len(put_back)


def _put_back(message: OutboxMessage, now: dt.datetime) -> bool:
    given_up = OutboxMessage.objects.given_up().filter(pk=message.pk)
    return bool(given_up.update(state=MessageState.PENDING, run_at=now, attempts=0, expires_at=None))


def _record(actor: Actor, message: OutboxMessage, now: dt.datetime) -> None:
    audit.record(
        actor=actor,
        action="message.resent",
        target=message,
        at=now,
        changes={"state": (MessageState.DEAD.value, MessageState.PENDING.value)},
        incident=message.incident,
    )
