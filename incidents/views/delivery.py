"""The delivery log: what was sent, what waits, and what was given up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ..domain import deliveries
from ..enums import MessageState
from ..errors import NotPossible
from ..models import OutboxMessage
from ..notifications import heartbeat
from ..paging import keyset_page
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import pages_beside
from .guards import requires


@requires(Perm.ADMINISTER)
@require_safe
def delivery_log(request: SignedInRequest) -> HttpResponse:
    """All messages, newest first, perhaps only those in the state that the address names."""
    state = request.GET.get("state", "")
    state = state if state in MessageState.values else ""
    page = keyset_page(OutboxMessage.objects.for_log(state=state), order=["-id"], params=request.GET)
    context = {
        "page": page,
        **pages_beside(request, page),
        "zone": reader_zone(request.user),
        "state": state,
        "states": MessageState.choices,
        "given_up": OutboxMessage.objects.given_up().count(),
        "worker_seen_at": heartbeat.last_seen_at(),
    }
    return render(request, "incidents/delivery_log.html", context)


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
