"""What is public as a folder of plain pages: for a server that runs nothing, or for no server at all.

Every address is relative, so that it works below any path and when it is opened from a disk. Nothing in it but the
public variant of published revisions, and the pictures that stand in those.
"""

import datetime as dt
import json
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.dateformat import format as date_format
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape, strip_tags
from django.utils.translation import gettext as _

from incidents.clock_text import parse_zone
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Attachment
from incidents.permissions import Actor, Perm, require

from ..models import Postmortem
from ..publication import page
from ..search.words import words
from .archive import picture_content
from .folder import Folder, export_folder

KIND = "site"
MODE = 0o755
LATEST = 50  # on the first page, and in the feed
# The index of the search is one file that a browser reads whole: so many words in all, shared among the postmortems.
WORDS_IN_ALL = 200_000
MOST_WORDS_OF_ONE = 600
ASSETS = {
    "css/nevertwice.css": "assets/css/nevertwice.css",
    "css/code.css": "assets/css/code.css",
    "css/site.css": "assets/css/site.css",
    "js/site.js": "assets/js/site.js",
    "favicon.svg": "assets/favicon.svg",
}
REMOVED = "pictures/removed.svg"
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Tags, and one after the other their attributes: addresses stand in these, and what looks like one elsewhere is text.
_TAG = re.compile(r'<[a-z](?:[^"<>]|"[^"]*")*>', re.IGNORECASE)
_ATTRIBUTE = re.compile(r'\s([\w:-]+)="([^"]*)"')
_POSTMORTEM = re.compile(r"/postmortems/([A-Z]+-\d+)/(?:-/[^/#?]*/)?(#.*)?$")
_PICTURE = re.compile(r"/postmortems/([A-Z]+-\d+)/pictures/([0-9a-f-]{36})\.(png|jpg|webp|gif)$")
_ELSEWHERE = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One postmortem in the lists, the feed and the index of the search."""

    reference: str
    file: str
    title: str
    lede: str
    at: dt.datetime
    zone: dt.tzinfo
    duration: str
    services: tuple[str, ...]
    first_published_at: dt.datetime
    published_at: dt.datetime
    words: str

    @property
    def year(self) -> int:
        return self.at.astimezone(self.zone).year


Progress = Callable[[int, int], None]


def export_site(
    *, actor: Actor, path: Path, now: dt.datetime, base_url: str = "", progress: Progress | None = None
) -> int:
    """Write a page for each public postmortem, lists, a feed and a search; how many postmortems there were.

    ``base_url`` is where the folder will be served, for the feed. Raises `Forbidden`, `InvalidInput` for an address
    that is none, or `NotPossible` where the folder cannot take them.
    """
    require(actor, Perm.EXPORT)
    base_url = _checked(base_url)
    public = Postmortem.objects.readable_by(AnonymousUser()).for_site()
    total = public.count()
    names = {_reference(series, number) for series, number in public.values_list(*_NUMBER)}
    with export_folder(path, kind=KIND, now=now, mode=MODE) as folder:
        entries = []
        for postmortem in public.iterator(chunk_size=50):
            entries.append(_write(folder, postmortem, names, _words_of_each(total)))
            if progress is not None:
                progress(len(entries), total)
        _write_lists(folder, entries)
        folder.write("feed.xml", _feed(entries, base_url))
        folder.write("assets/js/search-index.js", _search_index(entries))
        folder.write(REMOVED, render_to_string("incidents/picture_removed.svg"))
        _copy_assets(folder)
        folder.facts["postmortems"] = len(entries)
    return len(entries)


_NUMBER = ("incident__series", "incident__number")


def _checked(base_url: str) -> str:
    if not base_url:
        return ""
    if not re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", base_url):
        message = _("An address begins with https:// and has no ? or #: %(address)s") % {"address": base_url}
        raise InvalidInput(message, code="base_url")
    return base_url.rstrip("/") + "/"


def _write(folder: Folder, postmortem: Postmortem, names: set[str], most_words: int) -> Entry:
    revision = postmortem.published_revision
    assert revision is not None  # noqa: S101 - what is published has one, says a constraint
    shown = page.of_revision(postmortem, revision, None)
    pictures = {f"{each.name}.{each.format}": each for each in postmortem.incident.attachments.all()}
    article = _TAG.sub(
        lambda tag: _ATTRIBUTE.sub(lambda found: _here(found, names, pictures, folder), tag[0]), shown.article
    )
    entry = _entry(postmortem, revision.document, shown, most_words)
    context = {"page": replace(shown, article=article), "entry": entry, **_frame()}
    folder.write(entry.file, render_to_string("postmortems/site/postmortem.html", context))
    return entry


def _here(found: re.Match[str], names: set[str], pictures: dict[str, Attachment], folder: Folder) -> str:
    """An attribute with the address of the running product as one within the folder; what leads to nothing here is no
    link any more. Other attributes stay as they are.
    """
    kind, address = found[1], found[2]
    if kind not in ("href", "src"):
        return found[0]
    if kind == "src":
        return f' src="{_picture(address, pictures, folder)}"'
    if address.startswith("#") or _ELSEWHERE.match(address):
        return found[0]
    other = _POSTMORTEM.match(address)
    if other and other[1] in names:
        return f' href="{other[1]}.html{other[2] or ""}"'
    return ""


def _picture(address: str, pictures: dict[str, Attachment], folder: Folder) -> str:
    shown = _PICTURE.search(address)
    attachment = pictures.get(f"{shown[2]}.{shown[3]}") if shown else None
    content = picture_content(attachment) if attachment else None
    if content is None:
        return REMOVED
    folder.write(f"pictures/{attachment}", content)
    return f"pictures/{attachment}"


def _entry(postmortem: Postmortem, document: dict[str, Any], shown: page.Page, most_words: int) -> Entry:
    durations = {each["name"]: each["text"] for each in document["durations"] if each["state"] == "recorded"}
    said = " ".join([shown.title, postmortem.published_lede, " ".join(document["incident"]["services"])])
    text = f"{said} {strip_tags(shown.article)}"
    return Entry(
        reference=shown.reference,
        file=f"{shown.reference}.html",
        title=shown.title,
        lede=postmortem.published_lede,
        at=postmortem.incident.sort_at,
        zone=parse_zone(document["incident"]["home_zone"]),
        duration=durations.get("to_resolve", ""),
        services=tuple(document["incident"]["services"]),
        first_published_at=postmortem.first_published_at or shown.published_at,
        published_at=shown.published_at,
        words=" ".join(islice(_unlike(text), most_words)),
    )


def _unlike(text: str) -> Iterator[str]:
    """The words of a text, each once, in order; folded as the script folds what is looked for."""
    return iter(dict.fromkeys(word.folded for word in words(text)))


def _words_of_each(total: int) -> int:
    return min(MOST_WORDS_OF_ONE, WORDS_IN_ALL // max(total, 1))


def _write_lists(folder: Folder, entries: list[Entry]) -> None:
    entries.sort(key=lambda entry: (entry.at, entry.reference), reverse=True)
    years = [(year, list(of_year)) for year, of_year in groupby(entries, key=lambda entry: entry.year)]
    counts = [(year, len(of_year)) for year, of_year in years]
    latest = [(year, of_year) for year, of_year in _first(years, LATEST) if of_year]
    context = {"years": latest, "counts": counts, "total": len(entries), **_frame()}
    folder.write("index.html", render_to_string("postmortems/site/index.html", context))
    for year, of_year in years:
        context = {"years": [(year, of_year)], "counts": counts, "year": year, "total": len(entries), **_frame()}
        folder.write(f"{year}.html", render_to_string("postmortems/site/index.html", context))


def _first(years: list[tuple[int, list[Entry]]], count: int) -> Iterator[tuple[int, list[Entry]]]:
    """The years with the latest so many of all entries."""
    for year, of_year in years:
        yield year, of_year[:count]
        count = max(0, count - len(of_year))


def _frame() -> dict[str, Any]:
    return {"organisation": settings.ORG_NAME}


def _feed(entries: list[Entry], base_url: str) -> str:
    """The latest as Atom; without ``base_url`` its links are relative, which readers take from where the feed is."""
    title = _("%(organisation)s postmortems") % {"organisation": settings.ORG_NAME or "Nevertwice"}
    feed = _Feed(
        title=_printable(title),
        link=f"{base_url}index.html",
        feed_url=f"{base_url}feed.xml",
        description="",
        feed_guid=_identity(base_url, "feed"),
    )
    for entry in sorted(entries, key=lambda entry: entry.published_at, reverse=True)[:LATEST]:
        feed.add_item(
            title=_printable(entry.title),
            link=f"{base_url}{entry.file}",
            description=escape(_printable(entry.lede)),
            unique_id=_identity(base_url, entry.reference),
            pubdate=entry.first_published_at,
            updateddate=entry.published_at,
        )
    return feed.writeString("utf-8")


class _Feed(Atom1Feed):
    def latest_post_date(self) -> dt.datetime:
        """When something last changed; for an empty feed a moment long ago, so that it stays the same."""
        return super().latest_post_date() if self.items else NEVER


def _identity(base_url: str, name: str) -> str:
    """The same each time, and nothing of the address at which the product itself runs can be read from it."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{settings.BASE_URL}/postmortems/{name}/").urn


def _printable(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _UNPRINTABLE.sub("", text)


def _search_index(entries: list[Entry]) -> str:
    """A script and not JSON: pages that are opened from a disk may load one, but may fetch nothing."""
    told = [
        [
            each.file,
            each.title,
            each.reference,
            date_format(each.at.astimezone(each.zone), "j M Y"),
            each.lede,
            each.words,
        ]
        for each in entries
    ]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    # Line ends of Unicode that old browsers take for ends of a script's line.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"globalThis.nevertwicePostmortems={unicodedata.normalize('NFC', text)};\n"


def _copy_assets(folder: Folder) -> None:
    for source, target in ASSETS.items():
        folder.write(target, _static(source))
    for source in sorted(set(re.findall(rb"fonts/([\w-]+\.woff2)", _static("css/nevertwice.css")))):
        name = source.decode()
        folder.write(f"assets/fonts/{name}", _static(f"fonts/{name}"))


def _static(name: str) -> bytes:
    found = finders.find(name)
    if not isinstance(found, str):
        raise NotPossible(_("The file %(name)s of the program is missing.") % {"name": name}, code="asset")
    return Path(found).read_bytes()


def _reference(series: str, number: int) -> str:
    return f"{series}-{number}"
