"""Signing in: by name or e-mail, throttled exactly, telling nothing of who exists."""

import datetime as dt
import ipaddress
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from incidents import sign_in
from incidents.enums import Role
from incidents.jobs import purge_login_attempts
from incidents.models import LoginAttempt, User
from incidents.sign_in import (
    TRIES_BY_ADDRESS,
    TRIES_BY_NAME,
    WINDOW,
    NameOrEmailBackend,
    TooManyTries,
    client_address,
    find_account,
    take_slot,
)
from tests.factories import PASSWORD, make_user

URL = "/account/sign-in/"


def post(client, name, password=PASSWORD, address="198.51.100.1", **extra):
    return client.post(URL, {"name": name, "password": password, **extra}, REMOTE_ADDR=address)


def is_signed_in(client):
    return "_auth_user_id" in client.session


# Name or e-mail


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ["Ada Okoro", "ada okoro", "ADA OKORO", " Ada Okoro ", "ada@example.org", "ADA@Example.org"]
)
def test_name_and_email_sign_in_whatever_their_case(client, typed):
    make_user(name="Ada Okoro", email="ada@example.org")
    response = post(client, typed)
    assert response.status_code == 302
    assert response.url == reverse("today")
    assert is_signed_in(client)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["Ömer Şahin", "ÖMER ŞAHIN", "ömer şahin"])
def test_letters_beyond_ascii_have_a_case_too(client, typed):
    make_user(name="Ömer Şahin")
    make_user(name="Omer Sahin")
    assert post(client, typed).status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(name="Ömer Şahin").pk)


@pytest.mark.django_db
def test_a_name_beyond_ascii_is_given_once_whatever_its_case():
    omer = make_user(name="Ömer (1.)")
    omer.full_clean()
    for name in ("ÖMER (1.)", "ömer (1.)"):
        with pytest.raises(ValidationError, match="taken"):
            make_user(name=name)
    make_user(name="Ömer (11)")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "password"),
    [("Ada", "wrong password"), ("Nobody", PASSWORD), ("", PASSWORD), ("Ada", ""), ("A%", PASSWORD)],
)
def test_what_does_not_fit_is_refused_with_the_form(client, typed, password):
    make_user(name="Ada")
    response = post(client, typed, password)
    assert response.status_code == 422
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_a_disabled_account_cannot_sign_in(client):
    make_user(name="Ada", is_active=False)
    make_user(name="Ben")
    assert post(client, "Ada").status_code == 422
    assert not is_signed_in(client)
    assert post(client, "Ben").status_code == 302


@pytest.mark.django_db
def test_an_account_without_a_password_cannot_be_entered(client):
    User.objects.create_user(name="Ada", role=Role.ADMIN)
    for password in ("", "None", "!"):
        assert post(client, "Ada", password).status_code == 422


@pytest.mark.django_db
def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(client):
    make_user(name="Ada")
    known = post(client, "Ada", "wrong password").content.decode()
    unknown = post(client, "Eve", "wrong password").content.decode()
    assert "do not fit" in known
    assert strip(known, "Ada") == strip(unknown, "Eve")


def strip(html, name):
    lines = [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]
    return "\n".join(lines).replace(f'value="{name}"', "")


@pytest.mark.django_db
def test_an_unknown_name_costs_as_much_hashing_as_a_known_one(client, monkeypatch):
    make_user(name="Ada")
    hashed = []
    monkeypatch.setattr(User, "check_password", lambda *_given: hashed.append("known"))
    monkeypatch.setattr(User, "set_password", lambda *_given: hashed.append("unknown"))
    post(client, "Ada", "wrong password")
    post(client, "Eve", "wrong password")
    assert hashed == ["known", "unknown"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Ada", "Eve"])
def test_known_and_unknown_names_cost_equally_many_queries(client, name, django_assert_num_queries):
    make_user(name="Ada")
    post(client, name, "wrong password")
    with django_assert_num_queries(3):  # the account, its count by address, its count by name
        post(client, name, "wrong password")


@pytest.mark.django_db
def test_an_address_that_is_also_a_name_opens_the_account_with_the_address(client):
    impostor = make_user(name="Mallory")
    User.objects.filter(pk=impostor.pk).update(name="ada@example.org")
    ada = make_user(name="Ada", email="ada@example.org")
    assert find_account("ADA@example.org") == ada
    assert find_account("Mallory") is None


@pytest.mark.django_db
def test_nul_bytes_are_refused(client):
    assert post(client, "Ada\x00", PASSWORD).status_code == 400
    assert NameOrEmailBackend().authenticate(None, username="Ada\x00", password=PASSWORD) is None


# Where one comes out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account/sessions/?a=1", "/account/sessions/?a=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_signing_in_goes_on_to_pages_of_this_site_only(client, wanted, reached):
    make_user(name="Ada")
    assert post(client, "Ada", next=wanted).url == reached


@pytest.mark.django_db
def test_a_page_behind_the_door_sends_to_the_door_and_back(client):
    make_user(name="Ada")
    door = client.get("/account/sessions/")
    assert door.url == f"{URL}?next=/account/sessions/"
    assert 'name="next" value="/account/sessions/"' in client.get(door.url).content.decode()


@pytest.mark.django_db
def test_signing_out_needs_a_post_and_ends_the_session(client):
    client.force_login(make_user())
    assert client.get("/account/sign-out/").status_code == 405
    assert is_signed_in(client)
    assert client.post("/account/sign-out/").url == URL
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_forms_without_their_token_are_refused():
    make_user(name="Ada")
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, "Ada").status_code == 403


