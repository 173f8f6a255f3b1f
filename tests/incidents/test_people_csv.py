"""People from a CSV: any delimiter and encoding, errors row by row, all or nobody."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from incidents.domain import people_csv
from incidents.domain.invitations import IssuedInvitation
from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput
from incidents.models import AuditEntry, Invitation, OutboxMessage, User
from incidents.permissions import Actor
from tests.factories import make_team, make_user, sign_in

pytestmark = pytest.mark.django_db

TEXT = """name,email,role,team,phone,time_zone
Ada Okoro,ada@example.org,responder,Storefront,+27 21 555 0100,Africa/Johannesburg
Jörg Müller,joerg@example.org,,,,
"""


@pytest.fixture
def admin_client():
    client = Client()
    sign_in(client, make_user(name="Root", role=Role.ADMIN))
    make_team("Storefront")
    return client


def upload(client, data):
    data = data.encode() if isinstance(data, str) else data
    return client.post("/people/import/", {"file": SimpleUploadedFile("people.csv", data)})


def rows_of(data):
    return people_csv.read(people_csv.decode(data.encode() if isinstance(data, str) else data))


def errors_of(line, header="name,email,role,team,phone,time_zone"):
    return " ".join(rows_of(f"{header}\n{line}\n")[0].errors)


# Reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_files_of_all_programs_are_read(encoding, delimiter, newline):
    make_team("Storefront")
    text = TEXT.replace(",", delimiter).replace("\n", newline)
    ada, joerg = rows_of(text.encode(encoding))
    assert (ada.name, ada.role, ada.team, ada.time_zone) == (
        "Ada Okoro",
        "responder",
        "Storefront",
        "Africa/Johannesburg",
    )
    assert (joerg.name, joerg.role, joerg.errors) == ("Jörg Müller", "reader", [])


def test_columns_come_in_any_order_case_and_number():
    row = rows_of('E-Mail;"Time Zone";NAME;shoe size\nada@example.org;utc+2;Ada;40\n')[0]
    assert (row.name, row.email, row.time_zone, row.errors) == ("Ada", "ada@example.org", "UTC+02:00", [])


def test_quoted_cells_may_hold_delimiters_and_blank_lines_are_nothing():
    rows = rows_of('\nname,email\n"Okoro, Ada",ada@example.org\n\n,\n')
    assert [(row.name, row.line) for row in rows] == [("Okoro, Ada", 3)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",a@example.org,,,,", "name is missing"),
        ("Ada,,,,,", "address is missing"),
        ("Ada,nonsense,,,,", "no e-mail address"),
        ("Ada,a@example.org,god,,,", "no role"),
        ("Ada,a@example.org,,Nowhere,,", "no team"),
        ("Ada,a@example.org,,,,Mars/Base", "no time zone"),
        ("Ada,a@example.org,,,=1+1,", "no phone number"),
        ("Ada,a@example.org,,,+cmd|' /C calc'!A0,", "no phone number"),
        ("=HYPERLINK(1),a@example.org,,,,", "formula"),
        ("@SUM(1),a@example.org,,,,", "formula"),
        ("-2+3,a@example.org,,,,", "formula"),
        ("a@b,a@example.org,,,,", "cannot hold an @"),
        ("Ada,a@example.org,,,,,more", "more cells"),
        ("Root,a@example.org,,,,", "this name already"),
        ("x" * 151 + ",a@example.org,,,,", "longer than 150"),
        ("Ada," + "x" * 250 + "@example.org,,,,", "no e-mail address"),
        ("Ada,a@example.org,,," + "1" * 41 + ",", "no phone number"),
    ],
)
def test_each_error_is_told_beside_its_row(line, said):
    make_user(name="Root")
    assert said in errors_of(line)


def test_phone_numbers_keep_their_plus():
    assert errors_of("Ada,a@example.org,,,+27 (0)21 555,") == ""


def test_doubles_within_the_file_are_told_with_the_other_line():
    rows = rows_of("name,email\nAda,a@example.org\nADA,b@example.org\nBen,A@example.org\n")
    assert [bool(row.errors) for row in rows] == [False, True, True]
    assert "Line 2" in rows[1].errors[0]
    assert "Line 2" in rows[2].errors[0]


def test_who_has_an_account_is_left_alone():
    make_user(name="Ada", email="ada@example.org")
    row = rows_of("name,email\nAda,ADA@example.org\n")[0]
    assert row.is_known
    assert row.errors == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"name,email\n",
        b"first,second\na,b\n",
        b"name\nAda\n",
        b"name,email,name\nAda,a@example.org,Ada\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d",
        b"name,email\nAda\x00,a@example.org\n",
        b'name,email\n"' + b"x" * 200_000,
        b"name,email\n" + b"Ada,a@example.org\n" * 2001,
        b"name,email\n" + b"x" * (1024 * 1024),
    ],
)
def test_what_is_no_list_of_people_is_refused_in_words(admin_client, data):
    with pytest.raises(InvalidInput):
        rows_of(data)
    assert upload(admin_client, data).status_code == 422


def test_two_thousand_people_are_read():
    lines = "".join(f"Person {number},p{number}@example.org\n" for number in range(2000))
    rows = rows_of("name,email\n" + lines)
    assert len(rows) == 2000
    assert not any(row.errors for row in rows)


# The page


def test_a_file_is_shown_before_anything_is_saved(admin_client):
    page = upload(admin_client, TEXT)
    html = page.content.decode()
    assert page.status_code == 200
    assert "Jörg Müller" in html
    assert "Make 2 accounts and invite" in html
    assert User.objects.count() == 1


def test_confirmed_the_accounts_are_made_and_invited(admin_client):
    response = admin_client.post("/people/import/", {"text": TEXT}, follow=True)
    assert "2 invitations are on their way." in response.content.decode()
    ada = User.objects.get(name="Ada Okoro")
    assert (ada.email, ada.role, ada.phone, ada.time_zone) == (
        "ada@example.org",
        Role.RESPONDER,
        "+27 21 555 0100",
        "Africa/Johannesburg",
    )
    assert [team.name for team in ada.teams.all()] == ["Storefront"]
    assert not ada.has_usable_password()
    assert Invitation.objects.filter(user=ada).count() == 1
    assert OutboxMessage.objects.filter(kind="invitation").count() == 2
    assert AuditEntry.objects.filter(action="person.created").count() == 2


def test_the_link_opens_the_account_that_was_made_ahead(admin_client):
    admin_client.post("/people/import/", {"text": TEXT})
    link = OutboxMessage.objects.get(recipient="ada@example.org").payload["link"].removeprefix("http://testserver")
    client = Client()
    assert 'value="Ada Okoro"' in client.get(link).content.decode()
    new = {"name": "Ada Okoro", "password": "a fine new password", "again": "a fine new password"}
    assert client.post(link, new).status_code == 302
    ada = User.objects.get(name="Ada Okoro")
    assert ada.check_password("a fine new password")
    assert [team.name for team in ada.teams.all()] == ["Storefront"]
    assert User.objects.filter(email="ada@example.org").count() == 1
    assert Client().get(link).status_code == 404


def test_a_link_to_an_account_disabled_meanwhile_is_spent(admin_client):
    admin_client.post("/people/import/", {"text": TEXT})
    User.objects.filter(name="Ada Okoro").update(is_active=False)
    link = OutboxMessage.objects.get(recipient="ada@example.org").payload["link"].removeprefix("http://testserver")
    assert Client().get(link).status_code == 404


def test_with_one_wrong_row_nobody_is_made(admin_client):
    wrong = TEXT + "Eve,nonsense,,,,\n"
    page = upload(admin_client, wrong)
    assert "1 line has errors" in page.content.decode()
    assert "Make 2" not in page.content.decode()
    assert admin_client.post("/people/import/", {"text": wrong}).status_code == 422
    assert User.objects.count() == 1
    assert not OutboxMessage.objects.exists()


def test_sent_twice_it_makes_nobody_twice(admin_client):
    admin_client.post("/people/import/", {"text": TEXT})
    again = admin_client.post("/people/import/", {"text": TEXT})
    assert again.status_code in {200, 422}
    assert User.objects.count() == 3
    assert OutboxMessage.objects.count() == 2


def test_without_mail_the_links_are_shown_once(admin_client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = admin_client.post("/people/import/", {"text": TEXT}).content.decode()
    assert page.count("http://testserver/account/invitation/") == 2


def test_nobody_but_admins_imports():
    client = Client()
    sign_in(client, make_user(role=Role.EDITOR))
    assert client.post("/people/import/", {"text": TEXT}).status_code == 403
    with pytest.raises(Forbidden):
        create(make_user(role=Role.EDITOR))
    assert not User.objects.filter(name="Ada Okoro").exists()


def test_whoever_is_quicker_wins_and_nobody_else_is_made():
    admin, rows = make_user(role=Role.ADMIN), rows_of("name,email\nAda,a@example.org\nBen,b@example.org\n")
    make_user(name="BEN")
    with pytest.raises(InvalidInput):
        people_csv.create(actor=Actor.person(admin), rows=rows, now=timezone.now())
    assert not User.objects.filter(name="Ada").exists()
    assert not OutboxMessage.objects.exists()


def create(user: User) -> list[IssuedInvitation]:
    make_team("Storefront")
    return people_csv.create(actor=Actor.person(user), rows=rows_of(TEXT), now=timezone.now())


def test_no_file_is_refused(admin_client):
    assert admin_client.post("/people/import/", {}).status_code == 422
    assert admin_client.get("/people/import/").status_code == 200


def test_hostile_cells_come_out_as_text(admin_client):
    page = upload(admin_client, "name,email\n<script>alert(1)</script>,a@example.org\n").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
