"""Icons from the one sprite, ``static/icons.svg``."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str, classes: str = "") -> SafeString:
    """Draw one icon of the sprite, hidden from screen readers: the word beside it is what they read.

    ``{% icon "star" %}``, or larger: ``{% icon "star" "icon-large" %}``. The names are in components/README.md.
    """
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f"icon {classes}".strip(),
        static("icons.svg"),
        name,
    )
