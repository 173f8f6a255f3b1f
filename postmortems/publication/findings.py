"""What a page for the public still has inside: names of accounts, e-mail addresses, hosts, images."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from incidents.models import User

from ..models import Postmortem

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_HOST = re.compile(
    r"\b(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[a-z0-9-]{1,63}\.){1,6}(?:internal|local|lan|corp|intra|com|org|net|io|dev|cloud))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at before everybody can."""

    kind: str
    what: str


def inside(postmortem: Postmortem) -> list[Finding]:
    """What is found in the public variant of the published revision, each once."""
    revision = postmortem.published_revision
    if revision is None:
        return []
    reader = _Reader()
    reader.feed(revision.html_public)
    told = revision.document
    beside = [*(item["text"] for item in told["action_items"]), *(each["note"] for each in told.get("revisions", []))]
    text = " ".join([*reader.texts, *beside])
    found = [Finding(_("name"), name) for name in _names(text)]
    found += [Finding(_("e-mail address"), address) for address in sorted(set(_EMAIL.findall(text)))]
    found += [Finding(_("host"), host) for host in sorted({*_HOST.findall(_EMAIL.sub(" ", text)), *reader.hosts})]
    found += [Finding(_("image"), source) for source in sorted(set(reader.images))]
    return found


def _names(text: str) -> list[str]:
    folded = text.casefold()
    names = User.objects.order_by("name").values_list("name", flat=True)
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", folded)]


class _Reader(HTMLParser):
    """Collects the texts of a page, the hosts that it links to, and its images."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hosts: list[str] = []
        self.images: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img" and values.get("src"):
            self.images.append(values["src"] or "")
        if tag == "a" and (host := _host_of(values.get("href") or "")):
            self.hosts.append(host)


def _host_of(address: str) -> str:
    """The host that a link leads to; empty for none. One that nobody can read is shown whole, for a person to judge."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return address
