"""Pictures: what is taken and what is refused, what is left of a file, who sees it, and where it goes."""

import io
import re
import struct
import uuid
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image, PngImagePlugin

from incidents.domain import attachments, lifecycle, pictures, privacy, timeline
from incidents.domain.timeline import EventContent
from incidents.enums import CancelReason, Role
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import Attachment, AuditEntry, Incident, TimelineEvent
from incidents.permissions import Actor
from tests.factories import make_incident, make_published, make_user
from tests.incident_pages import client_of, text_of, url, write

CANARY = b"zebrafishquillwort"


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with a white corner in the upper left."""
    image = Image.new(mode, size, 0 if mode in {"L", "P", "1", "I;16"} else "teal")
    if mode == "RGB":
        image.paste("white", (0, 0, size[0] // 2, size[1] // 2))
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def moving(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (20, 20)) -> bytes:
    images = [Image.new("RGB", size, (number * 70 % 256, number % 256, 90)) for number in range(frames)]
    written = io.BytesIO()
    images[0].save(written, kind, save_all=True, append_images=images[1:], duration=100)
    return written.getvalue()


def opened(picture: pictures.Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.content))


def refused(data: bytes, name: str = "chart.png") -> str:
    with pytest.raises(InvalidInput) as refusal:
        pictures.encode(data, name=name)
    assert len(refusal.value.message) > 30
    return refusal.value.code


# What is taken, and what is left of it


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_four_formats_are_written_anew(kind: str, ending: str) -> None:
    picture = pictures.encode(drawn(kind), name=f"Screenshot.{ending.upper()}")

    assert (picture.format, picture.width, picture.height) == (ending, 40, 30)
    image = opened(picture)
    assert image.format == kind
    assert image.convert("RGB").getpixel((2, 2)) > (240, 240, 240)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    assert pictures.encode(drawn(mode=mode)).format == "png"


def test_a_print_shop_s_jpeg_is_taken() -> None:
    assert opened(pictures.encode(drawn("JPEG", mode="CMYK"))).mode == "RGB"


def test_what_is_see_through_stays_so() -> None:
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    for kind in ("PNG", "WEBP", "GIF"):
        written = io.BytesIO()
        image.save(written, kind)
        assert opened(pictures.encode(written.getvalue())).convert("RGBA").getpixel((5, 5))[3] == 0, kind


def test_nothing_but_the_pixels_comes_along() -> None:
    """Neither where a photo was taken, nor comments, profiles, texts, thumbnails, nor what hangs behind the image."""
    exif = Image.Exif()
    exif[0x010E], exif[0x8298] = CANARY.decode(), CANARY.decode()
    exif.get_ifd(0x8825)[1] = "N"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    texts.add_text("Author", CANARY.decode(), zip=True)
    files = [
        drawn("PNG", pnginfo=texts, exif=exif, icc_profile=CANARY),
        drawn("JPEG", comment=CANARY, exif=exif, icc_profile=CANARY, xmp=CANARY),
        drawn("WEBP", exif=exif, icc_profile=CANARY, xmp=CANARY),
        drawn("GIF", comment=CANARY),
    ]
    for data in files:
        assert CANARY in data or b"zTXt" in data
        for file in (data, data + CANARY, data + b"PK\x03\x04" + CANARY + b"<script>alert(1)</script>"):
            content = pictures.encode(file).content
            assert CANARY not in content
            assert b"<script" not in content
            image = Image.open(io.BytesIO(content))
            assert not image.getexif()
            assert set(image.info) <= {"version", "background", "duration", "loop", "transparency", "extension"} | {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }


def test_a_photo_stands_upright_before_its_note_of_that_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture = pictures.encode(drawn("JPEG", exif=exif))

    assert (picture.width, picture.height) == (30, 40)
    assert opened(picture).getpixel((28, 2)) > (200, 200, 200)


def test_what_moves_goes_on_moving() -> None:
    for kind in ("GIF", "WEBP"):
        image = opened(pictures.encode(moving(kind)))
        assert (image.n_frames, image.info["loop"]) == (3, 0), kind


def test_of_a_moving_png_the_first_frame_is_kept() -> None:
    assert getattr(opened(pictures.encode(moving("PNG"))), "n_frames", 1) == 1


def test_what_is_larger_than_any_screen_is_made_smaller() -> None:
    picture = pictures.encode(drawn("JPEG", size=(6000, 3000)))
    assert (picture.width, picture.height) == (4096, 2048)


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"",
        b"GIF89a=1;alert(1)//",
        drawn("BMP"),
        drawn("TIFF"),
        drawn("ICO"),
        drawn("PPM"),
    ],
    ids=lambda data: repr(bytes(data[:12])),
)
def test_what_is_no_picture_of_the_four_is_refused(data: bytes) -> None:
    assert refused(data) in {"picture_unknown", "picture_broken"}


@pytest.mark.parametrize("name", ["chart.svg", "chart.html", "chart.png.php", "chart.exe", "chart.heic", "chart."])
def test_a_wrong_ending_is_refused_whatever_is_inside(name: str) -> None:
    assert refused(drawn(), name) == "picture_unknown"


@pytest.mark.parametrize("name", ["", "image", "chart.PNG", "photo.JPEG", "wrongly-called.jpg"])
def test_the_ending_of_any_of_the_four_is_taken(name: str) -> None:
    assert pictures.encode(drawn(), name=name).format == "png"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_half_a_picture_is_refused(kind: str) -> None:
    data = drawn(kind, size=(300, 300))
    whole = len(data)
    for kept in (whole // 2, whole // 3, 40):
        assert refused(data[:kept]) in {"picture_broken", "picture_unknown"}


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are that large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height"), [(6325, 6325), (8000, 8000), (60_000, 60_000), (40_000_001, 1), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_refused_before_it_goes_off(width: int, height: int) -> None:
    """Also between the limit and twice the limit, where Pillow by itself only warns."""
    assert refused(png_claiming(width, height)) in {"picture_too_many_pixels", "picture_broken"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(png_claiming(6400, 6400)) == "picture_too_many_pixels"


def test_forty_million_pixels_are_still_taken() -> None:
    assert pictures.encode(drawn("PNG", size=(8000, 5000), mode="L")).width == 4096


def test_frames_are_bounded() -> None:
    assert refused(moving(frames=pictures.MAX_FRAMES + 1, size=(2, 2))) == "picture_moves_too_long"
    assert refused(moving("WEBP", frames=pictures.MAX_FRAMES + 1, size=(2, 2))) == "picture_moves_too_long"
    assert pictures.encode(moving(frames=pictures.MAX_FRAMES, size=(2, 2)))


def test_all_frames_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    assert refused(moving(frames=4)) == "picture_too_many_pixels"
    assert pictures.encode(moving(frames=2)).format == "gif"


def test_too_many_bytes_are_refused_unread() -> None:
    assert refused(drawn() + b"\0" * pictures.MAX_BYTES) == "picture_too_large"


def test_hundreds_of_broken_files_raise_nothing_else() -> None:
    """Bits turned over in real files: each is refused, or gives a picture; no other error gets out."""
    sources = [drawn("PNG"), drawn("JPEG"), drawn("WEBP"), drawn("GIF"), moving("GIF"), moving("WEBP")]
    outcomes = set[str]()
    for number in range(600):
        data = bytearray(sources[number % len(sources)])
        for step in range(1 + number % 5):
            data[(number * 131 + step * 977) % len(data)] ^= 1 << (number % 8)
        try:
            outcomes.add(pictures.encode(bytes(data)).format)
        except InvalidInput as error:
            outcomes.add(error.code)
    assert "picture_broken" in outcomes
    assert "jpg" in outcomes


# On an incident


def file(data: bytes | None = None, name: str = "chart.png") -> SimpleUploadedFile:
    # What the browser says of the type is not asked.
    return SimpleUploadedFile(name, drawn() if data is None else data, content_type="text/html")


@pytest.fixture
def ada(db: None) -> Any:
    return make_user("Ada Okoro", Role.RESPONDER)


@pytest.fixture
def incident(ada: Any) -> Incident:
    return make_incident(incident_lead=ada, declared_by=ada)


def add(incident: Incident, by: Any, **more: Any) -> Attachment:
    return attachments.add(actor=Actor.person(by), incident=incident, upload=file(**more), now=timezone.now())


def fetched(response: Any) -> bytes:
    return response.content


def test_an_entry_with_a_picture_shows_it(ada: Any, incident: Incident) -> None:
    client = client_of(ada)
    said = client.post(url(incident, "pictures"), {"file": file()}, headers={"Accept": "application/json"})
    assert said.status_code == 201
    markdown = said.json()["markdown"]
    assert re.fullmatch(rf"!\[chart\]\(/incidents/{incident.reference}/pictures/[0-9a-f-]{{36}}\.png\)", markdown)

    (event,) = write(client, incident, f"-5m diagnosis: CPU {markdown}")

    assert f'<img alt="chart" loading="lazy" src="{said.json()["address"]}">' in event.html
    assert said.json()["address"] in text_of(client.get(url(incident)))
    served = client.get(said.json()["address"])
    assert Image.open(io.BytesIO(fetched(served))).size == (40, 30)


def test_the_plain_form_writes_the_entry_itself(ada: Any, incident: Incident) -> None:
    client = client_of(ada)
    page = client.get(url(incident, "pictures"))
    assert 'enctype="multipart/form-data"' in text_of(page)
    body = {"description": "CPU of *the* [front] end", "client_id": page.context["form"]["client_id"].value()}

    for _press in range(2):
        assert client.post(url(incident, "pictures"), body | {"file": file()}).status_code == 302

    event = TimelineEvent.objects.get(incident=incident)
    assert event.text.startswith("![CPU of the front end](")
    assert Attachment.objects.count() == 1
    listed = text_of(client.get(url(incident, "pictures")))
    assert Attachment.objects.get().get_absolute_url() in listed


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"<svg/>", "a.svg", "PNG, JPEG, WebP or GIF"),
        (drawn()[:60], "a.png", "broken"),
        (png_claiming(9000, 9000), "a.png", "40 million pixels"),
        (b"", "a.png", "PNG, JPEG, WebP or GIF"),
        (b"x" * (pictures.MAX_BYTES + 1), "a.png", "at most 10 MB"),
    ],
    ids=["svg", "half", "bomb", "empty", "huge"],
)
def test_a_refusal_says_what_to_do(
    ada: Any, incident: Incident, accept: str, data: bytes, name: str, words: str
) -> None:
    response = client_of(ada).post(url(incident, "pictures"), {"file": file(data, name)}, headers={"Accept": accept})

    assert response.status_code == 422
    assert words in text_of(response)
    assert not Attachment.objects.exists()
    assert client_of(ada).post(url(incident, "pictures"), {}, headers={"Accept": accept}).status_code == 422


def test_readers_add_pictures_and_strangers_do_not(incident: Incident) -> None:
    assert client_of(Role.READER).post(url(incident, "pictures"), {"file": file()}).status_code == 302
    event = TimelineEvent.objects.get(incident=incident)
    assert event.kind == "report"
    assert Client().post(url(incident, "pictures"), {"file": file()}).url.startswith("/account/sign-in/")
    assert client_of("").post(url(incident, "pictures"), {"file": file()}).status_code == 403
    with pytest.raises(Forbidden):
        add(incident, make_user(role=""))


def test_it_is_audited_and_stored_under_a_name_nobody_can_guess(ada: Any, incident: Incident, settings: Any) -> None:
    attachment = add(incident, ada, name="../../etc/Wages of\x00 Ada\u202e.png")

    entry = AuditEntry.objects.get(action="picture.added")
    assert (entry.actor, entry.incident) == (ada, incident)
    path = Path(attachment.file.path)
    assert path.is_relative_to(Path(settings.MEDIA_ROOT) / "attachments")
    assert path.name == f"{attachment.name}.png"
    assert attachment.name.version == 4
    assert attachment.original_name == "Wages of Ada.png"


def test_the_same_picture_twice_is_one(ada: Any, incident: Incident) -> None:
    assert add(incident, ada) == add(incident, ada)
    assert add(make_incident(), ada) != add(incident, ada)


def test_an_incident_takes_only_so_many(ada: Any, incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_PICTURES", 1)
    add(incident, ada)
    with pytest.raises(NotPossible):
        add(incident, ada, data=drawn(size=(9, 9)))


def test_a_full_disk_says_so_and_leaves_nothing(ada: Any, incident: Incident, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "file"
    (tmp_path / "file").write_text("in the way")
    response = client_of(ada).post(url(incident, "pictures"), {"file": file()}, headers={"Accept": "application/json"})

    assert response.status_code == 422
    assert "no room left" in response.json()["message"]
    assert not Attachment.objects.exists()


def test_a_row_that_is_refused_leaves_no_file(
    ada: Any, incident: Incident, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path

    def fail(**_more: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("incidents.audit.record", fail)
    with pytest.raises(RuntimeError):
        add(incident, ada)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not Attachment.objects.exists()


# Serving


def test_the_answer_can_do_nothing_and_is_asked_for_anew(ada: Any, incident: Incident) -> None:
    attachment = add(incident, ada, name='x"; evil=".png')
    client = client_of(ada)
    response = client.get(attachment.get_absolute_url())

    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Content-Disposition"] == f'inline; filename="{incident.reference}-{attachment.name.hex[:8]}.png"'
    assert response["Cache-Control"] == "private, no-cache"
    fetched(response)
    again = client.get(attachment.get_absolute_url(), headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert client.head(attachment.get_absolute_url()).status_code == 200
    assert client.post(attachment.get_absolute_url()).status_code == 405


def test_of_a_private_incident_nothing_is_kept_and_only_members_see_it(ada: Any, incident: Incident) -> None:
    address = add(incident, ada).get_absolute_url()
    reader = client_of(Role.READER)
    tag = reader.get(address)["ETag"]
    privacy.make_private(actor=Actor.person(ada), incident=incident, members=[], now=timezone.now())

    # Whoever has it in the browser's cache asks, and gets no “unchanged”.
    assert reader.get(address, headers={"If-None-Match": tag}).status_code == 404
    assert client_of(Role.EDITOR).get(address).status_code == 404
    assert client_of(Role.ADMIN).get(address).status_code == 403
    assert client_of(ada).get(address)["Cache-Control"] == "no-store"


def test_only_its_own_address_serves_a_picture(ada: Any, incident: Incident) -> None:
    address = add(incident, ada).get_absolute_url()
    client = client_of(ada)
    for wrong in (
        address.replace(incident.reference, make_incident().reference),
        address.replace(".png", ".jpg"),
        re.sub(r"[0-9a-f-]{36}", str(uuid.uuid4()), address),
        address + "/",
        re.sub(r"[0-9a-f-]{36}", "x", address),
    ):
        assert client.get(wrong).status_code == 404, wrong
    assert Client().get(address).status_code == 302
    assert client_of("").get(address).status_code == 403
    assert client.get(address).status_code == 200


def test_a_file_that_is_gone_is_not_found(ada: Any, incident: Incident) -> None:
    attachment = add(incident, ada)
    Path(attachment.file.path).unlink()
    assert client_of(ada).get(attachment.get_absolute_url()).status_code == 404


# Moving


def entry(incident: Incident, by: Any, text: str) -> TimelineEvent:
    content = EventContent(text=text, occurred_at=timezone.now())
    return timeline.add_entries(actor=Actor.person(by), incident=incident, entries=[content], now=timezone.now())[0]


def move(event: TimelineEvent, by: Any, other: Incident) -> TimelineEvent:
    return timeline.move(actor=Actor.person(by), event=event, other=other, now=timezone.now())


def test_a_picture_goes_with_the_entry_that_alone_shows_it(ada: Any, incident: Incident) -> None:
    attachment = add(incident, ada)
    before = attachment.get_absolute_url()
    other = make_incident(is_private=True, declared_by=ada)
    moved = move(entry(incident, ada, attachments.markdown_of(attachment)), ada, other)

    attachment.refresh_from_db()
    address = Attachment.objects.get().get_absolute_url()
    assert attachment.incident == other
    assert address in moved.text
    assert f'src="{address}"' in moved.html
    assert client_of(ada).get(address).status_code == 200
    # It was hidden by moving: nobody else finds it, at the old address neither.
    assert client_of(Role.EDITOR).get(address).status_code == 404
    assert client_of(Role.EDITOR).get(before).status_code == 404


@pytest.mark.parametrize("where", ["entry", "summary", "postmortem"])
def test_what_is_shown_elsewhere_too_stays_and_goes(ada: Any, incident: Incident, where: str) -> None:
    attachment = add(incident, ada)
    markdown, before = attachments.markdown_of(attachment), attachment.get_absolute_url()
    if where == "entry":
        entry(incident, ada, f"Seen again: {markdown}")
    elif where == "summary":
        Incident.objects.filter(pk=incident.pk).update(summary=markdown)
    else:
        incident = make_incident(status="resolved", declared_by=ada)
        attachment = add(incident, ada)
        markdown, before = attachments.markdown_of(attachment), attachment.get_absolute_url()
        make_published(incident, text=markdown)
    other = make_incident()

    moved = move(entry(incident, ada, markdown), ada, other)

    copy = other.attachments.get()
    assert copy.get_absolute_url() in moved.text
    reader = client_of(Role.READER)
    assert fetched(reader.get(before)) == fetched(reader.get(copy.get_absolute_url()))


def test_the_reports_of_a_duplicate_bring_their_pictures(ada: Any, incident: Incident) -> None:
    reader = client_of(Role.READER)
    reader.post(url(incident, "pictures"), {"file": file()})
    other = make_incident()
    lifecycle.cancel(
        actor=Actor.person(ada),
        incident=incident,
        reason=CancelReason.DUPLICATE,
        duplicate_of=other,
        now=timezone.now(),
    )

    attachment = other.attachments.get()
    report = other.timeline.get(kind="report")
    assert attachment.get_absolute_url() in report.html
    assert reader.get(attachment.get_absolute_url()).status_code == 200


def test_another_incident_s_picture_is_not_taken_along(ada: Any, incident: Incident) -> None:
    foreign = add(make_incident(), ada)
    moved = move(entry(incident, ada, attachments.markdown_of(foreign)), ada, make_incident())

    foreign.refresh_from_db()
    assert foreign.get_absolute_url() in moved.text


# Published


def published(
    ada: Any, text: str = "", *, public: bool = True, **event: Any
) -> tuple[Incident, Attachment, Attachment]:
    """An incident whose published page shows the first picture, and the second to our own people alone."""
    incident = make_incident(status="resolved", declared_by=ada, incident_lead=ada)
    shown, inside = add(incident, ada), add(incident, ada, data=drawn(size=(9, 9)))
    content = EventContent(text=attachments.markdown_of(inside), occurred_at=timezone.now(), is_internal=True)
    timeline.add_entries(actor=Actor.person(ada), incident=incident, entries=[content], now=timezone.now())
    make_published(incident, text=f"As seen here: {attachments.markdown_of(shown)}", public=public)
    return incident, shown, inside


def public_address(attachment: Attachment) -> str:
    return attachment.get_absolute_url().replace("/incidents/", "/postmortems/")


def test_the_public_sees_the_pictures_of_the_public_page_and_no_others(ada: Any) -> None:
    incident, shown, inside = published(ada)
    anonymous = Client()
    page = text_of(anonymous.get(incident.postmortem.get_absolute_url()))

    assert re.findall(r'<img[^>]* src="([^"]*)"', page) == [public_address(shown)]
    response = anonymous.get(public_address(shown))
    assert response.status_code == 200
    assert response["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert fetched(response)
    assert anonymous.get(public_address(inside)).status_code == 404
    assert client_of("").get(public_address(inside)).status_code == 404
    assert client_of("").get(public_address(shown)).status_code == 200
    for each in (shown, inside):
        assert anonymous.get(each.get_absolute_url()).status_code == 302
    # Our own people see both, on the page for them.
    own = text_of(client_of(Role.READER).get(incident.postmortem.get_absolute_url()))
    assert set(re.findall(r'<img[^>]* src="([^"]*)"', own)) == {each.get_absolute_url() for each in (shown, inside)}


def test_what_is_not_public_has_no_public_pictures(ada: Any) -> None:
    incident, shown, _inside = published(ada, public=False)

    assert Client().get(public_address(shown)).status_code == 404
    # An editor who looks at the page before making it public sees it whole.
    assert client_of(Role.EDITOR).get(public_address(shown)).status_code == 200
    preview = text_of(client_of(Role.EDITOR).get(f"/postmortems/{incident.reference}/public/"))
    assert public_address(shown) in preview


def test_once_it_is_withdrawn_so_are_its_pictures(ada: Any) -> None:
    incident, shown, _inside = published(ada)
    assert Client().get(public_address(shown)).status_code == 200
    privacy.make_private(actor=Actor.person(ada), incident=incident, members=[], now=timezone.now())

    assert Client().get(public_address(shown)).status_code == 404
