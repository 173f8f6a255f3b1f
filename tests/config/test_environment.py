"""The strict readers: what they take, and the sentence with which they refuse the rest."""

import ipaddress
from pathlib import Path

import pytest

from config import environment
from config.environment import BadValue


@pytest.fixture
def put(monkeypatch):
    """Set one variable for the time of a test."""
    return lambda value, name="THING": monkeypatch.setenv(name, value)


def test_text_is_stripped_and_blank_is_absent(put):
    put("  Example Ltd ")
    assert environment.text("THING") == "Example Ltd"
    put("   ")
    assert environment.text("THING", default="none") == "none"


def test_text_is_read_from_a_file(put, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    put(str(tmp_path / "secret"), name="THING_FILE")
    assert environment.text("THING") == "from a file"


def test_a_file_that_is_not_there_is_named(put, tmp_path):
    put(str(tmp_path / "missing"), name="THING_FILE")
    with pytest.raises(BadValue, match="THING_FILE cannot be read"):
        environment.text("THING")


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("true", True), ("On", True), ("0", False), ("no", False)])
def test_flag(put, value, meant):
    put(value)
    assert environment.flag("THING", default=not meant) is meant


@pytest.mark.parametrize("value", ["2", "maybe", "ja"])
def test_flag_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="has to be 1 or 0"):
        environment.flag("THING", default=False)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("https://Incidents.Example.org/", "https://incidents.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_base_url(put, value, meant):
    put(value)
    assert environment.base_url("THING", default="") == meant


@pytest.mark.parametrize(
    "value",
    [
        "incidents.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/path",
        "https://example.org?x=1",
        "https://user@example.org",
        "https://example.org:port",
        "https://[::1",
    ],
)
def test_base_url_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="the address people type"):
        environment.base_url("THING", default="")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "nevertwice.localhost"])
def test_loopback(host):
    assert environment.is_loopback(host)


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "192.168.1.7", "localhost.example.org", "0.0.0.0", ""])
def test_not_loopback(host):
    assert not environment.is_loopback(host)


def test_hosts(put):
    put("incidents.example.org, .example.com,[::1]")
    assert environment.hosts("THING", default=[]) == ["incidents.example.org", ".example.com", "[::1]"]


@pytest.mark.parametrize("value", ["*", "*.example.org", "https://example.org", "example.org:8000"])
def test_hosts_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="THING holds"):
        environment.hosts("THING", default=[])


def test_networks(put):
    put("127.0.0.1, 10.0.0.0/8, fd00::/8")
    expected = [ipaddress.ip_network(text) for text in ("127.0.0.1/32", "10.0.0.0/8", "fd00::/8")]
    assert environment.networks("THING") == expected


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/33"])
def test_networks_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="no IP address or network"):
        environment.networks("THING")


def test_receivers(put):
    put("ntfy.Example.org., 10.0.5.0/24, 127.0.0.1, localhost, fd00::/8, x0.local")
    networks = [ipaddress.ip_network(text) for text in ("10.0.5.0/24", "127.0.0.1/32", "fd00::/8")]
    expected = ["ntfy.example.org", networks[0], networks[1], "localhost", networks[2], "x0.local"]
    assert environment.receivers("THING") == expected
    put("")
    assert environment.receivers("THING") == []


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "*.example.org",
        "http://ntfy",
        "ntfy:8080",
        "10.0.0.1/8",
        "2130706433",
        "0x7f000001",
        "127.1",
        "a b",
        "é.org",
    ],
)
def test_receivers_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="wants names of hosts"):
        environment.receivers("THING")


@pytest.mark.parametrize("value", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3"])
def test_receivers_refuses_to_let_everything_in(put, value):
    put(value)
    with pytest.raises(BadValue, match="nearly everything"):
        environment.receivers("THING")


def test_zone(put):
    put("Europe/Berlin")
    assert environment.zone("THING", default="UTC") == "Europe/Berlin"


@pytest.mark.parametrize("value", ["Berlin", "GMT+2", "../etc/passwd", "/etc/localtime"])
def test_zone_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="no time zone"):
        environment.zone("THING", default="UTC")


def test_path_is_absolute(put):
    put("some/folder")
    assert environment.path("THING", default=Path("/x")) == Path.cwd() / "some/folder"


def test_database(put):
    put("sqlite:////srv/data.sqlite3")
    assert environment.database("THING", default="")["NAME"] == "/srv/data.sqlite3"
    put("postgres://ada:p%40ss@db.example.org:5433/nevertwice?sslmode=require")
    found = environment.database("THING", default="")
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("db.example.org", 5433, "p@ss")
    assert found["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(
    "value",
    ["nonsense", "mysql://root:geheim@localhost/x", "postgres://ada:geheim@localhost:port/x", "postgres://localhost"],
)
def test_database_refuses_and_keeps_the_password_to_itself(put, value):
    put(value)
    with pytest.raises(BadValue, match="THING has to look like") as refusal:
        environment.database("THING", default="")
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("value", ["sqlite://:memory:", "sqlite://"])
def test_database_in_memory_is_refused(put, value):
    put(value)
    with pytest.raises(BadValue, match="in memory"):
        environment.database("THING", default="")


def test_email(put):
    put("smtp+tls://ada:p%40ss@mail.example.org:587")
    found = environment.email("THING", default="")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)
    assert found["EMAIL_HOST_PASSWORD"] == "p@ss"


@pytest.mark.parametrize("value", ["nonsense", "imap://mail.example.org", "smtp://mail.example.org:port"])
def test_email_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="THING has to look like"):
        environment.email("THING", default="")


def test_cache(put):
    put("filecache:///var/cache/x")
    assert environment.cache("THING", default="")["LOCATION"] == "/var/cache/x"


@pytest.mark.parametrize("value", ["nonsense", "elephant://x"])
def test_cache_refuses(put, value):
    put(value)
    with pytest.raises(BadValue, match="THING has to look like"):
        environment.cache("THING", default="")


def test_secret_key_is_made_once_and_kept_to_ourselves(tmp_path):
    file = tmp_path / "var" / "secret-key"
    made = environment.secret_key("THING", kept_in=file)
    assert environment.secret_key("THING", kept_in=file) == made
    assert len(made) >= 50
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_secret_key_of_the_environment_goes_before_the_file(put, tmp_path):
    put("0123456789abcdefghijklmnopqrstuvwxyz")
    assert environment.secret_key("THING", kept_in=tmp_path / "key") == "0123456789abcdefghijklmnopqrstuvwxyz"
    assert not (tmp_path / "key").exists()


def test_secret_key_has_to_be_set_where_it_may_not_be_kept():
    with pytest.raises(BadValue, match="THING is missing"):
        environment.secret_key("THING", kept_in=None)


@pytest.mark.parametrize("value", ["changeme", "a" * 60, "secretsecretsecretsecretsecretsecret"])
def test_secret_key_refuses_what_is_easy_to_guess(put, value):
    put(value)
    with pytest.raises(BadValue, match="easy to guess"):
        environment.secret_key("THING", kept_in=None)
