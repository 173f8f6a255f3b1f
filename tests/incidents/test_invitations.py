"""Invitations: single use, seven days, links of our own address; and links for a forgotten password."""

import datetime as dt
import re
import threading
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import connection
from django.test import Client
from django.utils import timezone

from incidents.domain import invitations, passwords
from incidents.domain.invitations import IssuedInvitation, LinkIsSpent
from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import AuditEntry, Invitation, LoginAttempt, OutboxMessage, Session, User
from incidents.permissions import Actor
from tests.factories import PASSWORD, make_team, make_user, sign_in

pytestmark = pytest.mark.django_db

NEW = {"name": "Ada Okoro", "password": "a fine new password", "again": "a fine new password"}


@pytest.fixture
def admin():
    return make_user(name="Root", role=Role.ADMIN)


@pytest.fixture
def admin_client(admin):
    client = Client()
    sign_in(client, admin)
    return client


def invite(admin: User, **fields: Any) -> IssuedInvitation:
    fields = {"email": "ada@example.org", "role": Role.RESPONDER, "now": timezone.now(), **fields}
    return invitations.invite(actor=Actor.person(admin), **fields)


def path_of(link):
    return re.sub(r"^http://testserver", "", link)


# Inviting


def test_an_invitation_goes_out_by_mail_with_a_link_of_our_own_address(admin, settings):
    settings.BASE_URL = "https://incidents.example.org"
    issued = invite(admin)
    message = OutboxMessage.objects.get()
    assert (message.kind, message.recipient, message.holds_secret) == ("invitation", "ada@example.org", True)
    assert message.payload["link"] == issued.link
    assert issued.link.startswith("https://incidents.example.org/account/invitation/")
    assert message.expires_at == issued.invitation.expires_at
    assert AuditEntry.objects.get().action == "person.invited"


