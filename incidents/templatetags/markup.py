"""Text that people wrote, as HTML."""

from django import template
from django.utils.safestring import SafeString

from .. import markup

register = template.Library()


@register.filter
def markdown(text: str, anchor: object = "") -> SafeString:
    """Markdown made into HTML now, for short texts that are kept as text only.

    Where a page has several of them, the ids inside each begin with an ``anchor`` of its own.
    """
    return markup.render(text, id_prefix=f"{anchor}-" if anchor else "", breaks=True)


@register.filter
def stored_html(html: str) -> SafeString:
    """HTML that was made when the text was saved."""
    return markup.stored(html)
