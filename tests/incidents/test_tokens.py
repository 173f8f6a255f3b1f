"""Tokens: made once and shown once, kept as a hash, ended by their owner, an admin, time, or the end of the account."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from incidents.domain import people, tokens
from incidents.enums import Role, TokenScope
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import ApiToken, AuditEntry
from incidents.permissions import Actor
from tests.factories import PASSWORD, make_token, make_user, sign_in

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 6, 12, tzinfo=dt.UTC)
URL = "/account/tokens/"


def make(owner=None, *, by=None, name="Deploys", scope=TokenScope.WRITE, now=NOW, **more):
    owner = owner or make_user()
    return tokens.create_token(actor=Actor.person(by or owner), owner=owner, name=name, scope=scope, now=now, **more)


def test_of_a_token_only_the_hash_is_kept():
    issued = make(name=" Deploys  of the shop ")
    stored = ApiToken.objects.get()
    assert issued.secret.startswith("nvt_")
    assert len(issued.secret) >= 4 + 160 / 6, "at least 160 bits in letters of 6 bits"
    assert stored.name == "Deploys of the shop"
    assert stored.hint == issued.secret[:12]
    everything = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    assert issued.secret not in everything
    assert issued.signing_key not in everything
    assert issued.secret not in str(AuditEntry.objects.values())
    assert tokens.find_token(secret=issued.secret, now=NOW) == stored
    assert tokens.find_token(secret=issued.secret[:-1], now=NOW) is None


def test_two_tokens_have_nothing_in_common():
    owner = make_user()
    one, two = make(owner, name="One"), make(owner, name="Two")
    assert one.secret != two.secret
    assert one.signing_key != two.signing_key


def test_a_token_ends_with_its_time():
    issued = make(expires_at=NOW + dt.timedelta(days=30))
    assert tokens.find_token(secret=issued.secret, now=NOW + dt.timedelta(days=29)) is not None
    assert tokens.find_token(secret=issued.secret, now=NOW + dt.timedelta(days=30)) is None
    with pytest.raises(InvalidInput):
        make(expires_at=NOW)


def test_a_token_ends_when_it_is_revoked():
    issued = make()
    tokens.revoke_token(actor=Actor.person(issued.token.owner), token=issued.token, now=NOW)
    tokens.revoke_token(actor=Actor.person(issued.token.owner), token=issued.token, now=NOW)
    assert tokens.find_token(secret=issued.secret, now=NOW) is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "token.created",
        "token.revoked",
    ]


def test_disabling_a_person_ends_their_tokens_for_good():
    make_user(role=Role.ADMIN)
    admin = Actor.person(make_user(role=Role.ADMIN))
    issued, other = make(), make()
    person = issued.token.owner
    people.disable(actor=admin, person=person, now=NOW)
    assert tokens.find_token(secret=issued.secret, now=NOW) is None
    people.enable(actor=admin, person=person, now=NOW)
    assert tokens.find_token(secret=issued.secret, now=NOW) is None
    assert tokens.find_token(secret=other.secret, now=NOW) is not None


def test_tokens_of_others_are_for_admins():
    owner, other, admin = make_user(), make_user(role=Role.EDITOR), make_user(role=Role.ADMIN)
    with pytest.raises(Forbidden):
        make(owner, by=other)
    issued = make(owner, by=admin)
    with pytest.raises(Forbidden):
        tokens.revoke_token(actor=Actor.person(other), token=issued.token, now=NOW)
    tokens.revoke_token(actor=Actor.person(admin), token=issued.token, now=NOW)
    assert tokens.find_token(secret=issued.secret, now=NOW) is None


def test_who_has_no_role_has_no_token():
    nobody, admin = make_user(role=""), make_user(role=Role.ADMIN)
    with pytest.raises(Forbidden):
        make(nobody)
    with pytest.raises(NotPossible):
        make(nobody, by=admin)
    assert make(make_user(role=Role.READER)).token.pk


def test_a_token_makes_no_tokens():
    issued = make(make_user(role=Role.ADMIN))
    with pytest.raises(Forbidden):
        tokens.create_token(
            actor=Actor.token(issued.token), owner=issued.token.owner, name="x", scope=TokenScope.READ, now=NOW
        )


def test_names_of_tokens_in_use_differ():
    owner = make_user()
    first = make(owner)
    with pytest.raises(InvalidInput) as refused:
        make(owner, name="DEPLOYS")
    assert set(refused.value.fields) == {"name"}
    tokens.revoke_token(actor=Actor.person(owner), token=first.token, now=NOW)
    assert make(owner).token.pk


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_token_needs_a_name(name):
    with pytest.raises(InvalidInput) as refused:
        make(name=name)
    assert set(refused.value.fields) == {"name"}


def test_fifty_tokens_are_enough():
    owner = make_user()
    for _number in range(50):
        make_token(owner)
    with pytest.raises(NotPossible):
        make(owner)


def test_its_use_is_noted_once_a_minute():
    token = make().token
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        token.refresh_from_db()
        tokens.note_use(token=token, now=NOW + dt.timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used_at == NOW + dt.timedelta(seconds=noted)


# The pages


def test_the_secret_is_shown_on_the_page_that_made_it_and_never_again(client):
    person = sign_in(client, make_user())
    answer = client.post(URL, {"name": "Deploys", "scope": "write", "lasts": "30"})
    page = answer.content.decode()
    token = ApiToken.objects.get()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.context["issued"].secret in page
    assert (token.owner, token.scope) == (person, TokenScope.WRITE)
    assert dt.timedelta(days=29) < token.expires_at - timezone.now() <= dt.timedelta(days=30)
    again = client.get(URL).content.decode()
    assert "Deploys" in again
    assert answer.context["issued"].secret not in again


def test_the_password_is_asked_for_again(client):
    client.force_login(make_user())
    assert client.get(URL)["Location"].startswith("/account/password-again/")
    refused = client.post(URL, {"name": "Deploys", "scope": "write", "lasts": ""})
    assert refused.status_code == 422
    assert not ApiToken.objects.exists()
    sent = {"name": "Deploys", "scope": "write", "lasts": "", "current_password": PASSWORD}
    assert client.post(URL, sent).status_code == 200
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scope": "all"}, {"scope": ""}, {"lasts": "7"}])
def test_a_form_with_errors_makes_nothing(client, wrong):
    sign_in(client, make_user())
    assert client.post(URL, {"name": "Deploys", "scope": "write", "lasts": "30", **wrong}).status_code == 422
    assert not ApiToken.objects.exists()


def test_people_see_and_revoke_their_own_tokens_only(client):
    person = sign_in(client, make_user(role=Role.EDITOR))
    mine, theirs = make_token(person, name="Mine"), make_token(name="Theirs")
    page = client.get(URL).content.decode()
    assert "Mine" in page
    assert "Theirs" not in page
    assert client.post(reverse("token-revoke", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("token-revoke", args=[mine.pk]))["Location"] == URL
    assert list(ApiToken.objects.filter(revoked_at=None)) == [theirs]
    assert client.get("/tokens/").status_code == 403


def test_admins_see_and_revoke_the_tokens_of_all(client):
    sign_in(client, make_user(role=Role.ADMIN))
    token = make_token(name="Theirs")
    assert "Theirs" in client.get("/tokens/").content.decode()
    assert client.post(reverse("token-revoke", args=[token.pk]), {"from": "all"})["Location"] == "/tokens/"
    assert "Theirs" in client.get("/tokens/").content.decode(), "in the message that it is revoked"
    assert "Theirs" not in client.get("/tokens/").content.decode()


@pytest.mark.parametrize("url", [URL, "/tokens/"])
def test_a_page_asks_the_same_few_things_whatever_the_number(client, url, django_assert_max_num_queries):
    admin = sign_in(client, make_user(role=Role.ADMIN))
    client.get(url)
    counts = []
    for _round in range(2):
        for _number in range(2):
            make_token(admin)
        with django_assert_max_num_queries(6) as asked:
            client.get(url)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# The command


def test_the_command_prints_the_secret_alone(capsys):
    person = make_user("Ada")
    call_command("create_token", "ada", "--scope", "write", "--days", "90")
    secret = capsys.readouterr().out.strip()
    token = tokens.find_token(secret=secret, now=timezone.now())
    assert token is not None
    assert (token.owner, token.scope) == (person, TokenScope.WRITE)
    assert token.expires_at - timezone.now() > dt.timedelta(days=89)
    assert AuditEntry.objects.get().actor_label == "create_token"


@pytest.mark.parametrize(
    "arguments",
    [["nobody", "--scope", "read"], ["ada", "--scope", "read", "--days", "-1"], ["guest", "--scope", "read"]],
)
def test_the_command_refuses_in_one_line(arguments):
    make_user("Ada")
    make_user("Guest", role="")
    with pytest.raises(CommandError) as refused:
        call_command("create_token", *arguments)
    assert "\n" not in str(refused.value)
    assert not ApiToken.objects.exists()


def test_the_command_is_used_with_a_scope():
    with pytest.raises(CommandError):
        call_command("create_token", "ada")


@pytest.mark.parametrize(("scope", "shown"), [("write", 1), ("read", 0)])
def test_with_a_token_that_writes_comes_the_line_that_sends_a_change_with_it(client, scope, shown):
    sign_in(client, make_user())
    page = client.post(URL, {"name": "Deploys", "scope": scope, "lasts": "30"}).content.decode()
    assert "shown only this once" in page
    assert page.count("\ncurl --fail -X POST http://testserver/api/v1/changes") == shown
    assert page.count("NEVERTWICE_TOKEN=nvt_") == shown
    assert ("deploy-1234" in page) is bool(shown)