def test_the_host_of_the_request_is_not_in_the_link(admin_client, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    admin_client.post(
        "/people/invite/", {"email": "ada@example.org", "role": "reader"}, headers={"Host": "other.example"}
    )
    assert OutboxMessage.objects.get().payload["link"].startswith("http://testserver/")


def test_only_the_hash_of_the_token_is_kept(admin):
    issued = invite(admin)
    token = issued.link.rstrip("/").rsplit("/", 1)[1]
    assert len(token) >= 43  # 256 bits
    assert Invitation.objects.get().token_hash == invitations.digest(token)
    assert token not in str(list(Invitation.objects.values())) + str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_invite(role):
    with pytest.raises(Forbidden):
        invite(make_user(role=role))
    assert not Invitation.objects.exists()


def test_an_address_is_invited_once_and_not_where_it_has_an_account(admin):
    make_user(email="ben@example.org")
    invite(admin)
    for email in ("ADA@example.org", "Ben@Example.org"):
        with pytest.raises(InvalidInput) as refusal:
            invite(admin, email=email)
        assert "email" in refusal.value.fields
    invite(admin, email="eve@example.org")


def test_the_page_sends_the_mail_and_shows_no_link(admin_client):
    team = make_team("Storefront")
    data = {"email": "ada@example.org", "role": "reader", "name": "Ada", "teams": [team.pk]}
    response = admin_client.post("/people/invite/", data, follow=True)
    assert "An invitation is on its way." in response.content.decode()
    assert "/account/invitation/" not in response.content.decode()
    assert list(Invitation.objects.get().teams.all()) == [team]


def test_without_mail_the_page_shows_the_link_once(admin_client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = admin_client.post("/people/invite/", {"email": "ada@example.org", "role": "reader"})
    link = re.search(r'value="(http://testserver/account/invitation/[^"]+)"', page.content.decode())
    assert link
    assert page["Cache-Control"] == "no-store"
    assert Client().get(path_of(link[1])).status_code == 200
    assert "/account/invitation/" not in admin_client.get("/people/").content.decode()


@pytest.mark.parametrize(
    "data", [{}, {"email": "nonsense", "role": "reader"}, {"email": "a@example.org", "role": "god"}]
)
def test_nonsense_is_refused_beside_the_field(admin_client, data):
    assert admin_client.post("/people/invite/", data).status_code == 422
    assert not Invitation.objects.exists()


# Accepting


def test_the_link_makes_the_account_and_signs_in(admin):
    team = make_team("Storefront")
    issued = invite(admin, name="Ada", teams=[team])
    client = Client()
    page = client.get(path_of(issued.link))
    assert 'value="Ada"' in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.post(path_of(issued.link), NEW)["Location"] == "/"
    user = User.objects.get(name="Ada Okoro")
    assert (user.email, user.role, list(user.teams.all())) == ("ada@example.org", Role.RESPONDER, [team])
    assert client.get("/account/").status_code == 200
    assert Invitation.objects.get().accepted_by == user
    assert AuditEntry.objects.filter(action="invitation.accepted", actor=user).count() == 1


def test_looking_at_the_link_does_not_use_it_up(admin):
    issued = invite(admin)
    for _look in range(3):
        assert Client().get(path_of(issued.link)).status_code == 200


def test_the_link_works_once(admin):
    issued = invite(admin)
    Client().post(path_of(issued.link), NEW)
    assert Client().get(path_of(issued.link)).status_code == 404
    assert Client().post(path_of(issued.link), NEW | {"name": "Eve"}).status_code == 404
    assert not User.objects.filter(name="Eve").exists()


def test_the_link_works_for_seven_days(admin):
    token = invite(admin).link.rstrip("/").rsplit("/", 1)[1]
    almost = timezone.now() + dt.timedelta(days=7) - dt.timedelta(minutes=1)
    assert invitations.find(token=token, now=almost)
    with pytest.raises(LinkIsSpent):
        invitations.find(token=token, now=almost + dt.timedelta(minutes=2))


def test_an_unknown_link_says_no_more_than_a_used_one(admin):
    issued = invite(admin)
    Client().post(path_of(issued.link), NEW)
    used, unknown = Client().get(path_of(issued.link)), Client().get("/account/invitation/nonsense/")
    assert (used.status_code, used.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Root"},
        {"name": "ROOT"},
        {"name": "a@b"},
        {"name": "two\nlines"},
        {"name": "turned \u202e around"},
        {"again": "differs"},
        {"password": "short", "again": "short"},
        {"password": "password123", "again": "password123"},
        {"name": "adaokoro1234", "password": "adaokoro1234", "again": "adaokoro1234"},
    ],
)
def test_what_will_not_do_is_refused_and_the_link_still_works(admin, wrong):
    issued = invite(admin)
    assert Client().post(path_of(issued.link), NEW | wrong).status_code == 422
    assert Client().post(path_of(issued.link), NEW).status_code == 302


def test_no_role_can_be_smuggled_in(admin):
    issued = invite(admin, role=Role.READER)
    Client().post(path_of(issued.link), NEW | {"role": "admin", "email": "other@example.org", "is_active": "1"})
    user = User.objects.get(name="Ada Okoro")
    assert (user.role, user.email) == (Role.READER, "ada@example.org")


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_makes_one_account():
    token = invite(make_user(role=Role.ADMIN)).link.rstrip("/").rsplit("/", 1)[1]
    made, refused, barrier = [], [], threading.Barrier(8)

    def accept(number):
        barrier.wait()
        try:
            invitations.accept(token=token, name=f"Ada {number}", password="a fine new password", now=timezone.now())
            made.append(number)
        except LinkIsSpent:
            refused.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)
    assert User.objects.filter(name__startswith="Ada").count() == 1


# Withdrawing and sending again


def test_a_withdrawn_link_does_nothing(admin_client, admin):
    issued = invite(admin)
    admin_client.post(f"/people/invitations/{issued.invitation.pk}/revoke/")
    assert Client().get(path_of(issued.link)).status_code == 404
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 1
    invite(admin)  # and the address can be invited anew


def test_sent_again_the_old_link_ends_and_the_new_one_works(admin_client, admin):
    issued = invite(admin)
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    admin_client.post(f"/people/invitations/{issued.invitation.pk}/renew/")
    assert Client().get(path_of(issued.link)).status_code == 404
    newest = OutboxMessage.objects.latest("id")
    assert Client().get(path_of(newest.payload["link"])).status_code == 200
    assert OutboxMessage.objects.count() == 2


def test_an_accepted_one_can_be_neither_withdrawn_nor_sent_again(admin):
    issued = invite(admin)
    Client().post(path_of(issued.link), NEW)
    for act in (invitations.revoke, invitations.renew):
        with pytest.raises(NotPossible):
            act(actor=Actor.person(admin), invitation=issued.invitation, now=timezone.now())


