"""A message that only shows that messages arrive."""

import datetime as dt
import uuid

from ..enums import MessageState
from ..models import OutboxMessage
from . import MAIL
from .delivery import LEASE, Courier

KIND = "test"


def send_test_mail(*, address: str, at: dt.datetime) -> str:
    """Deliver a mail to ``address`` now, waiting for the mail server; the error in words, or "" where it was taken.

    It is in the delivery log like any other, but is not tried a second time: nobody wants it tomorrow.
    """
    message = OutboxMessage.objects.create(
        kind=KIND,
        channel=MAIL,
        recipient=address,
        dedupe_key=f"{KIND}:{uuid.uuid4().hex}",
        created_at=at,
        # As if claimed already, so that no worker takes it as well.
        run_at=at + LEASE,
        lease_owner=uuid.uuid4().hex,
        attempts=1,
    )
    courier = Courier()
    problem = courier.deliver(message)
    courier.close()
    if problem:
        OutboxMessage.objects.filter(pk=message.pk, state=MessageState.PENDING).update(state=MessageState.DEAD)
    return problem
