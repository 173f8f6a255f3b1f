"""Reads a Markdown postmortem: lines → blocks → sections → records. It needs no database and refuses no text."""

from .reader import Options, read_document
from .records import (
    ActionRecord,
    CauseRecord,
    Document,
    EventRecord,
    ImpactRecord,
    MilestoneRecord,
    SectionRecord,
)

__all__ = [
    "ActionRecord",
    "CauseRecord",
    "Document",
    "EventRecord",
    "ImpactRecord",
    "MilestoneRecord",
    "Options",
    "SectionRecord",
    "read_document",
]
