"""Sessions: listed, ended, renewed at most hourly; and the password again for what an intruder would want."""

import datetime as dt

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from incidents.enums import Role
from incidents.jobs import purge_sessions
from incidents.models import AuditEntry, Session, User
from incidents.sessions import PASSWORD, SEEN, browser_name, public_id
from tests.factories import PASSWORD as SECRET
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.django_db


def enter(user, browser="Firefox on a phone"):
    client = Client(headers={"User-Agent": browser})
    response = client.post("/account/sign-in/", {"name": user.name, "password": SECRET}, REMOTE_ADDR="203.0.113.5")
    assert response.status_code == 302
    return client


def is_in(client):
    return client.get("/account/sessions/").status_code == 200


def age(client, name, **ago):
    session = client.session
    session[name] = (timezone.now() - dt.timedelta(**ago)).isoformat()
    session.save()


# What is kept


def test_a_session_knows_whose_it_is_where_from_and_in_what():
    user = make_user()
    enter(user)
    row = Session.objects.get()
    assert (row.user, row.address, row.browser) == (user, "203.0.113.5", "Firefox on a phone")
    assert timezone.now() - row.created_at < dt.timedelta(minutes=1)


def test_a_long_name_of_a_browser_is_cut():
    enter(make_user(), browser="x" * 1000)
    assert len(Session.objects.get().browser) == 200


def test_sessions_last_thirty_days():
    enter(make_user())
    left = Session.objects.get().expire_date - timezone.now()
    assert dt.timedelta(days=29, hours=23) < left <= dt.timedelta(days=30)
    assert settings.SESSION_COOKIE_AGE == 30 * 24 * 3600


def test_an_expired_session_lets_nobody_in_and_is_swept_away():
    client = enter(make_user())
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    assert not is_in(client)
    purge_sessions(timezone.now())
    assert not Session.objects.exists()


# Renewal


def test_within_the_hour_looking_writes_nothing():
    client = Client()
    sign_in(client, make_user())
    age(client, SEEN, minutes=59)
    before = list(Session.objects.values()), list(User.objects.values())
    for path in ("/account/", "/account/sessions/", "/account/password/"):
        response = client.get(path)
        assert response.status_code == 200
        assert settings.SESSION_COOKIE_NAME not in response.cookies
    assert (list(Session.objects.values()), list(User.objects.values())) == before


def test_after_an_hour_the_lifetime_begins_anew():
    client = Client()
    user = sign_in(client, make_user())
    age(client, SEEN, minutes=61)
    Session.objects.update(expire_date=timezone.now() + dt.timedelta(days=1))
    began = Session.objects.get().created_at
    response = client.get("/account/")
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == settings.SESSION_COOKIE_AGE
    row = Session.objects.get()
    assert row.expire_date > timezone.now() + dt.timedelta(days=29)
    assert row.created_at == began
    user.refresh_from_db()
    assert user.last_seen_at
    assert timezone.now() - user.last_seen_at < dt.timedelta(minutes=1)


# The list


def test_the_list_shows_own_sessions_and_nobody_elses():
    user = make_user()
    client = enter(user)
    enter(user, browser="Chromium at work")
    enter(make_user(), browser="Somebody else's")
    page = client.get("/account/sessions/").content.decode()
    assert page.count("<tr>") == 3  # the head, and two sessions
    assert "Firefox" in page
    assert "Chromium at work" in page
    assert "Somebody else" not in page


def test_the_list_gives_no_session_away():
    client = enter(make_user())
    page = client.get("/account/sessions/").content.decode()
    assert client.session.session_key not in page


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("my own script", "my own script"),
        ("", ""),
    ],
)
def test_browsers_are_called_as_people_call_them(user_agent, name):
    assert browser_name(user_agent) == name


def test_one_session_can_be_ended():
    user = make_user()
    here, there = enter(user), enter(user)
    assert here.post(f"/account/sessions/{public_id(there.session.session_key)}/end/").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert AuditEntry.objects.filter(action="person.sessions_ended").count() == 1


def test_nobody_ends_somebody_elses_session():
    here, other = enter(make_user()), enter(make_user())
    here.post(f"/account/sessions/{public_id(other.session.session_key)}/end/")
    assert is_in(other)


def test_all_other_sessions_can_be_ended():
    user = make_user()
    here, there, elsewhere, other = enter(user), enter(user), enter(user), enter(make_user())
    here.post("/account/sessions/end-others/")
    assert [is_in(client) for client in (here, there, elsewhere, other)] == [True, False, False, True]


@pytest.mark.parametrize("path", ["/account/sessions/end-others/", "/account/sessions/abc/end/"])
def test_a_get_ends_nothing(path):
    client = enter(make_user())
    assert client.get(path).status_code == 405
    assert is_in(client)


# Ends


