"""What leaves by HTTP goes to public addresses or to those that the operator named, and ends in time."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from incidents.notifications import safe_http
from incidents.notifications.safe_http import Refused, Unreachable, is_public, parse, post
from tests.receiver import CERTIFICATE, Listener, Receiver, receiving

PUBLIC = "93.184.216.34"

# What a name may lead to that is none of ours to ask: this machine, this network, clouds' metadata, groups, documents,
# and addresses of IPv6 that stand for one of IPv4.
INTERNAL = [
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),
    *("172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.255", "169.254.169.254", "169.254.0.1"),
    *("169.254.170.2", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.1", "255.255.255.255", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
    *("::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::10.0.0.1", "100::1"),
    *("2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::"),
    *("2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "febf::1"),
    *("fec0::1", "ff01::1", "ff02::1", "ff05::2", "5f00::1", "4000::1"),
]

# Addresses that are refused as they are written, before anything is looked up.
SPELLINGS = [
    # This machine, as resolvers read it in decimal, octal, hexadecimal and short.
    *("http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.0.0.1/"),
    *("http://127.1/", "http://127.0.1/", "http://0/", "http://00000177.0.0.1/", "http://127.0.0.1.0x1/"),
    *("http://3232235521/", "http://0xa9fea9fe/", "http://2852039166/", "http://0251.0376.0251.0376/"),
    # The plain addresses.
    *("http://127.0.0.1/", "http://127.0.0.1./", "https://127.0.0.1/", "http://[::1]/", "http://[::]/"),
    *("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[fe80::1]/"),
    *("http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[0:0:0:0:0:0:0:1]/", "http://169.254.169.254/latest/"),
    # Digits and dots of other scripts, which mean the same.
    *("http://１２７.0.0.1/", "http://127。0。0。1/", "http://①②⑦.0.0.1/", "http://127．0．0．1/"),
    # What hides where it really leads, or is for other servers than the web's.
    *(
        "http://user@example.org/",
        "http://user:pass@example.org/",
        "http://@example.org/",
        "http://example.org@127.0.0.1/",
    ),
    *(
        "http://127.0.0.1\\@example.org/",
        "http://example.org\\.evil.org/",
        "http://exam ple.org/",
        "http://example.org/a b",
    ),
    *("http://example.org/\r\nHost: evil", "http://example.org\t/", "http://example.org:22/", "http://example.org:25/"),
    *("http://example.org:0/", "http://example.org:65536/", "http://example.org:port/", "http://example.org:-1/"),
    *("http://example.org:6/", "file:///etc/passwd", "ftp://example.org/", "gopher://example.org:70/_x", "dict://a:1/"),
    *(
        "javascript:alert(1)",
        "//example.org/",
        "example.org",
        "",
        "http://",
        "http:///path",
        "http://./",
        "http://..org/",
    ),
    *("http://[::1/", "http://::1/", "http://example..org/", "http://-example.org/", "http://exam%70le.org/"),
    *("http://127.0.0.%31/", "http://" + "a" * 64 + ".org/", "http://" + "a." * 130 + "org/", "http://example.org/ü"),
    *("http://a/" + "x" * 500, "http://ex*mple.org/", "unix:///var/run/docker.sock"),
]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A port of this machine that none of these may reach."""
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def allowed(settings) -> None:
    settings.INTERNAL_RECEIVERS = [ipaddress.ip_network("127.0.0.1")]


@pytest.fixture
def dialled(monkeypatch) -> list[tuple[str, int]]:
    """Every address that is dialled; wherever it is, this machine answers in its place."""
    calls: list[tuple[str, int]] = []
    real = socket.create_connection

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        calls.append(address)
        return real(("127.0.0.1", address[1]), timeout)

    monkeypatch.setattr("incidents.notifications.safe_http.socket.create_connection", dial)
    return calls


