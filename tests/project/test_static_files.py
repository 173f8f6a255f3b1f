"""What a page makes a phone download, and where it comes from."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
KILOBYTE = 1000


def gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def test_scripts_and_styles_fit_in_40_kilobytes():
    files = [*STATIC.glob("js/*.js"), *STATIC.glob("css/*.css"), STATIC / "vendor" / "htmx.min.js"]
    assert len(files) >= 8
    assert sum(map(gzipped, files)) <= 40 * KILOBYTE


def test_fonts_fit_in_80_kilobytes():
    fonts = list(STATIC.glob("fonts/*.woff2"))
    assert len(fonts) == 4
    assert sum(font.stat().st_size for font in fonts) <= 80 * KILOBYTE


def test_vendored_files_are_what_their_list_says():
    listed = re.findall(r"^\| `([\w./-]+)` .*`([0-9a-f]{64})` \|$", (STATIC / "vendor" / "VENDOR.md").read_text(), re.M)
    assert len(listed) == 6
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
