"""Passwords: change, and the link for who has forgotten theirs."""

import datetime as dt
import uuid

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from .. import audit
from ..errors import InvalidInput, NotPossible
from ..models import Session, User
from ..notifications import notify
from ..permissions import Actor, Perm, require

FORGOTTEN = "Forgotten password"
LASTS = dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


class ResetLinkIsSpent(NotPossible):
    """The link was used, is older than an hour, or never was one; which of these is not told."""

    default_code = "link_spent"
    http_status = 404


def change(*, actor: Actor, password: str, keep_session: str = "", now: dt.datetime) -> None:
    """Set one's own password and end all other sessions. The old one has been asked for. Raises `InvalidInput`."""
    require(actor, Perm.EDIT_PROFILE)
    if actor.user is None:
        raise NotPossible("Only a person has a password.")
    check_password_strength(password, actor.user)
    _set(actor.user, password, actor, "person.password_changed", keep_session, now)


def request_link(*, email: str, now: dt.datetime) -> None:
    """Mail a link for a new password if an active account has this address. What happened is not told.

    One transaction either way, so that the clock does not tell either.
    """
    with transaction.atomic():
        user = User.objects.active().filter(email__iexact=email.strip()).first()
        if user is None or not user.email:
            return
        notify(
            kind="password-reset",
            recipient=user.email,
            payload={"link": _link(user), "name": user.name},
            dedupe_key=f"password-reset:{uuid.uuid4()}",
            at=now,
            expires_at=now + LASTS,
            secret=True,
        )
        audit.record(actor=Actor.machine(FORGOTTEN, ""), action="person.password_link_requested", target=user, at=now)


@transaction.atomic
def make_link(*, actor: Actor, person: User, now: dt.datetime) -> str:
    """A link for a new password that an admin hands over, for where mail does not arrive. Raises `NotPossible`."""
    require(actor, Perm.ADMINISTER)
    if not person.is_active:
        raise NotPossible(_("This account is disabled. Enable it first."), code="disabled")
    audit.record(actor=actor, action="person.password_link_made", target=person, at=now)
    return _link(person)


def find(*, uid: str, token: str) -> User:
    """The account that a link for a new password belongs to. Raises `ResetLinkIsSpent`."""
    try:
        user = User.objects.active().filter(pk=int(urlsafe_base64_decode(uid))).first()
    except (ValueError, OverflowError):
        user = None
    if user is None or not default_token_generator.check_token(user, token):
        raise ResetLinkIsSpent(_("This link has been used or is older than an hour. Ask for a new one."))
    return user


def reset(*, uid: str, token: str, password: str, now: dt.datetime) -> User:
    """Set a new password by the link from the mail, once, and end all sessions.

    The link stands for its bearer, so there is no other actor. Raises `ResetLinkIsSpent` and `InvalidInput`.
    """
    user = find(uid=uid, token=token)
    check_password_strength(password, user)
    _set(user, password, Actor.person(user), "person.password_reset", "", now)
    return user


def check_password_strength(password: str, user: User) -> None:
    """Raise `InvalidInput` for a password that is too easy to guess."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        message = " ".join(error.messages)
        raise InvalidInput(message, code="password", fields={"password": message}) from error


def _set(user: User, password: str, actor: Actor, action: str, keep_session: str, now: dt.datetime) -> None:
    # Hashing takes a third of a second: not while we hold the database.
    hashed, before = make_password(password), user.password
    with transaction.atomic():
        # A link works once, also when it is followed twice at the same moment.
        if not User.objects.filter(pk=user.pk, password=before).update(password=hashed):
            raise ResetLinkIsSpent(_("The password has just been changed elsewhere. Sign in with that one."))
        user.password = hashed
        Session.objects.filter(user=user).exclude(session_key=keep_session).delete()
        audit.record(actor=actor, action=action, target=user, at=now)


def _link(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return settings.BASE_URL + reverse("password-reset-confirm", args=[uid, token])
