"""The Markdown of a revision: what is exported, and what the importer reads back as the same records."""

from typing import Any


def to_markdown(document: dict[str, Any]) -> str:
    """The whole document as one Markdown text."""
    parts = [f"# {document['title']}", document["lede"]]
    parts += [f"## {section['heading']}\n\n{section['text']}" for section in document["sections"]]
    return "\n\n".join(part for part in parts if part) + "\n"
