"""Tokens, by which machines act for their owner: made once, kept as a hash, ended at any time."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from .. import audit
from ..enums import Role, TokenScope
from ..errors import InvalidInput, NotPossible
from ..models import ApiToken, User
from ..permissions import Actor, Perm, require
from ..querysets import ApiTokenQuerySet
from .records import store

# So that people, and programs that look for secrets in what is published, know one when they see it.
PREFIX = "nvt_"
RANDOM_BYTES = 32
HINT_LENGTH = 12
MOST_TOKENS = 50  # of one person, in use at once
# When a token was last used is noted this often at most, so that a storm of alerts writes nothing.
USE_NOTED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token with what exists only now: the secret itself. The signing key can be made from what is kept."""

    token: ApiToken
    secret: str
    signing_key: str


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    owner: User,
    name: str,
    scope: TokenScope,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> IssuedToken:
    """Make a token for ``owner``: one's own, or anybody's as an admin. Raises `Forbidden`, `InvalidInput`."""
    require(actor, Perm.OWN_TOKENS if actor.user == owner else Perm.ADMINISTER)
    name = " ".join(name.split())
    _check(owner, name, expires_at, now)
    secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    token = ApiToken(
        owner=owner,
        name=name,
        scope=scope,
        token_hash=digest(secret),
        hint=secret[:HINT_LENGTH],
        created_at=now,
        expires_at=expires_at,
    )
    store(token)
    changes = {"owner": (None, owner), "scope": (None, scope), "expires_at": (None, expires_at)}
    audit.record(actor=actor, action="token.created", target=token, at=now, changes=changes)
    return IssuedToken(token, secret, signing_key(token))


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken, now: dt.datetime) -> None:
    """End a token: one's own, or anybody's as an admin. Doing it twice changes nothing."""
    require(actor, Perm.OWN_TOKENS if actor.user == token.owner else Perm.ADMINISTER)
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        audit.record(actor=actor, action="token.revoked", target=token, at=now)


def revoke_all(*, actor: Actor, owner: User, now: dt.datetime) -> None:
    """End all tokens of somebody whose account is taken out of use. Part of that, which checks."""
    for token in ApiToken.objects.filter(owner=owner, revoked_at=None):
        revoke_token(actor=actor, token=token, now=now)


def find_token(*, secret: str, now: dt.datetime) -> ApiToken | None:
    """The token with this secret, if it still lets somebody in who has a role."""
    # What is compared is a hash: how long that takes says nothing about the secret.
    return _usable(now).filter(token_hash=digest(secret)).first()


def find_signer(*, hint: str, now: dt.datetime) -> list[ApiToken]:
    """The tokens that begin like this, by one of which a message may be signed."""
    return list(_usable(now).filter(hint=hint)[:5]) if len(hint) == HINT_LENGTH else []


def note_use(*, token: ApiToken, now: dt.datetime) -> None:
    """Remember that the token was used, unless that was noted a moment ago."""
    before = now - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < before:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


def signing_key(token: ApiToken) -> str:
    """What a machine signs with that cannot send the token itself.

    Made of the hash and the installation's secret key: the database alone is not enough to sign.
    """
    return salted_hmac("incidents.tokens.signing", token.token_hash, algorithm="sha256").hexdigest()


def digest(secret: str) -> str:
    """What is kept of a secret: enough to know it again, too little to make it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _usable(now: dt.datetime) -> ApiTokenQuerySet:
    return ApiToken.objects.usable(now).select_related("owner")


def _check(owner: User, name: str, expires_at: dt.datetime | None, now: dt.datetime) -> None:
    if not owner.has_role(Role.READER):
        raise NotPossible(_("An account that is disabled or has no role cannot have tokens."))
    if expires_at is not None and expires_at <= now:
        message = _("This time is over already.")
        raise InvalidInput(message, code="expired", fields={"expires_at": message})
    names = [
        known.casefold() for known in ApiToken.objects.usable(now).filter(owner=owner).values_list("name", flat=True)
    ]
    if name.casefold() in names:
        message = _(
            "A token in use has this name already. Give this one another name, so that you can tell them apart."
        )
        raise InvalidInput(message, code="name_taken", fields={"name": message})
    if len(names) >= MOST_TOKENS:
        raise NotPossible(_("You have 50 tokens in use. Revoke those that nobody needs."))
