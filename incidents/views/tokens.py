"""Tokens: one's own, and for admins those of everybody."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import tokens
from ..domain.tokens import IssuedToken
from ..enums import TokenScope
from ..forms.tokens import TokenForm
from ..models import ApiToken
from ..paging import keyset_page
from ..permissions import Perm
from ..requests import SignedInRequest
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, pages_beside, sent
from .guards import password_again, requires


@requires(Perm.OWN_TOKENS)
@password_again
@require_http_methods(["GET", "HEAD", "POST"])
def own_tokens(request: SignedInRequest) -> HttpResponse:
    """One's own tokens; a POST makes one, and shows its secret this once."""
    form = TokenForm(sent(request))
    issued = attempt(form, lambda: _create(request, form))
    context = {
        "tokens": ApiToken.objects.for_list().filter(owner=request.user),
        "zone": reader_zone(request.user),
        "now": timezone.now(),
        "issued": issued,
        "api_url": settings.BASE_URL + reverse("api-changes")
        if issued and issued.token.scope == TokenScope.WRITE
        else "",
    }
    return form_page(request, "account/tokens.html", TokenForm() if issued else form, **context)


def _create(request: SignedInRequest, form: TokenForm) -> IssuedToken:
    given, now = form.cleaned_data, timezone.now()
    return tokens.create_token(
        actor=actor_of(request),
        owner=request.user,
        name=given["name"],
        scope=TokenScope(given["scope"]),
        now=now,
        expires_at=form.expires_at(now),
    )


@require_POST
@requires(Perm.OWN_TOKENS)
def token_revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """End one's own token, or as an admin anybody's; for others it is not there."""
    mine = {} if request.user.is_admin else {"owner": request.user}
    token = get_object_or_404(ApiToken.objects.for_list(), pk=token_id, **mine)
    tokens.revoke_token(actor=actor_of(request), token=token, now=timezone.now())
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("token-list" if request.POST.get("from") == "all" and request.user.is_admin else "own-tokens")


@requires(Perm.ADMINISTER)
@require_safe
def token_list(request: SignedInRequest) -> HttpResponse:
    """The tokens of everybody, newest first."""
    page = keyset_page(ApiToken.objects.for_list(), order=["-id"], params=request.GET)
    context = {"tokens": page.rows, "zone": reader_zone(request.user), "now": timezone.now()}
    return render(request, "people/tokens.html", {**context, **pages_beside(request, page)})
