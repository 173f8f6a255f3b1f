"""Addresses behind proxies, headers, caching, and text that cannot be stored."""

import ipaddress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory

from config.middleware import MAX_BODY, PageCaching, refuse_huge_bodies, refuse_unstorable_text, trusted_proxies

PROXY, VISITOR, STRANGER = "10.0.0.1", "203.0.113.7", "198.51.100.9"


def answer(request):
    return HttpResponse("fine")


@pytest.fixture
def proxies(settings):
    """Trust the networks given."""

    def trust(*texts):
        settings.TRUSTED_PROXIES = [ipaddress.ip_network(text) for text in texts]

    return trust


def seen_behind(remote, **headers):
    """The request as a view sees it."""
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **headers)
    trusted_proxies(answer)(request)
    return request


def test_a_trusted_proxy_says_who_the_visitor_is(proxies):
    proxies("10.0.0.0/8")
    request = seen_behind(PROXY, HTTP_X_FORWARDED_FOR=VISITOR, HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == VISITOR
    assert request.is_secure()


def test_nobody_else_does(proxies):
    proxies("10.0.0.0/8")
    request = seen_behind(STRANGER, HTTP_X_FORWARDED_FOR=VISITOR, HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == STRANGER
    assert not request.is_secure()


def test_without_trusted_proxies_not_even_loopback_is_believed(proxies):
    proxies()
    request = seen_behind("127.0.0.1", HTTP_X_FORWARDED_FOR=VISITOR, HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == "127.0.0.1"
    assert not request.is_secure()


@pytest.mark.parametrize(
    ("forwarded_for", "visitor"),
    [
        (f"{STRANGER}, {VISITOR}", VISITOR),
        (f"{STRANGER}, {VISITOR}, 10.0.0.2", VISITOR),
        (f"{VISITOR}, made up, 10.0.0.2", "10.0.0.2"),
        ("", PROXY),
    ],
)
def test_what_a_visitor_writes_before_its_own_address_counts_for_nothing(proxies, forwarded_for, visitor):
    proxies("10.0.0.0/8")
    assert seen_behind(PROXY, HTTP_X_FORWARDED_FOR=forwarded_for).META["REMOTE_ADDR"] == visitor


def test_the_last_word_on_the_scheme_is_the_proxys(proxies):
    proxies("10.0.0.0/8")
    assert not seen_behind(PROXY, HTTP_X_FORWARDED_PROTO="https, http").is_secure()


def test_an_address_of_version_4_in_version_6_is_the_same(proxies):
    proxies("10.0.0.0/8")
    assert seen_behind(f"::ffff:{PROXY}", HTTP_X_FORWARDED_FOR=VISITOR).META["REMOTE_ADDR"] == VISITOR


def test_a_unix_socket_is_trusted_once_any_proxy_is(proxies):
    proxies("10.0.0.0/8")
    assert seen_behind("", HTTP_X_FORWARDED_FOR=VISITOR).META["REMOTE_ADDR"] == VISITOR
    proxies()
    assert seen_behind("", HTTP_X_FORWARDED_FOR=VISITOR).META["REMOTE_ADDR"] == ""


@pytest.mark.parametrize("header", ["X_FORWARDED_HOST", "X_FORWARDED_PORT", "X_REAL_IP", "FORWARDED"])
def test_other_claims_are_dropped_whoever_makes_them(proxies, header):
    proxies("10.0.0.0/8")
    assert f"HTTP_{header}" not in seen_behind(PROXY, **{f"HTTP_{header}": "evil.example"}).META


def nul_requests():
    make = RequestFactory()
    with_cookie = make.get("/")
    with_cookie.COOKIES["session"] = "abcdefgh\x00"
    return {
        "path": make.get("/%00"),
        "query": make.get("/?q=a%00b"),
        "name in the query": make.get("/?a%00b=1"),
        "cookie": with_cookie,
        "field": make.post("/", {"title": "a\x00b"}),
        "name of a field": make.post("/", {"a\x00b": "1"}),
        "urlencoded": make.post("/", "title=a%00b", content_type="application/x-www-form-urlencoded"),
    }


@pytest.mark.parametrize("where", sorted(nul_requests()))
def test_nul_bytes_are_refused(where):
    assert refuse_unstorable_text(answer)(nul_requests()[where]).status_code == 400


@pytest.mark.parametrize(
    "request_",
    [
        RequestFactory().get("/?q=a%20b%F0%9F%94%A5"),
        RequestFactory().post("/", {"title": "a\tb\r\nc", "file": SimpleUploadedFile("a.png", b"\x00\x01")}),
        RequestFactory().post("/", b"\x00", content_type="application/json"),
    ],
)
def test_other_text_and_bytes_of_files_are_let_through(request_):
    assert refuse_unstorable_text(answer)(request_).status_code == 200


def test_a_nul_byte_is_answered_400_by_the_whole_stack(client):
    assert client.get("/livez?q=%00").status_code == 400
    assert client.get("/livez?q=0").status_code == 200


def test_an_unknown_host_is_answered_400(client):
    assert client.get("/livez", headers={"host": "evil.example"}).status_code == 400


HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize("address", ["/livez", "/static/css/nevertwice.css", "/livez?q=%00", "/no-such-page"])
@pytest.mark.django_db
def test_headers_are_on_pages_files_and_errors(client, address):
    response = client.get(address)
    response.close()
    for name, part in HEADERS.items():
        assert part in response.headers.get(name, ""), name
    assert "Access-Control-Allow-Origin" not in response


def test_the_policy_allows_nothing_unsafe_and_nothing_foreign(client):
    policy = dict(part.strip().split(" ", 1) for part in client.get("/livez")["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }


def test_over_https_browsers_are_told_to_stay_there(client, settings):
    settings.SECURE_HSTS_SECONDS = 31536000
    assert client.get("/livez", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_plain_http_is_redirected_but_not_for_health(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/somewhere")["Location"] == "https://testserver/somewhere"
    assert client.get("/livez").status_code == 200


def page(content, **headers):
    """What PageCaching makes of a page, asked for with these request headers."""

    def view(request):
        return HttpResponse(content(request) if callable(content) else content)

    request = RequestFactory().get(headers.pop("path", "/"), **headers)
    request.META["CSRF_COOKIE"] = headers.pop("secret", "a" * 32)
    return PageCaching(view)(request)


def test_an_unchanged_page_costs_no_transfer():
    first = page("<p>Hello</p>")
    assert first["Cache-Control"] == "private, no-cache"
    again = page("<p>Hello</p>", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    changed = page("<p>Hello, you</p>", HTTP_IF_NONE_MATCH=first["ETag"])
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "template",
    [
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">',
        """<body hx-headers='{{"X-CSRFToken": "{}"}}'>""",
    ],
)
def test_a_token_that_looks_new_each_time_is_no_change(template):
    def with_token(request):
        return template.format(get_token(request))

    first, second = page(with_token), page(with_token)
    assert first.content != second.content
    assert first["ETag"] == second["ETag"]


def test_a_new_secret_behind_the_token_is_a_change():
    first = page("<p>Hello</p>", secret="a" * 32)
    assert page("<p>Hello</p>", secret="b" * 32)["ETag"] != first["ETag"]


@pytest.mark.parametrize("path", ["/account/", "/admin/incidents/"])
def test_account_and_admin_leave_nothing_behind(path):
    response = page("<p>Hello</p>", path=path)
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response


def test_what_a_view_says_about_caching_is_left_alone():
    def view(request):
        return HttpResponse("feed", headers={"Cache-Control": "public, max-age=60"})

    assert PageCaching(view)(RequestFactory().get("/"))["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 400])
def test_a_huge_body_is_refused_unread(client, length):
    request = RequestFactory().post("/", CONTENT_LENGTH=length)
    response = refuse_huge_bodies(lambda _request: pytest.fail("was let through"))(request)

    assert response.status_code == 413
    assert "at most 10 MB" in response.content.decode()
    response = client.post("/account/sign-in/", CONTENT_LENGTH=length)
    assert response.status_code == 413
    assert "default-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("length", ["", "0", "x", "-1", str(MAX_BODY)])
def test_what_is_not_too_large_goes_on(length):
    request = RequestFactory().post("/", CONTENT_LENGTH=length)

    assert refuse_huge_bodies(answer)(request).status_code == 200
