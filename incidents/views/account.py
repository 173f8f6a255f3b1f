"""One's own account: signing in and out, passwords, profile, sessions."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..domain import invitations, passwords, people
from ..domain.invitations import LinkIsSpent
from ..domain.passwords import ResetLinkIsSpent
from ..forms.accounts import (
    EmailForm,
    InvitationForm,
    NewPasswordForm,
    PasswordAgainForm,
    PasswordChangeForm,
    PasswordResetForm,
    ProfileForm,
    SignInForm,
)
from ..middleware import role_not_required
from ..models import User
from ..requests import SignedInRequest
from ..sessions import browser_name, own_sessions, public_id
from ..sign_in import may_ask_for_link, remember_device, start_session
from ..zones import reader_zone
from .access import actor_of
from .answers import attempt, form_page, sent
from .guards import next_url, password_again

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@sensitive_post_parameters("password")
@form_methods
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(next_url(request, "today"))
    form = SignInForm(sent(request), request=request)
    if form.is_bound and form.is_valid() and form.user is not None:
        return _let_in(request, form.user, next_url(request, "today"))
    response = form_page(request, "registration/sign_in.html", form, next=next_url(request, "today"))
    if form.retry_after:
        response.status_code = 429
        response["Retry-After"] = str(form.retry_after)
    return response


def _let_in(request: HttpRequest, user: User, url: str) -> HttpResponse:
    start_session(request, user)
    response = redirect(url)
    remember_device(request, response, user)
    return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


@role_not_required
@sensitive_post_parameters("current_password")
@form_methods
def confirm_password(request: SignedInRequest) -> HttpResponse:
    form = PasswordAgainForm(sent(request), request=request)
    url = next_url(request, "profile")
    if form.is_bound and form.is_valid():
        return redirect(url)
    return form_page(request, "account/password_again.html", form, next=url, back_url="/")


@role_not_required
@sensitive_post_parameters("current_password", "password", "again")
@form_methods
def password_change(request: SignedInRequest) -> HttpResponse:
    form = PasswordChangeForm(sent(request), request=request)
    if attempt(form, lambda: _change_password(request, form.cleaned_data["password"])):
        messages.success(request, _("Your password is changed. All your other sessions have ended."))
        return redirect("profile")
    return form_page(request, "account/password_change.html", form)


def _change_password(request: SignedInRequest, password: str) -> bool:
    keep = request.session.session_key or ""
    passwords.change(actor=actor_of(request), password=password, keep_session=keep, now=timezone.now())
    # A new key for this session too, in case somebody else holds the old one.
    start_session(request, request.user)
    return True


@login_not_required
@form_methods
def password_reset(request: HttpRequest) -> HttpResponse:
    form = PasswordResetForm(sent(request))
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        if may_ask_for_link(request, email):
            passwords.request_link(email=email, now=timezone.now())
        return redirect("password-reset-sent")
    return form_page(request, "registration/password_reset.html", form)


@login_not_required
@require_safe
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/password_reset_sent.html")


@login_not_required
@sensitive_post_parameters("password", "again")
@form_methods
def password_reset_confirm(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    form = NewPasswordForm(sent(request))
    try:
        passwords.find(uid=uid, token=token)
        now = timezone.now()
        user = attempt(
            form, lambda: passwords.reset(uid=uid, token=token, password=form.cleaned_data["password"], now=now)
        )
    except ResetLinkIsSpent as error:
        return render(request, "registration/link_spent.html", {"error": error}, status=error.http_status)
    if user:
        return _let_in(request, user, next_url(request, "today"))
    return form_page(request, "registration/password_new.html", form)


@login_not_required
@sensitive_post_parameters("password", "again")
@form_methods
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        found = invitations.find(token=token, now=now)
        form = InvitationForm(sent(request), initial={"name": found.name})
        user = attempt(form, lambda: _accept(form, token))
    except LinkIsSpent as error:
        return render(request, "registration/link_spent.html", {"error": error}, status=error.http_status)
    if user:
        return _let_in(request, user, next_url(request, "today"))
    return form_page(request, "registration/invitation.html", form, invitation=found)


def _accept(form: InvitationForm, token: str) -> User:
    given = form.cleaned_data
    return invitations.accept(token=token, name=given["name"], password=given["password"], now=timezone.now())


@role_not_required
@form_methods
def profile(request: SignedInRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(sent(request), instance=person)
    if attempt(form, lambda: people.change_profile(actor=actor_of(request), now=timezone.now(), **form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("profile")
    return form_page(request, "account/profile.html", form)


@role_not_required
@password_again
@form_methods
def email_change(request: SignedInRequest) -> HttpResponse:
    form = EmailForm(sent(request), initial={"email": request.user.email})
    if attempt(form, lambda: people.change_profile(actor=actor_of(request), now=timezone.now(), **form.cleaned_data)):
        messages.success(request, _("Your e-mail address is saved."))
        return redirect("profile")
    return form_page(request, "account/email.html", form)


@role_not_required
@require_safe
def sessions(request: SignedInRequest) -> HttpResponse:
    rows = [
        {
            "id": public_id(row.session_key),
            "browser": browser_name(row.browser),
            "row": row,
            "is_current": row.session_key == request.session.session_key,
        }
        for row in own_sessions(request.user)
    ]
    return render(request, "account/sessions.html", {"sessions": rows, "zone": reader_zone(request.user)})


@role_not_required
@require_POST
def session_end(request: SignedInRequest, session_id: str) -> HttpResponse:
    """End one of one's own sessions, the present one included."""
    keys = [row.session_key for row in own_sessions(request.user) if public_id(row.session_key) == session_id]
    if people.end_sessions(actor=actor_of(request), session_keys=keys, now=timezone.now()):
        messages.success(request, _("That session has ended."))
    return redirect("sessions")


@role_not_required
@require_POST
def sessions_end_others(request: SignedInRequest) -> HttpResponse:
    current = request.session.session_key
    keys = [row.session_key for row in own_sessions(request.user) if row.session_key != current]
    people.end_sessions(actor=actor_of(request), session_keys=keys, now=timezone.now())
    messages.success(request, _("All your other sessions have ended."))
    return redirect("sessions")
