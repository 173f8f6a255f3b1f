"""Broken files and bodies: refused, never an error of ours (S13)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"name,email,role\n\xff\xfe,a@example.org,reader\n",
        b"name,email,role\n" + b"a" * 200_000 + b",a@example.org,reader\n",
        b'name,email,role\n"never closed,a@example.org,reader\n',
        b"name;email;role\nA;b@example.org;nobody\n",
        b"\xef\xbb\xbfemail\n@\n",
        b"x" * 1_100_000,
    ],
    ids=["empty", "NUL", "no UTF-8", "long", "open quote", "unknown role", "no address", "too large"],
)
def test_a_broken_file_of_people_is_refused(world: World, content: bytes) -> None:
    before = len(world.people)
    response = world.client("admin").post(
        "/people/import/", {"file": SimpleUploadedFile("people\u202e.csv", content, content_type="text/csv")}
    )

    assert response.status_code in {200, 422}
    assert len(world.people) == before


def test_a_body_that_is_no_form_is_no_error_of_ours(world: World) -> None:
    bodies = [
        (b"{" * 10_000, "application/json"),
        (b"\xff\xfe\x00", FORM),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nno end', "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        ("&".join(f"a{number}=1" for number in range(3000)).encode(), FORM),
        (b"text=" + b"a" * 3_000_000, FORM),
    ]
    wrong = []

    for body, kind in bodies:
        for url in (f"{world.incidents['open'].get_absolute_url()}timeline/", "/account/sign-in/", "/people/invite/"):
            client = world.client("admin", raise_request_exception=False)
            with transaction.atomic():
                status = client.post(url, body, content_type=kind).status_code
                transaction.set_rollback(True)
            if status >= 500:
                wrong.append(f"{url} {kind} {body[:20]!r}: {status}")

    assert not wrong, "\n".join(wrong)
