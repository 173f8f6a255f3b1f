"""What is learned, as it is stored. Causes, action items and defences hang on the incident, not on the postmortem."""

from .action_items import ActionItem, ActionNumber
from .causes import RootCause
from .checklist import ChecklistRules
from .defences import DefenceCheck
from .imports import ImportedDocument
from .postmortem import Postmortem, Section, Template
from .repeats import NotTheSame, RepeatMark
from .reviews import Review
from .revisions import Revision
from .similarity import SimilarityTerm
from .wording import HintSetAside

__all__ = [
    "ActionItem",
    "ActionNumber",
    "ChecklistRules",
    "DefenceCheck",
    "HintSetAside",
    "ImportedDocument",
    "NotTheSame",
    "Postmortem",
    "RepeatMark",
    "Review",
    "Revision",
    "RootCause",
    "Section",
    "SimilarityTerm",
    "Template",
]
