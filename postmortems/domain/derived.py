"""What is only a copy of other columns, for a redaction to make anew."""

from typing import Any

from incidents import registry

from ..models import ActionItem, Postmortem, Revision, SearchDocument, SimilarityTerm
from ..publication import html, markdown
from .action_items import text_key
from .lifecycle import published_key


def register() -> None:
    """Called once, when the application is ready."""
    registry.add_derivation(ActionItem, {"text_key"}, _of_action_item)
    registry.add_derivation(Postmortem, {"published_key"}, _of_postmortem)
    registry.add_index(SimilarityTerm)
    registry.add_index(SearchDocument)
    registry.add_derivation(Revision, {"markdown", "html_internal", "html_public"}, _of_revision)


def _of_action_item(item: Any) -> dict[str, Any]:
    return {"text_key": text_key(item.text)}


def _of_postmortem(postmortem: Any) -> dict[str, Any]:
    return {"published_key": published_key(postmortem.published_title, postmortem.published_lede)}


def _of_revision(revision: Any) -> dict[str, Any]:
    return {
        "markdown": markdown.to_markdown(revision.document),
        "html_internal": html.render(revision.document, public=False),
        "html_public": html.render(revision.document, public=True),
        "renderer_version": html.RENDERER_VERSION,
    }
