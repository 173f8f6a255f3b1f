"""What the frame of every page needs: the navigation, tabs and messages."""

from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.template import Context
from django.urls import NoReverseMatch, reverse

register = template.Library()


@register.inclusion_tag("components/nav_item.html", takes_context=True)
def nav_item(context: Context, url_name: str, label: str, *args: Any, count: int | None = None) -> dict[str, Any]:
    """One ``<li>`` of a navigation or of tabs, marked when it is the page that is shown or lies above it.

    A page that does not exist (yet) leaves nothing behind, so that a menu only ever offers pages that are there.
    ``{% nav_item "incident-list" _("Incidents") %}``, with arguments of the address behind the label.
    """
    try:
        url = reverse(url_name, args=args)
    except NoReverseMatch:
        return {"url": ""}
    request = context.get("request")
    return {"url": url, "label": label, "count": count, "current": _current(request.path if request else "", url)}


@register.inclusion_tag("components/tab.html", takes_context=True)
def tab(context: Context, url: str, label: str, count: int | None = None) -> dict[str, Any]:
    """One ``<li>`` of tabs whose address is at hand; current on exactly that page."""
    request = context.get("request")
    return {"url": url, "label": label, "count": count, "current": "page" if request and request.path == url else ""}


@register.filter
def undo_url(message: Message) -> str:
    """The address that takes back what a message tells of, or "".

    A view offers it with ``messages.success(request, text, extra_tags=f"undo:{url}")``.
    """
    tags = (message.extra_tags or "").split()
    urls = (tag.removeprefix("undo:") for tag in tags if tag.startswith("undo:"))
    return next((url for url in urls if url.startswith("/") and not url.startswith("//")), "")


@register.filter
def toast_icon(message: Message) -> str:
    """The icon of a message's level; no level is told by colour alone."""
    icons = {"success": "check-circle", "warning": "warning", "error": "error"}
    return icons.get(message.level_tag, "info")


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""
