"""The folder of plain pages: whole, without a server, and nothing in it that is not public."""

import datetime as dt
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from incidents.domain import attachments, privacy, timeline
from incidents.domain.timeline import EventContent
from incidents.enums import Role
from incidents.models import Attachment, Incident
from incidents.permissions import Actor
from postmortems.domain import lifecycle
from postmortems.enums import Audience
from postmortems.models import Postmortem, Section
from postmortems.publication import document
from postmortems.transfer import site
from tests.factories import make_incident, make_service, make_user

pytestmark = pytest.mark.django_db

ADMIN = Actor.machine("a test", Role.ADMIN)
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


class Addresses(HTMLParser):
    """What a page leads to, what it loads, and what can be led to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        elif values.get("href") or values.get("src"):
            self.loaded.append(values.get("href") or values.get("src") or "")


def publish(title: str, *sections: str, at: dt.datetime = NOW, public: bool = True, **fields: Any) -> Postmortem:
    """A published postmortem with these texts."""
    incident = make_incident(title=title, impact_started_at=at, sort_at=at, **fields)
    found = Postmortem.objects.create(incident=incident, title=title, lede=f"About {title}.", is_imported=True)
    for place, text in enumerate(sections or ("It broke.",)):
        Section.objects.create(postmortem=found, kind="summary", heading=f"Part {place}", text=text, position=place)
    lifecycle.publish_imported(actor=ADMIN, postmortem=found, now=NOW)
    if public:
        Postmortem.objects.filter(pk=found.pk).update(audience=Audience.PUBLIC)
    found.refresh_from_db()
    return found


def publish_anew(found: Postmortem) -> None:
    """Another revision, to the public at once."""
    revision = document.make_revision(postmortem=found, number=2, now=NOW, note="", actor=ADMIN)
    Postmortem.objects.filter(pk=found.pk).update(published_revision=revision)


def picture(incident: Incident, name: str = "chart.png") -> Attachment:
    written = io.BytesIO()
    Image.new("RGB", (12, 8), "teal").save(written, "PNG")
    upload = SimpleUploadedFile(name, written.getvalue())
    return attachments.add(actor=ADMIN, incident=incident, upload=upload, now=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


def export(folder: Path, **options: Any) -> int:
    return site.export_site(actor=ADMIN, path=folder, now=NOW, **options)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def pages(folder: Path) -> dict[str, Addresses]:
    found = {}
    for file in folder.glob("*.html"):
        found[file.name] = Addresses()
        found[file.name].feed(file.read_text())
    return found


def broken(folder: Path) -> list[str]:
    """Every address in the folder that leads nowhere, and everything that a page would load from elsewhere."""
    wrong, known = [], pages(folder)
    for name, page in known.items():
        for address in page.links + page.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                wrong += [f"{name} loads {address}"] if address in page.loaded else []
                continue
            target = unquote(parts.path) or name
            if target.startswith("/") or not (folder / target).is_file():
                wrong.append(f"{name}: {address}")
            elif parts.fragment and parts.fragment not in known[target].anchors:
                wrong.append(f"{name}: {address} has no such place")
    return wrong


def test_every_public_postmortem_is_a_page_and_every_link_leads_somewhere(folder):
    service = make_service("Storefront")
    first = publish("Front page blank", "# Part\n\nSee [below](#part).", at=NOW.replace(year=2024), services=[service])
    second = publish("Checkout slow", f"As in [before](/postmortems/{first.incident.reference}/-/any/#s1).")
    publish("Nothing public", public=False)

    assert export(folder) == 2

    assert {name for name in everything(folder) if name.endswith(".html")} == {
        *("index.html", "2024.html", "2026.html"),
        *(f"{first.incident.reference}.html", f"{second.incident.reference}.html"),
    }
    assert broken(folder) == []
    assert sum(len(page.links) for page in pages(folder).values()) >= 20
    page = (folder / f"{second.incident.reference}.html").read_text()
    assert "<h1>Checkout slow</h1>" in page
    assert f'href="{first.incident.reference}.html#s1"' in page


def test_a_link_that_leads_nowhere_would_be_seen(folder):
    publish("One")
    export(folder)
    with (folder / "index.html").open("a") as file:
        file.write('<a href="gone.html">x</a><img src="https://elsewhere.example/x.png"><a href="index.html#no">y</a>')
    assert len(broken(folder)) == 3


def test_lists_are_by_year_the_latest_first_and_whole_without_a_script(folder):
    for number in range(55):
        publish(f"Number {number:02}", at=NOW.replace(year=2025 - number % 2, day=1 + number % 27))
    export(folder)

    index, newer, older = ((folder / name).read_text() for name in ("index.html", "2025.html", "2024.html"))
    assert index.count("card-link") == 50
    assert newer.count("card-link") == 28
    assert older.count("card-link") == 27
    assert index.index("<h2>2025</h2>") < index.index("<h2>2024</h2>")
    assert 'href="2024.html"' in index
    assert "<script" not in older


def test_an_installation_without_anything_public_gives_a_page_that_says_so(folder):
    publish("Inside", public=False)
    assert export(folder) == 0
    assert "No postmortem is public yet" in (folder / "index.html").read_text()
    assert broken(folder) == []


def test_nothing_that_is_internal_is_in_it(folder, settings):
    """Canary: private and internal postmortems, internal entries, names, evidence, files and the address of ours."""
    settings.BASE_URL = "https://canary.internal"
    person = make_user("Canary Person", Role.RESPONDER)
    told = publish("Told to all", "Canary Person looked at [it](/incidents/INC-1/) and [here](/search/?q=canary).")
    timeline.add_entries(
        actor=ADMIN,
        incident=told.incident,
        entries=[
            EventContent(text="canary internal", occurred_at=NOW, is_internal=True),
            EventContent(text="Cache purged", occurred_at=NOW, evidence="canary evidence"),
        ],
        now=NOW,
    )
    picture(told.incident, "canary.png")
    Incident.objects.filter(pk=told.incident.pk).update(incident_lead=person)
    told.refresh_from_db()
    publish_anew(told)
    Section.objects.filter(postmortem=told).update(text="canary draft")
    publish("canary inside", public=False)
    hidden = publish("canary hidden")
    privacy.make_private(actor=ADMIN, incident=hidden.incident, members=[], now=timezone.now())
    retracted = publish("canary retracted")
    lifecycle.retract(actor=ADMIN, postmortem=retracted, now=NOW, reason="canary")

    assert export(folder) == 1

    holding = [name for name, content in everything(folder).items() if b"canary" in content.lower()]
    assert holding == []
    page = (folder / f"{told.incident.reference}.html").read_text()
    assert "The incident lead looked at" in page
    assert "Cache purged" in page
    assert not list(folder.glob("pictures/*.png"))


def test_pictures_that_stand_in_it_come_along_and_removed_ones_say_so(folder):
    told = publish("With a chart")
    shown = picture(told.incident)
    other = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(other, "PNG")
    removed = attachments.add(
        actor=ADMIN, incident=told.incident, upload=SimpleUploadedFile("a.png", other.getvalue()), now=NOW
    )
    text = f"{attachments.markdown_of(shown)}\n\n{attachments.markdown_of(removed)}"
    Section.objects.filter(postmortem=told).update(text=text)
    publish_anew(told)
    attachments.remove(actor=ADMIN, attachment=removed, reason="A name", now=NOW)

    export(folder)

    files = everything(folder)
    assert files[f"pictures/{shown}"].startswith(b"\x89PNG")
    page = files[f"{told.incident.reference}.html"].decode()
    assert f'src="pictures/{shown}"' in page
    assert 'src="pictures/removed.svg"' in page
    assert broken(folder) == []


def test_the_look_comes_with_it(folder):
    publish("One")
    export(folder)
    files = everything(folder)
    css = files["assets/css/nevertwice.css"].decode()
    fonts = set(re.findall(r'url\("\.\./(fonts/[^"]+)"\)', css))
    assert len(fonts) >= 3
    assert {f"assets/{font}" for font in fonts} <= set(files)
    assert "url(http" not in css


def test_the_feed_is_atom_with_relative_links_or_with_the_address_given(folder):
    told = publish("A <b> & c")
    export(folder)
    feed = ElementTree.parse(folder / "feed.xml").getroot()
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "A <b> & c"
    assert entry.find(f"{ATOM}link").get("href") == f"{told.incident.reference}.html"
    identity = entry.findtext(f"{ATOM}id")

    export(folder, base_url="https://example.org/told")
    feed = ElementTree.parse(folder / "feed.xml").getroot()
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link").get("href") == f"https://example.org/told/{told.incident.reference}.html"
    assert entry.findtext(f"{ATOM}id") == identity


def index_of(folder: Path) -> list[list[str]]:
    text = (folder / "assets/js/search-index.js").read_text()
    return json.loads(text.removeprefix("globalThis.nevertwicePostmortems=").removesuffix(";\n"))


def test_the_search_knows_each_word_once_and_folded(folder):
    told = publish("Zoë broke it", "The cache, the CACHE and db-03. </script>\u2028")
    export(folder)
    (row,) = index_of(folder)
    words = row[5].split()
    assert row[:3] == [f"{told.incident.reference}.html", "Zoë broke it", told.incident.reference]
    assert {"zoe", "broke", "cache", "db", "03"} <= set(words)
    assert len(words) == len(set(words))


def test_the_index_stays_small_however_many_there_are(folder, monkeypatch):
    monkeypatch.setattr(site, "WORDS_IN_ALL", 20)
    for number in range(4):
        publish(f"Number {number}", " ".join(f"word{letter}" for letter in "abcdefghijklmnop"))
    export(folder)
    assert [len(row[5].split()) for row in index_of(folder)] == [5, 5, 5, 5]


def test_hostile_text_stays_text(folder):
    publish('"><script>hit(1)</script>', '<img src=x onerror="hit(2)">')
    export(folder)
    for name, content in everything(folder).items():
        if name.endswith(".html"):
            assert b"<script>" not in content
            assert b"<img src=x" not in content


# Where it is written to


def test_twice_is_the_same_and_what_is_public_no_more_is_gone(folder):
    first, second = publish("One"), publish("Two")
    export(folder)
    before = everything(folder)
    export(folder)
    assert everything(folder) == before

    Postmortem.objects.filter(pk=first.pk).update(audience=Audience.INTERNAL)
    export(folder)
    assert not (folder / f"{first.incident.reference}.html").exists()
    assert (folder / f"{second.incident.reference}.html").exists()
    assert list(folder.parent.iterdir()) == [folder]


def with_something_else(folder: Path) -> Path:
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    return folder


def with_another_export(folder: Path) -> Path:
    call_command("export_all", str(folder), stdout=io.StringIO())
    return folder


def below_nothing(folder: Path) -> Path:
    return folder / "not" / "there"


def a_file(folder: Path) -> Path:
    folder.write_text("mine")
    return folder


def a_link(folder: Path) -> Path:
    (folder.parent / "other").mkdir()
    folder.symlink_to(folder.parent / "other")
    return folder


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (with_something_else, "holds something that is no such export"),
        (with_another_export, "holds something that is no such export"),
        (below_nothing, "There is no folder"),
        (a_file, "is no folder"),
        (a_link, "is no folder"),
    ],
)
def test_what_is_there_already_is_never_touched(folder: Path, place: Callable[[Path], Path], said: str):
    publish("One")
    target = place(folder)
    before = everything(folder.parent)
    with pytest.raises(CommandError, match=said) as caught:
        call_command("export_site", str(target), stdout=io.StringIO())
    assert "\n" not in str(caught.value)
    assert everything(folder.parent) == before


def test_an_empty_folder_is_taken(folder):
    folder.mkdir()
    publish("One")
    assert export(folder) == 1
    assert folder.stat().st_mode & 0o777 == 0o755


def test_where_it_fails_half_way_the_earlier_one_stays_whole(folder, monkeypatch):
    publish("One")
    export(folder)
    before = everything(folder)

    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site, "_copy_assets", refuse)
    with pytest.raises(CommandError, match="cannot be written: No space left on device"):
        call_command("export_site", str(folder), stdout=io.StringIO())
    assert everything(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org/", "https://example.org/?a", "javascript:x"])
def test_an_address_that_is_none_is_refused(folder, address):
    with pytest.raises(CommandError, match="An address begins with https://"):
        call_command("export_site", str(folder), "--base-url", address, stdout=io.StringIO())
    assert not folder.exists()


def test_the_command_says_what_it_wrote(folder):
    publish("One")
    said = io.StringIO()
    call_command("export_site", str(folder), "--base-url", "https://example.org/", stdout=said)
    assert said.getvalue() == f"Wrote 1 public postmortem to {folder}. Open {folder}/index.html\n"


def test_what_only_looks_like_an_address_is_text(folder):
    code = '<a class="x" href="/old" src="/logo.png">'
    # A title that would take up what stands behind it, if its end was taken for the beginning of an address.
    found = publish(
        "First", f"```\n{code}\n```\n\n[run](https://ci.example.net/run 'a src=') and [other](/nowhere 'a href=')"
    )
    export(folder)
    page = (folder / f"{found.incident.reference}.html").read_text()
    read = Text()
    read.feed(page)
    assert code in "".join(read.texts)
    assert ("a src=", "https://ci.example.net/run") in read.titled
    assert ("a href=", None) in read.titled
    assert "removed.svg" not in page


class Text(HTMLParser):
    """What a page shows, and its links with a title."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.titled: list[tuple[str, str | None]] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("title"):
            self.titled.append((values["title"] or "", values.get("href")))
