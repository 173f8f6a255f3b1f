"""What is learned, as it is stored. Causes, action items and defences hang on the incident, not on the postmortem."""

from .action_items import ActionItem, ActionNumber
from .causes import RootCause
from .checklist import ChecklistRules
from .defences import DefenceCheck
from .imports import ImportedDocument
from .postmortem import Postmortem, Section, Template
from .reviews import Review
from .revisions import Revision
from .wording import HintSetAside

__all__ = [
    "ActionItem",
    "ActionNumber",
    "ChecklistRules",
    "DefenceCheck",
    "HintSetAside",
    "ImportedDocument",
    "Postmortem",
    "Review",
    "Revision",
    "RootCause",
    "Section",
    "Template",
]