# The throttle


@pytest.mark.django_db
def test_ten_tries_by_address_and_name_then_none(client):
    make_user(name="Ada")
    answers = [post(client, "Ada", "wrong password").status_code for _try in range(TRIES_BY_ADDRESS + 2)]
    assert answers == [422] * 10 + [429] * 2
    locked = post(client, "Ada")
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert "Wait 15 minutes" in locked.content.decode()
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_another_address_or_another_name_is_not_locked(client):
    make_user(name="Ada")
    make_user(name="Ben")
    for _try in range(TRIES_BY_ADDRESS + 1):
        post(client, "Ada", "wrong password")
    assert post(Client(), "Ben").status_code == 302
    assert post(Client(), "Ada", address="198.51.100.2").status_code == 302


@pytest.mark.django_db
def test_unknown_names_are_throttled_alike(client):
    answers = [post(client, "Nobody", "wrong password").status_code for _try in range(TRIES_BY_ADDRESS + 1)]
    assert answers == [422] * 10 + [429]


@pytest.mark.django_db
@pytest.mark.parametrize("spelling", ["ADA", "ada", " Ada ", "\uff21da"])
def test_other_spellings_of_a_name_share_its_tries(client, spelling):
    make_user(name="Ada")
    for _try in range(TRIES_BY_ADDRESS):
        post(client, "Ada", "wrong password")
    assert post(client, spelling).status_code == 429


@pytest.mark.django_db
def test_addresses_of_one_ipv6_customer_share_their_tries(client):
    make_user(name="Ada")
    for host in range(TRIES_BY_ADDRESS):
        post(client, "Ada", "wrong password", address=f"2001:db8:0:1::{host:x}")
    assert post(client, "Ada", address="2001:db8:0:1:ffff::1").status_code == 429
    assert post(client, "Ada", address="2001:db8:0:2::1").status_code == 302


@pytest.mark.django_db
def test_many_addresses_get_fifty_tries_at_one_name_and_the_owner_still_gets_in(client):
    make_user(name="Ada")
    owner = Client()
    assert post(owner, "Ada").status_code == 302
    owner.post("/account/sign-out/")
    answers = [
        post(client, "Ada", "wrong password", address=f"198.51.100.{number}").status_code
        for number in range(TRIES_BY_NAME + 3)
    ]
    assert answers == [422] * 50 + [429] * 3
    assert post(Client(), "Ada", address="203.0.113.9").status_code == 429
    assert post(owner, "Ada", address="203.0.113.9").status_code == 302


@pytest.mark.django_db
def test_the_owner_gets_in_from_the_address_of_who_used_up_the_tries(client):
    make_user(name="Ada")
    owner = Client()
    post(owner, "Ada")
    owner.post("/account/sign-out/")
    for _try in range(TRIES_BY_ADDRESS + 1):
        post(client, "Ada", "wrong password")
    assert post(owner, "Ada").status_code == 302


@pytest.mark.django_db
def test_a_remembered_device_gets_ten_tries_too_and_helps_with_no_other_name(client):
    make_user(name="Ada")
    make_user(name="Eve")
    post(client, "Eve")
    client.post("/account/sign-out/")
    assert [post(client, "Eve", "wrong password").status_code for _try in range(11)] == [422] * 10 + [429]
    use_up_name("Ada")
    assert post(client, "Ada", "wrong password", address="203.0.113.1").status_code == 429


def use_up_name(name):
    """As if fifty tries had come from as many addresses."""
    post(Client(), name, "wrong password", address="198.51.100.200")
    assert LoginAttempt.objects.update(tries=TRIES_BY_NAME) >= 2


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["nonsense", "", "eyJ1c2VyIjoxfQ:1abcde:forged"])
def test_a_forged_device_is_none(client, cookie):
    make_user(name="Ada")
    use_up_name("Ada")
    client.cookies["device"] = cookie
    assert post(client, "Ada", address="203.0.113.1").status_code == 429


@pytest.mark.django_db
def test_the_device_cookie_is_out_of_reach_of_scripts(client):
    make_user(name="Ada")
    cookie = post(client, "Ada").cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.django_db
def test_signing_in_often_uses_up_nothing(client):
    make_user(name="Ada")
    for _time in range(TRIES_BY_ADDRESS + 5):
        fresh = Client()
        assert post(fresh, "Ada").status_code == 302
    assert post(client, "Ada", "wrong password").status_code == 422