def names(monkeypatch, *answers: list[str]) -> list[str]:
    """Let the resolver give these answers, one after another and the last one from then on; the names it was asked."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(safe_http, "resolve", resolve)
    return asked


# Where it may go


def test_there_are_enough_vectors():
    assert len(INTERNAL) + len(SPELLINGS) >= 130


@pytest.mark.parametrize("address", INTERNAL)
def test_a_name_that_leads_inside_is_refused_and_not_dialled(monkeypatch, dialled, listener, address):
    asked = names(monkeypatch, [address])
    with pytest.raises(Refused, match="not a public address"):
        post(f"http://harmless.example.org:{listener.port}/", b"{}", {})
    assert (asked, dialled, listener.connections) == (["harmless.example.org"], [], 0)


@pytest.mark.parametrize("url", SPELLINGS)
def test_what_is_no_plain_public_address_is_refused_and_not_looked_up(monkeypatch, dialled, url):
    asked = names(monkeypatch, [PUBLIC])
    with pytest.raises(Refused):
        post(url, b"{}", {})
    assert (asked, dialled) == ([], [])


@pytest.mark.parametrize("address", INTERNAL)
def test_with_the_guard_switched_off_the_same_run_does_connect(monkeypatch, dialled, listener, address):
    names(monkeypatch, [address])
    monkeypatch.setattr(safe_http, "judge", lambda *_: None)
    assert post(f"http://harmless.example.org:{listener.port}/", b"{}", {}).status == 200
    assert (len(dialled), listener.connections) == (1, 1)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_a_name_that_leads_outside_is_dialled_by_the_address_that_was_judged(monkeypatch, dialled, listener, address):
    names(monkeypatch, [address])
    assert is_public(ipaddress.ip_address(address))
    assert post(f"http://receiver.example.org:{listener.port}/", b"{}", {}).status == 200
    assert dialled == [(address, listener.port)]


def test_a_name_that_changes_its_mind_is_looked_up_once(monkeypatch, dialled, listener):
    """DNS rebinding: public when it is checked, this machine when it is connected to."""
    asked = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    post(f"http://rebind.example.org:{listener.port}/", b"{}", {})
    assert (asked, dialled) == (["rebind.example.org"], [(PUBLIC, listener.port)])
    with pytest.raises(Refused):
        post(f"http://rebind.example.org:{listener.port}/", b"{}", {})
    assert len(dialled) == 1


@pytest.mark.parametrize(
    "mixed", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"], ["fe80::1%lo", PUBLIC]]
)
def test_one_address_inside_among_others_is_enough_to_refuse(monkeypatch, dialled, mixed):
    names(monkeypatch, mixed)
    with pytest.raises(Refused):
        post("http://mixed.example.org/", b"{}", {})
    assert dialled == []


def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch):
    names(monkeypatch, ["2606:4700:4700::1111", PUBLIC])
    tried = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        raise OSError("Network is unreachable")

    monkeypatch.setattr("incidents.notifications.safe_http.socket.create_connection", dial)
    with pytest.raises(Unreachable, match=r"two\.example\.org: Network is unreachable"):
        post("https://two.example.org/", b"{}", {})
    assert tried == ["2606:4700:4700::1111", PUBLIC]


def test_what_the_real_resolver_says_of_this_machine_is_refused_too(dialled):
    with pytest.raises(Refused):
        post("http://localhost:8000/", b"{}", {})
    assert dialled == []


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        (ipaddress.ip_network("127.0.0.0/8"), "http://127.0.0.1:{port}/"),
        ("localhost", "http://localhost:{port}/"),
        ("localhost", "http://LOCALHOST.:{port}/"),
    ],
)
def test_what_the_operator_named_is_let_through(settings, monkeypatch, receiver, entry, url):
    names(monkeypatch, ["127.0.0.1"])
    with pytest.raises(Refused):
        post(url.format(port=receiver.port), b"{}", {})
    settings.INTERNAL_RECEIVERS = [entry]
    assert post(url.format(port=receiver.port), b"{}", {}).status == 200
    assert len(receiver.got) == 1


def test_one_name_on_the_list_opens_nothing_else(settings, monkeypatch, dialled):
    settings.INTERNAL_RECEIVERS = [
        "ntfy.example.org",
        ipaddress.ip_network("10.0.5.0/24"),
        ipaddress.ip_network("fd00::/8"),
    ]
    for host, address in [("other.example.org", "10.0.6.1"), ("ntfy.example.org.evil.org", "127.0.0.1")]:
        names(monkeypatch, [address])
        with pytest.raises(Refused):
            post(f"http://{host}/", b"{}", {})
    assert dialled == []


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example.org/a/b?c=d#e", "hooks.example.org", 443, "/a/b?c=d"),
        ("http://Example.ORG.:8080", "example.org", 8080, "/"),
        ("https://bücher.example/x", "xn--bcher-kva.example", 443, "/x"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x"),
        ("https://[2606:4700:4700::1111]:8443/", "2606:4700:4700::1111", 8443, "/"),
        ("https://under_score.example.org/", "under_score.example.org", 443, "/"),
        ("https://0xdocs.example.org/", "0xdocs.example.org", 443, "/"),
    ],
)
def test_plain_addresses_are_taken_apart(url, host, port, path):
    target = parse(url)
    assert (target.host, target.port, target.path) == (host, port, path)


def test_the_host_header_names_the_host_and_not_the_address(monkeypatch, dialled, receiver):
    names(monkeypatch, [PUBLIC])
    post(f"http://receiver.example.org:{receiver.port}/hook?a=b", b"body", {"X-Key": "k", "Content-Type": "text/plain"})
    got = receiver.got[0]
    assert (got.method, got.path, got.body) == ("POST", "/hook?a=b", b"body")
    assert got.headers["Host"] == f"receiver.example.org:{receiver.port}"
    assert (got.headers["X-Key"], got.headers["User-Agent"], got.headers["Connection"]) == ("k", "Nevertwice", "close")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_not_asked(monkeypatch, dialled, listener, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:1/")
    names(monkeypatch, [PUBLIC])
    assert post(f"http://receiver.example.org:{listener.port}/", b"{}", {}).status == 200
    assert dialled == [(PUBLIC, listener.port)]


# Headers


@pytest.mark.parametrize("header", ["Host", "host", "Content-Length", "transfer-encoding", "Connection", "Expect"])
def test_a_header_that_would_make_it_another_request_is_refused(allowed, receiver, header):
    with pytest.raises(Refused, match="by Nevertwice itself"):
        post(receiver.url, b"{}", {header: "x"})
    assert receiver.got == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\nb"),
        ("X-A\r\nX-B", "b"),
        ("X A", "b"),
        ("", "b"),
        ("X-A", "ü"),
        ("X-A", "\x00"),
    ],
)
def test_a_header_cannot_smuggle_another_one(allowed, receiver, name, value):
    with pytest.raises(Refused):
        post(receiver.url, b"{}", {name: value})
    assert receiver.got == []


def test_a_body_has_an_end(allowed, receiver):
    with pytest.raises(Refused, match="too long"):
        post(receiver.url, b"x" * (safe_http.MOST_SENT + 1), {})
    assert post(receiver.url, b"x" * safe_http.MOST_SENT, {}).status == 200


# What comes back


@pytest.mark.parametrize("status", [200, 204, 400, 404, 500, 503])
def test_every_status_is_told(allowed, receiver, status):
    receiver.answer = lambda _got, _handler: status
    assert post(receiver.url, b"{}", {}).status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(allowed, receiver, listener, status):
    receiver.headers = {"Location": f"http://127.0.0.1:{listener.port}/"}
    receiver.answer = lambda _got, _handler: status
    assert post(receiver.url, b"{}", {}).status == status
    assert (len(receiver.got), listener.connections) == (1, 0)


def test_only_the_first_of_an_answer_is_read(allowed, receiver):
    receiver.text = b"y" * 5_000_000
    assert len(post(receiver.url, b"{}", {}).text) <= safe_http.MOST_READ


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"\x00" * 70_000, b"HTTP/1.1 "]
)
def test_what_is_no_answer_is_unreachable(allowed, said):
    with scripted(said) as port, pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_too_many_headers_are_no_answer(allowed):
    with scripted(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n") as port, pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_nobody_there_is_unreachable(allowed, receiver):
    port = receiver.port
    receiver.server_close()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
        post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_a_name_that_nobody_knows_is_unreachable(monkeypatch):
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(safe_http, "resolve", resolve)
    with pytest.raises(Unreachable, match="Name or service not known"):
        post("http://nowhere.example.org/", b"{}", {})


# In time


class scripted:  # noqa: N801, reads as a statement
    """A server that says these bytes to whoever connects, then ``again`` and again, or holds the line."""

    def __init__(self, said: bytes, *, pause: float = 0, again: bytes = b"", holds: bool = False) -> None:
        self._said, self._pause, self._again, self._holds = said, pause, again, holds
        self._open = True

    def __enter__(self) -> int:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()
        return int(self._server.getsockname()[1])

    def _talk(self) -> None:
        with self._server.accept()[0] as talk:
            talk.settimeout(1)
            talk.recv(65536)
            try:
                talk.sendall(self._said)
                while self._open and (self._again or self._holds):
                    time.sleep(self._pause or 0.02)
                    talk.sendall(self._again)
            except OSError:
                pass

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._server.close()
        self._thread.join()


@pytest.fixture
def hurried(monkeypatch) -> None:
    """The same limits, a tenth as long."""
    monkeypatch.setattr(safe_http, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(safe_http, "TOTAL_SECONDS", 1.0)


def test_the_limits_are_five_and_ten_seconds():
    assert (safe_http.CONNECT_SECONDS, safe_http.TOTAL_SECONDS) == (5, 10)


@pytest.mark.usefixtures("hurried", "allowed")
@pytest.mark.parametrize(
    "server",
    [
        scripted(b"", holds=True),
        scripted(b"HTTP/1.1 200 OK\r\nX-A: ", pause=0.1, again=b"x"),
        scripted(b"HTTP/1.1 200 OK\r\n", pause=0.1, again=b"X-A: b\r\n"),
        scripted(b"", pause=0.05, again=b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "a header without end", "headers without end", "patience without end"],
)
def test_who_never_comes_to_the_point_is_given_up_in_time(server):
    began = time.monotonic()
    with server as port, pytest.raises(Unreachable, match="did not answer in time"):
        post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert 0.9 < time.monotonic() - began < 2


@pytest.mark.usefixtures("hurried", "allowed")
def test_a_body_that_drips_does_not_keep_us_once_the_status_is_there():
    began = time.monotonic()
    with scripted(b"HTTP/1.1 202 Accepted\r\n\r\nfirst", pause=0.1, again=b"x") as port:
        answer = post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (answer.status, answer.text[:5]) == (202, "first")
    assert time.monotonic() - began < 1


@pytest.mark.usefixtures("hurried")
def test_a_resolver_that_hangs_is_given_up_in_time(monkeypatch, dialled):
    let_go = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        let_go.wait(5)
        return [PUBLIC]

    monkeypatch.setattr(safe_http, "resolve", resolve)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer in time"):
        post("http://slow.example.org/", b"{}", {})
    assert 0.4 < time.monotonic() - began < 1.5
    assert dialled == []
    let_go.set()


@pytest.mark.usefixtures("hurried", "allowed")
def test_a_handshake_that_never_ends_is_given_up_in_time():
    began = time.monotonic()
    with scripted(b"", holds=True) as port, pytest.raises(Unreachable):
        post(f"https://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - began < 1.5


# TLS


@pytest.fixture
def trusted(monkeypatch) -> None:
    """The certificate of the tests counts, as that of an authority of one's own would by the same variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.mark.usefixtures("dialled", "trusted")
def test_the_certificate_has_to_be_for_the_name_whatever_address_it_leads_to(monkeypatch):
    names(monkeypatch, [PUBLIC])
    with receiving(tls=True) as receiver:
        assert post(f"https://receiver.example.org:{receiver.port}/", b"{}", {}).status == 200
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            post(f"https://another.example.org:{receiver.port}/", b"{}", {})
        assert len(receiver.got) == 1


@pytest.mark.usefixtures("dialled")
def test_a_certificate_that_nobody_vouches_for_is_none(monkeypatch):
    names(monkeypatch, [PUBLIC])
    with receiving(tls=True) as receiver:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            post(f"https://receiver.example.org:{receiver.port}/", b"{}", {})
        assert receiver.got == []


@pytest.mark.usefixtures("dialled", "trusted")
def test_the_server_is_told_which_name_is_meant(monkeypatch):
    names(monkeypatch, [PUBLIC])
    told = []
    with receiving(tls=True) as receiver:
        context = receiver.socket.context
        context.sni_callback = lambda _socket, name, _context: told.append(name)
        post(f"https://receiver.example.org:{receiver.port}/", b"{}", {})
    assert told == ["receiver.example.org"]
    assert ssl.OPENSSL_VERSION
