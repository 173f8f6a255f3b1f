"""What becomes of alerts, as admins decide it, and what was received."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import alert_rules, alerts
from ..enums import ReceiptState
from ..errors import DomainError
from ..forms.alerts import AlertRuleForm, AlertTrialForm
from ..models import AlertReceipt, AlertRule
from ..paging import keyset_page
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, pages_beside, sent
from .guards import requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_admins = requires(Perm.ADMINISTER)


@for_admins
@require_safe
def alert_rule_list(request: SignedInRequest) -> HttpResponse:
    """The rules in the order in which they are tried."""
    addresses = {
        "alertmanager_url": f"{settings.BASE_URL}{reverse('api-hook-alertmanager')}",
        "alert_url": f"{settings.BASE_URL}{reverse('api-hook-alert')}",
    }
    rules = AlertRule.objects.select_related("service")
    return render(request, "alerts/rules.html", {"rules": rules, **addresses})


@for_admins
@form_methods
def alert_rule_new(request: SignedInRequest) -> HttpResponse:
    form = AlertRuleForm(sent(request))
    actor, now = actor_of(request), timezone.now()
    if attempt(form, lambda: alert_rules.create_rule(actor=actor, content=form.content(), now=now)):
        return redirect("alert-rule-list")
    return form_page(request, "alerts/rule.html", form)


@for_admins
@form_methods
def alert_rule_edit(request: SignedInRequest, rule_id: int) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=rule_id)
    form = AlertRuleForm(sent(request), rule=rule)

    def save() -> AlertRule:
        version, now = form.cleaned_data["version"], timezone.now()
        content = form.content()
        return alert_rules.change_rule(actor=actor_of(request), rule=rule, content=content, version=version, now=now)

    if attempt(form, save):
        messages.success(request, _("Saved."))
        return redirect("alert-rule-list")
    return form_page(request, "alerts/rule.html", form, rule=rule)


@for_admins
@form_methods
def alert_trial(request: SignedInRequest) -> HttpResponse:
    """What the rules would make of a message."""
    form, actor = AlertTrialForm(sent(request)), actor_of(request)
    tried = attempt(form, lambda: alert_rules.trial(actor=actor, **form.cleaned_data))
    return form_page(request, "alerts/trial.html", form, tried=tried or [])


@for_admins
@require_safe
def alert_log(request: SignedInRequest) -> HttpResponse:
    """What monitoring has sent, newest first."""
    state = request.GET.get("state", "")
    state = state if state in ReceiptState.values else ""
    page = keyset_page(AlertReceipt.objects.for_log(state=state), order=["-id"], params=request.GET)
    context = {"receipts": page.rows, "states": ReceiptState.choices, "state": state, "zone": reader_zone(request.user)}
    return render(request, "alerts/log.html", {**context, **pages_beside(request, page)})


@for_admins
@require_safe
def alert_receipt(request: SignedInRequest, receipt_id: int) -> HttpResponse:
    """One message, word for word."""
    receipt = get_object_or_404(AlertReceipt.objects.select_related("token"), pk=receipt_id)
    return render(request, "alerts/receipt.html", {"receipt": receipt, "zone": reader_zone(request.user)})


@for_admins
@require_POST
def alert_receipt_retry(request: SignedInRequest, receipt_id: int) -> HttpResponse:
    receipt = get_object_or_404(AlertReceipt, pk=receipt_id)
    try:
        alerts.try_again(actor=actor_of(request), receipt=receipt, now=timezone.now())
        messages.success(request, _("It will be read once more within a few seconds."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("alert-receipt", receipt_id)
