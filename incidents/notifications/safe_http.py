"""The one way by which HTTP requests leave, to receivers outside and to no host within.

Whoever may name an address could otherwise let this machine knock at its neighbours: at databases, at routers, at the
address where a cloud hands out passwords. A name that is looked up, checked and looked up again by the library that
connects may have changed in between. So the name is looked up once, each address is judged, and the connection is made
to that very address; the certificate and the Host header still go by the name. Redirects are not followed, proxies of
the environment not used, and all of it ends after ten seconds, however slowly the far end drips.
"""

import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Looks a name up: the addresses of a host, as text, in the order in which to try them. Raises OSError.
Resolver = Callable[[str, int], list[str]]

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_READ = 4096  # bytes of an answer; the rest is not fetched
MOST_SENT = 1024 * 1024  # bytes
LONGEST_URL = 500

# Below 1024 only the web's own ports: nobody is to be made to talk to a mail server or a shell.
WEB_PORTS = {80, 443}
FIRST_FREE_PORT = 1024

# What `is_global` lets through, or calls so depending on the version of Python: addresses that stand for others.
SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Teredo and other uses of the protocol itself, documentation, 6to4, more documentation.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
# All other addresses of IPv6 are of this machine, of this network, of a group, or hold one of IPv4 (NAT64, mapped).
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Where the last label is a number, resolvers read the whole name as an address, in octal and hexadecimal too.
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without blanks and backslash
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# They say where a request ends and whom it is for; a second one of them would be another request.
OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "user-agent", "expect", "te", "upgrade"}
HEADER_VALUE = re.compile(r"[\t -~]*")


class Refused(Exception):
    """This request is not made; the text says why, for admins."""


class Unreachable(OSError):
    """The receiver does not answer, or not in time."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an address leads: the host as a name in ASCII or as the text of an address, without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None

    @property
    def netloc(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the first of the text."""

    status: int
    text: str


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send ``body`` by POST and return what came back, whatever its status; at most ten seconds in all.

    Raises Refused where the address may not be asked, and Unreachable where nobody answers in time.
    """
    target = parse(url)
    check_headers(headers)
    if len(body) > MOST_SENT:
        raise Refused(_("The message is too long to be sent."))
    ends_at = time.monotonic() + TOTAL_SECONDS
    try:
        return _exchange(target, body, headers, ends_at)
    except TimeoutError as error:
        raise Unreachable(_("%(host)s did not answer in time.") % {"host": target.netloc}) from error
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{target.netloc}: {str(error) or type(error).__name__}") from error


def parse(url: str) -> Target:
    """Take an address apart. Raises Refused for all that is no plain address of a web server, without looking it up."""
    parts, port = _split(url)
    if parts.scheme not in {"http", "https"}:
        raise Refused(_("The address has to begin with https:// or http://."))
    if "@" in parts.netloc:
        raise Refused(_("Name and password do not belong into the address. Use a header."))
    host, literal = _host(parts.hostname or "")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in WEB_PORTS and port < FIRST_FREE_PORT:
        raise Refused(_("Port %(port)s is not one of a web server.") % {"port": port})
    if literal is not None:
        judge(host, literal)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, literal)


def _split(url: str) -> tuple[SplitResult, int | None]:
    bad = Refused(_("This is no address of a web server. It has to look like https://chat.example.org/hooks/abc."))
    if len(url) > LONGEST_URL:
        raise Refused(_("The address is too long."))
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():
            # A name in other letters, and also digits that only look like others: judged by what it stands for.
            url = url.replace(parts.netloc, parts.netloc.lower().replace(host, host.encode("idna").decode()), 1)
            parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise bad from error
    if not PRINTABLE.fullmatch(url) or not parts.hostname or port == 0:
        raise bad
    return parts, port


def _host(host: str) -> tuple[str, Address | None]:
    """The host without a dot at its end, and the address that it spells, if it is one."""
    host = host.lower().removesuffix(".")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        named = len(host) <= 253 and all(LABEL.fullmatch(label) for label in labels)
        if not named or NUMBER.fullmatch(labels[-1]):
            raise Refused(_("%(host)s is neither the name of a host nor an IP address.") % {"host": host}) from None
        return host, None
    if getattr(literal, "scope_id", None):
        raise Refused(_("An address of this network card alone cannot be sent to."))
    return str(literal), literal


def judge(host: str, address: Address) -> None:
    """Raise Refused unless ``address``, to which ``host`` leads, is public or on the list of internal receivers."""
    if not is_public(address) and not _is_allowed(host, address):
        raise Refused(
            _(
                "%(host)s leads to %(address)s, which is not a public address. "
                "If that is meant, put the host on the list INTERNAL_RECEIVERS."
            )
            % {"host": host, "address": address}
        )


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet at large, and stands for no other one."""
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(
        address in network for network in SPECIAL if network.version == address.version
    )


