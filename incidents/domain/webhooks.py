"""Channels besides mail: the addresses that hear of incidents, and the secrets that go with them."""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..enums import WebhookFormat
from ..errors import InvalidInput, NotPossible
from ..models import Service, Webhook
from ..notifications import notify_all, safe_http
from ..notifications import webhooks as notices
from ..notifications.shapes import SHAPES, Custom
from ..permissions import Actor, Perm, require
from .records import invalid
from .versions import check_version, compare_and_set

SECRET_BYTES = 32
LONGEST_KEY = 100
# They would say of a message what only Nevertwice can know.
OWN_HEADERS = "nevertwice-"
HIDDEN = ("url", "headers", "body", "secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookContent:
    """What admins decide about a channel. No ``kinds`` and no ``services`` mean: all of them.

    ``key`` is PagerDuty's integration key; blank leaves the one that is stored.
    """

    name: str
    url: str
    headers: str = ""
    body: str = ""
    key: str = ""
    kinds: Sequence[str] = ()
    services: Sequence[Service] = ()


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A channel and the secret that its messages are signed with, which is shown now and never again; "" for none."""

    webhook: Webhook
    secret: str


@transaction.atomic
def create(*, actor: Actor, format: str, content: WebhookContent, now: dt.datetime) -> IssuedSecret:  # noqa: A002
    """Add a channel; what is sent to it begins with the next event. Raises `InvalidInput`."""
    require(actor, Perm.ADMINISTER)
    webhook = Webhook(format=format, created_at=now, updated_at=now, **_fields(content))
    webhook.secret = _new_secret() if format == WebhookFormat.GENERIC else content.key.strip()
    _check(webhook)
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError as error:
        raise _name_taken() from error
    webhook.services.set(content.services)
    changes: dict[str, tuple[Any, Any]] = {"name": (None, webhook.name), "format": (None, webhook.format)}
    changes["host"] = (None, webhook.host)
    audit.record(actor=actor, action="webhook.created", target=webhook, at=now, changes=changes)
    return IssuedSecret(webhook, webhook.secret if format == WebhookFormat.GENERIC else "")


@transaction.atomic
def change(
    *, actor: Actor, webhook: Webhook, content: WebhookContent, version: int | None, now: dt.datetime
) -> Webhook:
    """Change a channel; its shape stays, because another shape is another receiver. Raises `InvalidInput`, `Stale`."""
    require(actor, Perm.ADMINISTER)
    webhook.refresh_from_db()
    check_version(webhook, version)
    new = _fields(content)
    if content.key.strip() and webhook.format == WebhookFormat.PAGERDUTY:
        new["secret"] = content.key.strip()
    differing = audit.difference(webhook, new)
    before = sorted(service.name for service in webhook.services.all())
    after = sorted(service.name for service in content.services)
    recorded: dict[str, tuple[Any, Any]] = _without_secrets(differing)
    if before != after:
        recorded["services"] = (before, after)
    if not recorded:
        return webhook
    for name, value in new.items():
        setattr(webhook, name, value)
    _check(webhook)
    try:
        with transaction.atomic():
            compare_and_set(webhook, at=now, **new)
    except IntegrityError as error:
        raise _name_taken() from error
    webhook.services.set(content.services)
    audit.record(actor=actor, action="webhook.changed", target=webhook, at=now, changes=recorded)
    return webhook


@transaction.atomic
def rotate_secret(*, actor: Actor, webhook: Webhook, now: dt.datetime) -> IssuedSecret:
    """Sign with another secret from now on, also what is waiting. Raises `NotPossible` where nothing is signed."""
    require(actor, Perm.ADMINISTER)
    if webhook.format != WebhookFormat.GENERIC:
        raise NotPossible(_("Messages of this shape are not signed."), code="not_signed")
    compare_and_set(webhook, at=now, secret=_new_secret())
    audit.record(actor=actor, action="webhook.secret_rotated", target=webhook, at=now)
    return IssuedSecret(webhook, webhook.secret)


@transaction.atomic
def retire(*, actor: Actor, webhook: Webhook, now: dt.datetime) -> Webhook:
    """Switch a channel off: nothing more leaves for it, and what is waiting is cancelled when its turn comes."""
    require(actor, Perm.ADMINISTER)
    return _set_active(actor, webhook, False, "webhook.retired", now)


@transaction.atomic
def bring_back(*, actor: Actor, webhook: Webhook, now: dt.datetime) -> Webhook:
    """Switch a channel on again."""
    require(actor, Perm.ADMINISTER)
    return _set_active(actor, webhook, True, "webhook.brought_back", now)


@transaction.atomic
def send_test(*, actor: Actor, webhook: Webhook, now: dt.datetime) -> None:
    """Send a message that only shows that messages arrive. Raises `NotPossible` where the channel is switched off."""
    require(actor, Perm.ADMINISTER)
    if not webhook.is_active:
        raise NotPossible(_("The channel is switched off. Switch it on first."), code="switched_off")
    notify_all([notices.test_message(webhook, key=uuid.uuid4().hex, at=now)])
    audit.record(actor=actor, action="webhook.tested", target=webhook, at=now)


def _set_active(actor: Actor, webhook: Webhook, is_active: bool, action: str, now: dt.datetime) -> Webhook:
    if Webhook.objects.filter(pk=webhook.pk, is_active=not is_active).update(is_active=is_active, updated_at=now):
        changes = {"is_active": (not is_active, is_active)}
        audit.record(actor=actor, action=action, target=webhook, at=now, changes=changes)
    webhook.is_active = is_active
    return webhook


def _fields(content: WebhookContent) -> dict[str, Any]:
    return {
        "name": content.name.strip(),
        "url": content.url.strip(),
        "headers": content.headers.strip().replace("\r\n", "\n"),
        "body": content.body.strip().replace("\r\n", "\n"),
        "kinds": list(content.kinds),
    }


def _without_secrets(differing: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """What the audit may keep: of an address the host, of what else may hold a key that it changed."""
    recorded = {name: values for name, values in differing.items() if name not in HIDDEN}
    recorded |= {name: (audit.LONG_TEXT, audit.LONG_TEXT) for name in differing if name in HIDDEN}
    if "url" in differing:
        before, after = (urlsplit(url).hostname or "" for url in differing["url"])
        if before != after:
            recorded["url"] = (before, after)
    return recorded


def _check(webhook: Webhook) -> None:
    """Raise `InvalidInput` for what could never be sent. Hosts are looked up when something is sent, not now."""
    if len(webhook.secret) > LONGEST_KEY:
        raise _wrong("key", _("A key is %(length)s characters at most.") % {"length": LONGEST_KEY})
    try:
        webhook.full_clean()
    except ValidationError as error:
        raise invalid(error) from error
    if not set(webhook.kinds) <= SHAPES[webhook.format].hears:
        raise _wrong("kinds", _("A channel of this shape cannot hear of that."))
    _check_address(webhook)
    headers = _check_headers(webhook)
    if webhook.format == WebhookFormat.CUSTOM and (problem := Custom().problem(webhook.body, headers)):
        raise _wrong("body", problem)
    if webhook.format == WebhookFormat.PAGERDUTY and not webhook.secret:
        raise _wrong("key", _("Enter the integration key of the service in PagerDuty."))


def _check_address(webhook: Webhook) -> None:
    try:
        safe_http.parse(webhook.url)
    except safe_http.Refused as error:
        raise _wrong("url", str(error)) from error


def _check_headers(webhook: Webhook) -> dict[str, str]:
    try:
        headers = notices.parse_headers(webhook.headers)
        safe_http.check_headers(headers)
    except ValueError as error:
        raise _wrong("headers", _("“%(line)s” is no header, or a second one.") % {"line": error}) from error
    except safe_http.Refused as error:
        raise _wrong("headers", str(error)) from error
    if any(name.lower().startswith(OWN_HEADERS) for name in headers):
        raise _wrong("headers", _("Headers that begin with Nevertwice are set by Nevertwice itself."))
    return headers


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, code=field, fields={field: message})


def _name_taken() -> InvalidInput:
    return _wrong("name", _("A channel has this name already."))


def _new_secret() -> str:
    return f"nvt_{secrets.token_urlsafe(SECRET_BYTES)}"
