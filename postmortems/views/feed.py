"""The Atom feed of public postmortems."""

import datetime as dt
import re
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
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class SteadyFeed(Atom1Feed):
    """A feed that stays the same, tag and all, for as long as nothing new is in it."""

    def latest_post_date(self) -> dt.datetime:
        """When something last changed; for an empty feed a moment long ago, which Django would say is now."""
        return super().latest_post_date() if self.items else NEVER


class PostmortemFeed(Feed):
    """The latest public postmortems, each with its sentence."""

    feed_type = SteadyFeed

    def title(self) -> str:
        return _("%(organisation)s postmortems") % {"organisation": settings.ORG_NAME or "Nevertwice"}

    def link(self) -> str:
        return reverse("postmortem-list")

    def feed_url(self) -> str:
        return reverse("postmortem-feed")

    def items(self) -> list[Postmortem]:
        return list(Postmortem.objects.readable_by(AnonymousUser()).for_feed()[:ENTRIES])

    def item_title(self, item: Postmortem) -> str:
        return _printable(item.published_title)

    def item_description(self, item: Postmortem) -> str:
        return _printable(item.published_lede)

    def item_guid(self, item: Postmortem) -> str:
        # Without the title, which may change.
        return f"{settings.BASE_URL}{reverse('postmortem', args=[item.incident.reference])}"

    def item_pubdate(self, item: Postmortem) -> Any:
        return item.first_published_at

    def item_updateddate(self, item: Postmortem) -> Any:
        return item.published_at


def _printable(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _UNPRINTABLE.sub("", text)


_feed = PostmortemFeed()


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return _feed(request)