def _is_allowed(host: str, address: Address) -> bool:
    return any(
        entry == host if isinstance(entry, str) else entry.version == address.version and address in entry
        for entry in settings.INTERNAL_RECEIVERS
    )


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise Refused for headers that are no such thing, or that say what Nevertwice says itself."""
    for name, value in headers.items():
        if name.lower() in OWN_HEADERS:
            raise Refused(_("The header %(name)s is set by Nevertwice itself.") % {"name": name})
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise Refused(_("The header %(name)s holds characters that no header may hold.") % {"name": name})


def _exchange(target: Target, body: bytes, headers: Mapping[str, str], ends_at: float) -> Answer:
    with _connect(target, ends_at) as sock:
        connection = HTTPConnection(target.host, target.port)
        # The connection is made already, to an address that was judged. It must never make one itself.
        connection.auto_open = 0
        connection.sock = cast(socket.socket, _Timed(sock, ends_at))
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        own = {
            "Host": target.netloc,
            "User-Agent": "Nevertwice",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        for name, value in {**own, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, _first_text(response))


def _first_text(response: HTTPResponse) -> str:
    try:
        # What comes at once: who drips the rest is not waited for.
        return response.read1(MOST_READ).decode("utf-8", "replace")
    except (OSError, HTTPException):
        # The status has come; that the rest does not is no failure.
        return ""


def _connect(target: Target, ends_at: float) -> socket.socket:
    """A connection to the first of the host's addresses that answers. All of them are judged before any is dialled."""
    connected_by = min(time.monotonic() + CONNECT_SECONDS, ends_at)
    addresses = [target.literal] if target.literal else _look_up(target, connected_by)
    for address in addresses:
        judge(target.host, address)
    problem: OSError = OSError("no address")
    for address in addresses:
        try:
            sock = socket.create_connection((str(address), target.port), _left(connected_by))
        except OSError as error:
            problem = error
            continue
        return _secured(sock, target, connected_by) if target.scheme == "https" else sock
    raise problem


def _secured(sock: socket.socket, target: Target, connected_by: float) -> socket.socket:
    """TLS, with a certificate for the name that was asked for, whatever address it led to."""
    try:
        sock.settimeout(_left(connected_by))
        return ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise


def _look_up(target: Target, connected_by: float) -> list[Address]:
    """The addresses of the host. The system's resolver knows no time limit, so it works in a thread of its own."""
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put(resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=_left(connected_by))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return [ipaddress.ip_address(text.partition("%")[0]) for text in dict.fromkeys(answer)]


def _system_resolver(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


# Tests put their own in its place.
resolve: Resolver = _system_resolver


def _left(ends_at: float) -> float:
    """The seconds left. Raises TimeoutError when there are none."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed:
    """A socket of which each step has only the time that is left over from all."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self._ends_at = ends_at

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(_left(self._ends_at))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._ends_at))

    def close(self) -> None:
        """Not yet: the answer is still to be read. Whoever connected closes the socket."""


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._ends_at))
        return self._sock.recv_into(buffer)
