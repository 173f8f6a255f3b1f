"""Letting people in: an admin invites, the link in the mail makes the account."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import audit
from ..enums import Role
from ..errors import InvalidInput, NotPossible
from ..models import Invitation, Team, User
from ..notifications import notify
from ..permissions import Actor, Perm, require
from .passwords import check_password_strength
from .records import store

LASTS = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """An invitation and its link, which exists only now and in the mail: what is kept is its hash."""

    invitation: Invitation
    link: str


class LinkIsSpent(NotPossible):
    """The link was used, withdrawn, is too old, or never was one; which of these is not told."""

    default_code = "link_spent"
    http_status = 404


@transaction.atomic
def invite(
    *, actor: Actor, email: str, role: str, name: str = "", teams: Iterable[Team] = (), now: dt.datetime
) -> IssuedInvitation:
    """Invite somebody by mail. Raises `InvalidInput` where the address has an account or an open invitation."""
    require(actor, Perm.ADMINISTER)
    _check_address(email, now)
    return _issue(actor=actor, email=email, role=role, name=name, teams=teams, now=now)


def invite_to_accounts(*, actor: Actor, users: Sequence[User], now: dt.datetime) -> list[IssuedInvitation]:
    """Invite people to accounts made ahead, each with an address; the caller has the transaction and records it."""
    require(actor, Perm.ADMINISTER)
    tokens = [secrets.token_urlsafe(32) for _user in users]
    made = Invitation.objects.bulk_create(
        Invitation(
            email=user.email or "",
            name=user.name,
            role=user.role,
            user=user,
            token_hash=digest(token),
            invited_by=actor.user,
            created_at=now,
            expires_at=now + LASTS,
        )
        for user, token in zip(users, tokens, strict=True)
    )
    return [_send(actor, invitation, token, now) for invitation, token in zip(made, tokens, strict=True)]


@transaction.atomic
def renew(*, actor: Actor, invitation: Invitation, now: dt.datetime) -> IssuedInvitation:
    """Send an invitation again: the old link ends, the new one lasts seven days. Raises `NotPossible` once accepted."""
    require(actor, Perm.ADMINISTER)
    token, expires_at = secrets.token_urlsafe(32), now + LASTS
    renewed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(
        token_hash=digest(token), expires_at=expires_at, revoked_at=None
    )
    if not renewed:
        raise NotPossible(_("This invitation has been accepted."), code="invitation_accepted")
    invitation.refresh_from_db()
    audit.record(actor=actor, action="invitation.renewed", target=invitation, at=now)
    return _send(actor, invitation, token, now)


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation, now: dt.datetime) -> None:
    """Withdraw an invitation, so that its link does nothing any more. Raises `NotPossible` once accepted."""
    require(actor, Perm.ADMINISTER)
    if invitation.revoked_at is not None:
        return
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=now):
        raise NotPossible(_("This invitation has been accepted."), code="invitation_accepted")
    audit.record(actor=actor, action="invitation.revoked", target=invitation, at=now)


def find(*, token: str, now: dt.datetime) -> Invitation:
    """The open invitation that this link belongs to. Raises `LinkIsSpent`."""
    invitation = Invitation.objects.open(now).filter(token_hash=digest(token)).select_related("user").first()
    if invitation is None or (invitation.user is not None and not invitation.user.is_active):
        raise LinkIsSpent(_("This invitation has been used, has expired, or was withdrawn. Ask for a new one."))
    return invitation


def accept(*, token: str, name: str, password: str, now: dt.datetime) -> User:
    """Make the account that the invitation offers, or set the first password of one made ahead.

    The link stands for its bearer, so there is no other actor. Raises `LinkIsSpent` and `InvalidInput`.
    """
    invitation = find(token=token, now=now)
    user = invitation.user or User(email=invitation.email, role=invitation.role)
    user.name = User.normalize_username(name.strip())
    check_password_strength(password, user)
    # Hashing takes a third of a second: not while we hold the database.
    user.password = make_password(password)
    with transaction.atomic():
        _spend(invitation, now)
        store(user)
        # The teams of an account made ahead are set already, and an admin may have changed them since.
        if invitation.user is None:
            user.teams.set(invitation.teams.active())
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
        audit.record(
            actor=Actor.person(user),
            action="invitation.accepted",
            target=user,
            at=now,
            changes={"name": (None, user.name), "role": (None, user.role)},
        )
    return user


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again, too little to make it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _check_address(email: str, now: dt.datetime) -> None:
    if User.objects.filter(email__iexact=email.strip()).exists():
        message = _("This address has an account already.")
    elif Invitation.objects.open(now).filter(email__iexact=email.strip()).exists():
        message = _("This address is invited already. Send that invitation again, or withdraw it first.")
    else:
        return
    raise InvalidInput(message, code="address_known", fields={"email": message})


def _spend(invitation: Invitation, now: dt.datetime) -> None:
    """Single use, also when the button is pressed twice at once."""
    if (
        not Invitation.objects.open(now)
        .filter(pk=invitation.pk, token_hash=invitation.token_hash)
        .update(accepted_at=now)
    ):
        raise LinkIsSpent(_("This invitation has just been used. Sign in, or ask for a new one."))


def _issue(
    *, actor: Actor, email: str, role: str, name: str, teams: Iterable[Team], now: dt.datetime
) -> IssuedInvitation:
    token, teams = secrets.token_urlsafe(32), list(teams)
    invitation = Invitation(
        email=email.strip(),
        name=name.strip(),
        role=role,
        token_hash=digest(token),
        invited_by=actor.user,
        created_at=now,
        expires_at=now + LASTS,
    )
    store(invitation)
    invitation.teams.set(teams)
    changes = {"email": (None, invitation.email), "role": (None, role), "teams": (None, teams)}
    audit.record(actor=actor, action="person.invited", target=invitation, at=now, changes=changes)
    return _send(actor, invitation, token, now)


def _send(actor: Actor, invitation: Invitation, token: str, now: dt.datetime) -> IssuedInvitation:
    link = settings.BASE_URL + reverse("invitation", args=[token])
    notify(
        kind="invitation",
        recipient=invitation.email,
        payload={
            "link": link,
            "name": invitation.name,
            "invited_by": actor.label,
            "role": str(Role(invitation.role).label) if invitation.role else "",
            "expires_at": invitation.expires_at.isoformat(),
        },
        dedupe_key=f"invitation:{invitation.token_hash}",
        at=now,
        expires_at=invitation.expires_at,
        secret=True,
    )
    return IssuedInvitation(invitation, link)
