"""What one hears of: preferences, mute, what one follows, and the link in a mail that ends it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from ..domain import following, notices
from ..enums import NoticeKind
from ..forms.notices import MuteForm, NoticesForm
from ..models import Service, Subscription
from ..notifications import reasons, unsubscribe
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])
for_readers = requires(Perm.FOLLOW)


@for_readers
@form_methods
def preferences(request: SignedInRequest) -> HttpResponse:
    """The page on which one chooses."""
    rows = list(Subscription.objects.of(request.user))
    form = NoticesForm(sent(request), initial=_chosen(request, rows))
    if attempt(form, lambda: _choose(request, form)):
        messages.success(request, _("Saved."))
        return redirect("notices")
    followed = [row for row in rows if not row.severity]
    context = {"followed": followed, "mute_form": MuteForm(), "zone": reader_zone(request.user), "now": timezone.now()}
    return form_page(request, "account/notices.html", form, **context)


def _chosen(request: SignedInRequest, rows: list[Subscription]) -> dict[str, list[str]]:
    chosen = reasons.chosen_by([request.user.pk])
    return {
        "kinds": [kind.value for kind in NoticeKind if reasons.wants(request.user, kind, chosen)],
        "severities": [row.severity for row in rows if row.severity],
    }


def _choose(request: SignedInRequest, form: NoticesForm) -> bool:
    data = form.cleaned_data
    notices.choose(actor=actor_of(request), wanted=data["kinds"], severities=data["severities"], now=timezone.now())
    return True


@for_readers
@require_POST
def mute(request: SignedInRequest) -> HttpResponse:
    form = MuteForm(request.POST)
    if form.is_valid():
        choice, zone = form.cleaned_data["mute"], reader_zone(request.user)
        notices.mute(actor=actor_of(request), choice=choice, zone=zone, now=timezone.now())
    return redirect("notices")


@for_readers
@require_POST
def unfollow(request: SignedInRequest, subscription_id: int) -> HttpResponse:
    """End to follow something, also what one may no longer see."""
    row = get_object_or_404(Subscription.objects.of(request.user), pk=subscription_id)
    following.end(actor=actor_of(request), row=row, now=timezone.now())
    messages.success(request, _("You no longer follow it."))
    return redirect("notices")


@for_readers
@require_POST
def follow_service(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Service, slug=slug)
    following.set_following_service(
        actor=actor_of(request), service=found, following=request.POST.get("following") == "1", now=timezone.now()
    )
    return redirect("service", slug)


@login_not_required
@csrf_exempt
@form_methods
def stop(request: HttpRequest, stop_token: str) -> HttpResponse:
    """The link at the end of a mail. Looking changes nothing; mail programs post to it without a form of ours.

    The signed address is all that lets somebody in, so a request from another site can do no more than its holder.
    """
    what = unsubscribe.read(stop_token)
    if what is None:
        return render(request, "account/notices_stop_spent.html", status=404)
    done = request.method == "POST" and notices.stop(what=what, now=timezone.now()) is not None
    return render(request, "account/notices_stop.html", {"done": done})
