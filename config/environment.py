"""Strict readers of environment variables: a value that cannot be meant stops the start with one sentence.

Every variable may also be given as a file: `SECRET_KEY_FILE=/run/secrets/key` is read where `SECRET_KEY` is asked for.
"""

import ipaddress
import re
import secrets
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Environment(environ.Env):
    ENVIRON = environ.FileAwareMapping(cache=False)


_environment = _Environment()

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}
# The name of a host, whose last part is no number: numbers are addresses, and those are written as such.
RECEIVER = re.compile(r"(?:[a-z0-9_-]+\.)*(?=[a-z0-9_-]*[a-z_-])(?!0x[0-9a-f]*\.?$)[a-z0-9_-]+\.?")
DATABASE_ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


class BadValue(ImproperlyConfigured):
    """A variable has a value that Nevertwice cannot start with; the text says which, why, and what would do."""


def text(name: str, default: str = "") -> str:
    """The value, without blanks around it; the default when absent or blank. Raises BadValue for an unreadable file."""
    try:
        value = _environment.str(name, default=default)
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"{name}_FILE cannot be read: {error}.") from error
    if "\x00" in value:
        raise BadValue(f"{name} holds a NUL byte.")
    return value.strip() or default


def flag(name: str, *, default: bool) -> bool:
    """A switch: 1, true, yes, on or 0, false, no, off."""
    value = text(name, "1" if default else "0").lower()
    if value not in YES | NO:
        raise BadValue(f"{name} is “{value}”, but has to be 1 or 0.")
    return value in YES


def words(name: str) -> list[str]:
    """A list divided by commas, blanks dropped."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def base_url(name: str, default: str) -> str:
    """The address people type, without a slash at the end; only scheme, host and port are allowed."""
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    bare = parts.scheme in {"http", "https"} and parts.hostname and value == f"{parts.scheme}://{parts.netloc}"
    if not bare or "@" in parts.netloc:
        raise BadValue(
            f"{name} is “{value}”, but has to be the address people type, such as https://incidents.example.org "
            "(scheme, host and perhaps port; no path)."
        )
    return value.lower()


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses: localhost, 127.0.0.0/8, ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def hosts(name: str, default: list[str]) -> list[str]:
    """Host names without scheme or port. `*` is refused: it would let anyone choose the links in our mails."""
    found = words(name) or default
    for host in found:
        if "*" in host:
            raise BadValue(
                f"{name} holds “{host}”; name each host, or write .example.org for a domain and all below it."
            )
        if "/" in host or (":" in host and not host.startswith("[")):
            raise BadValue(f"{name} holds “{host}”, but wants host names alone, such as incidents.example.org.")
    return found


def networks(name: str) -> list[Network]:
    """IP addresses and networks in CIDR form."""
    found = []
    for word in words(name):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise BadValue(f"{name} holds “{word}”, which is no IP address or network: {error}.") from error
    return found


def receivers(name: str) -> list[str | Network]:
    """Hosts and networks inside that messages may be sent to: names as they are written in addresses, or CIDR.

    A network so wide that hardly anything is left outside is refused: that would switch the guard off.
    """
    found: list[str | Network] = []
    for word in words(name):
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            if not RECEIVER.fullmatch(word.lower()):
                raise BadValue(
                    f"{name} holds “{word}”, but wants names of hosts, IP addresses or networks, such as "
                    "ntfy.example.org,10.0.5.0/24 (no scheme, no port, no *)."
                ) from None
            found.append(word.lower().rstrip("."))
            continue
        if network.prefixlen < 8:
            raise BadValue(f"{name} holds “{word}”, which is nearly everything. Name the networks that are meant.")
        found.append(network)
    return found


def zone(name: str, default: str) -> str:
    """The name of an IANA time zone."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise BadValue(f"{name} is “{value}”, which is no time zone; write one like Europe/Berlin or UTC.") from error
    return value


def path(name: str, default: Path) -> Path:
    """A path; a relative one counts from where the command was started."""
    return Path(text(name, str(default))).expanduser().absolute()


def _parsed(parse: Callable[[str], dict[str, Any]], value: str) -> dict[str, Any]:
    """What django-environ reads from an address; empty where it cannot, or would only guess."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return dict(parse(value))
    except (ValueError, KeyError, AttributeError, UserWarning, ImproperlyConfigured):
        return {}


def database(name: str, default: str) -> dict[str, Any]:
    """Django's dictionary for a `sqlite:///…` or `postgres://…` address."""
    value = text(name, default)
    found = _parsed(environ.Env.db_url_config, value)
    if found.get("ENGINE") not in DATABASE_ENGINES or not found.get("NAME"):
        # The address may hold a password, so it is not repeated.
        raise BadValue(
            f"{name} has to look like sqlite:////var/lib/nevertwice/nevertwice.sqlite3 or postgres://user:password@host:5432/name."
        )
    if found["NAME"] == ":memory:":
        raise BadValue(f"{name} names a database in memory, which would be lost, and is not shared between processes.")
    return found


def email(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_… settings for an address such as `smtp+tls://user:password@host:587` or `consolemail://`."""
    found = _parsed(environ.Env.email_url_config, text(name, default))
    if "EMAIL_BACKEND" not in found:
        raise BadValue(f"{name} has to look like smtp+tls://user:password@mail.example.org:587 or consolemail://.")
    return {key: value for key, value in found.items() if key.startswith("EMAIL_")}


def cache(name: str, default: str) -> dict[str, Any]:
    """Django's dictionary for an address such as `locmemcache://`, `filecache:///path` or `dbcache://table`."""
    found = _parsed(environ.Env.cache_url_config, text(name, default))
    if not found.get("BACKEND"):
        raise BadValue(
            f"{name} has to look like locmemcache://, filecache:///var/cache/nevertwice or pymemcache://127.0.0.1:11211."
        )
    return found


def secret_key(name: str, *, kept_in: Path | None) -> str:
    """The key that signs sessions and links; where absent, made once and kept in that file, if one is given."""
    value = text(name)
    if not value and kept_in is None:
        raise BadValue(
            f"{name} is missing: on an address that others reach it has to be set, to 50 random characters kept secret "
            "(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')."
        )
    if not value and kept_in is not None:
        value = _kept_key(kept_in)
    if len(value) < 32 or len(set(value)) < 8:
        raise BadValue(f"{name} is too easy to guess: it needs at least 32 characters, at random.")
    return value


def _kept_key(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Only the first of two processes that start together makes the file; it appears whole, by its link.
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(secrets.token_urlsafe(50))
        if not file.exists():
            file.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    return file.read_text().strip()