@pytest.mark.django_db
def test_failed_tries_count_on_after_one_that_succeeded(client):
    make_user(name="Ada")
    for _try in range(TRIES_BY_ADDRESS - 1):
        post(Client(), "Ada", "wrong password")
    assert post(Client(), "Ada").status_code == 302
    assert post(Client(), "Ada", "wrong password").status_code == 422
    assert post(Client(), "Ada", "wrong password").status_code == 429


@pytest.mark.django_db
def test_no_quarter_of_an_hour_holds_more_than_the_limit():
    start = timezone.now()
    taken = [
        minute
        for minute in range(0, 80, 2)
        for _try in range(2)
        if take_slot("k", limit=10, at=start + dt.timedelta(minutes=minute))
    ]
    assert len(taken) >= 10
    for first in taken:
        assert sum(first <= minute < first + 15 for minute in taken) <= 10


@pytest.mark.django_db
def test_after_a_quiet_window_tries_begin_anew():
    start = timezone.now()
    assert all(take_slot("k", limit=10, at=start) for _try in range(10))
    assert not take_slot("k", limit=10, at=start + WINDOW - dt.timedelta(seconds=1))
    assert take_slot("k", limit=10, at=start + WINDOW)


@pytest.mark.django_db
def test_the_slot_is_taken_before_the_password_is_looked_at(client, monkeypatch):
    make_user(name="Ada")
    counted = []
    monkeypatch.setattr(User, "check_password", lambda *_given: counted.append(total_tries()))
    post(client, "Ada", "wrong password")
    assert counted == [2]  # by address and by name


def total_tries():
    return sum(LoginAttempt.objects.values_list("tries", flat=True))


@pytest.mark.django_db
def test_names_are_not_kept_readable(client):
    post(client, "hunter2-typed-into-the-wrong-field", "x")
    keys = list(LoginAttempt.objects.values_list("key", flat=True))
    assert len(keys) == 2
    assert all(len(key) == 64 and "hunter2" not in key for key in keys)


@pytest.mark.django_db
def test_the_backend_itself_throttles_whoever_calls_it(rf):
    make_user(name="Ada")
    request = rf.post("/")
    for _try in range(TRIES_BY_ADDRESS):
        assert NameOrEmailBackend().authenticate(request, username="Ada", password="wrong password") is None
    with pytest.raises(TooManyTries):
        NameOrEmailBackend().authenticate(request, username="Ada", password=PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_forty_tries_at_once_get_exactly_ten_through():
    make_user(name="Ada")
    looked_at, refused, failed = [], [], []
    barrier = threading.Barrier(40)

    def knock():
        request = RequestFactory().post("/", REMOTE_ADDR="198.51.100.1")
        barrier.wait()
        try:
            NameOrEmailBackend().authenticate(request, username="Ada", password="wrong password")
            looked_at.append(1)
        except TooManyTries:
            refused.append(1)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=knock) for _number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (len(looked_at), len(refused)) == (10, 30)


@pytest.mark.django_db
def test_what_is_long_ago_is_forgotten(client):
    post(client, "Ada", "wrong password")
    purge_login_attempts(timezone.now())
    assert LoginAttempt.objects.exists()
    LoginAttempt.objects.update(last_at=timezone.now() - dt.timedelta(days=2))
    purge_login_attempts(timezone.now())
    assert not LoginAttempt.objects.exists()


# The address


@pytest.mark.parametrize(
    ("remote", "known"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_addresses_come_in_one_form(rf, remote, known):
    assert client_address(rf.get("/", REMOTE_ADDR=remote)) == known


@pytest.mark.django_db
def test_what_a_trusted_proxy_says_counts_and_what_others_say_does_not(client, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8")]
    make_user(name="Ada")
    for number in range(TRIES_BY_ADDRESS):
        post_via(client, proxy="10.0.0.1", forwarded=f"192.0.2.{number}, 198.51.100.7")
    assert post_via(client, proxy="10.0.0.1", forwarded="198.51.100.7").status_code == 429
    assert post_via(client, proxy="10.0.0.1", forwarded="198.51.100.8").status_code == 422
    for number in range(TRIES_BY_ADDRESS):
        post_via(client, proxy="198.51.100.9", forwarded=f"192.0.2.{number}")
    assert post_via(client, proxy="198.51.100.9", forwarded="192.0.2.99").status_code == 429


def post_via(client, *, proxy, forwarded):
    data = {"name": "Ada", "password": "wrong password"}
    return client.post(URL, data, REMOTE_ADDR=proxy, HTTP_X_FORWARDED_FOR=forwarded)


# Forgotten


@pytest.mark.django_db
def test_the_page_is_open_to_all_and_skips_who_is_in(client):
    assert client.get(URL).status_code == 200
    client.force_login(make_user())
    assert client.get(URL).url == "/"


def test_the_window_is_as_promised():
    assert dt.timedelta(minutes=15) == sign_in.WINDOW
    assert (TRIES_BY_ADDRESS, TRIES_BY_NAME) == (10, 50)
