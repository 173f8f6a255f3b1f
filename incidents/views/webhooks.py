"""Channels besides mail, as admins manage them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import webhooks as domain
from ..domain.setup import mail_is_set_up
from ..enums import ActionItemEvent, IncidentEvent, WebhookFormat
from ..errors import DomainError
from ..forms.webhooks import WebhookForm
from ..models import OutboxMessage, Webhook
from ..notifications import WEBHOOK
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import password_again, requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_admins = requires(Perm.ADMINISTER)
EVENTS = (*IncidentEvent.choices, *ActionItemEvent.choices)
# Pages that show a secret, or headers and addresses that hold one.
no_store = cache_control(no_store=True)
SHOWN = 20


@for_admins
@require_safe
def webhook_list(request: SignedInRequest) -> HttpResponse:
    newest = {message.recipient: message for message in OutboxMessage.objects.newest_to_each(WEBHOOK)}
    rows = [(webhook, newest.get(str(webhook.pk))) for webhook in Webhook.objects.for_list()]
    context = {"rows": rows, "mail_is_set_up": mail_is_set_up(), "zone": reader_zone(request.user)}
    return render(request, "channels/channels.html", context | {"kind_words": dict(EVENTS)})


@no_store
@for_admins
@password_again
@form_methods
def webhook_new(request: SignedInRequest) -> HttpResponse:
    """First the shape, then what that asks for."""
    shape = request.POST.get("format") or request.GET.get("format") or ""
    if shape not in WebhookFormat.values:
        return render(request, "channels/shapes.html")
    form = WebhookForm(sent(request), format=shape)
    actor, now = actor_of(request), timezone.now()
    issued = attempt(form, lambda: domain.create(actor=actor, format=shape, content=form.content(), now=now))
    return _issued(request, issued) if issued else form_page(request, "channels/form.html", form, shape=shape)


def _issued(request: SignedInRequest, issued: domain.IssuedSecret) -> HttpResponse:
    """Show the secret, where there is one, this once."""
    if issued.secret:
        return render(request, "channels/secret.html", {"issued": issued})
    messages.success(request, _("The channel is there. Send a test to see whether it arrives."))
    return redirect("webhook", issued.webhook.pk)


@no_store
@for_admins
@require_safe
def webhook(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    found = get_object_or_404(Webhook, pk=webhook_id)
    deliveries = OutboxMessage.objects.to_receiver(WEBHOOK, str(found.pk)).select_related("incident")[:SHOWN]
    context = {"webhook": found, "deliveries": list(deliveries), "zone": reader_zone(request.user)}
    context["kinds"] = [label for kind, label in EVENTS if kind in found.kinds]
    return render(request, "channels/_deliveries.html" if request.htmx else "channels/channel.html", context)


@no_store
@for_admins
@password_again
@form_methods
def webhook_edit(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    found = get_object_or_404(Webhook, pk=webhook_id)
    form = WebhookForm(sent(request), format=found.format, webhook=found)
    if attempt(form, lambda: _change(request, found, form)):
        messages.success(request, _("Saved."))
        return redirect("webhook", webhook_id)
    return form_page(request, "channels/form.html", form, shape=found.format, webhook=found)


def _change(request: SignedInRequest, found: Webhook, form: WebhookForm) -> Webhook:
    version = form.cleaned_data["version"]
    return domain.change(
        actor=actor_of(request), webhook=found, content=form.content(), version=version, now=timezone.now()
    )


@no_store
@for_admins
@password_again
@require_POST
def webhook_secret(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    """Another secret, shown this once."""
    found = get_object_or_404(Webhook, pk=webhook_id)
    try:
        return _issued(request, domain.rotate_secret(actor=actor_of(request), webhook=found, now=timezone.now()))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("webhook", webhook_id)


@for_admins
@require_POST
def webhook_test(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    found = get_object_or_404(Webhook, pk=webhook_id)
    try:
        domain.send_test(actor=actor_of(request), webhook=found, now=timezone.now())
        messages.success(request, _("A test is on its way. What comes back will stand below."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("webhook", webhook_id)


@for_admins
@require_POST
def webhook_retire(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    found = get_object_or_404(Webhook, pk=webhook_id)
    domain.retire(actor=actor_of(request), webhook=found, now=timezone.now())
    messages.success(request, _("%(channel)s is switched off.") % {"channel": found.name})
    return redirect("webhook", webhook_id)


@for_admins
@require_POST
def webhook_bring_back(request: SignedInRequest, webhook_id: int) -> HttpResponse:
    found = get_object_or_404(Webhook, pk=webhook_id)
    domain.bring_back(actor=actor_of(request), webhook=found, now=timezone.now())
    messages.success(request, _("%(channel)s is switched on.") % {"channel": found.name})
    return redirect("webhook", webhook_id)
