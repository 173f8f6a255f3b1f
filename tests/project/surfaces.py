"""Every page that can be looked at, by each route and by what its address may be asked besides."""

import datetime as dt
import re
from collections.abc import Iterator

from django.test import Client

from tests.project.routes import ROWS, all_routes, states_of
from tests.project.world import World, text_of

# What changes from answer to answer and says nothing.
FLEETING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"|[0-9a-f]{8}-[0-9a-f-]{27}'
    r"|^ETag: .*$|^Set-Cookie.*$",
    re.MULTILINE,
)
# Filters and searches, by the name of the route; `word` is the beginning of what somebody looks for.
ASKED = {
    "incident-list": (
        "q=word",
        "q=INC-5",
        "q=5",
        "sort=-number",
        "sort=severity",
        "status=investigating",
        "severity=sev2",
        "service=storefront",
        "kind=incident",
        "tag=release",
        "tag=releaseword",
        "noticed=unknown",
        "lead=1",
        "before=x",
    ),
    "search": ("q=word", "q=word*", "q=INC-5", "q=A-1", "q=is:open", "q=is:private", "q=words", "q=-nothing word*"),
    "incident-export": ("", "q=word", "service=storefront", "tag=release"),
    "insights": ("period=all&by=time&columns=time", "tag=releaseword", "service=storefront"),
    "open-now": ("title=word", "title=wages sent", ""),
    "incident-new": ("kind=report", "kind=near-miss", "kind=declare"),
    "timeline": ("starred=1", "after=1"),
    "incident": ("zone=utc", "zone=mine"),
}


def addresses(world: World, *, word: str = "") -> Iterator[tuple[str, str]]:
    """(name of the route, address) of all that answers a GET, in every state of the incident it hangs on."""
    for route in all_routes():
        if ROWS[route.name].status("GET", "open") == 405:
            continue
        for state in states_of(route):
            url = route.url(world, state)
            yield route.name, url
            for query in (*ASKED.get(route.name, ()), ROWS[route.name].query):
                if query:
                    yield route.name, f"{url}?{query.replace('word', word)}"


def look(client: Client, url: str) -> str:
    """The whole answer, headers included, without what differs each time."""
    return FLEETING.sub("", text_of(client.get(url)))


class Clock:
    """A moment that stands still, so that two looks at a page show the same ages."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now
