"""The delivery log: what was sent, what waits, and what was given up."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from ..domain import deliveries
from ..enums import MessageState
from ..errors import NotPossible
from ..models import OutboxMessage, Webhook
from ..notifications import FAN_OUT, MAIL, WEBHOOK, heartbeat
from ..paging import keyset_page
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import pages_beside
from .guards import requires

CHANNEL_WORDS = {
    MAIL: gettext_lazy("Mail"),
    WEBHOOK: gettext_lazy("Webhooks"),
    FAN_OUT: gettext_lazy("Spread to others"),
}


@requires(Perm.ADMINISTER)
@require_safe
def delivery_log(request: SignedInRequest) -> HttpResponse:
    """All messages, newest first, perhaps only those in the state, by the channel or to the receiver of the address."""
    filters = _filters(request)
    page = keyset_page(OutboxMessage.objects.for_log(**filters), order=["-id"], params=request.GET)
    context = {
        "page": page,
        **pages_beside(request, page),
        "zone": reader_zone(request.user),
        **filters,
        "states": MessageState.choices,
        "channels": CHANNEL_WORDS,
        "rows": _with_webhooks(page.rows),
        "given_up": OutboxMessage.objects.given_up().count(),
        "resendable": OutboxMessage.objects.resendable(channel=filters["channel"]).count(),
        "worker_seen_at": heartbeat.last_seen_at(),
    }
    return render(request, "incidents/delivery_log.html", context)


def _with_webhooks(rows: Sequence[OutboxMessage]) -> list[tuple[OutboxMessage, Webhook | None]]:
    """Each message with the webhook that it is for, if it is for one."""
    keys = {message.recipient for message in rows if message.channel == WEBHOOK}
    found = {str(webhook.pk): webhook for webhook in Webhook.objects.filter(pk__in=keys)} if keys else {}
    return [(message, found.get(message.recipient) if message.channel == WEBHOOK else None) for message in rows]


def _filters(request: SignedInRequest) -> dict[str, str]:
    """What the address narrows the log down to; what it makes up narrows nothing."""
    state, channel, receiver = (request.GET.get(name, "") for name in ("state", "channel", "receiver"))
    return {
        "state": state if state in MessageState.values else "",
        "channel": channel if channel in CHANNEL_WORDS else "",
        "receiver": receiver if receiver.isascii() and receiver.isdigit() and channel == WEBHOOK else "",
    }


@requires(Perm.ADMINISTER)
@require_POST
def delivery_resend_all(request: SignedInRequest) -> HttpResponse:
    """Put everything back that was given up, perhaps of one channel only."""
    channel = request.POST.get("channel", "")
    channel = channel if channel in CHANNEL_WORDS else ""
    number = deliveries.resend_all(actor=actor_of(request), channel=channel, now=timezone.now())
    text = ngettext("%(count)s message will be sent again.", "%(count)s messages will be sent again.", number)
    messages.success(request, text % {"count": number})
    return redirect("delivery-log")


@requires(Perm.ADMINISTER)
@require_POST
def delivery_resend(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a message that was given up back into the outbox."""
    message = get_object_or_404(OutboxMessage, pk=pk)
    try:
        deliveries.resend(actor=actor_of(request), message=message, now=timezone.now())
        messages.success(request, _("It will be sent again within seconds."))
    except NotPossible as error:
        messages.error(request, error.message)
    return redirect("delivery-log")