def test_a_changed_password_ends_all_other_sessions():
    user = make_user()
    here, there = enter(user), enter(user)
    key = here.session.session_key
    new = {"current_password": SECRET, "password": "another good one", "again": "another good one"}
    assert here.post("/account/password/", new).status_code == 302
    assert is_in(here)
    assert here.session.session_key != key
    assert not is_in(there)
    assert Session.objects.filter(user=user).count() == 1
    assert AuditEntry.objects.filter(action="person.password_changed").count() == 1


@pytest.mark.parametrize(
    "given",
    [
        {"current_password": "wrong password"},
        {"again": "something else"},
        {"password": "short", "again": "short"},
        {"password": "1234567890123", "again": "1234567890123"},
        {"password": "", "again": ""},
    ],
)
def test_a_password_that_will_not_do_is_refused(given):
    user = make_user()
    client = enter(user)
    new = {"current_password": SECRET, "password": "another good one", "again": "another good one"} | given
    assert client.post("/account/password/", new).status_code == 422
    user.refresh_from_db()
    assert user.check_password(SECRET)


def test_disabling_ends_the_session_at_once():
    user = make_user()
    client, other = enter(user), enter(make_user())
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_in(client)
    assert is_in(other)


# The password again


def admin_client():
    client = Client()
    sign_in(client, make_user(role=Role.ADMIN))
    return client


def test_right_after_signing_in_the_password_is_not_asked_for():
    client = enter(make_user(role=Role.ADMIN))
    assert client.get("/people/invite/").status_code == 200


def test_after_fifteen_minutes_the_password_is_asked_for_and_one_comes_back():
    client = admin_client()
    age(client, PASSWORD, minutes=14)
    assert client.get("/people/invite/").status_code == 200
    age(client, PASSWORD, minutes=15)
    question = client.get("/people/invite/?a=1")
    assert question.url == "/account/password-again/?next=%2Fpeople%2Finvite%2F%3Fa%3D1"
    assert client.get("/people/invite/").status_code == 302
    wrong = client.post("/account/password-again/", {"current_password": "wrong", "next": "/people/invite/"})
    assert wrong.status_code == 422
    assert client.get("/people/invite/").status_code == 302
    right = client.post("/account/password-again/", {"current_password": SECRET, "next": "/people/invite/?a=1"})
    assert right.url == "/people/invite/?a=1"
    assert client.get("/people/invite/").status_code == 200


def test_what_was_being_sent_is_carried_through_the_question():
    client = admin_client()
    age(client, PASSWORD, hours=1)
    sent = {"email": "new@example.org", "role": "reader", "name": 'A "name"'}
    question = client.post("/people/invite/", sent)
    assert question.status_code == 422
    html = question.content.decode()
    assert 'name="name" value="A &quot;name&quot;"' in html
    assert not AuditEntry.objects.filter(action="person.invited").exists()
    client.post("/people/invite/", sent | {"current_password": "wrong password"})
    assert not AuditEntry.objects.filter(action="person.invited").exists()
    client.post("/people/invite/", sent | {"current_password": SECRET})
    assert AuditEntry.objects.filter(action="person.invited").count() == 1


def test_guessing_the_password_here_is_throttled_as_at_the_door():
    client = admin_client()
    for _try in range(10):
        assert client.post("/account/password-again/", {"current_password": "wrong"}).status_code == 422
    locked = client.post("/account/password-again/", {"current_password": SECRET})
    assert locked.status_code == 422
    assert "Too many tries" in locked.content.decode()


def test_somebody_elses_password_does_not_do():
    user, other = make_user(), make_user(password="the password of other")
    client = Client()
    sign_in(client, user)
    assert client.post("/account/password-again/", {"current_password": "the password of other"}).status_code == 422
    assert other.is_active


def test_who_may_not_is_told_so_before_any_password():
    client = Client()
    sign_in(client, make_user(role=Role.EDITOR))
    age(client, PASSWORD, hours=1)
    assert client.get("/people/invite/").status_code == 403


def test_the_question_leads_to_this_site_only():
    client = admin_client()
    answer = client.post("/account/password-again/", {"current_password": SECRET, "next": "//evil.example/"})
    assert answer.url == "/account/"


# No role


@pytest.mark.parametrize("path", ["/", "/services/", "/people/", "/setup/", "/audit/", "/incidents/"])
def test_without_a_role_one_reads_what_to_do(path):
    client = Client()
    sign_in(client, make_user(role=""))
    response = client.get(path)
    assert response.status_code == 403
    assert "has no role yet" in response.content.decode()


@pytest.mark.parametrize("path", ["/account/", "/account/sessions/", "/account/password/", "/account/email/"])
def test_without_a_role_the_own_account_works(path):
    client = Client()
    sign_in(client, make_user(role=""))
    assert client.get(path).status_code == 200


def test_without_a_role_one_can_sign_in():
    client = enter(make_user(role=""))
    assert client.get("/").status_code == 403
    assert client.post("/account/sign-out/").status_code == 302
