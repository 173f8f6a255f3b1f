"""A postmortem as a file: Markdown, HTML or JSON of what its reader may see."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.enums import Role
from incidents.errors import NotPossible
from incidents.permissions import Actor, Perm, require

from ..enums import PostmortemStatus
from ..models import Postmortem
from ..publication import document, html, markdown


class ExportFormat(TextChoices):
    """The formats, by the ends of their files' names."""

    MARKDOWN = "md", gettext_lazy("Markdown")
    HTML = "html", gettext_lazy("HTML")
    JSON = "json", gettext_lazy("JSON")


CONTENT_TYPES = {
    ExportFormat.MARKDOWN: "text/markdown; charset=utf-8",
    ExportFormat.HTML: "text/html; charset=utf-8",
    ExportFormat.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file: its name, what it is, and its text."""

    name: str
    content_type: str
    text: str


def is_there(actor: Actor, postmortem: Postmortem) -> bool:
    """Whether there is anything for this actor: what is published for all, the draft for responders."""
    if postmortem.is_published:
        return True
    return postmortem.status != PostmortemStatus.NOT_REQUIRED and actor.has_role(Role.RESPONDER)


def export(*, actor: Actor, postmortem: Postmortem, format: ExportFormat) -> Export:  # noqa: A002
    """The latest published revision, or the draft where none is published.

    Raises `Forbidden`, or `NotPossible` where there is nothing that the actor may have.
    """
    require(actor, Perm.EXPORT, postmortem)
    if not is_there(actor, postmortem):
        raise NotPossible(_("There is no published postmortem of this incident."))
    content = _document(postmortem)
    name = f"{postmortem.incident.reference}-{postmortem.slug}.{format.value}"
    return Export(name, CONTENT_TYPES[format], _WRITERS[format](content))


def _document(postmortem: Postmortem) -> dict[str, Any]:
    if postmortem.is_published and postmortem.published_revision is not None:
        return postmortem.published_revision.document
    return document.build(postmortem)


def _as_html(content: dict[str, Any]) -> str:
    article = html.render(content, public=False)
    return render_to_string("postmortems/export.html", {"document": content, "article": article})


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


_WRITERS = {
    ExportFormat.MARKDOWN: markdown.to_markdown,
    ExportFormat.HTML: _as_html,
    ExportFormat.JSON: _as_json,
}
