"""Forms of one's own account: signing in, passwords, profile."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import User
from ..sign_in import TooManyTries, confirm_password
from .errors import add_domain_error
from .fields import ZoneField

LONGEST_PASSWORD = 1000  # hashing more would be work for nothing


def _hints() -> str:
    return " ".join(password_validators_help_texts())


def password_field(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=LONGEST_PASSWORD, widget=widget, help_text=help_text)


class SignInForm(forms.Form):
    """Name or e-mail address, and password.

    ``user`` is who they belong to; ``retry_after`` says how many seconds to wait where there were too many tries.
    """

    name = forms.CharField(
        label=gettext_lazy("Name or e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = password_field(gettext_lazy("Password"), "current-password")

    user: User | None = None
    retry_after: int = 0

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> None:
        name, password = self.cleaned_data.get("name"), self.cleaned_data.get("password")
        if not name or not password:
            return
        try:
            self.user = authenticate(self.request, username=name, password=password)
        except TooManyTries as error:
            self.retry_after = error.retry_after
            add_domain_error(self, error)
            return
        if self.user is None:
            raise forms.ValidationError(_("Name and password do not fit. Check both, or ask for a new password."))


class PasswordAgainForm(forms.Form):
    """The password of who is signed in, once more."""

    current_password = password_field(gettext_lazy("Your password"), "current-password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_current_password(self) -> str:
        password = self.cleaned_data["current_password"]
        try:
            fits = confirm_password(self.request, password)
        except TooManyTries as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        if not fits:
            raise forms.ValidationError(_("This is not your password."), code="wrong_password")
        return password


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    password = password_field(gettext_lazy("New password"), "new-password", lazy(_hints, str)())
    again = password_field(gettext_lazy("New password again"), "new-password")

    def clean_again(self) -> str:
        if self.cleaned_data["again"] != self.cleaned_data.get("password"):
            raise forms.ValidationError(_("The two passwords differ. Type the same one twice."), code="differ")
        return self.cleaned_data["again"]


class PasswordChangeForm(NewPasswordForm, PasswordAgainForm):
    """The password there is, and the new one twice."""

    field_order = ["current_password", "password", "again"]


class InvitationForm(NewPasswordForm):
    """How somebody who was invited wants to be called, and their first password."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=150,
        help_text=gettext_lazy("As your colleagues know you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "password", "again"]


class PasswordResetForm(forms.Form):
    """Where to send the link for a new password."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class EmailForm(forms.Form):
    """One's own e-mail address."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("Notices and links for a new password go there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ProfileForm(forms.ModelForm):
    """What colleagues know of a person, and how this person likes pages to be."""

    time_zone = ZoneField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("For example Europe/Berlin or UTC+02:00. Blank: as the installation."),
    )

    class Meta:
        model = User
        fields = ["name", "phone", "time_zone", "colour_scheme", "keys_enabled"]
        help_texts = {"keys_enabled": gettext_lazy("Single keys open pages; they never send anything.")}
        widgets = {"phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"})}
