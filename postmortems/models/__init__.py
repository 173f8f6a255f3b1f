"""What is learned, as it is stored. Causes, action items and defences hang on the incident, not on the postmortem."""

from .action_items import ActionItem, ActionNumber
from .causes import RootCause
from .checklist import ChecklistRules
from .comments import Comment, Thread
from .defences import DefenceCheck
from .imports import ImportedDocument
from .postmortem import Postmortem, Section, Template
from .repeats import NotTheSame, RepeatMark
from .reviews import LastLook, Review, ReviewRequest
from .revisions import Revision
from .search import SearchDocument, SearchTerm
from .similarity import SimilarityTerm
from .versions import DraftVersion
from .wording import HintSetAside

__all__ = [
    "ActionItem",
    "ActionNumber",
    "ChecklistRules",
    "Comment",
    "DefenceCheck",
    "DraftVersion",
    "HintSetAside",
    "ImportedDocument",
    "LastLook",
    "NotTheSame",
    "Postmortem",
    "RepeatMark",
    "Review",
    "ReviewRequest",
    "Revision",
    "RootCause",
    "SearchDocument",
    "SearchTerm",
    "Section",
    "SimilarityTerm",
    "Template",
    "Thread",
]
