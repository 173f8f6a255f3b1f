"""The Atom feed of public postmortems."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..models import Postmortem

ENTRIES = 50
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}


class PostmortemFeed(Feed):
    """The latest public postmortems, each with its sentence."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return _("%(organisation)s postmortems") % {"organisation": settings.ORG_NAME or "Nevertwice"}

    def link(self) -> str:
        return reverse("postmortem-list")

    def feed_url(self) -> str:
        return reverse("postmortem-feed")

    def items(self) -> list[Postmortem]:
        found = Postmortem.objects.readable_by(AnonymousUser()).for_reading()
        return list(found.order_by("-first_published_at", "-id")[:ENTRIES])

    def item_title(self, item: Postmortem) -> str:
        return _printable(_published(item)["title"])

    def item_description(self, item: Postmortem) -> str:
        return _printable(_published(item)["lede"])

    def item_guid(self, item: Postmortem) -> str:
        return f"{settings.BASE_URL}{item.get_absolute_url()}"

    def item_pubdate(self, item: Postmortem) -> Any:
        return item.first_published_at

    def item_updateddate(self, item: Postmortem) -> Any:
        return item.published_at


def _published(item: Postmortem) -> dict[str, Any]:
    return item.published_revision.document if item.published_revision else {"title": "", "lede": ""}


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return text.translate(_CONTROL)


_feed = PostmortemFeed()


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return _feed(request)
