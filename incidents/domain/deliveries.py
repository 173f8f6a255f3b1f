"""Messages that did not get through."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import MessageState
from ..errors import NotPossible
from ..models import OutboxMessage
from ..permissions import Actor, Perm, require


@transaction.atomic
def resend(*, actor: Actor, message: OutboxMessage, now: dt.datetime) -> OutboxMessage:
    """Put a message that was given up back into the outbox, due at ``now``, as if never tried.

    Raises Forbidden for all but admins, and NotPossible where it is not given up (any more) or its content is gone.
    """
    require(actor, Perm.ADMINISTER)
    if message.holds_secret:
        raise NotPossible(_("Its link was removed when it was given up. Make a new invitation or reset instead."))
    given_up = OutboxMessage.objects.filter(pk=message.pk, state=MessageState.DEAD)
    if not given_up.update(state=MessageState.PENDING, run_at=now, attempts=0, expires_at=None):
        raise NotPossible(_("This message is on its way already."))
    audit.record(
        actor=actor,
        action="message.resent",
        target=message,
        at=now,
        changes={"state": (MessageState.DEAD.value, MessageState.PENDING.value)},
        incident=message.incident,
    )
    message.refresh_from_db()
    return message
