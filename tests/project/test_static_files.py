"""What a page makes a phone download, and where it comes from."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from config.static_files import LeanCompressedManifestStaticFilesStorage, without_chaff
from incidents.enums import Role, Status
from tests.factories import make_incident
from tests.incident_pages import client_of, text_of

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
KILOBYTE = 1000


def gzipped(path: Path) -> int:
    """How much of it travels: as `collectstatic` keeps it, compressed."""
    text = path.read_text()
    if path.parent.name in {"js", "css"}:
        text = without_chaff(path.name, text)
    return len(gzip.compress(text.encode(), 9))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["today", "incident", "postmortem-edit"])
def test_scripts_and_styles_of_a_page_fit_in_40_kilobytes(name):
    incident, client = make_incident(status=Status.RESOLVED), client_of(Role.ADMIN)
    client.post(reverse("postmortem-start", args=[incident.reference]))
    page = text_of(client.get(reverse(name, args=[] if name == "today" else [incident.reference])))
    files = [STATIC / address for address in set(re.findall(r'(?:src|href)="/static/([^"]+\.(?:js|css))"', page))]
    assert len(files) >= 8
    assert sum(map(gzipped, files)) <= 40 * KILOBYTE


def test_what_is_left_out_is_only_for_us():
    style = "/* why */\n.a :is(b, c) > d {\n  color: red;\n}\n.a  .b{margin: 0 auto}"
    assert without_chaff("css/x.css", style) == ".a :is(b,c)>d{color:red;}.a  .b{margin:0 auto}"
    script = "// why\nconst a = `x // y`; // kept\n  b();\n"
    assert without_chaff("js/x.js", script) == "const a = `x // y`; // kept\nb();\n"
    lines = [line for path in STATIC.glob("js/*.js") for line in path.read_text().splitlines()]
    assert [line for line in lines if line.count("`") % 2] == []


def test_what_was_read_before_is_kept_whole(tmp_path):
    storage = LeanCompressedManifestStaticFilesStorage(location=tmp_path)
    content = ContentFile(b"// why\na();\n")
    content.read()
    storage.save("js/x.js", content)
    assert (tmp_path / "js" / "x.js").read_bytes() == b"a();\n"


def test_fonts_fit_in_80_kilobytes():
    fonts = list(STATIC.glob("fonts/*.woff2"))
    assert len(fonts) == 4
    assert sum(font.stat().st_size for font in fonts) <= 80 * KILOBYTE


def test_vendored_files_are_what_their_list_says():
    listed = re.findall(r"^\| `([\w./-]+)` .*`([0-9a-f]{64})` \|$", (STATIC / "vendor" / "VENDOR.md").read_text(), re.M)
    assert len(listed) == 7
    digests = {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name, _ in listed}
    assert digests == dict(listed)


def test_every_vendored_file_is_listed():
    listed = (STATIC / "vendor" / "VENDOR.md").read_text()
    theirs = [*STATIC.glob("vendor/*.js"), *STATIC.glob("vendor/*.css"), *STATIC.glob("fonts/*")]
    assert len(theirs) >= 5
    assert [path.name for path in theirs if f"{path.parent.name}/{path.name}`" not in listed] == []


@pytest.mark.parametrize("pattern", ["js/*.js", "css/*.css", "vendor/*.js", "*.svg"])
def test_static_files_ask_no_other_host_and_name_no_source_map(pattern):
    files = list(STATIC.glob(pattern))
    assert files
    foreign = re.compile(r"sourceMappingURL|(?:url\(|import|fetch\(|src=)\W{0,3}(?:https?:)?//")
    assert {path.name: foreign.findall(path.read_text()) for path in files if foreign.search(path.read_text())} == {}


def test_icons_in_use_are_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    used = {
        name
        for template in ROOT.glob("templates/**/*.html")
        for name in re.findall(r'{% icon "([\w-]+)"', template.read_text())
    }
    assert len(used) >= 10
    assert used - sprite == set()