def test_the_list_of_people_shows_who_is_invited(admin_client, admin):
    invite(admin)
    assert "ada@example.org" in admin_client.get("/people/").content.decode()


# Forgotten passwords


def ask(email, address="198.51.100.1"):
    return Client().post("/account/password-reset/", {"email": email}, REMOTE_ADDR=address)


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(settings):
    settings.BASE_URL = "http://testserver"
    user = make_user(email="ada@example.org")
    elsewhere = Client()
    sign_in(elsewhere, user)
    assert ask("ADA@example.org").url == "/account/password-reset/sent/"
    message = OutboxMessage.objects.get()
    assert (message.kind, message.recipient, message.holds_secret) == ("password-reset", "ada@example.org", True)
    client, path = Client(), path_of(message.payload["link"])
    assert client.get(path).status_code == 200
    new = {"password": "a fine new password", "again": "a fine new password"}
    assert client.post(path, new | {"again": "differs"}).status_code == 422
    assert client.post(path, new)["Location"] == "/"
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert Session.objects.filter(user=user).count() == 1
    user.refresh_from_db()
    assert user.check_password("a fine new password")
    assert AuditEntry.objects.filter(action="person.password_reset").count() == 1
    assert Client().get(path).status_code == 404
    assert Client().post(path, new).status_code == 404


@pytest.mark.parametrize("known", [True, False])
def test_nobody_learns_whether_an_address_is_known(known):
    if known:
        make_user(email="ada@example.org")
    response = ask("ada@example.org")
    assert response.url == "/account/password-reset/sent/"
    page = Client().get(response.url).content.decode()
    assert "If there is an account" in page
    assert OutboxMessage.objects.count() == int(known)


def test_disabled_accounts_get_no_link():
    make_user(email="ada@example.org", is_active=False)
    ask("ada@example.org")
    assert not OutboxMessage.objects.exists()


def test_a_mailbox_is_not_flooded():
    make_user(email="ada@example.org")
    for number in range(6):
        assert ask("ada@example.org", address=f"198.51.100.{number}").status_code == 302
    assert OutboxMessage.objects.count() == 3
    LoginAttempt.objects.update(last_at=timezone.now() - dt.timedelta(minutes=16))
    ask("ada@example.org")
    assert OutboxMessage.objects.count() == 4


def test_the_link_ends_after_an_hour(monkeypatch):
    user = make_user()
    path = path_of(passwords.make_link(actor=Actor.person(make_user(role=Role.ADMIN)), person=user, now=timezone.now()))
    assert Client().get(path).status_code == 200
    later = timezone.make_naive(timezone.now()) + dt.timedelta(minutes=61)  # as the generator counts
    monkeypatch.setattr(default_token_generator, "_now", lambda: later)
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("path", ["MQ/nonsense", "nonsense/nonsense", "_/_", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/x-y"])
def test_nonsense_links_are_spent_links(path):
    assert Client().get(f"/account/password-reset/{path}/").status_code == 404


def test_an_admin_hands_over_a_link_where_mail_does_not_arrive(admin_client):
    user = make_user(name="Ada")
    page = admin_client.post(f"/people/{user.pk}/password-link/").content.decode()
    link = re.search(r'value="(http://testserver/account/password-reset/[^"]+)"', page)
    assert link
    assert Client().get(path_of(link[1])).status_code == 200
    assert AuditEntry.objects.filter(action="person.password_link_made").count() == 1


def test_nobody_but_admins_gets_such_a_link():
    client = Client()
    sign_in(client, make_user(role=Role.EDITOR))
    assert client.post(f"/people/{make_user().pk}/password-link/").status_code == 403
    assert not AuditEntry.objects.exists()


def test_signing_in_with_the_old_password_after_a_reset_fails():
    user = make_user(name="Ada")
    path = path_of(passwords.make_link(actor=Actor.person(make_user(role=Role.ADMIN)), person=user, now=timezone.now()))
    Client().post(path, {"password": "a fine new password", "again": "a fine new password"})
    assert Client().post("/account/sign-in/", {"name": "Ada", "password": PASSWORD}).status_code == 422
    assert Client().post("/account/sign-in/", {"name": "Ada", "password": "a fine new password"}).status_code == 302
